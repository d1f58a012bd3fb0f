//! The system calls of the harness: clocks of other processes, children that die with it, and an
//! exec whose moment is known.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The descriptor at which a service manager hands over its first listener.
const FIRST_INHERITED: RawFd = 3;

fn nanos(clock: libc::clockid_t) -> io::Result<u64> {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: `time` is writable; it is read only after success.
    unsafe {
        if libc::clock_gettime(clock, time.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        let time = time.assume_init();
        Ok(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }
}

/// CPU time of a process, user and system, all threads, exact to the nanosecond.
pub fn cpu_nanos(pid: u32) -> io::Result<u64> {
    let mut clock = 0;
    // SAFETY: `clock` is writable.
    match unsafe { libc::clock_getcpuclockid(pid as libc::pid_t, &mut clock) } {
        0 => nanos(clock),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// CPU time of this process.
pub fn own_cpu_nanos() -> u64 {
    nanos(libc::CLOCK_PROCESS_CPUTIME_ID).unwrap_or(0)
}

/// CPU time of all children that ended and were waited for, to the microsecond.
pub fn children_cpu_nanos() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: `usage` is writable; it is read only after success.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) != 0 {
            return 0;
        }
        usage.assume_init()
    };
    let nanos =
        |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
    nanos(usage.ru_utime) + nanos(usage.ru_stime)
}

/// The clock that all processes share and that never jumps.
pub fn monotonic_nanos() -> u64 {
    nanos(libc::CLOCK_MONOTONIC).unwrap_or(0)
}

/// Keeps this process, and every child it starts from now on, on one CPU.
pub fn pin(cpu: usize) -> io::Result<()> {
    // SAFETY: an all-zero set is an empty one; size and pointer describe it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        match libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A child that is killed when the harness ends, however it ends.
pub fn dies_with_us(command: &mut Command) -> &mut Command {
    // SAFETY: prctl and nothing else happens between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        })
    }
}

/// Ends a child of ours with `signal`.
pub fn signal(pid: u32, signal: libc::c_int) {
    // SAFETY: no preconditions; the process is a child that was not waited for yet.
    unsafe { libc::kill(pid as libc::pid_t, signal) };
}

/// Waits for `fd` to be readable.
pub fn wait_readable(fds: &mut [libc::pollfd]) {
    // SAFETY: pointer and length describe the slice.
    unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, -1) };
}

/// A program about to be executed with an exactly known start.
pub struct Exec {
    argv: Vec<CString>,
    env: Vec<CString>,
    /// A page that parent and child share: the child leaves the time of its exec there.
    shared: *mut u64,
}

impl Exec {
    /// `argv[0]` is the path of the program. The environment is empty.
    pub fn new(argv: &[String]) -> Exec {
        let text = |s: &String| CString::new(s.as_str()).expect("no zero byte");
        // SAFETY: a fresh anonymous mapping; it is kept for the life of the process.
        let shared = unsafe {
            let (protection, flags) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
            libc::mmap(std::ptr::null_mut(), 4096, protection, flags, -1, 0)
        };
        assert!(shared != libc::MAP_FAILED, "no shared page");
        Exec { argv: argv.iter().map(text).collect(), env: Vec::new(), shared: shared.cast() }
    }

    /// Starts the program, with `listener` handed over as systemd does if there is one. Returns
    /// its process id.
    pub fn start(&mut self, listener: Option<BorrowedFd<'_>>) -> io::Result<u32> {
        // LISTEN_PID is known only in the child: room for its digits, filled in there.
        let mut pid_text = *b"LISTEN_PID=0000000000\0";
        self.env = vec![CString::new("LISTEN_FDS=1").expect("no zero byte")];
        let mut argv: Vec<_> = self.argv.iter().map(|a| a.as_ptr()).collect();
        argv.push(std::ptr::null());
        let env = [self.env[0].as_ptr(), pid_text.as_ptr().cast(), std::ptr::null()];
        let no_env = [std::ptr::null()];
        let env = if listener.is_some() { &env[..] } else { &no_env[..] };
        // SAFETY: the harness has one thread; the child calls only async-signal-safe functions and
        // writes only to its own copy of the stack and to the shared page.
        unsafe {
            *self.shared = 0;
            let pid = libc::fork();
            if pid != 0 {
                return u32::try_from(pid).map_err(|_| io::Error::last_os_error());
            }
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            for fd in 0..3 {
                libc::dup2(null, fd);
            }
            if let Some(listener) = listener {
                libc::dup2(listener.as_raw_fd(), FIRST_INHERITED);
                // If it had that number already, dup2 left its flags as they were.
                libc::fcntl(FIRST_INHERITED, libc::F_SETFD, 0);
            }
            let mut n = libc::getpid() as u32;
            let digits = pid_text.as_mut_ptr().add(11);
            for i in (0..10).rev() {
                *digits.add(i) = b'0' + (n % 10) as u8;
                n /= 10;
            }
            self.shared.write_volatile(monotonic_nanos());
            libc::execve(argv[0], argv.as_ptr(), env.as_ptr());
            libc::_exit(127)
        }
    }

    /// When the child called `exec`, once it has.
    pub fn started_at(&self) -> u64 {
        // SAFETY: the page is mapped for the life of the process.
        unsafe { self.shared.read_volatile() }
    }
}

/// Waits for a child to be gone.
pub fn reap(pid: u32) {
    // SAFETY: a null status is allowed.
    unsafe { libc::waitpid(pid as libc::pid_t, std::ptr::null_mut(), 0) };
}
