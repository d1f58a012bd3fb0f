//! Makes, models, flags and bugs of the CPUs: `/proc/cpuinfo`, lines `key : value`, a block for each CPU that
//! begins with `processor : 0` (Documentation/filesystems/proc.rst). Which keys there are depends on the
//! architecture; a value that is missing is an empty label. Flags and bugs are those of the first CPU.
//! Reading the file disturbs every CPU of some machines, so it is read again only when CPUs come or go.

use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::info::Rows;
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Family, Sink};
use regex_lite::Regex;

const PATH: &str = "/proc/cpuinfo";

/// More CPUs than any kernel is built for; what comes after is left out and counted.
const MAX_CPUS: usize = 8192;

/// More flags or bugs than any CPU has; what comes after is left out.
const MAX_WORDS: usize = 1024;

/// The labels of a CPU.
#[rustfmt::skip]
pub const KEYS: &[&str] = &[
    "package", "core", "cpu", "vendor", "family", "model", "model_name", "microcode", "stepping", "cachesize",
];

/// What the file calls them.
#[rustfmt::skip]
const NAMES: [&[u8]; 10] = [
    b"physical id", b"core id", PROCESSOR, b"vendor_id", b"cpu family", b"model", b"model name", b"microcode",
    b"stepping", b"cache size",
];
const PROCESSOR: &[u8] = b"processor";

/// Facts from `/proc/cpuinfo`.
pub struct Info {
    root: Root,
    flags_include: Option<Regex>,
    bugs_include: Option<Regex>,
    /// The CPUs that `/proc/stat` listed when the file was read; `None` before that.
    known: Option<Vec<u32>>,
    cpus: Rows,
    flags: Rows,
    bugs: Rows,
}

impl Info {
    /// Nothing is read yet; of flags and bugs those are shown that match, without a pattern none.
    pub fn new(root: &Root, [flags_include, bugs_include]: [Option<Regex>; 2]) -> Info {
        let (cpus, flags, bugs) = (Rows::new(KEYS.len()), Rows::new(1), Rows::new(1));
        Info { root: root.clone(), flags_include, bugs_include, known: None, cpus, flags, bugs }
    }

    /// Writes the families of CPUs, flags and bugs.
    pub fn write(
        &mut self,
        online: impl Iterator<Item = u32> + Clone,
        [cpus, flags, bugs]: [&Family<'static>; 3],
        out: &mut dyn Sink,
        errors: &mut PartialErrors,
    ) {
        if !self.known.as_ref().is_some_and(|known| online.clone().eq(known.iter().copied())) {
            match self.root.read(PATH) {
                Ok(text) => {
                    self.learn(&text, errors);
                    self.known = Some(online.collect());
                }
                Err(error) => errors.record(error),
            }
        }
        self.cpus.write(cpus, out);
        self.flags.write(flags, out);
        self.bugs.write(bugs, out);
    }

    #[cold]
    fn learn(&mut self, text: &[u8], errors: &mut PartialErrors) {
        [&mut self.cpus, &mut self.flags, &mut self.bugs].into_iter().for_each(Rows::clear);
        let mut row: [&[u8]; NAMES.len()] = [b""; NAMES.len()];
        let (mut count, mut last) = (0, None);
        for (key, value) in scan::lines(text).filter_map(scan::keyed) {
            let number = scan::uint(value).filter(|_| key == PROCESSOR);
            if number.is_some() {
                if count > 0 {
                    self.cpus.push(&row);
                }
                if count >= MAX_CPUS || last >= number {
                    let expected = "at most 8192 CPUs by number";
                    return errors.record(Error::parse(PATH, expected, value));
                }
                last = number;
                row.fill(b"");
                count += 1;
            }
            if let Some(place) = NAMES.iter().position(|name| *name == key) {
                row.get_mut(place).into_iter().for_each(|label| *label = value);
            } else if count == 1 && (key == b"flags" || key == b"Features") {
                words(value, self.flags_include.as_ref(), &mut self.flags);
            } else if count == 1 && key == b"bugs" {
                words(value, self.bugs_include.as_ref(), &mut self.bugs);
            }
        }
        if count > 0 {
            self.cpus.push(&row);
        } else {
            errors.record(Error::parse(PATH, "a block for each CPU", text));
        }
    }
}

fn words(text: &[u8], include: Option<&Regex>, rows: &mut Rows) {
    let Some(include) = include else { return };
    let is_wanted =
        |word: &&[u8]| std::str::from_utf8(word).is_ok_and(|word| include.is_match(word));
    let mut seen: Vec<&[u8]> = Vec::new();
    for word in scan::fields(text).filter(is_wanted).take(MAX_WORDS) {
        if !seen.contains(&word) {
            seen.push(word);
            rows.push(&[word]);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::cpu::SPEC;
    use crate::kernel::collect::testing::{Tree, scrape};

    const CPU: &str = "vendor_id\t: V\ncpu family\t: 6\nmodel\t\t: 142\nmodel name\t: A CPU @ 1 GHz\n\
        stepping\t: 10\nmicrocode\t: 0xb4\ncache size\t: 8192 KB\nphysical id\t: 2\ncore id\t\t: 3\n\
        flags\t\t: fpu aes avx avx2 avx\nbugs\t\t: mds spectre_v1\n\n";

    #[test]
    fn cpus_flags_and_bugs_are_shown_where_that_is_set() {
        let tree = Tree::new("cpu-info");
        tree.put("proc/stat", "cpu0 1 2 3 4\n");
        tree.put("proc/cpuinfo", &["processor\t: 0\n", CPU].concat());
        let words = ["_info"];
        let mut without = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut without, Dialect::Node, &words), (vec![], 0));
        let set = [("info-flags-include", "^avx"), ("info-bugs-include", "spectre")];
        let mut cpu = tree.open(&SPEC, Dialect::Node, &set);
        let info = |cpu: u32| {
            format!(
                "cpu_info{{package=\"2\",core=\"3\",cpu=\"{cpu}\",vendor=\"V\",family=\"6\",model=\"142\",\
                 model_name=\"A CPU @ 1 GHz\",microcode=\"0xb4\",stepping=\"10\",cachesize=\"8192 KB\"}} 1"
            )
        };
        let rest = [
            r#"cpu_flag_info{flag="avx"} 1"#.to_owned(),
            r#"cpu_flag_info{flag="avx2"} 1"#.to_owned(),
            r#"cpu_bug_info{bug="spectre_v1"} 1"#.to_owned(),
        ];
        let expected = [&[info(0)], &rest[..]].concat();
        assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected.clone(), 0));
        let two = ["processor\t: 0\n", CPU, "processor\t: 1\n", CPU].concat();
        tree.put("proc/cpuinfo", &two);
        assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected, 0), "not read again");
        tree.put("proc/stat", "cpu0 1 2 3 4\ncpu1 1 2 3 4\n");
        let expected = [&[info(0), info(1)], &rest[..]].concat();
        assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected, 0));
    }

    #[test]
    fn a_file_without_cpus_is_an_error() {
        let tree = Tree::new("cpu-info-odd");
        tree.put("proc/stat", "cpu0 1 2 3 4\n");
        let mut cpu = tree.open(&SPEC, Dialect::Own, &[("info", "true")]);
        assert_eq!(scrape(&mut cpu, Dialect::Own, &["_info"]), (vec![], 1));
        tree.put("proc/cpuinfo", "processor : none\n");
        assert_eq!(scrape(&mut cpu, Dialect::Own, &["_info"]), (vec![], 1));
        let mut twice = tree.open(&SPEC, Dialect::Own, &[("info", "true")]);
        tree.put("proc/cpuinfo", "processor : 1\nprocessor : 1\n");
        let (samples, errors) = scrape(&mut twice, Dialect::Own, &["_info"]);
        assert_eq!((samples.len(), errors), (1, 1));
    }
}
