//! Files of the kernel, by path and below an open directory.

use std::ffi::{CStr, CString, c_int};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes that are read at once.
const PAGE: usize = 4096;

/// Bytes of a usual path and its NUL.
const SHORT: usize = 256;

/// Opens a directory as a base for other calls (O_PATH); it cannot itself be read.
pub fn open_directory(path: &Path) -> io::Result<File> {
    open(path, libc::O_PATH | libc::O_DIRECTORY)
}

/// Opens a file or a directory as a base for other calls; it cannot itself be read.
pub(super) fn open_place(path: &Path) -> io::Result<File> {
    open(path, libc::O_PATH)
}

/// Opens a file for reading without ever blocking, as a pipe or a terminal would.
pub fn open_unwaiting(path: &Path) -> io::Result<File> {
    open(path, libc::O_NONBLOCK | libc::O_NOCTTY)
}

/// Opens a directory to be listed.
pub fn open_listing(path: &Path) -> io::Result<File> {
    open(path, libc::O_DIRECTORY | libc::O_NONBLOCK)
}

/// The first `most` bytes of a file of the kernel. It allocates a page from the start: the standard
/// library asks for 32 bytes first, and then for twice as many each time.
///
/// # Errors
///
/// The file cannot be opened or read.
pub fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_rest(&open_unwaiting(path)?, most, &mut bytes)?;
    Ok(bytes)
}

/// The text of a file that a person wrote, at most `most` bytes.
///
/// # Errors
///
/// The file cannot be opened or read, or is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    read_rest(&File::open(path)?, most, &mut bytes)?;
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Appends the rest of a file to `to`, at most `most` bytes. The standard library has this once for each
/// kind of reader, 2 KB in total.
///
/// # Errors
///
/// The file cannot be read.
pub fn read_rest(mut file: &File, most: u64, to: &mut Vec<u8>) -> io::Result<()> {
    let end = to.len().saturating_add(usize::try_from(most).unwrap_or(usize::MAX));
    while to.len() < end {
        let had = to.len();
        to.resize(end.min(had + had.max(PAGE)), 0);
        let read = file.read(to.get_mut(had..).unwrap_or_default());
        to.truncate(had + read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => break,
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Room for the names that one call returns; a multiple of a record's alignment.
const LISTING: usize = 2048;

/// Passes the names in `directory` to `each`, without `.` and `..`. A directory that was listed before is
/// rewound first.
pub fn list(directory: &File, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut room = [0u64; LISTING / 8];
    loop {
        // SAFETY: the kernel writes whole records into the LISTING bytes of `room`, no more.
        let n = unsafe {
            let (fd, to) = (directory.as_raw_fd(), room.as_mut_ptr());
            libc::syscall(libc::SYS_getdents64, fd, to, LISTING)
        };
        let filled = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
        if filled == 0 {
            return Ok(());
        }
        // SAFETY: any bytes are u8; the slice covers `room` and lives no longer.
        let bytes = unsafe { std::slice::from_raw_parts(room.as_ptr().cast::<u8>(), LISTING) };
        names(bytes.get(..filled).unwrap_or_default(), each);
    }
}

/// Walks the records of `linux_dirent64`: inode, offset, length of the record, type, name and NUL
/// (getdents(2)).
fn names(mut records: &[u8], each: &mut dyn FnMut(&[u8])) {
    const LENGTH: usize = 16;
    const NAME: usize = 19;
    while let Some([low, high]) = records.get(LENGTH..LENGTH + 2) {
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        let name = records.get(NAME..length).unwrap_or_default();
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if !matches!(name, b"" | b"." | b"..") {
            each(name);
        }
        records = records.get(length.max(1)..).unwrap_or_default();
    }
}

/// Opens the file `name` below `directory` for reading, also without blocking.
pub fn open_below(directory: &File, name: &CStr) -> io::Result<File> {
    open_at(directory.as_raw_fd(), name, libc::O_NOCTTY | libc::O_NONBLOCK)
}

/// Whether there is a file `name` below `directory`. Nothing is read, as a driver may be slow; a file that
/// cannot be checked counts as there.
pub fn is_below(directory: &File, name: &CStr) -> bool {
    // SAFETY: `name` ends with a NUL and lives over the call; the directory is open.
    let result = unsafe { libc::faccessat(directory.as_raw_fd(), name.as_ptr(), libc::F_OK, 0) };
    let errno = || io::Error::last_os_error().raw_os_error();
    result == 0 || !matches!(errno(), Some(libc::ENOENT | libc::ENOTDIR))
}

/// Opens `path` for reading with openat(2): musl adds an fcntl(2) to each open(2), for kernels before 2.6.23.
/// A steady scrape opens some, and allocates nothing: only a long path is copied to the heap.
fn open(path: &Path, flags: c_int) -> io::Result<File> {
    let (bytes, mut room) = (path.as_os_str().as_bytes(), [0; SHORT]);
    if let Some(start) = room[..SHORT - 1].get_mut(..bytes.len()) {
        start.copy_from_slice(bytes);
    }
    match CStr::from_bytes_until_nul(&room) {
        Ok(name) if name.count_bytes() == bytes.len() => open_at(libc::AT_FDCWD, name, flags),
        _ => open_at(libc::AT_FDCWD, &CString::new(bytes)?, flags),
    }
}

fn open_at(directory: c_int, name: &CStr, flags: c_int) -> io::Result<File> {
    let flags = flags | libc::O_RDONLY | libc::O_CLOEXEC;
    loop {
        // SAFETY: `name` ends with a NUL and lives over the call; the directory is open, or not needed.
        let fd = unsafe { libc::openat(directory, name.as_ptr(), flags) };
        if fd >= 0 {
            // SAFETY: openat returned a descriptor that is ours alone.
            return Ok(unsafe { File::from_raw_fd(fd) });
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Whether the file is one of procfs, which reports mounts with events (proc_pid_mounts(5)).
pub fn is_procfs(file: &File) -> bool {
    let mut answer = std::mem::MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: the descriptor is open, and the pointer is writable for a statfs, which zeros are, too.
    let (result, answer) =
        unsafe { (libc::fstatfs(file.as_raw_fd(), answer.as_mut_ptr()), answer.assume_init()) };
    #[allow(clippy::unnecessary_cast)] // the types differ between targets
    let kind = answer.f_type as u32;
    result == 0 && kind == libc::PROC_SUPER_MAGIC as u32
}

/// Whether an event came since the last call, or since the file was opened
/// (`POLLPRI` or `POLLERR`). Does not wait.
pub fn has_event(file: &File) -> bool {
    let mut entry = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLPRI, revents: 0 };
    // SAFETY: the pointer is valid for one entry.
    let count = unsafe { libc::poll(&raw mut entry, 1, 0) };
    count != 0 && entry.revents & (libc::POLLPRI | libc::POLLERR) != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    #[test]
    fn opens_entries_below_and_reports_missing_ones() {
        let directory = open_directory(Path::new("/proc/self")).unwrap();
        let mut name = String::new();
        open_below(&directory, c"comm").unwrap().read_to_string(&mut name).unwrap();
        assert!(name.ends_with('\n'), "{name}");
        let is_there = [c"comm", c"fd/0", c"none", c"comm/none"].map(|n| is_below(&directory, n));
        assert_eq!(is_there, [true, true, false, false]);
        let error = open_below(&directory, c"no/such").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        assert!(open_directory(Path::new("/proc/self/comm")).is_err());
        for length in [1, SHORT - 2, SHORT - 1, SHORT, 2 * SHORT] {
            let path = "/".repeat(length - 1) + ".";
            assert!(open_unwaiting(Path::new(&path)).is_ok(), "{length}");
        }
        assert!(
            open_unwaiting(Path::new("/proc\0/self")).is_err()
                && open_unwaiting(Path::new("")).is_err()
        );
        assert!(open_listing(Path::new("/proc/self/comm")).is_err());
        assert_eq!(read_file(Path::new("/proc/self/comm"), 99).unwrap(), name.as_bytes());
        assert_eq!(read_file(Path::new("/proc/self/maps"), 99).unwrap().len(), 99);
        // More than one page, after what is there, and no further than asked.
        let own = std::env::current_exe().unwrap();
        let whole = std::fs::read(&own).unwrap();
        for most in [0, 1, 4095, 4096, 4097, 40_000, whole.len(), whole.len() + 1] {
            let mut text = b"before".to_vec();
            read_rest(&File::open(&own).unwrap(), most as u64, &mut text).unwrap();
            let (before, read) = text.split_at(6);
            assert!(before == b"before" && read == &whole[..most.min(whole.len())], "{most}");
        }
        assert_eq!(read_text(&own, 99).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(
            read_text(Path::new("/proc/self/comm"), 99).unwrap().as_bytes(),
            name.as_bytes()
        );
        // More than fits into one call.
        let mut listing = open_listing(Path::new("/proc/sys/kernel")).unwrap();
        for _ in 0..2 {
            listing.rewind().unwrap();
            let mut names = Vec::new();
            list(&listing, &mut |name| names.push(String::from_utf8(name.to_vec()).unwrap()))
                .unwrap();
            names.sort();
            let entries = std::fs::read_dir("/proc/sys/kernel").unwrap();
            let mut expected: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            expected.sort();
            assert!(names.len() > 60);
            assert_eq!(names, expected);
        }
    }
}
