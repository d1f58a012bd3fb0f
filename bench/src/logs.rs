//! Log lines: what it takes to read a file of them and count those that match, beside programs that do
//! nothing else.

use crate::found::Found;
use crate::stats::Summary;
use crate::sys;
use crate::targets;
use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use sysmetrics::inputs::tail::Tails;
use sysmetrics::model::store::{Bounds, Store};
use sysmetrics::settings::{LogFiles, LogRule, Tail};

const PATTERN: &str = "level=(?P<level>error|fatal)";

/// Lines of which one does not match, and how many do of a thousand.
const MATCHES: u64 = 10;

/// Measures `megabytes` of log, so many times, and says how it went.
pub fn measure(megabytes: u64, times: usize, found: &mut Found) -> io::Result<()> {
    let log = Log::new(megabytes << 20)?;
    let megabytes = log.bytes as f64 / 1e6;
    let ours: Vec<_> = (0..times).map(|_| log.follow()).collect::<io::Result<_>>()?;
    let cost = Summary::of(&ours);
    let what = "a megabyte of log, one pattern with a fixed text";
    found.at_most(what, cost.median / megabytes, targets::LOG, targets::write::millis);
    let rate = |nanos: f64| megabytes / (nanos / 1e9);
    found.facts.push(format!(
        "{megabytes:.0} MB of log, {} of {} lines match: {:.0} MB/s of CPU time ({:.0}–{:.0})",
        log.matches,
        log.lines,
        rate(cost.median),
        rate(cost.max),
        rate(cost.min),
    ));
    let program = log.directory.join("count.mtail");
    fs::write(
        &program,
        format!("counter lines by level\n/{PATTERN}/ {{\n  lines[$level]++\n}}\n"),
    )?;
    let (path, program) = (log.path().display().to_string(), program.display().to_string());
    for (name, command) in [
        ("grep -c -E", &["grep", "-c", "-E", "level=(error|fatal)", &path][..]),
        (
            "grep -c -F -e -e",
            &["grep", "-c", "-F", "-e", "level=error", "-e", "level=fatal", &path],
        ),
        ("mtail -one_shot", &["mtail", "-one_shot", "-progs", &program, "-logs", &path]),
    ] {
        match cost_of(command, times.min(3)) {
            Ok(cost) => found.facts.push(format!(
                "  {name}: {:.0} MB/s of CPU time, {:.0} MB/s by the clock",
                rate(cost.0.median),
                rate(cost.1.median)
            )),
            Err(e) => found.facts.push(format!("  SKIPPED {name}: {e}")),
        }
    }
    Ok(())
}

/// CPU time of a child and of its children, and time by the clock, in nanoseconds.
fn cost_of(command: &[&str], times: usize) -> io::Result<(Summary, Summary)> {
    let (mut cpu, mut clock) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let (before, start) = (sys::children_cpu_nanos(), Instant::now());
        let mut child = Command::new(command[0]);
        // grep looks no further than the first match where nobody reads its output.
        child.args(&command[1..]).env("LC_ALL", "C").stderr(Stdio::null());
        let status = sys::dies_with_us(&mut child).output()?.status;
        if !status.success() {
            return Err(io::Error::other(status.to_string()));
        }
        clock.push(start.elapsed().as_nanos() as f64);
        cpu.push((sys::children_cpu_nanos() - before) as f64);
    }
    Ok((Summary::of(&cpu), Summary::of(&clock)))
}

/// A log in memory, gone with this.
struct Log {
    directory: PathBuf,
    bytes: u64,
    lines: u64,
    matches: u64,
}

impl Log {
    /// Lines of about 120 bytes, most of which say `level=info`.
    fn new(bytes: u64) -> io::Result<Log> {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
        let directory = base.join(format!("sysmetrics-bench-logs-{}", std::process::id()));
        fs::create_dir_all(&directory)?;
        let mut log = Log { directory, bytes: 0, lines: 0, matches: 0 };
        let mut out = BufWriter::with_capacity(1 << 20, File::create(log.path())?);
        let mut line = Vec::new();
        while log.bytes < bytes {
            let n = log.lines;
            let is_match = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32 & 1023 < MATCHES;
            let level = match (is_match, n % 11) {
                (true, 0) => "fatal",
                (true, _) => "error",
                (false, 0) => "warn",
                (false, _) => "info",
            };
            line.clear();
            writeln!(
                line,
                "2026-11-20T10:{:02}:{:02}.{:03}Z level={level} host=web-{} method=GET \
                 path=/api/v1/users/{} status=200 duration_ms={} bytes={}",
                n / 60_000 % 60,
                n / 1000 % 60,
                n % 1000,
                n % 7,
                n.wrapping_mul(2_654_435_761) % 100_000,
                n % 250,
                n.wrapping_mul(40_503) % 65_536,
            )?;
            out.write_all(&line)?;
            log.bytes += line.len() as u64;
            log.matches += u64::from(is_match);
            log.lines += 1;
        }
        out.flush()?;
        Ok(log)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("web.log")
    }

    /// Nanoseconds of CPU that the agent takes to read and match all of it, turn by turn.
    fn follow(&self) -> io::Result<f64> {
        let now = Instant::now();
        let (mut tails, mut store) = (Tails::default(), Store::new(Bounds::default(), now));
        let settings = Tail {
            state_file: None,
            memory_file: None,
            state_interval: Duration::from_secs(10),
            poll_interval: Duration::from_secs(5),
            max_line_bytes: 64 << 10,
            max_value_bytes: 128,
            max_series: 1000,
        };
        let rule = LogRule {
            metric: "lines_total".to_owned(),
            pattern: PATTERN.to_owned(),
            labels: vec![("level".to_owned(), "$level".to_owned())],
            ..LogRule::default()
        };
        let path = self.path().display().to_string();
        let logs = [LogFiles { path, from_start: true, rules: vec![rule] }];
        tails.apply(&settings, &logs, &[], &mut store, now);
        let start = sys::own_cpu_nanos();
        tails.turn(false, &mut store, now);
        while tails.deadline().is_some_and(|at| at <= now) {
            tails.turn(false, &mut store, now);
        }
        let cost = sys::own_cpu_nanos() - start;
        if store.len() != 2 {
            return Err(io::Error::other(format!("{} series instead of 2", store.len())));
        }
        Ok(cost as f64)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}
