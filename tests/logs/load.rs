//! Much at once: scrapes are not delayed.

use crate::common::{Agent, Temp, wait_until};
use crate::support::{append, assert_lines, lines, open, plan, settings};
use std::io::Write;
use std::process::Command;
use std::time::Instant;

/// Most bytes of a turn.
const TURN: f64 = 262_144.0;

/// Lines are written as fast as they can be while it is asked: every answer comes, every turn is
/// bounded, and at the end no line is missing.
#[test]
fn a_flood_of_lines_delays_no_scrape() {
    const BLOCKS: usize = 110;
    let dir = Temp::new();
    let (log, calm) = (dir.path("web.log"), dir.path("web-calm.log"));
    let agent = plan(&dir, "web*.log", "").start();
    let block: String =
        (0..10_000).map(|n| format!("{n:06} level=info {}\n", "and so on ".repeat(8))).collect();
    let size = block.len();
    let path = log.clone();
    let flood = std::thread::spawn(move || {
        let mut file = open(&path);
        (0..BLOCKS).for_each(|_| file.write_all(block.as_bytes()).unwrap());
    });
    append(&calm, "level=fatal\n");
    let (mut before, mut has_seen_calm, mut requests) = ((0.0, 0.0), false, 0);
    let total = (BLOCKS * 10_000 + 1) as f64;
    wait_until("all lines", || {
        let scrape = agent.scrape();
        requests += 1;
        let of = |name| {
            let family = scrape.family(&format!("sysmetrics_tail_{name}"));
            family.map_or(0.0, |family| family.samples[0].value)
        };
        let now = (of("turns_total"), of("read_bytes_total"));
        assert!(now.1 - before.1 <= TURN * (now.0 - before.0), "{before:?} {now:?}");
        before = now;
        let lines = scrape.value("lines_total", &[]);
        assert!(lines <= total);
        let calm = scrape.find("errors_total", &[("level", "fatal")]) == Some(1.0);
        // It did not wait until the flood was over.
        has_seen_calm |= calm && lines < total;
        lines == total
    });
    flood.join().unwrap();
    assert!(size * BLOCKS > 100_000_000 && has_seen_calm && requests > 10, "{requests}");
    assert_eq!(before.1, (size * BLOCKS + 12) as f64);
}

/// However often a log is written to, it wakes the agent some fifty times a second.
#[test]
fn many_small_writes_are_read_together() {
    const WRITES: u64 = 20_000;
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "one\n");
    let agent = plan(&dir, "web.log", "").start();
    wait_until("the first line", || lines(&agent) == 1.0);
    let (before, start) = (agent.status("voluntary_ctxt_switches"), Instant::now());
    let mut file = open(&log);
    (0..WRITES).for_each(|_| file.write_all(b"more\n").unwrap());
    let (wakes, took) = (agent.status("voluntary_ctxt_switches") - before, start.elapsed());
    // Once to read, once to find nothing, besides looking now and then.
    let most = 20 + 4 * u64::try_from(took.as_millis() / 20).unwrap();
    assert!(wakes <= most, "{wakes} wakes, not {most}, in {took:?}");
    assert_lines(&agent, &log, WRITES + 1);
}

#[test]
fn slow_patterns_are_warned_of() {
    let dir = Temp::new();
    let text =
        |pattern: &str| settings(&dir, "web.log", "").replace("'^'", &format!("'{pattern}'"));
    for (pattern, why) in [
        (r"\d+$", "it has no fixed text"),
        ("(?P<id>.{1,500})done.{1,500}end", "it has large counted repeats"),
        ("(?:(?:a{1,3}b)?c){1,3}done", "it has counted repeats within a counted repeat"),
        ("took [0-9]{1,3}ms", ""),
    ] {
        let file = dir.write("settings.toml", text(pattern));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
        let output = command.env_clear().arg("--config").arg(file).arg("--check-config").output();
        let output = output.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}");
        assert_eq!(
            text.matches("slow pattern of a log rule").count(),
            usize::from(!why.is_empty())
        );
        assert!(text.contains(why), "{text}");
    }
}

/// Lines that are made to be slow are skipped or cut, and told; other rules get them whole.
#[test]
fn hostile_lines_are_counted() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    let nasty = "(?P<id>.{1,500})done.{1,500}end";
    let more = format!("[[logs.rules]]\nmetric = \"nasty_total\"\npattern = '{nasty}'\n");
    let text = settings(&dir, "web.log", "") + &more;
    let agent = Agent::plan().machine("box").file(&text).start();
    append(&log, ["done ".repeat(12_000), "level=error\n".into()].concat().repeat(100));
    append(&log, "all is done in the end\n");
    wait_until("all lines", || lines(&agent) == 101.0);
    let scrape = agent.scrape();
    assert_eq!(scrape.value("errors_total", &[("level", "error")]), 100.0);
    let skipped = scrape.family("sysmetrics_tail_lines_skipped_total").unwrap();
    let skipped: f64 = skipped.samples.iter().map(|sample| sample.value).sum();
    let matched = scrape.family("nasty_total").map_or(0.0, |family| family.samples[0].value);
    assert_eq!(skipped + matched, 101.0);
    assert!(agent.lines_with("slow pattern") <= 2);
}
