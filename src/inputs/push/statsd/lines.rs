//! Datagrams of statsd lines become samples of the store.

use super::line::{Line, Refused, Type, number, put_name};
use crate::base::clock::WallClock;
use crate::base::log::{self, Limiter};
use crate::inputs::push::Rules;
use crate::model::metric::{Family, Kind, Sink, Unit, counter, families};
use crate::model::store::{Change, Group, LabelSet, Offer, Reason, Store};
use std::str;
use std::time::Instant;

/// Bytes of a refused line that are quoted.
const MAX_QUOTED: usize = 64;

/// The label of a histogram's buckets.
const BOUND: &str = "le";

/// The help text of metrics that come in as lines, which have none.
const HELP: &str = "Received as statsd lines.";

/// Reads lines and counts them. Its buffers are kept from one datagram to the next.
#[derive(Default)]
pub struct Lines {
    /// A datagram that is not UTF-8, converted.
    text: String,
    name: String,
    key: String,
    labels: LabelSet,
    values: Vec<f64>,
    datagrams: u64,
    lines: u64,
    tags_refused: u64,
    refused: [u64; Refused::OWN.len()],
    refused_samples: [u64; Reason::ALL.len()],
    limiter: Limiter,
}

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub(super) static FAMILIES: &[Family; 4] = families![
    counter("statsd_datagrams_total",     Unit::One, "Datagrams received.",                                   &[]).only_own(),
    counter("statsd_lines_total",         Unit::One, "Lines received, those that were refused among them.",   &[]).only_own(),
    counter("statsd_lines_refused_total", Unit::One, "Lines refused, by reason.",                             &["reason"]).only_own(),
    counter("statsd_tags_refused_total",  Unit::One, "Tags left out that lack a name or a value.",            &[]).only_own(),
];

impl Lines {
    /// Reads every line of a datagram.
    pub fn take(&mut self, datagram: &[u8], rules: &Rules, store: &mut Store, now: Instant) {
        self.datagrams += 1;
        let mut text = std::mem::take(&mut self.text);
        let datagram = match str::from_utf8(datagram) {
            Ok(datagram) => datagram,
            Err(_) => {
                text.clear();
                for chunk in datagram.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.push_str(if chunk.invalid().is_empty() { "" } else { "\u{fffd}" });
                }
                &text
            }
        };
        let lines = datagram.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        for line in lines.filter(|line| !line.is_empty()) {
            self.lines += 1;
            if let Err(refused) = self.take_line(line, rules, store, now) {
                self.refuse(refused, line, now);
            }
        }
        self.text = text;
    }

    fn refuse(&mut self, refused: Refused, line: &str, now: Instant) {
        let count = match refused {
            Refused::Sample(reason) => self.refused_samples.get_mut(reason as usize),
            own => {
                let at = Refused::OWN.iter().position(|refused| *refused == own);
                at.and_then(|at| self.refused.get_mut(at))
            }
        };
        if let Some(count) = count {
            *count += 1;
        }
        // Clients of Datadog send them all the time.
        if matches!(refused, Refused::Event | Refused::ServiceCheck) {
            return;
        }
        if let Some(held_back) = self.limiter.pass(now) {
            let cut = line.char_indices().nth(MAX_QUOTED).map_or(line.len(), |(at, _)| at);
            let line = line.get(..cut).unwrap_or_default();
            let reason = refused.text().1;
            let fields: [log::Field<'_>; 3] =
                [("line", &line), ("reason", &reason), ("repeated", &held_back)];
            log::warn("statsd line refused", &fields);
        }
    }

    fn take_line(
        &mut self,
        text: &str,
        rules: &Rules,
        store: &mut Store,
        now: Instant,
    ) -> Result<(), Refused> {
        let line = Line::parse(text)?;
        self.name.clear();
        self.name.push_str(&rules.prefix);
        put_name(&mut self.name, line.name);
        let change = self.read_values(&line)?;
        let kind = match line.kind {
            Type::Counter => Kind::Counter,
            Type::Gauge => Kind::Gauge,
            Type::Timer | Type::Histogram => Kind::Histogram,
        };
        // Only counters and gauges may have a time stamp; others' is ignored.
        let time = line.time().filter(|_| kind != Kind::Histogram);
        let time = time.map(|time| rules.stamp(time as f64, WallClock::now())).transpose();
        let time = time.map_err(Refused::Sample)?;
        self.read_tags(&line, rules, store)?;
        let reserved = if kind == Kind::Histogram { BOUND } else { "" };
        let labels = self.labels.render(store.bounds(), reserved).map_err(Refused::Sample)?;
        let (name, ttl, group) = (&*self.name, rules.ttl, Group::SHARED);
        let offer = |change| Offer {
            name,
            kind,
            help: HELP,
            labels,
            change,
            time,
            ttl,
            group,
            is_line: false,
        };
        match change {
            Some(change) => store.take(&offer(change), now),
            None if line.rate() == 1.0 => store.take(&offer(Change::Observe(&self.values)), now),
            None => {
                let times = (1.0 / line.rate()).round() as u64;
                let mut changes = self.values.iter().map(|v| Change::ObserveMany(*v, times));
                changes.try_for_each(|change| store.take(&offer(change), now))
            }
        }
        .map_err(Refused::Sample)
    }

    /// Returns the change of a counter or gauge; `None`, and `values` filled, for observations.
    fn read_values(&mut self, line: &Line<'_>) -> Result<Option<Change<'static>>, Refused> {
        self.values.clear();
        let (mut all, mut is_set) = (0.0, false);
        for text in line.values() {
            let value = number(text)?;
            match line.kind {
                Type::Counter if value < 0.0 => return Err(Refused::Sample(Reason::Negative)),
                Type::Gauge if !text.starts_with(['+', '-']) => (all, is_set) = (value, true),
                Type::Counter | Type::Gauge => all += value,
                Type::Timer => self.values.push(value / 1000.0),
                Type::Histogram => self.values.push(value),
            }
        }
        Ok(match line.kind {
            Type::Counter => Some(Change::Add(all / line.rate())),
            Type::Gauge if is_set => Some(Change::Set(all)),
            Type::Gauge => Some(Change::Add(all)),
            Type::Timer | Type::Histogram => None,
        })
    }

    /// Tags become labels; of several with one name the last one counts.
    fn read_tags(&mut self, line: &Line<'_>, rules: &Rules, store: &Store) -> Result<(), Refused> {
        self.labels.clear();
        // A datagram can hold thousands, and each of them is compared with all before.
        let mut room = store.bounds().labels;
        for tag in line.tags_from_last() {
            let Some((name, value)) = tag else {
                self.tags_refused += 1;
                continue;
            };
            room = room.checked_sub(1).ok_or(Refused::Sample(Reason::Labels))?;
            self.key.clear();
            put_name(&mut self.key, [name, ""]);
            self.labels.add_missing(&self.key, value);
        }
        rules.add_labels(&mut self.labels);
        Ok(())
    }

    /// Writes the metrics about the lines.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        let [datagrams, lines, refused, tags] = &FAMILIES;
        for (family, raw) in [(datagrams, self.datagrams), (lines, self.lines)] {
            out.family(family);
            out.sample(&[], family.value(raw));
        }
        out.family(refused);
        let mut write = |reason: Refused, count| {
            if count > 0 {
                out.sample(&[reason.text().0.into()], refused.value(count));
            }
        };
        Refused::OWN.iter().zip(self.refused).for_each(|(reason, count)| write(*reason, count));
        let others = Reason::ALL.iter().zip(self.refused_samples);
        others.for_each(|(reason, count)| write(Refused::Sample(*reason), count));
        out.family(tags);
        out.sample(&[], tags.value(self.tags_refused));
    }
}
