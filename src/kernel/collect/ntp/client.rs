//! Asks the server, on a thread of its own: name resolution and the network may take their time.

use super::packet::{Answer, LENGTH, Refusal, question, timestamp};
use crate::base::clock::WallClock;
use crate::base::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Instant;

/// For messages.
pub const PATH: &str = "NTP server";

/// Room for an answer with extensions, which are not looked at.
const ROOM: usize = 1024;

/// Packets that are no answer to the question; after so many it is given up.
const MAX_FOREIGN: usize = 64;

/// Who is asked, and how.
pub struct Client {
    pub host: String,
    pub port: u16,
    /// Of the protocol.
    pub version: u8,
    /// Routers that a question may pass, and one more; 0 leaves that to the system.
    pub ttl: u32,
    random: RandomState,
    asked: u64,
    /// What came of the last question.
    pub answer: Result<Answer, Error>,
}

impl Client {
    /// Nothing is asked yet.
    pub fn new(host: String, port: u16, version: u8, ttl: u32) -> Client {
        let answer = Err(Error::Absent(PATH.into()));
        Client { host, port, version, ttl, random: RandomState::new(), asked: 0, answer }
    }

    /// Asks once, and waits until then.
    pub fn ask(&mut self, until: Instant) {
        self.asked = self.asked.wrapping_add(1);
        self.answer = self.exchange(self.random.hash_one(self.asked), until);
    }

    fn exchange(&self, nonce: u64, until: Instant) -> Result<Answer, Error> {
        let failed = |error: io::Error| Error::of(PATH, &error);
        let socket = self.connect(self.address()?).map_err(failed)?;
        let (sent, start) = (WallClock::now().since_epoch(), Instant::now());
        socket.send(&question(self.version, nonce)).map_err(failed)?;
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

    /// The server's address; of a name that has several, one of IPv4 if there is one.
    fn address(&self) -> Result<SocketAddr, Error> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(SocketAddr::new(ip, self.port));
        }
        let found = (&*self.host, self.port).to_socket_addrs().ok();
        let first = |addresses: std::vec::IntoIter<SocketAddr>| {
            addresses.clone().find(SocketAddr::is_ipv4).or_else(|| addresses.clone().next())
        };
        let unknown = || Error::parse(PATH, "a name that is known", self.host.as_bytes());
        found.and_then(first).ok_or_else(unknown)
    }

    /// A socket with a port of its own for each question: an answer that is late finds nobody.
    fn connect(&self, server: SocketAddr) -> io::Result<UdpSocket> {
        let any = match server {
            SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let socket = UdpSocket::bind((any, 0))?;
        if self.ttl > 0 && server.is_ipv4() {
            socket.set_ttl(self.ttl)?;
        }
        socket.connect(server)?;
        Ok(socket)
    }
}

/// Waits for a packet.
fn receive<'a>(
    socket: &UdpSocket,
    room: &'a mut [u8; ROOM],
    until: Instant,
) -> io::Result<&'a [u8]> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv(room) {
            Ok(length) => return Ok(room.get(..length).unwrap_or_default()),
            Err(error) if is_to_repeat(error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The time may be over, or a signal came.
fn is_to_repeat(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
