//! What node_exporter's dialect shows of CPUs besides their time, from `/sys/devices/system/cpu`
//! (Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/admin-guide/cputopology.rst).
//! The throttle count of a core or package is that of the first of its CPUs, in the order of their
//! names, that has the file. `isolated` is a list `1,3-5`. Of `cpuN/online` nothing is shown if CPU 0
//! cannot be switched off, as in node_exporter.
//!
//! Which CPUs share what, and which are online, does not change as long as `/proc/stat` lists the same
//! CPUs: it is read again when that changes. Only the throttle counts are read at every scrape.

use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::{Dir, Root, dir, scan};
use crate::model::metric::{Decimal, Family, Sink, Value};
use std::ffi::CString;

const DIRECTORY: &str = "/sys/devices/system/cpu";

/// More CPUs than any kernel is built for; what comes after is left out and counted.
const MAX_CPUS: usize = 8192;

/// The longest list of isolated CPUs that is read.
const MAX_LIST: usize = 4096;

/// The families that are written, in this order: throttles of cores and of packages, isolated and
/// online CPUs.
pub type Families<'a> = [&'a Family<'static>; 4];

/// Facts about the CPUs, and where their counters are.
pub struct Topology {
    dir: Dir,
    /// The CPUs that `/proc/stat` listed when the facts were read; `None` before that.
    known: Option<Vec<u32>>,
    cores: Vec<Counter>,
    packages: Vec<Counter>,
    isolated: Vec<u32>,
    /// The number of a CPU, and 1 if it is online.
    online: Vec<(u32, u64)>,
}

/// A core's or a package's throttle count.
struct Counter {
    package: u64,
    /// 0 for a package.
    core: u64,
    file: CString,
}

impl Topology {
    pub fn new(root: &Root) -> Topology {
        Topology {
            dir: root.dir(DIRECTORY),
            known: None,
            cores: Vec::new(),
            packages: Vec::new(),
            isolated: Vec::new(),
            online: Vec::new(),
        }
    }

    /// Writes the samples of a scrape in which `/proc/stat` lists `cpus`.
    pub fn write(
        &mut self,
        cpus: impl Iterator<Item = u32> + Clone,
        families: Families<'_>,
        out: &mut dyn Sink,
        errors: &mut PartialErrors,
    ) {
        if !self.known.as_ref().is_some_and(|known| known.iter().copied().eq(cpus.clone())) {
            self.renew(errors);
            self.known = Some(cpus.collect());
        }
        let [core, package, isolated, online] = families;
        for (family, counters, labels) in [(core, &self.cores, 2), (package, &self.packages, 1)] {
            out.family(family);
            for counter in counters {
                let ids = [Decimal::of(counter.package), Decimal::of(counter.core)];
                let ids = ids.each_ref().map(Decimal::label);
                if let Some(raw) = errors.unless_absent(self.dir.uint(&counter.file)) {
                    out.sample(ids.get(..labels).unwrap_or_default(), family.value(raw));
                }
            }
        }
        out.family(isolated);
        for cpu in &self.isolated {
            out.sample(&[Decimal::of(u64::from(*cpu)).label()], Value::Int(1));
        }
        out.family(online);
        for (cpu, raw) in &self.online {
            out.sample(&[Decimal::of(u64::from(*cpu)).label()], Value::Int(*raw));
        }
    }

    /// Reads the facts again.
    #[cold]
    fn renew(&mut self, errors: &mut PartialErrors) {
        self.cores.clear();
        self.packages.clear();
        self.isolated.clear();
        self.online.clear();
        let opened = self.dir.open().and_then(|()| self.dir.names(""));
        let Some(mut cpus) = errors.unless_absent(opened) else { return };
        let number =
            |name: &str| u32::try_from(scan::uint(name.strip_prefix("cpu")?.as_bytes())?).ok();
        cpus.retain(|name| number(name).is_some());
        errors.limit(&mut cpus, MAX_CPUS, DIRECTORY, "at most 8192 CPUs");
        for cpu in &cpus {
            self.place(cpu, errors);
            let online = errors.unless_absent(self.uint(cpu, "online"));
            if let (Some(number), Some(raw)) = (number(cpu), online)
                && let Err(at) = self.online.binary_search_by_key(&number, |(cpu, _)| *cpu)
            {
                self.online.insert(at, (number, raw));
            }
        }
        if self.online.first().is_none_or(|(cpu, _)| *cpu != 0) {
            self.online.clear();
        }
        let mut text = [0; MAX_LIST];
        if let Some(text) = errors.unless_absent(self.dir.read(c"isolated", &mut text)) {
            let isolated = scan::list(text, MAX_CPUS);
            if isolated.is_none() {
                errors.refuse(DIRECTORY, "a list of CPUs such as 1,3-5", text);
            }
            self.isolated = isolated.unwrap_or_default();
        }
    }

    /// Finds where the core and the package of `cpu` have their counters, unless an earlier CPU
    /// has them. An id can be -1, for unknown: such a CPU is left out.
    fn place(&mut self, cpu: &str, errors: &mut PartialErrors) {
        let package = self.uint(cpu, "topology/physical_package_id");
        let core = self.uint(cpu, "topology/core_id");
        let (Ok(package), Ok(core)) = (package, core) else { return };
        for (counters, core, name) in [
            (&mut self.cores, core, "core_throttle_count"),
            (&mut self.packages, 0, "package_throttle_count"),
        ] {
            let place = counters.binary_search_by_key(&(package, core), |c| (c.package, c.core));
            let (Err(at), Ok(file)) =
                (place, CString::new(format!("{cpu}/thermal_throttle/{name}")))
            else {
                continue;
            };
            if errors.unless_absent(self.dir.uint(&file)).is_some() {
                counters.insert(at, Counter { package, core, file });
            }
        }
    }

    fn uint(&self, cpu: &str, name: &str) -> Result<u64, Error> {
        self.dir.uint(&dir::name(&[cpu, "/", name]))
    }
}

#[cfg(test)]
mod tests;
