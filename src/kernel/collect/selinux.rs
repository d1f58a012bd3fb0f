//! SELinux, from its file system at `/sys/fs/selinux` (security/selinux/selinuxfs.c, since 2.6): `enforce`
//! is 1 where the policy is enforced and 0 where it only warns; `avc/cache_stats` has a line of names and
//! a line of counters for each CPU; `avc/hash_stats` has lines `entries: 503`, `buckets used: 257/512` and
//! `longest chain: 7`; `avc/cache_threshold` is a number. The mode that is set for the next start is
//! `SELINUX=` of `/etc/selinux/config`, which is read once: 1 enforcing, 0 permissive, -1 disabled. Where
//! the file system is not mounted SELinux is off, and nothing else is shown. The same holds until a policy is
//! loaded: all processes then have the label `kernel` in `/proc/PID/attr/current`. node_exporter does not report the cache.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::kernel::read::{FileId, Root, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::settings::Subject;

const ENFORCE: &str = "/sys/fs/selinux/enforce";
const CACHE: &str = "/sys/fs/selinux/avc/cache_stats";
const HASH: &str = "/sys/fs/selinux/avc/hash_stats";
const THRESHOLD: &str = "/sys/fs/selinux/avc/cache_threshold";
const CONFIG: &str = "/etc/selinux/config";
const LABEL: &str = "/proc/self/attr/current";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 14] = families![
    gauge(  "selinux_enabled",                    Unit::One, "Whether SELinux is enabled.",                  &[]),
    gauge(  "selinux_config_mode",                Unit::One, "Mode that is configured: 1 enforcing, 0 permissive, -1 disabled.", &[]),
    gauge(  "selinux_current_mode",               Unit::One, "Mode in force: 1 enforcing, 0 permissive.",    &[]),
    counter("selinux_avc_lookups_total",          Unit::One, "Lookups in the access vector cache.",          &[]).only_own(),
    counter("selinux_avc_hits_total",             Unit::One, "Lookups that found an entry.",                 &[]).only_own(),
    counter("selinux_avc_misses_total",           Unit::One, "Lookups that found no entry.",                 &[]).only_own(),
    counter("selinux_avc_allocations_total",      Unit::One, "Entries that were allocated.",                 &[]).only_own(),
    counter("selinux_avc_reclaims_total",         Unit::One, "Entries that were reclaimed.",                 &[]).only_own(),
    counter("selinux_avc_frees_total",            Unit::One, "Entries that were freed.",                     &[]).only_own(),
    gauge(  "selinux_avc_hash_entries",           Unit::One, "Entries of the access vector cache.",          &[]).only_own(),
    gauge(  "selinux_avc_hash_buckets_available", Unit::One, "Buckets of its hash table.",                   &[]).only_own(),
    gauge(  "selinux_avc_hash_buckets_used",      Unit::One, "Buckets that have an entry.",                  &[]).only_own(),
    gauge(  "selinux_avc_hash_longest_chain",     Unit::One, "Entries of the fullest bucket.",               &[]).only_own(),
    gauge(  "selinux_avc_threshold",              Unit::One, "Entries above which the cache reclaims some.", &[]).only_own(),
];

/// The columns of `cache_stats`, by their names there.
static COLUMNS: [(&[u8], &Family); 6] = [
    (b"lookups", &FAMILIES[3]),
    (b"hits", &FAMILIES[4]),
    (b"misses", &FAMILIES[5]),
    (b"allocations", &FAMILIES[6]),
    (b"reclaims", &FAMILIES[7]),
    (b"frees", &FAMILIES[8]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "selinux",
        node_name: "selinux",
        on: true,
        help: "mode and cache of SELinux, from /sys/fs/selinux",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let files = &mut setup.files;
    Box::new(Selinux {
        enforce: files.whole(ENFORCE),
        cache: files.records(CACHE),
        hash: files.whole(HASH),
        threshold: files.whole(THRESHOLD),
        is_cache_shown: setup.dialect == Dialect::Own,
        root: setup.root.clone(),
        has_policy: false,
        config: None,
    })
}

struct Selinux {
    enforce: FileId,
    cache: FileId,
    hash: FileId,
    threshold: FileId,
    is_cache_shown: bool,
    root: Root,
    /// A policy was loaded, which lasts.
    has_policy: bool,
    /// The configured mode, once the file was read; `Some(None)` if it sets none.
    config: Option<Option<i64>>,
}

impl Collector for Selinux {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let [enabled, configured, current, .., threshold] = &FAMILIES;
        let enforce = match files.read(self.enforce) {
            Err(Error::Absent(_)) => None,
            enforce => Some(number(ENFORCE, enforce?, errors)),
        };
        self.has_policy = self.has_policy || enforce.is_some() && has_policy(&self.root);
        let Some(enforce) = enforce.filter(|_| self.has_policy) else {
            out.single(enabled, enabled.value(0));
            return Ok(());
        };
        write(enabled, Some(1), out);
        let config = self.config.get_or_insert_with(|| mode(&self.root, errors));
        if let Some(mode) = config {
            out.single(configured, configured.signed(*mode));
        }
        write(current, enforce, out);
        if !self.is_cache_shown {
            return Ok(());
        }
        if let Some(text) = errors.unless_absent(files.read(self.cache)) {
            sums(text, errors, out);
        }
        if let Some(text) = errors.unless_absent(files.read(self.hash)) {
            hash(text, errors, out);
        }
        if let Some(text) = errors.unless_absent(files.read(self.threshold)) {
            write(threshold, number(THRESHOLD, text, errors), out);
        }
        Ok(())
    }
}

fn write(family: &Family<'static>, raw: Option<u64>, out: &mut dyn Sink) {
    if let Some(raw) = raw {
        out.single(family, family.value(raw));
    }
}

fn number(path: &'static str, text: &[u8], errors: &mut PartialErrors) -> Option<u64> {
    let number = scan::uint(text.trim_ascii());
    if number.is_none() {
        errors.refuse(path, "an integer", text);
    }
    number
}

/// Whether this process has a label, which it has of a policy.
fn has_policy(root: &Root) -> bool {
    // It ends with a NUL.
    !root.read(LABEL).is_ok_and(|label| matches!(&*label, b"kernel" | b"kernel\0"))
}

/// The mode of the configuration; the last line that sets one counts.
fn mode(root: &Root, errors: &mut PartialErrors) -> Option<i64> {
    let text = errors.unless_absent(root.read(CONFIG))?;
    let set = scan::lines(&text).filter_map(|line| line.trim_ascii().strip_prefix(b"SELINUX="));
    let word = set.last().unwrap_or_default().trim_ascii();
    let mode = match scan::text(&word.to_ascii_lowercase()) {
        "enforcing" => Some(1),
        "permissive" => Some(0),
        "disabled" => Some(-1),
        _ => None,
    };
    if mode.is_none() {
        errors.refuse(CONFIG, "SELINUX= and a mode", word);
    }
    mode
}

/// Writes each column of `cache_stats`, added up over the CPUs. A column with a bad number is left out.
fn sums(text: &[u8], errors: &mut PartialErrors, out: &mut dyn Sink) {
    let header = scan::lines(text).next().unwrap_or_default();
    for (name, family) in &COLUMNS {
        let column = scan::fields(header).position(|word| word == *name);
        let mut cells =
            scan::lines(text).skip(1).map(|line| scan::uint(scan::fields(line).nth(column?)?));
        let sum = cells.try_fold(0u64, |sum, cell| Some(sum.wrapping_add(cell?)));
        if sum.is_none() {
            errors.refuse(CACHE, "an integer for each name", header);
        }
        write(family, sum.filter(|_| column.is_some()), out);
    }
}

fn hash(text: &[u8], errors: &mut PartialErrors, out: &mut dyn Sink) {
    let [.., entries, available, used, chain, _] = &FAMILIES;
    let value = |wanted: &[u8]| {
        let mut lines = scan::lines(text).filter_map(scan::keyed);
        lines.find(|(key, _)| *key == wanted).map(|(_, value)| value)
    };
    if let Some(value) = value(b"entries") {
        write(entries, number(HASH, value, errors), out);
    }
    if let Some(value) = value(b"buckets used") {
        let (first, second) = value.split_at(memchr::memchr(b'/', value).unwrap_or(value.len()));
        let second = second.get(1..).unwrap_or_default();
        write(available, number(HASH, second, errors), out);
        write(used, number(HASH, first, errors), out);
    }
    if let Some(value) = value(b"longest chain") {
        write(chain, number(HASH, value, errors), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn a_kernel_with_a_policy() {
        let tree = Tree::new("selinux");
        tree.put("sys/fs/selinux/enforce", "0");
        tree.put(
            "sys/fs/selinux/avc/cache_stats",
            "lookups hits misses allocations reclaims frees\n91 80 11 12 3 4\n9 8 1 1 1 1\n",
        );
        tree.put(
            "sys/fs/selinux/avc/hash_stats",
            "entries: 503\nbuckets used: 257/512\nlongest chain: 7\n",
        );
        tree.put("sys/fs/selinux/avc/cache_threshold", "513\n");
        tree.put("etc/selinux/config", "# SELINUX= a comment\nSELINUX=disabled\nSELINUXTYPE=mls\n");
        let mut selinux = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "selinux_enabled 1",
            "selinux_config_mode -1",
            "selinux_current_mode 0",
            "selinux_avc_lookups_total 100",
            "selinux_avc_hits_total 88",
            "selinux_avc_misses_total 12",
            "selinux_avc_allocations_total 13",
            "selinux_avc_reclaims_total 4",
            "selinux_avc_frees_total 5",
            "selinux_avc_hash_entries 503",
            "selinux_avc_hash_buckets_available 512",
            "selinux_avc_hash_buckets_used 257",
            "selinux_avc_hash_longest_chain 7",
            "selinux_avc_threshold 513",
        ];
        let expected = expected.map(String::from).to_vec();
        let mut node = tree.open(&SPEC, Dialect::Node, &[]);
        let modes = (expected[..3].to_vec(), 0);
        assert_eq!(scrape(&mut node, Dialect::Node, &["selinux"]), modes);
        assert_eq!(scrape(&mut selinux, Dialect::Own, &["selinux"]), (expected, 0));
    }

    /// As with `security=selinux selinux=1` on a machine without policies (Debian 13).
    #[test]
    fn a_kernel_without_a_policy_has_it_off() {
        let tree = Tree::new("selinux-no-policy");
        tree.put("sys/fs/selinux/enforce", "0");
        tree.put("proc/self/attr/current", "kernel\0");
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut selinux = tree.open(&SPEC, dialect, &[]);
            let off = vec!["selinux_enabled 0".to_owned()];
            assert_eq!(scrape(&mut selinux, dialect, &["selinux"]), (off, 0));
        }
        let mut selinux = tree.open(&SPEC, Dialect::Node, &[]);
        tree.put("proc/self/attr/current", "system_u:system_r:init_t:s0\0");
        let on = ["selinux_enabled 1", "selinux_current_mode 0"].map(String::from).to_vec();
        assert_eq!(scrape(&mut selinux, Dialect::Node, &["selinux"]), (on, 0));
    }

    #[test]
    fn absent_or_odd_files() {
        let tree = Tree::new("selinux-odd");
        let mut selinux = tree.open(&SPEC, Dialect::Own, &[]);
        let off = vec!["selinux_enabled 0".to_owned()];
        assert_eq!(scrape(&mut selinux, Dialect::Own, &["selinux"]), (off, 0));
        tree.put("sys/fs/selinux/enforce", "x");
        tree.put("sys/fs/selinux/avc/cache_stats", "lookups hits\n1 2\n3\n");
        tree.put("sys/fs/selinux/avc/hash_stats", "entries: x\nbuckets used: 257\n");
        tree.put("etc/selinux/config", "SELINUX=maybe\n");
        let (samples, errors) = scrape(&mut selinux, Dialect::Own, &["selinux"]);
        let left = ["selinux_enabled 1", "selinux_avc_lookups_total 4"];
        assert_eq!(samples[..2], left.map(String::from));
        // The mode in force, the one configured, five columns, entries, and buckets.
        assert_eq!((samples.len(), errors), (3, 9));
    }
}
