//! The steps of a connection before requests are answered: the handshake of TLS, and the wait for a password
//! check.

use super::{Connection, Limits, Phase};
use crate::workers::Handshake;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Connection {
    /// Expects a handshake, which is due at once.
    pub fn expect_tls(&mut self) {
        self.channel.expect_tls();
        self.phase = Phase::Greet;
    }

    /// Marks its client as admitted by the file of a Unix socket.
    pub fn set_private(&mut self) {
        self.channel.set_private();
    }

    /// Whether its client needs no login.
    pub fn is_private(&self) -> bool {
        self.channel.is_private()
    }

    /// Bytes that it buffers for a handshake.
    pub fn handshake_bytes(&self) -> usize {
        self.channel.handshake_bytes()
    }

    /// Whether records of a handshake wait for the socket.
    pub fn wants_write(&self) -> bool {
        self.channel.wants_write()
    }

    /// Continues the handshake; once it is done the first request is due.
    pub fn handshake(
        &mut self,
        config: &Arc<ServerConfig>,
        limits: &Limits,
        now: Instant,
    ) -> Handshake {
        let greeting = self.channel.handshake(config);
        match greeting {
            Handshake::Done => self.enter(Phase::Head, now, limits.head_time),
            // A client that continues keeps its place.
            Handshake::Waits => self.since = now,
            Handshake::Failed(_) | Handshake::Refused(_) => self.linger(now),
        }
        greeting
    }

    /// Lets the request with this head wait for the password check of this number. It is read again after it.
    pub fn wait_for_login(&mut self, head: &[u8], number: u64, time: Duration, now: Instant) {
        let rest = std::mem::take(&mut self.input);
        self.input.reserve_exact(head.len() + rest.len());
        self.input.extend_from_slice(head);
        self.input.extend_from_slice(&rest);
        self.enter(Phase::Login(number), now, time);
    }

    /// That check is done: the request is read again.
    pub fn resume(&mut self, limits: &Limits, now: Instant) {
        self.enter(Phase::Idle, now, limits.idle_time);
    }
}
