//! The collectors: one file a subject, and one row here for each.

mod arp;
mod attributes;
mod bcache;
mod bcachefs;
mod bonding;
#[cfg(feature = "hub")]
pub mod boot;
mod btrfs;
mod buddyinfo;
mod cgroups;
#[cfg(feature = "hub")]
pub mod chrony;
mod collector;
mod conntrack;
#[cfg(feature = "hub")]
pub mod conntrack_zones;
mod cpu;
mod cpu_columns;
mod cpu_vulnerabilities;
mod cpufreq;
#[cfg(feature = "hub")]
pub mod dhcp_leases;
mod disk;
#[cfg(feature = "hub")]
mod disk_written;
mod dmi;
mod dmmultipath;
mod drbd;
mod drm;
#[cfg(feature = "hub")]
mod dsl;
mod edac;
mod entropy;
mod ethtool;
#[cfg(feature = "hub")]
mod ext4;
#[cfg(feature = "hub")]
mod f2fs;
mod fibrechannel;
mod filefd;
mod filesystem;
mod gathered;
#[cfg(feature = "hub")]
pub mod gpsd;
#[cfg(feature = "hub")]
mod growth;
mod hwmon;
#[cfg(feature = "hub")]
mod iio;
mod infiniband;
mod info;
mod interrupts;
mod ipvs;
#[cfg(feature = "hub")]
mod kept;
mod kernel_hung;
#[cfg(feature = "hub")]
pub mod kernel_log;
mod keyed;
mod ksmd;
mod learned;
mod lines;
mod lnstat;
mod loadavg;
#[cfg(feature = "hub")]
mod logind;
mod mdadm;
mod meminfo_numa;
mod memory;
#[cfg(feature = "hub")]
mod mmc;
#[cfg(feature = "hub")]
pub mod modemmanager;
mod mountstats;
#[cfg(feature = "hub")]
mod mtd;
mod netclass;
mod netstat;
mod network;
mod network_route;
mod nfs;
mod nfsd;
#[cfg(feature = "hub")]
mod ntp;
#[cfg(feature = "hub")]
pub mod nut;
mod nvme;
mod nvmesubsystem;
mod os;
mod pcidevice;
mod perf;
#[cfg(feature = "hub")]
mod poe;
mod powersupplyclass;
mod pressure;
#[cfg(feature = "hub")]
mod process_groups;
mod processes;
mod qdisc;
mod rapl;
#[cfg(feature = "hub")]
pub mod raspberrypi;
mod runit;
mod schedstat;
mod selinux;
mod slabinfo;
#[cfg(feature = "hub")]
mod slow;
mod sockstat;
mod softirqs;
mod softnet;
mod stat;
mod subtree;
#[cfg(feature = "hub")]
mod supervisord;
mod swap;
mod sysctl;
#[cfg(feature = "hub")]
mod systemd;
mod tapestats;
mod tcpstat;
#[cfg(test)]
pub(crate) mod testing;
pub mod textfile;
mod thermal_zone;
mod time;
mod timex;
#[cfg(feature = "hub")]
mod ubi;
#[cfg(feature = "hub")]
mod ubus;
mod udp_queues;
#[cfg(feature = "hub")]
mod ufs;
mod uname;
#[cfg(feature = "hub")]
mod units;
mod vmstat;
#[cfg(feature = "hub")]
mod w1;
mod watchdog;
mod wifi;
#[cfg(feature = "hub")]
mod wifi_link;
mod xfrm;
mod xfs;
mod zfs;
mod zoneinfo;
#[cfg(feature = "hub")]
mod zram;

pub use collector::{Collector, PartialErrors, Scrape, Setup, Spec, Textfiles};
pub use filesystem::mounts_of;

/// Every collector, in the order of the scrape. The only list of them. A build without `hub` has those of node_exporter
/// that query no other program.
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
    softnet::SPEC,
    entropy::SPEC,
    arp::SPEC,
    udp_queues::SPEC,
    schedstat::SPEC,
    interrupts::SPEC,
    softirqs::SPEC,
    xfrm::SPEC,
    lnstat::SPEC,
    #[cfg(feature = "hub")]
    systemd::SPEC,
    #[cfg(feature = "hub")]
    logind::SPEC,
    #[cfg(feature = "hub")]
    supervisord::SPEC,
    tcpstat::SPEC,
    qdisc::SPEC,
    network_route::SPEC,
    ipvs::SPEC,
    pcidevice::SPEC,
    mountstats::SPEC,
    #[cfg(feature = "hub")]
    ntp::SPEC,
    ethtool::SPEC,
    wifi::SPEC,
    perf::SPEC,
    runit::SPEC,
    edac::SPEC,
    bonding::SPEC,
    nvme::SPEC,
    rapl::SPEC,
    powersupplyclass::SPEC,
    nvmesubsystem::SPEC,
    mdadm::SPEC,
    fibrechannel::SPEC,
    infiniband::SPEC,
    cgroups::SPEC,
    ksmd::SPEC,
    cpu_vulnerabilities::SPEC,
    kernel_hung::SPEC,
    nfs::SPEC,
    nfsd::SPEC,
    xfs::SPEC,
    btrfs::SPEC,
    bcache::SPEC,
    zfs::SPEC,
    drm::SPEC,
    tapestats::SPEC,
    dmmultipath::SPEC,
    bcachefs::SPEC,
    drbd::SPEC,
    os::SPEC,
    selinux::SPEC,
    watchdog::SPEC,
    dmi::SPEC,
    buddyinfo::SPEC,
    zoneinfo::SPEC,
    swap::SPEC,
    meminfo_numa::SPEC,
    slabinfo::SPEC,
    sysctl::SPEC,
    processes::SPEC,
    #[cfg(feature = "hub")]
    mmc::SPEC,
    #[cfg(feature = "hub")]
    ubi::SPEC,
    #[cfg(feature = "hub")]
    mtd::SPEC,
    #[cfg(feature = "hub")]
    ufs::SPEC,
    #[cfg(feature = "hub")]
    f2fs::SPEC,
    #[cfg(feature = "hub")]
    ext4::SPEC,
    #[cfg(feature = "hub")]
    disk_written::SPEC,
    #[cfg(feature = "hub")]
    boot::SPEC,
    #[cfg(feature = "hub")]
    raspberrypi::SPEC,
    #[cfg(feature = "hub")]
    nut::SPEC,
    #[cfg(feature = "hub")]
    chrony::SPEC,
    #[cfg(feature = "hub")]
    gpsd::SPEC,
    #[cfg(feature = "hub")]
    units::SPEC,
    #[cfg(feature = "hub")]
    iio::SPEC,
    #[cfg(feature = "hub")]
    w1::SPEC,
    #[cfg(feature = "hub")]
    zram::SPEC,
    #[cfg(feature = "hub")]
    process_groups::SPEC,
    #[cfg(feature = "hub")]
    kernel_log::SPEC,
    #[cfg(feature = "hub")]
    wifi_link::SPEC,
    #[cfg(feature = "hub")]
    modemmanager::SPEC,
    #[cfg(feature = "hub")]
    dhcp_leases::SPEC,
    #[cfg(feature = "hub")]
    conntrack_zones::SPEC,
    #[cfg(feature = "hub")]
    dsl::SPEC,
    #[cfg(feature = "hub")]
    poe::SPEC,
];

#[cfg(test)]
mod tests;
