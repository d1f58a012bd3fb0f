use super::*;
use crate::settings::{Export, ExportKind, Settings};

fn destination(interval: Duration, now: Instant) -> Destination {
    let export = Export { interval, kind: ExportKind::Stdout, ..Export::default() };
    let plan = Plan::new(&export, &Settings::default()).unwrap();
    Destination::new(plan, Wanted::default(), None, now)
}

#[test]
fn frames_are_due_at_their_places_and_missed_ones_are_left_out() {
    let (start, second) = (Instant::now(), Duration::from_secs(1));
    let mut to = destination(10 * second, start);
    assert_eq!(to.due(), start);
    // However late each is, the schedule does not shift.
    for (turn, due) in [(0, 10), (13, 20), (29, 30), (30, 40), (75, 80), (80, 90)] {
        to.advance(start + turn * second);
        assert_eq!(to.due(), start + due * second);
    }
}

#[test]
fn a_worker_that_is_too_slow_does_not_get_more() {
    let mut to = destination(Duration::from_secs(1), Instant::now());
    for _ in 0..MAX_WAITING + 3 {
        let recorder = to.begin(Timestamp::default()).unwrap();
        assert!(to.begin(Timestamp::default()).is_none());
        to.dispatch(recorder);
    }
    let tally = to.tally().clone();
    assert_eq!((to.waiting(), tally.taken), (MAX_WAITING as u64, MAX_WAITING as u64 + 3));
    assert_eq!(tally.in_hand, MAX_WAITING as u64);
    assert_eq!(tally.dropped, [("queue", 0)], "empty frames");
}
