//! Processes and threads by state: `/proc/PID/stat` of each process and `/proc/PID/task/TID/stat` of each
//! thread (proc_pid_stat(5)): behind the name in parentheses a letter for the state, and as the 18th field from there
//! the number of threads. The limits are `/proc/sys/kernel/threads-max` and `pid_max`. A process with one
//! thread is in the state of that thread; those with more are read thread by thread. What ends while it
//! is read is left out.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, FileId, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Unit, Value, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/proc";
const EXPECTED: &str = "a name in parentheses, a letter and integers";
const MAX_THREADS_FILE: &str = "/proc/sys/kernel/threads-max";
const MAX_PIDS_FILE: &str = "/proc/sys/kernel/pid_max";

/// Processes and threads that are read; of a box with more nothing is told.
const MAX_TASKS: usize = 32_768;

/// Room for the beginning of a task's `stat`, up to the number of threads.
const MAX_TEXT: usize = 512;

/// Where the number of threads stands behind the state.
const THREADS: usize = 16;

/// ESRCH: the task ended after its file was opened.
const ENDED: i32 = 3;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: [Family; 6] = [
    gauge("processes_threads",       Unit::One, "Threads of all processes.",           &[]),
    gauge("processes_max_threads",   Unit::One, "Most threads that there can be.",     &[]),
    gauge("processes_state",         Unit::One, "Processes in each state.",            &["state"]),
    gauge("processes_threads_state", Unit::One, "Threads in each state.",              &["thread_state"]),
    gauge("processes_pids",          Unit::One, "Processes.",                          &[]),
    gauge("processes_max_processes", Unit::One, "Numbers that processes can have.",    &[]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "processes",
        node_name: "processes",
        on: false,
        help: "processes and threads by state, from /proc/PID",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Processes {
        dir: setup.root.dir(DIRECTORY),
        max_threads: setup.files.whole(MAX_THREADS_FILE),
        max_pids: setup.files.whole(MAX_PIDS_FILE),
        pids: Vec::new(),
        tids: Vec::new(),
        path: Vec::new(),
    })
}

struct Processes {
    dir: Dir,
    max_threads: FileId,
    max_pids: FileId,
    pids: Vec<u64>,
    /// Threads of one process.
    tids: Vec<u64>,
    /// The path of one thread below the directory.
    path: Vec<u8>,
}

/// What was counted.
#[derive(Default)]
struct Counts {
    pids: u64,
    threads: u64,
    states: States,
    thread_states: States,
}

/// How many tasks are in each state, by its letter.
struct States([u64; 128]);

impl Collector for Processes {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let counts = self.count(errors)?;
        let [threads, max_threads, states, thread_states, pids, max_pids] = &FAMILIES;
        out.family(threads);
        out.sample(&[], Value::Int(counts.threads));
        if let Some(text) = errors.unless_absent(files.read(self.max_threads)) {
            limit(max_threads, MAX_THREADS_FILE, text, errors, out);
        }
        counts.states.write(states, out);
        counts.thread_states.write(thread_states, out);
        out.family(pids);
        out.sample(&[], Value::Int(counts.pids));
        if let Some(text) = errors.unless_absent(files.read(self.max_pids)) {
            limit(max_pids, MAX_PIDS_FILE, text, errors, out);
        }
        Ok(())
    }
}

fn limit(
    family: &Family<'_>,
    path: &'static str,
    text: &[u8],
    errors: &mut PartialErrors,
    out: &mut dyn Sink,
) {
    match scan::uint(text.trim_ascii()) {
        Some(most) => {
            out.family(family);
            out.sample(&[], Value::Int(most));
        }
        None => errors.record(Error::parse(path, "an integer", text)),
    }
}

impl Processes {
    fn count(&mut self, errors: &mut PartialErrors) -> Result<Counts, Error> {
        let Processes { dir, pids, .. } = self;
        pids.clear();
        dir.list(&mut |name| pids.extend(scan::uint(name)))?;
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
                continue;
            }
            let path = Joined::of(pid.as_bytes(), "task");
            self.tids.clear();
            let tids = &mut self.tids;
            let listed = self.dir.list_below(path.path(), &mut |tid| tids.extend(scan::uint(tid)));
            unless_ended(listed, errors);
            tasks += self.tids.len();
            for tid in self.tids.iter().copied().map(Decimal::of) {
                self.path.clear();
                for part in [pid.as_bytes(), b"/task/", tid.as_bytes()] {
                    self.path.extend_from_slice(part);
                }
                let thread = stat(&self.dir, &Joined::of(&self.path, "stat"), errors);
                thread.iter().for_each(|(state, _)| counts.thread_states.add(*state));
            }
        }
        // At least the reader is there: nothing could be read.
        if counts.pids == 0 {
            return Err(Error::parse(DIRECTORY, "a process that can be read", b""));
        }
        Ok(counts)
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

    fn write(&self, family: &Family<'_>, out: &mut dyn Sink) {
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
        errors.record(Error::parse(dir.place(path.path()), EXPECTED, text));
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
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn put(tree: &Tree, task: &str, state: &str, threads: u32) {
        let before = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
        let text = format!("7 (a) b) S) {state} {before} {threads} 0 42\n");
        tree.put(&format!("proc/{task}/stat"), &text);
    }

    #[test]
    fn processes_and_their_threads_are_counted_by_state() {
        let tree = Tree::new("processes");
        let mut processes = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(processes.error(), Some(Error::Absent(_))));
        put(&tree, "1", "S", 1);
        put(&tree, "20", "S", 3);
        put(&tree, "20/task/20", "S", 3);
        put(&tree, "20/task/21", "D", 3);
        put(&tree, "20/task/22", "R", 3);
        put(&tree, "300", "Z", 0);
        tree.put("proc/sys/kernel/threads-max", "7801\n");
        tree.put("proc/sys/kernel/pid_max", "123\n");
        let expected = [
            "processes_threads 4",
            "processes_max_threads 7801",
            r#"processes_state{state="S"} 2"#,
            r#"processes_state{state="Z"} 1"#,
            r#"processes_threads_state{thread_state="D"} 1"#,
            r#"processes_threads_state{thread_state="R"} 1"#,
            r#"processes_threads_state{thread_state="S"} 2"#,
            r#"processes_threads_state{thread_state="Z"} 1"#,
            "processes_pids 3",
            "processes_max_processes 123",
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        for _ in 0..2 {
            assert_eq!(scrape(&mut processes, Dialect::Node, &["processes"]), expected);
        }
    }

    #[test]
    fn what_ended_is_left_out_and_what_is_odd_counted() {
        let tree = Tree::new("processes-odd");
        tree.put("proc/1/environ", "");
        let mut none = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(none.error(), Some(Error::Parse(..))));
        tree.put("proc/2/stat", "2 (short) S 1 2\n");
        tree.put("proc/3/stat", "");
        put(&tree, "4", "I", 1);
        put(&tree, "5", "S", 2);
        tree.put("proc/sys/kernel/pid_max", "x\n");
        let mut processes = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            "processes_threads 3",
            r#"processes_state{state="I"} 1"#,
            r#"processes_state{state="S"} 1"#,
            r#"processes_threads_state{thread_state="I"} 1"#,
            "processes_pids 2",
        ];
        let expected = (expected.map(String::from).to_vec(), 3);
        assert_eq!(scrape(&mut processes, Dialect::Own, &["processes"]), expected);
        for bad in ["1 a S 1", "1 (a) 7 1", "1 (a) SS 1"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
