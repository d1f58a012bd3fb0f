//! What reading costs without anything done with it: the steps that a scrape was seen to take
//! (`trace`), through descriptors kept open, into a buffer nobody looks at.

use crate::sys;
use crate::trace::Step;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// More than any file of one scrape.
const BUFFER: usize = 4 << 20;

/// The reading of one scrape, ready to be done again and again.
pub struct Floor {
    steps: Vec<(Step, RawFd)>,
    _kept: HashMap<String, File>,
    _links: Option<OwnedFd>,
    buffer: Vec<u8>,
    /// Every file is read until the kernel says there is no more.
    to_end: bool,
}

impl Floor {
    /// Opens what `steps` name. `to_end`: read each kept file to its end, in reads of 4095 bytes.
    pub fn new(steps: &[Step], to_end: bool) -> io::Result<Floor> {
        let mut kept = HashMap::new();
        let mut links = None;
        let mut ready = Vec::new();
        for step in steps {
            let fd = match step {
                Step::Pread { offset, .. } if to_end && *offset > 0 => continue,
                Step::Pread { path, .. } | Step::Fstat { path } => keep(&mut kept, path)?,
                Step::Open { dir: Some(path), .. } => keep(&mut kept, path)?,
                Step::AskLinks | Step::TakeLinks { .. } => {
                    links = Some(links.map_or_else(netlink, Ok)?);
                    links.as_ref().map_or(-1, AsRawFd::as_raw_fd)
                }
                _ => libc::AT_FDCWD,
            };
            ready.push((step.clone(), fd));
        }
        Ok(Floor { steps: ready, _kept: kept, _links: links, buffer: vec![0; BUFFER], to_end })
    }

    /// One reading of everything; returns the CPU time it took.
    pub fn round(&mut self) -> io::Result<u64> {
        let start = sys::own_cpu_nanos();
        let mut opened: Option<File> = None;
        for (step, fd) in &self.steps {
            match step {
                Step::Pread { .. } if self.to_end => {
                    let mut at = 0;
                    loop {
                        match pread(*fd, &mut self.buffer[..4095], at)? {
                            0 => break,
                            n => at += n as u64,
                        }
                    }
                }
                Step::Pread { count, offset, .. } => {
                    pread(*fd, &mut self.buffer[..*count], *offset)?;
                }
                Step::Fstat { .. } => fstat(*fd)?,
                Step::CpuClock => drop(sys::own_cpu_nanos()),
                Step::Open { name, .. } => opened = open_at(*fd, name),
                Step::Read { count } => {
                    if let Some(file) = &mut opened {
                        // Files that answer with an error do so to the agent, too.
                        let _ = file.read(&mut self.buffer[..*count]);
                    }
                }
                Step::Close => opened = None,
                Step::AskLinks => ask(*fd)?,
                Step::TakeLinks { count } => take(*fd, &mut self.buffer[..*count])?,
            }
        }
        Ok(sys::own_cpu_nanos() - start)
    }
}

fn keep(kept: &mut HashMap<String, File>, path: &str) -> io::Result<RawFd> {
    if !kept.contains_key(path) {
        kept.insert(path.to_owned(), File::open(path)?);
    }
    Ok(kept[path].as_raw_fd())
}

fn pread(fd: RawFd, into: &mut [u8], offset: u64) -> io::Result<usize> {
    // SAFETY: pointer and length describe the slice.
    let n = unsafe { libc::pread(fd, into.as_mut_ptr().cast(), into.len(), offset as libc::off_t) };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

fn fstat(fd: RawFd) -> io::Result<()> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `stat` is writable for a stat.
    checked(unsafe { libc::fstat(fd, stat.as_mut_ptr()) } as isize)
}

fn open_at(dir: RawFd, name: &str) -> Option<File> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: the name ends with a zero; a descriptor that comes back is ours alone.
    unsafe {
        let fd = libc::openat(dir, name.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        (fd >= 0).then(|| File::from_raw_fd(fd))
    }
}

fn checked(n: isize) -> io::Result<()> {
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn netlink() -> io::Result<OwnedFd> {
    // SAFETY: no preconditions; a descriptor that comes back is ours alone.
    unsafe {
        let fd = libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0);
        checked(fd as isize)?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Sends one RTM_GETLINK dump request (rtnetlink(7)).
fn ask(socket: RawFd) -> io::Result<()> {
    let mut request = [0u8; 32];
    request[..4].copy_from_slice(&32u32.to_ne_bytes());
    request[4..6].copy_from_slice(&libc::RTM_GETLINK.to_ne_bytes());
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    request[6..8].copy_from_slice(&flags.to_ne_bytes());
    // SAFETY: pointer and length describe the array.
    checked(unsafe { libc::send(socket, request.as_ptr().cast(), request.len(), 0) })
}

fn take(socket: RawFd, into: &mut [u8]) -> io::Result<()> {
    // SAFETY: pointer and length describe the slice.
    checked(unsafe { libc::recv(socket, into.as_mut_ptr().cast(), into.len(), 0) })
}
