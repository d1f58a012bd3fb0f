//! One client's TLS session, on a socket that does not block: nothing here waits.

use crate::base::sys;
use rustls::Error;
use rustls::server::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Bytes that a client may send until its handshake is done: a long chain of certificates fits.
const MAX_GREETING: usize = 64 << 10;

/// Bytes of an answer that wait as encrypted records: the rest stays with the answer.
const BUFFER: usize = 32 << 10;

/// Reads per turn, so that no client delays the others with empty records.
const MAX_READS: usize = 16;

/// The state of the handshake.
pub enum Handshake {
    /// It is done: requests may come.
    Done,
    /// It waits for the client.
    Waits,
    /// It failed: the reason, unless the client is simply gone.
    Failed(Option<String>),
    /// The client has no certificate that is accepted: the reason.
    Refused(String),
}

/// The session of one client.
pub struct Session {
    connection: ServerConnection,
    /// Bytes received until the handshake was done.
    greeted: usize,
    /// Bytes that were decrypted and not yet read.
    plain: usize,
}

impl Session {
    /// A session that begins with these bytes; `None` if TLS cannot buffer them.
    pub fn new(config: &Arc<ServerConfig>, first: &[u8]) -> Option<Session> {
        let mut connection = ServerConnection::new(Arc::clone(config)).ok()?;
        connection.set_buffer_limit(Some(BUFFER));
        connection.read_tls(&mut &*first).ok()?;
        Some(Session { connection, greeted: first.len(), plain: 0 })
    }

    /// Bytes that it buffers of an incomplete handshake.
    pub fn kept(&self) -> usize {
        if self.connection.is_handshaking() { self.greeted } else { 0 }
    }

    /// Continues the handshake.
    pub fn handshake(&mut self, socket: BorrowedFd<'_>) -> Handshake {
        for _ in 0..MAX_READS {
            let processed = self.connection.process_new_packets();
            // If it failed, this is the alert with the reason.
            let flushed = self.flush(socket);
            match processed {
                Err(error) => return failed(&error),
                Ok(state) => self.plain = state.plaintext_bytes_to_read(),
            }
            if !self.connection.is_handshaking() {
                return Handshake::Done;
            }
            if flushed.is_err() {
                return Handshake::Failed(None);
            }
            match self.connection.read_tls(&mut Raw(socket)) {
                Ok(0) => return Handshake::Failed(None),
                Ok(n) => self.greeted += n,
                Err(error) if is_later(&error) => return Handshake::Waits,
                Err(_) => return Handshake::Failed(None),
            }
            if self.greeted > MAX_GREETING {
                return Handshake::Failed(Some("the client's handshake is too long".to_owned()));
            }
        }
        Handshake::Waits
    }

    /// Like `sys::receive`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing came; any other error ends the connection.
    pub fn receive(&mut self, socket: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<usize> {
        for _ in 0..MAX_READS {
            match self.connection.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => {
                    self.plain = self.plain.saturating_sub(*done.as_ref().unwrap_or(&0));
                    return done;
                }
            }
            self.connection.read_tls(&mut Raw(socket))?;
            let processed = self.connection.process_new_packets();
            self.flush(socket)?;
            self.plain = processed.map_err(io::Error::other)?.plaintext_bytes_to_read();
        }
        Err(ErrorKind::WouldBlock.into())
    }

    /// Like `sys::send`; accepted bytes may still wait here (`wants_write`).
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn send(&mut self, socket: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while self.flush(socket)? && !rest.is_empty() {
            let taken = self.connection.writer().write(rest)?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(bytes.len() - rest.len())
    }

    /// Closes our side for writing.
    pub fn close(&mut self, socket: BorrowedFd<'_>) {
        self.connection.send_close_notify();
        let _ = self.flush(socket);
    }

    /// Whether records wait for the socket.
    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Whether decrypted bytes wait here: the socket does not report them.
    pub fn has_plain(&self) -> bool {
        self.plain > 0
    }

    /// Sends waiting records; returns whether all were sent.
    fn flush(&mut self, socket: BorrowedFd<'_>) -> io::Result<bool> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Raw(socket)) {
                Err(error) if is_later(&error) => return Ok(false),
                done => drop(done?),
            }
        }
        Ok(true)
    }
}

fn failed(error: &Error) -> Handshake {
    let why = super::refused(error).text;
    match error {
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => Handshake::Refused(why),
        _ => Handshake::Failed(Some(why)),
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// The socket below.
struct Raw<'a>(BorrowedFd<'a>);

impl Read for Raw<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        sys::receive(self.0, into)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        sys::send(self.0, from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
