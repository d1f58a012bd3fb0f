//! Rules of Landlock for paths: which directories they are made for, and what a new set of rights has that an old
//! one lacks.

use crate::base::sys::{ASK, BIND, CONNECT, READ, RUN, Reach};
use std::fs;
use std::path::{Path, PathBuf};

/// Adds a path, unless one above it is present.
pub fn add(reach: &mut Reach, path: &Path, rights: u64) {
    if !allows(reach, path, rights) {
        reach.paths.push((path.to_owned(), rights));
    }
}

/// Whether `reach` has these rights at a path.
fn allows(reach: &Reach, path: &Path, rights: u64) -> bool {
    let above = reach.paths.iter().filter(|(above, _)| path.starts_with(above));
    above.fold(rights, |missing, (_, rights)| missing & !rights) == 0
}

/// Adds the directories for which rules are made so that `path` can be used: its own and, if it is a link,
/// that of the file, as a rule on a file does not hold for a file that replaces it. Of a path with wildcards, the
/// part before them. A path that does not exist yet will be made in the nearest directory that exists; but the whole
/// machine is not opened for that.
pub fn add_directories(reach: &mut Reach, path: &Path, rights: u64) {
    let is_plain =
        |part: &&std::ffi::OsStr| !part.as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
    let mut named: PathBuf = path.iter().take_while(is_plain).collect();
    if named.as_os_str().is_empty() {
        named.push(".");
    }
    if let Ok(real) = fs::canonicalize(&named) {
        let above = real.parent().filter(|above| !real.is_dir() && above.parent().is_some());
        // In the root directory, which contains everything, a rule is for the file itself.
        add(reach, above.unwrap_or(&real), rights);
        if real == named {
            return;
        }
    }
    while !named.is_dir() && named.pop() {
        if named.as_os_str().is_empty() {
            named.push(".");
        }
    }
    if named.parent().is_some() {
        add(reach, &named, rights);
    }
}

/// The first thing that `new` reaches and `old` does not.
pub fn beyond(old: &Reach, new: &Reach) -> Option<String> {
    let path = new.paths.iter().find(|(path, rights)| !allows(old, path, *rights));
    if let Some((path, rights)) = path {
        let what = match *rights {
            READ | ASK => "to read ",
            RUN => "to start programs in ",
            _ => "to write ",
        };
        return Some([what, &path.to_string_lossy()].concat());
    }
    if new.connects_anywhere && !old.connects_anywhere {
        return Some("to connect to all ports".to_owned());
    }
    let is_free = |right| right == CONNECT && old.connects_anywhere;
    let mut ports = new.ports.iter().filter(|(_, right)| !is_free(*right));
    let (port, right) = ports.find(|port| !old.ports.contains(port))?;
    let what = if *right == BIND { "to listen on port " } else { "to connect to port " };
    Some([what, &port.to_string()].concat())
}

#[cfg(test)]
mod tests;
