//! Makes, models, flags and bugs of the CPUs: `/proc/cpuinfo`, lines `key : value`, a block for each CPU that
//! begins with `processor : 0` (Documentation/filesystems/proc.rst). Which keys there are depends on the
//! architecture; a value that is missing is an empty label. Flags and bugs are those of the first CPU.
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
    /// Nothing is read yet; flags and bugs are shown if they match their pattern, without a pattern none.
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
                    return errors.refuse(PATH, expected, value);
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
            errors.refuse(PATH, "a block for each CPU", text);
        }
    }
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
