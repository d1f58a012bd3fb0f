//! Against a made-up logind.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, scrape};
use crate::kernel::read::dbus::testing::{Body, Peer, Reply, switch, text};
use crate::kernel::read::{Files, Root};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};

/// Number, seat.
const SESSIONS: [[&str; 2]; 5] =
    [["1", "seat0"], ["2", ""], ["3", ""], ["4", "seat0"], ["5", "seat9"]];

fn answer(path: &str, name: &str) -> Reply {
    let session = path.strip_prefix("/org/freedesktop/login1/session/_3").unwrap_or_default();
    match (session, name) {
        (_, "ListSeats") => Reply::Values(
            "a(so)",
            Body::array(["seat0"], |body, seat| {
                body.text(seat);
                body.text("/org/freedesktop/login1/seat/seat0");
            }),
        ),
        (_, "ListSessions") => Reply::Values(
            "a(susso)",
            Body::array(SESSIONS, |body, [number, seat]| {
                body.text(number);
                body.uint32(1000);
                body.text("someone");
                body.text(seat);
                body.text(&["/org/freedesktop/login1/session/_3", number].concat());
            }),
        ),
        ("4", "Type") => Reply::Error("org.freedesktop.DBus.Error.UnknownObject"),
        ("1" | "5", "Remote") => switch(false),
        (_, "Remote") => switch(true),
        ("1", "Type") => text("wayland"),
        (_, "Type") => text("tty"),
        ("3", "Class") => text("user-early"),
        (_, "Class") => text("user"),
        _ => Reply::Error("org.freedesktop.DBus.Error.UnknownProperty"),
    }
}

fn opened(peer: &Peer, patience: Duration) -> Opened {
    let sessions = Sessions::new(Address::peer(peer.path()));
    let sessions = Background::new("logind", sessions, Sessions::ask);
    let collector = Box::new(Logind { sessions, patience, is_machine: true });
    let files = Files::new(&Root::of_this_machine());
    Opened { collector, files, errors: Default::default(), textfiles: Default::default() }
}

#[test]
fn sessions_are_counted_by_kind() {
    let peer = Peer::start("logind", answer);
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut opened = opened(&peer, Duration::from_secs(20));
        for _ in 0..2 {
            let (lines, errors) = scrape(&mut opened, dialect, &["logind"]);
            assert_eq!((lines.len(), errors), (2 * 7 * 5 * 2, 0));
            let counted: Vec<&String> = lines.iter().filter(|l| !l.ends_with(" 0")).collect();
            let of = |labels: &str| format!("logind_sessions{{{labels}}} 1");
            // The seat of the fifth is not listed, and the fourth has ended.
            let expected = [
                of("seat=\"\",remote=\"true\",type=\"tty\",class=\"other\""),
                of("seat=\"\",remote=\"true\",type=\"tty\",class=\"user\""),
                of("seat=\"seat0\",remote=\"false\",type=\"wayland\",class=\"user\""),
            ];
            assert_eq!(counted, expected.iter().collect::<Vec<_>>());
        }
    }
}

fn failure(name: &str, answer: impl Fn(&str, &str) -> Reply + Send + 'static) -> String {
    let peer = Peer::start(name, answer);
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
    let patience = Duration::from_millis(if name.ends_with("late") { 300 } else { 20_000 });
    let mut opened = opened(&peer, patience);
    opened.collect(&mut text).unwrap_err().to_string()
}

#[test]
fn unexpected_answers_fail_the_collector() {
    let error = failure("logind-late", |path, name| match name {
        "Class" => Reply::Nothing,
        _ => answer(path, name),
    });
    assert!(error.contains("timed out"), "{error}");
    let error = failure("logind-types", |path, name| match name {
        "ListSeats" => text("seat0"),
        _ => answer(path, name),
    });
    assert_eq!(error, "D-Bus/ListSeats: expected at most 256 seats a(so), found \"v\"");
    let error = failure("logind-torn", |path, name| match name {
        "ListSessions" => Reply::Values("a(susso)", Body(b"\x08\0\0\0\0\0\0\0torntorn".to_vec())),
        _ => answer(path, name),
    });
    assert!(error.starts_with("D-Bus/ListSessions: "), "{error}");
}

#[test]
fn a_property_of_another_type_drops_its_session() {
    let peer = Peer::start("logind-bad", |path, name| match name {
        "Remote" => text("yes"),
        _ => answer(path, name),
    });
    let mut opened = opened(&peer, Duration::from_secs(20));
    let (lines, errors) = scrape(&mut opened, Dialect::Own, &["logind"]);
    assert_eq!((lines.iter().all(|line| line.ends_with(" 0")), errors), (true, 1));
}
