//! The data of a receiver, and the comparison with the page.

use crate::common::Exposition;
use crate::common::json::Json;
use crate::peers::PYTHON;
use std::collections::BTreeMap;
use std::process::Command;

/// Name and sorted labels.
pub type Key = (String, Vec<(String, String)>);

/// What asking for the page changes, and what this machine's file systems say of now: it may be the same on
/// both and another between.
const MOVED: [&str; 5] = [
    "process_",
    "sysmetrics_http_",
    "sysmetrics_export_",
    "sysmetrics_scrape_duration_",
    "sysmetrics_filesystem_",
];

/// Of each series its samples, by time in milliseconds, in the order in which they came.
#[derive(Debug, Default)]
pub struct Rows {
    pub all: BTreeMap<Key, Vec<(i64, f64)>>,
    /// Its receiver keeps decimals, not floats: VictoriaMetrics.
    is_rounded: bool,
}

/// VictoriaMetrics keeps 12 decimal digits of some floats: 503941.616065354 comes back as 503941.616065.
const ROUNDED: f64 = 1e-12;

/// Asks a receiver through `tests/clients/read_back.py`.
pub fn read_back(args: &[&str]) -> Rows {
    let mut command = Command::new(PYTHON);
    let output = command.arg("tests/clients/read_back.py").args(args).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    let mut rows = Rows { is_rounded: args[0] == "victoria", ..Rows::default() };
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [name, labels, time, value] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let Json::Object(labels) = Json::parse(labels) else { panic!("{line}") };
        let text = |(key, value): (String, Json)| match value {
            Json::Text(value) => (key, value),
            other => panic!("{other:?} in {line}"),
        };
        let key = (name.to_owned(), labels.into_iter().map(text).collect());
        let value = if value == "inf" { f64::INFINITY } else { value.parse().unwrap() };
        rows.all.entry(key).or_default().push((time.parse().unwrap(), value));
    }
    rows
}

impl Rows {
    /// The times at which there are samples of this series, in their order.
    pub fn times(&self, name: &str) -> Vec<i64> {
        let of_name = self.all.iter().filter(|((n, _), _)| n == name);
        let mut times: Vec<i64> =
            of_name.flat_map(|(_, s)| s.iter().map(|(time, _)| *time)).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// Changes names and labels.
    pub fn map(self, change: impl Fn(Key) -> Option<Key>) -> Rows {
        let all = self.all.into_iter();
        let all = all.filter_map(|(key, samples)| Some((change(key)?, samples))).collect();
        Rows { all, is_rounded: self.is_rounded }
    }

    /// Every series of the pages is there, with the value it has on both if that is the same, and no
    /// series that is on neither.
    pub fn assert_is(&self, before: &Exposition, after: &Exposition) {
        let (before, after) = (of_page(before), of_page(after));
        let mut compared = 0;
        for (key, value) in &before {
            let Some(samples) = self.all.get(key) else {
                panic!("missing: {key:?}\nthere is {:#?}", self.like(&key.0));
            };
            let (_, last) = samples.iter().max_by_key(|(time, _)| *time).unwrap();
            let stands = after.get(key).is_some_and(|after| after.to_bits() == value.to_bits());
            if stands && !MOVED.iter().any(|start| key.0.starts_with(start)) {
                let is_near = self.is_rounded && (last - value).abs() <= value.abs() * ROUNDED;
                assert!(last == value || is_near, "{key:?}: {last} for {value}");
                compared += 1;
            } else {
                assert!(last.is_finite(), "{key:?}: {last}");
            }
        }
        for key in self.all.keys() {
            assert!(before.contains_key(key) || after.contains_key(key), "out of nothing: {key:?}");
        }
        assert!(
            compared * 2 > before.len(),
            "too little stands still: {compared} of {}",
            before.len()
        );
    }

    fn like(&self, name: &str) -> Vec<&Key> {
        let start = name.rsplit_once('_').map_or(name, |(start, _)| start);
        self.all.keys().filter(|(n, _)| n.starts_with(start)).collect()
    }
}

fn of_page(page: &Exposition) -> BTreeMap<Key, f64> {
    page.samples()
        .map(|sample| {
            let mut labels = sample.labels.clone();
            labels.retain(|(_, value)| !value.is_empty());
            labels.sort();
            ((sample.name.clone(), labels), sample.value)
        })
        .collect()
}
