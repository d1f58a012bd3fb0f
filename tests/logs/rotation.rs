//! Rotation, copies, ends and kills: no line is lost or counted twice.

use crate::common::{Temp, wait_until};
use crate::support::{append, assert_lines, lines, open, plan, tail};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use sysmetrics::base::state::{Found, Slots};

/// Writes lines until it is stopped, to whatever file is the current one.
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
pub fn kept(dir: &Temp) -> Vec<(u64, PathBuf)> {
    let mut file = Slots::new(dir.path("state/offsets"));
    let found = file.read(b"sysmetrics log offsets 2\n", 1 << 20).unwrap();
    let Found::Body(body) = found else { panic!("{found:?}") };
    let text = String::from_utf8(body).unwrap();
    let place = |line: &str| {
        let path = PathBuf::from(line.rsplit('\t').next()?);
        Some((line.split(' ').next()?.parse().ok()?, path))
    };
    text.lines().skip(2).filter_map(place).collect()
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
fn a_missed_rotation_is_reported() {
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
    wait_until("it to be counted", || tail(&agent.scrape(), "rotations_missed_total") == 1.0);
    agent.wait_for_log("log file was rotated twice between two checks", 1);
    assert_lines(&agent, &log, 4);
}
