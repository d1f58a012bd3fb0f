//! Why a file or directory is refused.

use std::io;

/// Why a file is refused: a word for counting and a sentence.
pub struct Failure {
    pub reason: &'static str,
    pub text: String,
    /// The next reading may succeed, though the file's metadata does not change.
    pub may_pass: bool,
}

impl Failure {
    /// A failure of the contents.
    pub fn of(reason: &'static str, text: &str) -> Failure {
        Failure { reason, text: text.to_owned(), may_pass: false }
    }

    /// A failure of reading.
    pub fn io(reason: &'static str, error: &io::Error) -> Failure {
        // When such a cause ends, the metadata of the file or its directory has changed.
        let stays =
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
        Failure { reason, text: error.to_string(), may_pass: !stays }
    }
}
