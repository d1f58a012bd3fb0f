//! What node_exporter tells of CPUs besides their time, from `/sys/devices/system/cpu`
//! (Documentation/ABI/testing/sysfs-devices-system-cpu, Documentation/admin-guide/cputopology.rst):
//! - `cpuN/thermal_throttle/core_throttle_count`, `package_throttle_count`: how often the hardware
//!   slowed down because it was hot (x86, 2.6.30); for each core and package that of the first of its
//!   CPUs, in the order of their names, that has the file;
//! - `isolated`: the CPUs that the scheduler keeps clear (4.2), as a list `1,3-5`;
//! - `cpuN/online`, where CPUs can be switched off. Nothing where CPU 0 cannot, as node_exporter has it.
//!
//! Which CPUs share what, and which are online, is a fact as long as `/proc/stat` lists the same
//! CPUs: it is read again when that changes. Only the throttle counts are read at every scrape.

use crate::collect::Faults;
use crate::error::Error;
use crate::metric::{Decimal, Family, Sink, Value};
use crate::read::{Dir, Root, dir, scan};
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
    /// CPU, and 1 if it is online.
    online: Vec<(u32, u64)>,
}

/// A core's or a package's throttle count.
struct Counter {
    package: u64,
    /// 0 for a package's.
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
        faults: &mut Faults,
    ) {
        if !self.known.as_ref().is_some_and(|known| known.iter().copied().eq(cpus.clone())) {
            self.renew(faults);
            self.known = Some(cpus.collect());
        }
        let [core, package, isolated, online] = families;
        for (family, counters, labels) in [(core, &self.cores, 2), (package, &self.packages, 1)] {
            out.family(family);
            for counter in counters {
                let ids = [Decimal::of(counter.package), Decimal::of(counter.core)];
                let ids = ids.each_ref().map(Decimal::label);
                if let Some(raw) = faults.unless_absent(self.dir.uint(&counter.file)) {
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
    fn renew(&mut self, faults: &mut Faults) {
        self.cores.clear();
        self.packages.clear();
        self.isolated.clear();
        self.online.clear();
        let opened = self.dir.open().and_then(|()| self.dir.names(""));
        let Some(mut cpus) = faults.unless_absent(opened) else { return };
        let number =
            |name: &str| u32::try_from(scan::uint(name.strip_prefix("cpu")?.as_bytes())?).ok();
        cpus.retain(|name| number(name).is_some());
        if let Some(first) = cpus.get(MAX_CPUS) {
            faults.note(Error::parse(DIRECTORY, "at most 8192 CPUs", first.as_bytes()));
            cpus.truncate(MAX_CPUS);
        }
        for cpu in &cpus {
            self.place(cpu, faults);
            let online = faults.unless_absent(self.uint(cpu, "online"));
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
        if let Some(text) = faults.unless_absent(self.dir.read(c"isolated", &mut text)) {
            let isolated = list(text);
            if isolated.is_none() {
                faults.note(Error::parse(DIRECTORY, "a list of CPUs such as 1,3-5", text));
            }
            self.isolated = isolated.unwrap_or_default();
        }
    }

    /// Notes where the core and the package of `cpu` have their counters, unless a CPU before it
    /// did. An id can be -1, for unknown: such a CPU is left out.
    fn place(&mut self, cpu: &str, faults: &mut Faults) {
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
            if faults.unless_absent(self.dir.uint(&file)).is_some() {
                counters.insert(at, Counter { package, core, file });
            }
        }
    }

    fn uint(&self, cpu: &str, name: &str) -> Result<u64, Error> {
        self.dir.uint(&dir::name(&[cpu, "/", name]))
    }
}

/// The CPUs of a list like `1,3-5`, ascending and each once. `None` if it is none.
fn list(text: &[u8]) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for range in text.split(|b| *b == b',').filter(|_| !text.is_empty()) {
        let mut ends = range.splitn(2, |b| *b == b'-').map(scan::uint);
        let first = u32::try_from(ends.next()??).ok()?;
        let last = ends.next().map_or(Some(first), |last| u32::try_from(last?).ok())?;
        let in_order = cpus.last().is_none_or(|before| *before < first) && first <= last;
        if !in_order || (last - first) as usize >= MAX_CPUS - cpus.len() {
            return None;
        }
        cpus.extend(first..=last);
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::tree::{Tree, scrape};
    use crate::settings::Dialect::{Node, Own};

    #[test]
    fn lists_are_ascending_ranges() {
        assert_eq!(list(b""), Some(vec![]));
        assert_eq!(list(b"1,3-5,9"), Some(vec![1, 3, 4, 5, 9]));
        assert_eq!(list(b"0-8191").unwrap().len(), MAX_CPUS);
        for bad in ["x", "1,", "-1", "1-", "3-1", "3,3", "1-3,2", "0-8192", "1-2-3", "4294967296"] {
            assert_eq!(list(bad.as_bytes()), None, "{bad}");
        }
    }

    const WORDS: &[&str] = &["throttles", "isolated", "online"];
    const STAT: &str = "cpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\n";

    fn cpu(n: usize, file: &str) -> String {
        format!("sys/devices/system/cpu/cpu{n}/{file}")
    }

    /// Files and contents of a machine whose CPUs 1, 2 and 10 share a core.
    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        tree.put("proc/stat", STAT);
        tree.put("sys/devices/system/cpu/isolated", "2-3\n");
        tree.put("sys/devices/system/cpu/cpufreq/x", "");
        for (n, package, core) in
            [(0, "0", "3"), (1, "0", "4"), (2, "0", "4"), (10, "0", "4"), (3, "-1", "5")]
        {
            tree.put(&cpu(n, "topology/physical_package_id"), package);
            tree.put(&cpu(n, "topology/core_id"), core);
        }
        for (n, count) in [(0, "11\n"), (10, "13\n"), (2, "15\n"), (3, "17\n")] {
            tree.put(&cpu(n, "thermal_throttle/core_throttle_count"), count);
        }
        for (n, count) in [(1, "12\n"), (10, "14\n"), (2, "16\n")] {
            tree.put(&cpu(n, "thermal_throttle/package_throttle_count"), count);
        }
        for (n, online) in [(0, "1\n"), (1, "1\n"), (10, "0\n")] {
            tree.put(&cpu(n, "online"), online);
        }
        tree
    }

    #[test]
    fn counts_come_from_the_first_cpu_that_has_them() {
        let tree = machine("cpu-counts");
        let mut collector = tree.open(&crate::collect::cpu::SPEC, Node, &[]);
        let (lines, faults) = scrape(&mut *collector, Node, WORDS);
        let expected = [
            r#"cpu_core_throttles_total{package="0",core="3"} 11"#,
            r#"cpu_core_throttles_total{package="0",core="4"} 13"#,
            r#"cpu_package_throttles_total{package="0"} 12"#,
            r#"cpu_isolated{cpu="2"} 1"#,
            r#"cpu_isolated{cpu="3"} 1"#,
            r#"cpu_online{cpu="0"} 1"#,
            r#"cpu_online{cpu="1"} 1"#,
            r#"cpu_online{cpu="10"} 0"#,
        ];
        assert_eq!((&lines[..], faults), (&expected.map(String::from)[..], 0));
        let mut own = tree.open(&crate::collect::cpu::SPEC, Own, &[]);
        assert_eq!(scrape(&mut *own, Own, WORDS), (vec![], 0));
    }

    #[test]
    fn counts_are_read_each_time_and_facts_when_the_cpus_change() {
        let tree = machine("cpu-facts");
        let mut collector = tree.open(&crate::collect::cpu::SPEC, Node, &[]);
        assert_eq!(scrape(&mut *collector, Node, WORDS).1, 0);
        tree.put(&cpu(0, "thermal_throttle/core_throttle_count"), "x\n");
        tree.put(&cpu(10, "thermal_throttle/core_throttle_count"), "113\n");
        tree.remove(&cpu(1, "thermal_throttle/package_throttle_count"));
        tree.remove(&cpu(0, "online"));
        tree.put("sys/devices/system/cpu/isolated", "x\n");
        let (lines, faults) = scrape(&mut *collector, Node, &["throttles"]);
        assert_eq!(lines, [r#"cpu_core_throttles_total{package="0",core="4"} 113"#]);
        assert_eq!(faults, 1, "bad content is a fault, absence is none");
        assert_eq!(scrape(&mut *collector, Node, &["isolated", "online"]).0.len(), 5);

        tree.put(&cpu(0, "thermal_throttle/core_throttle_count"), "111\n");
        tree.put("proc/stat", &STAT[..STAT.len() / 2]);
        let (lines, faults) = scrape(&mut *collector, Node, WORDS);
        let expected = [
            r#"cpu_core_throttles_total{package="0",core="3"} 111"#,
            r#"cpu_core_throttles_total{package="0",core="4"} 113"#,
            r#"cpu_package_throttles_total{package="0"} 14"#,
        ];
        assert_eq!((&lines[..], faults), (&expected.map(String::from)[..], 1));
    }
}
