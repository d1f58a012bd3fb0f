//! Connections that netfilter follows, by conntrack zone: `/proc/net/nf_conntrack`, a line for each, in which
//! `zone=N` is its zone, or `zone-orig=N` and `zone-reply=N` where it has one for a direction only
//! (net/netfilter/nf_conntrack_standalone.c, since 2.6.34 with CONFIG_NF_CONNTRACK_ZONES). Without zones all are
//! in zone 0. All zones share one limit, `nf_conntrack_max`: `conntrack_zone_fill_ratio` is a zone's part of it.
//!
//! Off by default. Only root and its group may read the file: without root this needs `SupplementaryGroups=root` in a
//! drop-in of the unit. A connection costs some 2 µs: a thread reads them once in `interval`. A kernel without
//! CONFIG_NF_CONNTRACK_PROCFS has no such file. Counters by CPU are in the collector `lnstat`.

use super::slow::{Found, Slow};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys::{self, open_unwaiting};
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Decimal, Family, Sink, Unit::*, Value, families, gauge};
use crate::settings::{CollectorOption, Subject, duration};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

const PATH: &str = "/proc/net/nf_conntrack";
/// Bytes of the file of the limit.
const MAX_LIMIT: u64 = 64;

const LIMIT: &str = "/proc/sys/net/netfilter/nf_conntrack_max";

/// Bytes of the file: some 300,000 connections. A larger one has no samples.
const MAX_BYTES: usize = 64 << 20;

/// Bytes that are read at once, and of a line.
const PIECE: usize = 32 << 10;

/// Zones that are counted separately; connections in others are counted together.
const MAX_ZONES: usize = 64;
const OTHER: &[u8] = b"other";

const PRIVILEGE: &str =
    "a process of root's group: SupplementaryGroups=root in a drop-in of the unit";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("conntrack_zone_entries",     One,    "Connections that are followed in the zone.",           &["zone"]).own_prefix(),
    gauge("conntrack_zone_fill_ratio",  Nanos,  "The zone's part of the connections that can be followed.", &["zone"]).own_prefix(),
    gauge("conntrack_zone_age_seconds", Millis, "Time since the connections were read.",                &[]).own_prefix(),
];

static INTERVAL: CollectorOption<Duration> =
    duration("interval", [10_000, 3_600_000], "how often the connections are read").default("60s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "conntrack_zones",
        node_name: "",
        on: false,
        help: "connections by conntrack zone, from /proc/net/nf_conntrack",
        options: &[&INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let paths = [PATH, LIMIT].map(|path| setup.root.real(path));
    let read_all = Box::new(move |found: &mut Found| read_all(&paths, found));
    let period = setup.settings.get(&INTERVAL);
    Box::new(Zones(Slow::always(setup, "conntrack", PATH, read_all, period)))
}

struct Zones(Slow);

impl Collector for Zones {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let [.., age] = &FAMILIES;
        self.0.collect(scrape, age, out)
    }
}

/// Whether this process may read them; a missing file is not a matter of rights.
pub fn may_read(root: &Root) -> bool {
    !is_refused(open_unwaiting(&root.real(PATH)).err().as_ref())
}

fn is_refused(error: Option<&std::io::Error>) -> bool {
    error.and_then(std::io::Error::raw_os_error) == Some(libc::EACCES)
}

/// Reads all connections, and their limit.
fn read_all([path, limit]: &[PathBuf; 2], found: &mut Found) {
    let counts = match read(path) {
        Ok(counts) => counts,
        Err(error) => return found.fail(error),
    };
    let [entries, fill, _] = &FAMILIES;
    let limit = match most(limit) {
        Ok(limit) => Some(limit),
        Err(Error::Absent(_)) => None,
        Err(error) => {
            found.record(error);
            None
        }
    };
    for (zone, count) in &counts {
        let name = zone.map(|zone| Decimal::of(zone.into()));
        let name = name.as_ref().map_or(OTHER, Decimal::as_bytes);
        found.push(entries, [name, b"", b""], Value::Int(*count));
        if let Some(limit) = limit {
            let billionths = count.saturating_mul(1_000_000_000) / limit;
            found.push(fill, [name, b"", b""], fill.value(billionths));
        }
    }
}

/// The limit of connections.
fn most(path: &Path) -> Result<u64, Error> {
    let text = sys::read_file(path, MAX_LIMIT).map_err(|error| Error::of(LIMIT, &error))?;
    let limit = scan::uint(text.trim_ascii_end()).filter(|limit| *limit > 0);
    limit.ok_or_else(|| Error::parse(LIMIT, "an integer above 0", &text))
}

/// Connections of each zone; the last entry may be those of all others.
type Counts = Vec<(Option<u16>, u64)>;

fn read(path: &Path) -> Result<Counts, Error> {
    let failed = |error: std::io::Error| match is_refused(Some(&error)) {
        true => Error::parse(PATH, PRIVILEGE, b"EACCES"),
        false => Error::of(PATH, &error).of_optional(),
    };
    let mut file = open_unwaiting(path).map_err(failed)?;
    let (mut counts, mut room, mut held, mut total) = (Counts::new(), vec![0; PIECE], 0, 0);
    loop {
        let n = match file.read(room.get_mut(held..).unwrap_or_default()) {
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        total += n;
        let text = room.get(..held + n).unwrap_or_default();
        if n == 0 {
            return if held == 0 { Ok(counts) } else { Err(broken(text)) };
        }
        if total > MAX_BYTES {
            return Err(Error::too_large(PATH, MAX_BYTES));
        }
        let end = memchr::memrchr(b'\n', text).map_or(0, |at| at + 1);
        for line in scan::lines(text.get(..end).unwrap_or_default()) {
            add(&mut counts, zone(line).ok_or_else(|| broken(line))?);
        }
        room.copy_within(end..held + n, 0);
        held = held + n - end;
        if held == PIECE {
            return Err(broken(&room));
        }
    }
}

fn broken(text: &[u8]) -> Error {
    Error::parse(PATH, "a connection in each line", text)
}

/// The zone of a connection: the zone of its first packet.
fn zone(line: &[u8]) -> Option<u16> {
    if !line.starts_with(b"ipv") {
        return None;
    }
    let numbers = scan::fields(line).filter_map(|field| {
        let rest = field.strip_prefix(b"zone")?;
        rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b"-orig="))
    });
    match numbers.last() {
        Some(number) => scan::uint(number).and_then(|zone| u16::try_from(zone).ok()),
        None => Some(0),
    }
}

fn add(counts: &mut Counts, zone: u16) {
    let at = |wanted| counts.iter().position(|(zone, _)| *zone == wanted);
    let zone =
        if at(Some(zone)).is_none() && counts.len() >= MAX_ZONES { None } else { Some(zone) };
    match at(zone).and_then(|at| counts.get_mut(at)) {
        Some((_, count)) => *count += 1,
        None => counts.push((zone, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const TABLE: &str = "proc/net/nf_conntrack";
    const TCP: &str = "ipv4     2 tcp      6 431999 ESTABLISHED src=192.0.2.7 dst=198.51.100.1 sport=40000 \
        dport=443 src=198.51.100.1 dst=192.0.2.7 sport=443 dport=40000 [ASSURED] mark=0";
    const UDP: &str =
        "ipv6     10 udp      17 29 src=2001:db8::1 dst=2001:db8::2 sport=53 dport=53 [UNREPLIED]";

    #[test]
    fn zones_and_their_part_of_the_limit_in_both_dialects() {
        let tree = Tree::new("conntrack-zones");
        let lines = [
            format!("{TCP} zone=0 use=2\n"),
            format!("{TCP} zone=0 use=2\n"),
            format!("{UDP} zone=7 use=2\n"),
            format!("{UDP} zone-orig=9 src=2001:db8::2 zone-reply=3 use=2\n"),
            format!("{UDP} zone-reply=3 use=2\n"),
        ];
        tree.put(TABLE, &lines.concat());
        tree.put("proc/sys/net/netfilter/nf_conntrack_max", "64\n");
        let expected = [
            r#"conntrack_zone_entries{zone="0"} 3"#,
            r#"conntrack_zone_entries{zone="7"} 1"#,
            r#"conntrack_zone_entries{zone="9"} 1"#,
            r#"conntrack_zone_fill_ratio{zone="0"} 0.046875000"#,
            r#"conntrack_zone_fill_ratio{zone="7"} 0.015625000"#,
            r#"conntrack_zone_fill_ratio{zone="9"} 0.015625000"#,
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut zones = tree.open(&SPEC, dialect, &[]);
            let expected = (expected.map(String::from).to_vec(), 0);
            assert_eq!(scrape(&mut zones, dialect, &["zone_"]).0[..6], expected.0);
            assert_eq!(scrape(&mut zones, dialect, &["ratio", "entries"]), expected);
        }
    }

    #[test]
    fn a_kernel_without_zones_has_one() {
        let tree = Tree::new("conntrack-zones-none");
        let mut zones = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(zones.is_unsupported(), "without CONFIG_NF_CONNTRACK_PROCFS");
        tree.put(TABLE, &format!("{TCP} use=2\n{UDP} use=2\n"));
        let mut zones = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = r#"conntrack_zone_entries{zone="0"} 2"#.to_owned();
        let lines = |zones: &mut _| scrape(zones, Dialect::Own, &["_entries", "_ratio"]);
        assert_eq!(lines(&mut zones), (vec![expected.clone()], 0));
        tree.put("proc/sys/net/netfilter/nf_conntrack_max", "0\n");
        let mut zones = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(lines(&mut zones), (vec![expected], 1));
    }

    #[test]
    fn a_line_that_is_no_connection_spoils_the_count() {
        let tree = Tree::new("conntrack-zones-bad");
        let good = format!("{TCP} zone=0 use=2\n");
        for text in [
            format!("{good}{TCP} zone=many use=2\n"),
            format!("{good}{TCP} zone=65536 use=2\n"),
            format!("{good}tcp 6 431999\n"),
            format!("{good}{TCP}"),
            format!("{good}{}\n", "x".repeat(PIECE)),
        ] {
            tree.put(TABLE, &text);
            let mut zones = tree.open(&SPEC, Dialect::Own, &[]);
            let error = zones.error().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.starts_with("/proc/net/nf_conntrack: expected a connection"), "{error}");
        }
    }

    /// Lines may cross the pieces in which the file is read.
    #[test]
    fn many_connections_in_many_zones() {
        let tree = Tree::new("conntrack-zones-many");
        let line = |n: usize| format!("{TCP} zone={} use=2\n", n % 100);
        tree.put(TABLE, &(0..1000).map(line).collect::<String>());
        let counts = read(&tree.0.join(TABLE)).unwrap();
        let (zones, other) = counts.split_at(MAX_ZONES);
        assert!(zones.iter().all(|(zone, count)| zone.is_some() && *count == 10));
        assert_eq!(other, [(None, 360)]);
    }

    #[test]
    fn a_missing_permission_is_reported_with_advice() {
        let refused = std::io::Error::from_raw_os_error(libc::EACCES);
        assert!(is_refused(Some(&refused)) && !is_refused(None));
        assert!(!is_refused(Some(&std::io::Error::from_raw_os_error(libc::ENOENT))));
    }
}
