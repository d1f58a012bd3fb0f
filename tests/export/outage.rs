//! Samples while a receiver does not answer, and at the end of the agent.

use super::{
    FRAMES, OFTEN, OUT, all_frames, assert_whole, dropped, file, frames, lines, metric, plan,
    wait_for,
};
use crate::common::{Temp, wait_until};
use crate::receiver::{OK, Receiver, Reply};
use std::time::{Duration, Instant};

#[test]
fn a_dead_receiver_delays_no_other() {
    let (dead, well) = (Receiver::start(|_| Reply::Hang), Receiver::start(|_| OK));
    let agent =
        plan(&[lines("dead", &dead.url(), OFTEN), lines("out", &well.url(), OFTEN)]).start();
    wait_until("ten frames", || all_frames("out", &well.taken()).len() >= 10);
    let got = all_frames("out", &well.taken());
    assert_whole(&got, 10);
    wait_for(&agent, "failure_total", &[("export", "dead"), ("reason", "timeout")], 1.0);
    wait_for(&agent, "spool_frames", &[("export", "dead")], 3.0);
    assert!(dead.taken().is_empty());
}

#[test]
fn the_fallback_gets_what_the_first_does_not_and_only_then() {
    let (first, other) = (Receiver::start(|_| Reply::say("503 Away")), Receiver::start(|_| OK));
    let often = OFTEN.replace("max = 100", "max = 1");
    let agent = plan(&[
        lines("out", &first.url(), &format!("{often}\nfallback = \"other\"")),
        lines("other", &other.url(), "interval_secs = 3600"),
    ])
    .start();
    let passed = || all_frames("out", &other.taken());
    wait_until("the fallback to take over", || passed().iter().any(|(n, _)| *n >= 5));
    first.answer(|_| OK);
    wait_until("the first to take more", || all_frames("out", &first.taken()).len() >= 5);
    let mut all = all_frames("out", &first.taken());
    let last = all.iter().map(|(number, _)| *number).max().unwrap();
    wait_until("nothing to wait", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    all = all_frames("out", &first.taken());
    let count = passed().len();
    wait_for(&agent, "success_total", &OUT, all.len() as f64 + 3.0);
    assert_eq!(passed().len(), count, "it is the first's again");
    // The fallback's own first frame tells of this export, too.
    assert_eq!(metric(&agent, "passed_frames_total", &OUT), Some(count as f64 - 1.0));
    all.extend(passed());
    assert_whole(
        &{
            all.sort_unstable();
            all
        },
        last,
    );
}

#[test]
fn without_a_spool_frames_wait_however_often_they_failed() {
    for away in [Reply::say("503 Away"), Reply::say("500 Down"), Reply::Hang] {
        let receiver = Receiver::start(move |_| away.clone());
        let often = OFTEN.replace("max = 100", "max = 1");
        let agent = plan(&[lines("out", &receiver.url(), &often)]).start();
        wait_for(&agent, "spool_frames", &OUT, 12.0);
        assert!(receiver.received().len() >= 10);
        receiver.answer(|_| OK);
        let last = metric(&agent, "frames_total", &OUT).unwrap() as u64;
        wait_for(&agent, "success_total", &OUT, last as f64);
        let got = all_frames("out", &receiver.taken());
        assert_whole(&got, last);
        assert!(got.is_sorted(), "by time: {got:?}");
        assert_eq!(dropped(&agent), []);
    }
}

#[test]
fn a_reload_keeps_what_waits_and_what_did_not_change() {
    let [kept, changed, removed] = [(); 3].map(|()| Receiver::start(|_| OK));
    changed.answer(|_| Reply::say("503 Away"));
    let one =
        |name: &str, to: &Receiver, more: &str| lines(name, &to.url(), &format!("{OFTEN}\n{more}"));
    let first = [one("kept", &kept, ""), one("out", &changed, ""), one("gone", &removed, "")];
    let agent = plan(&first).without_landlock().start();
    wait_for(&agent, "spool_frames", &OUT, 3.0);
    wait_until("frames", || removed.taken().len() >= 2 && kept.taken().len() >= 2);
    let added = Receiver::start(|_| OK);
    let second = [
        one("kept", &kept, ""),
        one("out", &changed, "headers = { X-New = \"1\" }"),
        one("new", &added, ""),
    ];
    changed.answer_by_head(|head| match head.contains("X-New: 1\r\n") {
        true => OK,
        false => Reply::say("503 Away"),
    });
    agent.reload(&file(&second));
    agent.wait_for_log("settings reloaded", 1);
    let count = removed.taken().len();
    wait_until("the new one", || added.taken().len() >= 2);
    wait_until("what waited", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    let got = all_frames("out", &changed.taken());
    assert_whole(
        &{
            let mut got = got.clone();
            got.sort_unstable();
            got
        },
        got.iter().map(|(n, _)| *n).max().unwrap(),
    );
    let of_kept = all_frames("kept", &kept.taken());
    assert_whole(&of_kept, of_kept.last().unwrap().0);
    // One frame may have been under way, and the last one is no more.
    assert!(removed.taken().len() <= count + 1);
    assert!(metric(&agent, "success_total", &[("export", "gone")]).is_none());
    assert_eq!(kept.connections(), 1, "undisturbed");
}

#[test]
fn the_end_takes_along_what_waits() {
    let receiver = Receiver::start(|_| OK);
    let more = "interval_secs = 3600\nretry = { initial_ms = 10, max_ms = 40 }";
    let mut agent = plan(&[lines("out", &receiver.url(), more)]).start();
    wait_until("the first frame", || receiver.taken().len() == 1);
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert_whole(&all_frames("out", &receiver.taken()), 2);
}

#[test]
fn nothing_is_lost_where_the_end_comes_upon_a_receiver_that_hangs() {
    let (receiver, spool) = (Receiver::start(|_| Reply::Hang), Temp::new());
    // One request takes longer than there is time at the end.
    let more =
        format!("interval_secs = 60\ntimeout_secs = 25\nspool = {{ dir = {:?} }}", spool.path(""));
    let mut agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("the first frame to be under way", || receiver.received().len() == 1);
    let start = Instant::now();
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert!(start.elapsed() < Duration::from_secs(25), "it waited for the receiver");
    let before = frames("out", &receiver.received()[0].body);
    receiver.answer(|_| OK);
    let _agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("both frames and a new one", || receiver.taken().len() >= 3);
    let got = all_frames("out", &receiver.taken());
    assert!(got.contains(&before[0]), "{got:?} {before:?}");
    assert_eq!(got.iter().filter(|(number, _)| *number == 2).count(), 1, "the last: {got:?}");
}

#[test]
fn what_waits_on_disk_survives_a_kill() {
    let (receiver, spool) = (Receiver::start(|_| Reply::say("503 Away")), Temp::new());
    let more = format!("{OFTEN}\nspool = {{ dir = {:?} }}", spool.path(""));
    let mut agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_for(&agent, "spool_frames", &OUT, 6.0);
    let last = metric(&agent, "frames_total", &OUT).unwrap() as u64;
    agent.signal(libc::SIGKILL);
    agent.wait();
    receiver.answer(|_| OK);
    let agent = plan(&[lines("out", &receiver.url(), &more)]).start();
    wait_until("all of it", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    let mut got = all_frames("out", &receiver.taken());
    // Two processes count: by time, the first comes first.
    got.sort_unstable_by_key(|(_, time)| *time);
    let second = got.iter().skip(1).position(|(number, _)| *number == 1).unwrap() + 1;
    assert_whole(&got[..second], last - 1);
    assert_eq!(dropped(&agent), []);
}

#[test]
fn frames_of_a_spool_that_no_export_has_any_more_stay_and_the_log_says_so() {
    let (receiver, spool) = (Receiver::start(|_| Reply::say("503 Away")), Temp::new());
    let with = [lines(
        "out",
        &receiver.url(),
        &format!("{OFTEN}\nspool = {{ dir = {:?} }}", spool.path("")),
    )];
    let agent = plan(&with).start();
    wait_for(&agent, "spool_bytes", &OUT, 1.0);
    agent.reload(&file(&[lines("out", &receiver.url(), OFTEN)]));
    agent.wait_for_log("frames stay on disk until an export has this directory again", 1);
    wait_for(&agent, "spool_frames", &OUT, 2.0);
    receiver.answer(|_| OK);
    wait_until("what waits in memory", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    let is_first = |(number, _): &(u64, i64)| *number == 1;
    assert!(!all_frames("out", &receiver.taken()).iter().any(is_first));
    agent.reload(&file(&with));
    wait_until("what is on disk", || all_frames("out", &receiver.taken()).iter().any(is_first));
    wait_until("all of it", || metric(&agent, "spool_frames", &OUT) == Some(0.0));
    let mut got = all_frames("out", &receiver.taken());
    got.sort_unstable();
    assert_whole(&got, got.last().unwrap().0);
    assert_eq!(agent.lines_with("frames stay on disk"), 1);
}

#[test]
fn the_end_of_a_series_is_sent_once() {
    const STALE: [u8; 8] = 0x7ff0_0000_0000_0002u64.to_le_bytes();
    let receiver = Receiver::start(|_| Reply::say("204 Fine"));
    let export = format!(
        "[[export]]\ntype = \"remote_write\"\nversion = \"1.0\"\nname = \"out\"\nendpoint = \"{}\"\n\
         include = [\"odd*\", \"{FRAMES}\"]\n{OFTEN}\n",
        receiver.url()
    );
    let agent = plan(&[export]).start();
    let request = |method: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "{method} /metrics/job/e2e HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        );
        let status = agent.connect().send(head + body).answer().status;
        assert!((200..300).contains(&status), "{status}");
    };
    let bodies = || -> Vec<Vec<u8>> {
        let received = receiver.taken();
        received
            .iter()
            .map(|h| snap::raw::Decoder::new().decompress_vec(&h.body).unwrap())
            .collect()
    };
    let has = |body: &[u8], part: &[u8]| body.windows(part.len()).any(|window| window == part);
    request("PUT", "odd 5\n");
    wait_until("it", || bodies().iter().any(|body| has(body, b"odd")));
    request("DELETE", "");
    wait_until("its end", || bodies().iter().any(|body| has(body, &STALE)));
    let count = receiver.taken().len();
    wait_until("more", || receiver.taken().len() >= count + 4);
    let stale: Vec<_> = bodies().into_iter().filter(|body| has(body, &STALE)).collect();
    assert_eq!(stale.len(), 1);
    assert!(has(&stale[0], b"odd") && !has(bodies().last().unwrap(), b"odd"));
}
