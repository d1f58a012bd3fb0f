//! A machine with more objects than descriptors: 1000 interfaces, 1000 disks, 100 processors, 50 chips of sensors,
//! 500 mounts.

use crate::counting::allocations;
use crate::place::Place;
use std::path::Path;
use sysmetrics::app;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::model::metric::Buffer;
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings;

/// The most that all collectors together keep open from scrape to scrape.
const MAX_KEPT: usize = 64;

fn crowd() -> Place {
    let place = Place::copy_of(Path::new("fixtures/box"));
    let put = |file: String, text: &str| place.put(&file, text.as_bytes());
    let lines = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();
    let disk = |n| format!("259 {n} nvme{n}n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n");
    put("proc/diskstats".into(), &lines(1000, disk));
    let interface = |n| format!("eth{n}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    put("proc/net/dev".into(), &("Inter-|\n face |\n".to_owned() + &lines(1000, interface)));
    let cpu = |n| format!("cpu{n} 1 2 3 4 5 6 7 8 9 10\n");
    put("proc/stat".into(), &lines(100, cpu));
    let mount = |n| format!("{n} 1 8:{n} / /mounts/{n} rw - ext4 /dev/sda{n} rw\n");
    put("proc/1/mountinfo".into(), &lines(500, mount));
    for n in 0..1000 {
        put(format!("sys/block/nvme{n}n1/queue/rotational"), "0\n");
        put(format!("udev/data/b259:{n}"), "E:ID_SERIAL=serial\nE:ID_MODEL=model\n");
        for (file, text) in [("operstate", "up\n"), ("mtu", "1500\n"), ("flags", "0x1003\n")] {
            put(format!("sys/class/net/eth{n}/{file}"), text);
        }
    }
    for n in 0..100 {
        let cpu = format!("sys/devices/system/cpu/cpu{n}");
        put(format!("{cpu}/topology/core_id"), &n.to_string());
        put(format!("{cpu}/topology/physical_package_id"), "0\n");
        put(format!("{cpu}/thermal_throttle/core_throttle_count"), "1\n");
        for file in ["scaling_cur_freq", "scaling_min_freq", "cpuinfo_max_freq"] {
            put(format!("{cpu}/cpufreq/{file}"), "1200000\n");
        }
    }
    for n in 0..50 {
        put(format!("sys/class/hwmon/hwmon9{n}/name"), "chip\n");
        for file in ["temp1_input", "temp2_input", "fan1_input", "in0_input"] {
            put(format!("sys/class/hwmon/hwmon9{n}/{file}"), "1000\n");
        }
        put(format!("sys/class/thermal/thermal_zone9{n}/temp"), "1000\n");
    }
    for n in 0..500 {
        std::fs::create_dir_all(place.0.join(format!("mounts/{n}"))).unwrap();
    }
    place
}

pub fn allocate_nothing_and_keep_few_descriptors() {
    let place = crowd();
    let tree = place.0.display();
    let paths = [("procfs", "proc"), ("sysfs", "sys"), ("udev.data", "udev/data"), ("rootfs", "")];
    let paths = paths.map(|(flag, below)| format!("--path.{flag}={tree}/{below}"));
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    for dialect in ["sysmetrics", "node_exporter"] {
        let mut args = vec![format!("--dialect={dialect}")];
        // It tells of the running kernel, wherever the files are.
        args.push("--no-collector.netdev.netlink".to_owned());
        for more in ["tcpstat", "pcidevice", "mountstats", "qdisc", "netdev.label-ifalias"] {
            args.push(format!("--collector.{more}"));
        }
        args.push(format!("--collector.qdisc.fixtures={tree}/qdisc"));
        args.extend(paths.clone());
        let args = args.into_iter().map(Into::into);
        let settings =
            settings::load(&app::subjects(), |_| false, args, std::iter::empty()).unwrap();
        let (before, root) = (open(), Root::at(settings.paths.clone()));
        let mut gather = Gather::new(settings.dialect, &root, &settings.collectors, true);
        // Without a response, which gives the memory of such a page back each time.
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut scrape = || {
            out.truncate(0);
            let format = Format::Prometheus;
            let mut text = Text::new(settings.dialect, format, &mut out, &mut lines);
            gather.scrape(gather.all(), &mut text);
            text.finish();
        };
        (0..3).for_each(|_| scrape());
        let kept = open() - before;
        assert!(kept <= MAX_KEPT, "{dialect}: {kept} descriptors");
        let before = allocations();
        (0..2).for_each(|_| scrape());
        assert_eq!(allocations() - before, 0, "{dialect}: in 2 scrapes");
        let page = String::from_utf8_lossy(out.bytes());
        for (part, least) in [
            ("=\"eth", 20_000),
            ("=\"nvme", 17_000),
            ("_hertz{", 300),
            ("_hwmon_", 200),
            ("filesystem_size_bytes{", 500),
        ] {
            let count = page.lines().filter(|line| line.contains(part)).count();
            assert!(count >= least, "{dialect}: {count} {part}");
        }
    }
}
