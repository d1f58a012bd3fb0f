//! What this box can tell: one file a subject, one row here for each.

mod attributes;
mod buddyinfo;
mod cgroups;
mod collector;
mod conntrack;
mod cpu;
mod cpu_vulnerabilities;
mod cpufreq;
mod disk;
mod dmi;
mod filefd;
mod filesystem;
mod hwmon;
mod info;
mod kernel_hung;
mod keyed;
mod ksmd;
mod loadavg;
mod meminfo_numa;
mod memory;
mod netclass;
mod netstat;
mod network;
mod os;
mod pressure;
mod processes;
mod selinux;
mod slabinfo;
mod sockstat;
mod stat;
mod swap;
mod sysctl;
#[cfg(test)]
pub(crate) mod testing;
pub mod textfile;
mod thermal_zone;
mod time;
mod timex;
mod uname;
mod vmstat;
mod watchdog;
mod zoneinfo;

pub use collector::{Collector, PartialErrors, Scrape, Setup, Spec, Textfiles};

/// Every collector, in the order of the scrape. The only list of them.
pub static COLLECTORS: &[Spec] = &[
    cpu::SPEC,
    memory::SPEC,
    disk::SPEC,
    network::SPEC,
    loadavg::SPEC,
    thermal_zone::SPEC,
    vmstat::SPEC,
    filesystem::SPEC,
    uname::SPEC,
    time::SPEC,
    timex::SPEC,
    netclass::SPEC,
    hwmon::SPEC,
    cpufreq::SPEC,
    stat::SPEC,
    netstat::SPEC,
    sockstat::SPEC,
    pressure::SPEC,
    conntrack::SPEC,
    filefd::SPEC,
    // Its samples need the store.
    #[cfg(feature = "hub")]
    textfile::SPEC,
    os::SPEC,
    selinux::SPEC,
    watchdog::SPEC,
    dmi::SPEC,
    buddyinfo::SPEC,
    zoneinfo::SPEC,
    swap::SPEC,
    meminfo_numa::SPEC,
    slabinfo::SPEC,
    ksmd::SPEC,
    cgroups::SPEC,
    cpu_vulnerabilities::SPEC,
    kernel_hung::SPEC,
    sysctl::SPEC,
    processes::SPEC,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::model::metric::Kind;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_well_formed() {
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut seen = HashSet::new();
            for family in COLLECTORS.iter().flat_map(|c| c.families) {
                let Some((name, _)) = family.named(dialect) else { continue };
                assert!(seen.insert(name), "{name} declared twice in {dialect:?}");
                assert!(family.help.ends_with('.'), "{name}");
                let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                assert!(name.chars().all(is_word), "{name}");
                assert_eq!(family.kind == Kind::Counter, name.ends_with("_total"), "{name}");
            }
        }
    }

    #[test]
    fn every_file_is_in_the_table() {
        for entry in std::fs::read_dir("src/kernel/collect").unwrap() {
            let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
            let registered = COLLECTORS.iter().any(|c| c.subject.name == name);
            let is_engine =
                ["mod", "attributes", "collector", "info", "keyed", "testing"].contains(&&*name);
            assert!(is_engine || registered, "{name} is not registered");
        }
    }
}
