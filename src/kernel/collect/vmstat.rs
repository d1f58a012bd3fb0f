//! Counters of the memory management: `/proc/vmstat`, a line `key number` each, hundreds of them
//! (mm/vmstat.c, since 2.6; which exist depends on kernel and configuration). By default the few about
//! paging, swapping and killed processes are shown, as in node_exporter. The file does not show what is a counter and
//! what is a level, so all are untyped.

use super::keyed::{self, Keyed, NewFamily};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Patterns, scan};
use crate::model::metric::{Kind, Sink, Unit};
use crate::settings::{CollectorOption, Subject, pattern};

const PATH: &str = "/proc/vmstat";
const EXPECTED: &str = "a name and an integer";

const SECONDARY: &str = "vmstat_nr_sec_page_table_pages|vmstat_nr_secondary_page_table_pages";

static FIELDS: CollectorOption<Option<Pattern>> = pattern("fields", "fields that are shown")
    .flags(&["collector.vmstat.fields"])
    .default("^(oom_kill|pgpg|pswp|pg.*fault).*");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "vmstat",
        node_name: "vmstat",
        on: true,
        help: "paging, swapping and faults, from /proc/vmstat",
        options: &[&FIELDS.row],
    },
    families: &[],
    dynamic: &["vmstat_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let file = setup.files.same_records(PATH);
    let fields = Patterns::new([setup.settings.get(&FIELDS), None]);
    Box::new(Vmstat { file, fields, keys: Keyed::default() })
}

struct Vmstat {
    file: FileId,
    fields: Patterns,
    keys: Keyed,
}

impl Collector for Vmstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Vmstat { file, fields, keys } = self;
        keys.begin();
        let (text, mut end) = (scrape.files.read(*file)?, 0);
        for line in scan::lines(text) {
            // A running kernel has the same lines at all times.
            if keys.skips() {
                continue;
            }
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            let family = keys.family([key, b""], &|key, _| new_family(key, fields));
            let Some(family) = family else { continue };
            end = line.as_ptr().addr() - text.as_ptr().addr() + line.len() + 1;
            match words.next().and_then(|word| keyed::number(&family, word)) {
                Some(value) => out.single(&family, value),
                None => scrape.errors.refuse(PATH, EXPECTED, line),
            }
        }
        fields.rest();
        if keys.is_complete() {
            scrape.files.wants_until(*file, end);
        }
        Ok(())
    }
}

fn new_family(key: &str, fields: &Patterns) -> Option<NewFamily> {
    fields.keep(key).then(|| NewFamily {
        kind: Kind::Untyped,
        unit: Unit::One,
        name: match key {
            // "sec" is a second to the linters of metric names.
            "nr_sec_page_table_pages" => SECONDARY.to_owned(),
            _ => ["vmstat_", key].concat(),
        },
        help: [key, " of /proc/vmstat."].concat(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn only_the_selected_fields_are_shown() {
        let tree = Tree::new("vmstat");
        tree.put(
            "proc/vmstat",
            "nr_free_pages 11\npgpgin 12\noom_kill 13\npgfault x\npswpin 15\npgpgout\npgfree -1\n\
            pswpout 18446744073709551615\npgpgin 16\n",
        );
        let mut all = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "vmstat_pgpgin 12",
            "vmstat_oom_kill 13",
            "vmstat_pswpin 15",
            "vmstat_pswpout 18446744073709551615",
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut all, Dialect::Node, &["_"]), (expected, 2));
        let mut some = tree.open(&SPEC, Dialect::Own, &[("fields", "^nr_")]);
        assert_eq!(scrape(&mut some, Dialect::Own, &["_"]).0, ["vmstat_nr_free_pages 11"]);
    }
}
