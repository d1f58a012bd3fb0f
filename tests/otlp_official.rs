//! OTLP requests as read by the official package for Python: protobuf and JSON.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start the package

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use sysmetrics::base::clock::Timestamp;
use sysmetrics::model::frame::{FamilyDef, Frame, Scale, SeriesDef, Shape, State, Table};
use sysmetrics::model::metric::{Kind, Value};
use sysmetrics::outputs::export::otlp;

/// Where the package is installed.
const PYTHON: &str = "target/clients/bin/python3";

const BOOT: i64 = 1_800_000_000_250;

/// When series count since the machine started, and when the frame was taken.
const START: &str = "1800000000000000000";
const TIME: &str = "1800000005250000000";

/// A frame, and what has to be read of it.
struct Case {
    table: Table,
    states: Vec<State>,
    slots: Vec<u64>,
    family: u32,
    has_start: bool,
    lines: Vec<String>,
}

fn hex(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    if hex.is_empty() { "-".to_owned() } else { hex }
}

fn double(n: f64) -> String {
    if n.is_nan() { "nan".to_owned() } else { format!("{:016x}", n.to_bits()) }
}

fn joined(all: impl Iterator<Item = String>) -> String {
    let all: Vec<_> = all.collect();
    if all.is_empty() { "-".to_owned() } else { all.join(",") }
}

fn pairs(labels: &[(&str, &str)]) -> String {
    joined(labels.iter().map(|(k, v)| format!("{}={}", hex(k), hex(v))))
}

impl Case {
    fn new(resource: &[(&str, &str)]) -> Case {
        let lines = vec![format!("scope sysmetrics {}", pairs(resource))];
        let table = Table::new(1);
        Case { table, states: Vec::new(), slots: Vec::new(), family: 0, has_start: false, lines }
    }

    /// `seen` is what the package is to say of the family.
    fn family(&mut self, name: &str, help: &str, kind: Kind, is_delta: bool, seen: &str) {
        let def = FamilyDef { name, help, kind, is_delta, collector: "" };
        self.family = self.table.add_family(def);
        let (rest, kind) = seen.rsplit_once(' ').unwrap();
        let kind = pairs(&[("prometheus.type", kind)]);
        self.has_start = !rest.contains("gauge");
        self.lines.push(format!("metric {} {} {rest} {kind}", hex(name), hex(help)));
    }

    fn series(&mut self, labels: &[(&str, &str)], shape: Shape<'_>, slots: &[u64], seen: &str) {
        let def = SeriesDef { family: self.family, shape, start: 0, is_timed: false, slot: 0 };
        self.table.add_series(def, labels.iter().copied());
        self.states.push(if seen == "gone" { State::Stale } else { State::Live });
        self.slots.extend(slots);
        let start = if self.has_start { START } else { "0" };
        self.lines.push(format!("point {} {start} {TIME} {seen}", pairs(labels)));
    }

    fn number(&mut self, labels: &[(&str, &str)], value: Value, seen: &str) {
        let (scale, slot) = Scale::of(value);
        self.series(labels, Shape::Number(scale), &[slot], seen);
    }

    fn frame(&self) -> Frame {
        Frame {
            table: Arc::new(self.table.clone()),
            moment: Timestamp { since_boot: 5000, boot_time: Some(BOOT) },
            before: 2000,
            states: self.states.clone(),
            slots: self.slots.clone(),
        }
    }
}

/// What the package finds in `request`.
fn read(form: &str, request: &[u8]) -> Vec<String> {
    let mut package = Command::new(PYTHON)
        .args(["tests/clients/otlp_decode.py", form])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    package.stdin.take().unwrap().write_all(request).unwrap();
    let output = package.wait_with_output().unwrap();
    assert!(output.status.success(), "{form}: the package refuses it");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn numbers(case: &mut Case) {
    let long = "é\"\\\n\u{1}".repeat(4000);
    case.family("a_seconds_total", "Says \"a\".\n", Kind::Counter, false, "s sum 2 1 counter");
    case.number(&[("k", "v"), ("l", &long)], Value::Centi(150), &format!("double {}", double(1.5)));
    case.number(&[], Value::Int(i64::MAX as u64), "int 9223372036854775807");
    case.number(&[("k", "w")], Value::Int(1 << 63), &format!("double {}", double(2f64.powi(63))));
    case.number(&[("k", "x")], Value::Int(0), "gone");
    case.family("b_bytes", "", Kind::Gauge, false, "By gauge 0 0 gauge");
    for n in [0.0, -0.0, 0.1, -1e300, 5e-324, f64::MAX, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]
    {
        case.number(&[("n", &n.to_string())], Value::Float(n), &format!("double {}", double(n)));
    }
    case.family("c_info", "", Kind::Gauge, false, "- sum 2 0 info");
    case.number(&[("version", "1")], Value::Int(1), "int 1");
    case.family("d", "", Kind::Untyped, false, "- gauge 0 0 unknown");
    case.number(&[], Value::Nano(1_500_000_000), &format!("double {}", double(1.5)));
    // Many points of every length of label.
    case.family("e", "", Kind::Gauge, false, "- gauge 0 0 gauge");
    for n in 1..300 {
        let text = "x".repeat(n);
        case.number(&[("k", &text)], Value::Int(n as u64), &format!("int {n}"));
    }
}

fn others(case: &mut Case) {
    case.family("h_seconds", "H.", Kind::Histogram, false, "s histogram 2 0 histogram");
    let counts = |counts: &[u64], sum: f64| -> Vec<u64> {
        counts.iter().copied().chain([sum.to_bits()]).collect()
    };
    let bounds = [0.25, 2.0];
    let seen = format!("9 {} 2,3,4 {},{}", double(7.5), double(bounds[0]), double(bounds[1]));
    case.series(&[("k", "v")], Shape::Histogram(&bounds), &counts(&[2, 3, 4], 7.5), &seen);
    let seen = format!("5 {} 5 -", double(f64::NAN));
    case.series(&[], Shape::Histogram(&[]), &counts(&[5], f64::NAN), &seen);
    case.series(&[("k", "w")], Shape::Histogram(&bounds), &[0; 4], "gone");
    case.family("s", "", Kind::Summary, false, "- summary 0 0 summary");
    let quantiles = [0.5, 0.99];
    let slots = [1.5f64.to_bits(), f64::NAN.to_bits(), 8.5f64.to_bits(), 4];
    let seen = format!("4 {} {}={},{}=nan", double(8.5), double(0.5), double(1.5), double(0.99));
    case.series(&[("k", "v")], Shape::Summary(&quantiles), &slots, &seen);
    case.series(&[], Shape::Summary(&[]), &[0, 3], &format!("3 {} -", double(0.0)));
}

#[test]
fn the_official_package_reads_what_was_meant() {
    assert!(
        Path::new(PYTHON).exists(),
        "this test needs the Python package opentelemetry-proto in {PYTHON}: .ci/install.sh"
    );
    let resource = [("host.name", "box-1"), ("service.name", "é\"")];
    let mut case = Case::new(&resource);
    numbers(&mut case);
    others(&mut case);
    case.family("f_total", "", Kind::Counter, true, "- sum 1 1 counter");
    case.number(&[], Value::Int(7), "int 7");
    let line = case.lines.last_mut().unwrap();
    *line = line.replace(START, "1800000002250000000"); // the frame before
    let frame = case.frame();
    let resource = resource.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let (mut writer, mut json) = (otlp::Writer::new(resource.to_vec()), Vec::new());
    assert_eq!(writer.encode(&frame.view(BOOT)), 0);
    assert_eq!(otlp::encode_json(&frame.view(BOOT), &resource, &mut json), 0);
    assert_eq!(read("protobuf", writer.body()), case.lines);
    assert_eq!(read("json", &json), case.lines);
}
