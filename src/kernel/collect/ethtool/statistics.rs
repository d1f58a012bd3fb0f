//! The statistics of all drivers by their names, of which each driver has its own. A family is made when a
//! name first appears. While a driver's names do not change nothing is rebuilt.

use super::driver::{Device, TEXT, until_nul};
use crate::base::sys;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::Patterns;
use crate::model::metric::{Family, Kind, Sink, Unit, fresh_stamp};

/// node_exporter's keys and ours.
pub const DEVICE: &[&str] = &["device", "interface"];

/// More names than the drivers of any box have; beyond that all known names are dropped, and learned again.
const MAX_FAMILIES: usize = 16_384;

/// Names that node_exporter writes in its own way.
const SPECIAL: &[(&str, &str)] = &[
    ("rx_bytes", "ethtool_received_bytes_total"),
    ("rx_dropped", "ethtool_received_dropped_total"),
    ("rx_errors", "ethtool_received_errors_total"),
    ("rx_packets", "ethtool_received_packets_total"),
    ("tx_bytes", "ethtool_transmitted_bytes_total"),
    ("tx_errors", "ethtool_transmitted_errors_total"),
    ("tx_packets", "ethtool_transmitted_packets_total"),
];

/// The statistics that are shown.
pub struct Statistics {
    patterns: Patterns,
    families: Vec<DynamicFamily>,
    /// The indices of the families, sorted by name.
    places: Vec<usize>,
    /// The known names of each device.
    layouts: Vec<Layout>,
    cells: Vec<Cell>,
}

struct DynamicFamily {
    name: String,
    help: String,
    stamp: u32,
}

#[derive(Default)]
struct Layout {
    texts: Vec<u8>,
    /// The family of each text that is shown.
    columns: Vec<Option<usize>>,
}

/// Sorted by family, then by device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    family: usize,
    device: usize,
    value: u64,
}

impl Statistics {
    /// A state without families; names must match the pattern.
    pub fn new(patterns: Patterns) -> Statistics {
        Statistics {
            patterns,
            families: Vec::new(),
            places: Vec::new(),
            layouts: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// Writes the statistics of all devices, family by family.
    pub fn write(&mut self, devices: &[Device], errors: &mut PartialErrors, out: &mut dyn Sink) {
        self.cells.clear();
        if self.families.len() > MAX_FAMILIES {
            (self.families, self.places, self.layouts) = Default::default();
        }
        self.layouts.resize_with(devices.len(), Layout::default);
        for (at, device) in devices.iter().enumerate() {
            if device.part(device.statistics, errors).is_some() {
                self.take(at, device);
            }
        }
        self.patterns.rest();
        sys::sort(&mut self.cells, Ord::cmp);
        let mut last = None;
        for queues in self.cells.chunk_by(|a, b| (a.family, a.device) == (b.family, b.device)) {
            let Some(cell) = queues.first() else { continue };
            let (Some(made), Some(device)) =
                (self.families.get(cell.family), devices.get(cell.device))
            else {
                continue;
            };
            let sum = queues.iter().fold(0, |sum: u64, queue| sum.wrapping_add(queue.value));
            let (kind, unit) = (Kind::Untyped, Unit::One);
            let family = Family::dynamic(kind, unit, &made.name, &made.help, made.stamp);
            if last != Some(cell.family) {
                out.family(&family.keyed(DEVICE).own_keys());
                last = Some(cell.family);
            }
            out.sample(&[(&*device.name).into()], family.value(sum));
        }
    }

    fn take(&mut self, at: usize, device: &Device) {
        if self.layouts.get(at).is_some_and(|layout| layout.texts != device.texts) {
            self.learn(at, &device.texts);
        }
        let Some(layout) = self.layouts.get(at) else { return };
        for (family, value) in layout.columns.iter().zip(&device.values) {
            if let Some(family) = *family {
                self.cells.push(Cell { family, device: at, value: *value });
            }
        }
    }

    /// Finds the families of a device's names. Different names that become the same are left out, as they could
    /// not be distinguished. A name that comes again is of another queue, as vmxnet3 has them.
    #[cold]
    fn learn(&mut self, at: usize, texts: &[u8]) {
        let raw: Vec<&[u8]> = texts.chunks_exact(TEXT).map(until_nul).collect();
        let names: Vec<_> = raw.iter().map(|raw| self.name_and_help(raw)).collect();
        let named = names.iter().zip(&raw);
        let named = named.filter_map(|(made, raw)| Some((&*made.as_ref()?.0, *raw)));
        let mut sorted: Vec<(&str, &[u8])> = named.collect();
        sys::sort(&mut sorted, Ord::cmp);
        sorted.dedup();
        let is_alone = |name: &str| {
            let at = sorted.partition_point(|(other, _)| *other < name);
            sorted.get(at + 1).is_none_or(|(next, _)| *next != name)
        };
        let mut columns = Vec::with_capacity(names.len());
        for made in &names {
            let made = made.as_ref().filter(|(name, _)| is_alone(name));
            columns.push(made.map(|(name, help)| self.place(name, help)));
        }
        if let Some(layout) = self.layouts.get_mut(at) {
            *layout = Layout { texts: texts.to_vec(), columns };
        }
    }

    /// The metric's name and its help, if it is shown.
    fn name_and_help(&self, text: &[u8]) -> Option<(String, String)> {
        let name = sanitized(text);
        let metric = metric(&name);
        let is_shown = !metric.is_empty() && self.patterns.keep(&name);
        is_shown.then(|| (metric, ["Statistic ", &name, " of the driver."].concat()))
    }

    fn place(&mut self, name: &str, help: &str) -> usize {
        let name_at = |place: &usize| self.families.get(*place).map(|made| &*made.name);
        let found = self.places.binary_search_by_key(&Some(name), name_at);
        let at = match found {
            Ok(at) => return self.places.get(at).copied().unwrap_or_default(),
            Err(at) => at,
        };
        let place = self.families.len();
        let stamp = fresh_stamp();
        self.families.push(DynamicFamily { name: name.to_owned(), help: help.to_owned(), stamp });
        self.places.insert(at, place);
        place
    }
}

/// A driver's name with `_` for characters that a metric's name must not have: underscores, one or more other
/// characters and underscores become one.
fn sanitized(text: &[u8]) -> String {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let (mut name, mut rest) = (String::new(), text);
    while let Some((first, after)) = rest.split_first() {
        let underscores = run(rest, |byte| *byte == b'_');
        let (before, others) = rest.split_at(underscores);
        let bad = run(others, |byte| !is_word(byte));
        if bad > 0 {
            name.push('_');
            let others = others.get(bad..).unwrap_or_default();
            rest = others.get(run(others, |byte| *byte == b'_')..).unwrap_or_default();
        } else if underscores > 0 {
            name.extend(before.iter().map(|_| '_'));
            rest = others;
        } else {
            name.push(char::from(*first));
            rest = after;
        }
    }
    name
}

/// The number of matching bytes at the start.
fn run(bytes: &[u8], is_such: impl Fn(&u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is_such(byte)).count()
}

/// The metric's name for a sanitized name; empty if nothing is left.
fn metric(name: &str) -> String {
    if let Some((_, special)) = SPECIAL.iter().find(|(known, _)| *known == name) {
        return (*special).to_owned();
    }
    let lower = name.to_ascii_lowercase();
    let lower = lower.trim_start_matches('_');
    if lower.is_empty() {
        return String::new();
    }
    let name = spelt_out(&spelt_out(lower, "rx", "received"), "tx", "transmitted");
    ["ethtool_", &name].concat()
}

/// `name` with `long` for the word `short`; of two in a row only the first is replaced.
fn spelt_out(name: &str, short: &str, long: &str) -> String {
    let (mut out, mut is_changed) = (String::with_capacity(name.len() + 16), false);
    for (at, word) in name.split('_').enumerate() {
        if at > 0 {
            out.push('_');
        }
        is_changed = word == short && !is_changed;
        out.push_str(if is_changed { long } else { word });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_node_exporter() {
        for (raw, expected) in [
            ("rx_bytes", "ethtool_received_bytes_total"),
            ("tx_dropped", "ethtool_transmitted_dropped"),
            ("port.rx_dropped", "ethtool_port_received_dropped"),
            ("duplicate metric", "ethtool_duplicate_metric"),
            ("tx_tx_timeouts", "ethtool_transmitted_tx_timeouts"),
            ("tx_xdp_tx_drops", "ethtool_transmitted_xdp_transmitted_drops"),
            ("rx0_kicks", "ethtool_rx0_kicks"),
            ("_[0]: RX", "ethtool_0_received"),
            ("a_-_b", "ethtool_a_b"),
            ("a__b", "ethtool_a__b"),
            ("a._.b", "ethtool_a__b"),
            ("\u{fc}x", "ethtool_x"),
            ("__", ""),
            ("", ""),
        ] {
            assert_eq!(metric(&sanitized(raw.as_bytes())), expected, "{raw}");
        }
    }
}
