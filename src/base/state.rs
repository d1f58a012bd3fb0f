//! Small files that keep something over a restart: written beside and renamed, so that they are whole
//! whenever the program is killed, with a last line `end CRC`, the CRC-32 of all before it. They are not
//! synced at once: that can take seconds on slow flash, and the serving thread must not wait for it. After a
//! power failure such a file may be an old one, or damaged, which its last line tells.

use crate::base::error::{Error, Place};
use crate::base::{sys, wire};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Before the check sum.
const END: &[u8] = b"end ";

/// Writes `text` to `path` so that it is there whole or not at all.
///
/// # Errors
///
/// It cannot be written; what was there stays.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    // The directory that is meant for it may be missing, not those above.
    if let Some(directory) = path.parent().filter(|directory| !directory.exists()) {
        DirBuilder::new().mode(sys::PRIVATE_DIR).create(directory)?;
    }
    let mut how = OpenOptions::new();
    let file = sys::open_private(beside.as_ref(), how.write(true).create(true).truncate(true));
    let done = file.and_then(|mut f| f.write_all(text)).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// Brings what `replace` wrote to the disk, and its name. It may take seconds.
///
/// # Errors
///
/// What the system said.
pub fn sync(path: &Path) -> io::Result<()> {
    let of = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    of(path).and_then(|()| path.parent().map_or(Ok(()), of))
}

/// The last line behind `body`.
pub fn closing(body: &[u8]) -> [u8; 13] {
    let mut line = *b"end 00000000\n";
    let crc = wire::crc32(body);
    for (at, digit) in line.iter_mut().skip(END.len()).take(8).enumerate() {
        let value = (crc >> (28 - 4 * at)) & 15;
        *digit = char::from_digit(value, 16).map_or(b'0', |digit| digit as u8);
    }
    line
}

/// What stands before the last line; `None` if the check sum is another.
pub fn body(text: &[u8]) -> Option<&[u8]> {
    let (body, end) = text.split_at_checked(text.len().checked_sub(END.len() + 9)?)?;
    (end == closing(body)).then_some(body)
}

/// The file, as errors name it: by the key of the settings, which somebody may have to change.
pub fn place(path: &Path) -> Place {
    let path = path.as_os_str().as_bytes();
    Place::below("state_file /", path.strip_prefix(b"/").unwrap_or(path))
}

/// What the system said of the file.
pub fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Read(place(path).into(), error.raw_os_error().unwrap_or(libc::EINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_its_directory_are_synced() {
        let dir = std::env::temp_dir().join(["sync-", &std::process::id().to_string()].concat());
        let path = dir.join("state");
        assert_eq!(sync(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        replace(&path, b"a\n").unwrap();
        sync(&path).unwrap();
        replace(&path, b"b\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"b\n");
        assert!(replace(&path.join("below"), b"").is_err());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_body_has_its_check_sum_behind_it() {
        // The CRC-32 of "123456789" is the check value of the algorithm.
        assert_eq!(&closing(b"123456789"), b"end cbf43926\n");
        assert_eq!(body(b"123456789end cbf43926\n"), Some(&b"123456789"[..]));
        assert_eq!(body(b"123456788end cbf43926\n"), None);
        assert_eq!((body(b""), body(b"end 00000000\n")), (None, Some(&b""[..])));
    }

    #[test]
    fn an_error_names_key_and_file() {
        let full = io::Error::from_raw_os_error(libc::ENOSPC);
        let said = failed(Path::new("/var/lib/a.state"), &full).to_string();
        assert!(said.starts_with("state_file /var/lib/a.state: No space left"), "{said}");
    }
}
