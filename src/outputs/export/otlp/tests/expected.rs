//! A naive mapping of a view, by the specification.

use crate::model::frame::{Reading, SeriesView, View};
use crate::model::metric::{Kind, Value};

/// What a receiver sees of a number.
fn number(value: Value) -> String {
    match value {
        Value::Int(n) if n <= i64::MAX as u64 => format!("int {n}"),
        value => format!("double {}", value.as_f64()),
    }
}

/// What a receiver has to see of a series; `None` if its sample does not fit the form.
fn point(form: &str, series: &SeriesView<'_>) -> Option<String> {
    let shown = match series.reading().unwrap() {
        Reading::Number(value) if matches!(form, "sum" | "gauge") => number(value),
        Reading::Histogram(h) if form == "histogram" => {
            let mut bounds = h.bounds.to_vec();
            let mut counts = h.counts.to_vec();
            let count: u64 = counts.iter().sum();
            while bounds.last() == Some(&f64::INFINITY) {
                bounds.pop();
                let last = counts.pop().unwrap();
                *counts.last_mut().unwrap() += last;
            }
            format!("{count} {} {counts:?} {bounds:?}", h.sum)
        }
        Reading::Summary(s) if form == "summary" => {
            format!("{} {} {:?}", s.count, s.sum, s.iter().collect::<Vec<_>>())
        }
        _ => return None,
    };
    let shown = if series.is_stale { "gone".to_owned() } else { shown };
    let labels: Vec<_> = series.labels().collect();
    let is_since = form != "gauge" && series.start() < series.time();
    let start = if is_since { series.start().max(0) as u64 * 1_000_000 } else { 0 };
    let time = series.time().max(0) as u64 * 1_000_000;
    Some(format!("{labels:?} {start} {time} {shown}"))
}

/// What a receiver has to see, one line for each metric and each point; how many are left out.
pub fn expected(view: &View<'_>) -> (Vec<String>, u64) {
    let (mut lines, mut left_out) = (Vec::new(), 0);
    for family in view.families() {
        let def = family.def;
        let is_info = def.kind == Kind::Gauge && def.name.ends_with("_info");
        let (form, kind) = match def.kind {
            _ if is_info => ("sum", "info"),
            Kind::Counter => ("sum", "counter"),
            Kind::Gauge => ("gauge", "gauge"),
            Kind::Untyped => ("gauge", "unknown"),
            Kind::Histogram => ("histogram", "histogram"),
            Kind::Summary => ("summary", "summary"),
        };
        let temporality = match form {
            "sum" | "histogram" if def.is_delta && !is_info => 1,
            "sum" | "histogram" => 2,
            _ => 0,
        };
        let unit = if def.name.contains("seconds") { "s" } else { "" };
        let is_monotonic = kind == "counter";
        let mut points = Vec::new();
        for series in family.series() {
            match point(form, &series) {
                Some(point) => points.push(point),
                None => left_out += 1,
            }
        }
        if !points.is_empty() {
            let (name, help) = (def.name, def.help);
            lines.push(format!(
                "{name:?} {help:?} {unit:?} {form} {kind} {temporality} {is_monotonic}"
            ));
            lines.extend(points);
        }
    }
    (lines, left_out)
}
