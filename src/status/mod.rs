//! What the status page shows, as JSON, and the page itself. `Status` is a sink: one scrape and what
//! the hub knows of itself are laid into tables and written as one object, for people and scripts:
//! raw counters and gauges in base units, and the time on two clocks, so that whoever asks twice
//! computes rates. What was not read is null. Nothing is kept from one request to the next; the
//! minutes that the plots show are kept by the page.

mod health;
mod json;
mod page;
mod table;

pub use health::Health;
pub use page::{MAX_PAGE, PAGE_GZIP, POLICY};

use crate::clock::Wall;
use crate::export::{Exports, Trouble};
use crate::gather::{Gather, Report};
use crate::metric::{Buffer, Family, Label, Labels, Point, Sink, Value};
use crate::read::Root;
use crate::target::Targets;
use json::Json;
use std::borrow::Cow;
use std::time::{Duration, Instant};
use table::{Part, Place, Table, own_name};

/// Alerts that are shown; more are counted.
const MAX_ALERTS: usize = 256;

/// The longest text that is taken from a file: host names have at most 64 bytes.
const MAX_TEXT: usize = 256;

/// Whom the agent asks, and where it sends.
pub type Peers<'a> = (&'a Targets, &'a Exports);

/// Takes a scrape and tells it as JSON.
pub struct Status {
    tables: [Table; Part::ALL.len()],
    place: Option<Place>,
    /// Samples so far.
    count: usize,
    /// Objects, one an alert.
    alerts: Buffer,
    alert_count: usize,
    /// The label keys of the alerts, while they come.
    alert_keys: Option<Vec<Box<str>>>,
}

impl Default for Status {
    fn default() -> Status {
        Status {
            tables: Part::ALL.map(Table::of),
            place: None,
            count: 0,
            alerts: Buffer::default(),
            alert_count: 0,
            alert_keys: None,
        }
    }
}

impl Sink for Status {
    fn family(&mut self, family: &Family<'_>) {
        self.place = Place::of(family);
        let (name, keys) = own_name(family);
        let is_alerts = name == "alerts";
        self.alert_keys = is_alerts.then(|| keys.iter().map(|key| Box::from(*key)).collect());
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        if let Some(place) = self.place {
            if let Some(table) = self.tables.get_mut(place.part as usize) {
                table.add(place, place.row(labels), value, self.count);
            }
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

    /// A part is filled by one collector: what it began after the mark, it began.
    fn rewind(&mut self, mark: usize) {
        self.place = None;
        for table in &mut self.tables {
            table.rewind(mark);
        }
    }
}

impl Status {
    /// Writes all that was taken, the last failures of collectors and targets, and what is wrong. The
    /// sink took its scrape at `now`.
    pub fn write(
        &self,
        gather: &Gather,
        (targets, exports): Peers<'_>,
        health: &Health,
        now: Instant,
        out: &mut Buffer,
    ) {
        let mut json = Json::new(out);
        json.open(b"{");
        json.number_of("time", Some(nanos(Wall::now().since_epoch())));
        json.number_of("monotonic", Some(nanos(gather.uptime(now))));
        json.inside("agent", b"{");
        json.text_of("version", env!("CARGO_PKG_VERSION").as_bytes());
        json.number_of("pid", Some(Value::Int(std::process::id().into())));
        json.number_of("uptime_seconds", Some(nanos(gather.uptime(now))));
        self.table(Part::Agent).write_members(&mut json);
        json.close(b"}");
        write_host(gather.root(), &mut json);
        json.inside("cpu", b"{");
        self.table(Part::Cpu).write_members(&mut json);
        json.inside("seconds", b"{");
        self.table(Part::Modes).write_numbers(&mut json);
        json.close(b"}");
        json.close(b"}");
        json.inside("memory", b"{");
        self.table(Part::Memory).write_members(&mut json);
        json.close(b"}");
        self.write_rows("disks", Part::Disks, &mut json);
        self.write_rows("network", Part::Network, &mut json);
        write_collectors(gather.reports(), now, &mut json);
        self.write_targets(targets, now, &mut json);
        json.inside("pushes", b"{");
        self.table(Part::Pushes).write_members(&mut json);
        json.inside("refused", b"{");
        self.table(Part::Refused).write_numbers(&mut json);
        json.close(b"}");
        json.close(b"}");
        self.write_rows("logs", Part::Logs, &mut json);
        self.write_exports(exports, now, &mut json);
        json.inside("alerts", b"[");
        json.written(self.alerts.bytes());
        json.close(b"]");
        health.write_lists(&mut json);
        json.number_of("left_out", Some(Value::Int(self.left_out())));
        json.close(b"}");
    }

    fn write_rows(&self, name: &str, part: Part, json: &mut Json<'_>) {
        json.inside(name, b"[");
        self.table(part).write_rows(json, &|_, _| ());
        json.close(b"]");
    }

    fn write_targets(&self, targets: &Targets, now: Instant, json: &mut Json<'_>) {
        json.inside("targets", b"[");
        self.table(Part::Targets).write_rows(json, &|row, json| {
            let failure = targets.failures().find(|(name, ..)| name.as_bytes() == row);
            write_last_error(failure.map(|(_, _, text, at)| (text, at)), now, json);
        });
        json.close(b"]");
    }

    fn write_exports(&self, exports: &Exports, now: Instant, json: &mut Json<'_>) {
        json.inside("exports", b"[");
        self.table(Part::Exports).write_rows(json, &|row, json| {
            let mut failing = None;
            exports.troubles(now, &mut |name, trouble, text| match trouble {
                Trouble::Failing(since) | Trouble::Hanging(since) if name.as_bytes() == row => {
                    failing = Some((text.to_owned(), since));
                }
                _ => {}
            });
            match &failing {
                Some((text, _)) => json.text_of("error", text.as_bytes()),
                None => json.number_of("error", None),
            }
            json.number_of("failing_seconds", failing.map(|(_, since)| age(since, now)));
        });
        json.close(b"]");
    }

    /// Samples and alerts for which there was no room.
    fn left_out(&self) -> u64 {
        let alerts = self.alert_count.saturating_sub(MAX_ALERTS) as u64;
        self.tables.iter().map(Table::left_out).sum::<u64>() + alerts
    }

    fn alert<'l>(&mut self, labels: impl Iterator<Item = (Cow<'l, [u8]>, Cow<'l, [u8]>)>) {
        self.alert_count += 1;
        if self.alert_count > MAX_ALERTS {
            return;
        }
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
        // Part::ALL is in the order of the discriminants: a test looks.
        let [first, ..] = &self.tables;
        self.tables.get(part as usize).unwrap_or(first)
    }
}

fn write_collectors(reports: impl Iterator<Item = Report>, now: Instant, json: &mut Json<'_>) {
    json.inside("collectors", b"[");
    for report in reports {
        json.open(b"{");
        json.text_of("name", report.name.as_bytes());
        json.key(b"success");
        match report.ran {
            Some(_) => json.truth(report.success),
            None => json.number(None),
        }
        json.number_of("seconds", report.ran.map(|_| nanos(report.took)));
        json.number_of("age_seconds", report.ran.map(|at| age(at, now)));
        json.number_of("errors", Some(Value::Int(report.errors)));
        let error = report.error.map(|(error, at)| (error.to_string(), at));
        write_last_error(error.as_ref().map(|(text, at)| (&**text, *at)), now, json);
        json.close(b"}");
    }
    json.close(b"]");
}

/// What the kernel says of the machine; read anew each time, with nothing kept.
fn write_host(root: &Root, json: &mut Json<'_>) {
    let text = |path| {
        let mut file = root.whole(path);
        let text = file.read().ok()?.trim_ascii();
        let text = text.get(..text.len().min(MAX_TEXT)).filter(|text| !text.is_empty())?;
        Some(text.to_vec())
    };
    json.inside("host", b"{");
    for (key, path) in
        [("name", "/proc/sys/kernel/hostname"), ("kernel", "/proc/sys/kernel/osrelease")]
    {
        match text(path) {
            Some(text) => json.text_of(key, &text),
            None => json.number_of(key, None),
        }
    }
    let uptime = text("/proc/uptime").and_then(|text| seconds(&text));
    json.number_of("uptime_seconds", uptime);
    json.close(b"}");
}

/// The first number of `/proc/uptime`: seconds with two decimals.
fn seconds(text: &[u8]) -> Option<Value> {
    let word = text.split(u8::is_ascii_whitespace).next()?;
    let number = crate::sys::float(std::str::from_utf8(word).ok()?)?;
    number.is_finite().then_some(Value::Float(number))
}

/// An alert that is neither pending nor firing.
fn is_zero(value: Value) -> bool {
    value == Value::Int(0) || value == Value::Float(0.0)
}

fn write_last_error(error: Option<(&str, Instant)>, now: Instant, json: &mut Json<'_>) {
    match error {
        Some((text, _)) => json.text_of("last_error", text.as_bytes()),
        None => json.number_of("last_error", None),
    }
    json.number_of("last_error_age_seconds", error.map(|(_, at)| age(at, now)));
}

fn age(at: Instant, now: Instant) -> Value {
    nanos(now.saturating_duration_since(at))
}

fn nanos(duration: Duration) -> Value {
    Value::Nano(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
