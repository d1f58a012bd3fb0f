//! The data of the status page, as JSON, and the page itself. `Status` is a sink: one scrape and the
//! pipelines' own metrics are put into tables and written as one object, for people and scripts:
//! raw counters and gauges in base units, and the time on two clocks, so that a client can compute
//! rates from two requests. What was not read is null. Only the memory of a request is kept for the next; the
//! minutes of the plots are kept by the page.

mod columns;
mod cores;
mod devices;
mod health;
mod host;
mod json;
mod page;
mod rows;
mod sensors;
mod series;
mod table;
mod write;

pub use health::Health;
pub use page::{MAX_PAGE, PAGE_GZIP, POLICY};
pub use series::{LIMITS, MAX_WORDS, Search};

use crate::base::sys;
use crate::kernel::gather::Gather;
use crate::model::metric::{Buffer, Family, Label, Labels, Point, Row, Sink, Unit, Value, gauge};
use columns::{Part, Place};
use cores::Cores;
use devices::Addresses;
use json::Json;
use std::borrow::Cow;
use table::{Table, is_zero};

/// The most alerts that are shown; more are counted.
const MAX_ALERTS: usize = 256;

/// Beyond this no more alerts are shown: their labels are those of series, and may be long.
const MAX_ALERT_BYTES: usize = 256 << 10;

/// Families whose places are kept: they come in the same order each time.
const MAX_FAMILIES: usize = 4096;

/// No collector reads this file: it is read for this page alone.
const SIZES: &str = "/proc/partitions";
const SIZE: Row<'_> = gauge("disk_size_bytes", Unit::Kibibytes, "Size.", &["device"]);

/// What is known of a family.
#[derive(Clone, Copy)]
struct Known {
    /// Where it is.
    id: sys::Place,
    place: Option<Place>,
    kind: Kind,
}

/// Families that are shown in another form than columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Other,
    Alerts,
    Cpus,
}

impl Known {
    fn of(family: &Family<'_>) -> Known {
        Known { id: family.place(), place: None, kind: Kind::Other }
    }
}

/// Reads a scrape and writes it as JSON.
pub struct Status {
    tables: [Table; Part::ALL.len()],
    /// The places of known families, and which comes next.
    known: Vec<Known>,
    next: usize,
    place: Option<Place>,
    cores: Cores,
    /// The indices of the current family's labels for the CPU and the mode.
    cpu: Option<(usize, usize)>,
    addresses: Addresses,
    /// Samples so far.
    count: usize,
    /// Objects, one per alert.
    alerts: Buffer,
    alert_count: usize,
    alerts_left_out: u64,
    /// The label keys of the alerts, while they are read.
    alert_keys: Option<Vec<Box<str>>>,
}

impl Default for Status {
    fn default() -> Status {
        Status {
            tables: Part::ALL.map(Table::of),
            known: Vec::new(),
            next: 0,
            place: None,
            cores: Cores::default(),
            cpu: None,
            addresses: Addresses::default(),
            count: 0,
            alerts: Buffer::default(),
            alert_count: 0,
            alerts_left_out: 0,
            alert_keys: None,
        }
    }
}

impl Sink for Status {
    fn family(&mut self, family: &Family<'_>) {
        let known = self.recall(family);
        (self.place, self.cpu, self.alert_keys) = (known.place, None, None);
        let (_, keys) = family.names();
        match known.kind {
            Kind::Other => {}
            Kind::Alerts => {
                self.alert_keys = Some(keys.map(Box::from).collect());
            }
            Kind::Cpus => {
                let place = |wanted: &str| { keys }.position(|key| key == wanted);
                self.cpu = place("cpu").zip(place("mode"));
            }
        }
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        if let Some(place) = self.place {
            self.add(&place, labels, value);
            self.count += 1;
        } else if let Some((cpu, mode)) = self.cpu {
            let raw = |at: usize| labels.get(at).map_or(&b""[..], Label::raw);
            self.cores.add(raw(cpu), raw(mode), value, self.count);
            self.count += 1;
        } else if let Some(keys) = self.alert_keys.take() {
            if !is_zero(value) {
                let labels = labels.iter().map(|label| Cow::Borrowed(label.raw()));
                self.alert(keys.iter().map(|key| Cow::Borrowed(key.as_bytes())).zip(labels));
            }
            self.alert_keys = Some(keys);
        }
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, _: Option<i64>) {
        let is_on = matches!(point, Point::Number(value) if !is_zero(value));
        if is_on && self.alert_keys.is_some() {
            self.alert(labels.pairs());
        }
    }

    fn mark(&self) -> usize {
        self.count
    }

    fn rewind(&mut self, mark: usize) {
        (self.place, self.cpu) = (None, None);
        self.cores.rewind(mark);
        for table in &mut self.tables {
            table.rewind(mark);
        }
    }
}

impl Status {
    /// Reads a scrape and the files for this page alone; `more` writes the
    /// pipelines' own metrics.
    pub fn take(&mut self, gather: &mut Gather, more: impl FnOnce(&mut Status)) {
        self.tables.iter_mut().for_each(Table::clear);
        self.cores.clear();
        (self.count, self.alert_count, self.next) = (0, 0, 0);
        self.alerts_left_out = 0;
        self.alerts.truncate(0);
        gather.scrape(gather.all(), self);
        more(self);
        self.family(&SIZE);
        if let (Ok(text), Some(place)) = (gather.root().read(SIZES), self.place) {
            devices::sizes(&text, &mut |name, blocks| {
                self.add(&place, &[Label::of(name)], SIZE.value(blocks));
            });
        }
        let (addresses, network) = (&mut self.addresses, self.tables.get(Part::Network as usize));
        addresses.clear();
        addresses.are_known = gather.addresses(&mut |name, address| {
            let row = network.and_then(|network| network.find([name, b"", b"", b""]));
            row.into_iter().for_each(|row| addresses.add(row, address));
        });
    }

    /// The place of the next family.
    fn recall(&mut self, family: &Family<'_>) -> Known {
        let mut new = Known::of(family);
        let at = self.next;
        self.next += 1;
        if let Some(known) = self.known.get(at).filter(|known| known.id == new.id) {
            return *known;
        }
        new.place = Place::of(family);
        new.kind = match family.names().0 {
            "alerts" => Kind::Alerts,
            "cpu_seconds_total" => Kind::Cpus,
            _ => Kind::Other,
        };
        self.known.truncate(at);
        if at == self.known.len() && at < MAX_FAMILIES {
            self.known.push(new);
        }
        new
    }

    fn add(&mut self, place: &Place, labels: &[Label<'_>], value: Value) {
        if let Some(table) = self.tables.get_mut(place.part as usize) {
            table.add(place, labels, value, self.count);
        }
    }

    /// Samples and alerts beyond the limits.
    fn left_out(&self) -> u64 {
        let tables: u64 = self.tables.iter().map(Table::left_out).sum();
        tables + self.alerts_left_out + self.addresses.left_out()
    }

    fn alert<'l>(&mut self, labels: impl Iterator<Item = (Cow<'l, [u8]>, Cow<'l, [u8]>)>) {
        if self.alert_count >= MAX_ALERTS || self.alerts.len() >= MAX_ALERT_BYTES {
            self.alerts_left_out += 1;
            return;
        }
        self.alert_count += 1;
        let mut one = Buffer::default();
        let mut json = Json::new(&mut one);
        json.open(b"{");
        for (key, value) in labels {
            json.key(&key);
            json.text(&value);
        }
        json.close(b"}");
        if !self.alerts.is_empty() {
            self.alerts.put(b",");
        }
        self.alerts.put(one.bytes());
    }

    fn table(&self, part: Part) -> &Table {
        // Part::ALL is in the order of the discriminants: a test checks it.
        let [first, ..] = &self.tables;
        self.tables.get(part as usize).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests;
