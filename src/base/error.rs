//! Why a reading produced nothing. Small, `Copy`, never allocates: the scrape path makes these.

mod place;

pub use place::Place;

use place::Excerpt;
use std::cell::RefCell;
use std::fmt::Write;
use std::marker::PhantomData;
use std::{fmt, io};

/// Why a collector, or one of its samples, has no data. It is returned through many functions, so it is
/// eight bytes; its details are stored apart, those of the last errors of a thread. Call `keep` to store one or to
/// hand it to another thread.
#[derive(Clone, Copy)]
pub enum Error {
    /// The kernel does not offer this file here (not built in, no such device, a container).
    Absent(Detail),
    /// The same for a feature that many kernels lack, which is no fault: the collector has no data.
    Unsupported(Detail),
    /// Reading the file failed with this `errno`.
    Read(Detail, i32),
    /// The file did not look as documented.
    Parse(Detail),
    /// The file is larger than any that a kernel writes.
    TooLarge(Detail),
}

const _: () = assert!(size_of::<Result<(), Error>>() == 8);

impl Error {
    /// `place` should have held `expected`; `found` is what it held.
    pub fn parse(place: impl Into<Place>, expected: &'static str, found: &[u8]) -> Error {
        Error::Parse(Detail::of(&place.into(), expected, found, 0))
    }

    /// `place` holds more than `most` bytes.
    pub fn too_large(place: impl Into<Place>, most: usize) -> Error {
        Error::TooLarge(Detail::of(&place.into(), "", b"", most))
    }

    /// The error of a system call on `place`.
    pub fn of(place: impl Into<Place>, error: &io::Error) -> Error {
        let detail = place.into().into();
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR) => Error::Absent(detail),
            errno => Error::Read(detail, errno.unwrap_or(0)),
        }
    }

    /// Turns an absent file into an unsupported one: for features that many kernels lack or have switched off.
    pub fn of_optional(self) -> Error {
        match self {
            Error::Absent(detail) | Error::Read(detail, libc::EOPNOTSUPP) => {
                Error::Unsupported(detail)
            }
            error => error,
        }
    }

    fn detail(&self) -> Detail {
        match *self {
            Error::Absent(detail)
            | Error::Unsupported(detail)
            | Error::Read(detail, _)
            | Error::Parse(detail)
            | Error::TooLarge(detail) => detail,
        }
    }

    /// What was expected there.
    #[cfg(test)]
    pub fn expected(&self) -> &'static str {
        self.keep().context.expected
    }

    /// The `errno` of a failed read, for counting: ENOENT for an absent file, 0 for bad content.
    pub fn errno(&self) -> i32 {
        match *self {
            Error::Absent(_) | Error::Unsupported(_) => libc::ENOENT,
            Error::Read(_, errno) => errno,
            Error::Parse(_) | Error::TooLarge(_) => 0,
        }
    }

    /// The error with all its details, for storing.
    #[cold]
    #[inline(never)]
    pub fn keep(&self) -> KeptError {
        let kind = match *self {
            Error::Absent(_) => Kind::Absent,
            Error::Unsupported(_) => Kind::Unsupported,
            Error::Read(_, errno) => Kind::Read(errno),
            Error::Parse(_) => Kind::Parse,
            Error::TooLarge(_) => Kind::TooLarge,
        };
        self.detail().kept(kind)
    }

    /// The same in a place that is taken once and used again.
    #[cold]
    #[inline(never)]
    pub fn keep_in(&self, place: &mut Option<Box<KeptError>>) {
        match place {
            Some(kept) => **kept = self.keep(),
            None => *place = Some(Box::new(self.keep())),
        }
    }
}

#[cfg(test)]
impl PartialEq for Error {
    fn eq(&self, other: &Error) -> bool {
        self.keep() == other.keep()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.keep(), f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.keep(), f)
    }
}

/// Details that a thread keeps. An error that is held while this many others are made keeps its kind and
/// errno only.
const MAX_DETAILS: usize = 16;

/// Bytes of an error's text in most cases.
const USUAL: usize = 160;

/// Numbers are of 24 bits. 0 stands for no number.
const MAX_NUMBER: u32 = (1 << 24) - 1;

thread_local! {
    static DETAILS: RefCell<Details> =
        const { RefCell::new(Details { last: 0, slots: [None; MAX_DETAILS] }) };
}

/// The details of the last errors of a thread, with their numbers.
struct Details {
    last: u32,
    slots: [Option<(u32, Context)>; MAX_DETAILS],
}

/// The number of an error of this thread, by which its details are found.
#[derive(Clone, Copy)]
pub struct Detail([u8; 3], PhantomData<*const ()>);

/// The details of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Context {
    place: Place,
    expected: &'static str,
    found: Excerpt,
    most: usize,
}

/// Replaces the details of an error that newer errors have overwritten.
static FORGOTTEN: Context = Context {
    place: Place::at("one of many files"),
    expected: "what is documented",
    found: Excerpt::FORGOTTEN,
    most: 0,
};

impl Detail {
    #[cold]
    #[inline(never)]
    fn of(place: &Place, expected: &'static str, found: &[u8], most: usize) -> Detail {
        Detail::new(&Context { place: *place, expected, found: Excerpt::of(found), most })
    }

    fn new(context: &Context) -> Detail {
        let number = DETAILS.with_borrow_mut(|Details { last, slots }| {
            *last = *last % MAX_NUMBER + 1;
            if let Some(slot) = slots.get_mut(*last as usize % MAX_DETAILS) {
                *slot = Some((*last, *context));
            }
            *last
        });
        let [a, b, c, _] = number.to_le_bytes();
        Detail([a, b, c], PhantomData)
    }

    /// The error of this `kind` with these details.
    fn kept(self, kind: Kind) -> KeptError {
        let [a, b, c] = self.0;
        let number = u32::from_le_bytes([a, b, c, 0]);
        DETAILS.with_borrow(|details| {
            let context = match details.slots.get(number as usize % MAX_DETAILS) {
                Some(Some((same, context))) if *same == number => context,
                _ => &FORGOTTEN,
            };
            KeptError { kind, context: *context }
        })
    }
}

impl From<Place> for Detail {
    fn from(place: Place) -> Detail {
        Detail::of(&place, "", b"", 0)
    }
}

impl From<&'static str> for Detail {
    fn from(base: &'static str) -> Detail {
        Place::from(base).into()
    }
}

/// An error with all its details: to keep from one scrape to the next, and for other threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptError {
    kind: Kind,
    context: Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Absent,
    Unsupported,
    Read(i32),
    Parse,
    TooLarge,
}

impl KeptError {
    /// Its text, usually in one allocation.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(USUAL);
        // Writing to a string cannot fail.
        let _ = write!(text, "{self}");
        text
    }

    /// Turns it into an error of this scrape.
    #[cold]
    #[inline(never)]
    pub fn error(self) -> Error {
        let detail = Detail::new(&self.context);
        match self.kind {
            Kind::Absent => Error::Absent(detail),
            Kind::Unsupported => Error::Unsupported(detail),
            Kind::Read(errno) => Error::Read(detail, errno),
            Kind::Parse => Error::Parse(detail),
            Kind::TooLarge => Error::TooLarge(detail),
        }
    }

    /// The file, if the kernel has it.
    pub fn place(&self) -> Place {
        self.context.place
    }

    /// Whether the kernel lacks an optional feature.
    pub fn is_unsupported(&self) -> bool {
        self.kind == Kind::Unsupported
    }
}

impl From<Error> for KeptError {
    fn from(error: Error) -> KeptError {
        error.keep()
    }
}

impl From<KeptError> for Error {
    fn from(failure: KeptError) -> Error {
        failure.error()
    }
}

impl fmt::Display for KeptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Context { place, expected, found, most } = &self.context;
        write!(f, "{place}: ")?;
        match self.kind {
            Kind::Absent => f.write_str(
                "this kernel or container does not offer it; switch the collector off to silence this",
            ),
            Kind::Unsupported => f.write_str("this kernel does not offer it"),
            Kind::Read(errno) => io::Error::from_raw_os_error(errno).fmt(f),
            Kind::Parse => write!(f, "expected {expected}, found \"{found}\""),
            Kind::TooLarge => write!(f, "more than {most} bytes"),
        }
    }
}

#[cfg(test)]
mod tests;
