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
        while let Some(id) = self.families.nth(at) {
            // Lines of a histogram come with it.
            if !self.families.is_line(id) {
                self.write_with_lines(id, now, out);
            }
            // It may have gone with its last series.
            at += usize::from(self.families.nth(at) == Some(id));
        }
    }

    /// Writes a family; with the histogram or summary `x` those of `x_bucket`, `x_sum` and `x_count`.
    fn write_with_lines(&mut self, id: u32, now: u64, out: &mut dyn Sink) {
        let mut all = [Some(id), None, None, None];
        let mut name = std::mem::take(&mut self.name);
        let Some(family) = self.families.get(id) else { return };
        for (part, place) in parts_of(family.kind).iter().zip(all.iter_mut().skip(1)) {
            name.clear();
            name.push_str(&family.name);
            name.push_str(part);
            *place = self.families.find(&name).filter(|line| self.families.is_line(*line));
        }
        self.name = name;
        let of = |id: u32| self.families.get(id).is_some_and(|family| family.has_words);
        let has_words = all.iter().flatten().any(|id| of(*id));
        for (at, id) in all.into_iter().flatten().enumerate() {
            if self.write_family(id, now, (at > 0, has_words), out) {
                self.expire(id, now);
            }
        }
    }

    /// Whether there are series whose time is over. The family may be one of lines of the one before.
    fn write_family(
        &self,
        id: u32,
        now: u64,
        (continues, has_words): (bool, bool),
        out: &mut dyn Sink,
    ) -> bool {
        let Some(family) = self.families.get(id) else { return false };
        let has_wholes = !parts_of(family.kind).is_empty();
        let mut row = family.row();
        (row.continues, row.has_words) = (continues, has_words && has_wholes);
        out.family(&row);
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
