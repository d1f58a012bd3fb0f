//! Statistics of ZFS: `/proc/spl/kstat/zfs`. Files such as `arcstats` have lines `name type data`, where the
//! types 3 and 4 are signed and unsigned integers; a directory for each pool has io, a line of names and
//! one of numbers (times in nanoseconds), state (a word, of which a release may have more than are known
//! here: then all of these are 0), and `objset-N`, lines as above for each dataset
//! (module/os/linux/spl/spl-kstat.c of OpenZFS). Which names exist depends on the release; the files do not
//! show what is a counter and what is a level, so all are untyped. Without the module there is no such
//! directory.

use super::gathered::Gathered;
use super::keyed::{self, Keyed, NewFamily};
use super::learned::Learned;
use super::subtree::{Opened, Subtree};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, Place};
use crate::kernel::read::{Names, scan};
use crate::model::metric::{Family, Kind, Sink, Unit, Unit::One, Value, families, gauge, untyped};
use crate::settings::Subject;

const BASE: &str = "/proc/spl/kstat/zfs";
const EXPECTED: &str = "a name, a type and an integer";

const POOL: &[&str] = &["zpool"];
const DATASET: &[&str] = &["zpool", "dataset"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 13] = families![
    untyped("zfs_zpool_nread",    One, "Bytes read.",                                            POOL),
    untyped("zfs_zpool_nwritten", One, "Bytes written.",                                         POOL),
    untyped("zfs_zpool_reads",    One, "Reads.",                                                 POOL),
    untyped("zfs_zpool_writes",   One, "Writes.",                                                POOL),
    untyped("zfs_zpool_wtime",    One, "Nanoseconds in which requests waited.",                  POOL),
    untyped("zfs_zpool_wlentime", One, "Nanoseconds times the requests that waited.",            POOL),
    untyped("zfs_zpool_wupdate",  One, "When the queue of waiting requests changed last.",       POOL),
    untyped("zfs_zpool_rtime",    One, "Nanoseconds in which requests were served.",             POOL),
    untyped("zfs_zpool_rlentime", One, "Nanoseconds times the requests that were served.",       POOL),
    untyped("zfs_zpool_rupdate",  One, "When the queue of requests that are served changed last.", POOL),
    untyped("zfs_zpool_wcnt",     One, "Requests that wait.",                                    POOL),
    untyped("zfs_zpool_rcnt",     One, "Requests that are served.",                              POOL),
    gauge("zfs_zpool_state",      One, "Whether the pool is in this state.",                     &["zpool", "state"]),
];

/// A name in `io` and its family.
static IO: [(&[u8], &Family<'static>); 12] = [
    (b"nread", &FAMILIES[0]),
    (b"nwritten", &FAMILIES[1]),
    (b"reads", &FAMILIES[2]),
    (b"writes", &FAMILIES[3]),
    (b"wtime", &FAMILIES[4]),
    (b"wlentime", &FAMILIES[5]),
    (b"wupdate", &FAMILIES[6]),
    (b"rtime", &FAMILIES[7]),
    (b"rlentime", &FAMILIES[8]),
    (b"rupdate", &FAMILIES[9]),
    (b"wcnt", &FAMILIES[10]),
    (b"rcnt", &FAMILIES[11]),
];

/// The states of a pool.
const STATES: [&str; 7] =
    ["online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"];

/// A file of the whole module, and the prefix of its families' names.
const FILES: [(&str, &str); 11] = [
    ("abdstats", "zfs_abd_"),
    ("arcstats", "zfs_arc_"),
    ("dbufstats", "zfs_dbuf_"),
    ("dmu_tx", "zfs_dmu_tx_"),
    ("dnodestats", "zfs_dnode_"),
    ("fm", "zfs_fm_"),
    ("vdev_cache_stats", "zfs_vdev_cache_"),
    ("vdev_mirror_stats", "zfs_vdev_mirror_"),
    ("xuio_stats", "zfs_xuio_"),
    ("zfetchstats", "zfs_zfetch_"),
    ("zil", "zfs_zil_"),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "zfs",
        node_name: "zfs",
        on: true,
        help: "statistics of ZFS and its pools, from /proc/spl/kstat/zfs",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &["zfs_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Zfs {
        place: Subtree::new(setup.root, BASE),
        text: Vec::new(),
        keys: Keyed::default(),
        entries: Names::default(),
        files: Names::default(),
        learned: Learned::default(),
        gathered: Gathered::new(BASE),
    })
}

struct Zfs {
    place: Subtree,
    text: Vec<u8>,
    keys: Keyed,
    entries: Names,
    files: Names,
    /// The families of datasets.
    learned: Learned,
    gathered: Gathered,
}

impl Collector for Zfs {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let errors = &mut *scrape.errors;
        let opened = self.place.open().map_err(Error::of_optional)?;
        self.module(&opened, errors, out);
        self.gathered.begin();
        opened.list(&[], &mut self.entries, errors);
        let Zfs { entries, files, text, learned, gathered, .. } = self;
        let is_pool = |name: &&[u8]| !FILES.iter().any(|(file, _)| file.as_bytes() == *name);
        for pool in (0..).map_while(|at| entries.get(at)).filter(is_pool) {
            // Another file that a release has beside the pools is not a directory, hence absent.
            if !opened.list(&[pool], files, errors) {
                continue;
            }
            let mut pool = Pool { name: pool, learned, gathered, errors };
            for file in (0..).map_while(|at| files.get(at)) {
                let path = [pool.name, file];
                let is_dataset = file.starts_with(b"objset-");
                if !is_dataset && file != b"io" && file != b"state" {
                    continue;
                }
                let read = opened.read_whole(&path, text);
                let Some(text) = pool.errors.unless_absent(read) else { continue };
                match file {
                    b"io" => pool.io(text, opened.place(&path)),
                    b"state" => pool.state(text.trim_ascii(), opened.place(&path)),
                    _ => pool.dataset(text, opened.place(&path)),
                }
            }
        }
        gathered.write((learned, DATASET), errors, out);
        Ok(())
    }
}

impl Zfs {
    /// Writes the files of the whole module.
    fn module(&mut self, opened: &Opened, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let Zfs { keys, text, .. } = self;
        keys.begin();
        for (file, beginning) in FILES {
            let path = [file.as_bytes()];
            let Some(text) = errors.unless_absent(opened.read_whole(&path, text)) else { continue };
            let place = opened.place(&path);
            let mut lines = statistics(text).peekable();
            if lines.peek().is_none() {
                errors.refuse(place, EXPECTED, text);
            }
            for (key, _, data) in lines.filter(|(_, kind, _)| matches!(*kind, b"3" | b"4")) {
                let make = |_: &str, key: &str| Some(new_family(beginning, key, file));
                let Some(family) = keys.family([file.as_bytes(), key], &make) else { continue };
                match keyed::number(&family, first(data)) {
                    Some(value) => {
                        out.single(&family, value);
                    }
                    None => errors.refuse(place, EXPECTED, data),
                }
            }
        }
    }
}

/// One pool while its files are read.
struct Pool<'a> {
    name: &'a [u8],
    learned: &'a mut Learned,
    gathered: &'a mut Gathered,
    errors: &'a mut PartialErrors,
}

impl Pool<'_> {
    fn io(&mut self, text: &[u8], place: Place) {
        let mut lines = scan::lines(text).skip_while(|line| !line.starts_with(b"nread"));
        let names = scan::fields(lines.next().unwrap_or_default());
        let numbers = lines.next().unwrap_or_default();
        let mut count = 0;
        for (name, number) in names.zip(scan::fields(numbers)) {
            let Some((_, family)) = IO.iter().find(|(known, _)| *known == name) else { continue };
            count += 1;
            match scan::uint(number) {
                Some(raw) => self.gathered.push(family, &[self.name], family.value(raw)),
                None => self.errors.refuse(place, "an integer", number),
            }
        }
        if count == 0 {
            self.errors.refuse(place, "names and numbers", text);
        }
    }

    fn state(&mut self, text: &[u8], place: Place) {
        let [.., family] = &FAMILIES;
        let states = STATES.map(str::as_bytes);
        let is_cut = |state: &&[u8]| {
            text.len() < state.len()
                && state.get(..text.len()).is_some_and(|s| s.eq_ignore_ascii_case(text))
        };
        if !text.iter().all(u8::is_ascii_alphabetic) || states.iter().any(is_cut) {
            return self.errors.refuse(place, "the state of a pool", text);
        }
        for state in states {
            let is_it = text.eq_ignore_ascii_case(state);
            self.gathered.push(family, &[self.name, state], Value::Int(is_it.into()));
        }
    }

    /// Writes one dataset, which has its name among the lines, before the numbers.
    fn dataset(&mut self, text: &[u8], place: Place) {
        let mut name = None;
        for (hint, (key, kind, data)) in statistics(text).enumerate() {
            match (name, kind) {
                (_, b"7") if key == b"dataset_name" => name = Some(data),
                (Some(name), b"4") => {
                    let make = |key: &str| Some(new_family("zfs_zpool_dataset_", key, "objset"));
                    // The first is the name.
                    let at = self.learned.place(key, hint.saturating_sub(1), &make);
                    match (at, scan::uint(first(data))) {
                        (Some(at), Some(raw)) => {
                            self.gathered.push_learned(at, &[self.name, name], Value::Int(raw));
                        }
                        (_, None) => self.errors.refuse(place, EXPECTED, data),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        if name.is_none() {
            self.errors.refuse(place, "the name of a dataset", text);
        }
    }
}

/// The lines after `name type data`: name, type, and data, in which there may be blanks.
fn statistics(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8], &[u8])> {
    let is_head = |line: &&[u8]| !scan::fields(line).eq([&b"name"[..], b"type", b"data"]);
    let lines = scan::lines(text).skip_while(is_head).skip(1);
    lines.filter_map(|line| {
        let (key, rest) = word(line)?;
        let (kind, data) = word(rest)?;
        let data = data.trim_ascii();
        (!data.is_empty()).then_some((key, kind, data))
    })
}

/// The number of `data`: columns after it are newer than this code.
fn first(data: &[u8]) -> &[u8] {
    scan::fields(data).next().unwrap_or_default()
}

/// The first word of `text`, and the rest.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.trim_ascii_start();
    text.split_at_checked(scan::fields(text).next()?.len())
}

fn new_family(beginning: &str, key: &str, file: &str) -> NewFamily {
    NewFamily {
        kind: Kind::Untyped,
        unit: Unit::One,
        name: [beginning, &key.replace('-', "_")].concat(),
        help: [key, " of ", file, " of ZFS."].concat(),
    }
}

#[cfg(test)]
mod tests;
