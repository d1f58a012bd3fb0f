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
/// and not end when it is asked to. Other descriptors are closed there, because all are opened so.
///
/// # Errors
///
/// There is no such program, or no memory or process slot for one more.
pub fn spawn(words: &[String], input: BorrowedFd<'_>) -> io::Result<Child> {
    let mut texts = Vec::new();
    for word in words {
        texts.push(CString::new(word.as_str())?);
    }
    let words = texts;
    let mut argv: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
    argv.push(ptr::null_mut());
    let Some(program) = words.first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut files = MaybeUninit::uninit();
    let mut rules = MaybeUninit::uninit();
    let mut signals = MaybeUninit::uninit();
    let mut pid = 0;
    let (nowhere, stdin) = (c"/dev/null".as_ptr(), input.as_raw_fd());
    let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
    // SAFETY: each object is initialised by its first call, which fails only if memory is short,
    // and then there is nothing to be ended; argv and what it points to live to the end of the block,
    // and posix_spawn writes to neither.
    let failed = unsafe {
        let (files, rules) = (files.as_mut_ptr(), rules.as_mut_ptr());
        let set = signals.as_mut_ptr();
        let init =
            |failed| if failed == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(failed)) };
        init(libc::posix_spawn_file_actions_init(files))?;
        init(libc::posix_spawnattr_init(rules))?;
        libc::sigemptyset(set);
        let mut failed = libc::posix_spawnattr_setsigmask(rules, set);
        libc::sigaddset(set, libc::SIGPIPE);
        libc::sigaddset(set, libc::SIGXFSZ);
        failed |= libc::posix_spawnattr_setsigdefault(rules, set);
        failed |= libc::posix_spawnattr_setflags(rules, flags as _);
        failed |= libc::posix_spawn_file_actions_adddup2(files, stdin, 0);
        failed |= libc::posix_spawn_file_actions_addopen(files, 1, nowhere, libc::O_WRONLY, 0);
        failed |= libc::posix_spawn_file_actions_adddup2(files, 1, 2);
        if failed == 0 {
            let (path, argv) = (program.as_ptr(), argv.as_ptr());
            failed = libc::posix_spawnp(&mut pid, path, files, rules, argv, environ);
        }
        libc::posix_spawnattr_destroy(rules);
        libc::posix_spawn_file_actions_destroy(files);
        failed
    };
    if failed == 0 { Ok(Child(pid)) } else { Err(io::Error::from_raw_os_error(failed)) }
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
