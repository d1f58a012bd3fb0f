//! The system calls that this program makes, by processor: those seen in its tests, those musl makes for
//! the same functions elsewhere, and those it falls back to on older kernels. glibc's are among them, for builds
//! that are not static. `tests/calls.py` compares the list with what the binary of each processor does under qemu: some
//! 55 calls after the filter, of which every one is here.

use libc::{
    SYS_accept4, SYS_adjtimex, SYS_bind, SYS_brk, SYS_clock_adjtime, SYS_clock_getres,
    SYS_clock_gettime, SYS_clock_nanosleep, SYS_close, SYS_close_range, SYS_connect, SYS_dup,
    SYS_dup3, SYS_eventfd2, SYS_exit, SYS_exit_group, SYS_faccessat, SYS_faccessat2, SYS_fchmod,
    SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_fcntl, SYS_fdatasync, SYS_flock, SYS_fstat,
    SYS_fstatfs, SYS_fsync, SYS_ftruncate, SYS_futex, SYS_get_robust_list, SYS_getcwd,
    SYS_getdents64, SYS_getegid, SYS_geteuid, SYS_getgid, SYS_getpeername, SYS_getpid, SYS_getppid,
    SYS_getrandom, SYS_getrusage, SYS_getsockname, SYS_getsockopt, SYS_gettid, SYS_gettimeofday,
    SYS_getuid, SYS_inotify_add_watch, SYS_inotify_init1, SYS_inotify_rm_watch, SYS_ioctl,
    SYS_kill, SYS_listen, SYS_lseek, SYS_madvise, SYS_membarrier, SYS_mkdirat, SYS_mremap,
    SYS_munmap, SYS_nanosleep, SYS_openat, SYS_pipe2, SYS_ppoll, SYS_prctl, SYS_prlimit64,
    SYS_pselect6, SYS_read, SYS_readlinkat, SYS_readv, SYS_recvfrom, SYS_recvmmsg, SYS_recvmsg,
    SYS_renameat2, SYS_restart_syscall, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_rt_sigtimedwait, SYS_sched_getaffinity, SYS_sched_yield, SYS_sendmmsg, SYS_sendmsg,
    SYS_sendto, SYS_set_robust_list, SYS_set_tid_address, SYS_setitimer, SYS_setsockopt,
    SYS_shutdown, SYS_sigaltstack, SYS_socketpair, SYS_statfs, SYS_statx, SYS_sysinfo, SYS_tgkill,
    SYS_tkill, SYS_umask, SYS_uname, SYS_unlinkat, SYS_wait4, SYS_waitid, SYS_write, SYS_writev,
};

/// The number of a call.
type Call = libc::c_long;

/// Their numbers, which are small.
const fn numbers<const N: usize>(calls: [Call; N]) -> [u16; N] {
    let (mut numbers, mut at) = ([0; N], 0);
    while at < N {
        #[allow(clippy::indexing_slicing)] // both have N elements
        {
            numbers[at] = calls[at] as u16;
        }
        at += 1;
    }
    numbers
}

/// AUDIT_ARCH_… of include/uapi/linux/audit.h; 0 for processors that were not checked.
pub const PROCESSOR: u32 = {
    let (wide, little) = (0x8000_0000, 0x4000_0000);
    if cfg!(target_arch = "x86_64") {
        62 | wide | little
    } else if cfg!(target_arch = "x86") {
        3 | little
    } else if cfg!(target_arch = "aarch64") {
        183 | wide | little
    } else if cfg!(all(target_arch = "arm", target_endian = "little")) {
        40 | little
    } else if cfg!(target_arch = "riscv64") {
        243 | wide | little
    } else if cfg!(all(target_arch = "mips", target_endian = "little")) {
        8 | little
    } else if cfg!(target_arch = "mips") {
        8
    } else {
        0
    }
};

/// The calls that every processor has.
#[rustfmt::skip] // a table
static COMMON: &[u16] = &numbers([
    // Files.
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_close_range, SYS_lseek, SYS_fcntl, SYS_dup,
    SYS_dup3, SYS_openat, SYS_getdents64, SYS_readlinkat, SYS_fstat, SYS_statx, SYS_statfs, SYS_fstatfs,
    SYS_faccessat, SYS_faccessat2, SYS_ftruncate, SYS_fsync, SYS_fdatasync, SYS_unlinkat, SYS_renameat2,
    SYS_mkdirat, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_umask, SYS_flock, SYS_getcwd,
    SYS_ioctl, SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
    // Memory.
    SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier,
    // Threads, children and signals.
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_gettid, SYS_getpid, SYS_getppid, SYS_wait4, SYS_waitid, SYS_exit,
    SYS_exit_group, SYS_prctl, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack, SYS_restart_syscall, SYS_setitimer,
    // Facts of the process and the machine.
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_prlimit64, SYS_getrusage, SYS_uname, SYS_sysinfo,
    SYS_getrandom, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_adjtimex, SYS_clock_adjtime,
    SYS_nanosleep, SYS_clock_nanosleep,
    // Sockets, pipes and waiting.
    SYS_ppoll, SYS_pselect6, SYS_pipe2, SYS_eventfd2, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen,
    SYS_accept4, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_sendto, SYS_recvfrom,
    SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown,
]);

/// Calls that older processors have in addition; newer ones have only the calls with `at`.
#[cfg(not(any(target_arch = "aarch64", target_arch = "riscv64")))]
static OLD: &[u16] = &numbers([
    libc::SYS_open,
    libc::SYS_stat,
    libc::SYS_lstat,
    libc::SYS_access,
    libc::SYS_readlink,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_poll,
    libc::SYS_pipe,
    libc::SYS_dup2,
    libc::SYS_fork,
]);
#[cfg(target_arch = "aarch64")]
static OLD: &[u16] = &numbers([libc::SYS_renameat]);
#[cfg(target_arch = "riscv64")]
static OLD: &[u16] = &numbers([]);

/// Calls that only processors of 64 bits, or only those of 32 bits, have.
#[cfg(target_pointer_width = "64")]
static WIDE: &[u16] = &numbers([libc::SYS_newfstatat, libc::SYS_pread64, libc::SYS_pwrite64]);
#[cfg(target_pointer_width = "32")]
static WIDE: &[u16] = &numbers([
    libc::SYS__llseek,
    libc::SYS_fcntl64,
    libc::SYS_fstat64,
    libc::SYS_stat64,
    libc::SYS_lstat64,
    libc::SYS_statfs64,
    libc::SYS_fstatfs64,
    libc::SYS_ftruncate64,
    libc::SYS_sigreturn,
    // The same with times of 64 bits, since 5.1: clock_gettime, clock_adjtime, clock_getres, clock_nanosleep,
    // pselect6, ppoll, recvmmsg, rt_sigtimedwait, futex. musl falls back to the old ones only on ENOSYS, and
    // uses them first where the seconds fit. Seen are clock_gettime (each time) and recvmmsg; the others take
    // the old way, as all their times are short.
    BASE + 403,
    BASE + 405,
    BASE + 406,
    BASE + 407,
    BASE + 413,
    BASE + 414,
    BASE + 417,
    BASE + 421,
    BASE + 422,
]);

#[cfg(target_pointer_width = "32")]
const BASE: Call = FIRST as Call;

/// The first number of a call.
pub const FIRST: u32 = if cfg!(target_arch = "mips") { 4000 } else { 0 };

/// The remaining calls. libc has no names for those of MIPS.
#[cfg(target_arch = "mips")]
static OTHER: &[u16] = &numbers([4200, 4201, 4293]); // pread64, pwrite64, fstatat64
#[cfg(all(target_pointer_width = "32", not(target_arch = "mips")))]
static OTHER: &[u16] = &numbers([
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_fstatat64,
    libc::SYS_chown32,
    libc::SYS_fchown32,
    libc::SYS_lchown32,
    libc::SYS_getuid32,
    libc::SYS_geteuid32,
    libc::SYS_getgid32,
    libc::SYS_getegid32,
]);
#[cfg(target_pointer_width = "64")]
static OTHER: &[u16] = &numbers([libc::SYS_rseq]); // glibc ends a thread that cannot have it

/// glibc's alarm(3) is a call of its own where there is one; musl's sets a timer, as glibc does elsewhere. It ends the
/// program in any case once a signal asked for that.
#[cfg(all(target_env = "gnu", any(target_arch = "x86", target_arch = "x86_64")))]
static ALARM: &[u16] = &numbers([libc::SYS_alarm]);
#[cfg(not(all(target_env = "gnu", any(target_arch = "x86", target_arch = "x86_64"))))]
static ALARM: &[u16] = &numbers([]);

/// All of them.
pub static CALLS: [&[u16]; 5] = [COMMON, OLD, WIDE, OTHER, ALARM];

/// How memory is mapped where numbers have 32 bits.
#[cfg(target_pointer_width = "32")]
pub const MMAP: Call = libc::SYS_mmap2;
#[cfg(target_pointer_width = "64")]
pub const MMAP: Call = libc::SYS_mmap;
