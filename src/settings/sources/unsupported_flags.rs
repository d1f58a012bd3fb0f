//! Flags of node_exporter 1.11 and 1.12 on Linux that this release has nothing for, so that a command
//! line brought along from there works: what only configures is ignored with a warning, what asks for
//! samples that would be missing is refused. Flags that there are here are looked up first.

use crate::base::text::words::quoted;

/// Its collectors.
const COLLECTORS: &str = "\
    arp bcache bcachefs bonding btrfs drbd drm edac \
    entropy ethtool fibrechannel infiniband interrupts ipvs lnstat logind mdadm \
    mountstats network_route nfs nfsd ntp nvme pcidevice perf powersupplyclass \
    qdisc rapl runit schedstat softirqs softnet supervisord \
    systemd tapestats tcpstat textfile udp_queues wifi xfrm xfs zfs";

/// Options of collectors that take no value.
const SWITCHES: &str = "\
    arp.netlink bcache.priorityStats interrupts.include-zeros \
    netdev.enable-detailed-metrics netdev.label-ifalias ntp.server-is-local pcidevice.names \
    perf.disable-cache-profilers perf.disable-hardware-profilers perf.disable-software-profilers \
    rapl.enable-zone-label systemd.enable-restarts-metrics systemd.enable-start-time-metrics \
    systemd.enable-task-metrics systemd.private";

/// Options of collectors that take a value.
const VALUES: &str = "\
    arp.device-exclude arp.device-include \
    ethtool.device-exclude ethtool.device-include ethtool.metrics-include interrupts.name-exclude \
    interrupts.name-include ipvs.backend-labels ntp.ip-ttl ntp.local-offset-tolerance \
    ntp.max-distance ntp.protocol-version ntp.server ntp.server-port pcidevice.idsfile \
    perf.cache-profilers perf.cpus perf.hardware-profilers perf.software-profilers perf.tracepoint \
    powersupply.ignored-supplies qdisc.device-exclude qdisc.device-include qdisc.fixtures \
    qdisk.device-exclude qdisk.device-include runit.servicedir \
    supervisord.url \
    systemd.unit-blacklist systemd.unit-exclude systemd.unit-include systemd.unit-whitelist \
    tapestats.ignored-devices textfile.directory wifi.fixtures";

/// Why an ignored flag has no effect.
pub const IGNORED: &str =
    "node_exporter's, and there is nothing for it to set in this release; it is ignored";

/// What is to be done with a flag of node_exporter's.
#[derive(Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// It switches off what is not there.
    AsksNothing,
    /// It configures what is not there; whether it takes a value.
    Ignored(bool),
    /// It asks for what is not there; what to do instead.
    Refused(String),
}

/// Judges the unknown flag `name`, without dashes; `valued` if `=` follows it. `None` if it is not
/// node_exporter's.
pub fn judge(name: &str, valued: bool) -> Option<Unsupported> {
    if name == "web.config.file" {
        let text = "there is no TLS and no authentication here; leave the flag out, and put a \
                    reverse proxy in front or listen where only the scraper comes";
        return Some(Unsupported::Refused(text.to_owned()));
    }
    let off = name.strip_prefix("no-");
    let flag = off.unwrap_or(name).strip_prefix("collector.")?;
    let is_one_of = |words: &str, word| words.split(' ').any(|known| known == word);
    let collector = flag.split('.').next().unwrap_or(flag);
    match off {
        None if is_one_of(VALUES, flag) => return Some(Unsupported::Ignored(true)),
        None if is_one_of(SWITCHES, flag) => return Some(Unsupported::Ignored(false)),
        Some(_) if !valued && (is_one_of(SWITCHES, flag) || is_one_of(COLLECTORS, flag)) => {
            return Some(Unsupported::AsksNothing);
        }
        _ if !is_one_of(COLLECTORS, collector) => return None,
        _ => {}
    }
    let (name, lacks) = (quoted(collector), " is not in this release; leave the flag out");
    Some(Unsupported::Refused(["node_exporter's collector ", &name, lacks].concat()))
}
