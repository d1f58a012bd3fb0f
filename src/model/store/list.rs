//! Lists every series with its details, for people who search for one. Changes nothing.

use super::group::Group;
use super::known::Known;
use super::{Store, parts_of};
use crate::base::clock::WallClock;
use crate::model::metric::{Kind, Labels, Point};
use std::time::{Duration, Instant};

/// One series.
pub struct Listed<'a> {
    pub name: &'a str,
    pub kind: Kind,
    pub labels: Labels<'a>,
    pub point: Point<'a>,
    /// How the bounds of its buckets were written, as for sinks.
    pub texts: &'a str,
    /// Time since its last sample, or since the time of its source.
    pub age: Duration,
    pub owner: Group,
}

impl Store {
    /// Passes every live series to `list`, in the order in which the page has them.
    pub fn list(&self, now: Instant, list: &mut dyn FnMut(&Listed<'_>)) {
        let wall = WallClock::now().since_epoch().as_millis();
        let times = (self.millis(now), i64::try_from(wall).unwrap_or(i64::MAX));
        for id in (0..self.families.len()).filter_map(|at| self.families.nth(at)) {
            if self.families.is_line(id) {
                continue;
            }
            for id in self.with_lines(id).into_iter().flatten() {
                let Some(family) = self.families.get(id) else { continue };
                if !parts_of(family.kind).is_empty() {
                    self.list_family(family, true, times, list);
                }
                self.list_family(family, false, times, list);
            }
        }
    }

    /// Lists its histograms and summaries, or its numbers; `now` and `wall` are the time of the store and that
    /// since 1970, in milliseconds.
    fn list_family(
        &self,
        family: &Known,
        wholes: bool,
        (now, wall): (u64, i64),
        list: &mut dyn FnMut(&Listed<'_>),
    ) {
        let is_of_parts = !parts_of(family.kind).is_empty();
        let kind = if is_of_parts && !wholes { Kind::Untyped } else { family.kind };
        let mut slot = family.first;
        while let Some(series) = self.series.get(slot as usize) {
            slot = series.next;
            if series.expires <= now || series.is_whole() != wholes {
                continue;
            }
            let millis = match series.own_time() {
                Some(time) => u64::try_from(wall.saturating_sub(time)).unwrap_or(0),
                None => now.saturating_sub(series.taken()),
            };
            let buckets = family.buckets();
            list(&Listed {
                name: &family.name,
                kind,
                labels: Labels::rendered(&series.text),
                point: series.point(buckets),
                texts: series.texts(buckets),
                age: Duration::from_millis(millis),
                owner: series.owner,
            });
        }
    }

    /// Whether the series of `owner` were pushed.
    pub fn is_pushed(&self, owner: Group) -> bool {
        self.groups.is_pushed(owner)
    }
}
