//! The size of the store, and the share that each source may have of it. A source is a target or a rule for
//! logs, each for itself, all that is pushed as to a Pushgateway, or all JSON and statsd. A bound is
//! for all together; of families and bytes one target or rule may have three quarters, of series what its
//! own settings allow. Beyond the bound there is a quarter more for sources that have next to nothing: so
//! no source is locked out by another.

use super::amount::Amount;
use super::{Group, Reason, Store};

/// This fraction (a quarter) is kept for sources that have little.
const PARTS: usize = 4;

impl Store {
    pub(super) fn charge(&mut self, account: Group, more: Amount) {
        self.held.add(more);
        self.groups.held_mut(account).add(more);
    }

    pub(super) fn refund(&mut self, account: Group, less: Amount) {
        self.held.take(less);
        self.groups.held_mut(account).take(less);
    }

    /// Checks whether the group may add `more`.
    ///
    /// # Errors
    ///
    /// The bound that is exceeded.
    pub fn room(&self, group: Group, more: Amount) -> Result<(), Reason> {
        let account = self.groups.account(group);
        let (bounds, all, own) = (&self.bounds, self.held, self.groups.held(account));
        let sources = self.groups.sources();
        for (reason, bound, all, own, more) in [
            (Reason::Series, bounds.series, all.series, own.series, more.series),
            (Reason::Families, bounds.families, all.families, own.families, more.families),
            (Reason::Bytes, self.max_bytes, all.bytes, own.bytes, more.bytes),
        ] {
            let (spare, all, own) = (bound / PARTS, all + more, own + more);
            let is_capped = !account.is_pushed() && reason != Reason::Series;
            let most = if is_capped { bound - spare } else { bound };
            let is_little = own <= spare / sources && all <= bound + spare;
            if more > 0 && !(all <= bound && own <= most || is_little) {
                return Err(reason);
            }
        }
        Ok(())
    }
}
