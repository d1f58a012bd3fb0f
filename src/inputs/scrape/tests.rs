//! Targets with real workers, turn by turn.

use super::*;
use crate::base::sys::{Ready, poll};
use crate::model::store::Bounds;
use crate::settings::Target;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

const LINES: usize = 2 * answer::PIECE + 1;

/// A server that answers everyone with so many series.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let body: String = (0..LINES).map(|n| format!("a{{n=\"{n}\"}} 1\n")).collect();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1000]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all([&head, &*body].concat().as_bytes());
        }
    });
    url
}

/// The next turn, once there is something to do.
fn turn(targets: &mut Targets, store: &mut Store) {
    let mut ready = vec![Ready::wait(targets.fd().unwrap(), true, false)];
    poll(&mut ready, None).unwrap();
    targets.turn(store, Instant::now());
}

#[test]
fn a_reload_in_the_middle_of_an_answer_leaves_nothing_half_done() {
    let now = Instant::now();
    let (mut targets, mut store) = (Targets::default(), Store::new(Bounds::default(), now));
    let target = Target { name: "t".to_owned(), url: serve(), ..Target::default() };
    let mut settings = Scrape {
        interval: Duration::from_millis(100),
        timeout: Duration::from_secs(60),
        max_body_bytes: 1 << 20,
        max_series: 10 * LINES,
        max_labels: 32,
        targets: vec![target.clone()],
    };
    targets.apply(&settings, &[], &mut store, now);
    while store.len() < answer::PIECE {
        turn(&mut targets, &mut store);
    }
    assert_eq!((store.len(), targets.taking.is_some()), (answer::PIECE, true));
    // Read again, nothing changed: what was taken stays, the rest comes with the next answer.
    targets.apply(&settings, &[], &mut store, now);
    assert_eq!((store.len(), targets.taking.is_some()), (answer::PIECE, false));
    while store.len() < LINES || targets.taking.is_some() {
        turn(&mut targets, &mut store);
    }
    // And again in the middle, without it.
    while targets.taking.is_none() {
        turn(&mut targets, &mut store);
    }
    settings.targets[0].name = "u".to_owned();
    targets.apply(&settings, &[], &mut store, now);
    assert!(store.is_empty());
    while store.len() < LINES || targets.taking.is_some() {
        turn(&mut targets, &mut store);
    }
    settings.targets.clear();
    targets.apply(&settings, &[], &mut store, now);
    assert!(store.is_empty() && targets.fd().is_none());
}
