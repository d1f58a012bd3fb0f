//! Counts processes and threads: `/proc/PID/stat` and `/proc/PID/task/TID/stat` of each.

use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Root, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Value};

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";

/// Processes and threads that are read. Of a box with more processes nothing is told, and of one with
/// more threads not their states.
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
    /// `MAX_TASKS`, fewer in tests.
    most: usize,
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
    /// `None` if there are more threads than are read.
    pub thread_states: Option<States>,
}

/// How many tasks are in each state, by its letter.
pub struct States([u64; 128]);

impl Tasks {
    /// None are known yet.
    pub fn new(root: &Root) -> Tasks {
        let (dir, threads) = (root.dir(DIRECTORY), Threads::default());
        Tasks { dir, most: MAX_TASKS, pids: Vec::new(), threads }
    }

    /// Reads all of them.
    pub fn count(&mut self, errors: &mut PartialErrors) -> Result<Counts, Error> {
        self.pids.clear();
        self.dir.list(&mut |name| number(name, &mut self.pids))?;
        let mut left = match self.most.checked_sub(self.pids.len()) {
            Some(left) => left,
            None => return Err(Error::parse(DIRECTORY, "at most 32768 processes", b"more")),
        };
        let mut counts = Counts { thread_states: Some(States::default()), ..Counts::default() };
        for pid in self.pids.iter().copied().map(Decimal::of) {
            let path = Joined::of(pid.as_bytes(), "stat");
            let Some((state, threads)) = stat(&self.dir, &path, errors) else { continue };
            counts.pids += 1;
            counts.threads += threads;
            counts.states.add(state);
            let Some(states) = &mut counts.thread_states else { continue };
            if threads <= 1 {
                states.add(state);
                continue;
            }
            match self.threads.count(&self.dir, &pid, left, states, errors) {
                Ok(count) => left -= count,
                Err(error) => {
                    errors.record(error);
                    counts.thread_states = None;
                }
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
            return Err(Error::parse(DIRECTORY, "at most 32768 tasks", b"more"));
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
    use crate::kernel::collect::testing::Tree;

    #[test]
    fn of_too_many_threads_only_the_states_are_left_out() {
        let tree = Tree::new("processes-many");
        for (pid, threads) in [(1, 1), (20, 4), (30, 1)] {
            let text = format!("7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 {threads} 0\n");
            tree.put(&format!("proc/{pid}/stat"), &text);
            (0..threads).for_each(|tid| tree.put(&format!("proc/{pid}/task/{tid}/stat"), &text));
        }
        let mut tasks = Tasks::new(&tree.root());
        for (most, has_states) in [(7, true), (6, false), (3, false)] {
            tasks.most = most;
            let mut errors = PartialErrors::default();
            let counts = tasks.count(&mut errors).ok().unwrap();
            assert_eq!((counts.pids, counts.threads), (3, 6));
            assert_eq!(counts.thread_states.is_some(), has_states, "{most}");
            assert_eq!(errors.count(), u64::from(!has_states), "{most}");
        }
        tasks.most = 2;
        assert!(tasks.count(&mut PartialErrors::default()).is_err());
    }

    #[test]
    fn names_may_have_parentheses_and_states_are_letters() {
        let text = b"7 (a) b) R) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18";
        assert_eq!(parse(text), Some((b'S', 17)));
        for bad in ["1 a S 1", "1 (a) 7 1", "1 (a) SS 1", "1 (a) S 1 2"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
