//! A descriptor by which other threads wake one that sleeps in `poll(2)`: eventfd(2).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Readable from the first `wake` on, until it is cleared.
pub struct Wake(OwnedFd);

impl Wake {
    /// A descriptor that is not woken yet.
    pub fn new() -> io::Result<Wake> {
        // SAFETY: eventfd has no memory preconditions.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: eventfd returned a descriptor that is ours alone.
        Ok(Wake(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Wakes the waiting thread. A descriptor that is awake stays so.
    pub fn wake(&self) {
        let one = 1u64;
        // SAFETY: eight bytes are read from `one`. Failing (EAGAIN) means that it is awake.
        unsafe { libc::write(self.0.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
    }

    /// Clears it; returns whether it was awake.
    pub fn clear(&self) -> bool {
        let mut count = 0u64;
        // SAFETY: `count` is writable for eight bytes. Failing (EAGAIN) means that it was not awake.
        unsafe { libc::read(self.0.as_raw_fd(), (&raw mut count).cast(), size_of::<u64>()) > 0 }
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Ready, poll};
    use super::*;
    use std::time::Duration;

    #[test]
    fn wakes_until_it_is_cleared() {
        let wake = Wake::new().unwrap();
        let is_awake = || {
            let mut ready = vec![Ready::wait(wake.as_fd(), true, false)];
            poll(&mut ready, Some(Duration::ZERO)).unwrap();
            ready[0].any()
        };
        assert!(!is_awake());
        wake.wake();
        wake.wake();
        assert!(is_awake());
        assert!(wake.clear());
        assert!(!is_awake());
        assert!(!wake.clear());
    }
}
