//! Ports of a switch that supply power (PoE), as its daemon reports over ubus on OpenWrt (object `poe`, method `info`;
//! realtek-poe, and others with the same interface). Off by default. A thread asks once in `interval`, and
//! `poe_age_seconds` is the age of the answer. Without root an access list in `/usr/share/acl.d` is needed.
//!
//! `poe_port_status` has a series for each status, 1 for the one that the port has; `unknown` is a status that the
//! daemon does not know, or a word that is not known here. A port that supplies no power has no `poe_port_watts`.

use super::slow::Found;
use super::ubus::{Poller, Query, info, number};
use super::{Collector, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::ubus::{Table, Value};
use crate::model::metric::{self, Family, Unit::Millis, Unit::One, families, gauge, named};
use crate::settings::{CollectorOption, Subject, duration, path};
use std::path::PathBuf;
use std::time::Duration;

/// Ports of one switch; what comes after is left out and counted.
const MAX_PORTS: usize = 64;

/// The longest name of a port; another is left out and counted.
const MAX_NAME: usize = 64;

/// The daemon's words, and the labels.
const STATES: [(&[u8], &str); 7] = [
    (b"Disabled", "disabled"),
    (b"Searching", "searching"),
    (b"Delivering power", "delivering"),
    (b"Fault", "fault"),
    (b"Other fault", "other_fault"),
    (b"Requesting power", "requesting"),
    (b"unknown", "unknown"),
];

const PORT: &[&str] = &["port"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge("poe_budget_watts",      One,    "Power that all ports may give together.",         &[]).own_prefix(),
    gauge("poe_consumption_watts", One,    "Power that all ports give.",                      &[]).own_prefix(),
    gauge("poe_info",              One,    "Always 1; the labels say what controls the ports.",  &["mcu", "firmware"]).own_prefix(),
    gauge("poe_port_status",       One,    "1 for the status that the port has.",             &["port", "status"]).own_prefix(),
    gauge("poe_port_watts",        One,    "Power that the port gives.",                      PORT).own_prefix(),
    gauge("poe_port_priority",     One,    "Priority of the port when the budget is used.",   PORT).own_prefix(),
    gauge("poe_port_info",         One,    "Always 1; the label is the standard of the port.",    &["port", "mode"]).own_prefix(),
    gauge("poe_age_seconds",       Millis, "Time since the daemon was asked.",                &[]).own_prefix(),
];

static SOCKET: CollectorOption<PathBuf> =
    path("socket", "socket of ubusd").default("/var/run/ubus/ubus.sock");
static INTERVAL: CollectorOption<Duration> =
    duration("interval", [30_000, 3_600_000], "how often the daemon is asked").default("30s");

static QUERY: Query = Query {
    object: "poe",
    method: "info",
    read: read_answer,
    age: named(FAMILIES, "poe_age_seconds"),
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "poe",
        node_name: "",
        on: false,
        help: "PoE ports of a switch with OpenWrt, over ubus",
        options: &[&SOCKET.row, &INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Poller::new(setup, &QUERY, &SOCKET, &INTERVAL))
}

fn read_answer(switch: Table<'_>, found: &mut Found) {
    let [budget, consumption, about, status, watts, priority, mode, _] = &FAMILIES;
    number(budget, [b""; 3], switch.get("budget"), 1, found);
    number(consumption, [b""; 3], switch.get("consumption"), 1, found);
    info(about, [switch.text("mcu"), switch.text("firmware"), b""], found);
    for (at, (name, port)) in switch.table("ports").fields().enumerate() {
        let Value::Table(port) = port else { continue };
        if at >= MAX_PORTS || name.len() > MAX_NAME {
            let expected = "at most 64 ports with names of at most 64 bytes";
            found.record(Error::parse("ubus poe", expected, name));
            continue;
        }
        let state = state(port.text("status"));
        for (_, known) in &STATES {
            let is_it = metric::Value::Int((*known == state).into());
            found.push(status, [name, known.as_bytes(), b""], is_it);
        }
        // Newer daemons have another key for it.
        let given = port.get("consumption").or(port.get("power"));
        number(watts, [name, b"", b""], given, 1, found);
        number(priority, [name, b"", b""], port.get("priority"), 1, found);
        if !port.text("mode").is_empty() {
            info(mode, [name, port.text("mode"), b""], found);
        }
    }
}

fn state(text: &[u8]) -> &'static str {
    let known = STATES.iter().find(|(words, _)| words.eq_ignore_ascii_case(text));
    known.map_or("unknown", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::super::ubus::tests::{failure, opened, samples};
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::read::ubus::testing::{Reply, Written};

    fn switch(ports: usize) -> Vec<u8> {
        let mut switch = Written::default();
        switch.text("firmware", "v17.1");
        switch.text("mcu", "ST Micro ST32F100 Microcontroller");
        switch.float("budget", 77.0);
        switch.float("consumption", 9.6);
        switch.table("ports", |all| {
            for n in 0..ports {
                all.table(&format!("lan{n}"), |port| {
                    port.short("priority", 2 + n as u32 % 3);
                    port.text("mode", ["PoE+", "PoE", "Pre-PoE"][n % 3]);
                    port.text("status", ["Delivering power", "Other fault", "new"][n % 3]);
                    if n == 0 {
                        port.float("consumption", 9.4);
                    }
                });
            }
            all.short("odd", 1);
        });
        switch.0
    }

    #[test]
    fn ports_and_their_power_in_both_dialects() {
        let expected = [
            "poe_budget_watts 77",
            "poe_consumption_watts 9.6",
            r#"poe_info{mcu="ST Micro ST32F100 Microcontroller",firmware="v17.1"} 1"#,
            r#"poe_port_status{port="lan0",status="delivering"} 1"#,
            r#"poe_port_status{port="lan1",status="other_fault"} 1"#,
            r#"poe_port_status{port="lan2",status="unknown"} 1"#,
            r#"poe_port_watts{port="lan0"} 9.4"#,
            r#"poe_port_priority{port="lan0"} 2"#,
            r#"poe_port_priority{port="lan1"} 3"#,
            r#"poe_port_priority{port="lan2"} 4"#,
            r#"poe_port_info{port="lan0",mode="PoE+"} 1"#,
            r#"poe_port_info{port="lan1",mode="PoE"} 1"#,
            r#"poe_port_info{port="lan2",mode="Pre-PoE"} 1"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let (mut poe, _bus) = opened(&SPEC, dialect, |_, method| match method {
                None => Reply::Object(7),
                Some(_) => Reply::Table(switch(3)),
            });
            let all = samples(&mut poe, dialect);
            let shown: Vec<_> = all.iter().filter(|line| !line.ends_with(" 0")).collect();
            assert_eq!(shown, expected.iter().collect::<Vec<_>>());
            assert_eq!(all.len(), expected.len() + 3 * (STATES.len() - 1));
        }
    }

    #[test]
    fn the_number_of_ports_is_bounded() {
        let bytes = switch(MAX_PORTS + 1);
        let mut found = Found::default();
        read_answer(Table::parse(&bytes).unwrap(), &mut found);
        let ports = found
            .readings
            .iter()
            .filter(|one| std::ptr::eq(one.family, named(FAMILIES, "poe_port_priority")));
        assert_eq!(ports.count(), MAX_PORTS);
    }

    #[test]
    fn a_switch_without_the_daemon_is_reported_as_such() {
        let (mut poe, _bus) = opened(&SPEC, Dialect::Own, |_, _| Reply::Status(4));
        assert!(failure(&mut poe).starts_with("ubus/poe: "), "{}", failure(&mut poe));
        let (mut poe, _bus) = opened(&SPEC, Dialect::Node, |_, method| match method {
            None => Reply::Object(7),
            Some(_) => Reply::Table(vec![0x83, 0, 0, 9, 0]),
        });
        assert!(failure(&mut poe).contains("a table that is whole"), "{}", failure(&mut poe));
    }
}
