//! The highest values of single seconds: of CPU use, tasks that want to run, memory in use, and bytes that
//! interfaces carried. A scrape every minute sees the mean of a minute and the memory of one instant; a burst
//! of two seconds is in neither.
//!
//! What is shown is the highest value of the last minute (`peaks.window`), however often it is scraped. "Since the
//! last scrape" was refused: of two scrapers, each would take from the other. The window moves on in steps of a
//! fifteenth, so a value is shown for the window and up to one step longer.
//!
//! `/proc/stat`, `/proc/meminfo` and `/proc/net/dev` are read once a second, by the poll loop and only if this
//! is on. A reading that comes late covers a longer time; one that is later than `LATEST`, as after a
//! suspend, only starts a new interval.

mod links;
mod window;

use crate::base::error::Error;
use crate::kernel::read::{FileId, Files, Root, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::{self, Paths};
use links::Links;
use std::time::{Duration, Instant};
use window::{Peak, Steps};

const SECOND: Duration = Duration::from_secs(1);

/// A longer time between two readings does not show a peak.
const LATEST: Duration = Duration::from_secs(5);

const DEVICE: &[&str] = &["device"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 7] = families![
    gauge("peak_window_seconds",                    Unit::Millis,    "The window of the highest values.",                             &[]).own_prefix(),
    gauge("peak_cpu_usage_ratio",                   Unit::Millis,    "Highest share of all CPUs' time that was used in a second.",    &[]).own_prefix(),
    gauge("peak_runnable_tasks",                    Unit::One,       "Most tasks that ran or waited for a CPU at one reading, without the agent.", &[]).own_prefix(),
    gauge("peak_memory_used_bytes",                 Unit::Kibibytes, "Most memory that was not available at one reading.",            &[]).own_prefix(),
    gauge("peak_network_receive_bytes_per_second",  Unit::One,       "Most bytes that the interface received in a second.",           DEVICE).own_prefix(),
    gauge("peak_network_transmit_bytes_per_second", Unit::One,       "Most bytes that the interface sent in a second.",               DEVICE).own_prefix(),
    gauge("peak_network_devices_left_out",          Unit::One,       "Interfaces for which there was no room at the last reading.",   &[]).own_prefix(),
];

/// Samples the machine every second, if that is enabled.
#[derive(Default)]
pub struct Peaks {
    sampler: Option<Box<PeakSampler>>,
}

struct PeakSampler {
    wanted: settings::Peaks,
    paths: Paths,
    files: Files,
    stat: FileId,
    meminfo: FileId,
    dev: FileId,
    next: Instant,
    /// When the last reading was; `None` before the first.
    last: Option<Instant>,
    /// Ticks of all CPUs at that time: used, and idle.
    ticks: Option<[u64; 2]>,
    steps: Steps,
    cpu: Peak,
    tasks: Peak,
    memory: Peak,
    links: Links,
}

impl Peaks {
    /// Applies these settings; if they changed, all values are reset.
    pub fn apply(&mut self, wanted: &settings::Peaks, paths: &Paths, now: Instant) {
        if !wanted.are_on {
            self.sampler = None;
            return;
        }
        let is_same = |sampler: &PeakSampler| sampler.wanted == *wanted && sampler.paths == *paths;
        if !self.sampler.as_deref().is_some_and(is_same) {
            self.sampler = Some(Box::new(PeakSampler::new(wanted, paths, now)));
        }
    }

    /// When the next reading is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.sampler.as_ref().map(|sampler| sampler.next)
    }

    /// Reads the files, if it is time.
    pub fn turn(&mut self, now: Instant) {
        let Some(sampler) = self.sampler.as_mut().filter(|sampler| sampler.next <= now) else {
            return;
        };
        // Each second, and no more often than that after a pause.
        sampler.next = (sampler.next + SECOND).max(now + SECOND / 2);
        sampler.sample(now);
    }

    /// Writes the highest values; no sample for values that were not read.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        let Some(sampler) = &self.sampler else { return };
        let [window, cpu, tasks, memory, receive, transmit, left_out] = &FAMILIES;
        let millis = u64::try_from(sampler.wanted.window.as_millis()).unwrap_or(u64::MAX);
        out.single(window, window.value(millis));
        let of_machine = [(cpu, &sampler.cpu), (tasks, &sampler.tasks), (memory, &sampler.memory)];
        for (family, peak) in of_machine {
            if let Some(highest) = peak.highest() {
                out.single(family, family.value(highest));
            }
        }
        sampler.links.write([receive, transmit], out);
        out.single(left_out, left_out.value(sampler.links.left_out));
    }
}

impl PeakSampler {
    fn new(wanted: &settings::Peaks, paths: &Paths, now: Instant) -> PeakSampler {
        let mut files = Files::new(&Root::at(paths.clone()));
        let [stat, meminfo] = ["/proc/stat", "/proc/meminfo"].map(|path| files.whole(path));
        let dev = files.records("/proc/net/dev");
        PeakSampler {
            wanted: wanted.clone(),
            paths: paths.clone(),
            files,
            stat,
            meminfo,
            dev,
            next: now,
            last: None,
            ticks: None,
            steps: Steps::new(wanted.window, now),
            cpu: Peak::default(),
            tasks: Peak::default(),
            memory: Peak::default(),
            links: Links::new(&wanted.exclude_devices),
        }
    }

    /// Reads the files once. A file that cannot be read has no value in this second; the collectors
    /// report it.
    fn sample(&mut self, now: Instant) {
        for at in self.steps.passed(now) {
            let of_all = [&mut self.cpu, &mut self.tasks, &mut self.memory];
            of_all.into_iter().for_each(|peak| peak.clear(at));
            self.links.clear(at);
        }
        let since = self.last.map(|last| now.saturating_duration_since(last));
        let since = since.filter(|since| *since <= LATEST && !since.is_zero());
        self.last = Some(now);
        self.files.begin();
        let _ = self.sample_tasks(since.is_some());
        let _ = self.sample_memory();
        match self.files.read(self.dev) {
            Ok(text) => self.links.update(text, since, self.steps.at),
            Err(_) => self.links.forget_counts(),
        }
    }

    fn sample_tasks(&mut self, is_recent: bool) -> Result<(), Error> {
        let before = self.ticks.take().filter(|_| is_recent);
        let text = self.files.read(self.stat)?;
        let field = |key: &[u8]| {
            let mut lines = scan::lines(text).map(scan::fields);
            lines.find_map(|mut fields| (fields.next()? == key).then_some(fields))
        };
        // The task that reads is running, too.
        let tasks = field(b"procs_running").and_then(|mut fields| scan::uint(fields.next()?));
        self.tasks.note(self.steps.at, tasks.map(|tasks| tasks.saturating_sub(1)));
        self.ticks = field(b"cpu").and_then(ticks);
        let share = before.zip(self.ticks).and_then(|(before, after)| share(before, after));
        self.cpu.note(self.steps.at, share);
        Ok(())
    }

    fn sample_memory(&mut self) -> Result<(), Error> {
        let text = self.files.read(self.meminfo)?;
        let field = |key: &[u8]| {
            let (_, rest) = scan::lines(text).filter_map(scan::keyed).find(|(k, _)| *k == key)?;
            scan::uint(scan::fields(rest).next()?)
        };
        let used = field(b"MemTotal").zip(field(b"MemAvailable"));
        let used = used.and_then(|(total, available)| total.checked_sub(available));
        self.memory.note(self.steps.at, used);
        Ok(())
    }
}

/// Ticks that were used, and idle ones: `user nice system idle iowait irq softirq steal`; guest time is in
/// the first two.
fn ticks<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Option<[u64; 2]> {
    let (mut used, mut idle) = (0u64, 0u64);
    for (at, field) in fields.take(8).enumerate() {
        let of = if matches!(at, 3 | 4) { &mut idle } else { &mut used };
        *of = of.checked_add(scan::uint(field)?)?;
    }
    Some([used, idle])
}

/// The share that was used between two readings, in thousandths. Idle time may go back a little in the kernel's
/// text; then there is no share.
fn share([used, idle]: [u64; 2], [used_later, idle_later]: [u64; 2]) -> Option<u64> {
    let (used, idle) = (used_later.checked_sub(used)?, idle_later.checked_sub(idle)?);
    used.checked_mul(1000)?.checked_div(used.checked_add(idle)?)
}

#[cfg(test)]
mod tests;
