//! Files below a kept directory.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a directory as a place to start from; it cannot itself be read.
pub fn open_directory(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_DIRECTORY).open(path)
}

/// Opens a file for reading without ever waiting for anybody, as a pipe or a terminal would.
pub fn open_unwaiting(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Opens the file `name` below `directory` for reading, without waiting either.
pub fn open_below(directory: &File, name: &CStr) -> io::Result<File> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
    // SAFETY: `name` ends with a NUL and lives over the call; the directory is open.
    let fd = unsafe { libc::openat(directory.as_raw_fd(), name.as_ptr(), flags) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: openat returned a descriptor that is ours alone.
    Ok(unsafe { File::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn opens_what_lies_below_and_says_what_does_not() {
        let directory = open_directory(Path::new("/proc/self")).unwrap();
        let mut name = String::new();
        open_below(&directory, c"comm").unwrap().read_to_string(&mut name).unwrap();
        assert!(name.ends_with('\n'), "{name}");
        let error = open_below(&directory, c"no/such").unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
        assert!(open_directory(Path::new("/proc/self/comm")).is_err());
    }
}
