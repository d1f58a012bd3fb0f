//! Against a made-up ModemManager.

mod peer;

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};
use crate::kernel::read::dbus::Values;
use crate::kernel::read::dbus::testing::{Body, Peer, Reply};
use crate::kernel::read::{Files, Root};
use peer::{MODEM_0, bearer, lte, name, object, objects, properties, silent, two};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

fn opened(peer: &Peer, interval: u64) -> Opened {
    let modems = Modems::new(Address::peer(peer.path()), Duration::from_secs(interval));
    let modems = Background::new("modemmanager", modems, Modems::ask);
    let (patience, info) = (Duration::from_secs(20), Rows::new(4));
    let collector =
        Box::new(ModemManager { modems, patience, is_machine: true, is_requested: false, info });
    let files = Files::new(&Root::of_this_machine());
    Opened { collector, files, errors: Default::default(), textfiles: Default::default() }
}

#[test]
fn a_modem_shows_state_and_signal_and_no_number_of_its_owner() {
    let peer = Peer::start("modem", |path, name| match (path, name) {
        (_, "GetManagedObjects") => two(&lte, &["/org/freedesktop/ModemManager1/Bearer/3"]),
        (_, "GetAll") => bearer(true, 1 << 40),
        _ => Reply::Error("org.freedesktop.DBus.Error.UnknownMethod"),
    });
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut opened = opened(&peer, 0);
        let (lines, errors) = scrape(&mut opened, dialect, &["modem_"]);
        let first = "port=\"cdc-wdm0\",model=\"EM7455\"";
        let second = "port=\"ttyUSB2\",model=\"EM7455\"";
        let of =
            |name: &str, labels: &str, value: &str| format!("modem_{name}{{{labels}}} {value}");
        let lte = format!("{first},technology=\"lte\"");
        let expected = [
            "modem_devices 2".to_owned(),
            of("info", &format!("{first},manufacturer=\"Sierra\",operator=\"Example\""), "1"),
            of("info", &format!("{second},manufacturer=\"Sierra\",operator=\"\""), "1"),
            of("state", first, "11"),
            of("state", second, "-1"),
            of("registration_state", first, "5"),
            of("signal_quality_ratio", first, "0.57"),
            of("signal_interval_seconds", first, "30"),
            of("connections", first, "1"),
            of("connections", second, "0"),
            of("rssi_dbm", &lte, "-61"),
            of("rsrp_dbm", &lte, "-92.5"),
            of("snr_db", &lte, "8.4"),
            of("receive_bytes_total", first, "0"),
            of("transmit_bytes_total", first, "0"),
            of("connected_seconds_total", first, "0"),
            of("connection_attempts_total", first, "0"),
        ];
        let (in_use, others): (Vec<_>, Vec<_>) =
            lines.iter().partition(|line| line.contains("technology_in_use"));
        assert_eq!((others, errors), (expected.iter().collect(), 0));
        assert_eq!(in_use.len(), 2 * 6);
        let used: Vec<_> = in_use.iter().filter(|line| line.ends_with(" 1")).collect();
        assert!(used.iter().all(|line| line.contains("\"lte\"")) && used.len() == 2);
        assert!(!format!("{lines:?}").contains("490154203237518"));
    }
}

/// Connections come and go: what they counted is added up.
#[test]
fn traffic_never_falls() {
    let now = Arc::new(AtomicU32::new(0));
    let step = Arc::clone(&now);
    let peer = Peer::start("modem-traffic", move |path, name| {
        let step = step.load(SeqCst);
        let (third, fourth) =
            ("/org/freedesktop/ModemManager1/Bearer/3", "/org/freedesktop/ModemManager1/Bearer/4");
        match (path.ends_with("/3"), name) {
            (_, "GetManagedObjects") if step != 2 => two(&lte, &[third, fourth]),
            (_, "GetManagedObjects") => two(&lte, &[fourth]),
            // One request fails; the connection did not begin anew.
            (true, _) if step == 3 => Reply::Error("org.freedesktop.DBus.Error.AccessDenied"),
            (true, _) => bearer(false, if step == 0 { 100 } else { 130 }),
            (false, _) if step == 1 => Reply::Error("org.freedesktop.DBus.Error.UnknownObject"),
            (false, _) => bearer(true, 7),
        }
    });
    let mut opened = opened(&peer, 0);
    let mut sums = |at| {
        now.store(at, SeqCst);
        let (lines, errors) = scrape(&mut opened, Dialect::Own, &["receive_bytes", "connections"]);
        assert_eq!(errors, u64::from(at == 3));
        let numbers = lines.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap());
        numbers.collect::<Vec<u64>>()
    };
    assert_eq!(sums(0), [1, 0, 0]);
    assert_eq!(sums(1), [0, 0, 30]);
    std::thread::sleep(Duration::from_millis(1100)); // who is new is younger than the last scrape
    assert_eq!(sums(3), [1, 0, 37]);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(sums(4), [1, 0, 37]);
    assert_eq!(sums(2)[2], 37);
}

#[test]
fn modems_measure_signals_only_where_an_interval_is_set() {
    for (interval, refusal, expected) in [
        (0, false, (vec![], 0)),
        (30, false, (vec![MODEM_0.to_owned()], 0)),
        (30, true, (vec![MODEM_0.to_owned()], 1)),
    ] {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let peer =
            Peer::start(
                &format!("modem-setup-{interval}-{refusal}"),
                move |path, name| match name {
                    "GetManagedObjects" => two(&silent, &[]),
                    "Setup" => {
                        seen.lock().unwrap().push(path.to_owned());
                        if refusal {
                            return Reply::Error(
                                "org.freedesktop.ModemManager1.Error.Core.Unauthorized",
                            );
                        }
                        Reply::Values("", Body::default())
                    }
                    _ => Reply::Nothing,
                },
            );
        let mut opened = opened(&peer, interval);
        let (lines, errors) = scrape(&mut opened, Dialect::Own, &["interval", "lte"]);
        assert!(lines.iter().any(|line| line.contains("interval") && line.ends_with(" 0")));
        assert!(!lines.iter().any(|line| line.contains("rssi")), "no level is no zero");
        assert_eq!((requests.lock().unwrap().clone(), errors), expected);
    }
}

#[test]
fn a_missing_service_is_no_error() {
    let missing = "org.freedesktop.DBus.Error.ServiceUnknown";
    let peer = Peer::start("modem-missing", move |_, _| Reply::Error(missing));
    assert!(opened(&peer, 0).is_unsupported());
    let gone = Peer("/nonexistent/bus".into());
    assert!(opened(&gone, 0).is_unsupported());
    let none = Peer::start("modem-none", |_, _| objects(|_| {}));
    let (lines, errors) = scrape(&mut opened(&none, 0), Dialect::Own, &["modem"]);
    assert_eq!((lines, errors), (vec!["modem_devices 0".to_owned()], 0));
    let mut tree = Tree::new("modem-tree").open(&SPEC, Dialect::Node, &[]);
    assert_eq!(outcome(&mut tree), Err(Error::Unsupported(PLACE.into())));
}

#[test]
fn unexpected_answers_fail_or_drop_only_their_part() {
    let error = |name: &str, answer: fn() -> Reply| {
        let peer = Peer::start(name, move |_, _| answer());
        opened(&peer, 0).error().unwrap().to_string()
    };
    let types = error("modem-types", || Reply::Values("s", Body::default()));
    assert_eq!(types, "D-Bus: expected objects a{oa{sa{sv}}}, found \"s\"");
    let torn = error("modem-torn", || {
        Reply::Values("a{oa{sa{sv}}}", Body(b"\x08\0\0\0\0\0\0\0torntorn".to_vec()))
    });
    assert!(torn.starts_with("D-Bus: expected objects"), "{torn}");
    let denied = error("modem-denied", || Reply::Error("org.freedesktop.DBus.Error.AccessDenied"));
    assert!(denied.contains("AccessDenied"), "{denied}");
    assert!(!error("modem-end", || Reply::End).is_empty());
    // A bearer costs its own, and so does a second modem of the same port, and one too many.
    let peer = Peer::start("modem-bearer", |_, name| match name {
        "GetManagedObjects" => two(&lte, &["/org/freedesktop/ModemManager1/Bearer/3"]),
        _ => Reply::Error("org.freedesktop.DBus.Error.AccessDenied"),
    });
    let (lines, errors) = scrape(&mut opened(&peer, 0), Dialect::Own, &["modem_state"]);
    assert_eq!((lines.len(), errors), (2, 1));
    let modem = name("Modem");
    let peer = Peer::start("modem-many", move |_, _| {
        objects(|body| {
            for at in 0..40 {
                let port = format!("ttyUSB{}", at / 2);
                let path = format!("/org/freedesktop/ModemManager1/Modem/{at}");
                object(body, &path, &[(&modem, &properties(8, &port, &[]))]);
            }
        })
    });
    let (lines, errors) = scrape(&mut opened(&peer, 0), Dialect::Own, &["modem_state"]);
    assert_eq!((lines.len(), errors), (8, 1));
}

/// What ModemManager 1.20.4 wrote of a modem that is connected.
#[test]
fn a_real_answer_is_read() {
    let real = include_bytes!("../../../../tests/buses/objects.bin");
    let (all, has_more) = modems(Values::new(real, false)).unwrap();
    let [modem] = &all[..] else { panic!() };
    let mut levels = [[None; 6]; 6];
    (levels[4][1], levels[4][2]) = (Some(-93.0), Some(-10.0));
    let expected = Modem {
        path: MODEM_0.into(),
        port: b"mmport0".into(),
        model: b"Model \"X\" 5000".into(),
        manufacturer: b"Made Up Inc.".into(),
        operator: b"Example Net".into(),
        state: Some(11),
        registration: Some(1),
        quality: Some(54),
        technologies: Some(1 << 14),
        interval: Some(10),
        levels,
        bearers: vec![b"/org/freedesktop/ModemManager1/Bearer/0".into()],
    };
    assert_eq!((modem, has_more), (&expected, false));
}

/// Any byte of an answer may lie, and it may end anywhere.
#[test]
fn any_changed_byte_is_handled() {
    let Reply::Values(_, Body(good)) = two(&lte, &["/a/3"]) else { panic!() };
    assert_eq!(modems(Values::new(&good, false)).unwrap().0.len(), 2);
    let Reply::Values(_, Body(of_bearer)) = bearer(true, 9) else { panic!() };
    assert!(Bearer::of(Values::new(&of_bearer, false)).unwrap().is_connected);
    for whole in [good, of_bearer] {
        for at in 0..whole.len() {
            let mut lie = whole.clone();
            for value in [0, 1, 7, 8, b'v', b'(', 0x7f, 0xff] {
                lie[at] = value;
                let _ = (modems(Values::new(&lie, false)), Bearer::of(Values::new(&lie, true)));
                let _ = Bearer::of(Values::new(&lie, false));
            }
            let cut = Values::new(&whole[..at], false);
            assert!(modems(cut.clone()).is_none() && Bearer::of(cut).is_none(), "{at}");
        }
    }
}
