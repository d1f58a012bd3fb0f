//! Faults are shown, by collector, store, target, alert and log file.

use crate::common::json::{Json, items, reading};
use crate::common::wait_until;
use crate::common::{Agent, Answer, Client, Temp};
use crate::support::{json, status};
use std::fs;

#[test]
fn the_last_error_of_a_collector_is_shown() {
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
        ("hostile-empty-meminfo", 503, &["memory", "disk"]),
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
fn a_full_store_is_reported() {
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
#[test]
fn the_last_error_of_a_target_is_shown() {
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
#[test]
fn alerts_and_failed_notifications_are_shown() {
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

/// Log files are shown; offsets and starts of the box that cannot be kept are faults.
#[test]
fn log_files_and_lost_offsets_are_shown() {
    let dir = Temp::new();
    let log = dir.write("<b>web.log", "one\n");
    // A directory stands where the file would be.
    let state = dir.path("state");
    fs::create_dir(&state).unwrap();
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[tail]\nstate_interval = \"100ms\"\nstate_file = \"{}\"\n\
         [[logs]]\npath = \"{}\"\nfrom_start = true\n[[logs.rules]]\nmetric = \"ones_total\"\npattern = \"one\"\n\
         [collectors.boot]\nstate_file = \"{}\"\n",
        state.display(),
        log.display(),
        state.display()
    );
    let agent = Agent::plan().machine("box").file(&file).start();
    let mut reasons = json(&agent.get("/api/health"));
    wait_until("offsets that are not kept", || {
        reasons = json(&agent.get("/api/health"));
        items(&reasons, "reasons").len() == 2
    });
    let [starts, reason] = items(&reasons, "reasons") else { panic!("{reasons:?}") };
    assert_eq!((starts.text("part"), starts.text("name")), ("collector", "boot"));
    assert!(starts.text("reason").starts_with("state_file /"), "{starts:?}");
    assert_eq!((reason.text("part"), reason.text("name")), ("log", &*state.to_string_lossy()));
    let json = status(&agent);
    let [shown] = items(&json, "logs") else { panic!("{json:?}") };
    assert_eq!(shown.text("path"), log.to_string_lossy());
    assert_eq!(reading(shown, "files"), Some(1.0));
}
