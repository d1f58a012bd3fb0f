//! Processes and threads by state: `/proc/PID/stat` of each process and `/proc/PID/task/TID/stat` of each
//! thread (proc_pid_stat(5)): after the name in parentheses a letter for the state, and as the 18th field from there
//! the number of threads. The limits are `/proc/sys/kernel/threads-max` and `pid_max`. A process with one
//! thread is in the state of that thread; those with more are read thread by thread, unless all together are
//! more than 32768. Tasks that end while they are read are left out.

mod tasks;

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, Value, families, gauge};
use crate::settings::Subject;
use tasks::Tasks;

const MAX_THREADS_FILE: &str = "/proc/sys/kernel/threads-max";
const MAX_PIDS_FILE: &str = "/proc/sys/kernel/pid_max";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 6] = families![
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
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Processes {
        tasks: Tasks::new(),
        max_threads: setup.files.whole(MAX_THREADS_FILE),
        max_pids: setup.files.whole(MAX_PIDS_FILE),
    })
}

struct Processes {
    max_threads: FileId,
    max_pids: FileId,
    tasks: Tasks,
}

impl Collector for Processes {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let counts = self.tasks.count(files, errors)?;
        let [threads, max_threads, states, thread_states, pids, max_pids] = &FAMILIES;
        out.single(threads, Value::Int(counts.threads));
        if let Some(text) = errors.unless_absent(files.read(self.max_threads)) {
            limit(max_threads, MAX_THREADS_FILE, text, errors, out);
        }
        counts.states.write(states, out);
        counts.thread_states.iter().for_each(|states| states.write(thread_states, out));
        out.single(pids, Value::Int(counts.pids));
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
            out.single(family, Value::Int(most));
        }
        None => errors.refuse(path, "an integer", text),
    }
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
        // Three threads sleep, five wait for a disk, and six run.
        put(&tree, "20", "S", 14);
        for (task, state) in (20..34).zip("SSSDDDDDRRRRRR".split("").skip(1)) {
            put(&tree, &format!("20/task/{task}"), state, 14);
        }
        put(&tree, "300", "Z", 0);
        tree.put("proc/sys/kernel/threads-max", "7801\n");
        tree.put("proc/sys/kernel/pid_max", "123\n");
        let expected = [
            "processes_threads 15",
            "processes_max_threads 7801",
            r#"processes_state{state="S"} 2"#,
            r#"processes_state{state="Z"} 1"#,
            r#"processes_threads_state{thread_state="D"} 5"#,
            r#"processes_threads_state{thread_state="R"} 6"#,
            r#"processes_threads_state{thread_state="S"} 4"#,
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
    fn ended_tasks_are_left_out_and_odd_files_counted() {
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
    }
}
