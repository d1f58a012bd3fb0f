//! Counts processes and threads: `/proc/PID/stat` and `/proc/PID/task/TID/stat` of each.

use crate::base::error::Error;
use crate::kernel::collect::PartialErrors;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Files, MAX_PROCESSES, Process, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Value};

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";

/// Processes and threads that are read. With more threads their states are not counted.
const MAX_TASKS: usize = MAX_PROCESSES;

/// Room for the beginning of a task's `stat`, up to the number of threads.
const MAX_TEXT: usize = 512;

/// ESRCH: the task ended after its file was opened.
const ENDED: i32 = 3;

/// The buffers for reading all processes.
pub struct Tasks {
    /// `MAX_TASKS`, fewer in tests.
    most: usize,
    threads: Threads,
}

/// Threads of one process.
#[derive(Default)]
struct Threads {
    tids: Vec<u64>,
    /// The path of one of them below the directory.
    path: Vec<u8>,
}

/// The counts.
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
    /// A state without any task.
    pub fn new() -> Tasks {
        Tasks { most: MAX_TASKS, threads: Threads::default() }
    }

    /// Counts all of them.
    pub fn count(
        &mut self,
        files: &mut Files,
        errors: &mut PartialErrors,
    ) -> Result<Counts, Error> {
        let walk = files.processes(true, &mut |error| errors.record(error))?;
        let mut left = self.most.saturating_sub(walk.processes().len());
        let mut counts = Counts { thread_states: Some(States::default()), ..Counts::default() };
        for Process { pid, state, threads, .. } in walk.processes() {
            counts.pids += 1;
            counts.threads += threads;
            counts.states.add(*state);
            let Some(states) = &mut counts.thread_states else { continue };
            if *threads <= 1 {
                states.add(*state);
                continue;
            }
            match self.threads.count(walk.dir(), &Decimal::of(*pid), left, states, errors) {
                Ok(count) => left -= count,
                Err(error) => {
                    errors.record(error);
                    counts.thread_states = None;
                }
            }
        }
        Ok(counts)
    }
}

/// Adds the number of a process or thread, up to one more than are read.
fn number(name: &[u8], numbers: &mut Vec<u64>) {
    if numbers.len() <= MAX_TASKS {
        numbers.extend(scan::uint(name));
    }
}

impl Threads {
    /// Counts the threads of a process by state, if there are at most `left`; returns how many there are.
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
            thread.iter().for_each(|state| states.add(*state));
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

    /// Writes the number of tasks in each state that has any.
    pub fn write(&self, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        for (letter, count) in (0u8..).zip(&self.0).filter(|(_, count)| **count > 0) {
            out.sample(&[Label::of(&[letter])], Value::Int(*count));
        }
    }
}

/// The result of reading a task; `None` if it ended, or could not be read.
fn unless_ended<T>(read: Result<T, Error>, errors: &mut PartialErrors) -> Option<T> {
    match read {
        Err(Error::Read(_, ENDED)) => None,
        read => errors.unless_absent(read),
    }
}

/// State of the thread with this file.
fn stat(dir: &Dir, path: &Joined, errors: &mut PartialErrors) -> Option<u8> {
    let mut text = [0; MAX_TEXT];
    let text = unless_ended(dir.read(path.path(), &mut text), errors)?;
    let parsed = Process::parse(0, text);
    if parsed.is_none() {
        errors.refuse(dir.place(path.path()), EXPECTED, text);
    }
    parsed.map(|process| process.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::Tree;

    #[test]
    fn beyond_the_limit_of_threads_their_states_are_left_out() {
        let tree = Tree::new("processes-many");
        for (pid, threads) in [(1, 1), (20, 4), (30, 1)] {
            let text = format!("7 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 {threads} 0\n");
            tree.put(&format!("proc/{pid}/stat"), &text);
            (0..threads).for_each(|tid| tree.put(&format!("proc/{pid}/task/{tid}/stat"), &text));
        }
        let (mut tasks, mut files) = (Tasks::new(), Files::new(&tree.root()));
        for (most, has_states) in [(7, true), (6, false), (3, false), (2, false)] {
            tasks.most = most;
            let mut errors = PartialErrors::default();
            files.begin();
            let counts = tasks.count(&mut files, &mut errors).ok().unwrap();
            assert_eq!((counts.pids, counts.threads), (3, 6));
            assert_eq!(counts.thread_states.is_some(), has_states, "{most}");
            assert_eq!(errors.count(), u64::from(!has_states), "{most}");
        }
    }
}
