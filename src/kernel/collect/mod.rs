//! The collectors: one file a subject, and one row here for each.

mod arp;
mod attributes;
mod bcache;
mod bcachefs;
mod bonding;
pub mod boot;
mod btrfs;
mod buddyinfo;
mod cgroups;
#[cfg(feature = "hub")]
pub mod chrony;
mod collector;
mod conntrack;
pub mod conntrack_zones;
mod cpu;
mod cpu_columns;
mod cpu_vulnerabilities;
mod cpufreq;
#[cfg(feature = "hub")]
pub mod dhcp_leases;
mod disk;
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
mod ext4;
mod f2fs;
mod fibrechannel;
mod filefd;
mod filesystem;
mod gathered;
#[cfg(feature = "hub")]
pub mod gpsd;
mod growth;
mod hwmon;
mod iio;
mod infiniband;
mod info;
mod interrupts;
mod ipvs;
mod kept;
mod kernel_hung;
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
mod mmc;
#[cfg(feature = "hub")]
pub mod modemmanager;
mod mountstats;
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
mod process_groups;
mod processes;
mod qdisc;
mod rapl;
pub mod raspberrypi;
mod runit;
mod schedstat;
mod selinux;
mod slabinfo;
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
mod ubi;
#[cfg(feature = "hub")]
mod ubus;
mod udp_queues;
mod ufs;
mod uname;
mod units;
mod vmstat;
mod w1;
mod watchdog;
mod wifi;
mod wifi_link;
mod xfrm;
mod xfs;
mod zfs;
mod zoneinfo;
mod zram;

pub use collector::{Collector, PartialErrors, Scrape, Setup, Spec, Textfiles};
pub use filesystem::mounts_of;

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
    // Its samples need the store. Those below are about other programs, not the kernel.
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
    mmc::SPEC,
    ubi::SPEC,
    mtd::SPEC,
    ufs::SPEC,
    f2fs::SPEC,
    ext4::SPEC,
    disk_written::SPEC,
    boot::SPEC,
    raspberrypi::SPEC,
    #[cfg(feature = "hub")]
    nut::SPEC,
    #[cfg(feature = "hub")]
    chrony::SPEC,
    #[cfg(feature = "hub")]
    gpsd::SPEC,
    units::SPEC,
    iio::SPEC,
    w1::SPEC,
    zram::SPEC,
    process_groups::SPEC,
    kernel_log::SPEC,
    wifi_link::SPEC,
    #[cfg(feature = "hub")]
    modemmanager::SPEC,
    #[cfg(feature = "hub")]
    dhcp_leases::SPEC,
    conntrack_zones::SPEC,
    #[cfg(feature = "hub")]
    dsl::SPEC,
    #[cfg(feature = "hub")]
    poe::SPEC,
];

#[cfg(test)]
mod tests;
