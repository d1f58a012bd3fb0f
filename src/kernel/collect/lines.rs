//! Engine for text whose lines are a key and numbers, such as `rw 28 3` of XFS and `rpc 18628 3 1 2 0` of
//! the NFS server. The meaning of each number is a table of the collector. Lines and numbers that the table
//! does not have are skipped; those that the text does not have have no sample.

use super::gathered::Gathered;
use super::{Collector, PartialErrors, Scrape, Setup};
use crate::base::error::{Error, Place};
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink};

/// The most labels before those of the table.
const MAX_BEFORE: usize = 2;

const EXPECTED: &str = "a key and integers";
const EXPECTED_PROCEDURES: &str = "a count, and as many integers";

/// The numbers of one line.
pub struct Line {
    /// The first word.
    pub key: &'static str,
    /// The numbers after it.
    pub numbers: Numbers,
}

/// The meaning of the numbers of a line.
pub enum Numbers {
    /// Each by its index, from 0.
    Each(&'static [Column]),
    /// Their count, then one for each of these procedures of a version of a protocol, all of one family;
    /// `-` is not shown. A line with another count is refused.
    Procedures(&'static Family<'static>, &'static str, &'static str),
}

/// One number: its index, its family, and the values of the family's labels.
pub type Column = (usize, &'static Family<'static>, &'static [&'static str]);

/// A file of such lines: everything that a collector needs besides its table.
pub struct LinesOf {
    file: FileId,
    path: &'static str,
    table: &'static [Line],
    gathered: Gathered,
}

impl LinesOf {
    /// The file at `path`, which the kernel returns in one read and many boxes lack.
    pub fn new(setup: &mut Setup<'_>, path: &'static str, table: &'static [Line]) -> LinesOf {
        LinesOf { file: setup.files.whole(path), path, table, gathered: Gathered::new(path) }
    }
}

impl Collector for LinesOf {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let text = files.read(self.file).map_err(Error::of_optional)?;
        self.gathered.begin();
        gather(text, self.table, &[], self.path.into(), errors, &mut self.gathered);
        self.gathered.write_rows(errors, out);
        // The kernel writes all lines, also those of zeros.
        let written = self.gathered.count();
        if written == 0 {
            errors.refuse(self.path, EXPECTED, text);
        }
        errors.unless_all(written)
    }
}

/// Adds every number of `text` that `table` has to `gathered`; all samples have the labels `before`
/// before those of the table.
pub fn gather(
    text: &[u8],
    table: &'static [Line],
    before: &[&[u8]],
    place: Place,
    errors: &mut PartialErrors,
    gathered: &mut Gathered,
) {
    for line in scan::lines(text) {
        let mut words = scan::fields(line);
        let key = words.next().unwrap_or_default();
        let Some(known) = table.iter().find(|known| known.key.as_bytes() == key) else { continue };
        let mut sample =
            |family: &'static Family<'static>, labels: &[&str], word: Option<&[u8]>| {
                let Some(word) = word else { return };
                match scan::uint(word) {
                    Some(raw) => add(gathered, family, before, labels, raw),
                    None => errors.refuse(place, EXPECTED, line),
                }
            };
        match known.numbers {
            Numbers::Each(columns) => {
                for (at, family, labels) in columns {
                    sample(family, labels, words.clone().nth(*at));
                }
            }
            Numbers::Procedures(family, version, names) => {
                let count = words.next().and_then(scan::uint);
                // With another count the numbers after a gap would be those of other procedures.
                if count != Some(words.count() as u64) {
                    errors.refuse(place, EXPECTED_PROCEDURES, line);
                    continue;
                }
                for (name, word) in names.split(' ').zip(words).filter(|(n, _)| *n != "-") {
                    sample(family, &[version, name], Some(word));
                }
            }
        }
    }
}

/// Adds a number of `family` with the labels `before`, then `labels`.
fn add(
    gathered: &mut Gathered,
    family: &'static Family<'static>,
    before: &[&[u8]],
    labels: &[&str],
    raw: u64,
) {
    let mut all = [&b""[..]; MAX_BEFORE + 2];
    let values = before.iter().copied().chain(labels.iter().map(|l| l.as_bytes()));
    let count = all.iter_mut().zip(values).map(|(to, from)| *to = from).count();
    gathered.push(family, all.get(..count).unwrap_or_default(), family.value(raw));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::model::metric::{Buffer, Unit, counter, families};
    use crate::outputs::expose::{Format, Lines, Text};

    static FAMILIES: &[Family; 2] = families![
        counter("a_total", Unit::Kibibytes, "A.", &["disk", "way"]),
        counter("b_total", Unit::One, "B.", &["disk", "version", "call"]),
    ];
    static TABLE: [Line; 2] = [
        Line {
            key: "io",
            numbers: Numbers::Each(&[(2, &FAMILIES[0], &["out"]), (0, &FAMILIES[0], &["in"])]),
        },
        Line { key: "calls", numbers: Numbers::Procedures(&FAMILIES[1], "3", "- get put") },
    ];

    #[test]
    fn numbers_go_by_key_and_place() {
        let text = b"calls 4 1 2 3 4\nio 5 x 6\nother 7\nio 8\ncalls 2 1 -2\n\
            calls\ncalls 3 5 6\ncalls 1 7 8\n";
        let (mut gathered, mut errors) = (Gathered::new("/proc/x"), PartialErrors::default());
        gather(text, &TABLE, &[b"sda"], "/proc/x".into(), &mut errors, &mut gathered);
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut page = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
        gathered.write_rows(&mut errors, &mut page);
        page.finish();
        let page = String::from_utf8(out.bytes().to_vec()).unwrap();
        let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"node_a_total{disk="sda",way="in"} 5120"#,
            r#"node_a_total{disk="sda",way="out"} 6144"#,
            r#"node_b_total{disk="sda",version="3",call="get"} 2"#,
            r#"node_b_total{disk="sda",version="3",call="put"} 3"#,
        ];
        assert_eq!((samples, errors.count()), (expected.to_vec(), 4));
    }
}
