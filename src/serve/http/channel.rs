//! The transport of a connection: its socket, or TLS on it. Nothing here waits.

use crate::base::sys;
use crate::workers::{Handshake, Session};
use rustls::ServerConfig;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Bytes that distinguish TLS from HTTP: the head of a record.
const HELLO: usize = 5;

/// The beginnings of requests that Go checks for.
const METHODS: [&[u8; HELLO]; 5] = [b"GET /", b"HEAD ", b"POST ", b"PUT /", b"OPTIO"];

/// The response to plain HTTP on an https listener: Go's words.
const NOT_HTTPS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// A socket, or TLS on it.
pub struct Channel {
    socket: OwnedFd,
    layer: Layer,
    /// The file of a Unix socket controls access already.
    is_private: bool,
}

enum Layer {
    Plain,
    /// TLS has not begun; this many bytes of the first record are here. A client that sends nothing costs no more.
    Hello([u8; HELLO], usize),
    Tls(Box<Session>),
}

impl Channel {
    /// A channel without TLS.
    pub fn plain(socket: OwnedFd) -> Channel {
        Channel { socket, layer: Layer::Plain, is_private: false }
    }

    /// Expects TLS from now on.
    pub fn expect_tls(&mut self) {
        self.layer = Layer::Hello([0; HELLO], 0);
    }

    /// Marks the client as needing no login.
    pub fn set_private(&mut self) {
        self.is_private = true;
    }

    /// Whether the client needs no login.
    pub fn is_private(&self) -> bool {
        self.is_private
    }

    /// The socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Continues the handshake.
    pub fn handshake(&mut self, config: &Arc<ServerConfig>) -> Handshake {
        let socket = self.socket.as_fd();
        if let Layer::Hello(first, count) = &mut self.layer {
            match sys::receive(socket, first.get_mut(*count..).unwrap_or_default()) {
                Ok(0) => return Handshake::Failed(None),
                Ok(n) => *count += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Handshake::Waits,
                Err(_) => return Handshake::Failed(None),
            }
            if *count < HELLO {
                return Handshake::Waits;
            }
            if METHODS.contains(&&*first) {
                let _ = sys::send(socket, NOT_HTTPS);
                return Handshake::Failed(Some("it speaks HTTP".to_owned()));
            }
            let Some(session) = Session::new(config, first) else { return Handshake::Failed(None) };
            self.layer = Layer::Tls(Box::new(session));
        }
        match &mut self.layer {
            Layer::Tls(session) => session.handshake(socket),
            _ => Handshake::Done,
        }
    }

    /// Like `sys::receive`.
    pub fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Tls(session) => session.receive(self.socket.as_fd(), into),
            _ => sys::receive(self.socket.as_fd(), into),
        }
    }

    /// Like `sys::send`; bytes that TLS accepted may still wait here.
    pub fn send(&mut self, from: &[u8]) -> io::Result<usize> {
        match &mut self.layer {
            Layer::Plain => sys::send(self.socket.as_fd(), from),
            // Nothing is sent unencrypted.
            Layer::Hello(..) => Err(io::ErrorKind::NotConnected.into()),
            Layer::Tls(session) => session.send(self.socket.as_fd(), from),
        }
    }

    /// Closes our side for writing.
    pub fn shut_write(&mut self) {
        if let Layer::Tls(session) = &mut self.layer {
            session.close(self.socket.as_fd());
        }
        sys::shut_write(self.socket.as_fd());
    }

    /// Whether sent bytes wait for the socket.
    pub fn wants_write(&self) -> bool {
        matches!(&self.layer, Layer::Tls(session) if session.wants_write())
    }

    /// Whether decrypted bytes are here, which the socket does not report.
    pub fn has_plain(&self) -> bool {
        matches!(&self.layer, Layer::Tls(session) if session.has_plain())
    }

    /// Bytes that are buffered for a handshake.
    pub fn handshake_bytes(&self) -> usize {
        match &self.layer {
            Layer::Tls(session) => session.kept(),
            _ => 0,
        }
    }
}
