//! Open files of the whole box: `/proc/sys/fs/file-nr`, three numbers: handles that are allocated, those
//! of them that are unused (always 0 since 2.6), and how many there may be
//! (Documentation/admin-guide/sysctl/fs.rst). Every kernel with sysctl has it.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const PATH: &str = "/proc/sys/fs/file-nr";
const EXPECTED: &str = "three integers";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("filefd_allocated|file_handles_allocated", Unit::One, "File handles that are allocated.",       &[]),
    gauge("filefd_maximum|file_handles_limit",       Unit::One, "File handles that may be allocated.", &[]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "filefd",
        node_name: "filefd",
        on: true,
        help: "open files of the whole box, from /proc/sys/fs/file-nr",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Filefd { file: setup.files.whole(PATH) })
}

struct Filefd {
    file: FileId,
}

impl Collector for Filefd {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let text = scrape.files.read(self.file)?;
        let mut numbers = scan::fields(text.trim_ascii_end()).map(scan::uint);
        let [allocated, _, maximum] = [numbers.next(), numbers.next(), numbers.next()];
        let mut written = 0;
        for (family, raw) in FAMILIES.iter().zip([allocated, maximum]) {
            match raw.flatten() {
                Some(raw) => {
                    out.single(family, family.value(raw));
                    written += 1;
                }
                None => scrape.errors.refuse(PATH, EXPECTED, text),
            }
        }
        scrape.errors.unless_all(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn the_first_and_last_of_three_numbers_are_shown() {
        let tree = Tree::new("filefd");
        let mut files = tree.open(&SPEC, Dialect::Node, &[]);
        let mut read = |text: &str| {
            tree.put("proc/sys/fs/file-nr", text);
            scrape(&mut files, Dialect::Node, &["_"])
        };
        let both = ["filefd_allocated 925", "filefd_maximum 9223372036854775807"];
        assert_eq!(read("925\t0\t9223372036854775807\n"), (both.map(String::from).to_vec(), 0));
        assert_eq!(read("925\t0\n"), (vec![both[0].to_owned()], 1));
        assert_eq!(read("-1 0 4096\n"), (vec!["filefd_maximum 4096".to_owned()], 1));
        tree.put("proc/sys/fs/file-nr", "");
        assert!(files.failure().is_some(), "nothing is left");
    }
}
