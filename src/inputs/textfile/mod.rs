//! Text files of other programs, as in node_exporter's collector `textfile`: a program that has something
//! to report from time to time writes it as exposition text to `<name>.prom` in a directory. A file is accepted when
//! all of it can be read and nothing contradicts the files before it; otherwise that is logged once, reported in
//! `textfile_scrape_error`, and none of its samples are exported.
//!
//! Files are checked before each scrape. As long as all of them have the same inode, size and times they
//! are not read again, and nothing is allocated. When one changes all are read, as the first of two files
//! decides the type and help text of a family.

mod failure;
mod families;
mod glob;
mod load;
#[cfg(test)]
mod tests;
mod walk;

use crate::base::clock::WallClock;
use crate::kernel::collect::Textfiles;
use crate::kernel::collect::textfile::{DIRECTORY, NAME};
use crate::kernel::gather::{self, Gather};
use crate::model::metric::{Sink, Source};
use crate::model::store::{Bounds, Group, GroupFilter, Store};
use crate::settings::Settings;
use std::fs::Metadata;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};
use walk::{Pattern, Visited, Walk};

/// A file that was changed this recently may change again within the same tick of the file system's clock,
/// and have the same metadata.
const YOUNG: Duration = Duration::from_millis(100);

/// What is reported about the last reading, and about all so far.
#[derive(Default)]
struct Memory {
    /// Messages that were logged, as hashes of the message and the file.
    logged: Vec<u64>,
    refused: Vec<(&'static str, u64)>,
    /// Families by the hashes of their names, and those of type and help text, sorted.
    shapes: Vec<(u64, usize)>,
}

/// All text files.
#[derive(Default)]
pub struct Textfile {
    patterns: Vec<Pattern>,
    constant: Vec<(String, String)>,
    /// The group of their series; none while there are no directories.
    group: Option<Group>,
    walk: Walk,
    hasher: RandomState,
    /// A hash of the files' metadata when they were read, unless they have to be read again anyway.
    known: Option<u64>,
    memory: Memory,
}

impl Textfile {
    /// Applies new settings: all files are read again.
    pub fn apply(&mut self, settings: &Settings, store: &mut Store) {
        let mut collectors = settings.collectors.iter();
        let own = collectors.find(|collector| collector.name == NAME && collector.enabled);
        self.patterns.clear();
        for path in own.map(|own| own.get(&DIRECTORY)).unwrap_or_default() {
            if !path.is_empty() {
                self.patterns.push(Pattern::new(&path));
            }
        }
        self.constant.clone_from(&settings.custom.labels);
        self.known = None;
        if self.patterns.is_empty() {
            self.group.take().into_iter().for_each(|group| store.close_group(group));
        } else {
            self.group.get_or_insert_with(|| store.open_group());
        }
    }

    /// Which series of the store a page shows: with or without those of text files; a page of selected
    /// collectors has only those, or none.
    pub fn shown(&self, has_textfiles: bool, is_picked: bool) -> Option<GroupFilter> {
        match self.group {
            Some(group) if is_picked => has_textfiles.then_some(GroupFilter::Only(group)),
            Some(group) if !has_textfiles => Some(GroupFilter::Without(group)),
            _ => (!is_picked).then_some(GroupFilter::All),
        }
    }

    /// Whether the series of `owner` are of text files.
    pub fn has(&self, owner: Group) -> bool {
        self.group == Some(owner)
    }

    /// Checks the files, and reads them if some changed; `report` gets what a scrape writes about them.
    pub fn look(&mut self, report: &mut Textfiles, store: &mut Store, now: Instant) {
        let Some(group) = self.group else { return };
        let start = Instant::now();
        let (mark, is_young) = self.mark();
        if self.known != Some(mark) {
            let is_final = self.load(group, report, store, now);
            self.known = Some(mark).filter(|_| is_final && !is_young);
        }
        report.took += start.elapsed();
    }

    /// A hash of all files' metadata, in whatever order they come, and whether some were changed just now.
    fn mark(&mut self) -> (u64, bool) {
        let Textfile { walk, patterns, hasher, .. } = self;
        let wall = WallClock::now().since_epoch();
        let (mut sum, mut is_young) = (0u64, false);
        walk.begin();
        for pattern in patterns.iter() {
            walk.look(pattern, &mut |path, met| {
                let facts = match met {
                    Visited::File(Ok(file)) => {
                        is_young |= age(&file, wall) < YOUNG;
                        facts(&file)
                    }
                    Visited::File(Err(error)) => failure(1, &error),
                    Visited::Failed(error) => failure(2, &error),
                    Visited::Excess => [3; FACTS],
                };
                sum = sum.wrapping_add(hash(hasher, [path.as_os_str().as_bytes(), &facts]));
            });
        }
        (sum, is_young)
    }
}

/// Writes all samples for a program that does not serve: our own, and those of text files.
pub fn write_once(settings: &Settings, gather: &mut Gather, out: &mut dyn Sink) {
    let (now, mut textfile) = (Instant::now(), Textfile::default());
    let mut store = Store::new(Bounds::default(), now);
    store.serve(gather::ours(settings, std::iter::empty()));
    textfile.apply(settings, &mut store);
    textfile.look(&mut gather.textfiles, &mut store, now);
    store.merge(now, out, &mut |out| gather.scrape(gather.all(), out));
    out.source(Source::Others);
    store.write(now, out);
}

/// A hash of both parts together, seeded: nobody outside can construct two files with the same hash.
fn hash(seed: &RandomState, parts: [&[u8]; 2]) -> u64 {
    let mut hasher = seed.build_hasher();
    for part in parts {
        hasher.write_usize(part.len());
        hasher.write(part);
    }
    hasher.finish()
}

/// Bytes of the metadata that identify a file's state.
const FACTS: usize = 7 * size_of::<u64>();

/// The metadata that changes when a file does.
fn facts(file: &Metadata) -> [u8; FACTS] {
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    let [a, b, c, d] = times.map(i64::cast_unsigned);
    bytes([file.dev(), file.ino(), file.size(), a, b, c, d])
}

fn failure(of: u64, error: &io::Error) -> [u8; FACTS] {
    let errno = error.raw_os_error().unwrap_or_default().unsigned_abs();
    bytes([of, errno.into(), 0, 0, 0, 0, 0])
}

fn bytes(facts: [u64; 7]) -> [u8; FACTS] {
    let mut bytes = [0; FACTS];
    for (to, fact) in bytes.chunks_exact_mut(size_of::<u64>()).zip(facts) {
        to.copy_from_slice(&fact.to_ne_bytes());
    }
    bytes
}

/// How far from now the file was changed.
fn age(file: &Metadata, wall: Duration) -> Duration {
    let seconds = u64::try_from(file.ctime()).unwrap_or_default();
    let nanos = u32::try_from(file.ctime_nsec()).unwrap_or_default();
    Duration::new(seconds, nanos).abs_diff(wall)
}
