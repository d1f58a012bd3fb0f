//! All processes: `/proc/PID/stat` of each (proc_pid_stat(5)), read once a scrape for all collectors. Most processes
//! of a box do nothing for minutes: a collector that can do with less reads those at every fourth time only.

use super::dir::Joined;
use super::{Dir, Root, scan};
use crate::base::error::Error;
use crate::base::sys;
use crate::model::metric::Decimal;

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";

/// Processes that are read; a box with more reports none.
pub const MAX_PROCESSES: usize = 32_768;

/// More threads than any process has; as many of each process can be added up.
const MAX_THREADS: u64 = 1 << 32;

/// Room for the beginning of a process's `stat`, up to its resident memory.
const MAX_TEXT: usize = 512;

/// Bytes of a name that are kept; those of programs have 15 bytes.
const MAX_NAME: usize = 32;

/// Positions of numbers after the state.
const USER: usize = 10;
const SYSTEM: usize = 11;
const THREADS: usize = 16;
const START: usize = 18;
const RESIDENT: usize = 20;
const WANTED: [usize; 5] = [USER, SYSTEM, THREADS, START, RESIDENT];

/// After this many readings without use of CPU, a process is read at each `TURNS`-th only.
const IDLE: u8 = 2;
const TURNS: u64 = 4;

/// ESRCH: the process ended after its file was opened.
const ENDED: i32 = 3;

/// One process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u64,
    /// The letter of its state.
    pub state: u8,
    pub threads: u64,
    /// `None` if a part of it could not be read.
    pub usage: Option<Usage>,
    /// It was read now; otherwise these are the values of an earlier reading.
    pub is_fresh: bool,
    /// How many readings in a row it was idle.
    idle: u8,
    name: [u8; MAX_NAME],
    length: u8,
}

/// The resources that a process used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// When it started, in clock ticks: together with its number it identifies the process.
    pub start: u64,
    /// Clock ticks in user and in kernel mode.
    pub ticks: [u64; 2],
    /// Pages that are resident.
    pub pages: u64,
}

impl Process {
    /// Parses a process's `stat`. The name in parentheses may have any bytes, parentheses too: the last one
    /// ends it.
    pub fn parse(pid: u64, text: &[u8]) -> Option<Process> {
        let (before, rest) = text.split_at(memchr::memrchr(b')', text)?);
        let name = before.get(memchr::memchr(b'(', before)? + 1..)?;
        // One blank is between two fields.
        let mut fields = rest.split(|byte| *byte == b' ').skip(1);
        let [state @ b'A'..=b'z'] = fields.next()? else { return None };
        let mut numbers = [None; WANTED.len()];
        for (at, field) in fields.take(RESIDENT + 1).enumerate() {
            if let Some(place) = WANTED.iter().position(|wanted| *wanted == at) {
                numbers.iter_mut().skip(place).take(1).for_each(|to| *to = scan::uint(field));
            }
        }
        let [user, system, threads, start, pages] = numbers;
        let usage = || Some(Usage { start: start?, ticks: [user?, system?], pages: pages? });
        let mut process = Process {
            pid,
            state: *state,
            threads: threads.filter(|threads| *threads <= MAX_THREADS)?,
            usage: usage(),
            is_fresh: true,
            idle: 0,
            name: [0; MAX_NAME],
            length: name.len().min(MAX_NAME) as u8,
        };
        process.name.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        Some(process)
    }

    /// A process that was not read yet.
    fn unread(pid: u64) -> Process {
        let (state, threads, usage, is_fresh, idle) = (0, 0, None, true, 0);
        Process { pid, state, threads, usage, is_fresh, idle, name: [0; MAX_NAME], length: 0 }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        self.name.get(..self.length.into()).unwrap_or_default()
    }
}

/// The processes of the machine.
pub struct Walk {
    dir: Dir,
    pids: Vec<u64>,
    processes: Vec<Process>,
    /// How often they were read.
    readings: u64,
}

impl Walk {
    /// An empty list.
    pub fn new(root: &Root) -> Walk {
        Walk { dir: root.dir(DIRECTORY), pids: Vec::new(), processes: Vec::new(), readings: 0 }
    }

    /// Reads all of them, or leaves out most of those that are idle; errors of single processes are passed to
    /// `record`.
    pub fn read(&mut self, all: bool, record: &mut dyn FnMut(Error)) -> Result<(), Error> {
        self.list().inspect_err(|_| self.processes.clear())?;
        self.update();
        self.readings += 1;
        let Walk { dir, processes, readings, .. } = self;
        processes.retain_mut(|process| {
            let is_turn = all || process.pid % TURNS == *readings % TURNS;
            process.is_fresh = is_turn || process.idle < IDLE;
            if !process.is_fresh {
                return true;
            }
            let Some(now) = read(dir, process.pid, record) else { return false };
            let is_idle = now.usage.is_some() && now.usage == process.usage;
            let idle = if is_idle { process.idle.saturating_add(1) } else { 0 };
            *process = Process { idle, ..now };
            true
        });
        // At least this process exists: nothing could be read.
        if processes.is_empty() {
            return Err(Error::parse(DIRECTORY, "a process that can be read", b""));
        }
        Ok(())
    }

    /// Lists the numbers of all processes.
    fn list(&mut self) -> Result<(), Error> {
        let Walk { dir, pids, .. } = self;
        pids.clear();
        dir.list(&mut |name| {
            if pids.len() <= MAX_PROCESSES {
                pids.extend(scan::uint(name));
            }
        })?;
        if pids.len() > MAX_PROCESSES {
            return Err(Error::parse(DIRECTORY, "at most 32768 processes", b"more"));
        }
        // The kernel returns them in this order.
        if !pids.is_sorted() {
            sys::sort(pids, Ord::cmp);
        }
        Ok(())
    }

    /// Removes processes that ended, and adds new ones.
    fn update(&mut self) {
        let Walk { pids, processes, .. } = self;
        processes.retain(|process| pids.binary_search(&process.pid).is_ok());
        let known = processes.len();
        for pid in pids {
            let before = processes.get(..known).unwrap_or_default();
            if before.binary_search_by_key(pid, |process| process.pid).is_err() {
                processes.push(Process::unread(*pid));
            }
        }
        // New ones have the highest numbers until these wrap.
        if !processes.is_sorted_by_key(|process| process.pid) {
            sys::sort(processes, |a, b| a.pid.cmp(&b.pid));
        }
    }

    /// The processes that were read, by number.
    pub fn processes(&self) -> &[Process] {
        &self.processes
    }

    /// The directory for other files of a process.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }
}

/// Reads one process; None if it ended.
fn read(dir: &Dir, pid: u64, record: &mut dyn FnMut(Error)) -> Option<Process> {
    let path = Joined::of(Decimal::of(pid).as_bytes(), "stat");
    let mut text = [0; MAX_TEXT];
    match dir.read(path.path(), &mut text) {
        Ok(text) => {
            let process = Process::parse(pid, text);
            if process.is_none() {
                record(Error::parse(dir.place(path.path()), EXPECTED, text));
            }
            return process;
        }
        Err(Error::Absent(_) | Error::Read(_, ENDED)) => {}
        Err(error) => record(error),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::read::testing::Tree;

    #[test]
    fn idle_processes_are_read_at_each_fourth_time() {
        let tree = Tree::new("walk-idle");
        let put = |pid: u64, start: u64, ticks: u64| {
            let before = "1 2 3 4 5 6 7 8 9 10";
            let text = format!("{pid} (a) S {before} {ticks} 0 13 14 15 16 1 18 {start} 20 21");
            tree.put(&format!("proc/{pid}/stat"), &text);
        };
        let mut walk = Walk::new(&tree.root());
        let mut read = |all: bool| -> Vec<(u64, bool, u64)> {
            walk.read(all, &mut |error| panic!("{error}")).unwrap();
            let ticks = |process: &Process| process.usage.map_or(0, |usage| usage.ticks[0]);
            walk.processes().iter().map(|p| (p.pid, p.is_fresh, ticks(p))).collect()
        };
        for (pid, ticks) in [(6, 1), (9, 100)] {
            put(pid, 1, ticks);
        }
        for busy in [101, 102, 103] {
            put(9, 1, busy);
            assert_eq!(read(false), [(6, true, 1), (9, true, busy)]);
        }
        // The fourth and the fifth reading skip the first, the sixth is its turn.
        put(6, 1, 7);
        put(2, 1, 5);
        assert_eq!(read(false), [(2, true, 5), (6, false, 1), (9, true, 103)], "one is new");
        assert_eq!(read(false), [(2, true, 5), (6, false, 1), (9, true, 103)]);
        assert_eq!(read(false), [(2, true, 5), (6, true, 7), (9, false, 103)]);
        assert_eq!(read(true), [(2, true, 5), (6, true, 7), (9, true, 103)], "all are selected");
        std::fs::remove_dir_all(tree.0.join("proc/9")).unwrap();
        put(2, 8, 5);
        assert_eq!(read(false), [(2, false, 5), (6, true, 7)], "it ended");
        std::fs::remove_dir_all(tree.0.join("proc")).unwrap();
        assert!(walk.read(false, &mut |_| {}).is_err());
        assert!(walk.processes().is_empty(), "nothing is known any more");
    }

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
