//! What the project set out to reach, in one place. A figure is met or missed; nothing is rounded
//! in its favour.

/// Our CPU time is at most this share of node_exporter's.
pub const SHARE_OF_PEER: f64 = 1.0 / 20.0;
/// (CPU a scrape − same-size echo) / reading alone.
pub const OVER_FLOOR: f64 = 1.4;
/// CPU of a scrape in gzip against that of a plain one.
pub const GZIP: f64 = 1.25;
/// CPU of a scrape against that of the build that PEERS brings, 6429a2d when this was set.
pub const EARLIER: f64 = 0.75;
/// Allocations in a steady scrape.
pub const ALLOCATIONS: u64 = 0;
/// System calls a scrape besides the reads: poll, recv, send.
pub const CALLS_BESIDES_READS: f64 = 3.0;
/// Instructions of a plain scrape of the four collectors when every number of every file moves.
pub const INSTRUCTIONS: f64 = 130_000.0;
pub const THREADS: u64 = 1;
/// Descriptors, whatever they are for.
pub const DESCRIPTORS: usize = 64;
/// Bytes after 1000 scrapes, plain and gzip.
pub const RESIDENT: [u64; 2] = [640_000, 680_000];
/// Bytes of growth of anonymous memory from 10 scrapes to the last.
pub const GROWTH: i64 = 0;
/// Bytes of the static binary, with default features and without.
pub const SIZES: [u64; 2] = [1_706_000, 888_000];
/// Nanoseconds from exec to the first whole answer.
pub const STARTUP: f64 = 1.5e6;
/// Nanoseconds to write one sample.
pub const WRITING: f64 = 10.0;
/// Nanoseconds to read and match a megabyte of log: 500 MB/s.
pub const LOG: f64 = 2e6;
/// Nanoseconds of a scrape of 4096 CPUs without the reading.
pub const MANY_CPUS: f64 = 1e6;
/// From 512 to 4096 the cost may grow by this factor: 8 is linear; caches take their share.
pub const LINEAR: f64 = 8.0 * 1.25;
/// Series that one keep-alive client pushes a second in batches of 100, it and the agent on one CPU.
pub const PUSHES: f64 = 20_000.0;
/// Bytes of RSS a pushed series, when 100 000 live.
pub const SERIES: f64 = 200.0;
/// Nanoseconds until a client has a scrape of 100 000 pushed series.
pub const SCRAPE_OF_MANY: f64 = 25e6;
/// 99th percentile of a scrape with 50 targets of which 10 hang, against none.
pub const CROWD: f64 = 1.2;

/// CPU of a frame, gathered, encoded and compressed, against that of a page.
pub const EXPORT: f64 = 1.8;
/// Bytes of RSS with one exporter and its spool.
pub const EXPORTING: f64 = 2.5e6;
/// Bytes of spool for a day offline: 16 MiB.
pub const SPOOL_DAY: f64 = 16.0 * 1024.0 * 1024.0;

/// One target and what was measured.
pub struct Verdict {
    pub what: String,
    pub target: String,
    pub measured: String,
    /// `None`: could not be measured; `measured` says why.
    pub met: Option<bool>,
}

impl Verdict {
    /// Of a figure that must not exceed `target`.
    pub fn at_most(what: &str, measured: f64, target: f64, write: fn(f64) -> String) -> Verdict {
        let met = Some(measured <= target);
        let (target, measured) = (format!("≤ {}", write(target)), write(measured));
        Verdict { what: what.to_owned(), target, measured, met }
    }

    /// Of a figure that must not fall below `target`.
    pub fn at_least(what: &str, measured: f64, target: f64, write: fn(f64) -> String) -> Verdict {
        let met = Some(measured >= target);
        let (target, measured) = (format!("≥ {}", write(target)), write(measured));
        Verdict { what: what.to_owned(), target, measured, met }
    }

    /// Of something that could not be measured.
    pub fn skipped(what: &str, why: impl ToString) -> Verdict {
        let measured = format!("skipped: {}", why.to_string());
        Verdict { what: what.to_owned(), target: String::new(), measured, met: None }
    }

    pub fn word(&self) -> &'static str {
        match self.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "SKIPPED",
        }
    }
}

/// Ways to write a figure.
pub mod write {
    pub fn plain(n: f64) -> String {
        format!("{n}")
    }
    pub fn whole(n: f64) -> String {
        format!("{n:.0}")
    }
    pub fn bytes(n: f64) -> String {
        format!("{n:.0} bytes")
    }
    pub fn ratio(n: f64) -> String {
        format!("{n:.2}")
    }
    pub fn share(n: f64) -> String {
        format!("1/{:.1}", 1.0 / n)
    }
    pub fn nanos(n: f64) -> String {
        format!("{n:.1} ns")
    }
    pub fn millis(n: f64) -> String {
        format!("{:.3} ms", n / 1e6)
    }
    pub fn kilobytes(n: f64) -> String {
        format!("{:.0} KB ({:.0} KiB)", n / 1e3, n / 1024.0)
    }
}
