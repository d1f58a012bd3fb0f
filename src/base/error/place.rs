//! Where an error was, and what was found there.

use std::fmt;

/// Bytes of the rejected text that an error carries along.
const EXCERPT: usize = 24;

/// Bytes of the name below a directory that an error carries along.
const NAME: usize = 48;

/// A file as the kernel names it: a known path, or a directory and a name below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    base: &'static str,
    below: [u8; NAME],
    length: u8,
}

impl Place {
    /// `base` itself.
    pub const fn at(base: &'static str) -> Place {
        Place { base, below: [0; NAME], length: 0 }
    }

    /// `name` below the directory `base`; a name that is too long is cut.
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

    /// The name below the directory; may be empty.
    pub fn name(&self) -> &[u8] {
        self.below.get(..self.length.into()).unwrap_or_default()
    }
}

impl From<&'static str> for Place {
    fn from(base: &'static str) -> Place {
        Place::at(base)
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

/// The first bytes of a text that was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpt {
    bytes: [u8; EXCERPT],
    /// Length of the text, at most one more than there is room for.
    len: u8,
}

impl Excerpt {
    /// The excerpt of a text that is not known any more.
    pub const FORGOTTEN: Excerpt = Excerpt { bytes: [0; EXCERPT], len: EXCERPT as u8 + 1 };

    /// The excerpt of `text`.
    pub fn of(text: &[u8]) -> Excerpt {
        let mut bytes = [0; EXCERPT];
        bytes.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        Excerpt { bytes, len: text.len().min(EXCERPT + 1) as u8 }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, rest) = match self.bytes.get(..self.len.into()) {
            Some(whole) => (whole, ""),
            None => (&self.bytes[..], "…"),
        };
        write!(f, "{}{rest}", text.escape_ascii())
    }
}
