//! Files of segments that cannot be read.

use std::io::{Error, ErrorKind};

/// What is known of a file that cannot be read. A disk may fail for a moment, and descriptors may be used up: the
/// file is given up only if it cannot be read once the disk was tried again.
#[derive(Debug, Default, PartialEq)]
pub enum Unread {
    /// All can be read.
    #[default]
    None,
    /// One could not be read.
    Waits,
    /// The disk was tried again since then.
    Retried,
}

impl Unread {
    /// Notes that a file could not be read. Returns whether it is given up.
    pub fn is_final(&mut self, error: &Error) -> bool {
        // `InvalidInput`: what has its name is no file.
        if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidInput) {
            return true;
        }
        if *self == Unread::None {
            *self = Unread::Waits;
        }
        *self == Unread::Retried
    }
}
