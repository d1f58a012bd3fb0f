//! Private files, locks, holes and the type of a file system; and the clocks for their times.

use std::ffi::CString;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The mode of files and directories that only this program is to read.
pub const PRIVATE_FILE: u32 = 0o600;
/// See `PRIVATE_FILE`.
pub const PRIVATE_DIR: u32 = 0o700;

/// The number of ramfs (include/uapi/linux/magic.h).
const RAMFS_MAGIC: u32 = 0x8584_58f6;

/// Opens a file that only this program may read and write, with the options `how`. It never waits, as it would
/// for a pipe, and follows no symbolic link. An existing file loses the permissions of
/// others.
///
/// # Errors
///
/// `InvalidInput` if something other than a regular file is in its place.
pub fn open_private(path: &Path, how: &mut OpenOptions) -> io::Result<File> {
    let no_file = |what| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = [&name, ": expected a regular file, found ", what].concat();
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = how.mode(PRIVATE_FILE).custom_flags(flags).open(path).map_err(|error| {
        match error.raw_os_error() {
            Some(libc::ELOOP) => no_file("a symbolic link"),
            // A pipe without a reader, a socket.
            Some(libc::ENXIO) => no_file("none"),
            _ => error,
        }
    })?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(no_file("none"));
    }
    if about.permissions().mode() & 0o077 != 0 {
        // This fails on a file of another user; its content is ours all the same.
        let _ = file.set_permissions(Permissions::from_mode(PRIVATE_FILE));
    }
    Ok(file)
}

/// Removes the permissions of others from a directory, unless it is a symbolic link.
///
/// # Errors
///
/// `dir` is not a directory, or is another user's.
pub fn make_private(dir: &Path) -> io::Result<()> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let dir = OpenOptions::new().read(true).custom_flags(flags).open(dir)?;
    match dir.metadata()?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => dir.set_permissions(Permissions::from_mode(PRIVATE_DIR)),
    }
}

/// Whether names can be created in a directory, by its permissions and the mount's mode.
///
/// # Errors
///
/// They cannot; the error says why.
pub fn may_write(dir: &Path) -> io::Result<()> {
    let path = CString::new(dir.as_os_str().as_bytes())?;
    // SAFETY: `path` ends with a NUL and lives over the call.
    match unsafe { libc::access(path.as_ptr(), libc::W_OK | libc::X_OK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether a directory is in memory: on tmpfs or ramfs, and not on a disk.
pub fn is_in_memory(dir: &Path) -> bool {
    let Ok(path) = CString::new(dir.as_os_str().as_bytes()) else { return false };
    let mut answer = std::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: `path` ends with a NUL, and the pointer is writable for a statfs, which zeros are, too.
    let (result, answer) =
        unsafe { (libc::statfs(path.as_ptr(), answer.as_mut_ptr()), answer.assume_init()) };
    #[allow(clippy::unnecessary_cast)] // the types differ between targets
    let kind = answer.f_type as u32;
    result == 0 && [libc::TMPFS_MAGIC as u32, RAMFS_MAGIC].contains(&kind)
}

/// Locks a file for this process alone, as long as it is open: flock(2), at once or not at all.
pub fn lock_alone(file: &File) -> io::Result<()> {
    // SAFETY: flock has no memory preconditions; the descriptor is open.
    match unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Unlocks a file, also where a child has a copy of the descriptor.
pub fn unlock(file: &File) {
    // SAFETY: flock has no memory preconditions; the descriptor is open.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}

/// Keeps others from opening a file, as long as it is open: they get EWOULDBLOCK. It stands for a disk that fails.
#[cfg(test)]
pub fn deny_open(file: &File) {
    // The signal about those who try; it is ignored unless it is handled.
    const F_SETSIG: libc::c_int = 10;
    let wanted = [(F_SETSIG, libc::SIGURG), (libc::F_SETLEASE, libc::F_WRLCK)];
    for (command, argument) in wanted {
        // SAFETY: these commands have no memory preconditions; the descriptor is open.
        let result = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
        assert_eq!(result, 0, "{}", io::Error::last_os_error());
    }
}

/// The offset of the next data of a file, at `from` or after a hole there; `None` if all the rest is a hole.
///
/// # Errors
///
/// The file system does not support the query.
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

/// The clocks at one instant, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Since 1970 (CLOCK_REALTIME).
    pub real: i64,
    /// Since the machine started, suspended or not (CLOCK_BOOTTIME).
    pub boot: i64,
    /// Since the machine started, without the time that it was suspended (CLOCK_MONOTONIC).
    pub awake: i64,
}

/// Reads the clocks, again if another process ran between them.
pub fn clocks() -> Option<Clocks> {
    /// Nanoseconds from the first reading to the last.
    const AT_ONCE: i64 = 50_000;
    const TRIES: usize = 4;
    let read = |clock| i64::try_from(super::clock_nanos(clock)?).ok();
    let mut best: Option<(i64, Clocks)> = None;
    for _ in 0..TRIES {
        let boot = read(libc::CLOCK_BOOTTIME)?;
        let (real, awake) = (read(libc::CLOCK_REALTIME)?, read(libc::CLOCK_MONOTONIC)?);
        let took = read(libc::CLOCK_BOOTTIME)?.saturating_sub(boot);
        if best.is_none_or(|(least, _)| took < least) {
            best = Some((took, Clocks { real, boot, awake }));
        }
        if took < AT_ONCE {
            break;
        }
    }
    best.map(|(_, clocks)| clocks)
}

/// Milliseconds since the machine started, suspended or not.
pub fn boot_millis() -> u64 {
    super::clock_nanos(libc::CLOCK_BOOTTIME).unwrap_or(0) / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_regular_and_unreadable_to_others() {
        let dir = std::env::temp_dir().join(["private-", &std::process::id().to_string()].concat());
        std::fs::create_dir(&dir).unwrap();
        let path = |name: &str| dir.join(name);
        std::fs::write(path("other"), "kept").unwrap();
        std::fs::set_permissions(path("other"), Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(path("other"), path("link")).unwrap();
        std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        let fifo = CString::new(path("fifo").as_os_str().as_bytes()).unwrap();
        // SAFETY: the path ends with a NUL and lives over the call.
        assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
        let mut how = OpenOptions::new();
        how.write(true).create(true).truncate(true);
        for name in ["link", "fifo", "socket", "."] {
            let error = open_private(&path(name), &mut how).unwrap_err();
            let is_dir = error.kind() == io::ErrorKind::IsADirectory;
            assert!(is_dir || error.to_string().contains("a regular file"), "{name}: {error}");
            open_private(&path(name), OpenOptions::new().read(true)).unwrap_err();
        }
        assert_eq!(std::fs::read(path("other")).unwrap(), b"kept");
        for name in ["new", "other"] {
            let file = open_private(&path(name), &mut how).unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, PRIVATE_FILE);
        }
        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink(&dir, path("to-dir")).unwrap();
        let mode = || dir.metadata().unwrap().permissions().mode() & 0o777;
        assert!(make_private(&path("to-dir")).is_err() && mode() == 0o755);
        assert!(make_private(&dir).is_ok() && mode() == PRIVATE_DIR);
        assert!(may_write(&dir).is_ok() && may_write(&path("none")).is_err());
        std::fs::remove_dir_all(dir).unwrap();
    }

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
        let Clocks { real, boot, awake } = clocks().unwrap();
        assert!(real > boot && boot > awake - 100_000_000 && awake > 0, "{real} {boot} {awake}");
    }
}
