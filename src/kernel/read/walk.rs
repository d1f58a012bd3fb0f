//! All processes: `/proc/PID/stat` of each (proc_pid_stat(5)), read once a scrape whoever asks.

use super::dir::Joined;
use super::{Dir, Root, scan};
use crate::base::error::Error;
use crate::model::metric::Decimal;

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";

/// Processes that are read; of a box with more nothing is told.
pub const MAX_PROCESSES: usize = 32_768;

/// More threads than any process has; so many of all processes can be added up.
const MAX_THREADS: u64 = 1 << 32;

/// Room for the beginning of a process's `stat`, up to its resident memory.
const MAX_TEXT: usize = 512;

/// What is kept of a name; those of programs have 15 bytes.
const MAX_NAME: usize = 32;

/// Where numbers stand behind the state.
const USER: usize = 10;
const SYSTEM: usize = 11;
const THREADS: usize = 16;
const START: usize = 18;
const RESIDENT: usize = 20;

/// ESRCH: the process ended after its file was opened.
const ENDED: i32 = 3;

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u64,
    /// The letter of its state.
    pub state: u8,
    pub threads: u64,
    /// `None` if some of it was not to be read.
    pub usage: Option<Usage>,
    name: [u8; MAX_NAME],
    length: u8,
}

/// What a process used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// When it started, in clock ticks: with its number that stands for no other process.
    pub start: u64,
    /// Clock ticks in the program and in the kernel.
    pub ticks: [u64; 2],
    /// Pages that are resident.
    pub pages: u64,
}

impl Process {
    /// What a process's `stat` says. The name in parentheses may have any bytes, parentheses too: the last one
    /// ends it.
    pub fn parse(pid: u64, text: &[u8]) -> Option<Process> {
        let (before, rest) = text.split_at(memchr::memrchr(b')', text)?);
        let name = before.get(memchr::memchr(b'(', before)? + 1..)?;
        let mut fields = scan::fields(rest).skip(1);
        let [state @ b'A'..=b'z'] = fields.next()? else { return None };
        let mut numbers = [None; RESIDENT + 1];
        for (number, field) in numbers.iter_mut().zip(fields) {
            *number = scan::uint(field);
        }
        let number = |at: usize| numbers.get(at).copied().flatten();
        let usage = || {
            let ticks = [number(USER)?, number(SYSTEM)?];
            Some(Usage { start: number(START)?, ticks, pages: number(RESIDENT)? })
        };
        let mut process = Process {
            pid,
            state: *state,
            threads: number(THREADS).filter(|threads| *threads <= MAX_THREADS)?,
            usage: usage(),
            name: [0; MAX_NAME],
            length: name.len().min(MAX_NAME) as u8,
        };
        process.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        Some(process)
    }

    /// What it is called.
    pub fn name(&self) -> &[u8] {
        self.name.get(..self.length.into()).unwrap_or_default()
    }
}

/// The processes that there are.
pub struct Walk {
    dir: Dir,
    pids: Vec<u64>,
    processes: Vec<Process>,
}

impl Walk {
    /// None are known yet.
    pub fn new(root: &Root) -> Walk {
        Walk { dir: root.dir(DIRECTORY), pids: Vec::new(), processes: Vec::new() }
    }

    /// Reads all of them; what could not be read of one is told to `record`.
    pub fn read(&mut self, record: &mut dyn FnMut(Error)) -> Result<(), Error> {
        let Walk { dir, pids, processes } = self;
        pids.clear();
        processes.clear();
        dir.list(&mut |name| {
            if pids.len() <= MAX_PROCESSES {
                pids.extend(scan::uint(name));
            }
        })?;
        if pids.len() > MAX_PROCESSES {
            return Err(Error::parse(DIRECTORY, "at most 32768 processes", b"more"));
        }
        pids.sort_unstable();
        for pid in pids.iter().copied() {
            let path = Joined::of(Decimal::of(pid).as_bytes(), "stat");
            let mut text = [0; MAX_TEXT];
            match dir.read(path.path(), &mut text) {
                Ok(text) => match Process::parse(pid, text) {
                    Some(process) => processes.push(process),
                    None => record(Error::parse(dir.place(path.path()), EXPECTED, text)),
                },
                Err(Error::Absent(_) | Error::Read(_, ENDED)) => {}
                Err(error) => record(error),
            }
        }
        // At least the reader is there: nothing could be read.
        if processes.is_empty() {
            return Err(Error::parse(DIRECTORY, "a process that can be read", b""));
        }
        Ok(())
    }

    /// Those that were read, by number.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// For what else is to be read of a process.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_parentheses_and_states_are_letters() {
        let text = b"7 (a) b) R) S 1 2 3 4 -5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22";
        let process = Process::parse(7, text).unwrap();
        assert_eq!(process.name(), b"a) b) R");
        assert_eq!((process.pid, process.state, process.threads), (7, b'S', 17));
        let usage = Usage { start: 19, ticks: [11, 12], pages: 21 };
        assert_eq!(process.usage, Some(usage));
        let short =
            Process::parse(7, b"7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 -1")
                .unwrap();
        assert_eq!((short.threads, short.usage), (17, None));
        for bad in ["1 a S 1", "1 (a) 7 1", "1 (a) SS 1", "1 a) S 1 2", ""] {
            assert_eq!(Process::parse(1, bad.as_bytes()), None, "{bad}");
        }
        let many = format!("1 (a) S{} 99999999999", " 1".repeat(16));
        assert_eq!(Process::parse(1, many.as_bytes()), None);
        let long = format!("1 ({}) S 1 2", "x".repeat(80));
        assert_eq!(Process::parse(1, long.as_bytes()), None, "no threads");
    }
}
