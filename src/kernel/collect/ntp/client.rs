//! The request to the server, on a thread of its own: name resolution and the network may take their time.

use super::packet::{Answer, LENGTH, Refusal, request, timestamp};
use crate::base::clock::WallClock;
use crate::base::error::{Error, KeptError};
use crate::kernel::read::datagram::{self, receive};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// The place in messages.
pub const PATH: &str = "NTP server";

/// Room for an answer with extensions, which are ignored.
const ROOM: usize = 1024;

/// Packets that do not answer the request; after this many it is given up.
const MAX_FOREIGN: usize = 64;

/// The server that is queried, and how.
pub struct Client {
    pub host: String,
    pub port: u16,
    /// The version of the protocol.
    pub version: u8,
    /// The TTL of the request's packets; 0 uses the system's default.
    pub ttl: u32,
    random: RandomState,
    requests: u64,
    /// The result of the last request.
    pub answer: Result<Answer, KeptError>,
}

impl Client {
    /// A client without a request so far.
    pub fn new(host: String, port: u16, version: u8, ttl: u32) -> Client {
        let answer = Err(Error::Absent(PATH.into()).keep());
        Client { host, port, version, ttl, random: RandomState::new(), requests: 0, answer }
    }

    /// Sends one request, and waits for the answer until the deadline.
    pub fn ask(&mut self, until: Instant) {
        self.requests = self.requests.wrapping_add(1);
        let answer = self.exchange(self.random.hash_one(self.requests), until);
        self.answer = answer.map_err(KeptError::from);
    }

    fn exchange(&self, nonce: u64, until: Instant) -> Result<Answer, Error> {
        let failed = |error: io::Error| Error::of(PATH, &error);
        let socket = datagram::connect(self.address()?, self.ttl).map_err(failed)?;
        let (sent, start) = (WallClock::now().since_epoch(), Instant::now());
        socket.send(&request(self.version, nonce)).map_err(failed)?;
        let mut room = [0; ROOM];
        for _ in 0..MAX_FOREIGN {
            let packet = receive(&socket, &mut room, until).map_err(failed)?;
            // The wall clock may be set meanwhile.
            let received = sent.saturating_add(start.elapsed());
            match Answer::of(packet, nonce, timestamp(sent), timestamp(received)) {
                Ok(answer) => return Ok(answer),
                Err(Refusal::Foreign) => {}
                Err(Refusal::Broken(expected)) => {
                    let head = packet.get(..packet.len().min(LENGTH)).unwrap_or_default();
                    return Err(Error::parse(PATH, expected, head));
                }
            }
        }
        Err(Error::parse(PATH, "an answer to the question", b""))
    }

    fn address(&self) -> Result<SocketAddr, Error> {
        let unknown = || Error::parse(PATH, "a name that is known", self.host.as_bytes());
        datagram::address(&self.host, self.port).ok_or_else(unknown)
    }
}
