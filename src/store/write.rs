//! What the store tells its sinks.

use super::family::Known;
use super::series::NO_TIME;
use super::{Amount, Reason, Store};
use crate::metric::{Family, Labels, Sink, Unit, counter, gauge};
use std::time::Instant;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 4] = [
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
            if self.write_family(id, now, out) {
                self.expire(id, now);
            }
            // It may have gone with its last series.
            at += usize::from(self.families.nth(at) == Some(id));
        }
        self.scrape = self.scrape.wrapping_add(1).max(1);
    }

    /// Whether there are series whose time is over.
    fn write_family(&self, id: u32, now: u64, out: &mut dyn Sink) -> bool {
        let Some(family) = self.families.get(id) else { return false };
        if family.written.get().0 == self.scrape {
            return true;
        }
        out.family(&family.row());
        self.write_series(family, now, out)
    }

    /// Writes the series of the family at hand. Whether there are some whose time is over.
    pub(super) fn write_series(&self, family: &Known, now: u64, out: &mut dyn Sink) -> bool {
        let (mut slot, mut expired) = (family.first, false);
        while let Some(series) = self.series.get(slot as usize) {
            slot = series.next;
            if series.expires <= now {
                expired = true;
                continue;
            }
            let time = Some(series.time).filter(|time| *time != NO_TIME);
            out.labelled(Labels::rendered(&series.text), series.point(&family.buckets), time);
        }
        expired
    }

    /// Writes what is known about the store.
    pub fn write_self(&self, out: &mut dyn Sink) {
        let [series, families, accepted, refused] = &FAMILIES;
        let Amount { series: live, families: known, .. } = self.held;
        let numbers = [live as u64, known as u64, self.accepted];
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
