//! Swap areas: `/proc/swaps`, behind a line of headings a line for each area: path, `partition` or `file`,
//! size and used in units of 1024 bytes, and priority, which the kernel makes negative where nobody set one
//! (proc_swaps(5), mm/swapfile.c). Blanks of a path are octal: `\040`.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Label, Sink, Unit, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/swaps";
const EXPECTED: &str = "a path, a type and three integers";

/// No kernel has more areas; what comes after is left out and counted.
const MAX_AREAS: usize = 64;

/// Bytes of a path that are shown.
const MAX_PATH: usize = 1024;

const AREA: &[&str] = &["device", "swap_type"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 3] = [
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
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Swap { file: setup.files.mounts(PATH) })
}

struct Swap {
    file: FileId,
}

impl Collector for Swap {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        for (at, line) in scan::lines(text).skip(1).enumerate() {
            if at >= MAX_AREAS || Area::of(line).is_none() {
                errors.record(Error::parse(PATH, EXPECTED, line));
            }
        }
        for (at, family) in FAMILIES.iter().enumerate() {
            out.family(family);
            for area in scan::lines(text).skip(1).take(MAX_AREAS).filter_map(Area::of) {
                let mut room = [0; MAX_PATH];
                let labels = [Label::of(unescaped(area.path, &mut room)), Label::of(area.kind)];
                let number = area.numbers.get(at).copied().unwrap_or_default();
                out.sample(&labels, family.signed(number));
            }
        }
        Ok(())
    }
}

/// One line.
struct Area<'a> {
    path: &'a [u8],
    kind: &'a [u8],
    /// In the order of the families.
    numbers: [i64; FAMILIES.len()],
}

impl<'a> Area<'a> {
    fn of(line: &'a [u8]) -> Option<Area<'a>> {
        let mut fields = scan::fields(line);
        let (path, kind) = (fields.next()?, fields.next()?);
        let mut numbers = [0; FAMILIES.len()];
        for number in &mut numbers {
            *number = scan::int(fields.next()?)?;
        }
        Some(Area { path, kind, numbers })
    }
}

/// `text` with the bytes that `\ooo` stand for, as much as there is room for.
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
    use crate::base::dialect::Dialect;
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
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut swap, Dialect::Node, &["swap"]), expected);
    }

    #[test]
    fn a_bad_line_costs_its_area() {
        let tree = Tree::new("swap-odd");
        let text = "/a partition 1 2\n/b partition x 2 3\n/c\n/d partition 4 5 6\n";
        tree.put("proc/swaps", &[HEAD, text].concat());
        let mut swap = tree.open(&SPEC, Dialect::Own, &[]);
        let (samples, errors) = scrape(&mut swap, Dialect::Own, &["swap"]);
        assert_eq!((samples.len(), errors), (3, 3));
        let mut room = [0; 5];
        assert_eq!(unescaped(b"\\999\\04", &mut room), b"\\999\\");
    }
}
