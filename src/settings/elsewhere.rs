//! Flags that node_exporter has and this release has not, so that whoever brings its command line
//! along is told what to do with each.

use super::problem::quoted;

/// node_exporter's collectors on Linux, release 1.11; those that there are here are looked up first.
static COLLECTORS: &[&str] = &[
    "arp",
    "bcache",
    "bcachefs",
    "bonding",
    "btrfs",
    "buddyinfo",
    "cgroups",
    "conntrack",
    "cpu",
    "cpu_vulnerabilities",
    "cpufreq",
    "diskstats",
    "dmi",
    "drbd",
    "drm",
    "edac",
    "entropy",
    "ethtool",
    "fibrechannel",
    "filefd",
    "filesystem",
    "hwmon",
    "infiniband",
    "interrupts",
    "ipvs",
    "kernel_hung",
    "ksmd",
    "lnstat",
    "loadavg",
    "logind",
    "mdadm",
    "meminfo",
    "meminfo_numa",
    "mountstats",
    "netclass",
    "netdev",
    "netstat",
    "network_route",
    "nfs",
    "nfsd",
    "ntp",
    "nvme",
    "os",
    "pcidevice",
    "perf",
    "powersupplyclass",
    "pressure",
    "processes",
    "qdisc",
    "rapl",
    "runit",
    "schedstat",
    "selinux",
    "slabinfo",
    "sockstat",
    "softirqs",
    "softnet",
    "stat",
    "supervisord",
    "swap",
    "sysctl",
    "systemd",
    "tapestats",
    "tcpstat",
    "textfile",
    "thermal_zone",
    "time",
    "timex",
    "udp_queues",
    "uname",
    "vmstat",
    "watchdog",
    "wifi",
    "xfrm",
    "xfs",
    "zfs",
    "zoneinfo",
];

/// What is to be said of a flag of node_exporter's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// It switches off what is not there.
    AsksNothing,
    /// It asks for what is not there; what to do instead.
    Lacks(String),
}

/// Judges the unknown flag `name`, without dashes; `valued` if `=` follows it. `None` if it is not
/// node_exporter's, or of a collector that `is_here`.
pub(super) fn judge(name: &str, valued: bool, is_here: impl Fn(&str) -> bool) -> Option<Elsewhere> {
    if name == "web.config.file" {
        let text = "there is no TLS and no authentication here; leave the flag out, and put a \
                    reverse proxy in front or listen where only the scraper comes";
        return Some(Elsewhere::Lacks(text.to_owned()));
    }
    let off = name.strip_prefix("no-");
    let flag = off.unwrap_or(name).strip_prefix("collector.")?;
    let (collector, option) = flag.split_once('.').unwrap_or((flag, ""));
    if is_here(collector) || !COLLECTORS.contains(&collector) {
        return None;
    }
    if off.is_some() && option.is_empty() && !valued {
        return Some(Elsewhere::AsksNothing);
    }
    let text = [
        "node_exporter's collector ",
        &quoted(collector),
        " is not in this release; leave the flag out",
    ];
    Some(Elsewhere::Lacks(text.concat()))
}
