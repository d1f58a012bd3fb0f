//! Neighbours in IPv4: `/proc/net/arp`, a header line, then one line for each: address, kind of hardware,
//! flags, hardware address, mask, interface (net/ipv4/arp.c). The hardware address may be empty.
//!
//! Netlink reports the same about the running kernel, faster where there are thousands, and also those
//! that were not resolved yet. It is not used where the files show another network namespace, whose interfaces may have
//! the same names. If it fails, the file is read.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Files, Filter, netlink, scan};
use crate::model::metric::{Family, Label, Sink, Unit, families, gauge};
use crate::settings::{CollectorOption, Subject, pattern, switch};
use std::ops::Range;

const PATH: &str = "/proc/net/arp";
const EXPECTED: &str = "five or six words, the last an interface";
const EXPECTED_ONCE: &str = "an interface of another name";
const HEAD_LINES: usize = 1;
/// The columns except the hardware address.
const LEAST: usize = 5;

static ENTRIES: &Family<'_> = &FAMILIES[0];
/// node_exporter's key and ours.
static FAMILIES: &[Family; 1] = families![
    gauge("arp_entries", Unit::One, "Neighbours in IPv4.", &["device", "interface"]).own_keys()
];

static NETLINK: CollectorOption<bool> =
    switch("netlink", "ask by netlink instead of reading /proc/net/arp")
        .flags(&["collector.arp.netlink"])
        .defaults("false", "true");

static EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("exclude_pattern", "interfaces to leave out")
        .flags(&["collector.arp.device-exclude"])
        .joining_include();

static INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("include_pattern", "only these interfaces").flags(&["collector.arp.device-include"]);

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "arp",
        node_name: "arp",
        on: true,
        help: "neighbours in IPv4 by interface, from /proc/net/arp",
        options: &[&NETLINK.row, &EXCLUDE.row, &INCLUDE.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    Box::new(Arp {
        file: setup.files.records(PATH),
        by_netlink: settings.get(&NETLINK) && setup.root.has_own_interfaces(),
        filter: Filter::new(settings.get(&INCLUDE), settings.get(&EXCLUDE)),
        places: Vec::new(),
    })
}

struct Arp {
    file: FileId,
    /// Netlink is used before the file.
    by_netlink: bool,
    filter: Filter,
    /// The range of the interface in each line of the file, sorted by its name.
    places: Vec<Range<usize>>,
}

impl Collector for Arp {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        out.family(ENTRIES);
        self.filter.begin();
        if !self.ask(files, errors, out) {
            self.read(files, errors, out)?;
        }
        Ok(())
    }
}

impl Arp {
    /// Writes the neighbours from netlink; `false` if it is not available.
    fn ask(&mut self, files: &mut Files, errors: &mut PartialErrors, out: &mut dyn Sink) -> bool {
        let Arp { by_netlink, filter, .. } = self;
        if !*by_netlink {
            return false;
        }
        let passed =
            files.neighbours(&mut |interface, count| write(filter, interface, count, errors, out));
        if let Err(error) = passed {
            errors.record(error);
            *by_netlink = !netlink::is_refused(&error);
        }
        passed.is_ok()
    }

    /// Writes the neighbours from the file.
    fn read(
        &mut self,
        files: &mut Files,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) -> Result<(), Error> {
        let Arp { filter, places, .. } = self;
        // An error of netlink is none of the file.
        let by_netlink = usize::from(errors.count() > 0);
        let text = files.read(self.file).map_err(Error::of_optional)?;
        places.clear();
        for line in scan::lines(text).skip(HEAD_LINES) {
            match interface(line) {
                Some(name) => {
                    let start = name.as_ptr().addr() - text.as_ptr().addr();
                    places.push(start..start + name.len());
                }
                None => errors.refuse(PATH, EXPECTED, line),
            }
        }
        let name = |place: &Range<usize>| text.get(place.clone()).unwrap_or_default();
        sys::sort(places, |one, other| name(one).cmp(name(other)));
        for same in places.chunk_by(|one, other| name(one) == name(other)) {
            let interface = same.first().map(name).unwrap_or_default();
            write(filter, interface, same.len() as u64, errors, out);
        }
        errors.unless_all(places.len() + by_netlink)
    }
}

fn write(
    filter: &mut Filter,
    interface: &[u8],
    count: u64,
    errors: &mut PartialErrors,
    out: &mut dyn Sink,
) {
    if filter.keep(interface) {
        out.sample(&[Label::of(interface)], ENTRIES.value(count));
    } else if filter.is_repeated() {
        errors.refuse(PATH, EXPECTED_ONCE, interface);
    }
}

/// The interface of a line.
fn interface(line: &[u8]) -> Option<&[u8]> {
    let words = scan::fields(line);
    let last = words.last()?;
    (LEAST..=LEAST + 1).contains(&words.count()).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, open, scrape};
    use crate::kernel::read::Root;

    const HEAD: &str =
        "IP address       HW type     Flags       HW address            Mask     Device\n";

    fn put(tree: &Tree, lines: &str) {
        tree.put("proc/net/arp", &[HEAD, lines].concat());
    }

    #[test]
    fn neighbours_are_counted_by_interface() {
        let tree = Tree::new("arp");
        put(
            &tree,
            "192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth1\n\
            192.0.2.2        0x1         0x0         00:00:00:00:00:00     *        eth0\n\
            192.0.2.3        0x1         0x2                               *        eth1\n\
            192.0.2.4        0x1         0x6         02:fc:00:00:00:07     *        br-\"x\n",
        );
        let node = [
            r#"arp_entries{device="br-\"x"} 1"#,
            r#"arp_entries{device="eth0"} 1"#,
            r#"arp_entries{device="eth1"} 2"#,
        ];
        // Netlink would report another machine.
        let mut arp = tree.open(&SPEC, Dialect::Node, &[]);
        assert_eq!(scrape(&mut arp, Dialect::Node, &["_"]), (node.map(String::from).to_vec(), 0));
        let mut some = tree.open(&SPEC, Dialect::Own, &[("include-pattern", "^eth")]);
        let own = [r#"arp_entries{interface="eth0"} 1"#, r#"arp_entries{interface="eth1"} 2"#];
        assert_eq!(scrape(&mut some, Dialect::Own, &["_"]), (own.map(String::from).to_vec(), 0));
        put(&tree, "");
        assert_eq!(scrape(&mut some, Dialect::Own, &["_"]), (vec![], 0));
    }

    #[test]
    fn a_bad_line_is_left_out() {
        let tree = Tree::new("arp-bad");
        let mut arp = tree.open(&SPEC, Dialect::Node, &[("exclude-pattern", "0")]);
        assert!(matches!(arp.failure(), Some(Error::Unsupported(_))));
        put(&tree, "1 2 3 4\n\n1 2 3 4 5 eth0\n1 2 3 4 5 eth1\n1 2 3 4 5 eth1 x\n1 2 3 * eth2");
        let expected = [r#"arp_entries{device="eth1"} 1"#, r#"arp_entries{device="eth2"} 1"#];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut arp, Dialect::Node, &["_"]), (expected, 3));
        put(&tree, "1 2 3 4\n");
        assert!(matches!(arp.failure(), Some(Error::Parse(_))), "nothing is left");
    }

    #[test]
    fn netlink_and_the_file_agree_about_this_machine() {
        let root = Root::of_this_machine();
        let read = |netlink| {
            let mut arp = open(&root, &SPEC, Dialect::Node, &[("netlink", netlink)]);
            let (mut lines, errors) = scrape(&mut arp, Dialect::Node, &["_"]);
            lines.sort_unstable();
            (lines, errors)
        };
        // A neighbour may come or go in between.
        assert!((0..5).any(|_| read("true") == read("false")));
    }
}
