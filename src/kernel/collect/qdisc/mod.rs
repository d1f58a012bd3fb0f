//! Queueing disciplines at the roots of interfaces, by routing netlink (RTM_GETQDISC, rtnetlink(7)): packets and
//! bytes sent and dropped, and the queue length (TCA_STATS2, include/uapi/linux/gen_stats.h). The kernel counts
//! packets and drops in 32 bits; since 5.5 it reports packets in 64 bits when they need it. On a stored tree
//! there are none to request.

mod stored;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::netlink::qdisc::{self, Counts};
use crate::kernel::read::netlink::{LinkNames, Stream};
use crate::kernel::read::{Files, Filter, Names};
use crate::model::metric::{Family, Label, Sink, Unit::One, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, path, pattern};
use std::path::PathBuf;
use stored::Store;

/// More interfaces than any box has; what comes after is left out and counted.
const MAX_QDISCS: usize = 16_384;

/// node_exporter's keys and ours.
const KEYS: &[&str] = &["device", "kind", "interface", "kind"];

/// In the order of `numbers`.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 7] = families![
    counter("qdisc_bytes_total",          One, "Bytes sent.",                                       KEYS).own_keys(),
    counter("qdisc_packets_total",        One, "Packets sent.",                                     KEYS).own_keys(),
    counter("qdisc_drops_total",          One, "Packets dropped.",                                  KEYS).own_keys(),
    counter("qdisc_requeues_total",       One, "Packets put back because the device was not ready.", KEYS).own_keys(),
    counter("qdisc_overlimits_total",     One, "Packets held back because of a limit.",             KEYS).own_keys(),
    gauge(  "qdisc_current_queue_length|qdisc_queue_length", One, "Packets that wait to be sent.",  KEYS).own_keys(),
    gauge(  "qdisc_backlog|qdisc_backlog_bytes",             One, "Bytes that wait to be sent.",    KEYS).own_keys(),
];

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "interfaces to leave out")
        .flags(&["collector.qdisc.device-exclude", "collector.qdisk.device-exclude"]);

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("include_pattern", "only these interfaces")
        .flags(&["collector.qdisc.device-include", "collector.qdisk.device-include"]);

static FIXTURES: CollectorOption<PathBuf> = path(
    "fixtures",
    "for tests: a directory whose results.json is read instead of asking the kernel",
);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "qdisc",
        node_name: "qdisc",
        on: false,
        help: "queueing disciplines of interfaces, by netlink",
        options: &[&EXCLUDE.row, &INCLUDE.row, &FIXTURES.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let fixtures = settings.get(&FIXTURES);
    let source = match setup.root.has_own_interfaces() {
        _ if !fixtures.as_os_str().is_empty() => Source::Stored(Store::new(&fixtures)),
        true => Source::Kernel(Stream::default()),
        false => Source::Unsupported,
    };
    let filter = Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE));
    Box::new(Qdiscs { source, links: LinkNames::default(), rows: Rows::new(filter) })
}

struct Qdiscs {
    source: Source,
    links: LinkNames,
    rows: Rows,
}

/// The source of the disciplines.
enum Source {
    Kernel(Stream),
    /// A file of stored ones.
    Stored(Store),
    /// None, as the kernel is another machine's.
    Unsupported,
}

impl Collector for Qdiscs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        self.rows.begin();
        match &mut self.source {
            Source::Kernel(stream) => ask(stream, files, &mut self.links, &mut self.rows, errors)?,
            Source::Stored(store) => store.read(&mut |name, kind, counts| {
                self.rows.push(name, kind, counts, errors);
            })?,
            Source::Unsupported => return Err(Error::Unsupported(qdisc::PATH.into())),
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            self.rows.write(column, family, out);
        }
        Ok(())
    }
}

/// Fills the rows from netlink.
fn ask(
    stream: &mut Stream,
    files: &mut Files,
    links: &mut LinkNames,
    rows: &mut Rows,
    errors: &mut PartialErrors,
) -> Result<(), Error> {
    links.learn(files.links()?);
    qdisc::each(stream, &mut |parsed| {
        let Some(qdisc) = parsed else {
            return errors.refuse(qdisc::PATH, "a kind and statistics", b"");
        };
        // An interface that was added meanwhile has no name yet.
        let name = links.place(qdisc.index).and_then(|place| links.name(place));
        if let (true, Some(name)) = (qdisc.is_root, name) {
            rows.push(name, qdisc.kind, qdisc.counts, errors);
        }
    })
}

/// The rows that are shown.
struct Rows {
    filter: Filter,
    /// Interface and kind of each row.
    texts: Names,
    numbers: Vec<[Option<u64>; FAMILIES.len()]>,
}

impl Rows {
    fn new(filter: Filter) -> Rows {
        Rows { filter, texts: Names::default(), numbers: Vec::new() }
    }

    fn begin(&mut self) {
        self.filter.begin();
        self.texts.truncate(0);
        self.numbers.clear();
    }

    fn push(&mut self, name: &[u8], kind: &[u8], counts: Counts, errors: &mut PartialErrors) {
        if !self.filter.keep(name) {
            if self.filter.is_repeated() {
                errors.refuse(qdisc::PATH, "an interface that comes once", name);
            }
            return;
        }
        if self.numbers.len() == MAX_QDISCS {
            return errors.refuse(qdisc::PATH, "at most 16384 interfaces", name);
        }
        self.texts.push(name);
        self.texts.push(kind);
        self.numbers.push(numbers(counts));
    }

    fn write(&self, column: usize, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        for (row, numbers) in self.numbers.iter().enumerate() {
            let text = |at| Label::of(self.texts.get(2 * row + at).unwrap_or_default());
            if let Some(number) = numbers.get(column).copied().flatten() {
                out.sample(&[text(0), text(1)], family.value(number));
            }
        }
    }
}

/// The columns, in the order of the families.
fn numbers(counts: Counts) -> [Option<u64>; FAMILIES.len()] {
    let Counts { bytes, packets, drops, requeues, overlimits, queue_length, backlog } = counts;
    let [bytes, packets, drops] = [bytes, packets, drops].map(Some);
    let [overlimits, queue_length, backlog] = [overlimits, queue_length, backlog].map(Some);
    [bytes, packets, drops, requeues, overlimits, queue_length, backlog]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, open, outcome, scrape};
    use crate::kernel::read::Root;

    const STORED: &str = r#"[
        {"IfaceName": "wlan0", "Bytes": 11, "Packets": 12, "Requeues": 13, "Kind": "fq", "Drops": 14,
         "Overlimits": 15, "Qlen": 16, "Backlog": 17},
        { "IfaceName" : "eth0", "Kind":"mq", "Parent": 0, "Bytes": 21 },
        {"IfaceName": "eth0", "Kind": "fq", "Parent": 65537, "Bytes": 31}
    ]"#;

    #[test]
    fn stored_disciplines_are_shown_in_both_dialects() {
        let tree = Tree::new("qdisc");
        tree.put("results.json", STORED);
        let place = tree.0.to_str().unwrap();
        let mut node = tree.open(&SPEC, Dialect::Node, &[("fixtures", place)]);
        let (samples, errors) = scrape(&mut node, Dialect::Node, &["qdisc"]);
        assert_eq!((samples.len(), errors), (14, 0), "{samples:?}");
        assert_eq!(samples[0], r#"qdisc_bytes_total{device="wlan0",kind="fq"} 11"#);
        assert_eq!(samples[1], r#"qdisc_bytes_total{device="eth0",kind="mq"} 21"#);
        assert_eq!(samples[12], r#"qdisc_backlog{device="wlan0",kind="fq"} 17"#);
        let set = [("fixtures", place), ("include-pattern", "^w")];
        let mut own = tree.open(&SPEC, Dialect::Own, &set);
        let expected = [
            r#"qdisc_bytes_total{interface="wlan0",kind="fq"} 11"#,
            r#"qdisc_packets_total{interface="wlan0",kind="fq"} 12"#,
            r#"qdisc_drops_total{interface="wlan0",kind="fq"} 14"#,
            r#"qdisc_requeues_total{interface="wlan0",kind="fq"} 13"#,
            r#"qdisc_overlimits_total{interface="wlan0",kind="fq"} 15"#,
            r#"qdisc_queue_length{interface="wlan0",kind="fq"} 16"#,
            r#"qdisc_backlog_bytes{interface="wlan0",kind="fq"} 17"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut own, Dialect::Own, &["qdisc"]), (expected, 0));
    }

    #[test]
    fn without_the_running_kernel_there_are_no_samples() {
        let tree = Tree::new("qdisc-none");
        let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(outcome(&mut opened), Err(Error::Unsupported(_))));
        let set = [("fixtures", tree.0.to_str().unwrap())];
        let mut opened = tree.open(&SPEC, Dialect::Own, &set);
        assert!(matches!(outcome(&mut opened), Err(Error::Absent(_))));
        tree.put("results.json", "[{\"Bytes\": x}]");
        assert!(matches!(outcome(&mut opened), Err(Error::Parse(..))));
    }

    #[test]
    fn the_running_kernel_is_queried() {
        let mut live = open(&Root::of_this_machine(), &SPEC, Dialect::Own, &[]);
        let (_, errors) = scrape(&mut live, Dialect::Own, &["qdisc"]);
        assert_eq!(errors, 0);
    }
}
