//! The figures are those of the metrics, in both dialects.

use crate::common::json::{Json, items, reading};
use crate::common::{Agent, Exposition, Format, Temp};
use crate::support::status;
use std::fs;

const MACHINES: [&str; 12] = [
    "box",
    "container",
    "empty",
    "hostile",
    "hostile-empty-meminfo",
    "hotplug-after",
    "hotplug-before",
    "many",
    "missing",
    "old",
    "older",
    "single",
];

/// Key of the list, what names its members, key of the number, and the metric in both dialects.
const COLUMNS: [(&str, &str, &str, [&str; 2]); 8] = [
    (
        "disks",
        "device",
        "read_bytes",
        ["sysmetrics_disk_read_bytes_total", "node_disk_read_bytes_total"],
    ),
    (
        "disks",
        "device",
        "written_bytes",
        ["sysmetrics_disk_written_bytes_total", "node_disk_written_bytes_total"],
    ),
    (
        "disks",
        "device",
        "busy_seconds",
        ["sysmetrics_disk_io_time_seconds_total", "node_disk_io_time_seconds_total"],
    ),
    ("disks", "device", "in_progress", ["sysmetrics_disk_io_in_progress", "node_disk_io_now"]),
    (
        "network",
        "interface",
        "receive_bytes",
        ["sysmetrics_network_receive_bytes_total", "node_network_receive_bytes_total"],
    ),
    (
        "network",
        "interface",
        "transmit_bytes",
        ["sysmetrics_network_transmit_bytes_total", "node_network_transmit_bytes_total"],
    ),
    (
        "network",
        "interface",
        "receive_errors",
        ["sysmetrics_network_receive_errors_total", "node_network_receive_errs_total"],
    ),
    (
        "network",
        "interface",
        "transmit_dropped",
        ["sysmetrics_network_transmit_drop_total", "node_network_transmit_drop_total"],
    ),
];

const MEMORY: [(&str, [&str; 2]); 4] = [
    ("total_bytes", ["sysmetrics_memory_total_bytes", "node_memory_MemTotal_bytes"]),
    ("free_bytes", ["sysmetrics_memory_free_bytes", "node_memory_MemFree_bytes"]),
    ("cached_bytes", ["sysmetrics_memory_cached_bytes", "node_memory_Cached_bytes"]),
    ("swap_free_bytes", ["sysmetrics_memory_swap_free_bytes", "node_memory_SwapFree_bytes"]),
];

/// Every value shown is the one that is scraped, in both dialects, and nothing else is shown.
#[test]
fn the_figures_are_those_of_the_metrics() {
    for machine in MACHINES {
        for (at, dialect) in ["sysmetrics", "node_exporter"].into_iter().enumerate() {
            let plan = Agent::plan().machine(machine).arg(format!("--dialect={dialect}"));
            let agent = plan.arg("--listen=127.0.0.1:0").start();
            let (text, json) = (agent.get("/metrics"), status(&agent));
            let metrics = Exposition::parse(text.text(), Format::Prometheus);
            let mut compared = 0;
            for (part, named, key, metric) in COLUMNS {
                let samples = metrics.samples().filter(|s| s.name == metric[at]);
                let scraped = samples.map(|s| (s.labels[0].1.as_str(), s.value));
                let rows = items(&json, part).iter();
                let shown = rows.filter_map(|row| Some((row.text(named), reading(row, key)?)));
                let (shown, scraped) = (sorted(shown), sorted(scraped));
                assert_eq!(shown, scraped, "{machine} {dialect} {key}");
                compared += scraped.len();
            }
            let memory = json.get("memory").unwrap();
            // Of a key that only we show, the dialect of node_exporter says nothing to compare.
            let comparable = machine != "hostile" || at == 0;
            for (key, metric) in MEMORY.iter().filter(|_| comparable) {
                assert_eq!(reading(memory, key), metrics.find(metric[at], &[]), "{machine} {key}");
            }
            assert_cpu(&metrics, json.get("cpu").unwrap(), machine);
            assert_box(&metrics, &json, ["sysmetrics_", "node_"][at], machine);
            assert!(
                compared > 8
                    || ["container", "empty", "hostile-empty-meminfo", "missing"]
                        .contains(&machine)
            );
        }
    }
}

/// By name: a device that lacks a column may stand elsewhere.
fn sorted<'a>(values: impl Iterator<Item = (&'a str, f64)>) -> Vec<(&'a str, f64)> {
    let mut values: Vec<_> = values.collect();
    values.sort_by_key(|(name, _)| *name);
    values
}

/// Load, the highest temperature and the sizes of file systems.
fn assert_box(metrics: &Exposition, json: &Json, prefix: &str, machine: &str) {
    let load = json.get("load").unwrap();
    for key in ["load1", "load5", "load15"] {
        let scraped = metrics.find(&[prefix, key].concat(), &[]);
        assert_eq!(reading(load, key), scraped, "{machine} {key}");
    }
    let is_warm = |name: &str| {
        let name = name.strip_prefix(prefix).unwrap_or_default();
        ["hwmon_temp_celsius", "thermal_zone_celsius", "thermal_zone_temp"].contains(&name)
    };
    let all = metrics.samples().filter(|sample| is_warm(&sample.name));
    let hottest = all.max_by(|a, b| a.value.total_cmp(&b.value));
    let shown = json.get("temperature").unwrap();
    assert_eq!(reading(shown, "celsius"), hottest.map(|sample| sample.value), "{machine}");
    if let Some(sample) = hottest {
        let sensor = shown.text("sensor");
        let is_part = |(_, value): &(String, String)| sensor.contains(value);
        assert!(sample.labels.iter().all(is_part), "{machine}: {sensor} of {sample:?}");
    }
    let name = [prefix, "filesystem_size_bytes"].concat();
    let sizes = metrics.samples().filter(|sample| sample.name == name);
    let scraped = sizes.map(|sample| {
        let mount = sample.labels.iter().find(|(key, _)| key == "mountpoint").unwrap();
        (mount.1.as_str(), sample.value)
    });
    let rows = items(json, "filesystems").iter();
    let shown = rows.filter_map(|row| Some((row.text("mountpoint"), reading(row, "size_bytes")?)));
    assert_eq!(sorted(shown), sorted(scraped), "{machine}");
}

fn assert_cpu(metrics: &Exposition, cpu: &Json, machine: &str) {
    let Some(Json::Object(modes)) = cpu.get("seconds") else { panic!("{cpu:?}") };
    let samples = metrics.samples().filter(|s| s.name.ends_with("_cpu_seconds_total"));
    let samples: Vec<_> = samples.filter(|s| s.labels.len() == 2).collect();
    let mut total = 0.0;
    for (mode, seconds) in modes {
        let of_mode = samples.iter().filter(|s| s.labels[1].1 == *mode).map(|s| s.value);
        let (sum, Json::Number(seconds)) = (of_mode.sum::<f64>(), seconds) else { panic!() };
        assert!((sum - seconds).abs() <= sum * 1e-12, "{machine} {mode}: {seconds}, not {sum}");
        total += seconds;
    }
    let all: f64 = samples.iter().map(|s| s.value).sum();
    assert!((all - total).abs() <= all * 1e-12, "{machine}: every mode");
    let cpus = samples.iter().filter(|s| s.labels[1].1 == "user").count();
    assert_eq!(reading(cpu, "count"), (cpus > 0).then_some(cpus as f64));
}

#[test]
fn the_host_has_the_kernels_name() {
    let proc = Temp::proc_of("box");
    proc.write("sys/kernel/hostname", "gate<way>\n");
    proc.write("sys/kernel/osrelease", "6.1.0-test\n");
    proc.write("uptime", "12345.67 999.00\n");
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    let json = status(&agent);
    let host = json.get("host").unwrap();
    assert_eq!((host.text("name"), host.text("kernel")), ("gate<way>", "6.1.0-test"));
    assert_eq!(reading(host, "uptime_seconds"), Some(12345.67));
    let about = json.get("agent").unwrap();
    assert_eq!(about.text("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(reading(about, "pid"), Some(agent.id().into()));
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((reading(&json, "time").unwrap() - now).abs() < 60.0);
    let again = status(&agent);
    assert!(reading(&again, "monotonic") > reading(&json, "monotonic"));
    // The kernel takes one of these away: it is not known, and nothing is made up.
    fs::remove_file(proc.path("uptime")).unwrap();
    assert_eq!(reading(status(&agent).get("host").unwrap(), "uptime_seconds"), None);
}

#[test]
fn hostile_names_are_names() {
    let proc = Temp::proc_of("box");
    let name = "<script>alert(\"1\")</script>\\u0000";
    let dev = fs::read_to_string(proc.path("net/dev")).unwrap();
    proc.write("net/dev", format!("{dev}{name}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"));
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    let json = status(&agent);
    let named = |row: &&Json| row.text("interface") == name;
    let row = items(&json, "network").iter().find(named).unwrap();
    assert_eq!(
        (reading(row, "receive_bytes"), reading(row, "transmit_bytes")),
        (Some(1.0), Some(9.0))
    );
    // The markup is nowhere in the page: names come as data.
    assert!(!agent.get("/status").text().contains("alert("));
}
