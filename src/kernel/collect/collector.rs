//! What a collector is, what it is made from, and what it works with.

use crate::base::error::{Error, KeptError, Place};
use crate::base::state;
#[cfg(feature = "hub")]
use crate::kernel::read::stream::Peer;
use crate::kernel::read::{Files, Root};
use crate::model::metric::{Family, Sink};
use crate::settings::{CollectorOption, CollectorSettings, Dialect, Subject};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The specification of one collector.
pub struct Spec {
    /// Its names, options and defaults.
    pub subject: Subject,
    /// Its families; those whose names come from the kernel are not among them.
    pub families: &'static [Family<'static>],
    /// The prefixes of names that come from the kernel.
    pub dynamic: &'static [&'static str],
    /// Makes a collector. Nothing is read yet.
    pub open: fn(&mut Setup<'_>) -> Box<dyn Collector>,
}

/// What a collector is made from.
pub struct Setup<'a> {
    /// The kernel's trees.
    pub root: &'a Root,
    /// The files that collectors share; files that are read at every scrape are registered here.
    pub files: &'a mut Files,
    /// Its options.
    pub settings: &'a CollectorSettings,
    /// The options of all collectors.
    pub all: &'a [CollectorSettings],
    /// The dialect of its samples: files for the other dialect only need not be read.
    pub dialect: Dialect,
}

impl Setup<'_> {
    /// The state file of an option with the default `default`; empty for none. The default is used where its directory
    /// exists and is not in memory, which forgets at each start, and for the running kernel's files only: counts from
    /// another machine's do not belong there.
    pub fn state_file(
        &self,
        option: &'static CollectorOption<PathBuf>,
        default: &'static str,
    ) -> PathBuf {
        let path = self.settings.get(option);
        let is_lasting = || path.parent().is_some_and(Path::is_dir) && !state::is_in_memory(&path);
        if path == Path::new(default) && !(self.root.is_procfs() && is_lasting()) {
            return PathBuf::new();
        }
        path
    }
}

#[cfg(feature = "hub")]
impl Setup<'_> {
    /// The address of a server: the `host` or `host:port` of an option, with `port` if it has none.
    ///
    /// # Errors
    ///
    /// The text is neither; or the trees are stored ones, for which no other program can be queried.
    pub fn peer(
        &self,
        address: &'static CollectorOption<String>,
        port: u16,
        place: &'static str,
    ) -> Result<Peer, Error> {
        if !self.root.is_procfs() {
            return Err(Error::Unsupported(place.into()));
        }
        let address = self.settings.get(address);
        let refusal =
            || Error::parse(place, "host or host:port as its address", address.as_bytes());
        Peer::tcp(&address, port).ok_or_else(refusal)
    }
}

/// What a collector works with in one scrape.
pub struct Scrape<'a> {
    /// The files that it registered when it was made.
    pub files: &'a mut Files,
    /// Receives errors that affect single samples.
    pub errors: &'a mut PartialErrors,
    /// The results of reading text files before the scrape.
    pub textfiles: &'a Textfiles,
    /// When this collector's turn began.
    pub now: Instant,
}

/// The results of reading text files; `inputs::textfile` fills it in before a scrape.
#[derive(Debug, Default)]
pub struct Textfiles {
    /// The files that were accepted, in the order of their paths, and when each was changed, in seconds
    /// since 1970.
    pub mtimes: Vec<(Vec<u8>, i64)>,
    /// Something could not be read, or contradicts another file.
    pub has_error: bool,
    /// What was refused so far, by reason.
    pub refused: Vec<(&'static str, u64)>,
    /// Time spent on reading that no scrape has reported yet.
    pub took: Duration,
}

/// The reader of one collector.
pub trait Collector: Send {
    /// Starts requests that may take long, on a thread, before the first collector of a scrape runs: all are then
    /// awaited together. `now` is when the scrape began.
    fn begin(&mut self, _now: Instant) {}

    /// Called when the agent begins to serve with this collector, or ends in an orderly way. Neither is called on one
    /// that is made for a single scrape, or replaced at a reload. On one that outlives a reload the beginning
    /// is called again. A first request is started at the beginning, so that the duration of an answer is known when
    /// the first scrape waits for one.
    fn serving(&mut self, begins: bool) {
        if begins {
            self.begin(Instant::now());
        }
    }

    /// Whether it reads files that drivers answer (`Root::driver_dir`). When the agent begins to serve, a scrape whose
    /// samples nobody sees lets its thread begin to read them.
    fn asks_drivers(&self) -> bool {
        false
    }

    /// Whether it stays when settings are read again: it has no options, uses no shared files, and its
    /// counts would be lost.
    fn outlives_reload(&self) -> bool {
        false
    }

    /// Why its state cannot be kept over a restart, as of the last attempt.
    fn unkept(&self) -> Option<KeptError> {
        None
    }

    /// Reads the kernel's files once and writes every sample, family by family. An error that affects one
    /// sample goes to `scrape.errors`; a returned error means that the whole collector failed.
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error>;
}

/// The kinds of errors of one collector that are counted separately; others are counted together.
const MAX_ERRNOS: usize = 16;

/// What went wrong with single samples of one collector.
#[derive(Debug, Default)]
pub struct PartialErrors {
    count: u64,
    /// The last error; of this scrape, if any was counted. Boxed: most collectors have none, and
    /// a scrape goes over all of them.
    last: Option<Box<KeptError>>,
    /// By errno, 0 for content that is not as documented; since the collector was made.
    by_errno: Vec<(i32, u64)>,
}

impl PartialErrors {
    /// Begins a scrape; the counts by errno are kept.
    pub fn begin(&mut self) {
        self.count = 0;
    }

    /// Records that one sample, line or device was left out because of `error`.
    pub fn record(&mut self, error: Error) {
        self.count += 1;
        error.keep_in(&mut self.last);
        self.tally(&error);
    }

    /// Records that `place` should have held `expected`, and held `found`, and was left out.
    #[cold]
    #[inline(never)]
    pub fn refuse(&mut self, place: impl Into<Place>, expected: &'static str, found: &[u8]) {
        self.record(Error::parse(place, expected, found));
    }

    /// Drops the names beyond the first `most`, which is one error: `expected` says what `place` may have.
    #[cold]
    #[inline(never)]
    pub fn limit(
        &mut self,
        names: &mut Vec<String>,
        most: usize,
        place: &'static str,
        expected: &'static str,
    ) {
        if let Some(first) = names.get(most) {
            self.refuse(place, expected, first.as_bytes());
            names.truncate(most);
        }
    }

    /// Counts an error by its kind alone.
    #[cold]
    pub fn tally(&mut self, error: &Error) {
        let errno = error.errno();
        let known = self.by_errno.iter().position(|(known, _)| *known == errno);
        if known.is_none() && self.by_errno.len() < MAX_ERRNOS {
            return self.by_errno.push((errno, 1));
        }
        let at = known.unwrap_or(MAX_ERRNOS - 1);
        if let Some((_, count)) = self.by_errno.get_mut(at) {
            *count += 1;
        }
    }

    /// Unwraps the result of reading an optional file: only failures other than absence are recorded.
    pub fn unless_absent<T>(&mut self, read: Result<T, Error>) -> Option<T> {
        match read {
            Err(Error::Absent(_)) => None,
            Err(error) => {
                self.record(error);
                None
            }
            Ok(value) => Some(value),
        }
    }

    /// The error if nothing could be read: what was recorded, or else `absent`.
    #[cold]
    pub fn reason(&self, absent: Error) -> Error {
        self.last().copied().map_or(absent, KeptError::error)
    }

    /// The result of a collector that wrote `written` samples or lines: it failed if it wrote none because of errors.
    #[inline(never)] // at the end of many collectors
    pub fn unless_all(&self, written: usize) -> Result<(), Error> {
        match self.last() {
            Some(last) if written == 0 => Err(last.error()),
            _ => Ok(()),
        }
    }

    /// The number of errors in this scrape.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// One of the reasons.
    pub fn last(&self) -> Option<&KeptError> {
        self.last.as_deref().filter(|_| self.count > 0)
    }

    /// The number of errors of each errno.
    pub fn by_errno(&self) -> &[(i32, u64)] {
        &self.by_errno
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::path;

    const FILE: &str = "/dev/shm/sysmetrics-default-state/x.state";
    static OPTION: CollectorOption<PathBuf> = path("state_file", "").default(FILE);

    const SUBJECT: Subject =
        Subject { name: "x", node_name: "", on: true, help: "", options: &[&OPTION.row] };

    #[test]
    fn a_default_state_file_is_not_kept_in_memory() {
        let directory = Path::new(FILE).parent().unwrap();
        std::fs::create_dir_all(directory).unwrap();
        let settings = &SUBJECT.defaults(Dialect::Own);
        let root = &Root::of_this_machine();
        let (files, all) = (&mut Files::new(root), &[] as _);
        let setup = Setup { root, files, settings, all, dialect: Dialect::Own };
        assert_eq!(setup.state_file(&OPTION, FILE), Path::new(""));
        assert_eq!(setup.state_file(&OPTION, "/another"), Path::new(FILE), "somebody set it");
        std::fs::remove_dir(directory).unwrap();
    }
}
