//! Why a reading produced nothing. Small, `Copy`, never allocates: the scrape path makes these.

use std::fmt;

/// Bytes of the offending text that an error carries along.
const EXCERPT: usize = 24;

/// Why a collector, or one of its samples, came out empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The kernel does not offer this file here (not built in, no such device, a container).
    Absent(&'static str),
    /// Reading the file failed with this `errno`.
    Read(&'static str, i32),
    /// The file did not look as documented: what was expected, and what stood there.
    Parse(&'static str, &'static str, Excerpt),
    /// The file is larger than this many bytes, more than any kernel writes.
    TooLarge(&'static str, usize),
}

impl Error {
    /// `path` should have held `expected`; `found` is what it held.
    pub fn parse(path: &'static str, expected: &'static str, found: &[u8]) -> Error {
        Error::Parse(path, expected, Excerpt::of(found))
    }

    /// The file, where the kernel has it.
    pub fn path(&self) -> &'static str {
        match *self {
            Error::Absent(path)
            | Error::Read(path, _)
            | Error::Parse(path, ..)
            | Error::TooLarge(path, _) => path,
        }
    }

    /// The `errno` of a failed read, for counting: ENOENT for an absent file, 0 for bad content.
    pub fn errno(&self) -> i32 {
        match *self {
            Error::Absent(_) => libc::ENOENT,
            Error::Read(_, errno) => errno,
            Error::Parse(..) | Error::TooLarge(..) => 0,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Absent(path) => {
                write!(
                    f,
                    "{path}: this kernel or container does not offer it; switch the collector off to silence this"
                )
            }
            Error::Read(path, errno) => {
                write!(f, "{path}: {}", std::io::Error::from_raw_os_error(*errno))
            }
            Error::Parse(path, expected, found) => {
                write!(f, "{path}: expected {expected}, found \"{found}\"")
            }
            Error::TooLarge(path, most) => write!(f, "{path}: more than {most} bytes"),
        }
    }
}

/// The first bytes of a text that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    bytes: [u8; EXCERPT],
    len: u8,
    cut: bool,
}

impl Excerpt {
    fn of(text: &[u8]) -> Excerpt {
        let mut bytes = [0; EXCERPT];
        let mut len = 0;
        for (to, from) in bytes.iter_mut().zip(text) {
            *to = *from;
            len += 1;
        }
        Excerpt { bytes, len, cut: text.len() > EXCERPT }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.bytes.get(..self.len.into()).unwrap_or_default();
        write!(f, "{}{}", text.escape_ascii(), if self.cut { "…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_which_file_what_was_expected_and_what_was_found() {
        let error = Error::parse("/proc/stat", "ten integers", b"cpu0 1 2 x\xff");
        assert_eq!(
            error.to_string(),
            "/proc/stat: expected ten integers, found \"cpu0 1 2 x\\xff\""
        );
        let long = Error::parse("/proc/stat", "a short line", &[b'a'; 99]);
        assert!(long.to_string().ends_with("aaaa…\""), "{long}");
        assert!(Error::Read("/proc/stat", libc::EIO).to_string().contains("os error 5"));
    }
}
