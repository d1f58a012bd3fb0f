//! Counts processes and threads: `/proc/PID/stat` and `/proc/PID/task/TID/stat` of each.

use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Root, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Value};

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";

/// Processes and threads that are read; of a box with more nothing is told.
const MAX_TASKS: usize = 32_768;

/// Room for the beginning of a task's `stat`, up to the number of threads.
const MAX_TEXT: usize = 512;

/// Where the number of threads stands behind the state.
const THREADS: usize = 16;

/// ESRCH: the task ended after its file was opened.
const ENDED: i32 = 3;

/// What is read of all processes.
pub struct Tasks {
    dir: Dir,
    pids: Vec<u64>,
    threads: Threads,
}

/// Threads of one process.
#[derive(Default)]
struct Threads {
    tids: Vec<u64>,
    /// Where one of them is below the directory.
    path: Vec<u8>,
}

/// What was counted.
#[derive(Default)]
pub struct Counts {
    pub pids: u64,
    pub threads: u64,
    pub states: States,
    pub thread_states: States,
}

/// How many tasks are in each state, by its letter.
pub struct States([u64; 128]);

impl Tasks {
    /// None are known yet.
    pub fn new(root: &Root) -> Tasks {
        Tasks { dir: root.dir(DIRECTORY), pids: Vec::new(), threads: Threads::default() }
    }

    /// Reads all of them.
    pub fn count(&mut self, errors: &mut PartialErrors) -> Result<Counts, Error> {
        self.pids.clear();
        self.dir.list(&mut |name| number(name, &mut self.pids))?;
        let mut counts = Counts::default();
        let mut tasks = self.pids.len();
        for pid in self.pids.iter().copied().map(Decimal::of) {
            if tasks > MAX_TASKS {
                return Err(Error::parse(DIRECTORY, "at most 32768 tasks", pid.as_bytes()));
            }
            let path = Joined::of(pid.as_bytes(), "stat");
            let Some((state, threads)) = stat(&self.dir, &path, errors) else { continue };
            counts.pids += 1;
            counts.threads += threads;
            counts.states.add(state);
            if threads <= 1 {
                counts.thread_states.add(state);
            } else {
                let left = MAX_TASKS.saturating_sub(tasks);
                let states = &mut counts.thread_states;
                tasks += self.threads.count(&self.dir, &pid, left, states, errors)?;
            }
        }
        // At least the reader is there: nothing could be read.
        if counts.pids == 0 {
            return Err(Error::parse(DIRECTORY, "a process that can be read", b""));
        }
        Ok(counts)
    }
}

/// Takes the number of a process or thread, one more than are read.
fn number(name: &[u8], numbers: &mut Vec<u64>) {
    if numbers.len() <= MAX_TASKS {
        numbers.extend(scan::uint(name));
    }
}

impl Threads {
    /// Counts the threads of a process by state, if there are at most `left`; tells how many there are.
    fn count(
        &mut self,
        dir: &Dir,
        pid: &Decimal,
        left: usize,
        states: &mut States,
        errors: &mut PartialErrors,
    ) -> Result<usize, Error> {
        self.tids.clear();
        let path = Joined::of(pid.as_bytes(), "task");
        let listed = dir.list_below(path.path(), &mut |name| number(name, &mut self.tids));
        unless_ended(listed, errors);
        if self.tids.len() > left {
            return Err(Error::parse(DIRECTORY, "at most 32768 tasks", pid.as_bytes()));
        }
        for tid in self.tids.iter().copied().map(Decimal::of) {
            self.path.clear();
            for part in [pid.as_bytes(), b"/task/", tid.as_bytes()] {
                self.path.extend_from_slice(part);
            }
            let thread = stat(dir, &Joined::of(&self.path, "stat"), errors);
            thread.iter().for_each(|(state, _)| states.add(*state));
        }
        Ok(self.tids.len())
    }
}

impl Default for States {
    fn default() -> States {
        States([0; 128])
    }
}

impl States {
    fn add(&mut self, letter: u8) {
        if let Some(count) = self.0.get_mut(usize::from(letter)) {
            *count += 1;
        }
    }

    /// Writes how many are in each state in which some are.
    pub fn write(&self, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        for (letter, count) in (0u8..).zip(&self.0).filter(|(_, count)| **count > 0) {
            out.sample(&[Label::of(&[letter])], Value::Int(*count));
        }
    }
}

/// What was read of a task; `None` if it ended, or could not be read.
fn unless_ended<T>(read: Result<T, Error>, errors: &mut PartialErrors) -> Option<T> {
    match read {
        Err(Error::Read(_, ENDED)) => None,
        read => errors.unless_absent(read),
    }
}

/// State and number of threads of the task with this file.
fn stat(dir: &Dir, path: &Joined, errors: &mut PartialErrors) -> Option<(u8, u64)> {
    let mut text = [0; MAX_TEXT];
    let text = unless_ended(dir.read(path.path(), &mut text), errors)?;
    let parsed = parse(text);
    if parsed.is_none() {
        errors.refuse(dir.place(path.path()), EXPECTED, text);
    }
    parsed
}

/// The name in parentheses may have any bytes, parentheses too: the last one ends it.
fn parse(text: &[u8]) -> Option<(u8, u64)> {
    let (_, rest) = text.split_at(memchr::memrchr(b')', text)?);
    let mut fields = scan::fields(rest).skip(1);
    let [state @ b'A'..=b'z'] = fields.next()? else { return None };
    Some((*state, scan::uint(fields.nth(THREADS)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_parentheses_and_states_are_letters() {
        let text = b"7 (a) b) R) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18";
        assert_eq!(parse(text), Some((b'S', 17)));
        for bad in ["1 a S 1", "1 (a) 7 1", "1 (a) SS 1", "1 (a) S 1 2"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
