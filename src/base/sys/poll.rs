//! `poll(2)`.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

/// One entry of a `poll`: the events to wait for, and those that came.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Ready(libc::pollfd);

impl Ready {
    /// Waits for input on `fd`, room for output, or only for its end. The caller keeps the
    /// descriptor open over the `poll`.
    pub fn wait(fd: BorrowedFd<'_>, input: bool, output: bool) -> Ready {
        const INPUT: libc::c_short = libc::POLLIN | libc::POLLRDHUP;
        let events = if input { INPUT } else { 0 } | if output { libc::POLLOUT } else { 0 };
        Ready(libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 })
    }

    /// Waits for the other end to close its side.
    pub fn wait_for_end(fd: BorrowedFd<'_>) -> Ready {
        Ready(libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLRDHUP, revents: 0 })
    }

    /// Waits for an event that is no input, as files of procfs report it (`POLLPRI`).
    pub fn wait_for_event(fd: BorrowedFd<'_>) -> Ready {
        Ready(libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLPRI, revents: 0 })
    }

    /// Whether anything came: input, room, an end or an error.
    pub fn any(self) -> bool {
        self.0.revents != 0
    }

    /// Whether the other end closed its side.
    pub fn ended(self) -> bool {
        self.0.revents & (libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR) != 0
    }
}

/// Waits until an entry is ready, a signal comes, or `timeout` is over (`None` waits for ever). The
/// timeout is rounded up to milliseconds.
pub fn poll(entries: &mut [Ready], timeout: Option<Duration>) -> io::Result<()> {
    let millis = match timeout {
        None => -1,
        Some(t) => i32::try_from(t.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX),
    };
    let count = libc::nfds_t::try_from(entries.len()).unwrap_or(0);
    // SAFETY: Ready is a transparent pollfd; pointer and count describe the slice.
    let n = unsafe { libc::poll(entries.as_mut_ptr().cast::<libc::pollfd>(), count, millis) };
    if n < 0 {
        let error = io::Error::last_os_error();
        for entry in entries {
            entry.0.revents = 0;
        }
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

/// Writes at least one byte, unless there are none; returns how many it wrote.
pub fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: pointer and count describe the slice; the descriptor is open.
    let count = unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Whether a write to `fd` would block now. A pipe that has room accepts PIPE_BUF bytes.
pub fn would_block(fd: impl AsFd) -> bool {
    let mut entry = [Ready::wait(fd.as_fd(), false, true)];
    poll(&mut entry, Some(Duration::ZERO)).is_ok() && !entry.iter().any(|e| e.any())
}
