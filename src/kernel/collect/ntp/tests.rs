use super::packet::tests::{SECOND as ONE, ZERO, packet};
use super::packet::timestamp;
use super::*;
use crate::base::clock::WallClock;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};
use std::net::UdpSocket;
use std::thread;

/// A server that answers each request with what `reply` makes of its nonce; it ends with the test.
fn server(reply: fn(u64) -> Option<Vec<u8>>) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut request = [0; 64];
        while let Ok((48, from)) = socket.recv_from(&mut request) {
            assert_eq!(request[0], 0x23);
            let nonce = u64::from_be_bytes(request[40..48].try_into().unwrap());
            // Somebody else's answer comes first.
            socket.send_to(&good(!nonce), from).unwrap();
            if let Some(reply) = reply(nonce) {
                socket.send_to(&reply, from).unwrap();
            }
        }
    });
    port.to_string()
}

/// An answer of a server whose clock is that of this machine.
fn good(nonce: u64) -> Vec<u8> {
    let now = timestamp(WallClock::now().since_epoch());
    packet(0x24, 3, [0x8000, 0x4000], [now - 60 * ONE, nonce, now, now])
}

fn opened(tree: &Tree, dialect: Dialect, set: &[(&str, &str)]) -> Opened {
    tree.open(&SPEC, dialect, set)
}

#[test]
fn an_answer_is_shown() {
    let tree = Tree::new("ntp");
    let port = server(|nonce| Some(good(nonce)));
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut ntp = opened(&tree, dialect, &[("server-port", &port), ("timeout", "20s")]);
        let (samples, errors) = scrape(&mut ntp, dialect, &["ntp_"]);
        assert_eq!((samples.len(), errors), (8, 0), "{samples:?}");
        for expected in [
            "ntp_stratum 3",
            "ntp_leap 0",
            "ntp_root_delay_seconds 0.500000000",
            "ntp_root_dispersion_seconds 0.250000000",
            "ntp_sanity 1",
        ] {
            let number = |text: &str| text.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
            let name = expected.split(' ').next().unwrap();
            let sample = samples.iter().find(|sample| sample.starts_with(name)).unwrap();
            assert_eq!(number(sample), number(expected), "{sample}");
        }
    }
}

#[test]
fn a_silent_or_wrong_server_gives_no_sample() {
    let tree = Tree::new("ntp-none");
    let silent = server(|_| None);
    let mut ntp = opened(&tree, Dialect::Own, &[("server-port", &silent), ("timeout", "200ms")]);
    let start = Instant::now();
    assert_eq!(outcome(&mut ntp), Err(Error::Read(PATH.into(), libc::ETIMEDOUT)));
    assert!(start.elapsed() >= Duration::from_millis(200));
    let client = server(|nonce| Some(packet(0x23, 3, [0, 0], [ZERO, nonce, ZERO, ZERO])));
    let mut ntp = opened(&tree, Dialect::Own, &[("server-port", &client), ("timeout", "20s")]);
    assert_eq!(outcome(&mut ntp).unwrap_err().expected(), "an answer of a server");
}

#[test]
fn a_name_is_resolved_and_a_refusal_comes_at_once() {
    let tree = Tree::new("ntp-name");
    let port = server(|nonce| Some(good(nonce)));
    let set = [("server-port", &*port), ("server", "localhost"), ("timeout", "20s")];
    let mut ntp = opened(&tree, Dialect::Own, &[&set[..], &[("server-is-local", "true")]].concat());
    assert_eq!(scrape(&mut ntp, Dialect::Own, &["ntp_"]).0.len(), 8);
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut ntp = opened(&tree, Dialect::Own, &[("server-port", &nobody), ("timeout", "20s")]);
    assert_eq!(outcome(&mut ntp), Err(Error::Read(PATH.into(), libc::ECONNREFUSED)));
}

#[test]
fn each_rule_of_sanity_counts() {
    let mut limits = Limits { distance: 3 * SECOND, tolerance: SECOND / 1000, leap: None };
    let good = Answer {
        stratum: 1,
        time: 100 * DAY + 5,
        reference: 100 * DAY + 5 - MAX_AGE,
        least_error: SECOND / 1000,
        root_delay: 2 * SECOND,
        rtt: 2 * SECOND,
        root_dispersion: SECOND,
        ..Answer::default()
    };
    assert!(limits.is_sane(&good));
    assert!(limits.is_sane(&Answer { stratum: 15, ..good }));
    for bad in [
        Answer { stratum: 0, ..good },
        Answer { stratum: 16, ..good },
        Answer { leap: 3, ..good },
        Answer { reference: good.reference - 1, ..good },
        Answer { reference: good.time + 1, ..good },
        Answer { reference: 0, ..good },
        Answer { rtt: good.rtt + 2, ..good },
        Answer { least_error: good.least_error + 1, ..good },
    ] {
        assert!(!limits.is_sane(&bad), "{bad:?}");
    }
    let mut wide = Limits { distance: i64::MAX, ..limits };
    assert!(!wide.is_sane(&Answer { root_dispersion: 15 * SECOND + 1, ..good }));
}

#[test]
fn around_a_leap_second_clocks_may_be_a_second_apart() {
    let mut limits = Limits { distance: i64::MAX, tolerance: 7, leap: None };
    let at = |time, leap| Answer { time, leap, ..Answer::default() };
    assert_eq!(limits.tolerance_of(&at(10 * DAY, 0)), 7);
    assert_eq!(limits.tolerance_of(&at(10 * DAY + 1, 2)), 7 + SECOND);
    for (time, expected) in [(12 * DAY - 1, 7 + SECOND), (12 * DAY, 7), (10 * DAY, 7)] {
        assert_eq!(limits.tolerance_of(&at(time, 0)), expected);
    }
}
