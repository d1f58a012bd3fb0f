//! Makes, models, flags and bugs of the CPUs: `/proc/cpuinfo`, lines `key : value`, a block for each CPU that
//! begins with `processor : 0` (Documentation/filesystems/proc.rst). Which keys there are depends on the
//! architecture; a value that is missing is an empty label. Flags and bugs are those of the first CPU. What stands
//! before the first block holds for all: the system of MIPS, the CPU of Arm before Linux 3.8, which may be the only
//! one and then has no block.
//! Reading the file disturbs every CPU of some machines, so it is read again only when CPUs come or go.

use crate::base::text::pattern::Pattern;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::info::Rows;
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Family, Sink};

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

/// The keys of the file.
#[rustfmt::skip]
const NAMES: [&[u8]; 10] = [
    b"physical id", b"core id", PROCESSOR, b"vendor_id", b"cpu family", b"model", b"model name", b"microcode",
    b"stepping", b"cache size",
];
const PROCESSOR: &[u8] = b"processor";
const MODEL_NAME: usize = 6;

/// Other keys of the file, on MIPS, RISC-V and old Arm, and their labels; the first of a CPU counts.
const OTHER_NAMES: [(&[u8], usize); 5] = [
    (b"system type", 3),
    (b"cpu model", MODEL_NAME),
    (b"hart", 1),
    (b"isa", MODEL_NAME),
    (b"Processor", MODEL_NAME),
];

/// Facts from `/proc/cpuinfo`.
pub struct Info {
    root: Root,
    flags_include: Option<Pattern>,
    bugs_include: Option<Pattern>,
    /// The CPUs that `/proc/stat` listed when the file was read; `None` before that.
    known: Option<Vec<u32>>,
    cpus: Rows,
    flags: Rows,
    bugs: Rows,
}

impl Info {
    /// Nothing is read yet. Flags and bugs are shown if they match their pattern; without a pattern none are.
    pub fn new(root: &Root, [flags_include, bugs_include]: [Option<Pattern>; 2]) -> Info {
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
        let mut all: [&[u8]; NAMES.len()] = [b""; NAMES.len()];
        let (mut row, mut count, mut last) = (all, 0, None);
        for (key, value) in scan::lines(text).filter_map(scan::keyed) {
            let number = scan::uint(value).filter(|_| key == PROCESSOR);
            if number.is_some() {
                if count > 0 {
                    self.cpus.push(&row);
                }
                if count >= MAX_CPUS || last >= number {
                    let expected = "at most 8192 CPUs by number";
                    return errors.refuse(PATH, expected, value);
                }
                (last, row) = (number, all);
                count += 1;
            }
            let to = if count == 0 { &mut all } else { &mut row };
            if !set(to, key, value) {
                self.learn_words(key, value, count == 1);
            }
        }
        if count == 0 && !all[MODEL_NAME].is_empty() {
            set(&mut all, PROCESSOR, b"0");
            (row, count) = (all, 1);
        }
        if count > 0 {
            self.cpus.push(&row);
        } else {
            errors.refuse(PATH, "a block for each CPU", text);
        }
    }

    /// Stores a list of words: that of the first CPU; on Arm the last one, as old kernels write it after all CPUs.
    fn learn_words(&mut self, key: &[u8], value: &[u8], is_first: bool) {
        match key {
            b"Features" => {
                self.flags.clear();
                words(value, self.flags_include.as_ref(), &mut self.flags);
            }
            b"flags" if is_first => words(value, self.flags_include.as_ref(), &mut self.flags),
            b"bugs" if is_first => words(value, self.bugs_include.as_ref(), &mut self.bugs),
            _ => {}
        }
    }
}

/// Sets the label that `key` is of, if there is one.
fn set<'a>(row: &mut [&'a [u8]; NAMES.len()], key: &[u8], value: &'a [u8]) -> bool {
    let other = || OTHER_NAMES.iter().find(|(name, _)| *name == key);
    let usual = NAMES.iter().position(|name| *name == key);
    let Some(place) = usual.or_else(|| other().map(|(_, place)| *place)) else { return false };
    if let Some(label) = row.get_mut(place).filter(|l| usual.is_some() || l.is_empty()) {
        *label = value;
    }
    true
}

fn words(text: &[u8], include: Option<&Pattern>, rows: &mut Rows) {
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
