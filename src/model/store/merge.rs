//! Series of other programs after ours of the same family. It wraps a sink while our own metrics are
//! written: a family has one header and is written in one piece. A store without such series writes
//! nothing here, and the sink is not wrapped then.

use super::{LabelSet, Store};
use crate::model::metric::{Column, Family, Label, Labels, Point, Sink, Source, Value};
use std::time::Instant;

/// Wraps a sink.
struct Merge<'a> {
    store: &'a Store,
    out: &'a mut dyn Sink,
    /// The time, in milliseconds since the store was made.
    now: u64,
    source: Source,
    /// The number of sources so far.
    turn: u32,
    /// The store's family with the name of the current one.
    beside: Option<u32>,
    labels: LabelSet,
}

impl Store {
    /// Calls `ours` to write everything that is served besides the store, and adds series of other programs to
    /// the same families. The caller then calls `write`, which writes the rest.
    pub fn merge(&self, now: Instant, out: &mut dyn Sink, ours: &mut dyn FnMut(&mut dyn Sink)) {
        if !self.families.are_shared() {
            return ours(out);
        }
        let (now, labels) = (self.millis(now), LabelSet::default());
        let source = Source::Own;
        let mut merge = Merge { store: self, out, now, source, turn: 0, beside: None, labels };
        ours(&mut merge);
        merge.finish();
    }
}

impl Merge<'_> {
    /// Writes the store's series of the current family.
    fn finish(&mut self) {
        let Some(id) = self.beside.take() else { return };
        let all = self.store.with_lines(id);
        self.out.source(Source::Others);
        self.store.write_families(all, Some(self.turn), self.now, self.out);
        self.out.source(self.source);
    }

    /// Whether the store has a series of the current family with these labels, which our own metrics
    /// bring, too.
    fn is_there(&mut self, labels: Labels<'_>, point: Point<'_>) -> bool {
        let Some(id) = self.beside else { return false };
        self.labels.clear();
        for (name, value) in labels.pairs() {
            self.labels.push(|bytes| {
                bytes.extend_from_slice(&name);
                let middle = bytes.len();
                bytes.extend_from_slice(&value);
                middle
            });
        }
        let store = self.store;
        store.families.ours.labels.iter().for_each(|(k, v)| self.labels.add_missing(k, v));
        let Ok(labels) = self.labels.render_utf8(&store.bounds, "") else { return false };
        let slot = store.find(id, labels, !matches!(point, Point::Number(_)));
        let series = slot.and_then(|slot| store.series.get(slot as usize));
        series.is_some_and(|series| series.expires > self.now)
    }
}

impl Sink for Merge<'_> {
    fn source(&mut self, source: Source) {
        self.finish();
        (self.source, self.turn) = (source, self.turn + 1);
        self.out.source(source);
    }

    fn family(&mut self, family: &Family<'_>) {
        self.finish();
        let families = &self.store.families;
        let is_new = |id: &u32| {
            families.get(*id).is_some_and(|known| known.written.get().0 != self.store.scrape)
        };
        self.beside = families.beside(family).filter(is_new);
        self.out.family(family);
    }

    /// The current family goes on, so the store's series of it come later.
    fn join(&mut self, family: &Family<'_>) {
        self.out.join(family);
    }

    fn sample(&mut self, labels: &[Label<'_>], value: Value) {
        self.out.sample(labels, value);
    }

    fn single(&mut self, family: &Family<'_>, value: Value) {
        self.family(family);
        self.out.sample(&[], value);
    }

    fn column(&mut self, family: &Family<'_>, column: Column<'_>) {
        self.out.column(family, column);
    }

    fn labelled(&mut self, labels: Labels<'_>, point: Point<'_>, time: Option<i64>) {
        self.labelled_as(labels, point, "", time);
    }

    fn labelled_as(
        &mut self,
        labels: Labels<'_>,
        point: Point<'_>,
        texts: &str,
        time: Option<i64>,
    ) {
        if !self.is_there(labels, point) {
            self.out.labelled_as(labels, point, texts, time);
        }
    }

    fn mark(&self) -> usize {
        self.out.mark()
    }

    /// A collector failed: the store's series that were written after its families are dropped with them, and are
    /// written with the rest.
    fn rewind(&mut self, mark: usize) {
        self.beside = None;
        self.out.rewind(mark);
        self.store.families.all().for_each(|known| {
            if known.written.get() == (self.store.scrape, self.turn) {
                known.written.set((0, 0));
            }
        });
    }
}
