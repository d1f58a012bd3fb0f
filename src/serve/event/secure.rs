//! https and users in the loop: handshakes, requests that wait for a password check, and
//! rejected ones.

use super::{Handler, Server};
use crate::base::log;
use crate::base::sys;
use crate::serve::http::{Connection, Next, Phase, Request, Status};
use crate::serve::security::{Security, Verdict};
use crate::workers::Handshake;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Bytes that are kept for all handshakes together.
const MAX_GREETINGS: usize = 4 << 20;

/// How long a request waits for its password check.
const LOGIN: Duration = Duration::from_secs(10);

const SLOW: &str = "The check of the password took too long; try again later.";
const BUSY: &str = "Too many passwords are being checked; try again later.";
const OFTEN: &str = "More requests than rate_limit allows; try again later.";

/// Why a request is not served, at least not now.
pub(super) enum Denied {
    Later(u64),
    Busy,
    Often,
    Unknown,
}

impl Security {
    /// Whether the client of `request` may not have its response.
    pub(super) fn denies(
        &mut self,
        connection: &mut Connection,
        request: &Request<'_>,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Option<Denied> {
        if self.is_open() || connection.is_private() || handler.takes_token(request) {
            return None;
        }
        let verdict = self.judge(request.authorization, now);
        handler.traffic().failed_reloads = self.failed();
        let denied = match verdict {
            Verdict::Good => return None,
            Verdict::Later(number) => return Some(Denied::Later(number)),
            Verdict::Busy => Denied::Busy,
            Verdict::Often => Denied::Often,
            Verdict::Bad => Denied::Unknown,
        };
        if connection.frame(request).is_err() {
            connection.end();
        }
        Some(denied)
    }
}

impl Server {
    /// Serves with the settings of `security` from now on.
    ///
    /// # Errors
    ///
    /// Never fails here: only the reference server does.
    pub fn secure(&mut self, mut security: Security) -> io::Result<()> {
        security.resume(&self.security);
        if security.has_tls() != self.security.has_tls() {
            // Clients with an outdated handshake have to connect again.
            self.connections.retain(|c| !matches!(c.phase(), Phase::Idle | Phase::Greet));
        }
        self.security = security;
        self.response.always(&[]);
        // The results that they wait for will not come.
        let now = Instant::now();
        for connection in &mut self.connections {
            if let Phase::Login(_) = connection.phase() {
                connection.resume(&self.limits, now);
            }
        }
        Ok(())
    }

    /// A new client of the listener `at`.
    pub(super) fn newcomer(&mut self, at: usize, socket: OwnedFd, now: Instant) -> Connection {
        let is_private = self.listeners.get(at).is_some_and(|listener| listener.is_unix());
        let mut connection = Connection::new(socket, &self.limits, now);
        if is_private {
            connection.set_private();
        } else if self.security.has_tls() {
            connection.expect_tls();
        }
        connection
    }

    /// Continues a handshake.
    pub(super) fn handshake(&mut self, at: usize, handler: &mut dyn Handler, now: Instant) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        // TLS was switched off meanwhile.
        let Some(config) = self.security.tls(now) else { return Next::Close };
        let greeting = connection.handshake(config, &self.limits, now);
        handler.traffic().failed_reloads = self.security.failed();
        match greeting {
            Handshake::Done => Next::Wait,
            Handshake::Waits => self.bound_greetings(at, handler),
            Handshake::Failed(why) => {
                handler.traffic().failed_handshakes += 1;
                if let Some(why) = why
                    && log::enabled(log::Level::Debug)
                {
                    let client = sys::peer_name(connection.socket());
                    log::debug("a TLS handshake failed", &[("client", &client), ("error", &why)]);
                }
                Next::Wait
            }
            Handshake::Refused(why) => {
                handler.traffic().failed_handshakes += 1;
                if let Some(held_back) = self.security.refusals.pass(now) {
                    let client = sys::peer_name(connection.socket());
                    let fields: [log::Field<'_>; 3] =
                        [("client", &client), ("error", &why), ("repeated", &held_back)];
                    log::warn("a client's certificate was refused", &fields);
                }
                Next::Wait
            }
        }
    }

    /// Bounds the data of all handshakes together: the largest is closed.
    fn bound_greetings(&mut self, at: usize, handler: &mut dyn Handler) -> Next {
        let all: usize = self.connections.iter().map(Connection::handshake_bytes).sum();
        if all <= MAX_GREETINGS {
            return Next::Wait;
        }
        let sizes = self.connections.iter().enumerate().map(|(i, c)| (c.handshake_bytes(), i));
        let Some((_, largest)) = sizes.max() else { return Next::Wait };
        handler.traffic().evicted += 1;
        if largest == at {
            return Next::Close;
        }
        if let Some(connection) = self.connections.get_mut(largest) {
            connection.abandon(Instant::now());
        }
        Next::Wait
    }

    /// Rejects, or delays, the request whose head is the first `end` bytes of the scratch.
    pub(super) fn deny(
        &mut self,
        at: usize,
        end: usize,
        denied: Denied,
        has_body: bool,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        match denied {
            Denied::Later(number) => {
                let head = self.scratch.get(..end).unwrap_or_default();
                connection.wait_for_login(head, number, LOGIN, now);
                return Next::Wait;
            }
            Denied::Busy => self.turn_away(Status::Unavailable, BUSY, handler),
            Denied::Often => self.turn_away(Status::TooManyRequests, OFTEN, handler),
            Denied::Unknown => {
                self.response.require_login();
                handler.refused(Status::Unauthorized);
            }
        }
        self.respond(at, has_body, handler, now)
    }

    /// Handles checked passwords: the requests that wait for them are read again. Also updates changed
    /// headers.
    pub(super) fn take_logins(&mut self, now: Instant) {
        if let Some(headers) = self.security.changed_headers() {
            self.response.always(headers);
        }
        while let Some(number) = self.security.take() {
            for connection in &mut self.connections {
                if connection.phase() == Phase::Login(number) {
                    connection.resume(&self.limits, now);
                }
            }
        }
    }

    /// Handles the deadline of a handshake, or of a password check.
    pub(super) fn expire_guarded(
        &mut self,
        at: usize,
        handler: &mut dyn Handler,
        now: Instant,
    ) -> Next {
        let Some(connection) = self.connections.get_mut(at) else { return Next::Close };
        handler.traffic().timed_out += 1;
        if connection.phase() == Phase::Greet {
            handler.traffic().failed_handshakes += 1;
            return Next::Close;
        }
        connection.end();
        self.turn_away(Status::Unavailable, SLOW, handler);
        self.respond(at, true, handler, now)
    }
}
