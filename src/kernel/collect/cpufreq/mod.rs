//! Frequencies of the processors: `/sys/devices/system/cpu/cpuN/cpufreq/…`, in kilohertz
//! (Documentation/admin-guide/pm/cpufreq.rst). Processors that share a policy share the directory, which
//! is then read once. What the driver does not report is not an error: files that do not exist or are only for
//! root, `<unknown>`, EBUSY of a processor that is switched off, and EAGAIN of one that sleeps
//! (`cpuinfo_avg_freq`, since 6.15). A processor that is switched off keeps its link to a policy that others
//! still use; those that the file `offline` names are left out.
//!
//! In node_exporter's dialect, with `cpu.info`, the frequency of the hardware is that of `/proc/cpuinfo`, with
//! the labels of that: `cpu MHz`, which not all architectures have.

use super::cpu::Frequencies;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Listing, scan};
use crate::model::metric::{Family, Label, Sink, Unit::Kilo, Unit::One, Value, families, gauge};
use crate::settings::Subject;
use std::time::{Duration, Instant};

const PATH: &str = "/sys/devices/system/cpu";

/// More processors than any kernel is built for; what comes after is left out and counted.
const MAX_CPUS: usize = 8192;

/// The longest text of a file: the names of all governors.
const MAX_TEXT: usize = 256;

/// The longest list of processors that the kernel writes: a page.
const MAX_LIST: usize = 4096;

/// Drivers are loaded and processors switched on while the directory does not change: which files exist
/// is looked up again after this time.
const LEARN_AGAIN: Duration = Duration::from_secs(60);

/// Errors that mean that there is no such value now, or that it is not readable by everybody.
const NOTHING: [i32; 4] = [libc::EBUSY, libc::EAGAIN, libc::EACCES, libc::EPERM];

const CPU: &[&str] = &["cpu"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge("cpu_frequency_hertz",             Kilo, "Frequency that the hardware reports.",        CPU),
    gauge("cpu_frequency_avg_hertz",         Kilo, "Average frequency that the hardware reports.", CPU),
    gauge("cpu_frequency_min_hertz",         Kilo, "Lowest frequency of the hardware.",           CPU),
    gauge("cpu_frequency_max_hertz",         Kilo, "Highest frequency of the hardware.",          CPU),
    gauge("cpu_scaling_frequency_hertz",     Kilo, "Frequency that the driver set.",              CPU),
    gauge("cpu_scaling_frequency_min_hertz", Kilo, "Lowest frequency that is allowed.",           CPU),
    gauge("cpu_scaling_frequency_max_hertz", Kilo, "Highest frequency that is allowed.",          CPU),
    gauge("cpu_scaling_governor",            One,  "Whether the governor chooses the frequency.", &["cpu", "governor"]),
];

/// The file of each family, and the one that names all governors.
const FILES: [&str; 9] = [
    "cpufreq/cpuinfo_cur_freq",
    "cpufreq/cpuinfo_avg_freq",
    "cpufreq/cpuinfo_min_freq",
    "cpufreq/cpuinfo_max_freq",
    "cpufreq/scaling_cur_freq",
    "cpufreq/scaling_min_freq",
    "cpufreq/scaling_max_freq",
    "cpufreq/scaling_governor",
    "cpufreq/scaling_available_governors",
];
const GOVERNOR: usize = 7;
const GOVERNORS: usize = 8;

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cpufreq",
        node_name: "cpufreq",
        on: true,
        help: "frequencies of the processors, from /sys/devices/system/cpu",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let listing = Listing::new(setup.root.dir(PATH));
    let of_info = Frequencies::new(setup);
    Box::new(Cpufreq { listing, cpus: Vec::new(), learned_at: None, of_info })
}

struct Cpufreq {
    listing: Listing,
    cpus: Vec<Cpu>,
    learned_at: Option<Instant>,
    /// Replaces the driver's frequency of the hardware.
    of_info: Option<Frequencies>,
}

struct Cpu {
    entry: String,
    /// The files that can be read: bit i for the i-th.
    present: u16,
    /// The index of an earlier one in the list that has the same directory.
    like: Option<usize>,
    /// Its value in this scrape.
    value: Option<u64>,
}

impl Collector for Cpufreq {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let is_recent = |then| scrape.now.saturating_duration_since(then) < LEARN_AGAIN;
        match self.listing.has_changed() {
            Err(Error::Absent(_)) => self.cpus.clear(),
            changed => {
                let is_due = || !self.learned_at.is_some_and(is_recent);
                if changed? || self.listing.dir.is_open() && is_due() {
                    self.learn(scrape.errors);
                    self.learned_at = Some(scrape.now);
                }
            }
        }
        if let (Some(frequencies), Some(family)) = (&self.of_info, FAMILIES.first()) {
            frequencies.write(family, scrape.files, scrape.errors, out);
        }
        let first = usize::from(self.of_info.is_some());
        for (at, family) in FAMILIES.iter().enumerate().take(GOVERNOR).skip(first) {
            out.family(family);
            self.write(at, family, scrape.errors, out);
        }
        if let Some(family) = FAMILIES.last() {
            out.family(family);
            self.write_governors(scrape.errors, out);
        }
        if self.cpus.iter().all(|cpu| cpu.present == 0) {
            self.listing.rest();
        }
        Ok(())
    }
}

impl Cpufreq {
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let mut room = [0; MAX_LIST];
        let offline = self.listing.dir.read(c"offline", &mut room).unwrap_or_default();
        let offline = scan::list(offline, MAX_CPUS).unwrap_or_default();
        let number = |name: &str| scan::uint(name.strip_prefix("cpu")?.as_bytes());
        let is_on = |name: &&str| {
            number(name).is_some_and(|n| !offline.iter().any(|off| u64::from(*off) == n))
        };
        let names = self.listing.names().filter(is_on);
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        sys::sort(&mut names, |a, b| (a.len(), a).cmp(&(b.len(), b)));
        errors.limit(&mut names, MAX_CPUS, PATH, "at most 8192 processors");
        let mut places: Vec<Option<[u64; 2]>> = Vec::new();
        self.cpus.clear();
        for entry in names {
            let place = self.listing.dir.identity(&[&entry, "/cpufreq"].concat());
            let like = place.and_then(|_| places.iter().position(|p| *p == place));
            // Without the directory there is no file to look for.
            let files = place.map_or(0, |_| FILES.len());
            places.push(place);
            let mut cpu = Cpu { entry, present: 0, like, value: None };
            for at in 0..files {
                let mut room = [0; MAX_TEXT];
                let is_there = !matches!(self.read(&cpu, at, &mut room), Ok(None));
                cpu.present |= u16::from(is_there) << at;
            }
            self.cpus.push(cpu);
        }
    }

    /// Reads a file, if it exists and has a value.
    fn read<'a>(
        &self,
        cpu: &Cpu,
        at: usize,
        room: &'a mut [u8],
    ) -> Result<Option<&'a [u8]>, Error> {
        let file = FILES.get(at).copied().unwrap_or_default();
        match self.listing.dir.read(Joined::of(cpu.entry.as_bytes(), file).path(), room) {
            Err(Error::Absent(_)) | Ok(b"<unknown>") => Ok(None),
            Err(error) if NOTHING.contains(&error.errno()) => Ok(None),
            read => read.map(Some),
        }
    }

    /// Writes one number of every processor.
    fn write(
        &mut self,
        at: usize,
        family: &Family<'_>,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) {
        for place in 0..self.cpus.len() {
            let Some(cpu) = self.cpus.get(place) else { continue };
            let value = match cpu.like.and_then(|like| self.cpus.get(like)) {
                _ if cpu.present >> at & 1 == 0 => None,
                Some(other) => other.value,
                None => errors.unless_absent(self.number(cpu, at)).flatten(),
            };
            if let Some(raw) = value {
                out.sample(&[number_of(cpu).into()], family.value(raw));
            }
            if let Some(cpu) = self.cpus.get_mut(place) {
                cpu.value = value;
            }
        }
    }

    fn number(&self, cpu: &Cpu, at: usize) -> Result<Option<u64>, Error> {
        let mut room = [0; MAX_TEXT];
        let Some(text) = self.read(cpu, at, &mut room)? else { return Ok(None) };
        let path = Joined::of(cpu.entry.as_bytes(), FILES.get(at).copied().unwrap_or_default());
        let number = scan::uint(text.trim_ascii_start());
        let place = || self.listing.dir.place(path.path());
        number.map(Some).ok_or_else(|| Error::parse(place(), "kilohertz", text))
    }

    /// Writes each governor that is available for every processor.
    fn write_governors(&self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        for (place, leader) in self.cpus.iter().enumerate().filter(|(_, cpu)| cpu.like.is_none()) {
            if leader.present >> GOVERNOR & 1 == 0 {
                continue;
            }
            let (mut room, mut all) = ([0; MAX_TEXT], [0; MAX_TEXT]);
            let governor = errors.unless_absent(self.read(leader, GOVERNOR, &mut room)).flatten();
            let available = errors.unless_absent(self.read(leader, GOVERNORS, &mut all)).flatten();
            let Some(governor) = governor.filter(|name| !name.is_empty()) else { continue };
            let words = available.filter(|words| !words.is_empty()).unwrap_or(governor);
            let is_here = |(at, cpu): &(usize, &Cpu)| *at == place || cpu.like == Some(place);
            for (_, cpu) in self.cpus.iter().enumerate().filter(is_here) {
                write_words(number_of(cpu), words, governor, out);
            }
        }
    }
}

/// Writes a sample for each of `words`, none twice whatever the driver reports. Names are ASCII.
fn write_words(cpu: &str, words: &[u8], chosen: &[u8], out: &mut dyn Sink) {
    for (nth, word) in scan::fields(words).enumerate().filter(|(_, word)| word.is_ascii()) {
        if !scan::fields(words).take(nth).any(|before| before == word) {
            let is_chosen = u64::from(word == chosen);
            out.sample(&[cpu.into(), Label::of(word)], Value::Int(is_chosen));
        }
    }
}

fn number_of(cpu: &Cpu) -> &str {
    cpu.entry.strip_prefix("cpu").unwrap_or_default()
}

#[cfg(test)]
mod tests;
