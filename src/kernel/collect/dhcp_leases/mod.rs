//! Leases that DHCP servers of this box have given: the files of dnsmasq (`/tmp/dhcp.leases` on OpenWrt,
//! `/var/lib/misc/dnsmasq.leases` elsewhere) and of odhcpd (`/tmp/odhcpd.leases`, or `/tmp/hosts/odhcpd` before),
//! or those in the option of files, where the last part of a path may have `*`. Off by default.
//!
//! Expired leases are not counted, though they may still be in the file. dnsmasq writes `time MAC address name
//! identifier`, for IPv6 an IAID in place of the MAC; time 0 never ends, and a small one is how long a lease
//! lasts on a box without a clock. odhcpd's leases are the lines that begin with `#`: `# interface DUID IAID name
//! time …`, with `ipv4` in place of the IAID; time -1 never ends. Only odhcpd names the interface. Names and
//! addresses of clients are not shown.
//!
//! A client renews when half of its lease is over, so the time of the next expiry moves on while
//! clients are present. Leases that never end do not count for it.
//!
//! dnsmasq empties its file and writes it again: a file without leases, or whose last line is incomplete, has no
//! sample at that moment, and neither has one with a line that has none of these forms.

mod lease;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::clock::WallClock;
use crate::base::error::{Error, Place};
use crate::base::sys::{self, open_unwaiting};
use crate::base::wire::matches;
use crate::kernel::read::scan;
use crate::model::metric::{Family, Label, Sink, Unit::One, Value, families, gauge};
use crate::settings::{CollectorOption, CollectorSettings, Subject, globs};
use lease::{End, Line, line};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The place in messages.
const PLACE: &str = "dhcp_leases.files";

/// Files of leases that are read; what comes after is left out and counted.
const MAX_FILES: usize = 16;

/// Entries of a directory in which a pattern looks for files.
const MAX_ENTRIES: usize = 4096;

/// How often files that match patterns are looked up.
const PERIOD: Duration = Duration::from_secs(60);

/// Bytes of a file; a larger one, with some 10,000 leases, has no samples.
const MAX_BYTES: usize = 1 << 20;

/// The most counts of a file, one for an interface and a family; leases on other interfaces are counted together.
const MAX_COUNTS: usize = 64;
const OTHER: &[u8] = b"other";

/// The longest name that the kernel gives an interface.
const MAX_NAME: usize = 15;

const KEYS: &[&str] = &["file", "interface", "family"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("dhcp_leases",                               One, "Leases that have not run out.",             KEYS).own_prefix(),
    gauge("dhcp_leases_next_expiry_timestamp_seconds", One, "When the first of these leases runs out.",  KEYS).own_prefix(),
];

/// Where the files are by default, on OpenWrt and elsewhere.
const KNOWN: [&str; 4] =
    ["/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases", "/tmp/odhcpd.leases", "/tmp/hosts/odhcpd"];

static FILES: CollectorOption<Vec<String>> =
    globs("files", "files of leases of dnsmasq and odhcpd, the last part of each may be a pattern");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "dhcp_leases",
        node_name: "",
        on: false,
        help: "leases that dnsmasq and odhcpd have given, from their files",
        options: &[&FILES.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

/// The files in these settings, or else those that servers have by default.
pub fn files(settings: &CollectorSettings) -> Vec<PathBuf> {
    let named = settings.get(&FILES);
    let named = named.iter().map(String::as_str);
    let known = KNOWN.into_iter().filter(|_| named.len() == 0);
    named.clone().chain(known).map(PathBuf::from).collect()
}

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let patterns = files(setup.settings);
    let (paths, text, counts) = (Vec::new(), Vec::new(), Vec::new());
    Box::new(Leases { patterns, looked_at: None, paths, text, counts })
}

struct Leases {
    patterns: Vec<PathBuf>,
    /// The files that match, and when they were looked up.
    paths: Vec<PathBuf>,
    looked_at: Option<Instant>,
    /// The text of one file.
    text: Vec<u8>,
    /// The counts of all files.
    counts: Vec<Count>,
}

/// Leases of one file, interface and family.
struct Count {
    /// The index of the path.
    file: usize,
    name: [u8; MAX_NAME],
    length: usize,
    is_ipv6: bool,
    active: u64,
    /// When the first of them runs out, in seconds since 1970.
    next: Option<u64>,
}

impl Count {
    fn add(&mut self, ends: End) {
        self.active += u64::from(ends != End::Over);
        if let End::At(time) = ends {
            self.next = Some(self.next.map_or(time, |next| next.min(time)));
        }
    }

    fn interface(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }
}

impl Collector for Leases {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let since = self.looked_at.map(|then| scrape.now.saturating_duration_since(then));
        if since.is_none_or(|time| time >= PERIOD) {
            self.looked_at = Some(scrape.now);
            self.find(scrape.errors);
        }
        let now = WallClock::now().since_epoch().as_secs();
        let Leases { paths, text, counts, .. } = self;
        let mut is_there = false;
        counts.clear();
        for (file, path) in paths.iter().enumerate() {
            let read = read(path, text).and_then(|()| count((file, path), text, now, counts));
            is_there |= !matches!(read, Err(Error::Absent(_)));
            scrape.errors.unless_absent(read);
        }
        let [leases, next] = &FAMILIES;
        self.write(leases, &|count| Some(count.active), out);
        self.write(next, &|count| count.next, out);
        if is_there { Ok(()) } else { Err(Error::Unsupported(PLACE.into())) }
    }
}

impl Leases {
    fn write(&self, family: &Family<'_>, of: &dyn Fn(&Count) -> Option<u64>, out: &mut dyn Sink) {
        out.family(family);
        for count in &self.counts {
            let (Some(path), Some(number)) = (self.paths.get(count.file), of(count)) else {
                continue;
            };
            let file = Label::of(path.as_os_str().as_bytes());
            let name = if count.is_ipv6 { "ipv6" } else { "ipv4" };
            let labels = [file, Label::of(count.interface()), Label::from(name)];
            out.sample(&labels, Value::Int(number));
        }
    }

    /// Looks up the files that match the patterns, each once.
    fn find(&mut self, errors: &mut PartialErrors) {
        let Leases { patterns, paths, .. } = self;
        paths.clear();
        for pattern in patterns.iter() {
            let name = pattern.file_name().unwrap_or_default().as_bytes();
            let is_plain = !name.iter().any(|byte| b"*?[".contains(byte));
            let Some(directory) = pattern.parent().filter(|_| !is_plain) else {
                paths.push(pattern.clone());
                continue;
            };
            let Ok(entries) = fs::read_dir(directory) else { continue };
            let entries = entries.take(MAX_ENTRIES).flatten();
            let found = entries.filter(|entry| matches(name, entry.file_name().as_bytes()));
            paths.extend(found.map(|entry| entry.path()));
        }
        sys::sort(paths, Ord::cmp);
        paths.dedup();
        if let Some(first) = paths.get(MAX_FILES) {
            errors.refuse(PLACE, "at most 16 files", first.as_os_str().as_bytes());
            paths.truncate(MAX_FILES);
        }
    }
}

fn place(path: &Path) -> Place {
    let bytes = path.as_os_str().as_bytes();
    Place::below("/", bytes.strip_prefix(b"/").unwrap_or(bytes))
}

/// Reads the whole file. A directory, where odhcpd now has files of hosts, or a pipe is not a file of leases.
fn read(path: &Path, text: &mut Vec<u8>) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::of(place(path), &error);
    let file = open_unwaiting(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(Error::Absent(place(path).into()));
    }
    text.clear();
    sys::read_rest(&file, MAX_BYTES as u64 + 1, text).map_err(failed)?;
    if text.len() > MAX_BYTES {
        return Err(Error::too_large(place(path), MAX_BYTES));
    }
    Ok(())
}

/// Counts the leases of a file, for each family and interface that has any, expired or not. A count without a
/// line that could not be read would be too small: then there is none.
fn count(
    (file, path): (usize, &Path),
    text: &[u8],
    now: u64,
    counts: &mut Vec<Count>,
) -> Result<(), Error> {
    let first = counts.len();
    let added = add(file, text, now, first, counts);
    added.map_err(|(expected, found)| {
        counts.truncate(first);
        Error::parse(place(path), expected, found)
    })
}

/// The same; the error is what was expected and what was found. The counts of the file begin at `first`.
fn add<'t>(
    file: usize,
    text: &'t [u8],
    now: u64,
    first: usize,
    counts: &mut Vec<Count>,
) -> Result<(), (&'static str, &'t [u8])> {
    if !text.is_empty() && !text.ends_with(b"\n") {
        return Err(("a last line that ends", text));
    }
    for text in scan::lines(text) {
        let lease = match line(text, now) {
            Line::Lease(lease) => lease,
            Line::Other => continue,
            Line::Broken => return Err(("a lease in each line", text)),
        };
        let of_file = counts.get_mut(first..).unwrap_or_default();
        let (at, name) = find(of_file, lease.interface.unwrap_or_default(), lease.is_ipv6);
        if let Some(count) = at.and_then(|at| of_file.get_mut(at)) {
            count.add(lease.ends);
            continue;
        }
        let mut known = [0; MAX_NAME];
        known.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        let (length, is_ipv6) = (name.len(), lease.is_ipv6);
        let mut count = Count { file, name: known, length, is_ipv6, active: 0, next: None };
        count.add(lease.ends);
        counts.push(count);
    }
    Ok(())
}

/// The count for leases of an interface, and its name.
fn find<'n>(counts: &[Count], name: &'n [u8], is_ipv6: bool) -> (Option<usize>, &'n [u8]) {
    let of = |name: &[u8]| {
        counts.iter().position(|one| one.is_ipv6 == is_ipv6 && one.interface() == name)
    };
    match of(name) {
        None if name.len() > MAX_NAME || counts.len() >= MAX_COUNTS => (of(OTHER), OTHER),
        at => (at, name),
    }
}

#[cfg(test)]
mod tests;
