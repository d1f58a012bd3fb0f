use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};

/// A thread of a live machine.
fn hasty<T: Send + 'static>(idle: T, work: JobFn<T>) -> Background<T> {
    Background::new("test", idle, work).hasty()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn the_state_comes_back_with_each_answer() {
    let mut doubled = Background::new("test", 1, |n, _| *n *= 2);
    let answers: Vec<i32> = (0..10).map(|_| *doubled.ask(soon()).unwrap()).collect();
    assert_eq!(answers, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
}

#[test]
fn a_late_request_fails_later_scrapes_at_once_until_it_ends() {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let (done, finished) = channel();
    let mut slow = hasty((wait, done), |(wait, done), _| {
        let _ = wait.recv();
        let _ = done.send(());
    });
    let first = slow.ask(Instant::now() + Duration::from_millis(20)).err();
    assert_eq!(first, Some(libc::ETIMEDOUT));
    assert_eq!(slow.ask(soon()).err(), Some(libc::ETIMEDOUT), "at once");
    go.send(()).unwrap();
    finished.recv().unwrap();
    // Until an answer is in time.
    loop {
        go.send(()).unwrap();
        if slow.ask(soon()).is_ok() {
            break;
        }
    }
    drop((slow, go));
    // Until the thread has ended.
    while finished.recv().is_ok() {}
}

#[test]
fn after_a_late_answer_scrapes_wait_briefly_until_one_is_in_time() {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let mut slow = hasty(wait, |wait, _| {
        let _ = wait.recv();
    });
    let begun = Instant::now();
    assert!(slow.ask(begun).is_err());
    assert!(slow.thread.is_late);
    go.send(()).unwrap(); // past its time
    while slow.thread.deadline.is_err() {
        slow.begin(begun + Duration::from_secs(600));
    }
    assert_eq!(slow.answer().err(), Some(libc::ETIMEDOUT));
    assert!(begun.elapsed() < Duration::from_secs(300), "waits briefly");
    go.send(()).unwrap(); // in time, though nobody waits
    while slow.thread.deadline.is_err() {
        slow.begin(soon());
    }
    assert!(!slow.thread.is_late);
    go.send(()).unwrap();
    assert!(slow.answer().is_ok());
}

#[test]
fn the_state_of_a_busy_thread_is_not_waited_for() {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let mut slow = Background::new("test", (wait, 0), |(wait, count), _| {
        let _ = wait.recv();
        *count += 1;
    });
    assert_eq!(slow.at_rest().unwrap().1, 0);
    slow.begin(soon());
    assert!(slow.at_rest().is_none());
    go.send(()).unwrap();
    while slow.at_rest().is_none() {}
    assert_eq!(slow.at_rest().unwrap().1, 1);
}

#[test]
fn a_silent_peer_is_waited_for_little_longer_than_its_usual_time() {
    let (go, wait): (Sender<()>, Receiver<()>) = channel();
    let mut peer = hasty(wait, |wait, _| {
        let _ = wait.recv();
    });
    let (begun, until) = (Instant::now(), Instant::now() + Duration::from_secs(600));
    peer.begin(until); // as the agent begins to serve
    assert_eq!(peer.ask(until).err(), Some(libc::ETIMEDOUT));
    assert!(begun.elapsed() >= UNKNOWN);
    assert_eq!(peer.ask(until).err(), Some(libc::ETIMEDOUT), "it is still away");
    go.send(()).unwrap();
    go.send(()).unwrap();
    while peer.ask(until).is_err() {}
    assert!(!peer.thread.is_late && peer.thread.took.is_some());
    peer.thread.took = Some(Duration::from_millis(10));
    let silent = Instant::now();
    assert_eq!(peer.ask(until).err(), Some(libc::ETIMEDOUT), "it answered before");
    assert!(silent.elapsed() >= USUAL + Duration::from_millis(80));
    assert!(begun.elapsed() < Duration::from_secs(300), "not the whole time");
}

#[test]
fn a_request_begun_ahead_is_repeated_if_answered_and_awaited_if_not() {
    let (go, wait): (Sender<i32>, Receiver<i32>) = channel();
    let mut peer = Background::new("test", (wait, 0), |(wait, last), _| {
        *last = wait.recv().unwrap_or_default();
    });
    peer.begin(soon());
    go.send(1).unwrap();
    while !matches!(*peer.thread.mailbox.lock(), State::Answered(..)) {
        std::thread::sleep(Duration::from_millis(1));
    }
    go.send(2).unwrap();
    assert_eq!(peer.ask(soon()).unwrap().1, 2, "a value of now");
    peer.begin(soon()); // at work when the next begins
    peer.thread.took = Some(Duration::from_secs(2));
    let sender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        for number in [3, 4] {
            go.send(number).unwrap();
        }
        go
    });
    // The second where this thread slept so long.
    let answer = peer.ask(soon()).unwrap().1;
    assert!([3, 4].contains(&answer), "{answer}");
    drop(sender.join());
}

#[test]
fn several_are_waited_for_at_the_same_time() {
    let (until, begun) = (Duration::from_millis(300), Instant::now());
    let late = |_: &mut (), until: Instant| {
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
    };
    let mut all: Vec<_> = (0..20).map(|_| Background::new("test", (), late)).collect();
    all.iter_mut().for_each(|one| one.begin(begun + until));
    all.iter_mut().for_each(|one| assert!(one.answer().is_ok()));
    assert!(begun.elapsed() < 10 * until, "one after the other takes twenty times as long");
}
