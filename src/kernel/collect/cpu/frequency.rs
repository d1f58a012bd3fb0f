//! Frequencies of the CPUs: `cpu MHz` in `/proc/cpuinfo`, in megahertz with up to three places. The file is
//! read at every scrape.

use super::{SPEC, has_info};
use crate::base::dialect::Dialect;
use crate::kernel::collect::{PartialErrors, Setup};
use crate::kernel::read::{FileId, Files, scan};
use crate::model::metric::{Decimal, Family, Sink};

const PATH: &str = "/proc/cpuinfo";
const KEYS: &[&str] = &["package", "core", "cpu"];

/// The frequencies that node_exporter shows with `cpu.info`.
pub struct Frequencies(FileId);

/// A CPU while its block is read.
#[derive(Default)]
struct Block<'a> {
    package: &'a [u8],
    core: &'a [u8],
    /// The number of the CPU, if it is valid.
    cpu: Option<u64>,
    megahertz: Option<&'a [u8]>,
}

impl Frequencies {
    /// `None` where they are not to be shown.
    pub fn new(setup: &mut Setup<'_>) -> Option<Frequencies> {
        let cpu = setup.all.iter().find(|one| one.name == SPEC.subject.name && one.enabled)?;
        let is_shown = setup.dialect == Dialect::Node && has_info(cpu);
        is_shown.then(|| Frequencies(setup.files.long_records(PATH)))
    }

    /// Writes them as samples of `family`, which gets the labels of `cpu_info`.
    pub fn write(
        &self,
        family: &Family<'_>,
        files: &mut Files,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) {
        let family = family.keyed(KEYS);
        let Some(text) = errors.unless_absent(files.read(self.0)) else { return };
        out.family(&family);
        let (mut block, mut last) = (Block::default(), None);
        for (key, value) in scan::lines(text).filter_map(scan::keyed) {
            match key {
                b"processor" => {
                    block.write(&family, errors, out);
                    let number =
                        scan::uint(value).filter(|number| last.is_none_or(|l| *number > l));
                    if number.is_none() {
                        errors.refuse(PATH, "the number of a CPU, ascending", value);
                    }
                    last = number.or(last);
                    block = Block { cpu: number, ..Block::default() };
                }
                b"physical id" => block.package = value,
                b"core id" => block.core = value,
                b"cpu MHz" => block.megahertz = Some(value),
                _ => {}
            }
        }
        block.write(&family, errors, out);
    }
}

impl Block<'_> {
    fn write(&self, family: &Family<'_>, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let (Some(cpu), Some(text)) = (self.cpu, self.megahertz) else { return };
        match scan::decimal(text, 3) {
            Some(kilohertz) => {
                let cpu = Decimal::of(cpu);
                let labels = [self.package.into(), self.core.into(), cpu.label()];
                out.sample(&labels, family.signed(kilohertz));
            }
            None => errors.refuse(PATH, "megahertz with three places", text),
        }
    }
}
