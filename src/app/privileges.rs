//! What collectors that are on cannot read here: `--check-config` reports it before a scrape does.

use crate::base::log;
#[cfg(feature = "hub")]
use crate::kernel::collect::{conntrack_zones, kernel_log};
#[cfg(feature = "hub")]
use crate::kernel::read::Root;
use crate::settings::Settings;
use std::path::Path;

/// Warns of each; returns how many there are.
pub fn check(settings: &Settings) -> usize {
    #[cfg(feature = "hub")]
    let lacking = kernel_log::warn_of_lacking(settings) + warn_of_zones(settings);
    #[cfg(not(feature = "hub"))]
    let lacking = 0;
    lacking + warn_of_trees(settings)
}

/// Warns of each tree that is configured to another place than usual and does not exist, such as the host's
/// in a container that lacks the mount; returns how many. Most collectors would only report
/// that the kernel does not offer their file.
pub fn warn_of_trees(settings: &Settings) -> usize {
    let paths = &settings.paths;
    let trees = [
        ("paths.procfs", &paths.procfs, "/proc"),
        ("paths.sysfs", &paths.sysfs, "/sys"),
        ("paths.rootfs", &paths.rootfs, "/"),
    ];
    let absent =
        trees.iter().filter(|(_, path, usual)| *path != Path::new(usual) && !path.is_dir());
    absent
        .inspect(|(key, path, _)| {
            let text =
                "no such directory: nothing can be read there; mount it, or correct the path";
            log::warn(text, &[("setting", key), ("path", &path.display())]);
        })
        .count()
}

#[cfg(feature = "hub")]
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
