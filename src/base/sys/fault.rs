//! Reports a crash of the program. A panic of the static build is a trap: it has no message and no file name,
//! which would be thirty kilobytes, but an address, which leads to the line in the
//! same build with its symbols (`addr2line`).

use libc::{c_int, c_void, siginfo_t};
use std::ptr;

unsafe extern "C" {
    /// Where the program is mapped in memory; the linker defines it.
    static __ehdr_start: u8;
}

const BEFORE: &[u8] =
    concat!("sysmetrics ", env!("CARGO_PKG_VERSION"), ": internal error at 0x").as_bytes();
const AFTER: &[u8] = b": this is a fault of the program, please report it\n";
/// The message if the process may have no more memory: an allocation that fails is a trap, too.
const NO_MEMORY: &[u8] =
    b": no memory is left: raise the limit of the process (ulimit -v, ulimit -d)\n";
/// Bytes that can still be allocated if memory was not the reason.
const PROBE: usize = 1 << 20;

/// From now on a fault of the program is reported on stderr before it ends the process. A write beyond the limit of
/// a file's size (`ulimit -f`, `LimitFSIZE=`) is no fault: it fails with EFBIG, as one to a full disk does.
pub fn handle_faults() {
    // SAFETY: no handler is called.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    // SAFETY: a sigaction of zeros is valid; `report` does only what a handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = report as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESETHAND | libc::SA_NODEFER;
        for signal in [libc::SIGILL, libc::SIGTRAP] {
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
}

/// Writes where it happened, and dies of the signal.
extern "C" fn report(signal: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel passes valid pointers; write and raise are async-signal-safe
    // (signal-safety(7)), and so is mmap, which is only a system call; the address of the program
    // is not read from.
    unsafe {
        // A signal that another process sent has no address.
        let is_own = (*info).si_code > 0;
        let at = if is_own { (*info).si_addr().addr() } else { 0 };
        let offset = at.saturating_sub((&raw const __ehdr_start).addr());
        let mut digits = [0; 2 * size_of::<usize>()];
        for (at, digit) in digits.iter_mut().rev().enumerate() {
            let value = (offset >> (4 * at) & 15) as u8;
            *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        }
        let (rights, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
        let room = libc::mmap(ptr::null_mut(), PROBE, rights, kind, -1, 0);
        let after = if room == libc::MAP_FAILED { NO_MEMORY } else { AFTER };
        for part in [BEFORE, &digits[..], after] {
            libc::write(libc::STDERR_FILENO, part.as_ptr().cast(), part.len());
        }
        libc::raise(signal);
    }
}
