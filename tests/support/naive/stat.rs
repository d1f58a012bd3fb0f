//! `/proc/stat`.

use super::{decimal, line, lines, number, words};
use std::collections::BTreeMap;
use sysmetrics::settings::Dialect;

/// How many columns each CPU's line had when there last were any, and what it showed.
pub type Before = BTreeMap<u32, (usize, [u64; 10])>;

const MODES: [&str; 10] =
    ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "user", "nice"];

pub fn samples(text: &[u8], dialect: Dialect, before: &mut Before) -> Vec<String> {
    let mut cpus = Before::new();
    for text in lines(text) {
        let Some(rest) = text.strip_prefix("cpu") else { continue };
        let words = words(rest);
        let named = !rest.starts_with([' ', '\t']) && !words.is_empty();
        let Some(name) = words.first().filter(|_| named) else { continue };
        let Some(number_of) = number(name).and_then(|n| u32::try_from(n).ok()) else { continue };
        let ascends = cpus.last_key_value().is_none_or(|(last, _)| *last < number_of);
        let good = words[1..].iter().take(10).map_while(|word| number(word));
        let ticks: Vec<u64> = good.collect();
        if number_of.to_string() == **name && ascends && ticks.len() >= 4 {
            let mut all = [0; 10];
            all[..ticks.len()].copy_from_slice(&ticks);
            cpus.insert(number_of, (ticks.len(), all));
        }
    }
    for (number, (_, ticks)) in &mut cpus {
        let Some((_, old)) = before.get(number) else { continue };
        let fell = u128::from(old[3]) >= u128::from(ticks[3]) + 300;
        for i in 0..10 {
            ticks[i] = if fell { ticks[i] } else { ticks[i].max(old[i]) };
        }
    }
    let mut samples = Vec::new();
    for (number, (columns, ticks)) in &cpus {
        for i in 0..*columns {
            let name = if i < 8 { "cpu_seconds_total" } else { "cpu_guest_seconds_total" };
            let labels = [("cpu", &*number.to_string()), ("mode", MODES[i])];
            samples.push(line(dialect, name, &labels, &decimal(ticks[i], 100)));
        }
    }
    if dialect == Dialect::Own && !cpus.is_empty() {
        samples.push(line(dialect, "cpu_count", &[], &cpus.len().to_string()));
    }
    // A file without CPUs tells nothing, and what was held stays.
    if !cpus.is_empty() {
        *before = cpus;
    }
    samples
}
