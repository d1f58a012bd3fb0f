//! Collectors in the real binary: with mounts that hang, the page is served, one child waits, and the agent can
//! end; drivers that are slow to answer delay nothing; and the time zone, which belongs to a process.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::agent::Plan;
use common::fuse::{BLOCKS, Fuse, Memory};
use common::fuse_tree::FuseTree;
use common::{Agent, Exposition, Temp, wait_until};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A page is on time when it comes long before a scraper gives up.
const ON_TIME: Duration = Duration::from_secs(5);

/// An agent that shows these mount points only: other tests mount, too.
fn plan(listen: &str, points: &[PathBuf]) -> Plan {
    let file = format!("[server]\nlisten = \"{listen}\"\n");
    let points: Vec<&str> = points.iter().map(|point| text(point)).collect();
    let include = format!("^({})$", points.join("|").replace('.', "\\."));
    Agent::plan()
        .file(&file)
        .arg("--dialect=node_exporter")
        .arg(format!("--collector.filesystem.mount-points-include={include}"))
}

/// A mount point as it is shown.
fn text(point: &Path) -> &str {
    point.to_str().unwrap().trim_end_matches('/')
}

/// A sample of the mount at `point`.
fn value(page: &Exposition, family: &str, fuse: &Fuse, why: &str) -> Option<f64> {
    let point = fuse.path("");
    let labels = [
        ("device", "hung"),
        ("mountpoint", text(&point)),
        ("fstype", "fuse"),
        ("device_error", why),
    ];
    page.find(&format!("node_filesystem_{family}"), &labels)
}

fn is_timed_out(page: &Exposition, fuse: &Fuse) -> bool {
    let is = value(page, "device_error", fuse, "mountpoint timeout") == Some(1.0);
    assert!(!is || value(page, "readonly", fuse, "mountpoint timeout") == Some(0.0));
    assert!(!is || value(page, "size_bytes", fuse, "").is_none());
    is
}

fn is_well(page: &Exposition, fuse: &Fuse) -> bool {
    let block = |n: usize| Some(BLOCKS[n] as f64 * 4096.0);
    value(page, "device_error", fuse, "") == Some(0.0)
        && value(page, "size_bytes", fuse, "") == block(0)
        && value(page, "free_bytes", fuse, "") == block(1)
        && value(page, "avail_bytes", fuse, "") == block(2)
        && value(page, "files", fuse, "") == Some(BLOCKS[3] as f64)
        && value(page, "files_free", fuse, "") == Some(BLOCKS[4] as f64)
}

/// A page, which comes in time.
fn page(agent: &Agent) -> Exposition {
    let start = Instant::now();
    let page = agent.scrape();
    assert!(start.elapsed() < ON_TIME, "{:?}", start.elapsed());
    page
}

/// The processes whose parent is `parent`, ended ones left out.
fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let Ok(pid) = entry.unwrap().file_name().to_str().unwrap().parse() else { continue };
        let Ok(text) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let mut fields = text.rsplit_once(')').unwrap().1.split_whitespace();
        let (state, of) = (fields.next().unwrap(), fields.next().unwrap());
        if of == parent.to_string() && state != "Z" {
            found.push(pid);
        }
    }
    found
}

#[test]
fn a_mount_that_hangs_costs_its_own_samples() {
    let fuse = Fuse::serving();
    fuse.hold();
    let mut agent = plan("127.0.0.1:0", &[fuse.path("")]).start();
    // The scrape that discovers it, and those after it.
    for _ in 0..5 {
        assert!(is_timed_out(&page(&agent), &fuse));
    }
    let waiting = children(agent.id());
    assert_eq!((waiting.len(), agent.lines_with("Connection timed out")), (1, 1));
    let held = fs::read_dir(format!("/proc/{}/fd", waiting[0])).unwrap().count();
    assert_eq!(held, 1, "its pipe");
    fuse.release();
    wait_until("the mount to recover", || is_well(&page(&agent), &fuse));
    for _ in 0..5 {
        assert!(is_well(&page(&agent), &fuse));
    }
    assert_eq!(children(agent.id()), []);
    // Again, and the agent is ended meanwhile.
    fuse.hold();
    // What was said a moment ago is good for a second.
    wait_until("it to be asked", || is_timed_out(&page(&agent), &fuse));
    let address = agent.address();
    let waiting = children(agent.id());
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert!(fs::metadata(format!("/proc/{}", waiting[0])).is_ok(), "it cannot be ended");
    let again = plan(&address, &[fuse.path("")]).start();
    assert!(is_timed_out(&page(&again), &fuse));
    fuse.release();
    wait_until("the mount to recover", || is_well(&page(&again), &fuse));
    wait_until("the child to end", || fs::metadata(format!("/proc/{}", waiting[0])).is_err());
}

#[test]
fn a_mount_whose_server_reads_nothing_leaves_no_child() {
    let fuse = Fuse::mute();
    let mut agent = plan("127.0.0.1:0", &[fuse.path("")]).start();
    for _ in 0..3 {
        assert!(is_timed_out(&page(&agent), &fuse));
    }
    let waiting = children(agent.id());
    assert_eq!(waiting.len(), 1);
    agent.signal(libc::SIGKILL);
    agent.wait();
    wait_until("the child to end", || fs::metadata(format!("/proc/{}", waiting[0])).is_err());
    // One that is unmounted meanwhile is not waited for either.
    let agent = plan("127.0.0.1:0", &[fuse.path("")]).start();
    assert!(is_timed_out(&page(&agent), &fuse));
    drop(fuse);
    page(&agent);
    wait_until("the child to end", || children(agent.id()).is_empty());
}

/// The kernel hands out a line of three kilobytes in a piece of its own.
#[test]
fn long_lines_do_not_end_the_list() {
    let long = "x".repeat(3000);
    let mounts: Vec<Memory> =
        [&*long, "short", &long, &long, "last"].into_iter().map(Memory::mount).collect();
    let points: Vec<PathBuf> = mounts.iter().map(Memory::path).collect();
    let agent = plan("127.0.0.1:0", &points).start();
    let page = page(&agent);
    for (point, source) in points.iter().zip([&*long, "short", &long, &long, "last"]) {
        let point = text(point);
        let labels =
            [("device", source), ("mountpoint", point), ("fstype", "tmpfs"), ("device_error", "")];
        assert_eq!(page.find("node_filesystem_size_bytes", &labels), Some(65536.0), "{point}");
    }
}

#[test]
fn the_time_zone_is_that_of_the_process() {
    for (zone, name, ahead) in
        [("XYZ-5:30", "XYZ", 19800.0), ("<-03>3", "-03", -10800.0), ("UTC0", "UTC", 0.0)]
    {
        let page = Agent::plan().env("TZ", zone).start().scrape();
        let labels = [("time_zone", name)];
        assert_eq!(
            page.find("sysmetrics_time_zone_offset_seconds", &labels),
            Some(ahead),
            "{zone}"
        );
    }
}

/// Attributes that drivers answer, and which of them are slow.
const ATTRIBUTES: [(&str, &str); 9] = [
    ("class/hwmon/hwmon0/name", "board\n"),
    ("class/hwmon/hwmon0/temp1_input", "41000\n"),
    ("class/hwmon/hwmon0/temp2_input", "42000\n"),
    ("class/thermal/thermal_zone0/type", "acpitz\n"),
    ("class/thermal/thermal_zone0/temp", "43000\n"),
    ("class/power_supply/BAT0/type", "Battery\n"),
    ("class/power_supply/BAT0/capacity", "44\n"),
    ("class/watchdog/watchdog0/identity", "chip\n"),
    ("class/watchdog/watchdog0/timeleft", "45\n"),
];
const SLOW: [&str; 4] = [
    "class/hwmon/hwmon0/temp2_input",
    "class/thermal/thermal_zone0/temp",
    "class/power_supply/BAT0/capacity",
    "class/watchdog/watchdog0/timeleft",
];

/// Labels of a sample.
type Labels = [(&'static str, &'static str)];

/// The samples of slow files: family in both dialects, of the age, and the labels.
const SAMPLES: [([&str; 3], &Labels, [f64; 2]); 4] = [
    (
        ["hwmon_temp_celsius", "hwmon_temp_celsius", "hwmon_sensor_age_seconds"],
        &[("chip", "board"), ("sensor", "temp2")],
        [42.0; 2],
    ),
    (
        ["thermal_zone_celsius", "thermal_zone_temp", "thermal_zone_age_seconds"],
        &[("zone", "0"), ("type", "acpitz")],
        [43.0; 2],
    ),
    (
        ["power_supply_capacity_ratio", "power_supply_capacity", "power_supply_age_seconds"],
        &[("power_supply", "BAT0")],
        [0.44, 44.0],
    ),
    (
        ["watchdog_timeleft_seconds", "watchdog_timeleft_seconds", "watchdog_age_seconds"],
        &[("name", "watchdog0")],
        [45.0; 2],
    ),
];

/// The tree comes first: the agent cannot be ended while a driver holds a thread of it.
struct SlowBox {
    tree: FuseTree,
    agent: Agent,
}

/// No scrape waits for a driver: not the first one, and none after it.
fn slow_drivers(dialect: &str, at: usize) {
    let tree = FuseTree::of(&ATTRIBUTES);
    tree.hold(&SLOW);
    let sysfs = format!("--path.sysfs={}", tree.path().display());
    let agent = Agent::plan().arg(sysfs).arg(format!("--dialect={dialect}")).start();
    let SlowBox { tree, agent } = &SlowBox { tree, agent };
    // The threads begin with the agent.
    wait_until("the drivers to be asked", || tree.waiting() == SLOW.len());
    let prefix = ["sysmetrics", "node"][at];
    let find = |page: &Exposition, name: &str, labels: &Labels| {
        page.find(&format!("{prefix}_{name}"), labels)
    };
    for _ in 0..3 {
        let page = page(agent);
        let fast = [("chip", "board"), ("sensor", "temp1")];
        assert_eq!(find(&page, "hwmon_temp_celsius", &fast), Some(41.0));
        for (names, labels, _) in SAMPLES {
            assert_eq!(find(&page, names[at], labels), None, "{}", names[at]);
        }
        assert!(page.samples().all(|sample| !sample.name.ends_with("power_supply_info")));
        let begun = Instant::now();
        assert_eq!(agent.get("/-/healthy").status, 200);
        assert!(begun.elapsed() < ON_TIME);
    }
    // The drivers answer, once.
    tree.release();
    tree.hold(&SLOW);
    for _ in 0..3 {
        wait_until("the values", || {
            let page = page(agent);
            SAMPLES.iter().all(|(names, labels, values)| {
                let age = find(&page, names[2], labels);
                find(&page, names[at], labels) == Some(values[at])
                    && age.is_some_and(|age| age > 0.02) == (at == 0)
            })
        });
    }
    assert!(agent.threads() > 1);
    tree.release();
}

#[test]
fn fast_drivers_are_asked_by_scrapes_and_no_thread_is_left() {
    // Plain files: a server of this process is slow on a busy machine.
    let tree = Temp::new();
    ATTRIBUTES.iter().for_each(|(file, text)| drop(tree.write(file, text)));
    let sysfs = format!("--path.sysfs={}", tree.path("").display());
    let agent = Agent::plan().arg(sysfs).start();
    let find =
        |page: &Exposition, name: &str, labels| page.find(&format!("sysmetrics_{name}"), labels);
    wait_until("the threads to end", || {
        let page = page(&agent);
        let all = SAMPLES.iter().all(|(names, labels, values)| {
            find(&page, names[0], labels) == Some(values[0])
                && find(&page, names[2], labels).is_none()
        });
        all && agent.threads() == 1
    });
}

#[test]
fn no_scrape_waits_for_a_slow_driver() {
    slow_drivers("sysmetrics", 0);
}

#[test]
fn no_scrape_under_node_exporters_names_waits_for_a_slow_driver() {
    slow_drivers("node_exporter", 1);
}
