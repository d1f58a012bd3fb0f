//! Against a made-up upsd.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, open as open_at, outcome, scrape};
use crate::kernel::read::Root;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

/// What is answered to a line; nothing closes the connection.
type Answer = fn(&str) -> Option<Vec<u8>>;

/// Takes one connection and answers each line with what `answer` makes of it, `None` closes it; gives
/// the port and the lines.
fn serve(answer: Answer) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (mut lines, mut reader) = (Vec::new(), BufReader::new(stream.try_clone().unwrap()));
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return lines;
            }
            lines.push(line.trim_end().to_owned());
            let Some(answer) = answer(line.trim_end()) else { return lines };
            // In pieces, as a network has it.
            for piece in answer.chunks(1000) {
                if (&stream).write_all(piece).is_err() {
                    return lines;
                }
            }
        }
    });
    (port, serving)
}

fn opened(port: u16, timeout: &str, dialect: Dialect) -> Opened {
    let address = format!("127.0.0.1:{port}");
    let set = [("address", &*address), ("timeout", timeout)];
    open_at(&Root::of_this_machine(), &SPEC, dialect, &set)
}

fn good(request: &str) -> Option<Vec<u8>> {
    let answer = match request {
        "LIST UPS" => {
            "BEGIN LIST UPS\nUPS rack \"Cellar\"\nUPS old \"\"\nUPS gone \"x\"\nEND LIST UPS\n"
        }
        "LIST VAR rack" => {
            "BEGIN LIST VAR rack\nVAR rack battery.charge \"97.5\"\n\
             VAR rack battery.runtime \"1830\"\nVAR rack battery.voltage \"27.1\"\n\
             VAR rack ups.load \"12\"\nVAR rack ups.realpower \"61\"\n\
             VAR rack ups.realpower.nominal \"390\"\nVAR rack ups.temperature \"31.4\"\n\
             VAR rack input.voltage \"229.8\"\nVAR rack input.frequency \"49.9\"\n\
             VAR rack output.voltage \"230.1\"\nVAR rack battery.charge.low \"10\"\n\
             VAR rack ups.status \"OL CHRG ECO\"\nVAR rack ups.mfr \"EATON\"\n\
             VAR rack ups.model \"5E \\\"650i\\\"\"\nEND LIST VAR rack\n"
        }
        "LIST VAR old" => "ERR DATA-STALE\n",
        "LIST VAR gone" => "ERR DRIVER-NOT-CONNECTED\n",
        _ => return None,
    };
    Some(answer.as_bytes().to_vec())
}

#[test]
fn upses_are_shown_in_base_units_in_both_dialects() {
    for dialect in [Dialect::Own, Dialect::Node] {
        let (port, serving) = serve(good);
        let mut nut = opened(port, "20s", dialect);
        let (lines, errors) = scrape(&mut nut, dialect, &["nut_"]);
        let is_one = |line: &&String| !line.ends_with(" 0");
        let expected = [
            r#"nut_driver_state{ups="rack",state="ok"} 1"#,
            r#"nut_driver_state{ups="old",state="data_stale"} 1"#,
            r#"nut_driver_state{ups="gone",state="driver_not_connected"} 1"#,
            r#"nut_status{ups="rack",flag="OL"} 1"#,
            r#"nut_status{ups="rack",flag="CHRG"} 1"#,
            r#"nut_status_unknown_flags{ups="rack"} 1"#,
            r#"nut_info{ups="rack",description="Cellar",manufacturer="EATON",model="5E \"650i\""} 1"#,
            r#"nut_info{ups="old",description="",manufacturer="",model=""} 1"#,
            r#"nut_info{ups="gone",description="x",manufacturer="",model=""} 1"#,
            r#"nut_battery_charge_ratio{ups="rack"} 0.97500"#,
            r#"nut_battery_runtime_seconds{ups="rack"} 1830"#,
            r#"nut_battery_volts{ups="rack"} 27.100"#,
            r#"nut_load_ratio{ups="rack"} 0.12000"#,
            r#"nut_realpower_watts{ups="rack"} 61"#,
            r#"nut_realpower_nominal_watts{ups="rack"} 390"#,
            r#"nut_temperature_celsius{ups="rack"} 31.400"#,
            r#"nut_input_volts{ups="rack"} 229.800"#,
            r#"nut_input_frequency_hertz{ups="rack"} 49.900"#,
            r#"nut_output_volts{ups="rack"} 230.100"#,
            r#"nut_battery_charge_low_ratio{ups="rack"} 0.10000"#,
        ];
        let shown: Vec<_> = lines.iter().filter(is_one).cloned().collect();
        assert_eq!((shown, errors), (expected.map(String::from).to_vec(), 0));
        // 3 x 6 states, 15 flags of the one that has a status.
        assert_eq!(lines.len(), 18 + 15 + 1 + 3 + 11);
        let requests = ["LIST UPS", "LIST VAR rack", "LIST VAR old", "LIST VAR gone", "LOGOUT"];
        assert_eq!(serving.join().unwrap(), requests);
    }
}

#[test]
fn a_server_that_is_not_upsd_fails() {
    let cases: [(Answer, &str); 5] = [
        (|_| Some(b"ERR ACCESS-DENIED\n".to_vec()), "a list, not an error"),
        (|_| Some(b"SSH-2.0-x\nEND LIST\n".to_vec()), "a list of upsd"),
        (|_| Some(b"\xff\0\n".repeat(30_000)), "more than 65536 bytes"),
        (|_| Some(vec![b'x'; 1 << 20]), "more than 65536 bytes"),
        (|_| None, "reset by peer"),
    ];
    for (answer, expected) in cases {
        let (port, serving) = serve(answer);
        let error = outcome(&mut opened(port, "20s", Dialect::Own)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        serving.join().unwrap();
    }
}

#[test]
fn a_ups_without_a_usable_answer_drops_only_its_values() {
    let (port, serving) = serve(|request| match request {
        "LIST VAR old" => {
            Some(b"BEGIN LIST VAR old\nVAR old ups.status \"OL\"\nEND LIST VAR other\n".to_vec())
        }
        _ => good(request),
    });
    let mut nut = opened(port, "20s", Dialect::Own);
    let (lines, errors) = scrape(&mut nut, Dialect::Own, &["nut_"]);
    let of_old: Vec<_> =
        lines.iter().filter(|line| line.contains("\"old\"") && line.ends_with(" 1")).collect();
    let expected = [
        r#"nut_driver_state{ups="old",state="other_error"} 1"#,
        r#"nut_info{ups="old",description="",manufacturer="",model=""} 1"#,
    ];
    assert_eq!((of_old.as_slice(), errors), (&expected.map(String::from).each_ref()[..], 1));
    assert!(lines.iter().any(|line| line.starts_with("nut_battery_volts{ups=\"rack\"}")));
    serving.join().unwrap();
}

#[test]
fn a_silent_or_absent_server_delays_by_the_timeout_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let begun = Instant::now();
    let error = outcome(&mut opened(port, "100ms", Dialect::Own)).unwrap_err();
    assert_eq!(error, Error::Read(PLACE.into(), libc::ETIMEDOUT));
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(silent);
    let error = outcome(&mut opened(port, "20s", Dialect::Own)).unwrap_err();
    assert_eq!(error, Error::Read(PLACE.into(), libc::ECONNREFUSED));
    // Half a list, then nothing.
    let (port, _) = serve(|_| Some(b"BEGIN LIST UPS\nUPS a \"\"\n".to_vec()));
    let error = outcome(&mut opened(port, "100ms", Dialect::Own)).unwrap_err();
    assert_eq!(error, Error::Read(PLACE.into(), libc::ETIMEDOUT));
}

#[test]
fn without_an_address_upsds_own_is_used_and_a_bad_one_is_refused() {
    let root = Root::of_this_machine();
    let stored = Tree::new("nut").open(&SPEC, Dialect::Own, &[("address", "localhost")]).failure();
    assert_eq!(stored, Some(Error::Unsupported(PLACE.into())));
    for (set, is_bad) in [(&[][..], false), (&[("address", "http://h")], true)] {
        let failure = open_at(&root, &SPEC, Dialect::Own, set).failure();
        let is_refused = |error: Error| error.to_string().contains("host or host:port");
        assert_eq!(failure.is_some_and(is_refused), is_bad);
    }
}

/// upsd writes each line by itself, and waits after the first of an answer until that is acknowledged.
#[test]
fn an_answer_in_pieces_is_not_waited_for_longer_than_it_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = spawn(move || {
        for stream in listener.incoming().flatten() {
            for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                let answer = good(&line).unwrap_or_default();
                answer.split_inclusive(|byte| *byte == b'\n').for_each(|line| {
                    let _ = (&stream).write_all(line);
                });
            }
        }
    });
    let mut nut = opened(port, "20s", Dialect::Own);
    // An acknowledgement that the kernel delays comes after 40 ms, however fast the machine; a busy one is at
    // times as fast.
    let start = Instant::now();
    loop {
        let begun = Instant::now();
        outcome(&mut nut).unwrap();
        if begun.elapsed() < Duration::from_millis(40) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "each answer waits");
    }
    drop(serving);
}
