//! Landlock (Documentation/userspace-api/landlock.rst, since 5.13): which directories may be read and
//! written, which TCP ports may be used. Rights that the kernel's ABI does not know are left out, as it would
//! reject all of them. Descriptors that are open stay as they are.
//!
//! Never restricted are stat and statfs, and, as they are not asked for here, UDP (ABI 10) and paths
//! of Unix sockets (ABI 9).

use super::outcome;
use crate::base::sys::dir::open_place;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};

/// Numbers that are the same everywhere, except that those of MIPS begin at 4000.
const FIRST: libc::c_long =
    if cfg!(any(target_arch = "mips", target_arch = "mips32r6")) { 4444 } else { 444 };
const CREATE: libc::c_long = FIRST;
const ADD: libc::c_long = FIRST + 1;
const RESTRICT: libc::c_long = FIRST + 2;

/// LANDLOCK_CREATE_RULESET_VERSION.
const VERSION: u32 = 1;
/// LANDLOCK_RULE_PATH_BENEATH and LANDLOCK_RULE_NET_PORT.
const BELOW: u32 = 1;
const PORT: u32 = 2;

// Rights to files, as in include/uapi/linux/landlock.h.
const EXECUTE: u64 = 1 << 0;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const REMOVE_DIR: u64 = 1 << 4;
const REMOVE_FILE: u64 = 1 << 5;
const MAKE_DIR: u64 = 1 << 7;
const MAKE_REG: u64 = 1 << 8;
const MAKE_SOCK: u64 = 1 << 9;
const TRUNCATE: u64 = 1 << 14;
/// What there is to files that are no directories.
const OF_FILES: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
const IOCTL_DEV: u64 = 1 << 15;

/// To list directories.
pub const LIST: u64 = READ_DIR;
/// To read files and list directories.
pub const READ: u64 = READ_FILE | READ_DIR;
/// And to make, write and remove files.
pub const WRITE: u64 =
    READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | TRUNCATE;

/// To ask a device.
pub const ASK: u64 = READ_FILE | IOCTL_DEV;

/// To make Unix sockets and remove files.
pub const SOCKETS: u64 = MAKE_SOCK | REMOVE_FILE;
/// To read files and to start programs.
pub const RUN: u64 = READ | EXECUTE;

/// To listen on a port: LANDLOCK_ACCESS_NET_BIND_TCP.
pub const BIND: u64 = 1;
/// To connect to one: LANDLOCK_ACCESS_NET_CONNECT_TCP.
pub const CONNECT: u64 = 2;

/// LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and LANDLOCK_SCOPE_SIGNAL.
const ABSTRACT: u64 = 1;
const SIGNALS: u64 = 2;

/// What the program may access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Directories, with all below them, or files; and what may be done there: `READ`, `WRITE`, `SOCKETS`,
    /// `RUN`, `ASK`.
    pub paths: Vec<(PathBuf, u64)>,
    /// TCP ports, each for `BIND` or `CONNECT`; from ABI 4 on there are no others.
    pub ports: Vec<(u16, u64)>,
    /// It may connect to any port.
    pub connects_anywhere: bool,
    /// It may connect to abstract Unix sockets of others.
    pub has_abstract: bool,
}

/// A `struct landlock_ruleset_attr`; an older kernel accepts a longer one if the rest is 0.
#[repr(C)]
#[derive(Debug, PartialEq, Eq)]
struct Handled {
    files: u64,
    net: u64,
    scoped: u64,
}

/// A `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct Below {
    allowed: u64,
    parent: i32,
}

/// A `struct landlock_net_port_attr`.
#[repr(C)]
struct Port {
    allowed: u64,
    port: u64,
}

/// What is forbidden unless a rule allows it, as far as this ABI goes.
fn handled(abi: u32, reach: &Reach) -> Handled {
    let count = match abi {
        0 => 0,
        1 => 13,
        2 => 14,
        3 | 4 => 15,
        _ => 16,
    };
    let connect = if reach.connects_anywhere { 0 } else { CONNECT };
    let sockets = if reach.has_abstract { 0 } else { ABSTRACT };
    Handled {
        files: (1 << count) - 1,
        net: if abi >= 4 { BIND | connect } else { 0 },
        scoped: if abi >= 6 { SIGNALS | sockets } else { 0 },
    }
}

/// Landlock's ABI in this kernel.
///
/// # Errors
///
/// The kernel has no Landlock, or it is switched off or hidden.
pub fn abi() -> io::Result<u32> {
    let none: *const Handled = std::ptr::null();
    // SAFETY: with this flag the call takes no memory.
    let abi = unsafe { libc::syscall(CREATE, none, 0_usize, VERSION) };
    u32::try_from(abi).map_err(|_| io::Error::last_os_error())
}

/// Restricts this thread, and those that it starts from now on, to `reach`. Needs no_new_privs.
///
/// # Errors
///
/// Nothing is restricted: the errors of `abi`, or there are 16 restrictions already.
pub fn restrict(reach: &Reach) -> io::Result<()> {
    let abi = abi()?;
    let handled = handled(abi, reach);
    // SAFETY: the kernel reads as many bytes as the size says; the descriptor is ours alone.
    let rules = unsafe {
        let fd = libc::syscall(CREATE, &raw const handled, size_of::<Handled>(), 0_u32);
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0);
        File::from_raw_fd(fd.ok_or_else(io::Error::last_os_error)?)
    };
    for (path, rights) in &reach.paths {
        allow_below(&rules, path, rights & handled.files)?;
    }
    for (port, right) in reach.ports.iter().filter(|(_, right)| handled.net & right != 0) {
        let rule = Port { allowed: *right, port: u64::from(*port) };
        add(&rules, PORT, (&raw const rule).cast())?;
    }
    // SAFETY: this call takes numbers only.
    let answer = unsafe { libc::syscall(RESTRICT, rules.as_raw_fd(), 0_u32) };
    #[allow(clippy::useless_conversion)] // 32 bits wide on some targets
    outcome(i64::from(answer), 1, u8::try_from(abi).unwrap_or(u8::MAX))
}

/// Allows `rights` below `path`. A path that does not exist needs no rule.
fn allow_below(rules: &File, path: &Path, rights: u64) -> io::Result<()> {
    let Ok(place) = open_place(path) else { return Ok(()) };
    let is_dir = place.metadata().is_ok_and(|about| about.is_dir());
    let allowed = if is_dir { rights } else { rights & OF_FILES };
    let rule = Below { allowed, parent: place.as_raw_fd() };
    match add(rules, BELOW, (&raw const rule).cast()) {
        // A file system within the kernel, in which nothing is restricted.
        Err(error) if error.raw_os_error() == Some(libc::EBADFD) => Ok(()),
        done => done,
    }
}

fn add(rules: &File, kind: u32, rule: *const libc::c_void) -> io::Result<()> {
    // SAFETY: the kernel reads the rule of that kind, which lives over the call.
    match unsafe { libc::syscall(ADD, rules.as_raw_fd(), kind, rule, 0_u32) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rights_of_the_abi_are_requested() {
        let all = Reach::default();
        let expected = [
            (0, 0, 0, 0),
            (1, 0x1fff, 0, 0),
            (2, 0x3fff, 0, 0),
            (3, 0x7fff, 0, 0),
            (4, 0x7fff, 3, 0),
            (5, 0xffff, 3, 0),
            (6, 0xffff, 3, 3),
            // Log flags; all threads; Unix paths and UDP, which stay free.
            (7, 0xffff, 3, 3),
            (10, 0xffff, 3, 3),
        ];
        for (abi, files, net, scoped) in expected {
            assert_eq!(handled(abi, &all), Handled { files, net, scoped }, "{abi}");
        }
        let free = Reach { has_abstract: true, connects_anywhere: true, ..Reach::default() };
        assert_eq!(handled(6, &free), Handled { files: 0xffff, net: 1, scoped: 2 });
        // The kernel's sizes.
        let sizes = [size_of::<Handled>(), size_of::<Below>(), size_of::<Port>()];
        assert_eq!(sizes, [24, 12, 16]);
        assert_eq!([WRITE, OF_FILES, RUN, SOCKETS], [0x43be, 0xc007, 0xd, 0x220]);
    }
}
