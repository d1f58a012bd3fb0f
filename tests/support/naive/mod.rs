//! The collectors again, in the simplest way: whole strings, maps and splitting, no state except where samples
//! depend on earlier ones. The real collectors must give the same, line for line.
#![allow(dead_code)] // each test takes its part

pub mod disk;
pub mod exposition;
pub mod memory;
pub mod network;
pub mod stat;
pub mod statsd;

use super::strict;
use sysmetrics::outputs::expose::Format;
use sysmetrics::settings::Dialect;

/// Families that node_exporter's dialect makes of other files than the twins read.
const ELSEWHERE: [&str; 8] = [
    "node_cpu_core_throttles_total",
    "node_cpu_package_throttles_total",
    "node_cpu_isolated",
    "node_cpu_online",
    "node_disk_info",
    "node_disk_filesystem_info",
    "node_disk_device_mapper",
    "node_disk_ata",
];

/// `text` is sound and has the samples that a twin expects. Of the memory node_exporter's dialect
/// shows a fixed set of names, so there it may have less.
pub fn agree(text: &[u8], dialect: Dialect, mut expected: Vec<String>) {
    strict::parse(text, Format::Prometheus).unwrap_or_else(|why| panic!("{why}"));
    let lines = std::str::from_utf8(text).unwrap().lines();
    let is_ours = |l: &&str| !l.starts_with('#') && !ELSEWHERE.iter().any(|e| l.starts_with(e));
    let mut actual: Vec<&str> = lines.filter(is_ours).collect();
    if dialect == Dialect::Node {
        expected
            .retain(|line| !line.starts_with("node_memory_") || actual.contains(&line.as_str()));
    }
    actual.sort_unstable();
    expected.sort_unstable();
    if actual != expected {
        let only_actual: Vec<_> =
            actual.iter().filter(|l| !expected.contains(&l.to_string())).collect();
        expected.retain(|line| !actual.contains(&line.as_str()));
        panic!("only said: {only_actual:#?}\nonly expected: {expected:#?}");
    }
}

/// Lines of a file, invalid UTF-8 replaced.
pub fn lines(text: &[u8]) -> Vec<String> {
    let lines = text.split(|b| *b == b'\n').map(|l| String::from_utf8_lossy(l).into_owned());
    lines.collect()
}

pub fn words(line: &str) -> Vec<&str> {
    line.split([' ', '\t']).filter(|word| !word.is_empty()).collect()
}

/// Digits and nothing else.
pub fn number(word: &str) -> Option<u64> {
    word.parse().ok().filter(|_| !word.starts_with('+'))
}

/// `raw` units of `1 / per`.
pub fn decimal(raw: u64, per: u64) -> String {
    let digits = per.ilog10() as usize;
    match raw % per {
        0 => (raw / per).to_string(),
        rest => format!("{}.{rest:0digits$}", raw / per),
    }
}

/// One sample as a line of the exposition.
pub fn line(dialect: Dialect, name: &str, labels: &[(&str, &str)], value: &str) -> String {
    let prefix = if dialect == Dialect::Own { "sysmetrics" } else { "node" };
    let escape = |v: &str| v.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}=\"{}\"", escape(v))).collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    format!("{prefix}_{name}{labels} {value}")
}
