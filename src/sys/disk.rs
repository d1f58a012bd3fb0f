//! What files that must last need, and the clock of their times.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Locks a file for this process alone, as long as it is open: flock(2), at once or not at all.
pub fn lock_alone(file: &File) -> io::Result<()> {
    // SAFETY: flock has no memory preconditions; the descriptor is open.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Milliseconds since the machine started, suspended or not.
pub fn boot_millis() -> u64 {
    super::clock_nanos(libc::CLOCK_BOOTTIME).unwrap_or(0) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_for_one() {
        let path = std::env::temp_dir().join(["lock-", &std::process::id().to_string()].concat());
        let (one, two) = (File::create(&path).unwrap(), File::create(&path).unwrap());
        lock_alone(&one).unwrap();
        assert_eq!(lock_alone(&two).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(one);
        lock_alone(&two).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(boot_millis() > 0);
    }
}
