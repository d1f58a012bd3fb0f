//! Interrupts by CPU: `/proc/interrupts`, a header line with the CPUs that are online, then a row for
//! each source: its name, a colon, a number for each CPU, and words about it (fs/proc/interrupts.c,
//! kernel/irq/proc.c, and each architecture's own). A row whose name is a number is a line of hardware,
//! and its words are the controller and then trigger and drivers; others (`LOC`, `IPI0`) are described in
//! all their words. Rows without words have one number for the whole machine (`ERR`, `MIS`) or none
//! (`FIQ`), and are not shown. Numbers have 32 bits and wrap.

use super::cpu_columns::CpuColumns;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Filter, scan};
use crate::model::metric::{Family, Label, Sink, Unit, counter, families};
use crate::settings::{CollectorOption, Subject, pattern, switch};

const PATH: &str = "/proc/interrupts";
const EXPECTED: &str = "a name that comes once, and an integer for each CPU";

static INTERRUPTS: &Family<'_> = &FAMILIES[0];
/// The collector stat has our own `interrupts_total`, which is their sum.
static FAMILIES: &[Family; 1] = families![counter(
    "interrupts_total|cpu_interrupts_total",
    Unit::One,
    "Interrupts by CPU and source.",
    &["cpu", "type", "info", "devices"],
)];

static WITH_ZEROS: CollectorOption<bool> =
    switch("include_zeros", "sources that never interrupted a CPU, too")
        .flags(&["collector.interrupts.include-zeros"])
        .default("true");

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("name_include", "only these sources, as type;info;devices")
        .flags(&["collector.interrupts.name-include"]);

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("name_exclude", "sources to leave out, as type;info;devices")
        .flags(&["collector.interrupts.name-exclude"])
        .joining_include();

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "interrupts",
        node_name: "interrupts",
        on: false,
        help: "interrupts by CPU and source, from /proc/interrupts",
        options: &[&WITH_ZEROS.row, &INCLUDE.row, &EXCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    Box::new(Interrupts {
        file: setup.files.long_records(PATH),
        with_zeros: settings.get(&WITH_ZEROS),
        filter: Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE)),
        columns: CpuColumns::default(),
        source: Source::default(),
    })
}

struct Interrupts {
    file: FileId,
    with_zeros: bool,
    filter: Filter,
    columns: CpuColumns,
    source: Source,
}

impl Collector for Interrupts {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let Interrupts { with_zeros, filter, columns, source, .. } = self;
        let mut lines = scan::lines(files.read(self.file)?);
        columns.begin(PATH, lines.next().unwrap_or_default())?;
        filter.begin();
        out.family(INTERRUPTS);
        for line in lines {
            let is_good = match source.learn(line, columns.count()) {
                Some(true) if filter.keep(&source.text) => {
                    let labels = source.labels();
                    columns.each(source.numbers(line), &mut |cpu, raw| {
                        if *with_zeros || raw > 0 {
                            let [name, info, devices] = labels;
                            out.sample(&[cpu, name, info, devices], INTERRUPTS.value(raw));
                        }
                    })
                }
                Some(true) => !filter.is_repeated(),
                Some(false) => true,
                None => false,
            };
            if !is_good {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        Ok(())
    }
}

/// The source of a row's interrupts.
#[derive(Default)]
struct Source {
    /// Name, kind and drivers, as patterns match them: with a semicolon between.
    text: Vec<u8>,
    /// The positions of the second and the third.
    info: usize,
    devices: usize,
    /// The position of the numbers in the row.
    numbers: usize,
}

impl Source {
    /// Parses a row with `count` numbers: `false` if no words follow them, `None` if it has too few
    /// columns for a line of hardware, or no name.
    fn learn(&mut self, line: &[u8], count: usize) -> Option<bool> {
        let colon = memchr::memchr(b':', line)?;
        let (name, _) = line.split_at(colon);
        let name = name.trim_ascii();
        self.numbers = colon + 1;
        let mut words = self.numbers(line).skip(count).peekable();
        let is_line = scan::uint(name).is_some();
        if name.is_empty() || words.peek().is_none() {
            return (!name.is_empty() && !is_line).then_some(false);
        }
        self.text.clear();
        self.text.extend_from_slice(name);
        self.text.push(b';');
        self.info = self.text.len();
        let last_of_info = if is_line { 1 } else { usize::MAX };
        self.join(&mut words.by_ref().take(last_of_info));
        self.text.push(b';');
        self.devices = self.text.len();
        self.join(&mut words);
        Some(true)
    }

    /// Appends words with a blank between.
    fn join(&mut self, words: &mut dyn Iterator<Item = &[u8]>) {
        for (at, word) in words.enumerate() {
            if at > 0 {
                self.text.push(b' ');
            }
            self.text.extend_from_slice(word);
        }
    }

    fn numbers<'a>(&self, line: &'a [u8]) -> scan::Fields<'a> {
        scan::fields(line.get(self.numbers..).unwrap_or_default())
    }

    /// Name, kind, and drivers.
    fn labels(&self) -> [Label<'_>; 3] {
        let ends = [self.info.saturating_sub(1), self.devices.saturating_sub(1), self.text.len()];
        let parts = [0..ends[0], self.info..ends[1], self.devices..ends[2]];
        parts.map(|part| Label::of(self.text.get(part).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    const GOOD: &str = "           CPU0       CPU2       \n  0:         18          0   IO-APIC   2-edge      timer\n \
        16:     328511     322879  IR-IO-APIC-fasteoi   ehci_hcd:usb1, mmc0\n\
        IPI0:4294967295          4       Rescheduling interrupts\nFIQ:              usb_fiq\n\
        LOC:          5          6   Local timer interrupts\nERR:          0\nMIS:          0\n";

    #[test]
    fn each_source_by_cpu() {
        let tree = Tree::new("interrupts");
        tree.put("proc/interrupts", GOOD);
        let mut all = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"interrupts_total{cpu="0",type="0",info="IO-APIC",devices="2-edge timer"} 18"#,
            r#"interrupts_total{cpu="2",type="0",info="IO-APIC",devices="2-edge timer"} 0"#,
            r#"interrupts_total{cpu="0",type="16",info="IR-IO-APIC-fasteoi",devices="ehci_hcd:usb1, mmc0"} 328511"#,
            r#"interrupts_total{cpu="2",type="16",info="IR-IO-APIC-fasteoi",devices="ehci_hcd:usb1, mmc0"} 322879"#,
            r#"interrupts_total{cpu="0",type="IPI0",info="Rescheduling interrupts",devices=""} 4294967295"#,
            r#"interrupts_total{cpu="2",type="IPI0",info="Rescheduling interrupts",devices=""} 4"#,
            r#"interrupts_total{cpu="0",type="LOC",info="Local timer interrupts",devices=""} 5"#,
            r#"interrupts_total{cpu="2",type="LOC",info="Local timer interrupts",devices=""} 6"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(lines(&mut all, Dialect::Node), (expected.clone(), 0));
        }
        let set = [("include-zeros", "false"), ("name-include", "timer$|;Resch.*;$")];
        let mut some = tree.open(&SPEC, Dialect::Own, &set);
        let (some, errors) = lines(&mut some, Dialect::Own);
        assert_eq!((some.len(), errors), (3, 0));
        assert!(some[0].starts_with(r#"cpu_interrupts_total{cpu="0",type="0","#), "{some:?}");
        let set = [("name-exclude", "^(0|16);|;Local timer interrupts;")];
        let (rest, _) = lines(&mut tree.open(&SPEC, Dialect::Node, &set), Dialect::Node);
        assert_eq!(rest, expected[4..6]);
    }

    #[test]
    fn a_bad_row_is_left_out() {
        let tree = Tree::new("interrupts-bad");
        tree.put(
            "proc/interrupts",
            "CPU0 CPU1\n 5: 1 2\n 6: 1\n\n: 1 2 x\n 7: 1 -2 x\n 7: 3 4 x\n 8: 5 6 a\\\"b\nNMI: 7 8",
        );
        let mut interrupts = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"interrupts_total{cpu="0",type="7",info="x",devices=""} 1"#,
            r#"interrupts_total{cpu="0",type="8",info="a\\\"b",devices=""} 5"#,
            r#"interrupts_total{cpu="1",type="8",info="a\\\"b",devices=""} 6"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(lines(&mut interrupts, Dialect::Node), (expected, 6));
    }
}
