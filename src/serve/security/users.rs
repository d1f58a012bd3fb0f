//! Users in a file as written by `htpasswd -B`, and the login of a client (RFC 7617).

use crate::base::sys;
use crate::base::wire;
use crate::base::wire::base64;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Bytes of a file of users.
const MAX_FILE: u64 = 256 << 10;

/// Names and hashes, one pair a line.
///
/// # Errors
///
/// There is no such file, it is too large, or a line is not a pair.
pub fn read(path: &Path) -> io::Result<Vec<(String, String)>> {
    let of_kind = |kind: ErrorKind, what: &str| {
        io::Error::new(kind, format!("users_file {}{what}", path.display()))
    };
    let fault = |what: &str| of_kind(ErrorKind::InvalidInput, what);
    let failed = |error: io::Error| of_kind(error.kind(), &[": ", &error.to_string()].concat());
    // Checked before opening: opening a pipe would wait for a writer.
    let about = std::fs::metadata(path).map_err(failed)?;
    if !about.is_file() || about.len() > MAX_FILE {
        return Err(fault(": not a file of at most 256 KiB"));
    }
    let text = sys::read_text(path, MAX_FILE).map_err(failed)?;
    let mut users: Vec<(String, String)> = Vec::new();
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = at + 1;
        let pair = line.split_once(':').filter(|(name, _)| !name.is_empty());
        let Some((name, hash)) = pair else {
            return Err(fault(&format!(
                ":{at}: expected name:hash, as htpasswd -nBC 10 writes it"
            )));
        };
        if users.iter().any(|(known, _)| known == name) {
            return Err(fault(&format!(":{at}: this name is there twice; remove one")));
        }
        users.push((name.to_owned(), hash.to_owned()));
    }
    match users.is_empty() {
        // Without users no login would be needed.
        true => Err(fault(": expected name:hash a line, found none")),
        false => Ok(users),
    }
}

/// Name and password in a header of basic authentication; `None` for another scheme or an invalid one.
pub fn name_and_password(authorization: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    if !wire::same(scheme, "basic") {
        return None;
    }
    let mut pair = base64(rest.trim(), [b'+', b'/'])?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let password = pair.split_off(colon + 1);
    pair.truncate(colon);
    Some((pair, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_ends_at_the_first_colon() {
        let pair = |name: &str, password: &str| Some((name.into(), password.into()));
        // "ann:first", "ann:a:b", ":", "ann"
        assert_eq!(name_and_password("Basic YW5uOmZpcnN0"), pair("ann", "first"));
        assert_eq!(name_and_password("basic  YW5uOmE6Yg=="), pair("ann", "a:b"));
        assert_eq!(name_and_password("BASIC Og=="), pair("", ""));
        for bad in ["", "Basic", "Basic YW5u", "Bearer YW5uOmZpcnN0", "Basic !", "YW5uOmZpcnN0"] {
            assert_eq!(name_and_password(bad), None, "{bad}");
        }
    }
}
