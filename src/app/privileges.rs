//! What collectors that are on may not read here: `--check-config` says so before a scrape does.

use crate::base::log;
use crate::kernel::collect::{conntrack_zones, kernel_log};
use crate::kernel::read::Root;
use crate::settings::Settings;

/// Warns of each: how many.
pub fn check(settings: &Settings) -> usize {
    kernel_log::warn_of_lacking(settings) + warn_of_zones(settings)
}

fn warn_of_zones(settings: &Settings) -> usize {
    let is_on = |name| settings.collectors.iter().any(|one| one.name == name && one.enabled);
    if !is_on("conntrack_zones") || conntrack_zones::may_read(&Root::at(settings.paths.clone())) {
        return 0;
    }
    log::warn(
        "conntrack_zones: only root and its group may read /proc/net/nf_conntrack; put \
         SupplementaryGroups=root into a drop-in of the unit, or switch the collector off",
        &[],
    );
    1
}
