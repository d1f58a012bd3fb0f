//! The sandbox of the program: no_new_privs, Landlock (`landlock`), a filter of system calls
//! (`seccomp`). All three hold for the calling thread and for those that it starts later, for ever.

mod calls;
mod landlock;
mod seccomp;

pub use landlock::{ASK, BIND, CONNECT, LIST, READ, RUN, Reach, SOCKETS, WRITE, abi, restrict};
pub use seccomp::filter_calls;

use std::io;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// What is in force: no_new_privs, the ABI of Landlock, the filter.
static IN_FORCE: [AtomicU8; 3] = [const { AtomicU8::new(0) }; 3];

/// What is in force in this process, by name: 0 if not; for Landlock its ABI.
pub fn sandboxed() -> [(&'static str, u8); 3] {
    let [privileges, landlock, seccomp] = IN_FORCE.each_ref().map(|part| part.load(Relaxed));
    [("no_new_privs", privileges), ("landlock", landlock), ("seccomp", seccomp)]
}

/// Records the outcome of a call: a part is in force, or not.
fn outcome(answer: i64, part: usize, value: u8) -> io::Result<()> {
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    if let Some(part) = IN_FORCE.get(part) {
        part.store(value, Relaxed);
    }
    Ok(())
}

/// No program that is started gets more privileges than this one has, whatever its file says (prctl(2), since
/// 3.5).
///
/// # Errors
///
/// The kernel is older.
pub fn forbid_privileges() -> io::Result<()> {
    let [on, none]: [libc::c_ulong; 2] = [1, 0];
    // SAFETY: this call takes numbers only.
    let answer = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, none, none, none) };
    outcome(answer.into(), 0, 1)
}

/// Whether an error means that this kernel, or the container around it, does not have the feature: built
/// without it, switched off, or hidden by a filter, which answers ENOSYS or EPERM.
pub fn is_absent(error: &io::Error) -> bool {
    let absent =
        [libc::ENOSYS, libc::EPERM, libc::EACCES, libc::EOPNOTSUPP, libc::EINVAL, libc::E2BIG];
    error.raw_os_error().is_some_and(|errno| absent.contains(&errno))
}
