//! Why a reading produced nothing. Small, `Copy`, never allocates: the scrape path makes these.

use std::{fmt, io};

/// Bytes of the offending text that an error carries along.
const EXCERPT: usize = 24;

/// Bytes of the name below a directory that an error carries along.
const NAME: usize = 48;

/// A file as the kernel names it: a path that is known, or a directory and what is below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    base: &'static str,
    below: [u8; NAME],
    length: u8,
}

impl Place {
    /// `name` below the directory `base`; the end of a name that is too long is left out.
    pub fn below(base: &'static str, name: &[u8]) -> Place {
        let mut place = Place::from(base);
        for (to, from) in place.below.iter_mut().zip(name) {
            *to = *from;
            place.length += 1;
        }
        place
    }

    /// The path, or the directory.
    pub fn base(&self) -> &'static str {
        self.base
    }

    /// What is below the directory; may be nothing.
    pub fn name(&self) -> &[u8] {
        self.below.get(..self.length.into()).unwrap_or_default()
    }
}

impl From<&'static str> for Place {
    fn from(base: &'static str) -> Place {
        Place { base, below: [0; NAME], length: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base)?;
        if self.length > 0 {
            let slash = if self.base.ends_with('/') { "" } else { "/" };
            write!(f, "{slash}{}", self.name().escape_ascii())?;
        }
        Ok(())
    }
}

/// Why a collector, or one of its samples, came out empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The kernel does not offer this file here (not built in, no such device, a container).
    Absent(Place),
    /// The same of what many kernels lack, and no fault: the collector has no data.
    Unsupported(Place),
    /// Reading the file failed with this `errno`.
    Read(Place, i32),
    /// The file did not look as documented: what was expected, and what stood there.
    Parse(Place, &'static str, Excerpt),
    /// The file is larger than this many bytes, more than any kernel writes.
    TooLarge(Place, usize),
}

impl Error {
    /// `place` should have held `expected`; `found` is what it held.
    pub fn parse(place: impl Into<Place>, expected: &'static str, found: &[u8]) -> Error {
        Error::Parse(place.into(), expected, Excerpt::of(found))
    }

    /// What the system call said of `place`.
    pub fn of(place: impl Into<Place>, error: &io::Error) -> Error {
        let place = place.into();
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => Error::Absent(place),
            errno => Error::Read(place, errno.unwrap_or(0)),
        }
    }

    /// The same about what many kernels lack or have switched off: then it is no fault.
    pub fn of_optional(self) -> Error {
        match self {
            Error::Absent(place) | Error::Read(place, libc::EOPNOTSUPP) => {
                Error::Unsupported(place)
            }
            error => error,
        }
    }

    /// The file, where the kernel has it.
    pub fn place(&self) -> Place {
        match *self {
            Error::Absent(place)
            | Error::Unsupported(place)
            | Error::Read(place, _)
            | Error::Parse(place, ..)
            | Error::TooLarge(place, _) => place,
        }
    }

    /// The `errno` of a failed read, for counting: ENOENT for an absent file, 0 for bad content.
    pub fn errno(&self) -> i32 {
        match *self {
            Error::Absent(_) | Error::Unsupported(_) => libc::ENOENT,
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
            Error::Unsupported(path) => write!(f, "{path}: this kernel does not offer it"),
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
        let below = Place::below("/sys/class/hwmon", b"hwmon3/temp1_input");
        let error = Error::Read(below, libc::ENODATA);
        assert!(error.to_string().starts_with("/sys/class/hwmon/hwmon3/temp1_input: No data"));
        assert_eq!(Place::below("/sys", &[b'x'; 99]).name().len(), NAME);
        assert!(Error::Read("/proc/stat".into(), libc::EIO).to_string().contains("os error 5"));
    }
}
