//! Series that nobody tells anything any more. Whether one was told something is seen at scrapes: its
//! cell is then another than at the last. One that was not for longer than the timeout is forgotten
//! with its keys; asked for again, it starts anew. While somebody keeps a handle it only sleeps: it is
//! not shown, and comes back with what it was when the handle is used again.

use super::catalog::{Catalog, Fate};
use super::page::{Page, Shown};
use super::series::Entry;
use super::shards::Shards;
use crate::metric::Kind;
use std::ops::BitOr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Kinds of metrics, any number of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MetricKindMask(u8);

impl MetricKindMask {
    /// None.
    pub const NONE: MetricKindMask = MetricKindMask(0);
    /// Counters.
    pub const COUNTER: MetricKindMask = MetricKindMask(1);
    /// Gauges.
    pub const GAUGE: MetricKindMask = MetricKindMask(2);
    /// Histograms, also those that are summaries.
    pub const HISTOGRAM: MetricKindMask = MetricKindMask(4);
    /// All.
    pub const ALL: MetricKindMask = MetricKindMask(7);

    /// Whether that kind is among them.
    pub fn matches(self, kind: Kind) -> bool {
        let of = match kind {
            Kind::Counter => MetricKindMask::COUNTER,
            Kind::Gauge | Kind::Untyped => MetricKindMask::GAUGE,
            Kind::Histogram | Kind::Summary => MetricKindMask::HISTOGRAM,
        };
        self.0 & of.0 != 0
    }
}

/// That of the crate `metrics-util`, which programs have that used another exporter.
#[cfg(feature = "metrics-util")]
impl From<metrics_util::MetricKindMask> for MetricKindMask {
    fn from(mask: metrics_util::MetricKindMask) -> MetricKindMask {
        use metrics_util::MetricKind;
        let all = [
            (MetricKind::Counter, MetricKindMask::COUNTER),
            (MetricKind::Gauge, MetricKindMask::GAUGE),
            (MetricKind::Histogram, MetricKindMask::HISTOGRAM),
        ];
        let named = all.into_iter().filter(|(kind, _)| mask.matches(*kind));
        named.fold(MetricKindMask::NONE, |so_far, (_, own)| so_far | own)
    }
}

impl BitOr for MetricKindMask {
    type Output = MetricKindMask;

    fn bitor(self, other: MetricKindMask) -> MetricKindMask {
        MetricKindMask(self.0 | other.0)
    }
}

/// Which series are forgotten when nobody told them anything for so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Idle {
    /// Of these kinds.
    pub kinds: MetricKindMask,
    /// For longer than this.
    pub after: Duration,
}

impl Idle {
    /// Series of these kinds, when they were told nothing for longer than this.
    pub fn new(kinds: MetricKindMask, after: Duration) -> Idle {
        Idle { kinds, after }
    }
}

impl Entry {
    /// Whether nobody told it anything for longer than `after`, at `now`.
    fn is_idle(&mut self, now: u64, after: u64) -> bool {
        let (touched, mark) = self.cell.look();
        match self.changed {
            Some(changed) if !touched && mark == self.mark => now.saturating_sub(changed) > after,
            _ => {
                (self.mark, self.changed, self.asleep) = (mark, Some(now), false);
                false
            }
        }
    }
}

impl Page {
    /// Forgets what is idle.
    pub fn sweep(&mut self, now: u64, idle: &Idle, catalog: &Mutex<Catalog>, shards: &Shards) {
        let after = u64::try_from(idle.after.as_millis()).unwrap_or(u64::MAX);
        for Shown { family, series, .. } in &mut self.families {
            if !idle.kinds.matches(family.kind) {
                continue;
            }
            series.retain(|entry| {
                if !entry.is_idle(now, after) {
                    return true;
                }
                let mut catalog = catalog.lock().unwrap_or_else(PoisonError::into_inner);
                let fate = catalog.let_go(entry.place, entry.mark, shards);
                if let Fate::Stays = fate {
                    // It was told something in between.
                    entry.changed = None;
                }
                entry.asleep = matches!(fate, Fate::Sleeps);
                !matches!(fate, Fate::Goes)
            });
        }
        self.families.retain(|shown| shown.series.len() > 0);
    }
}
