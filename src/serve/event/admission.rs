//! New connections: which get a slot, which close to make room for them, and what happens without one. If all are
//! busy, a new connection waits in the kernel's queue until one was answered, which is then closed.

use super::{FIRST_BYTES, GRACE, HOLD, Handler, MAX_KEPT, MIN_READERS, PAUSE, Server};
use crate::base::log;
use crate::base::sys;
use crate::serve::http::{Connection, Next, Phase, Status};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

impl Server {
    /// Accepts new connections, at most `most` of each listener.
    pub(super) fn accept(&mut self, most: usize, handler: &mut dyn Handler, now: Instant) {
        // Connections of this turn must not evict each other before they were read.
        let share = self.limits.connections / 2 / self.listeners.len().max(1);
        let most = share.clamp(1, most);
        // Those that wait were not polled again.
        let waited = std::mem::take(&mut self.crowded);
        for i in 0..self.listeners.len() {
            let is_ready = self.ready.get(self.first_listener() + i).is_some_and(|r| r.any());
            if !waited && !is_ready {
                continue;
            }
            for count in 0..most {
                if let Some(until) = self.full_until().filter(|until| *until > now) {
                    // Whether more connections wait shows at the next turn.
                    if count == 0 {
                        (self.paused, self.crowded) = (Some(until), true);
                    }
                    return;
                }
                let Some(listener) = self.listeners.get(i) else { break };
                match sys::accept(listener.socket()) {
                    Ok(socket) => self.admit(i, socket, handler, now),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if sys::is_exhaustion(&e) => {
                        self.exhausted(&e, handler, now);
                        break;
                    }
                    Err(_) => {} // the client went away again
                }
            }
        }
    }

    /// Gives a new client of the listener `at` a slot: a free one, or that of the client that idles longest.
    fn admit(&mut self, at: usize, socket: OwnedFd, handler: &mut dyn Handler, now: Instant) {
        let mut newcomer = self.newcomer(at, socket, now);
        // More than one may have to be closed if the settings lowered the limit.
        while self.connections.len() >= self.limits.connections {
            if self.evict(handler, now) {
                continue;
            }
            handler.traffic().refused += 1;
            newcomer.end();
            let sentence = "Too many clients are being served; try again later.";
            self.turn_away(Status::Unavailable, sentence, handler);
            self.response.finish(false, true);
            newcomer.answer(&mut self.response, &self.limits, now);
            return;
        }
        self.connections.push(newcomer);
    }

    /// Closes the connection that idles longest, or else the one whose request takes longest, so
    /// that a new client outlives one that sends slowly; false if all are reading responses.
    fn evict(&mut self, handler: &mut dyn Handler, now: Instant) -> bool {
        let Some(at) = self.next_to_go(now) else { return false };
        self.connections.swap_remove(at);
        handler.traffic().evicted += 1;
        true
    }

    fn next_to_go(&self, now: Instant) -> Option<usize> {
        let waiting = self.connections.iter().enumerate();
        let waiting = waiting.filter(|(_, c)| c.phase() != Phase::Drain);
        let next = waiting.min_by_key(|(_, c)| {
            let rank = match c.phase() {
                Phase::Linger => 0,
                Phase::Idle => 1,
                _ => 2,
            };
            (c.silent_since() + grace(c) > now, rank, c.since())
        });
        next.map(|(at, _)| at)
    }

    /// Until when new connections have to wait for a slot: otherwise a flood of connections would evict each of
    /// them before its request is here, or its next one. `None` if there is room, or no connection can
    /// make room.
    fn full_until(&self) -> Option<Instant> {
        if self.connections.len() < self.limits.connections {
            return None;
        }
        let waiting = self.connections.iter().filter(|c| c.phase() != Phase::Drain);
        waiting.map(|c| c.silent_since() + grace(c)).min()
    }

    /// Closes the slowest readers while the data kept for all clients exceeds its limit: first clients
    /// that do not read, and not the current one.
    pub(super) fn bound_kept(&mut self, at: usize, handler: &mut dyn Handler, now: Instant) {
        while self.connections.iter().map(Connection::share).sum::<usize>() > MAX_KEPT {
            if self.connections.iter().filter(|c| c.phase() == Phase::Drain).count() <= MIN_READERS
            {
                return;
            }
            let others = self.connections.iter_mut().enumerate().filter(|(i, _)| *i != at);
            let others = others.map(|(_, c)| c).filter(|c| c.share() > 0);
            let Some(slowest) = others.min_by_key(|c| (c.is_reading(), c.since())) else { return };
            // A reader may not have had the time to show it.
            let is_new = slowest.phase() == Phase::Drain && slowest.since() < now;
            if is_new && slowest.drain(&self.limits, now) == Next::Wait && slowest.since() == now {
                continue;
            }
            slowest.abandon(now);
            handler.traffic().evicted += 1;
        }
    }

    /// Holds requests back while the unread responses fill half of their limit: readers make
    /// room soon. The hold is short, since some may never read.
    pub(super) fn hold_requests(&mut self, now: Instant) {
        let is_full = self.connections.iter().map(Connection::share).sum::<usize>() > MAX_KEPT / 2;
        self.held = match self.held {
            None if is_full => Some(now),
            Some(since) if is_full && now < since + HOLD => Some(since),
            _ => None,
        };
    }

    /// There is no descriptor for another connection: makes room, or pauses.
    fn exhausted(&mut self, error: &io::Error, handler: &mut dyn Handler, now: Instant) {
        if !self.evict(handler, now) {
            handler.traffic().refused += 1;
            self.paused = Some(now + PAUSE);
        }
        if let Some(held_back) = self.limiter.pass(now) {
            let fields: [log::Field<'_>; 2] = [("error", error), ("repeated", &held_back)];
            log::error("cannot take another connection", &fields);
        }
    }
}

/// How long a connection keeps its slot against new ones.
fn grace(connection: &Connection) -> Duration {
    match connection.phase() {
        Phase::Head if connection.kept() == 0 => FIRST_BYTES,
        _ => GRACE,
    }
}
