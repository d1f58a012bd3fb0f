//! Writes a registry to sinks.

use super::cell::Cell;
use super::exemplar::Exemplar;
use super::histogram::{Histogram, Reading};
use super::page::PageFamily;
use super::{Inner, Registry};
use crate::model::metric::{
    self, Labels, Point, Sink, Source, Summary, Unit, Value, counter, families,
};
use crate::model::store::Reason;
use std::sync::PoisonError;
use std::time::Instant;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[metric::Family; 1] = families![
    counter("registry_refused_total", Unit::One, "Series and observations that were refused, by reason.", &["reason"]).only_own(),
];

/// The families about registries themselves, for the reference.
pub fn families() -> impl Iterator<Item = &'static metric::Family<'static>> {
    FAMILIES.iter()
}

impl Registry {
    /// Writes every series, family by family in the order of their names, then the refusals, if there
    /// were any. Series that are idle are forgotten. Two pages of one registry are written one after
    /// the other; series can be registered meanwhile.
    #[doc(hidden)]
    pub fn write(&self, now: Instant, out: &mut dyn Sink) {
        let (now, Inner { setup, catalog, shards, .. }) = (self.millis(now), &*self.0);
        let mut page = self.0.page.lock().unwrap_or_else(PoisonError::into_inner);
        page.update(catalog, setup);
        if let Some(idle) = &setup.options.idle {
            page.sweep(now, idle, catalog, shards);
        }
        out.source(Source::Own);
        let mut counts = Vec::new();
        for shown in &page.families {
            write_family(shown, now, &mut counts, out);
        }
        self.write_self_metrics(out);
    }

    fn write_self_metrics(&self, out: &mut dyn Sink) {
        let [refused] = &FAMILIES;
        out.family(refused);
        for reason in Reason::ALL {
            let count = self.refused(reason);
            if count > 0 {
                out.sample(&[reason.text().0.into()], refused.value(count));
            }
        }
    }
}

fn write_family(shown: &PageFamily, now: u64, counts: &mut Vec<u64>, out: &mut dyn Sink) {
    out.family(&shown.family.row());
    for entry in shown.series.iter().filter(|entry| !entry.asleep) {
        let labels = Labels::rendered(&entry.labels);
        let number = match &entry.cell {
            Cell::Counter(counter) => Value::Int(counter.get()),
            Cell::Gauge(gauge) => Value::Float(gauge.get()),
            Cell::Histogram(histogram) => {
                write_histogram(histogram, labels, now, counts, out);
                continue;
            }
        };
        out.labelled(labels, Point::Number(number), None);
    }
}

fn write_histogram(
    histogram: &Histogram,
    labels: Labels<'_>,
    now: u64,
    counts: &mut Vec<u64>,
    out: &mut dyn Sink,
) {
    match histogram.0.read(counts, now) {
        Reading::Summary(snapshot) => {
            let summary = Summary {
                quantiles: &snapshot.quantiles,
                sum: snapshot.sum,
                count: snapshot.count,
            };
            out.labelled(labels, Point::Summary(summary), None);
        }
        Reading::Buckets { bounds, counts, sum, exemplars } => {
            let histogram = metric::Histogram { bounds, counts, sum };
            match exemplars {
                None => out.labelled(labels, Point::Histogram(histogram), None),
                Some(exemplars) => {
                    let rows: Vec<_> =
                        exemplars.iter().map(|e| e.as_ref().map(Exemplar::row)).collect();
                    out.exemplified(labels, histogram, &rows);
                }
            }
        }
    }
}
