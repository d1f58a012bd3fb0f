//! Who may connect to a Unix socket: the group and mode of its file.

use crate::base::address::{Listen, SocketAccess};
use crate::base::sys;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

/// The file with the numbers of groups.
const GROUPS: &str = "/etc/group";

/// Bytes of it that are read.
const MAX_GROUPS: u64 = 1 << 20;

/// Checks what the files of the Unix sockets in `wanted` will get.
///
/// # Errors
///
/// There is no such group.
#[cfg_attr(not(feature = "exporter"), allow(dead_code))] // a library has no such settings
pub fn check(wanted: &[Listen], access: &SocketAccess) -> io::Result<()> {
    let has_file = wanted.iter().any(|listen| matches!(listen, Listen::Unix(_)));
    if has_file { group(access).map(drop) } else { Ok(()) }
}

/// Sets the group and mode of the socket's file, as in the settings.
pub fn grant(path: &Path, access: &SocketAccess) -> io::Result<()> {
    if let Some(number) = group(access)? {
        chown(path, None, Some(number))
            .map_err(|e| io::Error::new(e.kind(), format!("socket_group {}: {e}", access.group)))?;
    }
    match access.mode {
        Some(mode) => fs::set_permissions(path, fs::Permissions::from_mode(mode)),
        None => Ok(()),
    }
}

/// The number of the group; `None` if none is set.
fn group(access: &SocketAccess) -> io::Result<Option<u32>> {
    let name = &access.group;
    if name.is_empty() {
        return Ok(None);
    }
    let number = name.parse().ok().or_else(|| group_number(name));
    let what = ": not in /etc/group; expected a group of this machine, or its number";
    let absent =
        || io::Error::new(io::ErrorKind::InvalidInput, format!("socket_group {name}{what}"));
    number.map(Some).ok_or_else(absent)
}

/// Looks up the number of a group in group(5): `name:password:number:members`.
fn group_number(name: &str) -> Option<u32> {
    let text = sys::read_text(Path::new(GROUPS), MAX_GROUPS).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| {
        line.strip_prefix(name)?.strip_prefix(':')?.split(':').nth(1)?.parse().ok()
    })
}
