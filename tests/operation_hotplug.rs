//! Kernel files that change under a running agent: emptied, cut, damaged, removed, back again. Errors are reported,
//! other samples are still there, and no family is incomplete.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Exposition, Temp};
use std::fs;
use sysmetrics::kernel::collect::COLLECTORS as COLLECTED;

const COLLECTORS: [(&str, &str); 4] =
    [("cpu", "stat"), ("memory", "meminfo"), ("disk", "diskstats"), ("network", "net/dev")];

fn reading(proc: &Temp) -> Agent {
    Agent::plan().arg(format!("--path.procfs={}", proc.path("").display())).start()
}

/// Families of the collector that the page has.
fn families<'a>(metrics: &'a Exposition, collector: &str) -> Vec<&'a str> {
    let of = COLLECTED.iter().find(|spec| spec.subject.name == collector).unwrap();
    let own = |name: &str| of.families.iter().any(|f| f.names().0 == name);
    let names = metrics.families.iter().map(|f| f.name.as_str());
    names.filter(|name| own(name.strip_prefix("sysmetrics_").unwrap_or(name))).collect()
}

/// Of `broken` nothing is told and it is marked; of the others all.
fn assert_only_broken(metrics: &Exposition, whole: &Exposition, broken: &str, how: &str) {
    for (name, _) in COLLECTORS {
        let shown = families(metrics, name);
        if name == broken {
            assert_eq!(metrics.success(name), Some(false), "{how} {name}: {shown:?}");
            assert!(shown.is_empty(), "{how} {name}: {shown:?}");
        } else {
            assert_eq!(metrics.success(name), Some(true), "{how} {broken}: {name}");
            assert_eq!(shown, families(whole, name), "{how} {broken}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_yet_is_found_when_it_comes() {
    for (name, file) in COLLECTORS {
        let proc = Temp::proc_of("box");
        let text = fs::read(proc.path(file)).unwrap();
        let whole = reading(&proc).scrape();
        fs::remove_file(proc.path(file)).unwrap();
        let agent = reading(&proc);
        assert_only_broken(&agent.scrape(), &whole, name, "missing");
        proc.write(file, &text);
        let metrics = agent.scrape();
        assert_eq!(metrics.success(name), Some(true));
        assert_eq!(families(&metrics, name), families(&whole, name));
    }
}

/// A kernel file is never empty; disks and interfaces may all be gone, the lines of CPUs and
/// memory not.
#[test]
fn an_emptied_file_is_no_zero() {
    for (name, file) in COLLECTORS {
        let proc = Temp::proc_of("box");
        let text = fs::read(proc.path(file)).unwrap();
        let agent = reading(&proc);
        let whole = agent.scrape();
        proc.write(file, "");
        let metrics = agent.scrape();
        if metrics.success(name) == Some(false) {
            assert_only_broken(&metrics, &whole, name, "emptied");
        }
        assert!(families(&metrics, name).is_empty(), "{name}");
        assert!(["disk", "network"].contains(&name) || metrics.success(name) == Some(false));
        proc.write(file, &text);
        assert_eq!(families(&agent.scrape(), name), families(&whole, name), "and back");
    }
}

/// Wherever a file is cut, the exposition is sound and the others are whole; cut between lines, it
/// tells no family that was not there.
#[test]
fn a_file_cut_anywhere_spoils_nothing_else() {
    for (name, file) in COLLECTORS {
        let proc = Temp::proc_of("single");
        let text = fs::read(proc.path(file)).unwrap();
        let agent = reading(&proc);
        let whole = agent.scrape();
        let mut client = agent.connect();
        // Every length would take long; among these are cuts in names, numbers and between.
        for length in (0..text.len()).step_by(1 + text.len() / 60) {
            for cut in [length, line_end(&text, length)] {
                proc.write(file, &text[..cut]);
                let answer = client.get("/metrics");
                let metrics = Exposition::parse(answer.text(), common::Format::Prometheus);
                for (other, _) in COLLECTORS.iter().filter(|(other, _)| *other != name) {
                    assert_eq!(families(&metrics, other), families(&whole, other), "{file} {cut}");
                }
                for family in families(&metrics, name) {
                    assert!(cut == length || whole.family(family).is_some(), "{file}: {family}");
                }
            }
        }
    }
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n + 1)
}

#[test]
fn rubbish_costs_the_collector_and_nothing_else() {
    let rubbish: [&[u8]; 4] =
        [b"\0\0\0\0", b"rubbish\n", &[0xff; 5000], b"cpu cpu cpu\nMemTotal: -1 kB\n8 0 sda x\n"];
    for (name, file) in COLLECTORS {
        let proc = Temp::proc_of("box");
        let agent = reading(&proc);
        let whole = agent.scrape();
        for text in rubbish {
            // Behind what may be two lines of headings.
            proc.write(file, [b"x\nx\n", text].concat());
            let metrics = agent.scrape();
            assert!(families(&metrics, name).is_empty(), "{name}: {:?}", families(&metrics, name));
            for (other, _) in COLLECTORS.iter().filter(|(other, _)| *other != name) {
                assert_eq!(families(&metrics, other), families(&whole, other));
            }
            let errors = metrics.value("sysmetrics_collector_errors_total", &[("collector", name)]);
            assert!(errors > 0.0, "{name} counts it");
        }
    }
}

#[test]
fn a_device_that_goes_leaves_no_series_and_may_return() {
    let proc = Temp::proc_of("hotplug-before");
    let agent = reading(&proc);
    let series = |metrics: &Exposition, device: &str| {
        let is = |s: &&common::exposition::Sample| s.labels.iter().any(|(_, v)| v == device);
        metrics.samples().filter(is).count()
    };
    let before = agent.scrape();
    assert!(series(&before, "sdb") > 10 && series(&before, "eth1") > 10);
    assert_eq!((series(&before, "sdc"), series(&before, "wwan0")), (0, 0));
    let write = |machine: &str| {
        for (_, file) in COLLECTORS {
            proc.write(file, fs::read(format!("fixtures/{machine}/proc/{file}")).unwrap());
        }
    };
    write("hotplug-after");
    let after = agent.scrape();
    assert_eq!((series(&after, "sdb"), series(&after, "eth1")), (0, 0), "gone at once");
    assert!(series(&after, "sdc") > 10 && series(&after, "wwan0") > 10);
    write("hotplug-before");
    let again = agent.scrape();
    assert_eq!(series(&again, "sdb"), series(&before, "sdb"));
    assert_eq!(series(&again, "sdc"), 0);
    for (name, _) in COLLECTORS {
        assert_eq!(again.success(name), Some(true));
    }
}

#[test]
fn a_box_without_any_file_still_answers() {
    let agent = Agent::plan().machine("missing").start();
    let metrics = agent.scrape();
    assert!(COLLECTORS.iter().all(|(name, _)| metrics.success(name) == Some(false)));
    assert!(metrics.find("sysmetrics_http_connections", &[]).is_some());
    let empty = Agent::plan().machine("empty").start().scrape();
    assert!(COLLECTORS.iter().all(|(name, _)| families(&empty, name).is_empty()));
}

/// What is read anew finds a tree that was replaced as a whole.
#[test]
fn a_reload_opens_the_files_anew() {
    let proc = Temp::proc_of("box");
    let agent = reading(&proc);
    assert_eq!(agent.scrape().success("disk"), Some(true));
    fs::remove_file(proc.path("diskstats")).unwrap();
    assert_eq!(agent.get("/metrics").status, 200);
    agent.signal(libc::SIGHUP);
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(agent.scrape().success("disk"), Some(false));
}
