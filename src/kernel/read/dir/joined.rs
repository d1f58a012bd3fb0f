//! Paths below a directory, made without an allocation.

use crate::base::sys;
use std::ffi::CStr;

/// The longest path below a directory.
const MAX_PATH: usize = 256;

/// The path of a file below an entry of a directory, made without an allocation; a path that is too long, or
/// contains a NUL, names no file.
pub struct Joined([u8; MAX_PATH]);

impl Joined {
    /// `file` below the entry `name`.
    pub fn of(name: &[u8], file: &str) -> Joined {
        Joined::parts(&[name, b"/", file.as_bytes()])
    }

    /// The concatenation of these parts.
    pub fn parts(parts: &[&[u8]]) -> Joined {
        let mut path = [0; MAX_PATH];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length < MAX_PATH && parts.iter().all(|part| memchr::memchr(0, part).is_none()) {
            let mut pen = sys::Pen::new(&mut path);
            parts.iter().for_each(|part| pen.put(part));
        }
        Joined(path)
    }

    /// The path for `Dir::read`.
    pub fn path(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }
}
