//! Against a made-up systemd.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, scrape};
use crate::kernel::read::dbus::testing::{Body, Peer, Reply, number, short_number, text};
use crate::kernel::read::{Files, Root};
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};

/// Name, whether it is loaded, state.
const UNITS: [[&str; 3]; 11] = [
    ["a.service", "loaded", "active"],
    ["old@x.service", "loaded", "failed"],
    ["gone.service", "loaded", "inactive"],
    ["missing.service", "not-found", "inactive"],
    ["b.service", "loaded", "reloading"],
    ["a.socket", "loaded", "active"],
    ["old.socket", "loaded", "activating"],
    ["a.timer", "loaded", "active"],
    ["never.timer", "loaded", "inactive"],
    ["home.mount", "loaded", "active"],
    ["basic.target", "loaded", "deactivating"],
];

fn path(name: &str) -> String {
    let name = name.replace('.', "_2e").replace('@', "_40");
    ["/org/freedesktop/systemd1/unit/", &name].concat()
}

fn list<'a>(units: impl IntoIterator<Item = [&'a str; 3]>) -> Reply {
    let units = Body::array(units, |body, [name, load, state]| {
        for text in [name, "what it is", load, state, "dead", "", &path(name)] {
            body.text(text);
        }
        body.uint32(0);
        body.text("");
        body.text("/");
    });
    Reply::Values("a(ssssssouso)", units)
}

fn answer(path: &str, name: &str) -> Reply {
    let unit = path.strip_prefix("/org/freedesktop/systemd1/unit/").unwrap_or_default();
    match (unit, name) {
        (_, "ListUnits") => list(UNITS),
        ("", "Version") => text("252.38-1~deb12u1"),
        ("", "Virtualization") => text("kvm"),
        ("", "SystemState") => text("degraded"),
        ("gone_2eservice", _) => Reply::Error("org.freedesktop.DBus.Error.UnknownObject"),
        ("home_2emount", "Type") => text("ext4"),
        (_, "Type") => text("simple"),
        ("old_40x_2eservice", "NRestarts") => {
            Reply::Error("org.freedesktop.DBus.Error.UnknownProperty")
        }
        (_, "NRestarts") => short_number(3),
        ("b_2eservice", "TasksCurrent") => number(7),
        ("b_2eservice", "TasksMax") => number(1000),
        (_, "TasksCurrent" | "TasksMax") => number(u64::MAX),
        (_, "ActiveEnterTimestamp") => number(1_700_000_000_123_456),
        ("a_2etimer", "LastTriggerUSec") => number(1_700_000_001_500_000),
        (_, "LastTriggerUSec") => number(0),
        (_, "NAccepted") => short_number(11),
        (_, "NConnections") => short_number(2),
        ("a_2esocket", "NRefused") => short_number(5),
        _ => Reply::Error("org.freedesktop.DBus.Error.UnknownProperty"),
    }
}

fn opened(peer: &Peer, patterns: [&str; 2], groups: &[Group], patience: Duration) -> Opened {
    let address = Address::peer(peer.path());
    let [units, exclude] = patterns.map(|pattern| Some(whole(Pattern::new(pattern))));
    let manager = Manager::new(address, Filter::new(units, exclude), groups.to_vec());
    let manager = Background::new("systemd", manager, Manager::ask);
    let collector = Box::new(Systemd { manager, patience, is_machine: true });
    let files = Files::new(&Root::of_this_machine());
    Opened { collector, files, errors: Default::default(), textfiles: Default::default() }
}

const ALL: [Group; 3] = [Group::Tasks, Group::Restarts, Group::StartTime];
const USUAL: [&str; 2] = [".+", r".+\.(automount|device|mount|scope|slice)"];
const PATIENT: Duration = Duration::from_secs(20);

/// The samples of which the names begin so.
fn samples(opened: &mut Opened, dialect: Dialect, words: &[&str]) -> Vec<String> {
    let (lines, errors) = scrape(opened, dialect, words);
    assert_eq!(errors, 0);
    lines.iter().map(|line| line.replace("systemd_", "")).collect()
}

#[test]
fn every_family_has_its_samples() {
    let peer = Peer::start("systemd-all", answer);
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut opened = opened(&peer, USUAL, &ALL, PATIENT);
        for _ in 0..2 {
            let lines = samples(&mut opened, dialect, &["systemd_"]);
            let lines: Vec<&str> =
                lines.iter().map(String::as_str).filter(|l| !l.starts_with("unit_state")).collect();
            assert_eq!(lines, EXPECTED);
        }
    }
}

const EXPECTED: [&str; 29] = [
    "version{version=\"252.38-1~deb12u1\"} 252.38",
    "virtualization_info{virtualization_type=\"kvm\"} 1",
    "units{state=\"active\"} 4",
    "units{state=\"activating\"} 1",
    "units{state=\"deactivating\"} 1",
    "units{state=\"inactive\"} 3",
    "units{state=\"failed\"} 1",
    "units{state=\"reloading\"} 1",
    "system_running 0",
    "service_restart_total{name=\"a.service\"} 3",
    "service_restart_total{name=\"b.service\"} 3",
    "unit_start_time_seconds{name=\"a.service\"} 1700000000.123456",
    "unit_start_time_seconds{name=\"old@x.service\"} 0",
    "unit_start_time_seconds{name=\"gone.service\"} 0",
    "unit_start_time_seconds{name=\"b.service\"} 0",
    "unit_start_time_seconds{name=\"a.socket\"} 1700000000.123456",
    "unit_start_time_seconds{name=\"old.socket\"} 0",
    "unit_start_time_seconds{name=\"a.timer\"} 1700000000.123456",
    "unit_start_time_seconds{name=\"never.timer\"} 0",
    "unit_start_time_seconds{name=\"basic.target\"} 0",
    "unit_tasks_current{name=\"b.service\"} 7",
    "unit_tasks_max{name=\"b.service\"} 1000",
    "timer_last_trigger_seconds{name=\"a.timer\"} 1700000001.500000",
    "timer_last_trigger_seconds{name=\"never.timer\"} 0",
    "socket_accepted_connections_total{name=\"a.socket\"} 11",
    "socket_accepted_connections_total{name=\"old.socket\"} 11",
    "socket_current_connections{name=\"a.socket\"} 2",
    "socket_current_connections{name=\"old.socket\"} 2",
    "socket_refused_connections_total{name=\"a.socket\"} 5",
];

#[test]
fn states_and_types_of_the_units_that_are_wanted() {
    let peer = Peer::start("systemd-states", answer);
    let mut opened = opened(&peer, [".*(ice|mount)", "b.+"], &[], PATIENT);
    let lines = samples(&mut opened, Dialect::Node, &["systemd_unit_"]);
    let on: Vec<&String> = lines.iter().filter(|line| line.ends_with(" 1")).collect();
    let expected = [
        "unit_state{name=\"a.service\",state=\"active\",type=\"simple\"} 1",
        "unit_state{name=\"old@x.service\",state=\"failed\",type=\"simple\"} 1",
        "unit_state{name=\"gone.service\",state=\"inactive\",type=\"\"} 1",
        "unit_state{name=\"home.mount\",state=\"active\",type=\"ext4\"} 1",
    ];
    assert_eq!((on, lines.len()), (expected.map(String::from).iter().collect(), 20));
}

fn failure(opened: &mut Opened) -> String {
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
    opened.collect(&mut text).unwrap_err().to_string()
}

fn failure_of(name: &str, say: impl Fn(&str) -> Option<Reply> + Send + 'static) -> String {
    let peer = Peer::start(name, move |path, name| say(name).unwrap_or_else(|| answer(path, name)));
    let patience = if name.ends_with("late") { Duration::from_millis(300) } else { PATIENT };
    failure(&mut opened(&peer, USUAL, &ALL, patience))
}

#[test]
fn unexpected_answers_fail_the_collector() {
    let of_list = |say: fn() -> Reply| move |name: &str| (name == "ListUnits").then(say);
    let denied = || Reply::Error("org.freedesktop.DBus.Error.AccessDenied");
    let error = failure_of("systemd-denied", of_list(denied));
    assert_eq!(error, "D-Bus/ListUnits: expected an answer, found \"AccessDenied\"");
    let error = failure_of("systemd-late", of_list(|| Reply::Nothing));
    assert!(error.contains("timed out"), "{error}");
    let error = failure_of("systemd-ended", |name| (name == "NAccepted").then_some(Reply::End));
    assert!(error.contains("reset"), "{error}");
    let error = failure_of("systemd-types", of_list(|| Reply::Values("as", Body::default())));
    assert!(error.contains("a(ssssssouso)"), "{error}");
    let torn =
        || Reply::Values("a(ssssssouso)", Body(b"\x10\0\0\0\0\0\0\0\xff\xff\xff\xff".to_vec()));
    let error = failure_of("systemd-torn", of_list(torn));
    assert!(error.contains("a list of"), "{error}");
    let error = failure_of("systemd-noise", of_list(|| Reply::Bytes(vec![b'x'; 99])));
    assert!(error.contains("a message of at most"), "{error}");
    let many = || list(std::iter::repeat_n(["x.service", "loaded", "active"], 16_385));
    let error = failure_of("systemd-many", of_list(many));
    assert!(error.contains("at most 16384 units"), "{error}");
    let gone = Peer::start("systemd-gone", answer);
    std::fs::remove_file(&gone.0).unwrap();
    let error = failure(&mut opened(&gone, USUAL, &[], PATIENT));
    assert!(
        error.starts_with("unix:path=/") && error.contains("switch the collector off"),
        "{error}"
    );
}

#[test]
fn one_bad_property_drops_its_sample() {
    let say = |path: &str, name: &str| match name {
        "NAccepted" => text("eleven"),
        "NRefused" => Reply::Error("org.freedesktop.DBus.Error.AccessDenied"),
        "Version" => text("devel"),
        "Virtualization" => text(""),
        "SystemState" => text("running"),
        "LastTriggerUSec" => number(u64::MAX),
        _ => answer(path, name),
    };
    let peer = Peer::start("systemd-bad", say);
    let mut opened = opened(&peer, ["a.+", ".*service"], &[], PATIENT);
    let (lines, errors) = scrape(&mut opened, Dialect::Own, &["systemd_"]);
    let is_of = |line: &&String| !line.contains("units{") && !line.contains("unit_state");
    let lines: Vec<&String> = lines.iter().filter(is_of).collect();
    let expected = [
        "systemd_virtualization_info{virtualization_type=\"none\"} 1",
        "systemd_system_running 1",
        "systemd_timer_last_trigger_seconds{name=\"a.timer\"} 18446744073709.551615",
        "systemd_socket_current_connections{name=\"a.socket\"} 2",
    ];
    assert_eq!((lines, errors), (expected.map(String::from).iter().collect(), 2));
}

#[test]
fn a_unit_listed_twice_is_shown_once() {
    let peer = Peer::start("systemd-twice", |path, name| match name {
        "ListUnits" => list([["a.timer", "loaded", "active"]; 2]),
        _ => answer(path, name),
    });
    let mut opened = opened(&peer, USUAL, &[], PATIENT);
    let (lines, errors) = scrape(&mut opened, Dialect::Own, &["a.timer"]);
    assert_eq!((lines.len(), errors), (6, 1));
}

#[test]
fn versions_of_all_kinds_have_a_number() {
    let number = |text: &str| version_number(text.as_bytes()).map(Value::as_f64);
    assert_eq!(number("249"), Some(249.0));
    assert_eq!(number("systemd 251.4-g1"), Some(251.4));
    assert_eq!(number("v255.10"), Some(255.1));
    assert_eq!(number("12.345"), Some(345.0));
    for none in ["", "12.34", "devel", "99999999999999999999999"] {
        assert_eq!(number(none), None, "{none}");
    }
}
