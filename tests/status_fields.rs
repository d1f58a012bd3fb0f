//! What `/api/status` tells of CPUs, sensors, file systems, disks, interfaces and exports, and
//! `/api/series`, over the real binary.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::json::{Json, items, reading};
#[cfg(not(feature = "tiny_http"))]
use common::wait_until;
use common::{Agent, Temp, get_with};
use std::fs;

fn status(agent: &Agent) -> Json {
    let answer = agent.get("/api/status");
    assert_eq!(answer.status, 200);
    Json::parse(answer.text())
}

fn row<'j>(json: &'j Json, part: &str, key: &str, name: &str) -> &'j Json {
    let mut rows = items(json, part).iter().filter(|row| row.text(key) == name);
    let found = rows.next().unwrap_or_else(|| panic!("{name} in {json:?}"));
    assert!(rows.next().is_none(), "{name} twice");
    found
}

/// An agent with the files of `machine`, some of `/proc` written anew.
fn with_proc(machine: &str, files: &[(&str, &[u8])]) -> (Temp, Agent) {
    let proc = Temp::proc_of(machine);
    files.iter().for_each(|(name, text)| _ = proc.write(name, text));
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine(machine).arg(procfs).start();
    (proc, agent)
}

#[test]
fn every_core_is_told_and_guests_count_once() {
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
fn the_state_of_links_is_told() {
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
fn file_systems_tell_device_type_and_state() {
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

#[test]
fn health_is_a_word() {
    assert_eq!(status(&Agent::plan().machine("box").start()).text("health"), "ok");
    let json = status(&Agent::plan().machine("container").start());
    assert_eq!((json.text("health"), items(&json, "reasons").len()), ("failing", 1));
}

/// One export that arrives, one that waits on disk, one that waits in memory.
#[cfg(not(feature = "tiny_http"))] // nothing leaves there
#[test]
fn exports_tell_what_waits_and_when_they_last_arrived() {
    let dir = Temp::new();
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n\
         [[export]]\ntype = \"stdout\"\nname = \"arrives\"\ninterval_secs = \"100ms\"\n\
         [[export]]\ntype = \"remote_write\"\nname = \"disk\"\nendpoint = \"http://127.0.0.1:1\"\n\
         interval_secs = \"200ms\"\ntimeout_secs = \"50ms\"\nspool = {{ dir = \"{}\", max_bytes = \"2MiB\" }}\n",
        dir.path("spool").display()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut json = status(&agent);
    wait_until("one to arrive and one to wait", || {
        json = status(&agent);
        let disk = row(&json, "exports", "export", "disk");
        let arrives = row(&json, "exports", "export", "arrives");
        let bytes = disk.get("spool").filter(|spool| **spool != Json::Null);
        reading(arrives, "last_success_age_seconds").is_some()
            && bytes.and_then(|spool| reading(spool, "bytes")) > Some(0.0)
            && reading(disk, "failing_seconds").is_some()
    });
    let disk = row(&json, "exports", "export", "disk");
    assert_eq!(reading(disk, "last_success_age_seconds"), None);
    let spool = disk.get("spool").unwrap();
    assert_eq!(spool.get("on_disk"), Some(&Json::Bool(true)));
    assert!(reading(spool, "max_bytes") > reading(spool, "bytes"), "{spool:?}");
    assert!(reading(spool, "oldest_age_seconds").is_some_and(|age| age < 600.0), "{spool:?}");
    let arrives = row(&json, "exports", "export", "arrives");
    assert!(reading(arrives, "last_success_age_seconds") < Some(60.0), "{arrives:?}");
}

fn series(agent: &Agent, query: &str) -> Json {
    let answer = agent.get(&format!("/api/series{query}"));
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/json")));
    Json::parse(answer.text())
}

fn names(json: &Json) -> Vec<&str> {
    items(json, "series").iter().map(|series| series.text("name")).collect()
}

fn push(agent: &Agent, body: &str) {
    let head = "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length:";
    let answer = agent.connect().send(format!("{head} {}\r\n\r\n{body}", body.len())).answer();
    assert_eq!(answer.status / 100, 2, "{}", answer.text());
}

#[test]
fn series_are_found_by_name_and_label() {
    let agent = Agent::plan().machine("box").start();
    assert_eq!(
        (names(&series(&agent, "")), series(&agent, "").number("total")),
        (vec![], 0.0),
        "what is ours is not there"
    );
    push(
        &agent,
        "[{\"name\":\"jobs_done_total\",\"type\":\"counter\",\"value\":12,\"labels\":{\"job\":\"Backup\"}},\
         {\"name\":\"a_gauge\",\"type\":\"gauge\",\"value\":-0.5,\"labels\":{\"q\":\"ÄÖ \\\"x\\\\\\n\"}},\
         {\"name\":\"took\",\"type\":\"histogram\",\"value\":0.25}]",
    );
    let all = series(&agent, "");
    assert_eq!(names(&all), ["a_gauge", "jobs_done_total", "took"]);
    assert_eq!((all.number("matching"), all.number("total")), (3.0, 3.0));
    let [gauge, counter, histogram] = items(&all, "series") else { panic!("{all:?}") };
    let label = |series: &Json, key: &str| series.get("labels").unwrap().text(key).to_owned();
    assert_eq!((gauge.text("value"), gauge.text("type")), ("-0.5", "gauge"));
    assert_eq!(label(gauge, "q"), "ÄÖ \"x\\\n");
    assert_eq!((counter.text("value"), counter.text("type")), ("12", "counter"));
    assert_eq!((label(counter, "job"), counter.text("source")), ("Backup".to_owned(), "push"));
    assert!(counter.number("age_seconds") < 60.0);
    let of_histogram = ["type", "value", "sum"].map(|key| histogram.text(key));
    assert_eq!(of_histogram, ["histogram", "1", "0.25"]);
    for (query, found) in [
        ("?q=JOBS_", &["jobs_done_total"][..]),
        ("?q=backup", &["jobs_done_total"]),
        ("?q=%C3%84%C3%96", &["a_gauge"]),
        ("?q=%22X%5C", &["a_gauge"]), // as it is, not as it is escaped
        ("?q=job", &["jobs_done_total"]),
        ("?q=_", &["a_gauge", "jobs_done_total"]),
        ("?q=nothing", &[]),
        ("?q=&limit=2", &["a_gauge", "jobs_done_total"]),
        ("?limit=1&q=O", &["jobs_done_total"]),
    ] {
        let json = series(&agent, query);
        assert_eq!((names(&json), json.number("total")), (found.to_vec(), 3.0), "{query}");
    }
    assert_eq!(series(&agent, "?q=O&limit=1").number("matching"), 2.0);
}

/// Their order is that of the metrics, and limits hold.
#[test]
fn series_are_bounded_and_in_the_order_of_the_metrics() {
    let agent = Agent::plan().machine("box").start();
    let entry = |n: u32| {
        let label = "x".repeat(900);
        format!(
            "{{\"name\":\"m{}\",\"type\":\"gauge\",\"value\":{n},\"labels\":{{\"n\":\"{n}\",\"l\":\"{label}\"}}}}",
            n % 7
        )
    };
    for some in 0..6 {
        let all: Vec<_> = (some * 100..some * 100 + 100).map(entry).collect();
        push(&agent, &format!("[{}]", all.join(",")));
    }
    let scrape = agent.get("/metrics");
    let lines = scrape.text().lines().filter(|line| line.starts_with('m'));
    let expected: Vec<_> = lines.map(|line| line.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(expected.len(), 600);
    for (query, count) in [("", 100), ("?limit=200", 200), ("?limit=1", 1)] {
        let json = series(&agent, query);
        let values: Vec<_> = items(&json, "series").iter().map(|s| s.text("value")).collect();
        assert_eq!(values, expected[..count], "{query}");
        assert_eq!((json.number("matching"), json.number("total")), (600.0, 600.0));
    }
    let gzip = get_with(&agent.address(), "/api/series", "Accept-Encoding: gzip\r\n");
    assert_eq!(names(&Json::parse(&gzip.inflated())).len(), 100);
    // 500 of them are too many bytes: what fits is there.
    let answer = agent.get("/api/series?limit=500");
    let shown = items(&Json::parse(answer.text()), "series").len();
    assert!((200..400).contains(&shown), "{shown}");
}

#[test]
fn a_bad_query_is_refused_with_a_sentence() {
    let agent = Agent::plan().machine("box").start();
    let long = format!("?q={}", "x".repeat(257));
    for (query, found) in [
        (&*long, "\"q\" = \"xxxx"),
        ("?limit=0", "\"limit\" = \"0\"."),
        ("?limit=501", "\"limit\" = \"501\"."),
        ("?limit=", "\"limit\" = \"\"."),
        ("?limit=-1", "\"limit\" = \"-1\"."),
        ("?limit=1e2", "\"limit\" = \"1e2\"."),
        ("?limit=99999999999999999999999", "\"limit\" = \"9999"),
        ("?name=5", "\"name\" = \"5\"."),
        ("?q=a&q=b", "\"q\" = \"b\"."),
        ("?q=5&q=5", "\"q\" = \"5\"."),
        ("?limit=5&q=5&limit=6", "\"limit\" = \"6\"."),
        ("?limit=%ff%00", "\"limit\" = \"\u{fffd}?\"."),
    ] {
        let answer = agent.get(&format!("/api/series{query}"));
        assert_eq!(answer.status, 400, "{query}");
        let sentence = answer.text();
        assert!(sentence.contains("at most 256 bytes") && sentence.contains("1 to 500"));
        assert!(sentence.contains(found), "{query}: {sentence}");
    }
    let most = format!("?q={}", "x".repeat(256));
    assert_eq!(series(&agent, &most).number("matching"), 0.0);
}

/// What targets, text files, logs and pushes brought is told apart.
#[cfg(not(feature = "tiny_http"))] // nothing comes in there but requests
#[test]
fn series_tell_whose_they_are() {
    let other = Agent::plan().machine("box").start();
    push(&other, "[{\"name\":\"of_target\",\"type\":\"gauge\",\"value\":7}]");
    let dir = Temp::new();
    dir.write("texts/a.prom", "of_text 1\n");
    let log = dir.write("web.log", "one\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\n\
         targets = [ {{ name = \"good\", url = \"http://{}/metrics\" }} ]\n\
         [[logs]]\npath = \"{}\"\nfrom_start = true\n[[logs.rules]]\nmetric = \"of_log_total\"\npattern = \"one\"\n",
        other.address(),
        log.display()
    );
    let flag = format!("--collector.textfile.directory={}", dir.path("texts").display());
    let agent = Agent::plan().machine("box").file(&file).arg(flag).start();
    push(&agent, "[{\"name\":\"of_push\",\"type\":\"gauge\",\"value\":7}]");
    let source = |name: &str| {
        let json = series(&agent, &format!("?q={name}"));
        items(&json, "series").first().map(|series| series.text("source").to_owned())
    };
    wait_until("the target", || source("of_target").is_some());
    for (name, expected) in [
        ("of_push", "push"),
        ("of_target", "target"),
        ("of_text", "textfile"),
        ("of_log_total", "log"),
    ] {
        assert_eq!(source(name).as_deref(), Some(expected), "{name}");
    }
}

/// Where a proxy serves the agent below a path of its own, every link of a page leads back to it.
#[test]
fn links_are_relative() {
    let agent = Agent::start();
    let home = agent.get("/");
    let links: Vec<_> = home.text().split("href=\"").skip(1).collect();
    assert!(links.len() > 5, "{links:?}");
    assert!(links.iter().all(|link| link.starts_with("./")), "{links:?}");
    for path in ["/", "/status", "/api/status", "/api/series", "/nothing", "/status/"] {
        assert_eq!(agent.get(path).header("Location"), None, "{path}");
    }
}
