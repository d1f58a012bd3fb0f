//! Sessions of logind by seat, remoteness, type and class, over D-Bus: `ListSeats`, `ListSessions` and
//! properties of `org.freedesktop.login1` (org.freedesktop.login1(5)), on the system bus, which
//! `DBUS_SYSTEM_BUS_ADDRESS` may name. Every combination is shown; unknown types and classes
//! are counted as `other`, and the seat is empty for sessions without one, such as those over SSH.
//!
//! A session whose properties cannot be read, as it just ended, is not counted. A scrape waits at most
//! `timeout`; then the collector fails.

#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError, Place};
use crate::base::sys;
use crate::kernel::read::Background;
use crate::kernel::read::dbus::{Address, Client, Get, Value, is_absent};
use crate::model::metric::{self, Family, Label, Sink, families, gauge};
use crate::settings::{CollectorOption, Subject, duration};
use std::env;
use std::time::{Duration, Instant};

const PLACE: &str = "D-Bus";
const SERVICE: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";

/// Seats, sessions, and bytes of a seat's name or of a path.
const MAX_SEATS: usize = 256;
const MAX_SESSIONS: usize = 4096;
const MAX_TEXT: usize = 255;

/// How long a scrape waits without a setting, as in a library.
const PATIENCE: Duration = Duration::from_secs(1);

const REMOTE: [&str; 2] = ["true", "false"];
/// The first of both is for values that are not in the list.
const TYPES: [&str; 7] = ["other", "unspecified", "tty", "x11", "wayland", "mir", "web"];
const CLASSES: [&str; 5] = ["other", "user", "greeter", "lock-screen", "background"];

static FAMILIES: &[Family; 1] = families![gauge(
    "logind_sessions",
    metric::Unit::One,
    "Sessions of logind.",
    &["seat", "remote", "type", "class"],
)];

static PROPERTIES: [[&str; 2]; 3] = [[SESSION, "Remote"], [SESSION, "Type"], [SESSION, "Class"]];

static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [1, 60_000], "how long a scrape waits for logind's answers at most")
        .default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "logind",
        node_name: "logind",
        on: false,
        help: "sessions of logind, over D-Bus",
        options: &[&TIMEOUT.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let address = Address::system(env::var_os("DBUS_SYSTEM_BUS_ADDRESS").as_deref());
    let timeout = setup.settings.get(&TIMEOUT);
    Box::new(Logind {
        sessions: Background::new("logind", Sessions::new(address), Sessions::ask),
        patience: if timeout.is_zero() { PATIENCE } else { timeout },
        is_machine: setup.root.is_procfs(),
    })
}

struct Logind {
    sessions: Background<Sessions>,
    patience: Duration,
    /// Whether the tree is not a stored one, which has no bus.
    is_machine: bool,
}

impl Collector for Logind {
    fn begin(&mut self, now: Instant) {
        if self.is_machine {
            self.sessions.begin(now + self.patience);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_machine {
            return Err(Error::Unsupported(PLACE.into()));
        }
        let answer = self.sessions.answer();
        let sessions = answer.map_err(|errno| Error::Read(PLACE.into(), errno))?;
        sessions.result?;
        if let Some(error) = sessions.error.take() {
            scrape.errors.record(error.error());
        }
        let [family] = &FAMILIES;
        out.family(family);
        for remote in 0..REMOTE.len() {
            for kind in 0..TYPES.len() {
                for class in 0..CLASSES.len() {
                    sessions.write([Some(remote), Some(kind), Some(class)], out);
                }
            }
        }
        Ok(())
    }
}

/// A session, and what is known about it: indices into `REMOTE`, `TYPES` and `CLASSES`.
struct Session {
    seat: Vec<u8>,
    path: Vec<u8>,
    known: [Option<usize>; 3],
}

/// The sessions in the last answer of logind.
struct Sessions {
    client: Client,
    seats: Vec<Vec<u8>>,
    all: Vec<Session>,
    /// An error that affected single sessions, the last one.
    error: Option<KeptError>,
    /// The result for all of them.
    result: Result<(), KeptError>,
}

impl Sessions {
    fn new(address: Address) -> Sessions {
        let client = Client::new(address, SERVICE);
        Sessions { client, seats: Vec::new(), all: Vec::new(), error: None, result: Ok(()) }
    }

    /// Asks everything again; it ends by `until`.
    fn ask(&mut self, until: Instant) {
        self.seats.clear();
        self.all.clear();
        self.error = None;
        self.result = self.try_ask(until).map_err(KeptError::from);
        self.client.close();
    }

    fn try_ask(&mut self, until: Instant) -> Result<(), Error> {
        self.client.open(until)?;
        self.list_seats()?;
        self.list_sessions()?;
        let Sessions { client, all, error, .. } = self;
        let count = PROPERTIES.len();
        // Copied, as the list is changed meanwhile.
        let paths: Vec<Vec<u8>> = all.iter().map(|session| session.path.clone()).collect();
        let which = |at: usize| Get {
            path: paths.get(at / count).map(Vec::as_slice).unwrap_or_default(),
            property: PROPERTIES.get(at % count).unwrap_or(&["", ""]),
        };
        client.get(count * paths.len(), &which, &mut |at, answer| {
            let place = all.get_mut(at / count).and_then(|of| of.known.get_mut(at % count));
            let Some(place) = place else { return };
            match (at % count, answer) {
                (0, Ok(Some(Value::Switch(on)))) => *place = Some(usize::from(!on)),
                (1, Ok(Some(Value::Text(kind)))) => *place = Some(known(&TYPES, kind)),
                (2, Ok(Some(Value::Text(class)))) => *place = Some(known(&CLASSES, class)),
                (_, Err(name)) if is_absent(name) => {}
                (at, answer) => {
                    let [_, name] = PROPERTIES.get(at).unwrap_or(&["", ""]);
                    let place = Place::below(PLACE, name.as_bytes());
                    let found = answer.err().unwrap_or(b"another type");
                    *error = Some(Error::parse(place, "a value of its type", found).keep());
                }
            }
        })
    }

    fn list_seats(&mut self) -> Result<(), Error> {
        let answer = self.client.ask(PATH, MANAGER, "ListSeats")?;
        let place = Place::below(PLACE, b"ListSeats");
        let failed = Error::parse(place, "at most 256 seats a(so)", answer.signature);
        let mut body = answer.body;
        let mut list = body.array(8).filter(|_| answer.signature == b"a(so)").ok_or(failed)?;
        while !list.is_empty() {
            list.align(8);
            let (Some(seat), Some(_)) = (list.text(), list.text()) else { return Err(failed) };
            if self.seats.len() >= MAX_SEATS || seat.len() > MAX_TEXT {
                return Err(failed);
            }
            self.seats.push(seat.to_vec());
        }
        // For sessions without a seat.
        self.seats.push(Vec::new());
        sys::sort(&mut self.seats, Ord::cmp);
        self.seats.dedup();
        Ok(())
    }

    fn list_sessions(&mut self) -> Result<(), Error> {
        let answer = self.client.ask(PATH, MANAGER, "ListSessions")?;
        let place = Place::below(PLACE, b"ListSessions");
        let failed = Error::parse(place, "at most 4096 sessions a(susso)", answer.signature);
        let mut body = answer.body;
        let mut list = body.array(8).filter(|_| answer.signature == b"a(susso)").ok_or(failed)?;
        while !list.is_empty() {
            list.align(8);
            let (Some(_), Some(_), Some(_)) = (list.text(), list.uint32(), list.text()) else {
                return Err(failed);
            };
            let (Some(seat), Some(path)) = (list.text(), list.path()) else { return Err(failed) };
            if self.all.len() >= MAX_SESSIONS || seat.len().max(path.len()) > MAX_TEXT {
                return Err(failed);
            }
            let (seat, path) = (seat.to_vec(), path.to_vec());
            self.all.push(Session { seat, path, known: [None; 3] });
        }
        Ok(())
    }

    /// The sessions of one kind, seat by seat.
    fn write(&self, kind: [Option<usize>; 3], out: &mut dyn Sink) {
        let [remote, of_type, class] = kind;
        let word = |words: &[&'static str], at: Option<usize>| {
            at.and_then(|at| words.get(at)).copied().unwrap_or_default()
        };
        let words = [word(&REMOTE, remote), word(&TYPES, of_type), word(&CLASSES, class)];
        let [remote, of_type, class] = words.map(str::as_bytes);
        for seat in &self.seats {
            let is_one = |one: &&Session| one.known == kind && one.seat == *seat;
            let count = self.all.iter().filter(is_one).count() as u64;
            let labels = [seat, remote, of_type, class].map(Label::of);
            out.sample(&labels, metric::Value::Int(count));
        }
    }
}

fn known(words: &[&str], word: &[u8]) -> usize {
    words.iter().position(|known| known.as_bytes() == word).unwrap_or(0)
}
