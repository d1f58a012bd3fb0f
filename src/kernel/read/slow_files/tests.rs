//! Files whose answer the tests hold back.

use super::reader::TOOK;
use super::*;
use crate::base::error::Place;
use crate::kernel::read::Root;
use crate::kernel::read::testing::Tree;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The thread cannot read a file whose name begins with `held` while a test has this lock.
static GATE: Mutex<()> = Mutex::new(());

/// How many readings found it locked: those are slow, and no others.
static HELD: AtomicU32 = AtomicU32::new(0);

/// A test that locks the gate has this lock, too, until the thread of its machine rests.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    HELD.store(0, SeqCst);
    guard
}

fn wait_until_held(times: u32) {
    while HELD.load(SeqCst) < times {
        std::thread::yield_now();
    }
}

fn read_behind_gate(directory: &File, name: &CStr, into: &mut [u8]) -> io::Result<usize> {
    if name.to_bytes().starts_with(b"held") && GATE.try_lock().is_err() {
        HELD.fetch_add(1, SeqCst);
        drop(GATE.lock());
        TOOK.set(2 * SLOW);
    }
    read_below(directory, name, into)
}

/// Files of a live machine, below the directory `x`.
struct Machine {
    tree: Tree,
    directory: File,
    shared: Arc<Shared>,
    files: SlowFiles,
}

impl Machine {
    fn new(name: &str, files: &[(&str, &str)]) -> Machine {
        let tree = Tree::new(name);
        files.iter().for_each(|(file, text)| tree.put(&format!("sys/x/{file}"), text));
        let (real, shared) = (tree.0.join("sys/x"), Arc::new(Shared::default()));
        let directory = crate::base::sys::open_directory(&real).unwrap();
        let mut files = SlowFiles::new("/sys/x", real, &shared);
        files.reader.read = read_behind_gate;
        Machine { tree, directory, shared, files }
    }

    fn begin(&self) {
        self.shared.begin(Duration::from_secs(1));
    }

    fn read(&mut self, file: &str) -> Result<String, Error> {
        let (mut room, path) = ([0; 64], CString::new(file).unwrap());
        let length = self.files.read(&self.directory, &path, &mut room)?;
        Ok(String::from_utf8(room[..length].to_vec()).unwrap())
    }

    /// What a new scrape reads.
    fn scrape(&mut self, files: &[&str]) -> Vec<Option<String>> {
        self.begin();
        files.iter().map(|file| self.read(file).ok()).collect()
    }

    /// Waits until the thread has nothing to do.
    fn rest(&mut self) {
        while self.files.thread.as_mut().is_some_and(|thread| thread.at_rest().is_none()) {
            std::thread::yield_now();
        }
    }
}

impl Drop for Machine {
    /// A reading that goes on would be counted in the next test.
    fn drop(&mut self) {
        self.rest();
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn no_scrape_waits_for_a_slow_file_from_the_first_on() {
    let _alone = alone();
    let mut machine = Machine::new("slow-files", &[("a", "1"), ("held1", "2"), ("held2", "3")]);
    let all = ["a", "held1", "held2"];
    let gate = GATE.lock().unwrap();
    // The thread may be late, but the file before the first that is held back is soon there.
    while machine.scrape(&all) != [some("1"), None, None] {}
    assert_eq!((machine.files.waiting, machine.files.age), (2, None));
    wait_until_held(1);
    drop(gate);
    machine.rest();
    let gate = GATE.lock().unwrap();
    // The first was held back and is slow; the other was read at once.
    machine.begin();
    assert_eq!(machine.read("held1"), Ok("2".to_owned()));
    assert!(machine.files.age.is_some());
    assert_eq!(machine.files.waiting, 0);
    // It is read again at once, as the machine may have been busy, and meanwhile shown.
    assert_eq!(machine.scrape(&["a", "held1"]), [some("1"), some("2")]);
    wait_until_held(2);
    machine.tree.put("sys/x/held1", "4");
    drop(gate);
    machine.rest();
    let gate = GATE.lock().unwrap();
    assert_eq!(machine.scrape(&["a", "held1"]), [some("1"), some("4")]);
    // From now on it is read only after a pause.
    assert!(machine.files.thread.as_mut().unwrap().at_rest().is_some());
    machine.files.pause = Duration::ZERO;
    assert_eq!(machine.scrape(&["held1"]), [some("4")]);
    machine.tree.put("sys/x/held1", "5");
    drop(gate);
    // What is no longer slow is read by the scrape, and the thread ends.
    for _ in 0..1000 {
        machine.rest();
        machine.scrape(&all);
        if machine.files.thread.is_none() {
            return assert_eq!(machine.scrape(&all), [some("1"), some("5"), some("3")]);
        }
    }
    panic!("the thread does not end");
}

#[test]
fn without_time_a_scrape_only_asks_the_thread() {
    let all = ["held1", "held2"];
    let _alone = alone();
    let mut machine = Machine::new("slow-files-prepare", &[("held1", "1"), ("held2", "2")]);
    let gate = GATE.lock().unwrap();
    machine.begin();
    machine.shared.spend(Duration::MAX);
    assert!(all.iter().all(|file| matches!(machine.read(file), Err(Error::Absent(_)))));
    assert_eq!(machine.files.waiting, 2);
    drop(gate);
    while machine.scrape(&all) != [some("1"), some("2")] {}
}

/// As on a bus that is stuck.
#[test]
fn after_much_time_fast_files_are_left_to_the_thread() {
    let all = ["held1", "b"];
    let _alone = alone();
    let mut machine = Machine::new("slow-files-stuck", &[("held1", "1"), ("b", "2")]);
    machine.files.pause = Duration::ZERO;
    while machine.scrape(&all) != [some("1"), some("2")] || machine.files.thread.is_some() {}
    let gate = GATE.lock().unwrap();
    machine.begin();
    machine.shared.spend(2 * MAX_READING);
    machine.tree.put("sys/x/held1", "3");
    assert_eq!(machine.read("held1"), Ok("1".to_owned()));
    assert!(machine.files.age.is_some());
    drop(gate);
    while machine.scrape(&all) != [some("3"), some("2")] || machine.files.thread.is_some() {}
    machine.scrape(&["held1"]);
    assert_eq!(machine.files.age, None);
}

#[test]
fn files_that_take_long_together_are_slow() {
    let mut machine = Machine::new("slow-files-sum", &[("a", "")]);
    let paths = [c"a", c"b", c"c", c"d"];
    for (path, took) in paths.into_iter().zip([15, 15, 0, 21]) {
        machine.files.find(path).unwrap();
        let (took, text) = (Duration::from_millis(took), Ok(Vec::new()));
        let answer = Answer { path: path.into(), at: Instant::now(), took, text };
        machine.files.reader.exchange.lock().answers.push(answer);
    }
    machine.files.take();
    assert!(machine.files.thread.is_none());
    let is_slow = |path: &CStr| {
        let file = machine.files.files.iter().find(|file| *file.path == *path).unwrap();
        file.pace == Pace::Slow
    };
    assert_eq!(paths.map(is_slow), [false, true, false, true]);
}

#[test]
fn files_come_and_go_and_are_bounded() {
    let mut machine = Machine::new("slow-files-gone", &[("a", "1"), ("b", "2")]);
    while machine.scrape(&["a", "b"]) != [some("1"), some("2")] {}
    machine.tree.remove("sys/x/a");
    let gone = Error::Absent(Place::below("/sys/x", b"a").into());
    machine.begin();
    assert_eq!(machine.read("a"), Err(gone));
    assert_eq!((machine.files.waiting, machine.files.files.len()), (0, 2));
    // One that was never there is asked for in each scrape, too, and not by the thread.
    while machine.scrape(&["a", "b", "c"]) != [None, some("2"), None] || machine.files.waiting > 0 {
    }
    machine.scrape(&["c"]);
    assert!(machine.files.thread.is_none());
    machine.files.forget();
    machine.tree.put("sys/x/b", "3");
    while machine.scrape(&["b"]) != [some("3")] {}
    for at in machine.files.files.len()..MAX_FILES {
        let path = CString::new(at.to_string()).unwrap();
        let text = Ok(Vec::new());
        let (pace, took, read_at) = (Pace::Fast, Duration::ZERO, None);
        let (is_asked, is_surely_slow) = (false, false);
        let file = KnownFile { path, pace, is_asked, took, is_surely_slow, read_at, text };
        machine.files.files.push(file);
    }
    assert!(matches!(machine.read("more"), Err(Error::Parse(_))));
}

#[test]
fn files_of_a_stored_tree_are_read_at_once() {
    let tree = Tree::new("slow-files-stored");
    tree.put("sys/x/a", "1\n");
    let root: Root = tree.root();
    let mut dir = root.driver_dir("/sys/x");
    dir.open().unwrap();
    root.begin_unwaiting(Duration::ZERO);
    assert_eq!(dir.read(c"a", &mut [0; 8]), Ok(&b"1"[..]));
    assert_eq!((dir.waiting(), dir.age()), (0, None));
}
