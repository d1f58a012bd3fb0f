//! Log files, followed by the real binary while others write, rotate and empty them.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))] // tiny_http does not drive the hub
#![allow(unsafe_code)] // who we are
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // tests start programs; the agent does not

mod common;

use common::agent::Plan;
use common::{Agent, Exposition, Temp, wait_until};
use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Most bytes of a turn.
const TURN: f64 = 262_144.0;

/// Counts all lines, and errors by level.
const RULES: &str = "[[logs.rules]]\nmetric = \"lines_total\"\npattern = '^'\nhelp = \"Lines.\"\n\
    [[logs.rules]]\nmetric = \"errors_total\"\npattern = 'level=(?P<level>error|fatal)'\n\
    labels = { level = \"$level\" }\nhelp = \"Errors.\"\n";

fn settings(dir: &Temp, path: &str, more: &str) -> String {
    let dir = dir.as_ref().display();
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[tail]\npoll_interval = \"200ms\"\n\
         state_interval = \"100ms\"\nstate_file = \"{dir}/state/offsets\"\n{more}\n\
         [[logs]]\npath = \"{dir}/{path}\"\nfrom_start = true\n{RULES}"
    )
}

fn plan(dir: &Temp, path: &str, more: &str) -> Plan {
    Agent::plan().machine("box").file(&settings(dir, path, more))
}

fn lines(agent: &Agent) -> f64 {
    agent.scrape().value("lines_total", &[])
}

/// The only series of a family about log files.
fn tail(scrape: &Exposition, name: &str) -> f64 {
    scrape.family(&format!("sysmetrics_tail_{name}")).map_or(0.0, |family| family.samples[0].value)
}

fn trouble(agent: &Agent, reason: &str) -> f64 {
    agent.scrape().find("sysmetrics_tail_errors_total", &[("reason", reason)]).unwrap_or(0.0)
}

/// Waits until so many lines were counted, and makes sure that it stays at that: a last line comes
/// after all that could be counted twice.
fn assert_lines(agent: &Agent, log: &Path, count: u64) {
    wait_until("all lines", || {
        let counted = lines(agent);
        assert!(counted <= count as f64, "{counted} lines of {count}");
        counted == count as f64
    });
    let turns = tail(&agent.scrape(), "turns_total");
    append(log, "the last\n");
    wait_until("the last line", || tail(&agent.scrape(), "turns_total") > turns);
    assert_eq!(lines(agent), (count + 1) as f64);
}

fn open(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn append(path: &Path, text: impl AsRef<[u8]>) {
    open(path).write_all(text.as_ref()).unwrap();
}

/// Writes lines until it is told to stop, to whatever file is the current one.
struct Writer {
    file: Arc<Mutex<File>>,
    written: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn new(path: &Path) -> Writer {
        let file = Arc::new(Mutex::new(open(path)));
        let (written, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (f, w, s) = (Arc::clone(&file), Arc::clone(&written), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for n in 0u64.. {
                if s.load(SeqCst) {
                    break;
                }
                let level = ["info", "error", "warn", "fatal"][(n % 4) as usize];
                // Some lines come in two pieces.
                let line = format!("{n} level={level} and so on\n");
                let mut file = f.lock().unwrap();
                let (first, second) = line.split_at(if n % 7 == 0 { 5 } else { line.len() });
                file.write_all(first.as_bytes()).unwrap();
                file.write_all(second.as_bytes()).unwrap();
                w.fetch_add(1, SeqCst);
                drop(file);
                if n % 50 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        });
        Writer { file, written, stop, thread }
    }

    fn written(&self) -> u64 {
        self.written.load(SeqCst)
    }

    /// How many lines were written in all.
    fn end(self) -> u64 {
        self.stop.store(true, SeqCst);
        self.thread.join().unwrap();
        self.written.load(SeqCst)
    }
}

/// Renamed while they are written to; the writer goes on in the old one for a while. What the glob
/// makes of the old name must make no difference.
#[test]
fn rotation_by_rename_under_load_loses_and_doubles_nothing() {
    for glob in ["web.log", "web.log*"] {
        let dir = Temp::new();
        let log = dir.path("web.log");
        let agent = plan(&dir, glob, "").start();
        let writer = Writer::new(&log);
        for round in 0..8 {
            // The agent has found the file.
            let before = writer.written();
            wait_until("the file to be read", || lines(&agent) > before as f64);
            fs::rename(&log, dir.path(&format!("web.log.{round}"))).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            *writer.file.lock().unwrap() = open(&log);
        }
        let count = writer.end();
        assert_lines(&agent, &log, count);
        let scrape = agent.scrape();
        for (level, rest) in [("error", 2), ("fatal", 0)] {
            let expected = ((count + rest) / 4) as f64;
            assert_eq!(scrape.value("errors_total", &[("level", level)]), expected, "{glob}");
        }
    }
}

/// Copied and emptied while they are written to. Between copy and emptying nobody writes: what would
/// be written then is lost to everybody. What the agent has not read by then is in the copy alone, and is
/// read there if the glob finds it; otherwise the writer waits for the agent.
#[test]
fn copy_and_truncate_under_load_loses_and_doubles_nothing() {
    for glob in ["web.log", "web.log*"] {
        let dir = Temp::new();
        let log = dir.path("web.log");
        let agent = plan(&dir, glob, "").start();
        let writer = Writer::new(&log);
        for round in 0..6 {
            let before = writer.written();
            wait_until("the file to be read", || lines(&agent) > before as f64);
            let file = writer.file.lock().unwrap();
            if glob == "web.log" {
                let written = writer.written() as f64;
                wait_until("all of it to be read", || lines(&agent) == written);
            }
            fs::copy(&log, dir.path(&format!("web.log.{round}"))).unwrap();
            file.set_len(0).unwrap();
            drop(file);
            let expected = f64::from(round + 1);
            wait_until("it to be noticed", || {
                tail(&agent.scrape(), "truncations_total") == expected
            });
        }
        let count = writer.end();
        assert_lines(&agent, &log, count);
    }
}

/// The offsets that a killed agent leaves behind.
fn kept(dir: &Temp) -> Vec<(u64, PathBuf)> {
    let text = fs::read_to_string(dir.path("state/offsets")).unwrap();
    let place = |line: &str| {
        let path = PathBuf::from(line.rsplit('\t').next()?);
        Some((line.split(' ').next()?.parse().ok()?, path))
    };
    text.lines().skip(1).filter_map(place).collect()
}

#[test]
fn killed_in_the_middle_it_goes_on_from_the_offsets_it_kept() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    let writer = Writer::new(&log);
    for _ in 0..3 {
        let agent = plan(&dir, "web.log", "").start();
        // It kept offsets, and is amid reading.
        wait_until("offsets", || dir.path("state/offsets").exists());
        let written = writer.written();
        wait_until("more lines", || lines(&agent) > 100.0 && writer.written() > written + 1000);
        agent.signal(libc::SIGKILL);
        drop(agent);
    }
    let agent = {
        // What comes after the kept offset is read again, no less and no more.
        let kept = kept(&dir);
        assert_eq!(kept.len(), 1);
        let (offset, path) = &kept[0];
        assert_eq!(*path, log);
        let agent = plan(&dir, "web.log", "").start();
        let count = writer.end();
        let text = fs::read(&log).unwrap();
        let newlines = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(newlines(&text), count);
        let known = newlines(&text[..*offset as usize]);
        assert!(known > 100, "it got somewhere");
        assert_lines(&agent, &log, count - known);
        agent
    };
    drop(agent);
}

#[test]
fn ended_and_started_it_counts_every_line_once() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "one\ntwo\nthr");
    let mut agent = plan(&dir, "web.log", "").start();
    wait_until("two lines", || lines(&agent) == 2.0);
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    append(&log, "ee\nfour\n");
    fs::rename(&log, dir.path("web.log.1")).unwrap();
    append(&log, "five\n");
    let agent = plan(&dir, "web.log", "").start();
    assert_lines(&agent, &log, 3);
    // A reload loses nothing either.
    append(&log, "six\n");
    agent.signal(libc::SIGHUP);
    agent.wait_for_log("settings reloaded", 1);
    append(&log, "seven\n");
    wait_until("all lines", || lines(&agent) == 6.0);
}

#[test]
fn lines_of_any_kind() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    let agent = plan(&dir, "web.log", "max_line_bytes = 1000").start();
    append(&log, "level=err");
    append(&log, ["x".repeat(995).as_bytes(), b"level=error\n"].concat());
    append(&log, ["level=fatal ".as_bytes(), &[0xff; 5000]].concat());
    append(&log, b"\xfe level=error\n\0\0level=fatal\xff\r\n\n\r\nlevel=error");
    wait_until("all lines", || lines(&agent) == 5.0);
    let scrape = agent.scrape();
    // The first is cut within the word, the second behind it; the last has no end yet.
    assert_eq!(scrape.value("errors_total", &[("level", "fatal")]), 2.0);
    assert_eq!(scrape.find("errors_total", &[("level", "error")]), None);
    assert_eq!(tail(&scrape, "lines_cut_total"), 2.0);
    append(&log, " ended\n");
    let error = [("level", "error")];
    wait_until("the last", || agent.scrape().find("errors_total", &error) == Some(1.0));
}

#[test]
fn a_hundred_files_in_directories_that_come_later() {
    let dir = Temp::new();
    let agent = plan(&dir, "*/app-[0-9]*.log", "").start();
    agent.scrape();
    let before = agent.descriptors().len();
    let path = |n: usize| dir.path(&format!("{}/app-{n}.log", n % 10));
    for n in 0..100 {
        fs::create_dir_all(path(n).parent().unwrap()).unwrap();
        append(&path(n), "one\n");
        append(&path(n).with_extension("txt"), "not this\n");
    }
    wait_until("all lines", || lines(&agent) == 100.0);
    for round in 0..5 {
        for n in 0..100 {
            append(&path(n), format!("two {round}\nthree\n"));
        }
    }
    assert_lines(&agent, &path(7), 1100);
    assert_eq!(tail(&agent.scrape(), "files"), 100.0);
    let open = agent.descriptors().len();
    assert!(open < before + 64 + 8, "{open} descriptors, {before} before");
}

/// Lines are written as fast as they can be while it is asked: every answer comes, every turn is
/// bounded, and at the end no line is missing.
#[test]
fn a_flood_hinders_nobody() {
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
    let (mut before, mut has_seen_calm, mut asked) = ((0.0, 0.0), false, 0);
    let total = (BLOCKS * 10_000 + 1) as f64;
    wait_until("all lines", || {
        let scrape = agent.scrape();
        asked += 1;
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
    assert!(size * BLOCKS > 100_000_000 && has_seen_calm && asked > 10, "{asked}");
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
fn a_state_file_that_cannot_be_is_said_and_it_goes_on() {
    for (state, is_foreign) in [("/proc/no-such-place", false), ("DIR", true), ("FILE", true)] {
        let dir = Temp::new();
        let log = dir.path("web.log");
        append(&log, "one\n");
        let file = dir.write("mine", "do not touch\n");
        let name = match state {
            "DIR" => dir.as_ref().display().to_string(),
            "FILE" => file.display().to_string(),
            state => state.to_owned(),
        };
        let own = format!("{}/state/offsets", dir.as_ref().display());
        let text = settings(&dir, "web.log", "").replace(&own, &name);
        let agent = Agent::plan().machine("box").file(&text).start();
        wait_until("the line", || lines(&agent) == 1.0);
        for round in 1..4 {
            append(&log, "more\n");
            wait_until("more", || lines(&agent) == f64::from(1 + round));
            std::thread::sleep(Duration::from_millis(150)); // so that it is tried again
        }
        let expected = if is_foreign { 1.0 } else { 2.0 };
        wait_until("it to be counted", || trouble(&agent, "state") >= expected);
        agent.wait_for_log("what was read of log files is not kept", 1);
        assert_eq!(agent.lines_with("is not kept"), 1, "{:?}", agent.log());
        assert_eq!(fs::read_to_string(&file).unwrap(), "do not touch\n");
    }
}

/// As a user to whom the file is closed at first; root may read everything.
#[test]
fn a_file_that_is_closed_at_first() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "one\n");
    let set = |mode| fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
    set(0);
    let mut plan = plan(&dir, "web.log", "");
    // SAFETY: no preconditions.
    if unsafe { libc::geteuid() } == 0 {
        // The state directory is not ours to write to, then.
        plan = plan.shell("exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"");
    }
    let agent = plan.start();
    wait_until("the failure", || trouble(&agent, "open") == 1.0);
    agent.wait_for_log("log file cannot be opened", 1);
    append(&log, "two\n");
    set(0o644);
    assert_lines(&agent, &log, 2);
    assert_eq!(trouble(&agent, "open"), 1.0, "it is counted once");
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let dir = Temp::new();
    let pipe = CString::new(dir.path("web.pipe").to_str().unwrap()).unwrap();
    // SAFETY: the path ends with a NUL and lives over the call.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o644) }, 0);
    fs::create_dir(dir.path("web.d")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path("web.zero")).unwrap();
    let agent = plan(&dir, "web.*", "").start();
    append(&dir.path("web.log"), "one\n");
    assert_lines(&agent, &dir.path("web.log"), 1);
    assert_eq!(trouble(&agent, "irregular"), 3.0);
    assert_eq!(tail(&agent.scrape(), "files"), 1.0);
}

/// With rules gone their series go; files that stay are not read again.
#[test]
fn a_reload_keeps_files_and_drops_rules() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "level=error\n");
    let agent = plan(&dir, "web.log", "").start();
    wait_until("the line", || lines(&agent) == 1.0);
    let text = settings(&dir, "web.log", "");
    let (first, _) = text.rsplit_once("[[logs.rules]]").unwrap();
    agent.reload(first);
    agent.wait_for_log("settings reloaded", 1);
    let scrape = agent.scrape();
    assert!(scrape.family("errors_total").is_none());
    assert_lines(&agent, &log, 1);
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    wait_until("nothing to be followed", || !agent.scrape().has("sysmetrics_tail_"));
    assert!(agent.scrape().family("lines_total").is_none());
}

/// The real logrotate, with a path that does not name what it copies: what was not read before the file
/// was emptied is read there.
#[test]
fn logrotate_with_copytruncate_loses_no_line() {
    for more in ["rotate 3", "rotate 4\ncompress\ndelaycompress"] {
        let dir = Temp::new();
        let log = dir.path("app.log");
        let text = format!("{} {{\ncopytruncate\nsize 1\n{more}\n}}\n", log.display());
        let conf = dir.write("logrotate.conf", &text);
        let agent = plan(&dir, "app.log", "").start();
        let writer = Writer::new(&log);
        let mut count = 0;
        while count < 200_000 {
            let written = writer.written();
            wait_until("more lines", || writer.written() > written + 5000);
            // What is written between copying and emptying is lost to everybody.
            let file = writer.file.lock().unwrap();
            let mut logrotate = Command::new("logrotate");
            logrotate.arg("--force").arg("--state").arg(dir.path("rotated")).arg(&conf);
            let output = logrotate.output().unwrap();
            assert!(output.status.success() && file.metadata().unwrap().len() == 0, "{output:?}");
            count = writer.written();
            // Copies that are compressed or deleted before anybody looks are lost to the agent, too.
            wait_until("what was written before", || lines(&agent) >= count as f64);
            drop(file);
        }
        let count = writer.end();
        assert_lines(&agent, &log, count);
        let scrape = agent.scrape();
        assert!(tail(&scrape, "truncations_total") > 5.0);
        assert_eq!(
            scrape.value("errors_total", &[("level", "fatal")]),
            (count / 4) as f64,
            "{more}"
        );
    }
}

#[test]
fn a_rotation_that_was_missed_is_told() {
    let dir = Temp::new();
    let log = dir.path("app.log");
    append(&log, "one\n");
    let agent = plan(&dir, "app.log", "").start();
    wait_until("the line", || lines(&agent) == 1.0);
    assert_eq!(tail(&agent.scrape(), "rotations_missed_total"), 0.0);
    agent.signal(libc::SIGSTOP);
    append(&log, "two\n");
    std::thread::sleep(Duration::from_millis(20)); // files keep times
    fs::rename(&log, dir.path("app.log.2")).unwrap();
    append(&log, "three\n");
    fs::rename(&log, dir.path("app.log.1")).unwrap();
    append(&log, "four\n");
    agent.signal(libc::SIGCONT);
    wait_until("it to be told", || tail(&agent.scrape(), "rotations_missed_total") == 1.0);
    agent.wait_for_log("log file was rotated twice between two looks", 1);
    assert_lines(&agent, &log, 4);
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
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(
            said.matches("slow pattern of a log rule").count(),
            usize::from(!why.is_empty())
        );
        assert!(said.contains(why), "{said}");
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
