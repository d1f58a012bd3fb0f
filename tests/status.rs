//! `/api/status`, `/api/health` and `/status` over the real binary; the page in a browser is
//! `status_page`'s.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::json::{Json, items, reading};
#[cfg(not(feature = "tiny_http"))]
use common::wait_until;
use common::{Agent, Answer, Client, Exposition, Format, Temp, get_with};
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

fn json(answer: &Answer) -> Json {
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    Json::parse(answer.text())
}

fn status(agent: &Agent) -> Json {
    let answer = agent.get("/api/status");
    assert_eq!(answer.status, 200);
    json(&answer)
}

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
fn the_host_is_what_the_kernel_says() {
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

#[test]
fn the_page_says_what_a_browser_may_do() {
    let agent = Agent::start();
    let plain = agent.get("/status");
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(plain.header("X-Content-Type-Options"), Some("nosniff"));
    let policy = plain.header("Content-Security-Policy").unwrap();
    for rule in
        ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.split("; ").any(|r| r == rule), "{rule} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(plain.header("Set-Cookie"), None);
    let gzip = get_with(&agent.address(), "/status", "Accept-Encoding: gzip\r\n");
    assert_eq!(gzip.inflated(), plain.text());
    assert!(gzip.body.len() * 2 < plain.body.len());
    assert_eq!(gzip.header("Content-Security-Policy"), Some(policy), "the head is whole");
    assert!(plain.text().ends_with("</html>\n"));
    // What is no page bears no other's policy.
    assert_eq!(agent.get("/metrics").header("Content-Security-Policy"), None);
    let home = agent.get("/");
    for link in ["/status", "/api/status", "/api/health"] {
        assert!(home.text().contains(&format!("href=\".{link}\">{link}<")), "{link}");
    }
}

#[test]
fn head_gzip_and_other_methods() {
    let agent = Agent::plan().machine("many").start();
    let mut client = agent.connect();
    for target in ["/status", "/api/status", "/api/health"] {
        let get = client.get(target);
        let head = format!("HEAD {target} HTTP/1.1\r\nHost: test\r\n\r\n");
        let head = client.send(head).answer_to_head();
        assert_eq!((head.status, get.status), (200, 200), "{target}");
        for name in ["Content-Type", "Vary", "Content-Security-Policy", "Cache-Control"] {
            assert_eq!(head.header(name), get.header(name), "{target} {name}");
        }
        let post = format!("POST {target} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
        let post = client.send(post).answer();
        assert_eq!((post.status, post.header("Allow")), (405, Some("GET, HEAD")), "{target}");
    }
    let gzip = get_with(&agent.address(), "/api/status", "Accept-Encoding: gzip\r\n");
    let json = Json::parse(&gzip.inflated());
    assert_eq!(items(&json, "disks").len(), 40);
}

#[test]
fn collectors_tell_their_last_error() {
    let proc = Temp::proc_of("box");
    let procfs = format!("--path.procfs={}", proc.as_ref().display());
    let agent = Agent::plan().machine("box").arg(procfs).start();
    let collector = |json: &Json, name: &str| {
        items(json, "collectors").iter().find(|c| c.text("name") == name).unwrap().clone()
    };
    let before = collector(&status(&agent), "memory");
    assert_eq!(before.get("success"), Some(&Json::Bool(true)));
    assert_eq!(before.get("last_error"), Some(&Json::Null));
    assert_eq!(before.get("read_errors"), Some(&Json::Object(Vec::new())));
    assert_eq!(agent.get("/api/health").status, 200);
    let meminfo = fs::read(proc.path("meminfo")).unwrap();
    proc.write("meminfo", "nonsense\n");
    let json_now = status(&agent);
    let broken = collector(&json_now, "memory");
    assert_eq!(broken.get("success"), Some(&Json::Bool(false)));
    assert!(broken.text("last_error").contains("/proc/meminfo"), "{broken:?}");
    assert!(
        reading(&broken, "errors") > Some(0.0)
            && reading(&broken, "last_error_age_seconds").is_some()
    );
    assert_eq!(reading(json_now.get("memory").unwrap(), "total_bytes"), None, "not the old value");
    let Some(Json::Object(kinds)) = broken.get("read_errors") else { panic!("{broken:?}") };
    let [(kind, Json::Number(count))] = &kinds[..] else { panic!("{broken:?}") };
    assert!(kind == "content" && *count > 0.0, "{broken:?}");
    let health = agent.get("/api/health");
    assert_eq!(health.status, 503);
    let reasons = json(&health);
    assert_eq!(reasons.text("status"), "failing");
    let [reason] = items(&reasons, "reasons") else { panic!("{reasons:?}") };
    assert_eq!((reason.text("part"), reason.text("name")), ("collector", "memory"));
    assert!(reason.text("reason").contains("/proc/meminfo"));
    assert_eq!(agent.get("/health").status, 200, "it lives");
    // All is well again: the error is remembered, and nothing fails.
    proc.write("meminfo", meminfo);
    let mended = collector(&status(&agent), "memory");
    assert_eq!(mended.get("success"), Some(&Json::Bool(true)));
    assert_eq!(mended.text("last_error"), broken.text("last_error"));
    assert_eq!(agent.get("/api/health").status, 200);
}

/// Nobody scrapes it: it looks for itself, once.
#[test]
fn health_is_known_without_a_scrape() {
    for (machine, code, failing) in [
        ("box", 200, &[][..]),
        ("single", 200, &[]),
        ("container", 503, &["disk"]),
        (
            "missing",
            503,
            &[
                "cpu",
                "memory",
                "disk",
                "network",
                "loadavg",
                "vmstat",
                "filesystem",
                "stat",
                "netstat",
                "filefd",
            ],
        ),
        ("hostile-empty-meminfo", 503, &["memory"]),
    ] {
        let agent = Agent::plan().machine(machine).start();
        let mut client = agent.connect();
        let first = client.get("/api/health");
        let reasons = json(&first);
        let named: Vec<_> = items(&reasons, "reasons").iter().map(|r| r.text("name")).collect();
        assert_eq!((first.status, &named[..]), (code, failing), "{machine}");
        let errors = |agent: &Agent| {
            let scrape = agent.scrape();
            let all = scrape.samples().filter(|s| s.name == "sysmetrics_collector_errors_total");
            all.map(|s| s.value).sum::<f64>()
        };
        let one = errors(&agent);
        for _ in 0..5 {
            assert_eq!(client.get("/api/health").text(), first.text(), "{machine}");
            assert_eq!(client.get("/status").status, 200);
        }
        // One run for the first question, and one for each scrape; the others cost none.
        let two = errors(&agent);
        assert_eq!(two - one, one / 2.0, "{machine}");
    }
}

/// No kernel needs sensors, PSI or conntrack: they have no data, and the agent is well.
#[test]
fn what_the_kernel_lacks_is_no_fault() {
    let agent = Agent::plan().machine("single").start();
    let health = agent.get("/api/health");
    let noted = json(&health);
    let noted: Vec<_> = items(&noted, "notes").iter().map(|note| note.text("name")).collect();
    assert_eq!((health.status, &noted[..3]), (200, &["hwmon", "pressure", "conntrack"][..]));
    let (scrape, status) = (agent.scrape(), status(&agent));
    for name in noted {
        let labels = [("collector", name)];
        assert_eq!(scrape.value("sysmetrics_collector_success", &labels), 0.0);
        assert_eq!(scrape.value("sysmetrics_collector_errors_total", &labels), 0.0);
        let shown = items(&status, "collectors").iter().find(|c| c.text("name") == name).unwrap();
        assert_eq!(shown.get("success"), Some(&Json::Null));
        assert!(shown.text("last_error").contains("this kernel does not offer it"), "{shown:?}");
    }
    assert!(!agent.log().iter().any(|line| line.contains("collector failed")));
}

fn push(client: &mut Client, body: &str) -> Answer {
    let head = "POST /update HTTP/1.1\r\nHost: localhost\r\nContent-Length:";
    client.send(format!("{head} {}\r\n\r\n{body}", body.len())).answer()
}

#[test]
fn a_full_store_is_told() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n[push]\nmax_series = 2\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let mut client = agent.connect();
    let entry = |name: &str| format!("{{\"name\":\"{name}\",\"type\":\"gauge\",\"value\":1}}");
    push(&mut client, &format!("[{},{},{}]", entry("process_open_fds"), entry("a"), entry("b")));
    assert_eq!(client.get("/api/health").status, 200);
    push(&mut client, &format!("[{},{}]", entry("c"), entry("e")));
    let health = client.get("/api/health");
    assert_eq!(health.status, 503);
    let reasons = json(&health);
    let [reason] = items(&reasons, "reasons") else { panic!("{reasons:?}") };
    assert_eq!(reason.text("part"), "store");
    assert!(reason.text("reason").contains("push.max_series"));
    let json = status(&agent);
    let pushes = json.get("pushes").unwrap();
    assert_eq!((reading(pushes, "series"), reading(pushes, "accepted")), (Some(2.0), Some(2.0)));
    let refused = pushes.get("refused").unwrap();
    assert_eq!(
        (reading(refused, "series"), reading(refused, "reserved_name")),
        (Some(2.0), Some(1.0))
    );
}

/// A target that does not answer is told, and is no fault of the agent.
#[cfg(not(feature = "tiny_http"))] // nothing comes in there but requests
#[test]
fn targets_tell_their_last_error() {
    let other = Agent::plan().machine("box").start();
    // What is a histogram already is no gauge.
    push(&mut other.connect(), "{\"name\":\"queue_depth\",\"type\":\"gauge\",\"value\":7}");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[scrape]\ninterval_secs = 1\ntargets = [\n\
         {{ name = \"good\", url = \"http://{0}/metrics\" }},\n\
         {{ name = \"bad\", url = \"http://{0}/nowhere\" }} ]\n",
        other.address()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    push(&mut agent.connect(), "{\"name\":\"queue_depth\",\"type\":\"histogram\",\"value\":7}");
    let target = |json: &Json, name: &str| {
        items(json, "targets").iter().find(|t| t.text("target") == name).cloned()
    };
    let mut json_now = status(&agent);
    wait_until("both targets to be asked", || {
        json_now = status(&agent);
        let good = target(&json_now, "good");
        items(&json_now, "targets").len() == 2
            && good.is_some_and(|t| reading(&t, "refused") > Some(0.0))
    });
    let (good, bad) = (target(&json_now, "good").unwrap(), target(&json_now, "bad").unwrap());
    assert_eq!((reading(&good, "up"), reading(&bad, "up")), (Some(1.0), Some(0.0)));
    assert!(reading(&good, "samples") > Some(0.0) && reading(&good, "seconds") > Some(0.0));
    assert!(reading(&good, "refused") > Some(0.0), "{good:?}");
    assert_eq!(good.get("last_error"), Some(&Json::Null));
    assert!(bad.text("last_error").contains("404"), "{bad:?}");
    assert!(
        reading(&bad, "last_error_age_seconds").is_some() && reading(&bad, "errors") > Some(0.0)
    );
    let health = agent.get("/api/health");
    assert_eq!(health.status, 200);
    let health = json(&health);
    let [note] = items(&health, "notes") else { panic!("{health:?}") };
    assert_eq!((note.text("part"), note.text("name")), ("target", "bad"));
    assert!(note.text("reason").contains("404"), "{note:?}");
}

/// Alerts are shown with their labels; a message that does not arrive is a fault.
#[cfg(not(feature = "tiny_http"))] // nothing comes in there but requests
#[test]
fn alerts_are_shown_and_what_nobody_hears_is_told() {
    let file = "[server]\nlisten = \"127.0.0.1:0\"\n\
        [alerting]\ninterval_secs = \"100ms\"\nwebhook = \"http://127.0.0.1:1/\"\n\
        [[alerts]]\nname = \"Large\"\nexpr = \"memory_total_bytes > 1\"\n\
        labels = { note = \"<b>\\\"x\\\"</b>\" }\n\
        [[alerts]]\nname = \"Soon\"\nexpr = \"memory_total_bytes > 1\"\nfor = \"1h\"\n\
        [[alerts]]\nname = \"Never\"\nexpr = \"memory_total_bytes < 1\"\n";
    let agent = Agent::plan().machine("box").file(file).start();
    let mut health = agent.get("/api/health");
    wait_until("a message that does not arrive", || {
        health = agent.get("/api/health");
        health.status == 503
    });
    let reasons = json(&health);
    let [reason] = items(&reasons, "reasons") else { panic!("{reasons:?}") };
    assert_eq!((reason.text("part"), reason.text("name")), ("alert", "webhook:127.0.0.1:1"));
    assert!(reason.text("reason").contains("no message arrived"), "{reason:?}");
    let json = status(&agent);
    let [large, soon] = items(&json, "alerts") else { panic!("{json:?}") };
    assert_eq!((large.text("alertname"), large.text("alertstate")), ("Large", "firing"));
    assert_eq!(large.text("note"), "<b>\"x\"</b>");
    assert_eq!((soon.text("alertname"), soon.text("alertstate")), ("Soon", "pending"));
}

/// Log files are shown; offsets that cannot be kept are a fault.
#[cfg(not(feature = "tiny_http"))] // nothing comes in there but requests
#[test]
fn log_files_are_shown_and_offsets_that_are_lost_are_told() {
    let dir = Temp::new();
    let log = dir.write("<b>web.log", "one\n");
    // A directory stands where the file would be.
    let state = dir.path("state");
    fs::create_dir(&state).unwrap();
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[tail]\nstate_interval = \"100ms\"\nstate_file = \"{}\"\n\
         [[logs]]\npath = \"{}\"\nfrom_start = true\n[[logs.rules]]\nmetric = \"ones_total\"\npattern = \"one\"\n",
        state.display(),
        log.display()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut health = agent.get("/api/health");
    wait_until("offsets that are not kept", || {
        health = agent.get("/api/health");
        health.status == 503
    });
    let reasons = json(&health);
    let [reason] = items(&reasons, "reasons") else { panic!("{reasons:?}") };
    assert_eq!((reason.text("part"), reason.text("name")), ("log", &*state.to_string_lossy()));
    let json = status(&agent);
    let [shown] = items(&json, "logs") else { panic!("{json:?}") };
    assert_eq!(shown.text("path"), log.to_string_lossy());
    assert_eq!(reading(shown, "files"), Some(1.0));
}
