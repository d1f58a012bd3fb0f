use super::super::json::tests::notice;
use super::*;
use crate::settings::Alerting;

fn destination(is_manager: bool) -> Destination {
    let url = vec!["http://127.0.0.1:1/".to_owned()];
    let settings = match is_manager {
        true => Alerting { alertmanagers: url, ..Alerting::default() },
        false => Alerting { webhooks: url, ..Alerting::default() },
    };
    let transport = Transport::all(&settings).0.remove(0);
    Destination::new(7, transport.name(), transport, None, Instant::now())
}

fn of_rule(name: &str, device: &str, ends: Option<u64>) -> Arc<Notice> {
    let mut notice = Notice::clone(&notice(device, ends));
    name.clone_into(&mut notice.name);
    notice.fingerprint = super::super::notice::fingerprint(&[(name.into(), device.into())]);
    Arc::new(notice)
}

/// The queue, as devices, with a `!` where an alert is resolved.
fn waiting(queue: impl IntoIterator<Item = Arc<Notice>>) -> String {
    let device = |notice: Arc<Notice>| {
        let end = if notice.is_resolved() { "!" } else { "" };
        [&notice.labels[1].1, end].concat()
    };
    queue.into_iter().map(device).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_state_of_an_alert_waits_once_and_in_order() {
    let mut to = destination(false);
    for (device, ends) in
        [("a", None), ("b", None), ("a", None), ("a", Some(1)), ("a", None), ("b", Some(1))]
    {
        to.push(&of_rule("x", device, ends), Instant::now());
    }
    assert_eq!(waiting(to.queue.clone()), "a b a! a b!");
    assert_eq!(waiting(to.next_batch()), "a b");
    assert_eq!(waiting(to.next_batch()), "a! b!");
    assert_eq!(waiting(to.next_batch()), "a");
    assert_eq!(waiting(to.next_batch()), "");
}

#[test]
fn a_message_is_about_one_rule_but_to_an_alertmanager() {
    for (is_manager, expected) in [(false, "a c"), (true, "a b c")] {
        let mut to = destination(is_manager);
        for (name, device) in [("x", "a"), ("y", "b"), ("x", "c")] {
            to.push(&of_rule(name, device, None), Instant::now());
        }
        assert_eq!(waiting(to.next_batch()), expected);
    }
    let mut to = destination(true);
    (0..MAX_BATCH + 9).for_each(|at| to.push(&of_rule("x", &at.to_string(), None), Instant::now()));
    assert_eq!((to.next_batch().len(), to.next_batch().len()), (MAX_BATCH, 9));
}

#[test]
fn the_newest_state_wins_in_a_full_queue() {
    let mut to = destination(false);
    for at in 0..MAX_WAITING {
        to.push(&of_rule("x", &at.to_string(), None), Instant::now());
    }
    to.push(&of_rule("x", "7", Some(1)), Instant::now());
    assert_eq!(to.queue.len(), MAX_WAITING);
    assert!(waiting(to.queue.clone()).starts_with("0 1 2 3 4 5 6 8 "));
    let last = format!(" {} 7!", MAX_WAITING - 1);
    assert!(waiting(to.queue.clone()).ends_with(&last));
    to.push(&of_rule("x", "new", None), Instant::now());
    assert!(waiting(to.queue.clone()).starts_with("1 2 "));
    assert_eq!(to.counts.dropped, 2);
}

#[test]
fn retries_are_further_and_further_apart() {
    let mut to = destination(false);
    to.push(&of_rule("x", "a", None), Instant::now());
    to.batch = to.next_batch();
    let start = Instant::now();
    let report = |again, reason, after| Report {
        destination: 7,
        done: Err(SendError { reason, text: String::new(), again, after }),
    };
    // A worker that could not be started is a failure as well.
    to.fail("start", "", None, start);
    assert_eq!(to.failing(), Some(start));
    to = destination(false);
    to.batch = vec![of_rule("x", "a", None)];
    let mut pauses = Vec::new();
    for _ in 0..9 {
        to.take_report(report(true, "connect", None), start);
        pauses.push(to.deadline().unwrap() - start);
    }
    for (at, pause) in pauses.iter().enumerate() {
        let longest = (PAUSE * (1 << at)).min(LONGEST_PAUSE);
        assert!((longest / 2..=longest).contains(pause), "{at} {pause:?}");
    }
    to.take_report(report(true, "status", Some(Duration::from_secs(300))), start);
    assert_eq!(to.deadline(), Some(start + Duration::from_secs(300)));
    to.take_report(report(true, "status", Some(Duration::from_secs(86_400))), start);
    assert_eq!(to.deadline(), Some(start + LONGEST_AFTER));
    assert_eq!(
        (to.waiting(), to.counts.failed.as_slice()),
        (1, &[("connect", 9), ("status", 2)][..])
    );
    // A receiver that does not answer may come back after days; one that answers may reject this message.
    let later = start + GIVE_UP + PAUSE;
    to.take_report(report(true, "timeout", None), later);
    assert_eq!(to.waiting(), 1);
    to.take_report(report(true, "status", None), later);
    assert_eq!((to.waiting(), to.counts.dropped, to.deadline()), (0, 1, None));
    to.batch = vec![of_rule("x", "a", None)];
    to.take_report(report(false, "status", None), later);
    assert_eq!((to.waiting(), to.counts.dropped, to.deadline()), (0, 2, None));
}
