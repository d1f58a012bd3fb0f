//! The collectors again, as naively as can be: whole strings, maps and splitting, no state but where
//! the samples depend on what was before. What the real ones say must be the same, line for line.
#![allow(dead_code)] // each test takes its part

pub mod disk;
pub mod memory;
pub mod network;
pub mod stat;

use sysmetrics::settings::Dialect;

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
