//! Signals as a descriptor: SIGTERM, SIGINT and SIGHUP are noted by a handler, which wakes the loop. A
//! library's threads, and all but the first of the program's, leave all signals to the others.
//!
//! The serving thread may hang where it cannot be told anything, in a file that blocks. So the handler of
//! a signal that is to end the process sets an alarm, whose default action ends it in any case. A
//! signalfd would be read by the thread that hangs.

use super::Wake;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

/// Seconds that an end may take.
const END: u32 = 8;

/// The same once it was asked for again.
const END_AGAIN: u32 = 2;

/// What came and was not taken yet, a bit each; another end beside the first is `AGAIN`.
static PENDING: AtomicU32 = AtomicU32::new(0);

/// How often an end was asked for.
static ENDS: AtomicU32 = AtomicU32::new(0);

/// What the handler wakes.
static WAKE: AtomicI32 = AtomicI32::new(-1);

const SIGNALS: [(i32, Signal); 4] = [
    (libc::SIGHUP, Signal::Hangup),
    (libc::SIGINT, Signal::Interrupt),
    (libc::SIGTERM, Signal::Terminate),
    (AGAIN, Signal::Terminate),
];

/// Stands for another SIGTERM or SIGINT: no signal has this number.
const AGAIN: i32 = 0;

/// What the operator asks for.
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
    /// As the manual pages spell it.
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
    /// Takes the signals over from their default actions. Call before any thread is started.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn take() -> io::Result<Signals> {
        let wake = Wake::new()?;
        WAKE.store(wake.as_fd().as_raw_fd(), SeqCst);
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset initialises the set before it is used; an action of zeros is the
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
            // Whoever started us may have blocked them.
            libc::sigprocmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut());
        }
        Ok(Signals(wake))
    }

    /// The next pending signal.
    pub fn next(&self) -> Option<Signal> {
        // Before they are looked at: one that comes meanwhile wakes again.
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

/// Notes that a signal came.
extern "C" fn note(signal: i32) {
    let mut number = signal;
    // SAFETY: alarm and write are async-signal-safe (signal-safety(7)); the descriptor is that of
    // `Signals`, or none any more; errno is as it was for whoever was interrupted.
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

/// From now on this thread takes none of the process's signals, but those that its own faults raise:
/// a program that blocks signals in its threads, to wait for them, must not have them taken here.
pub fn leave_signals() {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset initialises the set before it is used; the old mask is not asked for.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] {
            libc::sigdelset(set.as_mut_ptr(), fault);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), ptr::null_mut());
    }
}
