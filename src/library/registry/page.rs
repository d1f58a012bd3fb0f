//! The contents of a page: every family, in the order of their names, and their series in that of their
//! labels. The thread that writes a page owns it; series that were registered since the last page are read
//! from the catalog, which is locked for a bounded time.

use super::catalog::{Catalog, NewSeries};
use super::family::Family;
use super::identity::{Pairs, Rules, as_text};
use super::series::{Entry, Series, sorted};
use super::setup::Setup;
use crate::model::store::LabelSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of new series that are read while no other thread can register one.
const PIECE: usize = 256;

/// One family.
pub struct PageFamily {
    id: u32,
    pub family: Arc<Family>,
    pub series: Series,
}

/// All families.
#[derive(Default)]
pub struct Page {
    /// Sorted by name.
    pub families: Vec<PageFamily>,
    /// The version of the catalog's families when they were read.
    version: u64,
    labels: LabelSet,
}

fn lock(catalog: &Mutex<Catalog>) -> MutexGuard<'_, Catalog> {
    catalog.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    /// Reads what was registered and described since the last time.
    pub fn update(&mut self, catalog: &Mutex<Catalog>, setup: &Setup) {
        let (mut news, pieces) = (Vec::new(), setup.options.bounds.series / PIECE + 1);
        for _ in 0..pieces {
            if !lock(catalog).take_new_series(PIECE, &mut news) {
                break;
            }
        }
        let families = self.families_of(&lock(catalog));
        if let Some(families) = families {
            self.arrange(families);
        }
        if !news.is_empty() {
            self.add_series(news, setup);
        }
    }

    /// All families, with their numbers, if they changed.
    fn families_of(&mut self, catalog: &Catalog) -> Option<Vec<(u32, Arc<Family>)>> {
        let version = catalog.families.version;
        if std::mem::replace(&mut self.version, version) == version {
            return None;
        }
        Some(catalog.families.iter().map(|(id, family)| (id, Arc::clone(family))).collect())
    }

    /// Updates names and descriptions of families; their series stay.
    fn arrange(&mut self, families: Vec<(u32, Arc<Family>)>) {
        let (places, mut before) = (self.places(), std::mem::take(&mut self.families));
        let name = |at: u32| families.get(at as usize).map(|(_, family)| &*family.name);
        let order = sorted((0..families.len() as u32).collect(), &|a, b| name(a) < name(b));
        for (id, family) in order.iter().filter_map(|at| families.get(*at as usize)) {
            let at = places.get(*id as usize).copied().unwrap_or(usize::MAX);
            let series = before.get_mut(at).map(|shown| std::mem::take(&mut shown.series));
            let series = series.unwrap_or_default();
            self.families.push(PageFamily { id: *id, family: Arc::clone(family), series });
        }
    }

    /// The index of each family, by its number.
    fn places(&self) -> Vec<usize> {
        let mut places = Vec::new();
        for (at, shown) in self.families.iter().enumerate() {
            let id = shown.id as usize;
            if places.len() <= id {
                places.resize(id + 1, usize::MAX);
            }
            if let Some(place) = places.get_mut(id) {
                *place = at;
            }
        }
        places
    }

    fn add_series(&mut self, news: Vec<NewSeries>, setup: &Setup) {
        let places = self.places();
        for NewSeries { family, place, text, cell } in news {
            let at = places.get(family as usize).copied().unwrap_or(usize::MAX);
            let Some(shown) = self.families.get_mut(at) else { continue };
            let rules = setup.rules(shown.family.has_parts());
            if let Some(labels) = render(text.text(), &rules, &mut self.labels) {
                shown.series.push(Entry::new(labels, cell, place));
            }
        }
        self.families.iter_mut().for_each(|shown| shown.series.sort());
    }
}

/// The labels of a valid key, and the global labels that it lacks, as text formats write them.
fn render(text: &[u8], rules: &Rules<'_>, set: &mut LabelSet) -> Option<Box<[u8]>> {
    set.clear();
    for (label, value) in Pairs::of(text).chain(Pairs::of(rules.of_all)) {
        set.add_missing(as_text(label), as_text(value));
    }
    Some(set.render(rules.bounds, "").ok()?.text().into())
}
