//! Replaces TLS in a build without it: a plain socket.

use crate::base::sys;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A socket.
pub struct Channel(OwnedFd);

impl Channel {
    /// A channel without TLS.
    pub fn plain(socket: OwnedFd) -> Channel {
        Channel(socket)
    }

    /// The socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Like `sys::receive`.
    pub fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        sys::receive(self.0.as_fd(), into)
    }

    /// Like `sys::send`.
    pub fn send(&mut self, from: &[u8]) -> io::Result<usize> {
        sys::send(self.0.as_fd(), from)
    }

    /// Closes our side for writing.
    pub fn shut_write(&mut self) {
        sys::shut_write(self.0.as_fd());
    }

    /// Never: nothing is buffered here.
    pub fn wants_write(&self) -> bool {
        false
    }

    /// Never: nothing is buffered here.
    pub fn has_plain(&self) -> bool {
        false
    }
}
