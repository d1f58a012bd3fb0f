//! Writes the store to sinks.

use super::index::NONE;
use super::known::Known;
use super::{Amount, Reason, Store, parts_of};
use crate::model::metric::{Family, Labels, Sink, Unit, counter, families, gauge};
use std::time::Instant;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4] = families![
    gauge(  "push_series",         Unit::One, "Series of other programs that live now.",           &[]).only_own(),
    gauge(  "push_families",       Unit::One, "Metrics of other programs that live now.",          &[]).only_own(),
    counter("push_accepted_total", Unit::One, "Samples that other programs pushed.",               &[]).only_own(),
    counter("push_refused_total",  Unit::One, "Pushed samples refused, by reason.",                &["reason"]).only_own(),
];

/// The families about the store itself, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    FAMILIES.iter()
}

impl Store {
    /// Writes every live series that `merge` did not, family by family in the order of their names.
    pub fn write(&mut self, now: Instant, out: &mut dyn Sink) {
        let now = self.millis(now);
        let mut at = 0;
        while let Some(id) = self.families.nth(at) {
            // Lines of a histogram are written with it.
            if !self.families.is_line(id) {
                let all = self.with_lines(id);
                if self.write_families(all, None, now, out) {
                    all.into_iter().flatten().for_each(|id| self.expire(id, now));
                }
            }
            // It may have been removed with its last series.
            at += usize::from(self.families.nth(at) == Some(id));
        }
        self.scrape = self.scrape.wrapping_add(1).max(1);
    }

    /// A family; with the histogram or summary `x` those of `x_bucket`, `x_sum` and `x_count`.
    pub(super) fn with_lines(&self, id: u32) -> [Option<u32>; 4] {
        let mut all = [Some(id), None, None, None];
        let Some(family) = self.families.get(id) else { return all };
        let mut name = self.name.take();
        for (part, place) in parts_of(family.kind).iter().zip(all.iter_mut().skip(1)) {
            name.clear();
            name.push_str(&family.name);
            name.push_str(part);
            *place = self.families.find(&name).filter(|line| self.families.is_line(*line));
        }
        self.name.set(name);
        all
    }

    /// Writes a family and those of its lines, except what was written in this scrape; after ours if
    /// `turn` says after which source. Returns whether there are expired series.
    pub(super) fn write_families(
        &self,
        all: [Option<u32>; 4],
        turn: Option<u32>,
        now: u64,
        out: &mut dyn Sink,
    ) -> bool {
        let families = || all.iter().flatten().filter_map(|id| self.families.get(*id));
        let has_words = families().any(|family| family.has_words);
        let mut expired = false;
        for (at, family) in families().enumerate() {
            if family.written.get().0 == self.scrape {
                expired = true;
                continue;
            }
            family.written.set((self.scrape, turn.unwrap_or(NONE)));
            let has_wholes = !parts_of(family.kind).is_empty();
            let row = family.row().with_words(has_words && has_wholes);
            let row = if at > 0 { row.continuing() } else { row };
            match turn {
                Some(_) if at == 0 => out.join(&row),
                _ => out.family(&row),
            }
            expired |= self.write_series(family, has_wholes, now, out);
            if has_wholes && family.lines != 0 {
                out.family(&family.row_of_lines());
                expired |= self.write_series(family, false, now, out);
            }
        }
        expired
    }

    /// Writes its histograms and summaries, or its numbers. Returns whether some have expired.
    fn write_series(&self, family: &Known, wholes: bool, now: u64, out: &mut dyn Sink) -> bool {
        let (mut slot, mut expired) = (family.first, false);
        while let Some(series) = self.series.get(slot as usize) {
            slot = series.next;
            if series.expires <= now {
                expired = true;
                continue;
            }
            if series.is_whole() == wholes && self.shown.has(series.owner) {
                let (labels, buckets) = (Labels::rendered(&series.text), family.buckets());
                let (texts, time) = (series.texts(buckets), series.own_time());
                out.labelled_as(labels, series.point(buckets), texts, time);
            }
        }
        expired
    }

    /// Writes the metrics about the store.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        let [series, families, accepted, refused] = &FAMILIES;
        let Amount { series: live, families: known, .. } = self.held;
        let numbers = [live as u64, known as u64, self.accepted];
        for (family, raw) in [series, families, accepted].into_iter().zip(numbers) {
            out.single(family, family.value(raw));
        }
        if self.refused.iter().fold(0, |all, n| all | n) == 0 {
            return;
        }
        out.family(refused);
        for (reason, count) in Reason::ALL.iter().zip(self.refused).filter(|(_, n)| *n > 0) {
            out.sample(&[reason.text().0.into()], refused.value(count));
        }
    }
}
