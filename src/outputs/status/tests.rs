//! The sink without a server.

mod names;
mod page;
mod tables;

use super::write::LISTS;
use super::*;
use crate::base::dialect::Dialect;
use crate::inputs::scrape::Targets;
use crate::kernel::collect::COLLECTORS;
use crate::kernel::read::Root;
use crate::model::metric::{Unit, counter, gauge};
use crate::outputs::export::Exports;
use crate::settings;
use json_reader::Json as Read;
use std::time::Instant;

#[path = "../../../tests/common/json.rs"]
mod json_reader;

/// A gather of a machine without any file.
fn gather() -> Gather {
    let subjects: Vec<_> = COLLECTORS.iter().map(|c| &c.subject).collect();
    let at = ["--path.procfs=/nowhere", "--path.sysfs=/nowhere"].map(Into::into).into_iter();
    let settings = settings::load(&subjects, |_| false, at, [].into_iter()).unwrap();
    Gather::new(Dialect::Own, &Root::at(settings.paths), &settings.collectors, false)
}

fn read(status: &Status) -> Read {
    let mut out = Buffer::default();
    let peers = (&Targets::default(), &Exports::default());
    status.write(&gather(), peers, &Health::default(), Instant::now(), &mut out);
    Read::parse(std::str::from_utf8(out.bytes()).unwrap())
}

fn list<'j>(json: &'j Read, key: &str) -> &'j [Read] {
    let Some(Read::List(items)) = json.get(key) else { panic!("{key} in {json:?}") };
    items
}

#[test]
fn an_empty_status_has_no_values() {
    let json = read(&Status::default());
    for (object, key) in [
        ("host", "name"),
        ("host", "kernel"),
        ("host", "uptime_seconds"),
        ("agent", "resident_bytes"),
        ("cpu", "count"),
        ("load", "load1"),
        ("temperature", "celsius"),
        ("temperature", "sensor"),
        ("memory", "total_bytes"),
        ("pushes", "series"),
        ("starts", "starts"),
        ("clock", "offset_seconds"),
    ] {
        assert_eq!(json.get(object).unwrap().get(key), Some(&Read::Null), "{object}.{key}");
    }
    assert_eq!(json.get("cpu").unwrap().get("seconds"), Some(&Read::Object(Vec::new())));
    for key in LISTS.map(|(key, _)| key).into_iter().chain(["alerts"]) {
        assert_eq!(list(&json, key), [], "{key}");
    }
    let collectors = list(&json, "collectors");
    assert_eq!(collectors.len(), COLLECTORS.iter().filter(|c| c.subject.on).count());
    for collector in collectors {
        assert_eq!(collector.get("success"), Some(&Read::Null), "it has not run");
        assert_eq!(collector.get("age_seconds"), Some(&Read::Null));
    }
}

#[test]
fn alerts_are_bounded_and_the_rest_is_counted() {
    let alerts = gauge("alerts", Unit::One, "A.", &["alertname", "alertstate"]).only_own();
    let mut status = Status::default();
    status.family(&alerts);
    for _ in 0..MAX_ALERTS + 2 {
        status.sample(&[Label::from("a"), Label::from("firing")], Value::Int(1));
    }
    let json = read(&status);
    assert_eq!(list(&json, "alerts").len(), MAX_ALERTS);
    assert_eq!(json.get("left_out"), Some(&Read::Number(2.0)));
    // So are their bytes; one is always shown.
    let long = vec![1; MAX_ALERT_BYTES];
    for (bytes, count) in [(MAX_ALERT_BYTES / 12, 2), (MAX_ALERT_BYTES, 1)] {
        let mut status = Status::default();
        status.family(&alerts);
        for _ in 0..9 {
            status.sample(&[Label::from(&long[..bytes]), Label::from("firing")], Value::Int(1));
        }
        let json = read(&status);
        assert_eq!(list(&json, "alerts").len(), count);
        assert_eq!(json.get("left_out"), Some(&Read::Number(9.0 - count as f64)));
    }
}

#[test]
fn a_collector_that_failed_leaves_no_row() {
    let read_bytes = counter("disk_read_bytes_total", Unit::Sectors, "R.", &["device"]);
    let received = counter("network_receive_bytes_total", Unit::One, "R.", &["interface"]);
    let mut status = Status::default();
    status.family(&read_bytes);
    status.sample(&[Label::from("sda")], Value::Int(1));
    let mark = status.mark();
    status.family(&received);
    status.sample(&[Label::from("eth0")], Value::Int(1));
    status.rewind(mark);
    status.sample(&[Label::from("eth1")], Value::Int(1));
    let json = read(&status);
    assert_eq!((list(&json, "disks").len(), list(&json, "network").len()), (1, 0));
}

#[test]
fn the_hottest_sensor_is_shown_and_a_failed_collector_forgotten() {
    let hwmon = gauge("hwmon_temp_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let other = gauge("hwmon_temp_max_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let zone =
        gauge("thermal_zone_temp|thermal_zone_celsius", Unit::Millis, "T.", &["zone", "type"]);
    let hottest = |status: &Status| {
        let json = read(status);
        let sensor = json.get("temperature").unwrap();
        (sensor.get("celsius").cloned(), sensor.get("sensor").cloned())
    };
    let expected =
        |celsius, sensor: &str| (Some(Read::Number(celsius)), Some(Read::Text(sensor.to_owned())));
    let mut status = Status::default();
    status.family(&hwmon);
    status.sample(&[Label::from("chip\"0"), Label::from("temp1")], hwmon.signed(-40_500));
    assert_eq!(hottest(&status), expected(-40.5, "chip\"0 temp1"), "below zero, too");
    status.sample(&[Label::from("chip1"), Label::from("temp2")], hwmon.signed(41_250));
    status.sample(&[Label::from("chip1"), Label::from("temp3")], hwmon.signed(9_000));
    status.family(&other);
    status.sample(&[Label::from("chip1"), Label::from("temp2")], other.signed(99_000));
    let mark = status.mark();
    status.family(&zone);
    status.sample(&[Label::from("0"), Label::from("x86_pkg_temp")], zone.signed(50_000));
    assert_eq!(hottest(&status), expected(50.0, "0 x86_pkg_temp"));
    status.rewind(mark);
    status.sample(&[Label::from("0"), Label::from("x86_pkg_temp")], zone.signed(50_000));
    assert_eq!(hottest(&status), expected(41.25, "chip1 temp2"));
}
