//! Files and directories of every kind, and errors with them.

use crate::common::{Agent, Temp, wait_until};
use crate::support::{append, assert_lines, lines, plan, settings, tail, trouble};
use std::ffi::CString;
use std::fs;
use std::time::Duration;

#[test]
fn lines_of_any_kind() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    let agent = plan(&dir, "web.log", "max_line_bytes = 1000").start();
    append(&log, "level=err");
    append(&log, ["x".repeat(995).as_bytes(), b"level=error\n"].concat());
    append(&log, ["level=fatal ".as_bytes(), &[0xff; 5000]].concat());
    append(&log, b"\xfe level=error\n\0\0level=fatal\xff\r\n\n\r\nlevel=error");
    wait_until("all lines", || lines(&agent) == 5.0);
    let scrape = agent.scrape();
    // The first is cut within the word, the second behind it; the last has no end yet.
    assert_eq!(scrape.value("errors_total", &[("level", "fatal")]), 2.0);
    assert_eq!(scrape.find("errors_total", &[("level", "error")]), None);
    assert_eq!(tail(&scrape, "lines_cut_total"), 2.0);
    append(&log, " ended\n");
    let error = [("level", "error")];
    wait_until("the last", || agent.scrape().find("errors_total", &error) == Some(1.0));
}

#[test]
fn a_hundred_files_in_directories_that_come_later() {
    let dir = Temp::new();
    let agent = plan(&dir, "*/app-[0-9]*.log", "").start();
    agent.scrape();
    let before = agent.descriptors().len();
    let path = |n: usize| dir.path(&format!("{}/app-{n}.log", n % 10));
    for n in 0..100 {
        fs::create_dir_all(path(n).parent().unwrap()).unwrap();
        append(&path(n), "one\n");
        append(&path(n).with_extension("txt"), "not this\n");
    }
    wait_until("all lines", || lines(&agent) == 100.0);
    for round in 0..5 {
        for n in 0..100 {
            append(&path(n), format!("two {round}\nthree\n"));
        }
    }
    assert_lines(&agent, &path(7), 1100);
    assert_eq!(tail(&agent.scrape(), "files"), 100.0);
    let open = agent.descriptors().len();
    assert!(open < before + 64 + 8, "{open} descriptors, {before} before");
}

#[test]
fn a_state_file_that_cannot_be_written_is_reported() {
    for (state, is_foreign) in [("/proc/no-such-place", false), ("DIR", true), ("FILE", true)] {
        let dir = Temp::new();
        let log = dir.path("web.log");
        append(&log, "one\n");
        let file = dir.write("mine", "do not touch\n");
        let name = match state {
            "DIR" => dir.as_ref().display().to_string(),
            "FILE" => file.display().to_string(),
            state => state.to_owned(),
        };
        let own = format!("{}/state/offsets", dir.as_ref().display());
        let text = settings(&dir, "web.log", "").replace(&own, &name);
        let agent = Agent::plan().machine("box").file(&text).start();
        wait_until("the line", || lines(&agent) == 1.0);
        for round in 1..4 {
            append(&log, "more\n");
            wait_until("more", || lines(&agent) == f64::from(1 + round));
            std::thread::sleep(Duration::from_millis(150)); // so that it is tried again
        }
        let expected = if is_foreign { 1.0 } else { 2.0 };
        wait_until("it to be counted", || trouble(&agent, "state") >= expected);
        agent.wait_for_log("offsets of log files are not kept", 1);
        assert_eq!(agent.lines_with("are not kept"), 1, "{:?}", agent.log());
        assert_eq!(fs::read_to_string(&file).unwrap(), "do not touch\n");
    }
}

#[test]
fn a_copy_of_offsets_that_is_not_in_memory_is_warned_of() {
    let dir = Temp::new();
    let own = format!("{}/state", dir.as_ref().display());
    let text = settings(&dir, "web.log", "memory_file = '/proc/no-memory'");
    let text = text.replace(&own, "/proc/no-such-place").replace("100ms", "1h");
    let agent = Agent::plan().machine("box").file(&text).start();
    agent.wait_for_log("tail.memory_file is not written", 1);
    agent.reload(&text);
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(agent.lines_with("tail.memory_file"), 1, "said once: {:?}", agent.log());
}

/// As a user to whom the file is closed at first; root may read everything.
#[test]
fn a_file_that_is_closed_at_first() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "one\n");
    let set = |mode| fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
    set(0);
    let mut plan = plan(&dir, "web.log", "");
    // SAFETY: no preconditions.
    if unsafe { libc::geteuid() } == 0 {
        // The state directory is not ours to write to, then.
        plan = plan.shell("exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"");
    }
    let agent = plan.start();
    wait_until("the failure", || trouble(&agent, "open") == 1.0);
    agent.wait_for_log("log file cannot be opened", 1);
    append(&log, "two\n");
    set(0o644);
    assert_lines(&agent, &log, 2);
    assert_eq!(trouble(&agent, "open"), 1.0, "it is counted once");
}

#[test]
fn what_is_no_file_is_refused_without_waiting_for_it() {
    let dir = Temp::new();
    let pipe = CString::new(dir.path("web.pipe").to_str().unwrap()).unwrap();
    // SAFETY: the path ends with a NUL and lives over the call.
    assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o644) }, 0);
    fs::create_dir(dir.path("web.d")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path("web.zero")).unwrap();
    let agent = plan(&dir, "web.*", "").start();
    append(&dir.path("web.log"), "one\n");
    assert_lines(&agent, &dir.path("web.log"), 1);
    assert_eq!(trouble(&agent, "irregular"), 3.0);
    assert_eq!(tail(&agent.scrape(), "files"), 1.0);
}

/// With rules gone their series go; files that stay are not read again.
#[test]
fn a_reload_keeps_files_and_drops_rules() {
    let dir = Temp::new();
    let log = dir.path("web.log");
    append(&log, "level=error\n");
    let agent = plan(&dir, "web.log", "").start();
    wait_until("the line", || lines(&agent) == 1.0);
    let text = settings(&dir, "web.log", "");
    let (first, _) = text.rsplit_once("[[logs.rules]]").unwrap();
    agent.reload(first);
    agent.wait_for_log("settings reloaded", 1);
    let scrape = agent.scrape();
    assert!(scrape.family("errors_total").is_none());
    assert_lines(&agent, &log, 1);
    agent.reload("[server]\nlisten = \"127.0.0.1:0\"\n");
    wait_until("nothing to be followed", || !agent.scrape().has("sysmetrics_tail_"));
    assert!(agent.scrape().family("lines_total").is_none());
}
