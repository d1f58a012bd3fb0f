//! Against a made-up gpsd.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, open as open_at, outcome, scrape};
use crate::kernel::read::Root;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

const VERSION: &str = r#"{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}"#;

fn opened(port: u16, dialect: Dialect) -> Opened {
    let address = format!("127.0.0.1:{port}");
    open_at(&Root::of_this_machine(), &SPEC, dialect, &[("address", &*address)])
}

/// A socket, and a collector that is about to connect to it.
fn begun(dialect: Dialect) -> (TcpListener, Opened) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gpsd = opened(listener.local_addr().unwrap().port(), dialect);
    gpsd.collector.serving(true);
    (listener, gpsd)
}

/// Takes a connection, greets, and reads what the client wants.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    writeln!(stream, "{VERSION}").unwrap();
    let mut line = String::new();
    BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "?WATCH={\"enable\":true,\"json\":true};\n");
    stream
}

/// Scrapes until `is_it`.
fn wait<T>(what: &str, mut is_it: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(done) = is_it() {
            return done;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn reports_are_shown_in_both_dialects() {
    for dialect in [Dialect::Own, Dialect::Node] {
        let (listener, mut gpsd) = begun(dialect);
        let mut stream = accept(&listener);
        let sky = r#"{"class":"SKY","device":"/dev/g","hdop":1.2,"nSat":9,"uSat":6}"#;
        let tpv = r#"{"class":"TPV","device":"/dev/g","mode":3,"time":"2026-11-28T20:02:32Z","eph":22.8,"epx":15.7,"epy":17.2,"epv":39.1,"ept":0.005}"#;
        // Lines come in pieces, and end in either way.
        for piece in [sky, "\r\n", &tpv[..40], &tpv[40..], "\n", &tpv[..9]] {
            stream.write_all(piece.as_bytes()).unwrap();
            stream.flush().unwrap();
        }
        let lines = wait("a fix", || {
            let (lines, errors) = scrape(&mut gpsd, dialect, &["gpsd_"]);
            (lines.len() > 6).then_some((lines, errors))
        });
        let steady = |line: &&String| !line.contains("_age_") && !line.contains("_offset_");
        let expected = [
            "gpsd_connects_total 1",
            r#"gpsd_mode{device="/dev/g"} 3"#,
            r#"gpsd_satellites_seen{device="/dev/g"} 9"#,
            r#"gpsd_satellites_used{device="/dev/g"} 6"#,
            r#"gpsd_hdop{device="/dev/g"} 1.2"#,
            r#"gpsd_horizontal_error_meters{device="/dev/g"} 22.8"#,
            r#"gpsd_longitude_error_meters{device="/dev/g"} 15.7"#,
            r#"gpsd_latitude_error_meters{device="/dev/g"} 17.2"#,
            r#"gpsd_vertical_error_meters{device="/dev/g"} 39.1"#,
            r#"gpsd_time_error_seconds{device="/dev/g"} 0.005"#,
        ];
        let shown: Vec<_> = lines.0.iter().filter(steady).cloned().collect();
        assert_eq!((shown, lines.1), (expected.map(String::from).to_vec(), 0));
        assert_eq!(lines.0.len(), 12, "and age and offset");
    }
}

#[test]
fn a_connection_that_ends_is_made_again() {
    let (listener, mut gpsd) = begun(Dialect::Own);
    for n in 1..=2 {
        let stream = accept(&listener);
        let connects = vec![format!("gpsd_connects_total {n}")];
        wait("a connection", || {
            outcome(&mut gpsd).ok()?;
            (scrape(&mut gpsd, Dialect::Own, &["connects"]) == (connects.clone(), 0)).then_some(())
        });
        drop(stream);
        let error = wait("the end", || outcome(&mut gpsd).err());
        assert_eq!(error, Error::Read(PLACE.into(), libc::ECONNRESET));
    }
}

#[test]
fn rubbish_and_a_line_without_end_are_bounded() {
    let (listener, mut gpsd) = begun(Dialect::Own);
    let mut stream = accept(&listener);
    stream.write_all(b"\xff\0\n[]\n").unwrap();
    let errors = wait("an error", || {
        let errors = scrape(&mut gpsd, Dialect::Own, &["gpsd_"]).1;
        (errors > 0).then_some(errors)
    });
    assert_eq!(errors, 1, "the last of them");
    assert_eq!(scrape(&mut gpsd, Dialect::Own, &["gpsd_"]).1, 0, "counted once");
    let _ = stream.write_all(&vec![b'{'; 1 << 20]);
    let error = wait("the end", || outcome(&mut gpsd).err());
    assert!(matches!(error, Error::TooLarge(..) | Error::Read(..)), "{error}");
}

#[test]
fn absent_servers_bad_addresses_and_stored_trees_fail() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut gpsd = opened(port, Dialect::Own);
    let error = wait("a refusal", || outcome(&mut gpsd).err());
    assert_eq!(error, Error::Read(PLACE.into(), libc::ECONNREFUSED));
    let bad = open_at(&Root::of_this_machine(), &SPEC, Dialect::Own, &[("address", "h:0")]);
    assert!({ bad }.failure().is_some_and(|error| error.to_string().contains("host:port")));
    assert!(Tree::new("gpsd").open(&SPEC, Dialect::Own, &[]).is_unsupported());
}

#[test]
fn the_thread_ends_with_its_collector() {
    let (listener, gpsd) = begun(Dialect::Own);
    let stream = accept(&listener);
    drop(gpsd);
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut rest = String::new();
    // What was not read of the greeting makes a reset of the close.
    let end = BufReader::new(stream).read_line(&mut rest).or_else(|error| match error.kind() {
        ErrorKind::ConnectionReset => Ok(0),
        _ => Err(error),
    });
    assert_eq!(end.unwrap(), 0, "it is closed");
}
