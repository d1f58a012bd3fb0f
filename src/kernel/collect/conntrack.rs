//! Connections that netfilter follows: `/proc/sys/net/netfilter/nf_conntrack_count` and `_max`, a number
//! each, and `/proc/net/stat/nf_conntrack`, a line of names, then a line of hexadecimal numbers for each
//! CPU (net/netfilter/nf_conntrack_standalone.c, since 2.6.15). Which columns there are depends on the
//! kernel, so they are found by name. Those that node_exporter shows are shown, added up. The kernel
//! counts in 32 bits for each CPU. Without the module there are no such files.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;

const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";
const MAX: &str = "/proc/sys/net/netfilter/nf_conntrack_max";
const STAT: &str = "/proc/net/stat/nf_conntrack";

/// The families that are sums of a column.
const SUMS: usize = 8;

const FOUND: &str = "Entries that were looked for and found.";
const INVALID: &str = "Packets that belong to no connection.";
const IGNORE: &str = "Packets that belong to an entry already.";
const INSERT: &str = "Entries that were put into the table.";
const INSERT_FAILED: &str = "Entries that could not be put into the table.";
const DROP: &str = "Packets that were dropped because tracking failed.";
const EARLY_DROP: &str = "Entries that were dropped to make room for others.";
const SEARCH_RESTART: &str = "Searches that began anew because the table was resized.";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2 + 2 * SUMS] = families![
    gauge("nf_conntrack_entries|conntrack_entries",             Unit::One, "Connections that are followed.",         &[]),
    gauge("nf_conntrack_entries_limit|conntrack_entries_limit", Unit::One, "Connections that can be followed.",      &[]),
    gauge("nf_conntrack_stat_found",             Unit::One, FOUND,          &[]).only_node(),
    gauge("nf_conntrack_stat_invalid",           Unit::One, INVALID,        &[]).only_node(),
    gauge("nf_conntrack_stat_ignore",            Unit::One, IGNORE,         &[]).only_node(),
    gauge("nf_conntrack_stat_insert",            Unit::One, INSERT,         &[]).only_node(),
    gauge("nf_conntrack_stat_insert_failed",     Unit::One, INSERT_FAILED,  &[]).only_node(),
    gauge("nf_conntrack_stat_drop",              Unit::One, DROP,           &[]).only_node(),
    gauge("nf_conntrack_stat_early_drop",        Unit::One, EARLY_DROP,     &[]).only_node(),
    gauge("nf_conntrack_stat_search_restart",    Unit::One, SEARCH_RESTART, &[]).only_node(),
    counter("conntrack_found_total",             Unit::One, FOUND,          &[]).only_own(),
    counter("conntrack_invalid_total",           Unit::One, INVALID,        &[]).only_own(),
    counter("conntrack_ignored_total",           Unit::One, IGNORE,         &[]).only_own(),
    counter("conntrack_inserted_total",          Unit::One, INSERT,         &[]).only_own(),
    counter("conntrack_insert_failures_total",   Unit::One, INSERT_FAILED,  &[]).only_own(),
    counter("conntrack_dropped_total",           Unit::One, DROP,           &[]).only_own(),
    counter("conntrack_dropped_early_total",     Unit::One, EARLY_DROP,     &[]).only_own(),
    counter("conntrack_search_restarts_total",   Unit::One, SEARCH_RESTART, &[]).only_own(),
];

/// The kernel's name of a column, and its families in the two dialects.
static COLUMNS: [(&[u8], [&Family<'_>; 2]); SUMS] = [
    (b"found", [&FAMILIES[2], &FAMILIES[10]]),
    (b"invalid", [&FAMILIES[3], &FAMILIES[11]]),
    (b"ignore", [&FAMILIES[4], &FAMILIES[12]]),
    (b"insert", [&FAMILIES[5], &FAMILIES[13]]),
    (b"insert_failed", [&FAMILIES[6], &FAMILIES[14]]),
    (b"drop", [&FAMILIES[7], &FAMILIES[15]]),
    (b"early_drop", [&FAMILIES[8], &FAMILIES[16]]),
    (b"search_restart", [&FAMILIES[9], &FAMILIES[17]]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "conntrack",
        node_name: "conntrack",
        on: true,
        help: "connections that netfilter follows, from /proc/net/stat/nf_conntrack",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let files = &mut setup.files;
    Box::new(Conntrack {
        count: files.whole(COUNT),
        max: files.whole(MAX),
        stat: files.records(STAT),
    })
}

struct Conntrack {
    count: FileId,
    max: FileId,
    stat: FileId,
}

impl Collector for Conntrack {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let [entries, limit, ..] = &FAMILIES;
        let count = files.read(self.count).map_err(Error::of_optional)?;
        let mut written = number(entries, COUNT, count, errors, out);
        if let Some(text) = errors.unless_absent(files.read(self.max)) {
            written += number(limit, MAX, text, errors, out);
        }
        if let Some(text) = errors.unless_absent(files.read(self.stat)) {
            sums(text, errors, out);
        }
        errors.unless_all(written)
    }
}

/// Writes the number of a file; returns how many samples.
fn number(
    family: &Family<'_>,
    path: &'static str,
    text: &[u8],
    errors: &mut PartialErrors,
    out: &mut dyn Sink,
) -> usize {
    let Some(raw) = scan::uint(text.trim_ascii_end()) else {
        errors.refuse(path, "an integer", text);
        return 0;
    };
    out.single(family, family.value(raw));
    1
}

/// One column: its index, its sum, and how many rows had a number there.
#[derive(Clone, Copy, Default)]
struct Sum {
    at: Option<usize>,
    total: u64,
    rows: usize,
}

/// Writes the sums. A column in which a row has no number is left out: its sum would fall.
fn sums(text: &[u8], errors: &mut PartialErrors, out: &mut dyn Sink) {
    let mut lines = scan::lines(text);
    let header = lines.next().unwrap_or_default();
    let mut sums = COLUMNS.each_ref().map(|(name, _)| {
        let at = scan::fields(header).position(|field| field == *name);
        Sum { at, ..Sum::default() }
    });
    let mut rows = 0;
    for line in lines {
        rows += 1;
        for (at, field) in scan::fields(line).enumerate() {
            let sum = sums.iter_mut().find(|sum| sum.at == Some(at));
            let Some(sum) = sum else { continue };
            if let Some(total) = scan::hex(field).and_then(|raw| sum.total.checked_add(raw)) {
                sum.total = total;
                sum.rows += 1;
            }
        }
    }
    for ((_, families), sum) in COLUMNS.iter().zip(sums) {
        if sum.rows != rows && sum.at.is_some() {
            errors.refuse(STAT, "a hexadecimal number for each CPU", header);
        } else if sum.rows > 0 {
            for family in families {
                out.single(family, family.value(sum.total));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    const HEADER: &str = "entries  clashres found new invalid ignore delete chainlength insert \
        insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart";

    /// A machine with a row of `first`, `first + 1`, … for each CPU.
    fn tree(name: &str, firsts: &[u32]) -> Tree {
        let tree = Tree::new(name);
        tree.put("proc/sys/net/netfilter/nf_conntrack_count", "123\n");
        tree.put("proc/sys/net/netfilter/nf_conntrack_max", "65536\n");
        let row = |first: &u32| (0..17).map(|n| format!("{:08x} ", first + n)).collect::<String>();
        let rows: Vec<String> = firsts.iter().map(row).collect();
        tree.put("proc/net/stat/nf_conntrack", &format!("{HEADER}\n{}\n", rows.join("\n")));
        tree
    }

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    #[test]
    fn columns_are_found_by_name_and_added_up() {
        let tree = tree("conntrack", &[1000, 2000]);
        let expected = [
            "nf_conntrack_entries 123",
            "nf_conntrack_entries_limit 65536",
            "nf_conntrack_stat_found 3004",
            "nf_conntrack_stat_invalid 3008",
            "nf_conntrack_stat_ignore 3010",
            "nf_conntrack_stat_insert 3016",
            "nf_conntrack_stat_insert_failed 3018",
            "nf_conntrack_stat_drop 3020",
            "nf_conntrack_stat_early_drop 3022",
            "nf_conntrack_stat_search_restart 3032",
        ];
        let expected = expected.map(String::from).to_vec();
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(lines(&mut node, Dialect::Node), (expected, 0));
        let mut own = tree.open(&SPEC, Dialect::Own, &[]);
        let (own, _) = lines(&mut own, Dialect::Own);
        assert_eq!((own.len(), &*own[9]), (10, "conntrack_search_restarts_total 3032"));
    }

    #[test]
    fn a_column_with_a_gap_is_left_out() {
        let tree = tree("conntrack-bad", &[1]);
        let mut conntrack = tree.open(&SPEC, Dialect::Node, &[]);
        let text = "found drop early_drop insert\n5 6 7 1\nx a\n0 0 0 ffffffffffffffff\n";
        tree.put("proc/net/stat/nf_conntrack", text);
        tree.put("proc/sys/net/netfilter/nf_conntrack_max", "-1\n");
        let expected = ["nf_conntrack_entries 123", "nf_conntrack_stat_drop 16"];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(lines(&mut conntrack, Dialect::Node), (expected.clone(), 4));
        tree.put("proc/net/stat/nf_conntrack", HEADER);
        tree.remove("proc/sys/net/netfilter/nf_conntrack_max");
        let mut conntrack = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(lines(&mut conntrack, Dialect::Node), (expected[..1].to_vec(), 0));
    }
}
