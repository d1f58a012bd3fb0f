//! statfs(2) in a child process, for mounts whose server may never answer. A thread would not do:
//! in state D no signal ends it, and it would keep the ended agent's descriptors and port. The child
//! holds only its pipe, and can be abandoned.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// How full a file system is, in its own blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Space {
    /// Bytes of a block.
    pub block: u64,
    /// Blocks in total, free, and free for everybody.
    pub blocks: [u64; 3],
    /// Inodes in total and free.
    pub files: [u64; 2],
    /// Whether it is mounted read-only (`ST_RDONLY`).
    pub read_only: bool,
}

/// Children that were abandoned and hang; with this many, no other is started.
const MAX_LEFT: usize = 64;

/// The answer on the pipe: errno, then the numbers of `Space`.
const WORDS: usize = 8;

/// include/uapi/linux/fcntl.h and stat.h; libc does not have them for every target.
const AT_STATX_DONT_SYNC: i32 = 0x4000;
const STATX_ATTR_MOUNT_ROOT: u64 = 0x2000;

/// Calls statfs at once; may never return.
#[allow(clippy::unnecessary_cast)] // the types differ by target
pub fn statfs(path: &CStr) -> io::Result<Space> {
    let mut about = MaybeUninit::<libc::statfs64>::uninit();
    // SAFETY: `path` ends with a NUL; `about` is writable for a statfs64 and read only after success.
    let about = unsafe {
        if libc::statfs64(path.as_ptr(), about.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        about.assume_init()
    };
    let flags = about.f_flags as u64;
    // The unit of the blocks; 0 if a file system leaves it out.
    let block = if about.f_frsize > 0 { about.f_frsize } else { about.f_bsize };
    Ok(Space {
        block: block as u64,
        blocks: [about.f_blocks, about.f_bfree, about.f_bavail],
        files: [about.f_files, about.f_ffree],
        read_only: flags & libc::ST_RDONLY as u64 != 0,
    })
}

/// Whether `path` is a mount point for this process: statx(2) reports it since 5.8. True
/// if it does not report it. It asks no server, but the path may lead through a mount that does.
pub fn is_mount(path: &CStr) -> bool {
    const HOW: i32 = libc::AT_NO_AUTOMOUNT | libc::AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC;
    // A struct statx: 256 bytes, the attributes at byte 8, those that are known at byte 56.
    let mut about = [0_u64; 32];
    // SAFETY: `path` ends with a NUL; `about` has room for a struct statx, whose fields are numbers.
    let failed = unsafe {
        libc::syscall(libc::SYS_statx, libc::AT_FDCWD, path.as_ptr(), HOW, 0, about.as_mut_ptr())
    };
    let [_, attributes, _, _, _, _, _, known, ..] = about;
    failed != 0 || known & STATX_ATTR_MOUNT_ROOT == 0 || attributes & STATX_ATTR_MOUNT_ROOT != 0
}

/// A child that calls statfs.
#[derive(Debug)]
pub struct Probe {
    pid: libc::pid_t,
    pipe: File,
    is_over: bool,
}

impl Probe {
    /// Starts a child that calls statfs on `path`; with `only_mount` it fails with ENOENT where nothing is
    /// mounted.
    pub fn start(path: &CStr, only_mount: bool) -> io::Result<Probe> {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|pid| !has_ended(*pid));
        if left.len() >= MAX_LEFT {
            return Err(io::Error::from_raw_os_error(libc::EAGAIN));
        }
        drop(left);
        let (from, to) = pipe()?;
        // SAFETY: the child calls only what is safe after a fork of a process with threads:
        // system calls, on memory that was there before.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            answer(path, only_mount, to.as_raw_fd());
        }
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Probe { pid, pipe: File::from(from), is_over: false })
    }

    /// The pipe; it is readable when there is an answer.
    pub fn pipe(&self) -> &File {
        &self.pipe
    }

    /// The answer, if it has come.
    pub fn answer(&mut self) -> Option<io::Result<Space>> {
        let mut bytes = [0; WORDS * 8];
        match self.pipe.read(&mut bytes) {
            Err(e)
                if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) =>
            {
                None
            }
            Ok(n) if n == bytes.len() => {
                self.is_over = true;
                Some(space(&bytes))
            }
            // The child ended without an answer.
            _ => Some(Err(io::Error::from_raw_os_error(libc::EIO))),
        }
    }
}

impl Drop for Probe {
    /// Kills the child, if it can be killed, and does not wait: later probes wait for one that hangs in the
    /// kernel.
    fn drop(&mut self) {
        if !self.is_over {
            // SAFETY: kill has no memory preconditions. The child was not waited for before, so that
            // its number is no other's.
            unsafe { libc::kill(self.pid, libc::SIGKILL) };
        }
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        left.push(self.pid);
        left.retain(|pid| !has_ended(*pid));
    }
}

/// Children that were killed and had not ended yet.
static LEFT: Mutex<Vec<libc::pid_t>> = Mutex::new(Vec::new());

/// Whether a child has ended; if so it is removed from the kernel's table.
fn has_ended(pid: libc::pid_t) -> bool {
    // SAFETY: waitpid may be given no place for the status.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::WNOHANG) != 0 }
}

fn space(bytes: &[u8; WORDS * 8]) -> io::Result<Space> {
    let mut words = [0; WORDS];
    let (chunks, _) = bytes.as_chunks::<8>();
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u64::from_ne_bytes(*chunk);
    }
    let [errno, block, all, free, available, files, files_free, read_only] = words;
    if errno != 0 {
        return Err(io::Error::from_raw_os_error(i32::try_from(errno).unwrap_or(libc::EIO)));
    }
    let (blocks, files) = ([all, free, available], [files, files_free]);
    Ok(Space { block, blocks, files, read_only: read_only == 1 })
}

/// Both ends of a pipe of which reading never waits.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two descriptors, which are ours alone after success.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// The child: closes all but the pipe, calls statfs, writes the answer, exits.
fn answer(path: &CStr, only_mount: bool, pipe: i32) -> ! {
    // SAFETY: descriptors of this process only, numbers and memory on this stack.
    unsafe {
        let mut none = MaybeUninit::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
        // A child that can be ended does not outlive the agent.
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        close_others(pipe);
        let words = match statfs(path) {
            Ok(_) if only_mount && !is_mount(path) => [libc::ENOENT as u64, 0, 0, 0, 0, 0, 0, 0],
            Ok(space) => {
                let ([all, free, available], [files, files_free]) = (space.blocks, space.files);
                let read_only = u64::from(space.read_only);
                [0, space.block, all, free, available, files, files_free, read_only]
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                [errno as u64, 0, 0, 0, 0, 0, 0, 0]
            }
        };
        libc::write(pipe, words.as_ptr().cast(), WORDS * 8);
        libc::_exit(0);
    }
}

/// Closes every descriptor but `keep`; one by one where the kernel is older than close_range(2), 5.9.
///
/// # Safety
///
/// Only in a child, where no object owns them any more.
unsafe fn close_others(keep: i32) {
    const MOST: i32 = 4096;
    let close = |first: i32, last: u32| {
        // SAFETY: as for the caller.
        unsafe { libc::syscall(libc::SYS_close_range, first as u32, last, 0) == 0 }
    };
    let below = keep == 0 || close(0, keep as u32 - 1);
    if !(below && close(keep + 1, u32::MAX)) {
        for fd in (0..MOST).filter(|fd| *fd != keep) {
            // SAFETY: as for the caller.
            unsafe { libc::close(fd) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn wait(probe: &mut Probe) -> io::Result<Space> {
        let start = Instant::now();
        loop {
            if let Some(answer) = probe.answer() {
                return answer;
            }
            assert!(start.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_lies_below_a_mount_is_none() {
        assert!(is_mount(c"/proc"));
        assert!(is_mount(c"/no/such/place"), "statfs reports it");
        assert!(!is_mount(c"/proc/sys/kernel"));
        for (only_mount, errno) in [(true, Some(libc::ENOENT)), (false, None)] {
            let mut probe = Probe::start(c"/proc/sys/kernel", only_mount).unwrap();
            assert_eq!(wait(&mut probe).err().and_then(|error| error.raw_os_error()), errno);
        }
    }

    #[test]
    fn a_child_returns_the_result_of_the_call() {
        let mut probe = Probe::start(c"/proc", true).unwrap();
        assert_eq!(wait(&mut probe).unwrap(), statfs(c"/proc").unwrap());
        drop(probe);
        let mut probe = Probe::start(c"/no/such/place", false).unwrap();
        assert_eq!(wait(&mut probe).unwrap_err().raw_os_error(), Some(libc::ENOENT));
        drop(probe);
        // An abandoned child leaves no zombie once it has ended.
        for _ in 0..50 {
            drop(Probe::start(c"/", false).unwrap());
        }
        let start = Instant::now();
        while !LEFT.lock().unwrap().is_empty() {
            drop(Probe::start(c"/", false).unwrap());
            assert!(start.elapsed() < Duration::from_secs(20));
            LEFT.lock().unwrap().retain(|pid| !has_ended(*pid));
        }
    }
}
