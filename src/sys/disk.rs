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

/// Where the next data of a file is, at `from` or behind a hole there; `None` if all the rest is a hole.
///
/// # Errors
///
/// The file system cannot tell.
pub fn next_data(file: &File, from: u64) -> io::Result<Option<u64>> {
    let from = libc::off_t::try_from(from).unwrap_or(libc::off_t::MAX);
    // SAFETY: lseek has no memory preconditions; the descriptor is open.
    let at = unsafe { libc::lseek(file.as_raw_fd(), from, libc::SEEK_DATA) };
    match u64::try_from(at) {
        Ok(at) => Ok(Some(at)),
        Err(_) => {
            let error = io::Error::last_os_error();
            if error.raw_os_error() == Some(libc::ENXIO) { Ok(None) } else { Err(error) }
        }
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
    fn a_hole_is_passed_over() {
        use std::os::unix::fs::FileExt;
        let path = std::env::temp_dir().join(["hole-", &std::process::id().to_string()].concat());
        let write = File::create(&path).unwrap();
        write.write_all_at(b"x", 8 << 30).unwrap();
        let file = File::open(&path).unwrap();
        let at = next_data(&file, 0).unwrap().unwrap();
        assert!(at <= 8 << 30 && at > (8 << 30) - (1 << 20), "{at}");
        assert_eq!(next_data(&file, (8 << 30) + 1).unwrap(), None);
        write.set_len(9 << 30).unwrap();
        assert_eq!(next_data(&file, 17 << 29).unwrap(), None);
        assert!(next_data(&File::open("/proc/self/stat").unwrap(), 0).is_err());
        std::fs::remove_file(path).unwrap();
    }

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
