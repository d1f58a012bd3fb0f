//! What a collector is, what it is made from, and what it works with.

use crate::base::error::{Error, KeptError, Place};
#[cfg(feature = "hub")]
use crate::kernel::read::stream::Peer;
use crate::kernel::read::{Files, Root};
use crate::model::metric::{Family, Sink};
#[cfg(feature = "hub")]
use crate::settings::CollectorOption;
use crate::settings::{CollectorSettings, Dialect, Subject};
use std::time::{Duration, Instant};

/// All there is to know about one collector.
pub struct Spec {
    /// Its names, options and defaults.
    pub subject: Subject,
    /// Its families; those whose names come from the kernel are not among them.
    pub families: &'static [Family<'static>],
    /// How the names of those begin whose names come from the kernel.
    pub dynamic: &'static [&'static str],
    /// Makes one. Nothing is read yet.
    pub open: fn(&mut Setup<'_>) -> Box<dyn Collector>,
}

/// What a collector is made from.
pub struct Setup<'a> {
    /// Where the kernel's trees are.
    pub root: &'a Root,
    /// The files that collectors share; what is read at every scrape is asked for here.
    pub files: &'a mut Files,
    /// Its options.
    pub settings: &'a CollectorSettings,
    /// Those of all collectors.
    pub all: &'a [CollectorSettings],
    /// Whose names its samples will bear: what only the other dialect shows need not be read.
    pub dialect: Dialect,
}

#[cfg(feature = "hub")]
impl Setup<'_> {
    /// Whom to ask: the `host` or `host:port` that an option says, at `port` if it says none.
    ///
    /// # Errors
    ///
    /// It is neither; or the trees are stored ones, of which no other program tells.
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
    /// The files that it asked for when it was made.
    pub files: &'a mut Files,
    /// Takes what spoils single samples.
    pub errors: &'a mut PartialErrors,
    /// What the look at text files before the scrape brought.
    pub textfiles: &'a Textfiles,
    /// When this collector's turn began.
    pub now: Instant,
}

/// What the last look at text files brought; `inputs::textfile` fills it in before a scrape.
#[derive(Debug, Default)]
pub struct Textfiles {
    /// The files that were taken, in the order of their paths, and when each was changed, in seconds
    /// since 1970.
    pub mtimes: Vec<(Vec<u8>, i64)>,
    /// Something could not be read, or contradicts another file.
    pub has_error: bool,
    /// What was not taken so far, by reason.
    pub refused: Vec<(&'static str, u64)>,
    /// Time that the look took which no scrape told yet.
    pub took: Duration,
}

/// One subject's reader.
pub trait Collector: Send {
    /// Has a thread ask what may take its time, before the first collector of a scrape runs: all are
    /// then waited for together. `now` is when the scrape began.
    fn begin(&mut self, _now: Instant) {}

    /// The agent begins to serve with this collector, or ends in an orderly way. Neither is said to one
    /// that is made for a single scrape, or replaced at a reload. To one that outlives a reload the beginning
    /// is said again. As it begins, a thread asks ahead: how long the answer takes is then known when the
    /// first scrape waits for one.
    fn serving(&mut self, begins: bool) {
        if begins {
            self.begin(Instant::now());
        }
    }

    /// Whether it goes on when settings are read again: it has no options, asked for no shared files, and what
    /// it counted would be lost.
    fn outlives_reload(&self) -> bool {
        false
    }

    /// Why what it keeps over a restart cannot be kept, as was found when that was last tried.
    fn unkept(&self) -> Option<KeptError> {
        None
    }

    /// Reads the kernel's files once and writes every sample, family by family. What spoils one
    /// sample goes to `scrape.errors`; an error spoils the whole collector.
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error>;
}

/// The kinds of errors of one collector that are counted apart; others are counted together.
const MAX_ERRNOS: usize = 16;

/// What went wrong with single samples of one collector.
#[derive(Debug, Default)]
pub struct PartialErrors {
    count: u64,
    /// What the last one told; of this scrape, if any was counted. In a box: most collectors have none, and
    /// a scrape goes over all of them.
    last: Option<Box<KeptError>>,
    /// By errno, 0 for content that is not as documented; since the collector was made.
    by_errno: Vec<(i32, u64)>,
}

impl PartialErrors {
    /// A scrape begins; what is counted by errno goes on.
    pub fn begin(&mut self) {
        self.count = 0;
    }

    /// One sample, line or device was left out because of `error`.
    pub fn record(&mut self, error: Error) {
        self.count += 1;
        error.keep_in(&mut self.last);
        self.tally(&error);
    }

    /// `place` should have held `expected`, and held `found`: what it tells was left out.
    #[cold]
    #[inline(never)]
    pub fn refuse(&mut self, place: impl Into<Place>, expected: &'static str, found: &[u8]) {
        self.record(Error::parse(place, expected, found));
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

    /// What was read of a file that need not be there: only another failure is recorded.
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

    /// Why nothing could be read: what was recorded, or else `absent`.
    #[cold]
    pub fn reason(&self, absent: Error) -> Error {
        self.last().copied().map_or(absent, KeptError::error)
    }

    /// How many were left out in this scrape.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// One of the reasons.
    pub fn last(&self) -> Option<&KeptError> {
        self.last.as_deref().filter(|_| self.count > 0)
    }

    /// How many there were of each errno.
    pub fn by_errno(&self) -> &[(i32, u64)] {
        &self.by_errno
    }
}
