//! Newcomers: who gets a slot, who makes room for them, and what when there is none.

use super::{Front, HEARING, MAX_ACCEPTS, PAUSE, Server};
use crate::http::{Connection, Phase, Status};
use crate::log;
use crate::sys;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

impl Server {
    pub(super) fn accept(&mut self, front: &mut dyn Front, now: Instant) {
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
                    Ok(socket) => self.admit(socket, front, now),
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                    Err(e) if sys::is_exhaustion(&e) => {
                        self.exhausted(&e, front, now);
                        break;
                    }
                    Err(_) => {} // the client went away again
                }
            }
        }
    }

    /// Gives a new client a slot: a free one, or that of whoever waits longest.
    fn admit(&mut self, socket: OwnedFd, front: &mut dyn Front, now: Instant) {
        let mut newcomer = Connection::new(socket, &self.limits, now);
        // More than one may have to go where the settings lowered the limit.
        while self.connections.len() >= self.limits.connections {
            if self.evict(front) {
                continue;
            }
            front.traffic().refused += 1;
            newcomer.end();
            let sentence = "Too many clients are being served; come again.";
            self.turn_away(Status::Unavailable, sentence, front);
            self.response.finish(false, true);
            newcomer.answer(self.response.bytes(), &self.limits, now);
            return;
        }
        self.connections.push(newcomer);
    }

    /// Closes the connection that idles longest, or else the one whose request takes longest, so
    /// that a newcomer outlives those who trickle; false if all are taking answers.
    fn evict(&mut self, front: &mut dyn Front) -> bool {
        let Some(at) = self.next_to_go() else { return false };
        self.connections.swap_remove(at);
        front.traffic().evicted += 1;
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
    fn exhausted(&mut self, error: &io::Error, front: &mut dyn Front, now: Instant) {
        if !self.evict(front) {
            front.traffic().refused += 1;
            self.paused = Some(now + PAUSE);
        }
        if let Some(held_back) = self.limiter.pass(now) {
            let fields: [log::Field<'_>; 2] = [("error", error), ("repeated", &held_back)];
            log::error("cannot take another connection", &fields);
        }
    }
}
