//! Requests that are rewritten in place.

use super::*;
use crate::model::frame::State;

/// A writer that rewrites its last request makes the same as a new one.
#[test]
fn rewritten_requests_are_as_if_they_were_new() {
    let mut frame = made().frame();
    let more = [("instance".to_owned(), "edge-17".to_owned())];
    let (mut writer, mut seed, mut renewed) = (Writer::default(), 7u64, 0);
    for round in 0..3000 {
        let mut next = |n: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        match next(12) {
            0 => frame.table = std::sync::Arc::new((*frame.table).clone()),
            1 => {
                let states = [State::Absent, State::Live, State::Stale];
                let at = next(frame.states.len() as u64) as usize;
                frame.states[at] = states[next(3) as usize];
            }
            _ => {
                let at = next(frame.slots.len() as u64) as usize;
                frame.slots[at] = next(1 << 40);
            }
        }
        frame.moment.since_boot = next(9000);
        // Times of one byte, of six and of ten, and starts that are not before them.
        let boot = [BOOT, BOOT + 60_000, 100, -20_000][next(12).saturating_sub(8) as usize];
        let version = if next(8) == 0 { ONE } else { TWO };
        let more = if next(10) == 0 { &more[..] } else { &[] };
        let (view, mut again, mut new) = (frame.view(boot), Vec::new(), Vec::new());
        let is_like = writer.made_with.as_ref().is_some_and(|(v, m)| *v == version && *m == more);
        renewed +=
            u32::from(is_like && writer.made_of.is_of(&frame) && writer.renew(version, &view));
        let count = writer.encode(version, &view, more, &mut again);
        assert_eq!(count, Writer::default().encode(version, &view, more, &mut new));
        assert!(again == new, "round {round}");
    }
    assert!(renewed > 500, "{renewed}");
}

#[test]
fn a_request_that_is_too_long_is_not_kept() {
    let mut made = Made::new();
    made.family("a", Kind::Gauge, "Help.").number(&[], Value::Int(1));
    let mut writer = Writer::default();
    assert_eq!(two(&made, &mut writer).len(), 1);
    let length = writer.plain.len();
    writer.trim(length);
    assert_eq!((writer.plain.len(), writer.places.len()), (length, 1));
    writer.trim(length - 1);
    assert!(writer.plain.is_empty() && writer.places.is_empty() && writer.made_with.is_none());
}
