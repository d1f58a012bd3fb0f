//! A program that is started.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Starts `command`. The signals that this process has blocked to read them from a descriptor are
/// not blocked there: a child would inherit that, and not end when it is told to.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let unblock = || {
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the set before it is used.
        let done = unsafe {
            libc::sigemptyset(none.as_mut_ptr());
            libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut())
        };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: between fork and exec the closure calls only what is async-signal-safe.
    unsafe { command.pre_exec(unblock) }.spawn()
}
