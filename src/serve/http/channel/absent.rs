//! In the place of TLS in a build without it: the socket.

use crate::base::sys;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A socket.
pub struct Channel(OwnedFd);

impl Channel {
    /// Bytes as they are.
    pub fn plain(socket: OwnedFd) -> Channel {
        Channel(socket)
    }

    /// The socket.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// As `sys::receive`.
    pub fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        sys::receive(self.0.as_fd(), into)
    }

    /// As `sys::send`.
    pub fn send(&mut self, from: &[u8]) -> io::Result<usize> {
        sys::send(self.0.as_fd(), from)
    }

    /// Says that nothing more will be sent.
    pub fn shut_write(&mut self) {
        sys::shut_write(self.0.as_fd());
    }

    /// Nothing waits here.
    pub fn wants_write(&self) -> bool {
        false
    }

    /// Nothing is kept here.
    pub fn has_plain(&self) -> bool {
        false
    }
}
