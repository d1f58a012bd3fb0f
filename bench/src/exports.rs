//! What sending costs: the CPU of a frame beside that of a page (`frames`), the memory of an agent that
//! exports and spools, and how much room a day offline takes.

use crate::agent;
use crate::found::{Effort, Found};
use crate::frames::{self, moment};
use crate::programs::{self, Dialect, Programs};
use crate::server::Server;
use crate::sys;
use crate::targets::{self, write};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};
use sysmetrics::base::clock::Boot;
use sysmetrics::model::frame::{Frame, FrameBuilder, Scale, Shape, Wanted};
use sysmetrics::model::metric::Kind;
use sysmetrics::outputs::spool::{Bounds, Spool};

/// A day at one frame every 15 s.
const INTERVAL: u64 = 15;
const DAY: u64 = 86_400 / INTERVAL;

/// Between the two readings from which a day is made.
const APART: Duration = Duration::from_secs(3);

/// Frames that an agent sends and keeps before its memory is looked at.
const FRAMES: f64 = 300.0;

const PATIENCE: Duration = Duration::from_secs(120);

/// All three.
pub fn measure(programs: &Programs, effort: Effort, found: &mut Found) -> io::Result<()> {
    frames::measure(effort.repeats, found)?;
    memory(programs, found)?;
    day(found)
}

/// A directory that goes with the test.
struct Temp(PathBuf);

impl Temp {
    fn new(name: &str) -> io::Result<Temp> {
        let path =
            std::env::temp_dir().join(format!("sysmetrics-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Temp(path))
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// One agent sends to a collector, the other cannot and spools.
fn memory(programs: &Programs, found: &mut Found) -> io::Result<()> {
    let collector = collector()?;
    let nobody = crate::server::free_address()?;
    for (name, address, family) in [
        ("that sends", collector, "sysmetrics_export_success_total"),
        ("that spools", nobody, "sysmetrics_export_spool_frames"),
    ] {
        let temp = Temp::new(family)?;
        let file = temp.0.join("sysmetrics.toml");
        std::fs::write(
            &file,
            format!(
                "[[export]]\ntype = \"otlp\"\nendpoint = \"http://{address}/v1/metrics\"\n\
                 interval_secs = \"100ms\"\nspool = {{ dir = \"{}\" }}\n",
                temp.0.display()
            ),
        )?;
        let mut arguments = programs::default_arguments(&programs.agent, Dialect::Own);
        arguments.push(format!("--config={}", file.display()));
        let server = programs::start(&arguments)?;
        wait_for(&server, family)?;
        let memory = server.memory();
        let what = format!("RSS of an agent {name}, one exporter with a spool");
        found.at_most(&what, memory.resident as f64, targets::EXPORTING, write::kilobytes);
        found.facts.push(format!(
            "an agent {name} after {FRAMES} frames: RSS {}, of that anonymous {}",
            write::kilobytes(memory.resident as f64),
            write::kilobytes(memory.anonymous as f64),
        ));
    }
    Ok(())
}

fn wait_for(server: &Server, family: &str) -> io::Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let page = page(server)?;
        let line = page.lines().find(|line| line.starts_with(&format!("{family}{{")));
        let value: f64 = line.and_then(|l| l.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0);
        if value >= FRAMES {
            return Ok(());
        }
        sleep(Duration::from_millis(500));
    }
    Err(io::Error::other(format!("{family} did not reach {FRAMES}")))
}

fn page(server: &Server) -> io::Result<String> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

/// Takes everything.
fn collector() -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || take(BufReader::new(stream)));
        }
    });
    Ok(address)
}

fn take(mut stream: BufReader<TcpStream>) -> io::Result<()> {
    loop {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut stream.by_ref().take(length), &mut io::sink())?;
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

/// A day of this machine, made of two readings: what moved goes on moving as fast, unevenly.
fn day(found: &mut Found) -> io::Result<()> {
    let mut gather = agent::gather(&agent::settings(&[])?);
    let mut recorder = FrameBuilder::new(Wanted::default());
    let mut frame = |since_boot| {
        recorder.begin(moment(since_boot));
        gather.scrape(gather.all(), &mut recorder);
        recorder.finish()
    };
    drop(frame(1000));
    let first = frame(2000);
    sleep(APART);
    let second = frame(2000 + APART.as_millis() as u64);
    let temp = Temp::new("day")?;
    let mut spool = Spool::open(
        Bounds {
            dir: Some(temp.0.clone()),
            max_bytes: 1 << 30,
            max_memory: 0,
            max_age: Duration::from_secs(7 * 86_400),
            write_budget: 0,
            boot: Boot::default(),
        },
        Instant::now(),
    );
    let (cpu, mut moved) = (sys::own_cpu_nanos(), 0);
    let mut seed = 1u64;
    for n in 1..=DAY {
        let (later, count) = extrapolated(&first, &second, n, &mut seed);
        moved = count;
        spool.push(&later, Instant::now());
    }
    let (cpu, levels) = ((sys::own_cpu_nanos() - cpu) as f64 / DAY as f64, spool.levels());
    let what = "spool after 24 h offline at 15 s";
    found.at_most(what, levels.disk_bytes as f64, targets::SPOOL_DAY, write::kilobytes);
    found.facts.push(format!(
        "a day in the spool: {} frames of {} series, {moved} of which move, {} in all, {:.0} bytes a \
         frame; {:.0} µs of CPU to make and append one",
        levels.frames,
        second.len(),
        write::kilobytes(levels.disk_bytes as f64),
        levels.disk_bytes as f64 / DAY as f64,
        cpu / 1e3,
    ));
    Ok(())
}

fn extrapolated(first: &Frame, second: &Frame, n: u64, seed: &mut u64) -> (Frame, usize) {
    let mut frame = second.clone();
    frame.table = Arc::clone(&second.table);
    frame.before = frame.moment.since_boot + (n - 1) * INTERVAL * 1000;
    frame.moment = moment(frame.before + INTERVAL * 1000);
    let mut moved = 0;
    for id in 0..frame.table.series() as u32 {
        let Some(def) = frame.table.one(id) else { continue };
        let at = def.slot as usize;
        let (before, now) = (first.slots.get(at).copied().unwrap_or(0), second.slots[at]);
        if before == now || def.is_timed {
            continue;
        }
        moved += 1;
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (*seed >> 40) as f64 / f64::from(1 << 24) + 0.5;
        let each = INTERVAL as f64 / APART.as_secs_f64();
        let is_counter =
            frame.table.family(def.family).is_some_and(|family| family.kind == Kind::Counter);
        let steps = if is_counter { n as f64 + noise } else { noise };
        let step = |before: f64, now: f64| now + (now - before) * each * steps;
        frame.slots[at] = match def.shape {
            Shape::Number(Scale::Float) => {
                step(f64::from_bits(before), f64::from_bits(now)).to_bits()
            }
            Shape::Number(_) => step(before as f64, now as f64).max(0.0) as u64,
            _ => now,
        };
    }
    (frame, moved)
}
