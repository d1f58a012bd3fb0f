//! Text files: other programs write exposition text into `*.prom` files of a directory, as in
//! node_exporter's collector of this name. A file with an error is left out as a whole.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Label, Sink, Unit, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, globs};

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge(  "textfile_mtime_seconds", Unit::One, "When the text file was last changed, if all of it was read.",     &["file"]),
    gauge(  "textfile_scrape_error",  Unit::One, "Whether some text file or its directory could not be read.",      &[]),
    counter("textfile_refused_total", Unit::One, "Text files, their families and samples that were refused, by reason.", &["reason"]).only_own(),
];

/// The collector's name.
pub const NAME: &str = "textfile";

/// The directories of the files.
pub static DIRECTORY: CollectorOption<Vec<String>> =
    globs("directory", "directories of *.prom files, each may be a glob; may be repeated")
        .flags(&["collector.textfile.directory"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: NAME,
        node_name: NAME,
        on: true,
        help: "samples of other programs, from *.prom files",
        options: &[&DIRECTORY.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(_: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(TextfileCollector)
}

struct TextfileCollector;

impl Collector for TextfileCollector {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let [mtime, error, refused] = &FAMILIES;
        let files = &scrape.textfiles;
        out.family(mtime);
        for (path, seconds) in &files.mtimes {
            out.sample(&[Label::of(path)], mtime.signed(*seconds));
        }
        out.single(error, error.value(files.has_error.into()));
        out.family(refused);
        for (reason, count) in &files.refused {
            out.sample(&[Label::of(reason.as_bytes())], refused.value(*count));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::Textfiles;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn results_of_reading_text_files_are_shown() {
        let tree = Tree::new("textfile");
        for (dialect, more) in [(Dialect::Own, 1), (Dialect::Node, 0)] {
            let mut files = tree.open(&SPEC, dialect, &[("directory", "/a,/b*")]);
            let (lines, errors) = scrape(&mut files, dialect, &["textfile"]);
            assert_eq!((lines, errors), (vec!["textfile_scrape_error 0".to_owned()], 0));
            files.textfiles = Textfiles {
                mtimes: vec![
                    (b"/b\"/x\xff.prom".to_vec(), -5),
                    (b"/c.prom".to_vec(), 1_700_000_000),
                ],
                has_error: true,
                refused: vec![("file", 7)],
                ..Textfiles::default()
            };
            let (lines, _) = scrape(&mut files, dialect, &["textfile"]);
            let expected = [
                "textfile_mtime_seconds{file=\"/b\\\"/x\u{fffd}.prom\"} -5",
                "textfile_mtime_seconds{file=\"/c.prom\"} 1700000000",
                "textfile_scrape_error 1",
                "textfile_refused_total{reason=\"file\"} 7",
            ];
            assert_eq!(lines, expected[..3 + more]);
        }
    }
}
