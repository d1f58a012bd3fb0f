//! A request and its answer over UDP. It blocks, until a deadline.

use crate::base::sys;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Instant;

/// The address of a host; if a name has several, one of IPv4 if there is one.
pub fn address(host: &str, port: u16) -> Option<SocketAddr> {
    let found = sys::resolve(host, port).ok()?;
    found.iter().find(|address| address.is_ipv4()).or(found.first()).copied()
}

/// A socket with a port of its own for each request: a late answer reaches no socket. `ttl` is how many
/// hops a request may take; 0 for the system's default.
pub fn connect(server: SocketAddr, ttl: u32) -> io::Result<UdpSocket> {
    let any = match server {
        SocketAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    if ttl > 0 && server.is_ipv4() {
        socket.set_ttl(ttl)?;
    }
    socket.connect(server)?;
    Ok(socket)
}

/// Waits for a packet.
pub fn receive<'a>(socket: &UdpSocket, room: &'a mut [u8], until: Instant) -> io::Result<&'a [u8]> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::from_raw_os_error(libc::ETIMEDOUT));
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv(room) {
            Ok(length) => return Ok(room.get(..length).unwrap_or_default()),
            Err(error) if should_retry(error.kind()) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether to check the deadline and try again: the time may be over, or a signal came.
fn should_retry(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
