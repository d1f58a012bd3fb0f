//! One client's TLS, on a socket that does not block: nothing here waits.

use crate::base::sys;
use rustls::server::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Bytes that a client may send until its handshake is done: a long chain of certificates fits.
const MAX_GREETING: usize = 64 << 10;

/// Bytes of an answer that wait as records: what is behind them stays with the answer.
const BUFFER: usize = 32 << 10;

/// Reads of one turn, so that nobody keeps the others waiting with what says nothing.
const MAX_READS: usize = 16;

/// How far the handshake is.
pub enum Greeting {
    /// Requests may come.
    Done,
    /// The client is to go on.
    Waits,
    /// It came to nothing: why, where the client is not simply gone.
    Failed(Option<String>),
}

/// One client's.
pub struct Session {
    connection: ServerConnection,
    /// Bytes that came until the handshake was done.
    greeted: usize,
    /// Bytes that were decrypted and not yet taken.
    plain: usize,
}

impl Session {
    /// One that begins with these bytes; none where TLS itself has no room for it.
    pub fn new(config: &Arc<ServerConfig>, first: &[u8]) -> Option<Session> {
        let mut connection = ServerConnection::new(Arc::clone(config)).ok()?;
        connection.set_buffer_limit(Some(BUFFER));
        connection.read_tls(&mut &*first).ok()?;
        Some(Session { connection, greeted: first.len(), plain: 0 })
    }

    /// Bytes that it keeps of a handshake that is not done.
    pub fn kept(&self) -> usize {
        if self.connection.is_handshaking() { self.greeted } else { 0 }
    }

    /// Goes on with the handshake.
    pub fn greet(&mut self, socket: BorrowedFd<'_>) -> Greeting {
        for _ in 0..MAX_READS {
            let processed = self.connection.process_new_packets();
            // Where it failed this is the alert that says why.
            let flushed = self.flush(socket);
            match processed {
                Err(error) => return Greeting::Failed(Some(super::refused(&error).text)),
                Ok(state) => self.plain = state.plaintext_bytes_to_read(),
            }
            if !self.connection.is_handshaking() {
                return Greeting::Done;
            }
            if flushed.is_err() {
                return Greeting::Failed(None);
            }
            match self.connection.read_tls(&mut Raw(socket)) {
                Ok(0) => return Greeting::Failed(None),
                Ok(n) => self.greeted += n,
                Err(error) if is_later(&error) => return Greeting::Waits,
                Err(_) => return Greeting::Failed(None),
            }
            if self.greeted > MAX_GREETING {
                return Greeting::Failed(Some("the client's handshake is too long".to_owned()));
            }
        }
        Greeting::Waits
    }

    /// As `sys::receive`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` where nothing came; else the connection is at its end.
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

    /// As `sys::send`; what it took may still wait here (`wants_write`).
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

    /// Says that nothing more will be sent.
    pub fn close(&mut self, socket: BorrowedFd<'_>) {
        self.connection.send_close_notify();
        let _ = self.flush(socket);
    }

    /// Records wait for the socket.
    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Bytes are here that were not taken: the socket does not tell of them.
    pub fn has_plain(&self) -> bool {
        self.plain > 0
    }

    /// Sends what waits; whether that is all.
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
