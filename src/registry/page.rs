//! What a page shows: every family, in the order of their names, and their series in that of their
//! labels. It belongs to whoever writes a page; series that were registered since the last come in
//! from the catalog, which is had for a bounded while at a time.

use super::catalog::{Catalog, News};
use super::family::Family;
use super::identity::{self, Rules};
use super::series::{Entry, Series};
use super::setup::Setup;
use crate::store::LabelSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many new series are taken in while nobody else can register one.
const PIECE: usize = 256;

/// One family.
pub struct Shown {
    id: u32,
    pub family: Arc<Family>,
    pub series: Series,
}

/// All of them.
#[derive(Default)]
pub struct Page {
    /// By name.
    pub families: Vec<Shown>,
    /// That of the catalog's families when it had them.
    version: u64,
    labels: LabelSet,
}

fn lock(catalog: &Mutex<Catalog>) -> MutexGuard<'_, Catalog> {
    catalog.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    /// Takes in what was registered and described since the last time.
    pub fn update(&mut self, catalog: &Mutex<Catalog>, setup: &Setup) {
        let (mut news, pieces) = (Vec::new(), setup.options.bounds.series / PIECE + 1);
        for _ in 0..pieces {
            if !lock(catalog).take_news(PIECE, &mut news) {
                break;
            }
        }
        self.take_families(&lock(catalog));
        if !news.is_empty() {
            self.take_in(news, setup);
        }
    }

    /// What families are called and described as; series stay where they are.
    fn take_families(&mut self, catalog: &Catalog) {
        if self.version == catalog.families.version {
            return;
        }
        self.version = catalog.families.version;
        let mut all: Vec<Shown> = catalog.families.iter().map(Shown::new).collect();
        for mut shown in self.families.drain(..) {
            // Both are in the order of their numbers.
            let at = all.binary_search_by_key(&shown.id, |new| new.id);
            if let Some(new) = at.ok().and_then(|at| all.get_mut(at)) {
                std::mem::swap(&mut new.series, &mut shown.series);
            }
        }
        all.sort_unstable_by(|one, other| one.family.name.cmp(&other.family.name));
        self.families = all;
    }

    fn take_in(&mut self, news: Vec<News>, setup: &Setup) {
        let mut places: Vec<(u32, usize)> =
            self.families.iter().zip(0..).map(|(shown, at)| (shown.id, at)).collect();
        places.sort_unstable();
        for News { family, place, text, cell } in news {
            let at = places.binary_search_by_key(&family, |known| known.0).ok();
            let at = at.and_then(|at| places.get(at)).map(|known| known.1);
            let Some(shown) = at.and_then(|at| self.families.get_mut(at)) else { continue };
            let rules = setup.rules(shown.family.has_parts());
            if let Some(labels) = render(text.text(), &rules, &mut self.labels) {
                shown.series.push(Entry::new(labels, cell, place));
            }
        }
        self.families.iter_mut().for_each(|shown| shown.series.sort());
    }
}

impl Shown {
    fn new((id, family): (u32, &Arc<Family>)) -> Shown {
        Shown { id, family: Arc::clone(family), series: Series::default() }
    }
}

/// The labels of a key that is fit, and those of all that it lacks, as text formats write them.
fn render(text: &[u8], rules: &Rules<'_>, set: &mut LabelSet) -> Option<Box<[u8]>> {
    set.clear();
    identity::labels_of(text).for_each(|(label, value)| set.add(label, value));
    rules.labels.iter().for_each(|(label, value)| set.add_missing(label, value));
    Some(set.render(rules.bounds, "").ok()?.text().into())
}
