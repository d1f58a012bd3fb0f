//! What is measured beside what: every row is a program of its own and one kind of scrape. Warm, the
//! rows take turns in blocks of back-to-back scrapes; paced, each is asked once a second, one after
//! the other, so that none has the caches to itself.

use crate::client::Client;
use crate::floor::Floor;
use crate::server::Server;
use crate::stats::{Summary, percentile};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server gets after a block to finish what it still does.
const SETTLE: Duration = Duration::from_millis(2);

const SECOND: Duration = Duration::from_secs(1);

/// One row and what came of it.
pub struct Row {
    pub name: String,
    probe: Probe,
    /// Nanoseconds of CPU a scrape: medians over blocks, and over seconds.
    pub warm: Summary,
    pub paced: Summary,
    /// Nanoseconds of a warm scrape as the client sees it.
    pub p50: f64,
    pub p99: f64,
    /// Bytes of a body, as sent.
    pub body: usize,
    pub threads: u64,
}

enum Probe {
    Http {
        server: Server,
        client: Client,
    },
    /// The reading alone, in this process; counts its own CPU time.
    Floor {
        floor: Floor,
        used: u64,
    },
}

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Warm: so many blocks of about so long.
    pub blocks: usize,
    pub block: Duration,
    /// Paced: so many scrapes, one a second.
    pub seconds: usize,
}

/// Scrapes in a block, whatever its length.
const MIN_SCRAPES: usize = 2;
const MAX_SCRAPES: usize = 500;

impl Row {
    /// Scrapes of `server`.
    pub fn http(name: &str, server: Server, client: Client) -> Row {
        Row::new(name, Probe::Http { server, client })
    }

    /// The reading alone.
    pub fn floor(name: &str, floor: Floor) -> Row {
        Row::new(name, Probe::Floor { floor, used: 0 })
    }

    fn new(name: &str, probe: Probe) -> Row {
        let (warm, paced) = (Summary::default(), Summary::default());
        let name = name.to_owned();
        Row { name, probe, warm, paced, p50: 0.0, p99: 0.0, body: 0, threads: 0 }
    }

    fn scrape(&mut self) -> io::Result<Duration> {
        match &mut self.probe {
            Probe::Http { client, .. } => {
                let answer = client.scrape()?;
                self.body = answer.body;
                Ok(answer.took)
            }
            Probe::Floor { floor, used } => {
                let cpu = floor.round()?;
                *used += cpu;
                Ok(Duration::from_nanos(cpu))
            }
        }
    }

    fn cpu(&self) -> u64 {
        match &self.probe {
            Probe::Http { server, .. } => server.cpu(),
            Probe::Floor { used, .. } => *used,
        }
    }

    fn named(&self, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), format!("{}: {error}", self.name))
    }
}

/// Blocks of back-to-back scrapes, row after row, again and again.
pub fn warm(rows: &mut [Row], effort: Effort) -> io::Result<()> {
    let mut cpu = vec![Vec::new(); rows.len()];
    let mut latency = vec![Vec::new(); rows.len()];
    let mut scrapes = vec![MIN_SCRAPES; rows.len()];
    // The first block of each only warms up, and tells how many scrapes a block has time for.
    for block in 0..=effort.blocks {
        for (at, row) in rows.iter_mut().enumerate() {
            let (before, start) = (row.cpu(), Instant::now());
            for _ in 0..scrapes[at] {
                let took = row.scrape().map_err(|e| row.named(e))?;
                if block > 0 {
                    latency[at].push(took.as_nanos() as f64);
                }
            }
            let each = start.elapsed() / scrapes[at] as u32;
            sleep(SETTLE);
            if block > 0 {
                cpu[at].push((row.cpu() - before) as f64 / scrapes[at] as f64);
            } else {
                let fit = effort.block.as_nanos() / each.as_nanos().max(1);
                scrapes[at] = (fit as usize).clamp(MIN_SCRAPES, MAX_SCRAPES);
            }
        }
    }
    for ((row, cpu), latency) in rows.iter_mut().zip(cpu).zip(&mut latency) {
        row.warm = Summary::of(&cpu);
        latency.sort_by(f64::total_cmp);
        (row.p50, row.p99) = (percentile(latency, 0.5), percentile(latency, 0.99));
        if let Probe::Http { server, .. } = &row.probe {
            row.threads = server.threads();
        }
    }
    Ok(())
}

/// Each row once a second. A sample is what a program used from one scrape to just before the next:
/// what it does in between, for itself, counts.
pub fn paced(rows: &mut [Row], effort: Effort) -> io::Result<()> {
    let mut cpu = vec![Vec::new(); rows.len()];
    let mut before: Vec<_> = rows.iter().map(Row::cpu).collect();
    let shift = SECOND / rows.len() as u32;
    let start = Instant::now();
    // The first second only brings the rows into step; the last only closes the one before.
    for turn in 0..effort.seconds + 2 {
        for (at, row) in rows.iter_mut().enumerate() {
            let due = start + SECOND * turn as u32 + shift * at as u32;
            sleep(due.saturating_duration_since(Instant::now()));
            let now = row.cpu();
            if turn > 1 {
                cpu[at].push((now - before[at]) as f64);
            }
            before[at] = now;
            row.scrape().map_err(|e| row.named(e))?;
        }
    }
    for (row, cpu) in rows.iter_mut().zip(cpu) {
        row.paced = Summary::of(&cpu);
    }
    Ok(())
}
