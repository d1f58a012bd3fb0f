//! Finds the settings file, and reads it within bounds.

use crate::base::sys;
use crate::settings::problem::Origin;
use crate::settings::sources::raw::Sources;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Bytes of a settings file.
pub const MAX_FILE: u64 = 1 << 20;

/// The text of the named file or else of the first of `files` that exists; None without
/// a file. From then on the refusal has its name.
pub fn text(
    named: Option<String>,
    files: [&str; 2],
    sources: &mut Sources<'_, '_>,
) -> Option<String> {
    let [first, second] = files;
    let file = match named {
        Some(file) => file,
        None => {
            let file = files.into_iter().find(|file| is_there(file))?;
            if file == first && is_there(second) {
                let text = [second, ": it is not read, as there is ", first, "; keep one of them"];
                sources.warnings.push(text.concat());
            }
            file.to_owned()
        }
    };
    let refusal = &mut sources.refusal;
    refusal.file = file;
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
        Err(error) => {
            let text = ["cannot read the settings file: ", &error.to_string()].concat();
            refusal.add(Origin::File(0, 0), text);
        }
    }
    None
}

/// Whether there is something with this name, even a link that leads nowhere or a file that may not be
/// accessed: to go on without it would ignore settings that somebody wrote.
fn is_there(file: &str) -> bool {
    let absent =
        |error: Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    !fs::symlink_metadata(file).is_err_and(absent)
}

/// The content of a regular file.
pub fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Checked before opening: opening a pipe would wait for a writer.
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(Error::other("not a regular file"));
    }
    let bytes = sys::read_file(path, MAX_FILE + 1)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::other("larger than 1 MiB, which no settings file is"));
    }
    Ok(bytes)
}

/// Line and column, in characters and from 1, of a byte.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
