//! Counters of the network protocols: `/proc/net/netstat` and `/proc/net/snmp`, pairs of a line
//! `Tcp: names` and a line `Tcp: values`, and `/proc/net/snmp6`, a line `Ip6InReceives value` each
//! (Documentation/networking/snmp_counter.rst). Which there are depends on the kernel, and new ones come
//! in the middle, so values are found by name. The files do not show what is a counter and what is a level, so all
//! are untyped; a value may be below zero (`MaxConn -1`). Without IPv6 there is no snmp6.

use super::keyed::{self, Keyed, NewFamily, Pairs, snake_case};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Patterns, scan};
use crate::model::metric::{Kind, Sink, Unit};
use crate::settings::{CollectorOption, Dialect, Subject, pattern};

const PAIRS: [&str; 2] = ["/proc/net/netstat", "/proc/net/snmp"];
const SINGLE: &str = "/proc/net/snmp6";
const EXPECTED_PAIR: &str = "a line of names, then one of as many integers";
const EXPECTED: &str = "a name and an integer";

static FIELDS: CollectorOption<Option<Pattern>> = pattern("fields", "fields that are shown")
    .flags(&["collector.netstat.fields"])
    .default(
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|\
        TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|\
        Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|\
        Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
    );

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "netstat",
        node_name: "netstat",
        on: true,
        help: "counters of IP, TCP, UDP and ICMP, from /proc/net/netstat, snmp and snmp6",
        options: &[&FIELDS.row],
    },
    families: &[],
    dynamic: &["netstat_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Netstat {
        files: PAIRS.map(|path| setup.files.whole(path)),
        single: setup.files.whole(SINGLE),
        pairs: Pairs::default(),
        fields: Patterns::new([setup.settings.get(&FIELDS), None]),
        families: Families { dialect: setup.dialect, keys: Keyed::default(), written: 0 },
    })
}

struct Netstat {
    files: [FileId; 2],
    single: FileId,
    pairs: Pairs,
    fields: Patterns,
    families: Families,
}

impl Collector for Netstat {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let Netstat { pairs, fields, families, .. } = self;
        families.keys.begin();
        families.written = 0;
        pairs.begin();
        let mut is_there = false;
        for (path, file) in PAIRS.into_iter().zip(self.files) {
            let Some(text) = errors.unless_absent(files.read(file)) else { continue };
            is_there = true;
            let shows = |protocol: &str, name: &str| is_shown(fields, protocol, name);
            pairs.read(text, &shows, &mut |key, value| {
                // The line of names has only those that are shown.
                if !key.is_some_and(|key| families.sample(key, value, &|_, _| true, out)) {
                    errors.refuse(path, EXPECTED_PAIR, value);
                }
            });
        }
        if let Some(text) = errors.unless_absent(files.read(self.single)) {
            families.single(text, fields, errors, out);
        }
        fields.rest();
        match is_there {
            true => errors.unless_all(families.written),
            false => Err(errors.reason(Error::Absent(PAIRS[0].into()))),
        }
    }
}

/// The families, which are made when a name first appears.
struct Families {
    dialect: Dialect,
    keys: Keyed,
    /// Samples of this scrape.
    written: usize,
}

impl Families {
    /// The protocol ends with the 6 in its name.
    fn single(
        &mut self,
        text: &[u8],
        fields: &Patterns,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) {
        for line in scan::lines(text) {
            let mut words = scan::fields(line);
            let key = words.next().unwrap_or_default();
            let Some(six) = memchr::memchr(b'6', key) else { continue };
            let (protocol, name) = key.split_at(six + 1);
            let shows = |protocol: &str, name: &str| is_shown(fields, protocol, name);
            if !self.sample([protocol, name], words.rest(), &shows, out) {
                errors.refuse(SINGLE, EXPECTED, line);
            }
        }
    }

    /// Writes a sample; returns whether the value, the first word of `rest`, is a number if it is shown at all.
    fn sample(
        &mut self,
        key: [&[u8]; 2],
        rest: &[u8],
        shows: &dyn Fn(&str, &str) -> bool,
        out: &mut dyn Sink,
    ) -> bool {
        let dialect = self.dialect;
        let make = |protocol: &str, name: &str| {
            shows(protocol, name).then(|| new_family(protocol, name, dialect))
        };
        let Some(family) = self.keys.family(key, &make) else { return true };
        let value = scan::fields(rest).next().and_then(|text| keyed::number(&family, text));
        if let Some(value) = value {
            out.single(&family, value);
            self.written += 1;
        }
        value.is_some()
    }
}

fn is_shown(fields: &Patterns, protocol: &str, name: &str) -> bool {
    fields.keep(&[protocol, "_", name].concat())
}

fn new_family(protocol: &str, name: &str, dialect: Dialect) -> NewFamily {
    let key = [protocol, "_", name].concat();
    NewFamily {
        kind: Kind::Untyped,
        unit: Unit::One,
        name: match dialect {
            Dialect::Node => ["netstat_", &key].concat(),
            Dialect::Own => ["netstat_", &snake_case(&key)].concat(),
        },
        help: [name, " of ", protocol, " in /proc/net."].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Opened, Tree, scrape};

    fn put(tree: &Tree, netstat: &str, snmp: &str, snmp6: &str) {
        for (name, text) in [("netstat", netstat), ("snmp", snmp), ("snmp6", snmp6)] {
            tree.put(&format!("proc/net/{name}"), text);
        }
    }

    fn lines(opened: &mut Opened, dialect: Dialect) -> (Vec<String>, u64) {
        scrape(opened, dialect, &["_"])
    }

    #[test]
    fn values_go_by_name() {
        let tree = Tree::new("netstat");
        put(
            &tree,
            "TcpExt: ArpFilter ListenDrops\nTcpExt: 1 2\nIpExt: InOctets\nIpExt: 18446744073709551615\n",
            "Icmp: InMsgs InErrors\nIcmp: 4 5\nTcp: MaxConn InErrs\nTcp: -1 6\n",
            "Ip6InOctets                     \t7\nIcmp6InMsgs  8\n",
        );
        let mut some = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "netstat_TcpExt_ListenDrops 2",
            "netstat_IpExt_InOctets 18446744073709551615",
            "netstat_Icmp_InMsgs 4",
            "netstat_Icmp_InErrors 5",
            "netstat_Tcp_InErrs 6",
            "netstat_Ip6_InOctets 7",
            "netstat_Icmp6_InMsgs 8",
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(lines(&mut some, Dialect::Node), (expected.clone(), 0));
        }
        let mut all = tree.open(&SPEC, Dialect::Own, &[("fields", "Max|Icmp")]);
        let expected = [
            "netstat_icmp_in_msgs 4",
            "netstat_icmp_in_errors 5",
            "netstat_tcp_max_conn -1",
            "netstat_icmp6_in_msgs 8",
        ];
        assert_eq!(lines(&mut all, Dialect::Own).0, expected);
        // A newer kernel has another name, in the middle.
        put(&tree, "", "Icmp: InMsgs OutRate InErrors\nIcmp: 14 3 15\n", "");
        let expected = ["netstat_Icmp_InMsgs 14", "netstat_Icmp_InErrors 15"];
        assert_eq!(lines(&mut some, Dialect::Node), (expected.map(String::from).to_vec(), 0));
    }

    #[test]
    fn lines_that_do_not_match_drop_that_pair() {
        let tree = Tree::new("netstat-bad");
        let mut netstat = tree.open(&SPEC, Dialect::Node, &[("fields", "")]);
        put(
            &tree,
            "A: x y z\nA: 1 2\nB: x y\nB: 3 1e3\n",
            "C: x\n: x\n: 9\nD: x\nD: 4\nE x\nE 5\nD: x\nD: 6\nF: x",
            "no number\nUdp6x\nUdp6y -\nUdp6z 7",
        );
        let expected = ["netstat_B_x 3", "netstat_D_x 4", "netstat_Udp6_z 7"];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(lines(&mut netstat, Dialect::Node), (expected, 8));
        tree.remove("proc/net/snmp6");
        tree.remove("proc/net/netstat");
        let mut netstat = tree.open(&SPEC, Dialect::Node, &[("fields", "")]);
        assert_eq!(lines(&mut netstat, Dialect::Node).0, ["netstat_D_x 4"]);
    }

    #[test]
    fn files_that_cannot_be_read_are_not_taken_for_missing_ones() {
        let tree = Tree::new("netstat-unreadable");
        assert!(matches!(tree.open(&SPEC, Dialect::Node, &[]).error(), Some(Error::Absent(_))));
        // A directory cannot be read as a file.
        tree.put("proc/net/snmp/x", "");
        let error = tree.open(&SPEC, Dialect::Node, &[]).error();
        assert!(matches!(error, Some(Error::Read(_, libc::EISDIR))), "{error:?}");
    }
}
