//! Deliveries to a receiver on this machine.

use super::*;
use crate::base::clock::Boot;
use crate::model::frame::FamilyDef;
use crate::model::frame::testing::Made;
use crate::model::metric::{Kind, Value};
use crate::outputs::export::destination::bounds;
use crate::outputs::export::plan::Plan;
use crate::outputs::spool::Bounds;
use crate::settings::{self, ExportKind, RemoteWriteVersion, Settings};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

/// Serves one request with this head; returns the address.
fn receiver(head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 64 << 10];
        assert!(stream.read(&mut request).unwrap() > 0);
        stream.write_all([head, "\r\nContent-Length: 0\r\n\r\n"].concat().as_bytes()).unwrap();
        // Until the client closes.
        let _ = stream.read(&mut request);
    });
    ["http://", &address.to_string()].concat()
}

/// A delivery of an export, with a spool in this directory, or without one.
fn delivery(export: &Export, dir: Option<&Path>) -> (Delivery, Ending, Shared) {
    let plan = Plan::new(export, &Settings::default()).unwrap();
    let bounds = Bounds { dir: dir.map(Path::to_owned), ..bounds(&plan, Boot::default()) };
    let (spool, ending) = (Spool::open(bounds, Instant::now()), Ending::new());
    let (transport, tally) = (Transport::new(plan, None), Shared::default());
    (Delivery::new(transport, spool, tally.clone(), None, ending.clone()), ending, tally)
}

fn frame() -> Frame {
    let mut made = Made::new();
    // Three buckets, sum and count.
    made.family("h", Kind::Histogram, "").histogram(&[], &[1.0, 2.0], &[1, 2, 3], 4.0);
    made.frame()
}

/// A reload while the disk fails: what waits in memory is not lost.
#[test]
fn frames_that_a_failing_disk_left_in_memory_are_inherited() {
    let file = std::env::temp_dir().join(["leave-", &std::process::id().to_string()].concat());
    std::fs::write(&file, "not a directory").unwrap();
    let export = Export {
        name: "x".to_owned(),
        kind: ExportKind::RemoteWrite,
        endpoint: "http://127.0.0.1:9".to_owned(),
        spool: Some(settings::Spool { max_age: Duration::MAX, ..Default::default() }),
        timeout: Duration::from_secs(1),
        ..Export::default()
    };
    let (mut old, ending, _) = delivery(&export, Some(&file));
    old.backlog().push(&frame(), Instant::now());
    old.end();
    old.leave();
    let (new, _, tally) = delivery(&export, None);
    new.inherit(&ending);
    assert_eq!(tally.lock().spool.frames, 1);
    std::fs::remove_file(file).unwrap();
}

/// One series has many samples in remote write: of a histogram, a part of them may be accepted.
#[test]
fn a_series_of_which_a_part_is_accepted_has_arrived() {
    let head = "HTTP/1.1 200 OK\r\nX-Prometheus-Remote-Write-Samples-Written: 4";
    let export = Export {
        name: "x".to_owned(),
        kind: ExportKind::RemoteWrite,
        version: RemoteWriteVersion::Two,
        endpoint: receiver(head),
        timeout: Duration::from_secs(10),
        ..Export::default()
    };
    let (mut delivery, _, tally) = delivery(&export, None);
    assert!(delivery.send_with_retries(frame(), 1_800_000_000_000).is_empty());
    let tally = tally.lock();
    assert_eq!(tally.dropped, [("rejected", 1)]);
    assert!(tally.failing.is_none() && tally.last_success.is_some(), "{tally:?}");
}

/// Frames with increments may come from a fallback's export, or from the spool after other settings.
#[test]
fn increments_are_sent_as_such_or_left_out() {
    let mut made = Made::new();
    made.family("g", Kind::Gauge, "").number(&[], Value::Int(1));
    let (name, kind, help, collector) = ("c_total", Kind::Counter, "", "");
    made.define(FamilyDef { name, help, kind, is_delta: true, collector });
    made.number(&[("k", "a")], Value::Int(2)).number(&[("k", "b")], Value::Int(3));
    let all = [
        (ExportKind::Otlp, 3),
        (ExportKind::RemoteWrite, 1),
        (ExportKind::Influx, 1),
        (ExportKind::Stdout, 1),
    ];
    for (kind, expected) in all {
        let (name, endpoint) = ("x".to_owned(), "http://127.0.0.1:9".to_owned());
        let export = Export { name, kind, endpoint, ..Export::default() };
        let (delivery, _, tally) = delivery(&export, None);
        let (parts, stale) = delivery.parts(made.frame(), 1_800_000_000_000);
        assert_eq!(parts.iter().map(Frame::len).sum::<usize>(), expected, "{kind:?}");
        delivery.leave_out(stale);
        let dropped = if expected == 1 { vec![("invalid", 2)] } else { vec![] };
        assert_eq!(tally.lock().dropped, dropped, "{kind:?}");
    }
}
