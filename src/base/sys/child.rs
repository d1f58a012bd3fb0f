//! Starts programs: posix_spawn(3), which needs less than the standard library with
//! its maps of variables.

use std::ffi::{CString, c_char};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

unsafe extern "C" {
    /// The variables of this process; nothing here changes them.
    static environ: *const *mut c_char;
}

/// A running program. It has to be waited for, or it stays in the kernel's table.
pub struct Child(libc::pid_t);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It exited with this status.
    Status(i32),
    /// It was killed by this signal.
    Signal(i32),
}

/// Starts the program `words` begins with, found as a shell finds it, with the others as arguments.
/// It reads `input`; its output is discarded. The signals that this process has blocked to read
/// them from a descriptor are not blocked there, nor are SIGPIPE and SIGXFSZ ignored: a child would inherit that,
/// and not end when it should. Other descriptors are closed there, because all are opened so.
///
/// # Errors
///
/// There is no such program, or no memory or process slot for one more.
pub fn spawn(words: &[String], input: BorrowedFd<'_>) -> io::Result<Child> {
    let words = words.iter().map(|word| CString::new(word.as_str()));
    let words: Vec<CString> = words.collect::<Result<_, _>>()?;
    let mut argv: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    let Some(program) = words.first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut files = MaybeUninit::uninit();
    let mut attributes = MaybeUninit::uninit();
    let mut pid = 0;
    // SAFETY: each object is initialised by its first call, which fails only if memory is short,
    // and then there is nothing to be ended; argv and what it points to live to the end of the block,
    // and posix_spawn writes to neither.
    let failed = unsafe {
        let (files, attributes) = (files.as_mut_ptr(), attributes.as_mut_ptr());
        check(libc::posix_spawn_file_actions_init(files))?;
        check(libc::posix_spawnattr_init(attributes))?;
        let mut failed = set_signals(attributes) | set_files(files, input);
        if failed == 0 {
            let (path, argv) = (program.as_ptr(), argv.as_ptr());
            failed = libc::posix_spawnp(&mut pid, path, files, attributes, argv, environ);
        }
        libc::posix_spawnattr_destroy(attributes);
        libc::posix_spawn_file_actions_destroy(files);
        failed
    };
    check(failed).map(|()| Child(pid))
}

fn check(errno: i32) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno)) }
}

/// No signal is blocked, and SIGPIPE and SIGXFSZ are not ignored. Returns an errno, or 0.
///
/// # Safety
///
/// `attributes` is initialised.
unsafe fn set_signals(attributes: *mut libc::posix_spawnattr_t) -> i32 {
    let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
    let mut signals = MaybeUninit::uninit();
    let set = signals.as_mut_ptr();
    // SAFETY: sigemptyset initialises the set, which the other calls only read.
    unsafe {
        libc::sigemptyset(set);
        let mut failed = libc::posix_spawnattr_setsigmask(attributes, set);
        libc::sigaddset(set, libc::SIGPIPE);
        libc::sigaddset(set, libc::SIGXFSZ);
        failed |= libc::posix_spawnattr_setsigdefault(attributes, set);
        failed | libc::posix_spawnattr_setflags(attributes, flags as _)
    }
}

/// Standard input is `input`; output and errors are discarded. Returns an errno, or 0.
///
/// # Safety
///
/// `files` is initialised.
unsafe fn set_files(files: *mut libc::posix_spawn_file_actions_t, input: BorrowedFd<'_>) -> i32 {
    let null = c"/dev/null".as_ptr();
    // SAFETY: the path is copied; the descriptors are used when the program starts, and `input` is open then.
    unsafe {
        let stdin = libc::posix_spawn_file_actions_adddup2(files, input.as_raw_fd(), 0);
        let stdout = libc::posix_spawn_file_actions_addopen(files, 1, null, libc::O_WRONLY, 0);
        stdin | stdout | libc::posix_spawn_file_actions_adddup2(files, 1, 2)
    }
}

impl Child {
    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// The process was waited for before.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.wait(libc::WNOHANG)
    }

    /// Kills it and waits for its end.
    pub fn kill(&mut self) {
        // SAFETY: kill has no memory preconditions. The process was not waited for: its number is
        // no other's.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        let _ = self.wait(0);
    }

    fn wait(&mut self, flags: i32) -> io::Result<Option<ExitStatus>> {
        let mut status = 0;
        loop {
            // SAFETY: waitpid writes one int to the given address.
            match unsafe { libc::waitpid(self.0, &mut status, flags) } {
                0 => return Ok(None),
                pid if pid > 0 && libc::WIFSIGNALED(status) => {
                    return Ok(Some(ExitStatus::Signal(libc::WTERMSIG(status))));
                }
                pid if pid > 0 => return Ok(Some(ExitStatus::Status(libc::WEXITSTATUS(status)))),
                _ => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
        }
    }
}
