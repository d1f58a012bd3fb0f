//! What is measured inside this process, by its own CPU clock: writing, size, allocations, and the
//! scrapes that callgrind counts.

use crate::agent;
use crate::alloc;
use crate::client::{Client, request};
use crate::stats::Summary;
use crate::sys;
use crate::trees::{Many, Tree};
use std::fs::File;
use std::hint::black_box;
use std::io;
use std::os::unix::fs::FileExt;
use sysmetrics::model::metric::{Buffer, Label, Sink, Unit, counter};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::serve::http::Response;
use sysmetrics::settings::Dialect;

const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];

/// How many ticks a CPU has spent in each mode at most, on a machine that is up for a month.
const TICKS: [u64; 8] = [20_000_000, 5_000, 9_000_000, 259_200_000, 500_000, 1, 900_000, 1_000];

/// Nanoseconds to write one sample with two labels, as the cpu collector hands them over.
pub fn writing(times: usize) -> Summary {
    const CPUS: usize = 64;
    const ROUNDS: usize = 50;
    let family = counter("cpu_seconds_total", Unit::Ticks, "Seconds.", &["cpu", "mode"]);
    let numbers: Vec<_> = (0..CPUS).map(|n| n.to_string().into_bytes()).collect();
    let modes = MODES.map(Label::from);
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut samples = Vec::new();
    for _ in 0..times {
        let start = sys::own_cpu_nanos();
        for round in 0..ROUNDS as u64 {
            out.truncate(0);
            let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
            let sink: &mut dyn Sink = black_box(&mut text);
            sink.family(&family);
            let mut seed = round;
            for number in &numbers {
                let number = Label::of(number);
                for (mode, most) in modes.into_iter().zip(TICKS) {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    sink.sample(&[number, mode], family.value((seed >> 33) % most));
                }
            }
            text.finish();
            black_box(out.bytes());
        }
        let took = (sys::own_cpu_nanos() - start) as f64;
        samples.push(took / (ROUNDS * CPUS * MODES.len()) as f64);
    }
    Summary::of(&samples)
}

/// Nanoseconds of CPU for one collector on a very large machine.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// A steady scrape without the reading of the file.
    pub steady: f64,
    /// Reading the file alone.
    pub reading: f64,
    /// The first scrape: everything is new, as after a great hot-plug.
    pub first: f64,
    /// Bytes of text made.
    pub bytes: usize,
}

/// Reading is measured apart, in the same way, and taken off: the trees are plain files, which cost
/// a copy where the kernel would compose a text, so only what remains says something.
pub fn scale(many: Many, count: usize, times: usize) -> io::Result<Scale> {
    let tree = Tree::new(many, count)?;
    let (collector, file) = many.collector();
    let path = |tree_of: &str| format!("{}/{tree_of}", tree.path().display());
    let (procfs, sysfs) = (path("proc"), path("sys"));
    let switch = format!("--collector.{collector}");
    let settings = agent::settings(&[
        "--collector.disable-defaults",
        &switch,
        "--no-process-metrics",
        "--path.procfs",
        &procfs,
        "--path.sysfs",
        &sysfs,
    ])?;
    let mut gather = agent::gather(&settings);
    let all = gather.all();
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let mut scrape = || {
        let start = sys::own_cpu_nanos();
        out.truncate(0);
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        gather.scrape(all, &mut text);
        text.finish();
        ((sys::own_cpu_nanos() - start) as f64, out.len())
    };
    let (first, bytes) = scrape();
    scrape();
    let steady: Vec<_> = (0..times).map(|_| scrape().0).collect();
    let kept = File::open(path(file))?;
    let mut buffer = vec![0; 8 << 20];
    let mut read = || {
        let start = sys::own_cpu_nanos();
        let mut at = 0;
        while let Ok(n @ 1..) = kept.read_at(black_box(&mut buffer[at..]), at as u64) {
            at += n;
        }
        (sys::own_cpu_nanos() - start) as f64
    };
    read();
    let reading: Vec<_> = (0..times).map(|_| read()).collect();
    let (whole, reading) = (Summary::of(&steady).median, Summary::of(&reading).median);
    Ok(Scale { steady: (whole - reading).max(0.0), reading, first, bytes })
}

/// Allocations of the whole program, sockets and poll loop included, in 1000 steady scrapes: plain
/// and compressed. Takes SIGTERM over: for a process of its own.
pub fn allocations() -> io::Result<[u64; 2]> {
    const SCRAPES: usize = 1000;
    let arguments: Vec<_> = agent::FOUR.into_iter().chain(["--listen=127.0.0.1:0"]).collect();
    let (mut server, mut service, address) = agent::server(&arguments)?;
    let address = address.parse().map_err(io::Error::other)?;
    let client = std::thread::spawn(move || -> io::Result<[u64; 2]> {
        let mut counts = [0; 2];
        for (gzip, counted) in [false, true].into_iter().zip(&mut counts) {
            let mut client = Client::connect(address, request("/metrics", gzip))?;
            for _ in 0..100 {
                client.scrape()?;
            }
            let before = alloc::count();
            for _ in 0..SCRAPES {
                client.scrape()?;
            }
            *counted = alloc::count() - before;
        }
        Ok(counts)
    });
    let ender = std::thread::spawn(move || {
        let counts = client.join();
        sys::signal(std::process::id(), libc::SIGTERM);
        counts
    });
    server.run(&mut service)?;
    let counts = ender.join().and_then(|counts| counts);
    counts.unwrap_or_else(|_| Err(io::Error::other("the client panicked")))
}

/// `count` scrapes of the trees at `fixture`, for callgrind; returns the bytes of one answer.
pub fn scrapes(fixture: &str, dialect: &str, gzip: bool, count: usize) -> io::Result<usize> {
    let (procfs, sysfs) = (format!("{fixture}/proc"), format!("{fixture}/sys"));
    let dialect = format!("--dialect={dialect}");
    let mut arguments = agent::FOUR.to_vec();
    arguments.extend([&*dialect, "--path.procfs", &procfs, "--path.sysfs", &sysfs]);
    let mut service = agent::service(&arguments)?;
    let mut response = Response::default();
    let head = request("/metrics", gzip);
    for _ in 0..3 {
        agent::answer(&mut service, &head, &mut response);
    }
    Ok(steady(count, &mut || agent::answer(&mut service, &head, &mut response)))
}

/// callgrind counts what happens in here (`--toggle-collect`).
#[inline(never)]
pub fn steady(count: usize, scrape: &mut dyn FnMut() -> usize) -> usize {
    let mut bytes = 0;
    for _ in 0..count {
        bytes = black_box(scrape());
    }
    bytes
}
