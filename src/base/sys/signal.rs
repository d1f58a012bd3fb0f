//! Signals as a descriptor: a handler records SIGTERM, SIGINT and SIGHUP and wakes the loop. A
//! library's threads, and all but the first of the program's, block all signals.
//!
//! The serving thread may hang in a file that blocks, where no message reaches it. So the handler of
//! a signal that is to end the process sets an alarm, whose default action ends it in any case. A
//! signalfd would be read by the thread that hangs.

use super::Wake;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

/// Seconds that an end may last.
const END: u32 = 8;

/// The same after a second request.
const END_AGAIN: u32 = 2;

/// Signals that came and were not handled yet, a bit each; a second request to end is `AGAIN`.
static PENDING: AtomicU32 = AtomicU32::new(0);

/// How often an end was requested.
static ENDS: AtomicU32 = AtomicU32::new(0);

/// The descriptor that the handler wakes.
static WAKE: AtomicI32 = AtomicI32::new(-1);

const SIGNALS: [(i32, Signal); 4] = [
    (libc::SIGHUP, Signal::Hangup),
    (libc::SIGINT, Signal::Interrupt),
    (libc::SIGTERM, Signal::Terminate),
    (AGAIN, Signal::Terminate),
];

/// Stands for another SIGTERM or SIGINT: no signal has this number.
const AGAIN: i32 = 0;

/// A request of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: end.
    Terminate,
    /// SIGINT: end.
    Interrupt,
    /// SIGHUP: read the settings again.
    Hangup,
}

impl Signal {
    /// Its name, as in the manual pages.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Terminate => "SIGTERM",
            Signal::Interrupt => "SIGINT",
            Signal::Hangup => "SIGHUP",
        }
    }
}

/// The pending signals.
pub struct Signals(Wake);

impl Signals {
    /// Installs handlers in place of the default actions, and ignores SIGUSR1 and SIGUSR2, as programs in Go do: some
    /// scripts that rotate logs send them to everything. Call before any thread is started.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn take() -> io::Result<Signals> {
        let wake = Wake::new()?;
        WAKE.store(wake.as_fd().as_raw_fd(), SeqCst);
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the set before it is used; a sigaction of zeros is the
        // default one; `note` does only what a handler may.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            let mut action: libc::sigaction = std::mem::zeroed();
            libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGALRM);
            action.sa_sigaction = note as *const () as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            for (signal, _) in SIGNALS.into_iter().filter(|(signal, _)| *signal != AGAIN) {
                libc::sigaction(signal, &raw const action, ptr::null_mut());
                libc::sigaddset(set.as_mut_ptr(), signal);
            }
            action.sa_sigaction = libc::SIG_IGN;
            for signal in [libc::SIGUSR1, libc::SIGUSR2] {
                libc::sigaction(signal, &raw const action, ptr::null_mut());
            }
            // The parent process may have blocked them.
            libc::sigprocmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut());
        }
        Ok(Signals(wake))
    }

    /// The next pending signal.
    pub fn next(&self) -> Option<Signal> {
        // Before they are read: one that comes meanwhile wakes again.
        self.0.clear();
        let is_pending = |number: i32| PENDING.fetch_and(!(1 << number), SeqCst) >> number & 1 == 1;
        let next = SIGNALS.into_iter().find(|(number, _)| is_pending(*number));
        if PENDING.load(SeqCst) != 0 {
            self.0.wake();
        }
        next.map(|(_, signal)| signal)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Records a signal.
extern "C" fn note(signal: i32) {
    let mut number = signal;
    // SAFETY: alarm and write are async-signal-safe (signal-safety(7)); the descriptor is that of
    // `Signals`, or closed by now; errno is restored for the interrupted code.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        if signal != libc::SIGHUP {
            let is_first = ENDS.fetch_add(1, SeqCst) == 0;
            libc::alarm(if is_first { END } else { END_AGAIN });
            number = if is_first { signal } else { AGAIN };
        }
        PENDING.fetch_or(1 << number, SeqCst);
        let one = 1u64;
        libc::write(WAKE.load(SeqCst), (&raw const one).cast(), size_of::<u64>());
        *errno = before;
    }
}

/// From now on this thread gets none of the process's signals, except those that its own faults raise:
/// a program that blocks signals in its threads, to wait for them, must not lose them to this thread.
pub fn leave_signals() {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises the set before it is used; the old mask is not read.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut());
    }
}
