//! Against a made-up chronyd.

use super::packet::tests::packet;
use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, open as open_at, outcome, scrape};
use crate::kernel::read::Root;
use std::net::UdpSocket;
use std::thread;

/// A server that answers each request with what `reply` makes of its sequence; it ends with the test.
fn server(reply: fn(u32) -> Option<Vec<u8>>) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut received = [0; 256];
        while let Ok((length, from)) = socket.recv_from(&mut received) {
            let sequence = u32::from_be_bytes(received[8..12].try_into().unwrap());
            assert_eq!(received[..length], request(sequence));
            // Somebody else's answer comes first.
            socket.send_to(&packet(!sequence), from).unwrap();
            if let Some(reply) = reply(sequence) {
                socket.send_to(&reply, from).unwrap();
            }
        }
    });
    port
}

fn opened(port: u16, timeout: &str, dialect: Dialect) -> Opened {
    let address = format!("127.0.0.1:{port}");
    let set = [("address", &*address), ("timeout", timeout)];
    open_at(&Root::of_this_machine(), &SPEC, dialect, &set)
}

#[test]
fn the_tracking_report_is_shown_in_both_dialects() {
    let port = server(|sequence| Some(packet(sequence)));
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut chrony = opened(port, "20s", dialect);
        let (lines, errors) = scrape(&mut chrony, dialect, &["chrony_"]);
        assert_eq!(errors, 0);
        let expected = [
            ("chrony_stratum", 3.0),
            ("chrony_leap_status", 1.0),
            (r#"chrony_reference_info{reference="C0000209",address="192.0.2.123"}"#, 1.0),
            ("chrony_reference_timestamp_seconds", f64::from(0x6b0b_3211) + 7e-9),
            ("chrony_correction_seconds", 1.0),
            ("chrony_last_offset_seconds", -1.0),
            ("chrony_rms_offset_seconds", 0.125),
            ("chrony_frequency_ratio", 12.0 * 1e-6),
            ("chrony_residual_frequency_ratio", -1e-6 / 16_777_216.0),
            ("chrony_skew_ratio", 1e-6 * 2f64.powi(-89)),
            ("chrony_root_delay_seconds", 16_777_215.0 * 2f64.powi(38)),
            ("chrony_root_dispersion_seconds", 0.0),
            ("chrony_update_interval_seconds", 65.0),
        ];
        let samples: Vec<(&str, f64)> = lines
            .iter()
            .map(|line| line.rsplit_once(' ').unwrap())
            .map(|(series, value)| (series, value.parse().unwrap()))
            .collect();
        assert_eq!(samples, expected);
    }
}

#[test]
fn an_unsynchronised_chronyd_has_no_reference() {
    let port = server(|sequence| {
        let mut packet = packet(sequence);
        packet[28..68].fill(0);
        packet[55] = 3;
        Some(packet)
    });
    let (lines, _) =
        scrape(&mut opened(port, "20s", Dialect::Own), Dialect::Own, &["stratum", "leap", "ref"]);
    assert_eq!(lines, ["chrony_stratum 0", "chrony_leap_status 3"]);
}

#[test]
fn a_silent_or_wrong_server_gives_no_sample() {
    let silent = server(|_| None);
    let begun = Instant::now();
    let result = outcome(&mut opened(silent, "100ms", Dialect::Own));
    assert_eq!(result, Err(Error::Read(PLACE.into(), libc::ETIMEDOUT)));
    assert!(begun.elapsed() < Duration::from_secs(10));
    let cut = server(|sequence| Some(packet(sequence)[..103].to_vec()));
    let result = outcome(&mut opened(cut, "20s", Dialect::Own));
    assert_eq!(result.unwrap_err().expected(), "what chronyd tracks");
    let rubbish = server(|_| Some(vec![0xff; 60_000]));
    let result = outcome(&mut opened(rubbish, "20s", Dialect::Own));
    assert_eq!(result.unwrap_err().expected(), "an answer of chronyd, version 6");
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let result = outcome(&mut opened(nobody, "20s", Dialect::Own));
    assert_eq!(result, Err(Error::Read(PLACE.into(), libc::ECONNREFUSED)));
}

#[test]
fn bad_addresses_and_stored_trees_have_no_peer() {
    let root = Root::of_this_machine();
    for address in ["http://h", "h:0"] {
        let failure = open_at(&root, &SPEC, Dialect::Own, &[("address", address)]).failure();
        let is_refused = |error: Error| error.to_string().contains("host or host:port");
        assert!(failure.is_some_and(is_refused), "{address}");
    }
    assert!(Tree::new("chrony").open(&SPEC, Dialect::Own, &[]).is_unsupported());
}
