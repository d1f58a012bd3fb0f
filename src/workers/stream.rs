//! A connection, plain or with TLS. Every operation of the socket has as its timeout the time
//! until the deadline of the call.

use super::failure::{Failure, broken, is_hung_up, left};
#[cfg(feature = "tls")]
use super::tls;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

/// A connection.
pub enum Stream {
    /// Without TLS.
    Plain(TcpStream),
    /// With TLS.
    #[cfg(feature = "tls")]
    Tls(Box<tls::Stream>),
}

impl Stream {
    /// Whether the peer neither closed nor sent anything unasked.
    pub fn is_silent(&mut self) -> bool {
        match self {
            Stream::Plain(stream) => {
                let peeked = stream.set_nonblocking(true).and_then(|()| stream.peek(&mut [0]));
                let is_silent = peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                is_silent && stream.set_nonblocking(false).is_ok()
            }
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.is_silent(),
        }
    }

    /// Sends all of `bytes`. That the peer stops reading is no error: it may reject a body before
    /// it has all of it, and its response is worth more.
    pub fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), Failure> {
        match self {
            Stream::Plain(stream) => send(stream, bytes, deadline),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.send(bytes, deadline),
        }
    }

    /// Receives some bytes; 0 when the peer closes.
    pub fn receive(&mut self, piece: &mut [u8], deadline: Instant) -> Result<usize, Failure> {
        match self {
            Stream::Plain(stream) => receive(stream, piece, deadline),
            #[cfg(feature = "tls")]
            Stream::Tls(stream) => stream.receive(piece, deadline),
        }
    }
}

fn send(mut stream: &TcpStream, bytes: &[u8], deadline: Instant) -> Result<(), Failure> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let doing = "sending the request";
        let time = left(deadline, doing)?;
        let sent = stream.set_write_timeout(Some(time)).and_then(|()| stream.write(rest));
        match sent {
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if is_hung_up(&error) => break,
            Err(error) => return Err(broken(&error, doing)),
        }
    }
    Ok(())
}

fn receive(mut stream: &TcpStream, piece: &mut [u8], deadline: Instant) -> Result<usize, Failure> {
    loop {
        let doing = "waiting for the answer";
        let time = left(deadline, doing)?;
        let read = stream.set_read_timeout(Some(time)).and_then(|()| stream.read(piece));
        match read {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(&error, doing)),
            Ok(n) => return Ok(n),
        }
    }
}
