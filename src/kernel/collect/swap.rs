//! Swap areas: `/proc/swaps`, after a line of headings a line for each area: path, `partition` or `file`,
//! size and used in units of 1024 bytes, and priority, which the kernel makes negative unless it was set
//! (proc_swaps(5), mm/swapfile.c). Blanks of a path are octal, `\040`;
//! node_exporter's dialect shows them so.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, Filter, Names, scan};
use crate::model::metric::{Family, Label, Sink, Unit, families, gauge};
use crate::settings::{Dialect, Subject};

const PATH: &str = "/proc/swaps";
const EXPECTED: &str = "a path, a type and three integers";

/// No kernel has more areas; what comes after is left out and counted.
const MAX_AREAS: usize = 64;

/// Bytes of a path that are shown.
const MAX_PATH: usize = 1024;

const AREA: &[&str] = &["device", "swap_type"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("swap_size_bytes", Unit::Kibibytes, "Size of the swap area.",                       AREA),
    gauge("swap_used_bytes", Unit::Kibibytes, "Bytes of the area that are in use.",           AREA),
    gauge("swap_priority",   Unit::One,       "Priority of the area; the highest fills first.", AREA),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "swap",
        node_name: "swap",
        on: false,
        help: "swap areas, from /proc/swaps",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Swap {
        file: setup.files.mounts(PATH),
        is_raw: setup.dialect == Dialect::Node,
        once: Filter::new(None, None),
        labels: Names::default(),
        areas: Vec::new(),
    })
}

struct Swap {
    file: FileId,
    /// Paths are shown as the kernel writes them.
    is_raw: bool,
    /// Paths that were written already.
    once: Filter,
    /// Path and type of each area.
    labels: Names,
    /// Its numbers, in the order of the families.
    areas: Vec<[i64; FAMILIES.len()]>,
}

impl Collector for Swap {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        self.once.begin();
        self.labels.truncate(0);
        self.areas.clear();
        for line in scan::lines(text).skip(1) {
            if self.areas.len() >= MAX_AREAS || self.take(line).is_none() {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        for (at, family) in FAMILIES.iter().enumerate() {
            out.family(family);
            for (row, numbers) in self.areas.iter().enumerate() {
                let label = |at| Label::of(self.labels.get(at).unwrap_or_default());
                if let Some(number) = numbers.get(at) {
                    out.sample(&[label(2 * row), label(2 * row + 1)], family.signed(*number));
                }
            }
        }
        errors.unless_all(self.areas.len())
    }
}

impl Swap {
    /// Adds the area of a line; `None` if it is not valid, or a repetition.
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let mut fields = scan::fields(line);
        let (path, kind) = (fields.next()?, fields.next()?);
        let mut numbers = [0; FAMILIES.len()];
        for number in &mut numbers {
            *number = scan::int(fields.next()?)?;
        }
        let mut room = [0; MAX_PATH];
        let path = if self.is_raw { path } else { unescaped(path, &mut room) };
        if !self.once.keep(path) {
            return None;
        }
        self.labels.push(path);
        self.labels.push(kind);
        self.areas.push(numbers);
        Some(())
    }
}

/// `text` with `\ooo` replaced by the byte, as far as there is room.
fn unescaped<'b>(text: &[u8], room: &'b mut [u8]) -> &'b [u8] {
    let (mut rest, mut length) = (text, 0);
    for byte in room.iter_mut() {
        let Some((first, after)) = rest.split_first() else { break };
        let code = after.get(..3).filter(|_| *first == b'\\').and_then(scan::octal);
        let code = code.and_then(|code| u8::try_from(code).ok());
        *byte = code.unwrap_or(*first);
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
        length += 1;
    }
    room.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Tree, scrape};

    const HEAD: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    #[test]
    fn every_area_has_its_numbers() {
        let tree = Tree::new("swap");
        let mut swap = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(swap.error(), Some(Error::Unsupported(_))));
        tree.put("proc/swaps", HEAD);
        assert_eq!(scrape(&mut swap, Dialect::Node, &["swap"]), (vec![], 0));
        let areas = "/dev/zram0 partition\t8\t\t1\t\t100\n/a\\040file file\t\t2\t\t0\t\t-2\n";
        tree.put("proc/swaps", &[HEAD, areas].concat());
        let expected = [
            r#"swap_size_bytes{device="/dev/zram0",swap_type="partition"} 8192"#,
            r#"swap_size_bytes{device="/a file",swap_type="file"} 2048"#,
            r#"swap_used_bytes{device="/dev/zram0",swap_type="partition"} 1024"#,
            r#"swap_used_bytes{device="/a file",swap_type="file"} 0"#,
            r#"swap_priority{device="/dev/zram0",swap_type="partition"} 100"#,
            r#"swap_priority{device="/a file",swap_type="file"} -2"#,
        ];
        let mut own = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut own, Dialect::Own, &["swap"]), expected);
        let raw = scrape(&mut swap, Dialect::Node, &["_used_bytes{device=\"/a"]).0;
        assert_eq!(raw, [r#"swap_used_bytes{device="/a\\040file",swap_type="file"} 0"#]);
    }

    #[test]
    fn a_bad_line_drops_its_swap_area() {
        let tree = Tree::new("swap-odd");
        let text = "/a partition 1 2\n/b partition x 2 3\n/c\n/d partition 4 5 6\n/d file 7 8 9\n";
        tree.put("proc/swaps", &[HEAD, text].concat());
        let mut swap = tree.open(&SPEC, Dialect::Own, &[]);
        let (samples, errors) = scrape(&mut swap, Dialect::Own, &["swap"]);
        assert_eq!((samples.len(), errors), (3, 4));
        tree.put("proc/swaps", &[HEAD, "/a partition 1 2\n"].concat());
        assert!(matches!(swap.failure(), Some(Error::Parse(_))), "nothing is left");
        let mut room = [0; 5];
        assert_eq!(unescaped(b"\\999\\04", &mut room), b"\\999\\");
    }
}
