//! A connection to a service of this machine or near it. It blocks, until a deadline.

use crate::base::error::{Error, Place};
use crate::base::sys::{self, connect_unix};
use crate::base::wire::Url;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Addresses of one name that are tried.
const MAX_ADDRESSES: usize = 4;

/// Bytes of one read.
const PIECE: usize = 8 << 10;

/// The peer of a connection.
#[derive(Clone)]
pub enum Peer {
    /// A host and a port.
    Tcp(String, u16),
    /// The path of a Unix socket.
    Unix(Vec<u8>),
}

impl Peer {
    /// The host and port of `url`.
    pub fn of(url: &Url) -> Peer {
        Peer::Tcp(url.host.trim_start_matches('[').trim_end_matches(']').to_owned(), url.port)
    }

    /// Parses `host:port`, `[address]:port`, or either without a port; `None` for anything
    /// else.
    pub fn tcp(text: &str, port: u16) -> Option<Peer> {
        let (host, given) = match text.rsplit_once(':') {
            // The colons are part of an address.
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => (text, None),
            Some((host, given)) => (host, Some(given)),
            None => (text, None),
        };
        let port = given.map_or(Some(port), |given| given.parse().ok().filter(|port| *port > 0))?;
        let host = host.strip_prefix('[').map_or(Some(host), |host| host.strip_suffix(']'))?;
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
        (!host.is_empty() && host.chars().all(is_host)).then(|| Peer::Tcp(host.to_owned(), port))
    }
}

/// A connection of either kind.
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Connects, at the latest by `until`.
pub fn connect(peer: &Peer, until: Instant) -> io::Result<Stream> {
    let (host, port) = match peer {
        Peer::Unix(path) => return connect_unix(path, left(until)?).map(Stream::Unix),
        Peer::Tcp(host, port) => (host.as_str(), *port),
    };
    let mut failed = io::Error::from(ErrorKind::NotFound);
    for address in sys::resolve(host, port)?.iter().take(MAX_ADDRESSES) {
        match TcpStream::connect_timeout(address, left(until)?) {
            Ok(stream) => return Ok(Stream::Tcp(stream)),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Stream {
    /// Sends all of `bytes`.
    pub fn send(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            let left = Some(left(until)?);
            let sent = match self {
                Stream::Tcp(s) => s.set_write_timeout(left).and_then(|()| s.write(bytes)),
                Stream::Unix(s) => s.set_write_timeout(left).and_then(|()| s.write(bytes)),
            };
            bytes = bytes.get(tolerate(sent)?.unwrap_or(0)..).unwrap_or_default();
        }
        Ok(())
    }

    /// Appends received bytes; 0 at the end.
    pub fn receive(&mut self, to: &mut Vec<u8>, until: Instant) -> io::Result<usize> {
        let length = to.len();
        loop {
            let left = Some(left(until)?);
            to.resize(length + PIECE, 0);
            let piece = to.get_mut(length..).unwrap_or_default();
            let read = match self {
                Stream::Tcp(s) => {
                    let _ = sys::acknowledge(s);
                    s.set_read_timeout(left).and_then(|()| s.read(piece))
                }
                Stream::Unix(s) => s.set_read_timeout(left).and_then(|()| s.read(piece)),
            };
            to.truncate(length + read.as_ref().map_or(0, |n| *n));
            if let Some(n) = tolerate(read)? {
                return Ok(n);
            }
        }
    }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::Error::from_raw_os_error(libc::ETIMEDOUT)) } else { Ok(left) }
}

/// `None` for an interruption, and for a timeout: the deadline is checked elsewhere.
fn tolerate(done: io::Result<usize>) -> io::Result<Option<usize>> {
    match done {
        Ok(n) => Ok(Some(n)),
        Err(error) => match error.kind() {
            ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(None),
            _ => Err(error),
        },
    }
}

/// The error of a connection to `place`. ECONNRESET if the peer ended it; EHOSTUNREACH if the name of the host could
/// not be resolved.
#[cold]
pub fn failure(place: Place, error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::Read(place.into(), libc::ECONNRESET),
        _ if error.raw_os_error().is_none() => Error::Read(place.into(), libc::EHOSTUNREACH),
        _ => Error::of(place, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_named_with_and_without_a_port() {
        let peer = |text: &str| match Peer::tcp(text, 3493) {
            Some(Peer::Tcp(host, port)) => format!("{host} {port}"),
            _ => "none".to_owned(),
        };
        for (text, expected) in [
            ("ups.lan", "ups.lan 3493"),
            ("ups.lan:1", "ups.lan 1"),
            ("192.0.2.1:65535", "192.0.2.1 65535"),
            ("::1", "::1 3493"),
            ("[::1]", "::1 3493"),
            ("[fe80::1%eth0]:7", "fe80::1%eth0 7"),
            ("", "none"),
            (":1", "none"),
            ("h:0", "none"),
            ("h:65536", "none"),
            ("h:x", "none"),
            ("http://h", "none"),
            ("[::1", "none"),
            ("a b", "none"),
        ] {
            assert_eq!(peer(text), expected, "{text}");
        }
    }
}
