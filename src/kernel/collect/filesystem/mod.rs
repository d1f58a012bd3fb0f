//! File systems: the space on the mounts in `/proc/1/mountinfo`, else `/proc/self/mountinfo`
//! (proc_pid_mountinfo(5), since 2.6.26; `hidepid` hides the first). Each mount is queried by statfs(2).
//! A mount whose statfs fails has no sizes but a `device_error` with the reason; so has one that this process
//! does not see, as in a container that was started before it.
//!
//! The server of a network or FUSE mount may never answer. Such mounts, and those below them, are queried
//! in a child process each, and a scrape waits for all of them together for a moment only.

mod line;
mod mounts;
mod query;
#[cfg(test)]
mod tests;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, Place};
use crate::base::sys::Space;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{FileId, Patterns};
use crate::model::metric::{Family, Label, Sink, Unit, Value, families, gauge};
use crate::settings::{CollectorOption, Dialect, Subject, count, duration, pattern};
pub use line::mounts_of;
use line::{OWN_PATH, PATH};
use mounts::{Mount, Mounts, Rules};
use query::Queries;
use std::time::{Duration, Instant};

/// How long a scrape waits for all mounts together that may not answer.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often the list is read again where statfs cannot tell that an error made a file system read-only.
const PERIOD: Duration = Duration::from_secs(60);

const LABELS: &[&str] = &["device", "mountpoint", "fstype", "device_error"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 9] = families![
    gauge("filesystem_size_bytes",   Unit::One, "Size of the file system.",                               LABELS),
    gauge("filesystem_free_bytes",   Unit::One, "Free space.",                                            LABELS),
    gauge("filesystem_avail_bytes",  Unit::One, "Free space for others than root.",                       LABELS),
    gauge("filesystem_files",        Unit::One, "Inodes.",                                                LABELS),
    gauge("filesystem_files_free",   Unit::One, "Free inodes.",                                           LABELS),
    gauge("filesystem_purgeable_bytes", Unit::One, "Always 0 on Linux.",                                  LABELS).only_node(),
    gauge("filesystem_readonly",     Unit::One, "Whether it cannot be written.",                          LABELS),
    gauge("filesystem_device_error", Unit::One, "Whether statfs failed; the label says why.",             LABELS),
    gauge("filesystem_mount_info",   Unit::One, "Always 1; the labels have the number of the device.",    &["device", "major", "minor", "mountpoint"]),
];

static POINTS_EXCLUDE: CollectorOption<Option<Pattern>> = pattern(
    "mount_points_exclude",
    "mount points to leave out",
)
.flags(&["collector.filesystem.mount-points-exclude", "collector.filesystem.ignored-mount-points"])
.default(
    "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
);

static POINTS_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("mount_points_include", "only these mount points")
        .flags(&["collector.filesystem.mount-points-include"]);

static TYPES_EXCLUDE: CollectorOption<Option<Pattern>> =
    pattern("fs_types_exclude", "types of file systems to leave out")
        .flags(&["collector.filesystem.fs-types-exclude", "collector.filesystem.ignored-fs-types"])
        .default(
            "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|\
             iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|\
             squashfs|erofs|sysfs|tracefs)$",
        );

static TYPES_INCLUDE: CollectorOption<Option<Pattern>> =
    pattern("fs_types_include", "only these types of file systems")
        .flags(&["collector.filesystem.fs-types-include"]);

static TIMEOUT: CollectorOption<Duration> = duration(
    "mount_timeout",
    [1, 3_600_000],
    "how long a mount may take to answer; more than 250ms counts as 250ms",
)
.flags(&["collector.filesystem.mount-timeout"])
.defaults("250ms", "5s");

static WORKERS: CollectorOption<u64> =
    count("stat_workers", [0, 1_000_000], "accepted for node_exporter's flag; no effect")
        .flags(&["collector.filesystem.stat-workers"])
        .default("4");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "filesystem",
        node_name: "filesystem",
        on: true,
        help: "how full file systems are, from statfs(2)",
        options: &[
            &POINTS_EXCLUDE.row,
            &POINTS_INCLUDE.row,
            &TYPES_EXCLUDE.row,
            &TYPES_INCLUDE.row,
            &TIMEOUT.row,
            &WORKERS.row,
        ],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let timeout = settings.get(&TIMEOUT);
    // Without settings, as in a library, the path is empty.
    let first = if setup.root.lacks_root() { OWN_PATH } else { PATH };
    let patience = if timeout.is_zero() { PATIENCE } else { timeout.min(PATIENCE) };
    let patience = setup.root.patience(patience);
    Box::new(Filesystem {
        files: [first, OWN_PATH].map(|path| (path, setup.files.mounts(path))),
        learned: None,
        learned_at: None,
        mounts: Mounts::new(Rules {
            points: Patterns::new([settings.get(&POINTS_INCLUDE), settings.get(&POINTS_EXCLUDE)]),
            types: Patterns::new([settings.get(&TYPES_INCLUDE), settings.get(&TYPES_EXCLUDE)]),
            root: setup.root.real("/"),
            is_running: setup.root.is_procfs(),
            is_source_plain: setup.dialect == Dialect::Own,
        }),
        queries: Queries::new(patience),
    })
}

struct Filesystem {
    files: [(&'static str, FileId); 2],
    /// The file that was read last.
    learned: Option<FileId>,
    /// When, if it has to be read again.
    learned_at: Option<Instant>,
    mounts: Mounts,
    queries: Queries,
}

impl Collector for Filesystem {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, now, .. } = scrape;
        let is_over = |at: Instant| now.saturating_duration_since(at) >= PERIOD;
        let is_due = self.learned_at.is_some_and(is_over);
        if is_due || !self.learned.is_some_and(|file| files.is_unchanged(file)) {
            let [first, own] = self.files;
            self.mounts.learn_here(files.read(own.1).unwrap_or_default());
            let (path, file) = if files.read(first.1).is_ok() { first } else { own };
            self.learned = None;
            self.mounts.learn(path, files.read(file)?, errors);
            self.learned = Some(file);
            self.learned_at = self.mounts.note_read_only_here().then_some(*now);
        }
        self.queries.ask(&mut self.mounts.points, *now);
        self.record(errors);
        self.write(out);
        Ok(())
    }
}

impl Filesystem {
    /// Counts the mount points that could not be queried. One that this process does not see or may not
    /// enter (a sandbox, other users' desktops) is not a fault of the machine and is not logged.
    fn record(&self, errors: &mut PartialErrors) {
        for point in &self.mounts.points {
            let Err(errno) = point.answer else { continue };
            let place = Place::below("/", point.name()).into();
            match errno {
                libc::ENOENT | libc::EACCES => errors.tally(&Error::Read(place, errno)),
                query::NO_ANSWER => errors.record(Error::Read(place, libc::ETIMEDOUT)),
                _ => errors.record(Error::Read(place, errno)),
            }
        }
    }

    fn write(&self, out: &mut dyn Sink) {
        let [size, free, available, files, files_free, purgeable, read_only, error, info] =
            &FAMILIES;
        type Of = fn(&Space) -> Value;
        let of_space: [(&Family<'_>, Of); 6] = [
            (size, |space| bytes(space, space.blocks[0])),
            (free, |space| bytes(space, space.blocks[1])),
            (available, |space| bytes(space, space.blocks[2])),
            (files, |space| Value::Int(space.files[0])),
            (files_free, |space| Value::Int(space.files[1])),
            (purgeable, |_| Value::Int(0)),
        ];
        for (family, value) in of_space {
            out.family(family);
            for mount in self.mounts.shown() {
                if let Ok(space) = self.mounts.answer(mount) {
                    sample(mount, "", value(&space), out);
                }
            }
        }
        for (family, is_error) in [(read_only, false), (error, true)] {
            out.family(family);
            for mount in self.mounts.shown() {
                let answer = self.mounts.answer(mount);
                let why = answer.map_or_else(query::text, |_| "");
                let is_set =
                    if is_error { !why.is_empty() } else { self.mounts.is_read_only(mount) };
                sample(mount, why, Value::Int(is_set.into()), out);
            }
        }
        out.family(info);
        for mount in self.mounts.numbered() {
            let [device, point, _] = &mount.labels;
            let [major, minor] = &mount.number;
            let labels = [device, major, minor, point].map(|text| Label::of(text.as_bytes()));
            out.sample(&labels, Value::Int(1));
        }
    }
}

fn sample(mount: &Mount, why: &'static str, value: Value, out: &mut dyn Sink) {
    let [device, point, kind] = &mount.labels;
    let labels = [device, point, kind, why].map(|text| Label::of(text.as_bytes()));
    out.sample(&labels, value);
}

/// The size of this many blocks of the file system.
fn bytes(space: &Space, blocks: u64) -> Value {
    Value::times(blocks, u32::try_from(space.block).unwrap_or(u32::MAX))
}
