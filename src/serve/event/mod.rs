//! The poll loop: one thread sleeps in one `poll(2)` over the interrupt, the handler's feeds,
//! the listeners and every connection. Each turn rebuilds the list in that order,
//! uses the nearest deadline as the timeout, reads the clock once, and passes each part what is
//! ready. Responses are made by a `Handler`.

mod admission;
mod handler;
#[cfg_attr(not(feature = "tls"), path = "secure/absent.rs")]
mod secure;
mod serve;

pub use handler::{Handler, Interrupt, Traffic};

use crate::base::address::{Listen, SocketAccess};
use crate::base::log::Limiter;
use crate::base::sys::{self, Ready, Signal};
use crate::serve::http::{Connection, Limits, Next, Phase, Response};
use crate::serve::listen::{self, Listener};
use crate::serve::security::Security;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// New connections that are accepted from one listener in one turn.
const MAX_ACCEPTS: usize = 64;

/// The same limit while connections wait for their turn.
const BUSY_ACCEPTS: usize = 8;

/// How long connections are handled before new ones are checked for.
const SLICE: Duration = Duration::from_millis(2);

/// The limit for all bodies being received, as a multiple of the longest body.
const MAX_BODIES: usize = 4;

/// How long listening pauses when there is no descriptor left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a new connection keeps its slot against others until its first bytes are here.
const FIRST_BYTES: Duration = Duration::from_millis(2);

/// The same for others: from a response to the next request of a client that sends more, and from
/// a head's first byte to its last.
const GRACE: Duration = Duration::from_millis(10);

/// How long a request that was begun may take to arrive when the loop ends, and the first one of a new client.
const LAST_REQUESTS: Duration = Duration::from_millis(250);

/// Bytes that are kept for all clients together: of incomplete requests, and of unread
/// responses.
const MAX_KEPT: usize = 8 << 20;

/// How long requests are held back at most while half of that is full.
const HOLD: Duration = Duration::from_millis(50);

/// This many responses are kept however large they are.
const MIN_READERS: usize = 2;

/// The listeners, the connections, and what they share.
pub struct Server {
    interrupt: Box<dyn Interrupt>,
    listeners: Vec<Listener>,
    connections: Vec<Connection>,
    limits: Limits,
    /// TLS and users.
    #[cfg_attr(not(feature = "exporter"), allow(dead_code))] // a library serves everybody
    security: Security,
    /// The buffer into which heads are received, one connection at a time.
    scratch: Vec<u8>,
    response: Response,
    ready: Vec<Ready>,
    /// How many of them are the handler's own.
    feeds: usize,
    /// Until when listening is paused.
    paused: Option<Instant>,
    /// The reason is that a client waits and all are busy: the next that is answered makes room.
    crowded: bool,
    /// Responses are the last of their connections.
    is_ending: bool,
    /// Whether waiting clients were checked for once.
    has_begun: bool,
    /// Since when some clients with requests were not answered yet.
    round: Option<Instant>,
    /// Since when requests are held back until clients read their responses.
    held: Option<Instant>,
    limiter: Limiter,
}

impl Server {
    /// Serves on `listeners`, until `interrupt` is ready.
    pub fn new(interrupt: Box<dyn Interrupt>, listeners: Vec<Listener>, limits: Limits) -> Server {
        Server {
            interrupt,
            listeners,
            connections: Vec::new(),
            limits,
            security: Security::default(),
            scratch: Vec::new(),
            response: Response::default(),
            ready: Vec::new(),
            feeds: 0,
            paused: None,
            crowded: false,
            is_ending: false,
            has_begun: false,
            round: None,
            held: None,
            limiter: Limiter::default(),
        }
    }

    /// The listeners.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// Changes the listeners to `wanted`; on an error all stay as they were.
    pub fn listen(&mut self, wanted: &[Listen], access: &SocketAccess) -> io::Result<()> {
        listen::change(&mut self.listeners, wanted, access)
    }

    /// Changes the limits; connections stay.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Serves until it is interrupted, and returns the signal.
    pub fn run(&mut self, handler: &mut dyn Handler) -> io::Result<Signal> {
        loop {
            self.turn(handler, None)?;
            let is_interrupted = self.ready.first().is_some_and(|r| r.any());
            if let Some(signal) = is_interrupted.then(|| self.interrupt.next()).flatten() {
                return Ok(signal);
            }
        }
    }

    /// Accepts no more connections and completes the requests that were begun and the responses under way, until `end`
    /// at the latest or until a second request to end.
    pub fn finish(&mut self, handler: &mut dyn Handler, end: Instant) -> io::Result<()> {
        self.listeners.clear();
        self.is_ending = true;
        self.connections.iter_mut().for_each(Connection::end);
        let mut is_interrupted = self.complete_requests(handler, end)?;
        handler.begin_shutdown(end);
        loop {
            self.connections.retain(is_answered);
            if is_interrupted || self.connections.is_empty() || Instant::now() >= end {
                handler.finish(if is_interrupted { Instant::now() } else { end });
                return Ok(());
            }
            self.turn(handler, Some(end))?;
            is_interrupted = self.is_interrupted_again();
        }
    }

    /// Answers requests that are here, and for a moment those whose rest is on its way: a client that loses its connection
    /// cannot know whether it was heard. Returns whether there was a second request to end.
    fn complete_requests(&mut self, handler: &mut dyn Handler, end: Instant) -> io::Result<bool> {
        let mut until = Instant::now();
        let last = end.min(until + LAST_REQUESTS);
        loop {
            self.turn(handler, Some(until))?;
            if self.is_interrupted_again() {
                return Ok(true);
            }
            until = last;
            let is_behind = self.round.is_some();
            self.connections.retain(|c| is_behind || c.phase() != Phase::Idle);
            if self.connections.iter().all(is_answered) || Instant::now() >= last {
                return Ok(false);
            }
        }
    }

    /// Whether there was a second request to end. All signals are taken: a pending one would wake every turn at once.
    fn is_interrupted_again(&mut self) -> bool {
        let mut is_again = false;
        while let Some(signal) = self.interrupt.next() {
            is_again |= signal != Signal::Hangup;
        }
        is_again
    }

    /// One turn: waits, then handles everything that is ready.
    fn turn(&mut self, handler: &mut dyn Handler, end: Option<Instant>) -> io::Result<()> {
        self.rebuild(handler);
        let deadline = self.deadline().into_iter().chain(handler.deadline()).chain(end).min();
        let pending = self.connections.iter().any(Connection::has_pending_input);
        let timeout = match deadline {
            _ if pending => Some(Duration::ZERO),
            deadline => deadline.map(|d| d.saturating_duration_since(Instant::now())),
        };
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        sys::poll(&mut self.ready, if is_first { Some(Duration::ZERO) } else { timeout })?;
        let now = Instant::now();
        // A client that waited for the start is served first. If there is none, the code of the start is given back.
        if is_first && !self.ready.iter().any(|ready| ready.any()) {
            sys::release_memory();
        }
        // The response of an earlier turn is outdated.
        self.response.forget();
        self.take_logins(now);
        let is_busy = self.handle_all(handler, now);
        let has_room = self.crowded && self.connections.len() < self.limits.connections;
        if has_room || self.paused.is_none_or(|until| until <= now) {
            self.paused = None;
            self.accept(if is_busy { BUSY_ACCEPTS } else { MAX_ACCEPTS }, handler, now);
        }
        // Feeds come first: a client may wait for their results.
        handler.turn(self.ready.get(1..1 + self.feeds).unwrap_or_default(), now);
        handler.traffic().now = self.connections.len() as u64;
        self.hold_requests(now);
        Ok(())
    }

    /// Gives connections their turns, for as long as a turn may last; returns whether some are left. Those are
    /// next, and new ones: a client that was answered waits until all others were.
    fn handle_all(&mut self, handler: &mut dyn Handler, now: Instant) -> bool {
        let (first, mut is_first, mut is_late) = (self.first_connection(), true, false);
        // From the last to the first: removing one moves only connections that were handled.
        for at in (0..self.connections.len()).rev() {
            let Some(connection) = self.connections.get_mut(at) else { continue };
            let ready = self.ready.get(first + at).copied();
            if ready.is_some_and(Ready::any) {
                let is_idle = connection.phase() == Phase::Idle;
                let was_served = self.round.is_some_and(|round| connection.since() >= round)
                    && !ready.is_some_and(Ready::ended);
                is_late = is_late || !is_first && now.elapsed() >= SLICE;
                if is_late || is_idle && was_served {
                    connection.defer(now);
                    continue;
                }
                is_first = false;
            }
            if self.handle(at, ready, handler, now) == Next::Close {
                self.connections.swap_remove(at);
            }
        }
        self.round = is_late.then(|| self.round.unwrap_or(now));
        is_late
    }

    /// Lists the descriptors to wait for, in the order interrupt, the handler's feeds, listeners, connections.
    fn rebuild(&mut self, handler: &dyn Handler) {
        self.ready.clear();
        self.ready.push(Ready::wait(self.interrupt.as_fd(), true, false));
        handler.wait_on(&mut self.ready);
        self.feeds = self.ready.len() - 1;
        let open = self.paused.is_none();
        self.ready.extend(self.listeners.iter().map(|l| Ready::wait(l.as_fd(), open, false)));
        self.ready.extend(self.connections.iter().map(|c| match c.phase() {
            #[cfg(feature = "tls")]
            Phase::Greet => Ready::wait(c.socket(), true, c.wants_write()),
            #[cfg(feature = "tls")]
            Phase::Login(_) => Ready::wait(c.socket(), false, false),
            Phase::Drain => Ready::wait(c.socket(), false, true),
            Phase::Idle if self.held.is_some() => Ready::wait_for_end(c.socket()),
            _ => Ready::wait(c.socket(), true, false),
        }));
        #[cfg(feature = "tls")]
        self.security.wait_on(&mut self.ready);
    }

    fn first_listener(&self) -> usize {
        1 + self.feeds
    }

    fn first_connection(&self) -> usize {
        self.first_listener() + self.listeners.len()
    }

    fn deadline(&self) -> Option<Instant> {
        let connections = self.connections.iter().map(Connection::deadline);
        connections.chain(self.paused).chain(self.held.map(|since| since + HOLD)).min()
    }
}

/// Whether the loop waits for its end only, or for a password check.
fn is_answered(connection: &Connection) -> bool {
    match connection.phase() {
        #[cfg(feature = "tls")]
        Phase::Login(_) => true,
        phase => matches!(phase, Phase::Drain | Phase::Linger),
    }
}
