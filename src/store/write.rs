//! What the store tells its sinks.

use super::family::Known;
use super::series::NO_TIME;
use super::{Reason, Store, parts_of};
use crate::metric::{Family, Labels, Sink, Unit, counter, gauge};
use std::time::Instant;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 4] = [
    gauge(  "push_series",         Unit::One, "Series of other programs that live now.",           &[]).only_own(),
    gauge(  "push_families",       Unit::One, "Metrics of other programs that live now.",          &[]).only_own(),
    counter("push_accepted_total", Unit::One, "Samples taken from other programs.",                &[]).only_own(),
    counter("push_refused_total",  Unit::One, "Samples of other programs refused, by reason.",     &["reason"]).only_own(),
];

/// The families about the store itself, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

impl Store {
    /// Writes every live series, family by family in the order of their names.
    pub fn write(&mut self, now: Instant, out: &mut dyn Sink) {
        let now = self.millis(now);
        let mut at = 0;
        let mut name = std::mem::take(&mut self.name);
        while let Some(id) = self.families.nth(at) {
            // Lines of a histogram come with it.
            if !self.families.is_line(id) && self.write_family(id, now, false, out) {
                self.expire(id, now);
            }
            self.write_lines(id, now, &mut name, out);
            // It may have gone with its last series.
            at += usize::from(self.families.nth(at) == Some(id));
        }
        self.name = name;
    }

    /// Writes the families `x_bucket`, `x_sum` and `x_count` of numbers beside the histogram or
    /// summary `x`; `name` is used for their names.
    fn write_lines(&mut self, id: u32, now: u64, name: &mut String, out: &mut dyn Sink) {
        let Some(family) = self.families.get(id) else { return };
        for part in parts_of(family.kind) {
            name.clear();
            name.extend(self.families.get(id).map(|family| &*family.name));
            name.push_str(part);
            let line = self.families.find(name).filter(|line| self.families.is_line(*line));
            if let Some(line) = line
                && self.write_family(line, now, true, out)
            {
                self.expire(line, now);
            }
        }
    }

    /// Whether there are series whose time is over. The family may be one of lines of the one before.
    fn write_family(&self, id: u32, now: u64, continues: bool, out: &mut dyn Sink) -> bool {
        let Some(family) = self.families.get(id) else { return false };
        let row = family.row();
        out.family(&if continues { row.continuing() } else { row });
        let has_wholes = !parts_of(family.kind).is_empty();
        let mut expired = self.write_series(family, has_wholes, now, out);
        if has_wholes && family.lines != 0 {
            out.family(&family.row_of_lines());
            expired |= self.write_series(family, false, now, out);
        }
        expired
    }

    /// Writes its histograms and summaries, or its numbers.
    fn write_series(&self, family: &Known, wholes: bool, now: u64, out: &mut dyn Sink) -> bool {
        let (mut slot, mut expired) = (family.first, false);
        while let Some(series) = self.series.get(slot as usize) {
            slot = series.next;
            if series.expires <= now {
                expired = true;
                continue;
            }
            if series.is_whole() == wholes {
                let time = Some(series.time).filter(|time| *time != NO_TIME);
                let (labels, buckets) = (Labels::rendered(&series.text), family.buckets());
                out.labelled_as(labels, series.point(buckets), series.texts(buckets), time);
            }
        }
        expired
    }

    /// Writes what is known about the store.
    pub fn write_self(&self, out: &mut dyn Sink) {
        let [series, families, accepted, refused] = &FAMILIES;
        let numbers = [self.live as u64, self.families.len() as u64, self.accepted];
        for (family, raw) in [series, families, accepted].into_iter().zip(numbers) {
            out.family(family);
            out.sample(&[], family.value(raw));
        }
        out.family(refused);
        for (reason, count) in Reason::ALL.iter().zip(self.refused).filter(|(_, n)| *n > 0) {
            out.sample(&[reason.said().0.into()], refused.value(count));
        }
    }
}
