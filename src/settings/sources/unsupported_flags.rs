//! Flags of node_exporter 1.12 on Linux that a build may not support, so that a command line
//! from there still works: a flag that only configures is ignored with a warning, one that asks for samples that
//! would be missing is rejected. Supported flags are looked up first, so a new collector needs no
//! change of these lists.

use crate::base::text::words::quoted;
use std::ffi::OsStr;

/// Its collectors, except those of every build.
const COLLECTORS: &str = "\
    arp bcache bcachefs bonding btrfs buddyinfo cgroups cpu_vulnerabilities dmi dmmultipath drbd \
    drm edac entropy ethtool fibrechannel infiniband interrupts ipvs kernel_hung ksmd lnstat \
    logind mdadm meminfo_numa mountstats network_route nfs nfsd ntp nvme nvmesubsystem os \
    pcidevice perf powersupplyclass processes qdisc rapl runit schedstat selinux slabinfo softirqs \
    softnet supervisord swap sysctl systemd tapestats tcpstat textfile udp_queues watchdog wifi \
    xfrm xfs zfs zoneinfo";

/// Options of collectors without a value.
const SWITCHES: &str = "\
    arp.netlink bcache.priorityStats cpu.info interrupts.include-zeros \
    netdev.enable-detailed-metrics netdev.label-ifalias ntp.server-is-local pcidevice.names \
    perf.disable-cache-profilers perf.disable-hardware-profilers perf.disable-software-profilers \
    rapl.enable-zone-label systemd.enable-restarts-metrics systemd.enable-start-time-metrics \
    systemd.enable-task-metrics systemd.private";

/// Options of collectors with a value.
const VALUES: &str = "\
    arp.device-exclude arp.device-include cpu.info.bugs-include cpu.info.flags-include \
    ethtool.device-exclude ethtool.device-include ethtool.metrics-include \
    infiniband.device-exclude infiniband.device-include interrupts.name-exclude \
    interrupts.name-include ipvs.backend-labels ntp.ip-ttl ntp.local-offset-tolerance \
    ntp.max-distance ntp.protocol-version ntp.server ntp.server-port pcidevice.idsfile \
    perf.cache-profilers perf.cpus perf.hardware-profilers perf.software-profilers perf.tracepoint \
    powersupply.ignored-supplies qdisc.device-exclude qdisc.device-include qdisc.fixtures \
    qdisk.device-exclude qdisk.device-include runit.servicedir slabinfo.slabs-exclude \
    slabinfo.slabs-include supervisord.url sysctl.include sysctl.include-info \
    systemd.unit-blacklist systemd.unit-exclude systemd.unit-include systemd.unit-whitelist \
    tapestats.ignored-devices textfile.directory wifi.fixtures";

/// Those options with a value that may be given several times.
const REPEATABLE: &str = "\
    perf.cache-profilers perf.hardware-profilers perf.software-profilers perf.tracepoint \
    sysctl.include sysctl.include-info textfile.directory";

/// Collectors whose options begin with another name.
const OTHER_NAMES: [(&str, &str); 2] = [("powersupply", "powersupplyclass"), ("qdisk", "qdisc")];

/// Why an ignored flag has no effect.
pub const IGNORED: &str =
    "node_exporter's, and there is nothing for it to set in this release; it is ignored";

/// Why its file with TLS and users is rejected.
const NO_TLS: &str = "TLS is not built in, nor are users: take a binary that is not -tiny; or leave the \
                      flag out, and put a reverse proxy in front or listen where only the scraper comes";

/// Why an option of an existing collector is rejected.
const NOT_SO: &str = "node_exporter's, and would change what this collector shows, which this release \
                      cannot; leave the flag out";

/// How to treat a flag of node_exporter's.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// It switches off, or leaves out, something that is missing anyway.
    AsksNothing,
    /// It configures something that is missing; whether it has a value.
    Ignored(bool),
    /// It asks for something that is missing; what to do instead.
    Refused(String),
}

/// Judges the unknown flag `name`, without dashes, and its value after `=`. `has` returns whether there
/// is a collector. `None` if the flag is not node_exporter's.
pub fn judge(name: &str, value: Option<&OsStr>, has: impl Fn(&str) -> bool) -> Option<Unsupported> {
    if name == "web.config.file" {
        // An empty file name is the default.
        let is_none = value.is_some_and(OsStr::is_empty);
        let refused = Unsupported::Refused(NO_TLS.to_owned());
        return Some(if is_none { Unsupported::AsksNothing } else { refused });
    }
    let off = name.strip_prefix("no-");
    let flag = off.unwrap_or(name).strip_prefix("collector.")?;
    let collector = flag.split('.').next().unwrap_or(flag);
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == collector);
    let collector = other.map_or(collector, |(_, name)| name);
    let is_there = has(collector);
    let [is_switch, takes_value] = [SWITCHES, VALUES].map(|words| is_one_of(words, flag));
    match off {
        Some(_) if value.is_none() && (is_switch || is_one_of(COLLECTORS, flag)) => {
            return Some(Unsupported::AsksNothing);
        }
        // The collector exists, and would show something else.
        None if is_there && (is_switch || takes_value) => {
            return Some(Unsupported::Refused(NOT_SO.to_owned()));
        }
        None if is_switch || takes_value => return Some(Unsupported::Ignored(takes_value)),
        _ if is_there || !is_one_of(COLLECTORS, collector) => return None,
        _ => {}
    }
    let (name, lacks) = (quoted(collector), " is not in this release; leave the flag out");
    Some(Unsupported::Refused(["node_exporter's collector ", &name, lacks].concat()))
}

/// Whether node_exporter accepts the flag `name`, without dashes, several times.
pub fn is_repeatable(name: &str) -> bool {
    name.strip_prefix("collector.").is_some_and(|flag| is_one_of(REPEATABLE, flag))
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}
