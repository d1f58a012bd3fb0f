//! The poll loop: one thread sleeps in one `poll(2)` over the signals, what comes in besides
//! requests, the listeners and every connection. Each turn rebuilds the list from its parts in that order, takes the nearest deadline
//! as the timeout, reads the clock once, and hands each part what is ready.

use crate::http::{Connection, Limits, Method, Next, Phase, Request, Response, Status};
use crate::listen::{self, Listener};
use crate::log::{self, Limiter};
use crate::routes::Service;
use crate::settings::{Level, Listen};
use crate::sys::{self, Notify, Ready, Signal, Signals};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// New connections that one listener may bring in one turn.
const MAX_ACCEPTS: usize = 64;

/// All bodies that are coming in may have so many times the room of the longest.
const MAX_BODIES: usize = 4;

/// How long listening pauses when there is no descriptor left for another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a new connection keeps its slot against newcomers until its first bytes are here.
const HEARING: Duration = Duration::from_millis(2);

/// The listeners, the connections, and what they share.
pub struct Server {
    signals: Signals,
    /// The service manager hears of us through this.
    pub notify: Notify,
    listeners: Vec<Listener>,
    connections: Vec<Connection>,
    limits: Limits,
    /// Where heads are received, one connection at a time.
    scratch: Vec<u8>,
    response: Response,
    ready: Vec<Ready>,
    /// How many of them are the service's own.
    feeds: usize,
    /// Listening is paused until then.
    paused: Option<Instant>,
    limiter: Limiter,
}

impl Server {
    /// Serves on `listeners`.
    pub fn new(
        signals: Signals,
        notify: Notify,
        listeners: Vec<Listener>,
        limits: Limits,
    ) -> Server {
        Server {
            signals,
            notify,
            listeners,
            connections: Vec::new(),
            limits,
            scratch: vec![0; limits.head],
            response: Response::default(),
            ready: Vec::new(),
            feeds: 0,
            paused: None,
            limiter: Limiter::default(),
        }
    }

    /// Where it listens.
    pub fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    /// From now on listens on `wanted`; on an error all stays as it was.
    pub fn listen(&mut self, wanted: &[Listen]) -> io::Result<()> {
        listen::change(&mut self.listeners, wanted)
    }

    /// Goes on with other limits; connections stay.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        // A kept beginning of a head may be longer than a new, lower limit.
        let kept = self.connections.iter().map(Connection::kept).max().unwrap_or(0);
        self.scratch = vec![0; limits.head.max(kept + 1)];
    }

    /// Serves until a signal comes, and returns it.
    pub fn run(&mut self, service: &mut Service) -> io::Result<Signal> {
        loop {
            self.turn(service, None)?;
            let signalled = self.ready.first().is_some_and(|r| r.any());
            if let Some(signal) = signalled.then(|| self.signals.next()).flatten() {
                return Ok(signal);
            }
        }
    }

    /// Takes no more connections and finishes the answers under way, until `end` at the latest or
    /// until it is told to end once more.
    pub fn finish(&mut self, service: &mut Service, end: Instant) -> io::Result<()> {
        self.listeners.clear();
        self.connections.iter_mut().for_each(Connection::end);
        loop {
            self.connections.retain(|c| matches!(c.phase(), Phase::Drain | Phase::Linger));
            if self.connections.is_empty() || Instant::now() >= end {
                service.finish();
                return Ok(());
            }
            self.turn(service, Some(end))?;
            // A signal that is left pending would wake every turn at once.
            while let Some(signal) = self.signals.next() {
                if signal != Signal::Hangup {
                    service.finish();
                    return Ok(());
                }
            }
        }
    }

    /// One turn: wait, then hand out what is ready.
    fn turn(&mut self, service: &mut Service, end: Option<Instant>) -> io::Result<()> {
        self.rebuild(service);
        let deadline = self.deadline().into_iter().chain(service.deadline()).chain(end).min();
        let pending = self.connections.iter().any(Connection::has_pending_input);
        let timeout = match deadline {
            _ if pending => Some(Duration::ZERO),
            deadline => deadline.map(|d| d.saturating_duration_since(Instant::now())),
        };
        sys::poll(&mut self.ready, timeout)?;
        let now = Instant::now();
        self.notify.beat(now);
        // From the last to the first: removing one moves only connections that were handled.
        let first = self.first_connection();
        for at in (0..self.connections.len()).rev() {
            let ready = self.ready.get(first + at).copied();
            let close = self.handle(at, ready, service, now) == Next::Close;
            if close {
                self.connections.swap_remove(at);
            }
        }
        if self.paused.is_none_or(|until| until <= now) {
            self.paused = None;
            self.accept(service, now);
        }
        // Whoever waits for an answer comes first.
        service.turn(self.ready.get(1..1 + self.feeds).unwrap_or_default(), now);
        service.traffic.now = self.connections.len() as u64;
        Ok(())
    }

    /// What to wait for, in the order signals, the service's feeds, listeners, connections.
    fn rebuild(&mut self, service: &Service) {
        self.ready.clear();
        self.ready.push(Ready::wait(self.signals.as_fd(), true, false));
        service.wait_on(&mut self.ready);
        self.feeds = self.ready.len() - 1;
        let open = self.paused.is_none();
        self.ready.extend(self.listeners.iter().map(|l| Ready::wait(l.as_fd(), open, false)));
        self.ready.extend(self.connections.iter().map(|c| {
            let drains = c.phase() == Phase::Drain;
            Ready::wait(c.socket(), !drains, drains)
        }));
    }

    fn first_listener(&self) -> usize {
        1 + self.feeds
    }

    fn first_connection(&self) -> usize {
        self.first_listener() + self.listeners.len()
    }

    fn deadline(&self) -> Option<Instant> {
        let connections = self.connections.iter().map(Connection::deadline);
        connections.chain(self.paused).chain(self.notify.deadline()).min()
    }

    /// Gives one connection its turn.
    fn handle(
        &mut self,
        at: usize,
        ready: Option<Ready>,
        service: &mut Service,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Wait };
        let is_ready = ready.is_some_and(Ready::any) || connection.has_pending_input();
        // What came in time is still taken; but who was told the end may not go on for ever.
        let is_over = connection.deadline() <= now;
        if is_over && (!is_ready || connection.phase() == Phase::Linger) {
            return self.expire(at, service, now);
        }
        if !is_ready {
            return Next::Wait;
        }
        if connection.phase() == Phase::Drain {
            return connection.drain(&self.limits, now);
        }
        let next = connection.receive(&mut self.scratch, &self.limits, now);
        self.follow(at, next, service, now)
    }

    /// Does what comes next for one connection.
    fn follow(&mut self, at: usize, next: Next, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match next {
            Next::Answer(end) => self.serve(at, end, service, now),
            Next::TooLong => {
                connection.end();
                let sentence = "The request head is too long.";
                service.turn_away(Status::HeadersTooLarge, sentence, &mut self.response);
                self.respond(at, true, now)
            }
            Next::Received => self.deliver(at, service, now),
            Next::Refuse(refusal) => {
                connection.take_intake();
                connection.end();
                service.refuse(refusal, &mut self.response);
                self.respond(at, true, now)
            }
            Next::Wait if connection.phase() == Phase::Intake => self.bound(at, service, now),
            next => next,
        }
    }

    /// A body is coming in; all that are must not take more room than a few of the longest.
    fn bound(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let held: usize = self.connections.iter().map(Connection::held).sum();
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        if held <= MAX_BODIES * service.body_limit() {
            return Next::Wait;
        }
        connection.take_intake();
        connection.end();
        let sentence = "Too much is being received; come again.";
        service.turn_away(Status::Unavailable, sentence, &mut self.response);
        self.respond(at, true, now)
    }

    /// Answers a request whose body has come.
    fn deliver(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let Some(intake) = connection.take_intake() else { return Next::Close };
        let Ok(request) = Request::parse(&intake.head) else { return Next::Close };
        service.receive(&request, &intake.body, now, &mut self.response);
        if log::enabled(Level::Debug) {
            report(connection, &request, &self.response, now);
        }
        self.respond(at, true, now)
    }

    /// Answers the request whose head is the first `end` bytes of the scratch.
    fn serve(&mut self, at: usize, end: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        let head = self.scratch.get(..end).unwrap_or_default();
        let mut body = true;
        let parsed = Request::parse(head);
        if let Ok(request) = parsed
            && service.takes_body(&request)
        {
            let is_local = sys::is_local(connection.socket());
            if service.admits(&request, is_local, &mut self.response) {
                let limit = service.body_limit();
                let next = connection.collect(&request, head, limit, &self.limits, now);
                return self.follow(at, next, service, now);
            }
            if connection.frame(&request).is_err() {
                connection.end();
            }
            return self.respond(at, true, now);
        }
        match parsed.and_then(|r| connection.frame(&r).map(|()| r)) {
            Ok(request) => {
                service.answer(&request, &mut self.response);
                body = request.method != Method::Head;
                if request.is_http10 {
                    self.response.for_http10();
                }
                if log::enabled(Level::Debug) {
                    report(connection, &request, &self.response, now);
                }
            }
            Err(refusal) => {
                connection.end();
                service.refuse(refusal, &mut self.response);
            }
        }
        self.respond(at, body, now)
    }

    fn respond(&mut self, at: usize, body: bool, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        self.response.finish(connection.keeps_alive(), body);
        connection.answer(self.response.bytes(), &self.limits, now)
    }

    /// The connection's deadline is over.
    fn expire(&mut self, at: usize, service: &mut Service, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match connection.phase() {
            Phase::Idle | Phase::Linger => Next::Close,
            Phase::Drain | Phase::Body(_) => {
                service.traffic.timed_out += 1;
                Next::Close
            }
            Phase::Head if connection.kept() == 0 => {
                service.traffic.timed_out += 1;
                Next::Close // it never said a word
            }
            Phase::Head | Phase::Intake => {
                connection.take_intake();
                service.traffic.timed_out += 1;
                connection.end();
                let sentence = "The request took too long.";
                service.turn_away(Status::RequestTimeout, sentence, &mut self.response);
                self.respond(at, true, now)
            }
        }
    }

    fn accept(&mut self, service: &mut Service, now: Instant) {
        // Those who came in this turn must not push each other out before they were heard.
        let share = self.limits.connections / 2 / self.listeners.len().max(1);
        let most = share.clamp(1, MAX_ACCEPTS);
        for i in 0..self.listeners.len() {
            if !self.ready.get(self.first_listener() + i).is_some_and(|r| r.any()) {
                continue;
            }
            for _ in 0..most {
                if let Some(until) = self.heard_by().filter(|until| *until > now) {
                    self.paused = Some(until);
                    return;
                }
                let Some(listener) = self.listeners.get(i) else { break };
                match sys::accept(listener.socket()) {
                    Ok(socket) => self.admit(socket, service, now),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if sys::is_exhaustion(&e) => {
                        self.exhausted(&e, service, now);
                        break;
                    }
                    Err(_) => {} // the client went away again
                }
            }
        }
    }

    /// Gives a new client a slot: a free one, or that of whoever waits longest.
    fn admit(&mut self, socket: OwnedFd, service: &mut Service, now: Instant) {
        let mut newcomer = Connection::new(socket, &self.limits, now);
        // More than one may have to go where the settings lowered the limit.
        while self.connections.len() >= self.limits.connections {
            if self.evict(service) {
                continue;
            }
            service.traffic.refused += 1;
            newcomer.end();
            let sentence = "Too many clients are being served; come again.";
            service.turn_away(Status::Unavailable, sentence, &mut self.response);
            self.response.finish(false, true);
            newcomer.answer(self.response.bytes(), &self.limits, now);
            return;
        }
        self.connections.push(newcomer);
    }

    /// Closes the connection that idles longest, or else the one whose request takes longest, so
    /// that a newcomer outlives those who trickle; false if all are taking answers.
    fn evict(&mut self, service: &mut Service) -> bool {
        let Some(at) = self.next_to_go() else { return false };
        self.connections.swap_remove(at);
        service.traffic.evicted += 1;
        true
    }

    fn next_to_go(&self) -> Option<usize> {
        let waiting = self.connections.iter().enumerate();
        let waiting = waiting.filter(|(_, c)| c.phase() != Phase::Drain);
        waiting.min_by_key(|(_, c)| (c.phase() != Phase::Idle, c.since())).map(|(at, _)| at)
    }

    /// Until when newcomers have to wait for a slot: a flood of connections would push each of
    /// them out before its request is here. `None` if there is room, or somebody had his time.
    fn heard_by(&self) -> Option<Instant> {
        if self.connections.len() < self.limits.connections {
            return None;
        }
        let next = self.connections.get(self.next_to_go()?)?;
        let is_new = next.phase() == Phase::Head && next.kept() == 0;
        is_new.then(|| next.since() + HEARING)
    }

    /// There is no descriptor for another connection: make room, or pause.
    fn exhausted(&mut self, error: &io::Error, service: &mut Service, now: Instant) {
        if !self.evict(service) {
            service.traffic.refused += 1;
            self.paused = Some(now + PAUSE);
        }
        if let Some(held_back) = self.limiter.pass(now) {
            let fields: [log::Field<'_>; 2] = [("error", error), ("repeated", &held_back)];
            log::error("cannot take another connection", &fields);
        }
    }
}

/// Each request at debug level.
fn report(connection: &Connection, request: &Request<'_>, response: &Response, start: Instant) {
    let client = sys::peer_name(connection.socket());
    let micros = start.elapsed().as_micros();
    log::debug(
        "request",
        &[
            ("client", &client),
            ("path", &request.path),
            ("status", &response.status().code()),
            ("bytes", &response.body().len()),
            ("duration_us", &micros),
        ],
    );
}
