//! CPUs, sensors, links, disks and file systems.

use crate::common::json::{Json, items, reading};
use crate::common::{Agent, Temp};
use crate::support::{row, status};
use std::fs;

/// An agent with the files of `machine`, some of `/proc` written anew.
fn with_proc(machine: &str, files: &[(&str, &[u8])]) -> (Temp, Agent) {
    let proc = Temp::proc_of(machine);
    files.iter().for_each(|(name, text)| _ = proc.write(name, text));
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine(machine).arg(procfs).start();
    (proc, agent)
}

#[test]
fn every_core_is_shown_and_guests_count_once() {
    for machine in ["box", "many", "old", "single"] {
        let text = fs::read_to_string(format!("fixtures/{machine}/proc/stat")).unwrap();
        let lines =
            text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
        let expected: Vec<(String, f64, f64)> = lines
            .map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let modes = fields[1..].iter().take(8).map(|n| n.parse::<u64>().unwrap());
                let modes: Vec<u64> = modes.collect();
                let all: u64 = modes.iter().sum();
                let idle = modes[3] + modes.get(4).unwrap_or(&0);
                (fields[0][3..].to_owned(), (all - idle) as f64 / 100.0, all as f64 / 100.0)
            })
            .collect();
        for dialect in ["sysmetrics", "node_exporter"] {
            let plan = Agent::plan().machine(machine).arg(format!("--dialect={dialect}"));
            let json = status(&plan.arg("--listen=127.0.0.1:0").start());
            let cpu = json.get("cpu").unwrap();
            let cores = items(cpu, "cores").iter().map(|core| {
                let of = |key| reading(core, key).unwrap();
                (core.text("cpu").to_owned(), of("busy_seconds"), of("total_seconds"))
            });
            assert_eq!(cores.collect::<Vec<_>>(), expected, "{machine} {dialect}");
            assert_eq!(reading(cpu, "cores_left_out"), Some(0.0));
        }
    }
}

#[test]
fn cores_are_bounded_and_the_others_counted() {
    let line = |n: u32| format!("cpu{n} 1 2 3 4 5 6 7 8 9 10\n");
    let stat: String = (0..300).map(|n| line(n * 2)).collect();
    let (_proc, agent) = with_proc("box", &[("stat", stat.as_bytes())]);
    let json = status(&agent);
    let cpu = json.get("cpu").unwrap();
    let cores = items(cpu, "cores");
    assert_eq!((cores.len(), cores[255].text("cpu")), (256, "510"));
    assert_eq!(reading(&cores[255], "busy_seconds"), Some(0.27));
    assert_eq!(reading(&cores[255], "total_seconds"), Some(0.36));
    assert_eq!(reading(cpu, "cores_left_out"), Some(44.0));
    assert_eq!(reading(cpu, "count"), Some(300.0));
    assert_eq!(reading(&json, "left_out"), Some(0.0));
}

#[test]
fn temperatures_have_names_for_people() {
    for dialect in ["sysmetrics", "node_exporter"] {
        let plan = Agent::plan().machine("box").arg(format!("--dialect={dialect}"));
        let json = status(&plan.arg("--listen=127.0.0.1:0").start());
        let all = items(&json, "temperatures").iter();
        let all: Vec<_> = all
            .map(|t| (t.text("sensor"), reading(t, "celsius"), reading(t, "critical_celsius")))
            .collect();
        let expected = [
            ("coretemp temp1 (Package id 0)", Some(47.5), Some(100.0)),
            ("coretemp temp2 (Core 0)", Some(46.25), None),
            ("nct6779 temp7", Some(-3.5), None),
            ("sfp_eth1 temp1 (temperature)", Some(41.25), Some(85.0)),
            ("acpitz zone0", Some(27.8), None),
            ("x86_pkg_temp zone1", Some(51.0), None),
        ];
        assert_eq!(all, expected, "{dialect}");
    }
}

/// Two drives of one driver are told apart, and what a file says is data.
#[test]
fn hostile_sensors_are_named_and_bounded() {
    let sys = Temp::new();
    let put = |file: &str, text: &[u8]| sys.write(&format!("class/hwmon/{file}"), text);
    for chip in ["hwmon0", "hwmon1"] {
        put(&format!("{chip}/name"), b"nvme\n");
        put(&format!("{chip}/temp1_input"), b"30000\n");
        put(&format!("{chip}/temp1_label"), b"\"\xff\x01</b>\n");
        put(&format!("{chip}/temp1_crit"), b"-5\n");
    }
    (1..=80).for_each(|n| _ = put(&format!("hwmon2/temp{n}_input"), b"1000\n"));
    put("hwmon2/name", b"big\n");
    let sysfs = format!("--path.sysfs={}", sys.as_ref().display());
    let json = status(&Agent::plan().machine("box").arg(sysfs).start());
    let all = items(&json, "temperatures");
    assert_eq!(all.len(), 64);
    let named = |part: &str| all.iter().filter(|t| t.text("sensor").contains(part)).count();
    assert_eq!((named("nvme_hwmon"), named("big ")), (2, 62));
    let [first, second, ..] = all else { panic!() };
    assert_ne!(first.text("sensor"), second.text("sensor"));
    assert!(first.text("sensor").ends_with(" temp1 (\"\u{fffd}\u{1}</b>)"), "{first:?}");
    assert_eq!((reading(first, "celsius"), reading(first, "critical_celsius")), (Some(30.0), None));
    assert_eq!(reading(&json, "left_out"), Some(18.0));
    assert_eq!(reading(json.get("temperature").unwrap(), "celsius"), Some(30.0));
}

#[test]
fn the_state_of_links_is_shown() {
    for dialect in ["sysmetrics", "node_exporter"] {
        let plan = Agent::plan().machine("box").arg(format!("--dialect={dialect}"));
        let json = status(&plan.arg("--listen=127.0.0.1:0").start());
        for (name, operstate, is_up, speed) in [
            ("eth0", "up", true, Some(312_500_000.0)),
            ("wlan0", "dormant", false, None),
            ("docker0", "down", false, None),
            ("veth1a2b3c", "up", true, Some(1_250_000_000.0)),
            ("br-lan", "lowerlayerdown", false, Some(125_000_000.0)),
        ] {
            let link = row(&json, "network", "interface", name);
            assert_eq!(link.text("operstate"), operstate, "{name}");
            assert_eq!(link.get("up"), Some(&Json::Bool(is_up)), "{name}");
            assert_eq!(reading(link, "speed_bytes"), speed, "{name}");
            assert_eq!(link.get("addresses"), Some(&Json::Null), "those of another machine");
            assert_eq!(link.get("carrier"), None);
        }
        let has_loopback = items(&json, "network").iter().any(|i| i.text("interface") == "lo");
        assert_eq!(has_loopback, dialect == "node_exporter", "what is left out stays so");
    }
}

/// A driver that tells no state: with a carrier it is up.
#[test]
fn an_unknown_state_with_a_carrier_is_up() {
    let sys = Temp::new();
    for (name, state, carrier) in
        [("eth0", "unknown", "1"), ("wlan0", "unknown", "0"), ("docker0", "unknown", "")]
    {
        sys.write(&format!("class/net/{name}/operstate"), format!("{state}\n"));
        sys.write(&format!("class/net/{name}/carrier"), format!("{carrier}\n"));
    }
    sys.write("class/net/br-lan/mtu", "1500\n");
    let sysfs = format!("--path.sysfs={}", sys.as_ref().display());
    let json = status(&Agent::plan().machine("box").arg(sysfs).start());
    for (name, expected) in [
        ("eth0", Json::Bool(true)),
        ("wlan0", Json::Bool(false)),
        ("docker0", Json::Bool(false)),
        ("br-lan", Json::Null),
        ("veth1a2b3c", Json::Null),
    ] {
        assert_eq!(row(&json, "network", "interface", name).get("up"), Some(&expected), "{name}");
    }
}

/// A container has no `/sys`: what is not read is null, and nothing is made up.
#[test]
fn without_sysfs_nothing_is_made_up() {
    let json = status(&Agent::plan().machine("container").start());
    for interface in items(&json, "network") {
        for key in ["up", "operstate", "speed_bytes", "addresses"] {
            assert_eq!(interface.get(key), Some(&Json::Null), "{key} in {interface:?}");
        }
        assert!(reading(interface, "receive_bytes").is_some());
    }
    assert_eq!(items(&json, "temperatures"), []);
    assert_eq!(items(&json, "disks"), []);
    assert!(!items(json.get("cpu").unwrap(), "cores").is_empty());
    let json = status(&Agent::plan().machine("empty").start());
    let cpu = json.get("cpu").unwrap();
    assert_eq!((items(cpu, "cores"), cpu.get("cores_left_out")), (&[][..], Some(&Json::Null)));
}

/// The addresses of this machine, as the kernel's text has those of IPv6.
#[test]
fn addresses_are_those_of_the_kernel() {
    let agent = Agent::plan().arg("--dialect=node_exporter").arg("--listen=127.0.0.1:0").start();
    let json = status(&agent);
    let addresses = |name: &str| {
        let row = row(&json, "network", "interface", name);
        let all = items(row, "addresses").iter();
        all.map(|a| if let Json::Text(a) = a { a.clone() } else { panic!() }).collect::<Vec<_>>()
    };
    assert!(addresses("lo").contains(&"127.0.0.1/8".to_owned()), "{json:?}");
    let text = fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    for line in text.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let ip = std::net::Ipv6Addr::from(u128::from_str_radix(fields[0], 16).unwrap());
        let prefix = u8::from_str_radix(fields[2], 16).unwrap();
        assert!(addresses(fields[5]).contains(&format!("{ip}/{prefix}")), "{line}");
    }
    // The same as metrics, where they are asked for.
    assert!(!agent.get("/metrics").text().contains("address_info"));
    let flag = "--collector.netdev.address-info";
    let plan = Agent::plan().arg("--dialect=node_exporter").arg(flag);
    let agent = plan.arg("--listen=127.0.0.1:0").start();
    let labels = "{device=\"lo\",address=\"127.0.0.1\",netmask=\"8\",scope=\"link-local\"} 1\n";
    let line = ["node_network_address_info", labels].concat();
    assert!(agent.get("/metrics").text().contains(&line));
}

#[test]
fn disks_have_sizes_and_partitions_are_known() {
    let partitions = "major minor  #blocks  name\n\n   8        0  500107608 sda\n   8  1  x sda1\n\
        garbage\n8 2\n   8        2     498688 sda2\n 259 0 18446744073709551615 nvme0n1\n 9 9 7 gone\n";
    let (proc, agent) = with_proc("box", &[("partitions", partitions.as_bytes())]);
    let json = status(&agent);
    for (name, is_partition, size) in [
        ("sda", false, Some(500_107_608.0 * 1024.0)),
        ("sda1", true, None),
        ("sda2", true, Some(498_688.0 * 1024.0)),
        ("nvme0n1", false, Some(u64::MAX as f64 * 1024.0)),
        ("nvme0n1p3", true, None),
        ("sr0", false, None),
        ("zram0", false, None),
    ] {
        let disk = row(&json, "disks", "device", name);
        assert_eq!(disk.get("is_partition"), Some(&Json::Bool(is_partition)), "{name}");
        assert_eq!(reading(disk, "size_bytes"), size, "{name}");
    }
    assert!(items(&json, "disks").iter().all(|disk| disk.text("device") != "gone"));
    fs::remove_file(proc.path("partitions")).unwrap();
    let json = status(&agent);
    assert_eq!(reading(row(&json, "disks", "device", "sda"), "size_bytes"), None);
}

/// A partition is one only beside its disk, whatever the names are.
#[test]
fn partitions_are_known_by_their_disk() {
    let names = [
        ("xvda1", false), // a disk of its own
        ("sdb", false),
        ("sdb10", true),
        ("sdp", false),
        ("sdp1", true),
        ("mmcblk0", false),
        ("mmcblk0p2", true),
        ("mmcblk0boot0", false),
        ("md1", false),
        ("md12", false),
        ("md12p1", true),
        ("nvme0n1", false),
        ("nvme0n11", false),
        ("cciss/c0d0", false),
        ("cciss/c0d0p1", true),
        ("7", false),
        ("p1", false),
    ];
    let line = |name: &str| format!("8 0 {name} 1 2 3 4 5 6 7 8 9 10 11\n");
    let text: String = names.iter().map(|(name, _)| line(name)).collect();
    let (_proc, agent) = with_proc("box", &[("diskstats", text.as_bytes())]);
    let json = status(&agent);
    for (name, is_partition) in names {
        let disk = row(&json, "disks", "device", name);
        assert_eq!(disk.get("is_partition"), Some(&Json::Bool(is_partition)), "{name}");
    }
}

#[test]
fn file_systems_have_device_type_and_state() {
    let mounts = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /nowhere\\040here ro - tmpfs q\"\\134x ro\n\
        3 1 0:9 / /nowhere\\040here rw - ramfs again rw\n4 1 0:9 / /tmp ro - tmpfs \u{ff} ro\n";
    let mounts = mounts.chars().map(|c| c as u8).collect::<Vec<u8>>();
    let (_proc, agent) = with_proc("box", &[("1/mountinfo", &mounts)]);
    let json = status(&agent);
    let root = row(&json, "filesystems", "mountpoint", "/");
    assert_eq!((root.text("device"), root.text("type")), ("/dev/sda1", "ext4"));
    assert_eq!(root.get("readonly"), Some(&Json::Bool(false)));
    assert_eq!(root.get("device_error"), Some(&Json::Null));
    assert!(reading(root, "size_bytes") > Some(0.0));
    let tmp = row(&json, "filesystems", "mountpoint", "/tmp");
    assert_eq!((tmp.text("device"), tmp.get("readonly")), ("\u{fffd}", Some(&Json::Bool(true))));
    // Two at one place are two, and neither has the sum of both.
    for (device, kind, is_readonly) in [("q\"\\x", "tmpfs", true), ("again", "ramfs", false)] {
        let gone = row(&json, "filesystems", "device", device);
        assert_eq!((gone.text("mountpoint"), gone.text("type")), ("/nowhere here", kind));
        assert_eq!(gone.get("readonly"), Some(&Json::Bool(is_readonly)));
        assert_eq!(gone.text("device_error"), "no such file or directory");
        assert_eq!(reading(gone, "size_bytes"), None);
    }
}
