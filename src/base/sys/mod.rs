//! All libc and all `unsafe`, as safe functions; the rest of the crate denies it.
#![allow(unsafe_code)]

mod btrfs;
mod child;
mod compare;
mod crc;
pub mod digits;
mod dir;
mod disk;
mod entry;
mod ethtool;
mod fault;
mod host;
mod inotify;
mod net;
mod netlink;
mod notify;
mod packed;
mod pen;
mod perf;
mod poll;
mod probe;
mod resident;
mod resolve;
mod sandbox;
mod signal;
mod sort;
mod texts;
mod thread;
mod udp;
mod unix;
mod vcio;
mod vsock;
mod wake;

pub use btrfs::{BTRFS_ERRORS, Btrfs, BtrfsDevice, BtrfsInfo};
pub use child::{Child, ExitStatus, spawn};
pub use compare::is_same;
pub use crc::crc32;
pub use dir::{
    has_event, is_below, is_procfs, list, open_below, open_directory, open_listing, open_unwaiting,
    read_file, read_rest, read_text,
};
#[cfg(test)]
pub use disk::deny_open;
pub use disk::{
    Clocks, PRIVATE_DIR, boot_millis, clocks, is_in_memory, lock_alone, make_private, may_write,
    next_data, open_private, unlock,
};
pub use entry::{Entry, Place, Single};
pub use ethtool::Ethtool;
pub use fault::handle_faults;
pub use host::{ClockState, SystemNames, clock_state, system_names};
pub use inotify::{Event, Events, FileEvent, Inotify};
#[cfg(feature = "hub")]
pub use net::acknowledge;
pub use net::{
    Ends, accept, inherited_listeners, is_exhaustion, is_ipv6_only, is_socket, listen_tcp,
    listen_unix, local_name, peer_ip, peer_name, receive, send, shut_write,
};
pub use netlink::{netlink_socket, receive_from_kernel};
pub use notify::Notify;
pub use packed::{Laid, Packed, room};
pub use pen::{BLOCK, FOUR, LONG, LinePen, Pen, Places};
pub use perf::{PerfCounter, PerfEvent, allowed_cpus};
pub use poll::{Ready, poll, would_block, write};
pub use probe::{Probe, Space, is_mount, statfs};
pub use resident::release_memory;
pub use resolve::resolve;
pub use sandbox::{
    ASK, BIND, CONNECT, LIST, READ, RUN, Reach, SOCKETS, WRITE, abi, filter_calls,
    forbid_privileges, is_absent, restrict, sandboxed,
};
pub use signal::leave_signals;
pub use signal::{Signal, Signals};
pub use sort::sort;
pub use texts::{List, Texts};
pub use thread::{Thread, spawn_thread};
pub use udp::{Datagrams, bind_udp, dropped_datagrams};
pub use unix::{connect_unix, effective_user};
pub use vcio::throttled;
pub use vsock::listen_vsock;
pub use wake::Wake;

use std::fs::File;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Clock ticks a second in the kernel's texts (USER_HZ).
pub fn user_hz() -> u64 {
    // Asked for every sample of CPU time.
    static KNOWN: AtomicU32 = AtomicU32::new(0);
    let hz = match KNOWN.load(Relaxed) {
        0 => {
            // SAFETY: sysconf has no preconditions.
            let hz = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
            let hz = u32::try_from(hz).ok().filter(|hz| *hz > 0).unwrap_or(100);
            KNOWN.store(hz, Relaxed);
            hz
        }
        hz => hz,
    };
    hz.into()
}

/// Bytes in a page of memory.
pub fn page_size() -> u64 {
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).ok().filter(|size| *size > 0).unwrap_or(4096)
}

/// The symbol of an errno of the kernel's files; "other" for a rare one, and
/// "content" for 0: a file was read and was not as documented.
pub fn errno_name(errno: i32) -> &'static str {
    match errno {
        0 => "content",
        libc::EPERM => "EPERM",
        libc::ENOENT => "ENOENT",
        libc::EINTR => "EINTR",
        libc::EIO => "EIO",
        libc::ENXIO => "ENXIO",
        libc::EAGAIN => "EAGAIN",
        libc::ENOMEM => "ENOMEM",
        libc::EACCES => "EACCES",
        libc::EBUSY => "EBUSY",
        libc::ENODEV => "ENODEV",
        libc::EISDIR => "EISDIR",
        libc::EINVAL => "EINVAL",
        libc::EMFILE => "EMFILE",
        libc::ENFILE => "ENFILE",
        libc::ENODATA => "ENODATA",
        libc::EOPNOTSUPP => "EOPNOTSUPP",
        libc::ETIMEDOUT => "ETIMEDOUT",
        libc::ENOTCONN => "ENOTCONN",
        libc::ESTALE => "ESTALE",
        libc::ELOOP => "ELOOP",
        _ => "other",
    }
}

/// CPU time of this process so far, user and system, in nanoseconds.
pub fn process_cpu_nanos() -> Option<u64> {
    clock_nanos(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Microseconds on the monotonic clock, as the service manager counts them.
fn monotonic_micros() -> u64 {
    clock_nanos(libc::CLOCK_MONOTONIC).unwrap_or(0) / 1000
}

fn clock_nanos(clock: libc::clockid_t) -> Option<u64> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: `time` is writable for a timespec; it is read only after success.
    let time = unsafe {
        if libc::clock_gettime(clock, time.as_mut_ptr()) != 0 {
            return None;
        }
        time.assume_init()
    };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).ok()?)
}

/// One limit of this process; `Some(None)` for no limit. The constants' type differs
/// by libc, hence the closure.
fn limit(read: impl FnOnce(*mut libc::rlimit) -> libc::c_int) -> Option<Option<u64>> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let known = read(&raw mut limit) == 0;
    #[allow(clippy::unnecessary_cast)] // 32 bits wide on some targets
    known.then_some((limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur as u64))
}

/// How many file descriptors this process may have open; `None` for no limit.
pub fn open_files_limit() -> Option<u64> {
    // SAFETY: the pointer is writable for an rlimit.
    limit(|to| unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, to) }).flatten()
}

/// At most so many descriptors that are kept open for speed alone: one in eight of those that there may be.
pub fn share_of_open_files(most: usize) -> usize {
    let share = open_files_limit().and_then(|limit| usize::try_from(limit / 8).ok());
    share.map_or(most, |share| most.min(share))
}

/// How large the address space may grow: `Some(None)` without limit.
pub fn address_space_limit() -> Option<Option<u64>> {
    // SAFETY: the pointer is writable for an rlimit.
    limit(|to| unsafe { libc::getrlimit(libc::RLIMIT_AS, to) })
}

/// How many file descriptors are open, by the size that Linux 6.2 and later give /proc/self/fd;
/// `directory` is that directory, kept open. `None` on older kernels.
pub fn open_files(directory: &File) -> Option<u64> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `stat` is writable for a stat; it is read only after success.
    let stat = unsafe {
        if libc::fstat(directory.as_raw_fd(), stat.as_mut_ptr()) != 0 {
            return None;
        }
        stat.assume_init()
    };
    u64::try_from(stat.st_size).ok().filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reports_the_kernels_values() {
        assert!(user_hz() >= 1);
        assert!(page_size() >= 4096);
        assert!(process_cpu_nanos().unwrap() > 0);
        assert!(open_files_limit().is_none_or(|n| n > 10));
        assert_eq!(share_of_open_files(1), 1);
        let directory = File::open("/proc/self/fd").unwrap();
        if let Some(n) = open_files(&directory) {
            assert!(n >= 4, "{n}"); // stdin, stdout, stderr, the directory
        }
    }
}
