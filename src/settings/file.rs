//! The settings file: found, and read within bounds.

use super::problem::{Origin, Refusal};
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;

/// Bytes of a settings file.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// The text of the file; none if it does not exist and need not.
pub(super) fn text(must: bool, refusal: &mut Refusal) -> Option<String> {
    match bytes(Path::new(&refusal.file)) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Some(text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let good = error.as_bytes().get(..at).unwrap_or_default();
                let (line, column) = place(&String::from_utf8_lossy(good), at);
                let text = "not UTF-8 from here on; a settings file is text in UTF-8";
                refusal.add(Origin::File(line, column), text.to_owned());
            }
        },
        Err(error) if error.kind() == ErrorKind::NotFound && !must => {}
        Err(error) => {
            let text = ["cannot read the settings file: ", &error.to_string()].concat();
            refusal.add(Origin::File(0, 0), text);
        }
    }
    None
}

/// What a regular file holds.
pub(super) fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Asked before opening: opening a pipe would wait for a writer.
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(std::io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(std::io::Error::other("larger than 1 MiB, which no settings file is"));
    }
    Ok(bytes)
}

/// Line and column, in characters and from 1, of a byte.
pub(super) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
