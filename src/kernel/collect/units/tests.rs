use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, scrape};
use std::os::unix::fs::symlink;

const DOCKER: &str =
    "docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope";

fn put(tree: &Tree, group: &str, file: &str, text: &str) {
    tree.put(&format!("sys/fs/cgroup/{group}/{file}"), text);
}

fn cpu(user: u64, system: u64) -> String {
    format!("usage_usec {}\nuser_usec {user}\nsystem_usec {system}\nnr_periods 0\n", user + system)
}

/// One of every kind.
fn box_of_units(name: &str) -> Tree {
    let tree = Tree::new(name);
    tree.put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    tree.put("sys/fs/cgroup/cpu.stat", &cpu(1, 2));
    put(&tree, "init.scope", "cpu.stat", &cpu(1_000_001, 2_000_002));
    put(&tree, "system.slice", "cpu.stat", &cpu(31_000_000, 32_000_000));
    put(&tree, "system.slice", "memory.current", "33000\n");
    put(&tree, "system.slice", "memory.events", "low 0\nmax 5\noom 6\noom_kill 7\n");
    let nginx = "system.slice/nginx.service";
    put(&tree, nginx, "cpu.stat", &cpu(41_000_000, 42_500_000));
    put(&tree, nginx, "memory.current", "50000\n");
    put(&tree, nginx, "memory.stat", "anon 1\nfile 2\nworkingset_x 3\ninactive_file 6000\n");
    put(&tree, nginx, "memory.max", "70000\n");
    put(&tree, nginx, "pids.current", "8\n");
    let disk = |n: &str, a, b, c, d| {
        format!("{n} rbytes={a} wbytes={b} rios={c} wios={d} dbytes=99 dios=98\n")
    };
    let io = [disk("8:0", 100, 200, 10, 20), disk("253:0", 9000, 9000, 900, 900)];
    let io = [&*io[0], "8:16\n", &*io[1], &*disk("8:32", 3, 4, 5, 6), &*disk("7:1", 7, 7, 7, 7)];
    put(&tree, nginx, "io.stat", &io.concat());
    for (file, some, full) in [("cpu", 1, 2), ("io", 3, 4), ("memory", 5, 6)] {
        let line = |word, n| format!("{word} avg10=1.23 avg60=0.00 avg300=0.00 total={n}000000\n");
        let text = [line("some", some), line("full", full)].concat();
        put(&tree, nginx, &format!("{file}.pressure"), &text);
    }
    put(&tree, nginx, "deeper.scope/cpu.stat", &cpu(3, 4));
    put(&tree, "system.slice/_cpu.service", "memory.max", "max\n");
    put(&tree, "system.slice/_cpu.service", "pids.current", "9\n");
    put(&tree, &format!("system.slice/{DOCKER}"), "pids.current", "11\n");
    put(&tree, "system.slice/run-r1.scope", "pids.current", "12\n");
    let getty = "system.slice/system-getty.slice/getty@tty1.service";
    put(&tree, getty, "pids.current", "13\n");
    put(&tree, "docker/abc", "pids.current", "14\n");
    put(&tree, "a.slice/a-b.slice/a-b-c.slice/x.service", "pids.current", "15\n");
    put(&tree, "a.slice/a-b.slice/a-b-c.slice", "pids.current", "16\n");
    for (number, device) in [("8:0", "sda"), ("253:0", "dm-0"), ("8:32", "sdc"), ("7:1", "loop1")] {
        tree.put(&format!("sys/devices/{device}/dev"), number);
        std::fs::create_dir_all(tree.0.join("sys/dev/block")).unwrap();
        let from = tree.0.join("sys/devices").join(device);
        symlink(from, tree.0.join("sys/dev/block").join(number)).unwrap();
    }
    tree.put("sys/devices/dm-0/slaves/sda", "");
    tree
}

fn lines(opened: &mut Opened) -> (Vec<String>, u64) {
    let (mut lines, errors) = scrape(opened, Dialect::Own, &["unit_", "slice_"]);
    lines.iter_mut().for_each(|line| *line = line.replace(DOCKER, "docker-X.scope"));
    (lines, errors)
}

#[test]
fn units_and_slices_have_what_their_files_say() {
    let tree = box_of_units("units");
    let mut units = tree.open(&SPEC, Dialect::Own, &[("pressure", "true")]);
    let nginx = |family: &str, more: &str, value: &str| {
        format!(r#"unit_{family}{{unit="nginx.service",slice="system.slice"{more}}} {value}"#)
    };
    let tasks = |unit: &str, slice: &str, n: u64| {
        format!(r#"unit_tasks{{unit="{unit}",slice="{slice}"}} {n}"#)
    };
    let waited = |resource: &str, value: &str| {
        let more = format!(r#",resource="{resource}""#);
        nginx("pressure_waiting_seconds_total", &more, value)
    };
    let stalled = |resource: &str, value: &str| {
        let more = format!(r#",resource="{resource}""#);
        nginx("pressure_stalled_seconds_total", &more, value)
    };
    let init = r#"unit_cpu_seconds_total{unit="init.scope",slice="",mode="#;
    let expected = [
        format!(r#"{init}"user"}} 1.000001"#),
        nginx("cpu_seconds_total", r#",mode="user""#, "41"),
        format!(r#"{init}"system"}} 2.000002"#),
        nginx("cpu_seconds_total", r#",mode="system""#, "42.500000"),
        nginx("memory_bytes", "", "50000"),
        nginx("memory_working_set_bytes", "", "44000"),
        nginx("memory_limit_bytes", "", "70000"),
        tasks("a-b-c.slice", "a-b.slice", 16),
        tasks("abc", "docker", 14),
        tasks("getty@tty1.service", "system-getty.slice", 13),
        tasks("cpu.service", "system.slice", 9),
        tasks("docker-X.scope", "system.slice", 11),
        nginx("tasks", "", "8"),
        nginx("io_read_bytes_total", "", "103"),
        nginx("io_written_bytes_total", "", "204"),
        nginx("io_reads_total", "", "15"),
        nginx("io_writes_total", "", "26"),
        waited("cpu", "1"),
        waited("io", "3"),
        waited("memory", "5"),
        stalled("cpu", "2"),
        stalled("io", "4"),
        stalled("memory", "6"),
        r#"slice_cpu_seconds_total{slice="system.slice",mode="user"} 31"#.to_owned(),
        r#"slice_cpu_seconds_total{slice="system.slice",mode="system"} 32"#.to_owned(),
        r#"slice_memory_bytes{slice="system.slice"} 33000"#.to_owned(),
        r#"slice_oom_kills_total{slice="system.slice"} 7"#.to_owned(),
    ];
    for _ in 0..2 {
        assert_eq!(lines(&mut units), (expected.to_vec(), 0));
    }
    let mut units = tree.open(&SPEC, Dialect::Own, &[("include", "^run-|getty")]);
    let (shown, _) = scrape(&mut units, Dialect::Own, &["unit_tasks"]);
    assert_eq!(
        shown,
        [
            tasks("getty@tty1.service", "system-getty.slice", 13),
            tasks("run-r1.scope", "system.slice", 12),
        ]
    );
}

/// A collector whose scrapes are so many seconds after the first.
struct Later {
    opened: Opened,
    start: Instant,
}

impl Later {
    fn new(tree: &Tree, set: &[(&str, &str)]) -> Later {
        Later { opened: tree.open(&SPEC, Dialect::Own, set), start: Instant::now() }
    }

    fn at(&mut self, second: u64, words: &[&str]) -> (Vec<String>, u64) {
        self.opened.scrape_at(self.start + Duration::from_secs(second), Dialect::Own, words)
    }
}

#[test]
fn groups_are_read_now_and_then_and_come_and_go() {
    let tree = box_of_units("units-later");
    let mut units = Later::new(&tree, &[("interval", "10s"), ("include", "nginx|new")]);
    let words = ["bytes{unit", "age"];
    let line = |family: &str, unit: &str, n: u64| {
        format!(r#"unit_memory_{family}{{unit="{unit}",slice="system.slice"}} {n}"#)
    };
    let age = |n: u64| format!("units_age_seconds {n}");
    let nginx = "nginx.service";
    let first = [
        line("bytes", nginx, 50000),
        line("working_set_bytes", nginx, 44000),
        line("limit_bytes", nginx, 70000),
    ];
    let with_age = |n| [&first[..], &[age(n)]].concat();
    assert_eq!(units.at(0, &words), (with_age(0), 0));
    put(&tree, "system.slice/nginx.service", "memory.current", "60000\n");
    put(&tree, "system.slice/nginx.service", "memory.max", "max\n");
    put(&tree, "system.slice/new.service", "memory.current", "100\n");
    put(&tree, "system.slice/new.service", "memory.stat", "inactive_file 101\n");
    assert_eq!(units.at(9, &words), (with_age(9), 0), "what was read before");
    let second = vec![
        line("bytes", "new.service", 100),
        line("bytes", nginx, 60000),
        line("working_set_bytes", "new.service", 0),
        line("working_set_bytes", nginx, 44000),
        line("limit_bytes", nginx, 70000),
        age(0),
    ];
    assert_eq!(units.at(10, &words), (second, 0), "the slow ones are a minute old at most");
    std::fs::remove_dir_all(tree.0.join("sys/fs/cgroup/system.slice/new.service")).unwrap();
    put(&tree, "system.slice/nginx.service", "cpu.stat", &cpu(41_000_001, 42_500_000));
    let third = vec![line("bytes", nginx, 60000), line("working_set_bytes", nginx, 54000), age(0)];
    assert_eq!(units.at(60, &words), (third, 0));
    std::fs::remove_dir_all(tree.0.join("sys/fs/cgroup")).unwrap();
    let gone = units.opened.collect_at(units.start + Duration::from_secs(70));
    assert_eq!(gone, Err(Error::Unsupported(DIRECTORY.into())));
}

/// An idle unit is read at its turn, whenever the slow files are due.
#[test]
fn an_idle_unit_is_read_at_each_fourth_reading() {
    let tree = box_of_units("units-idle");
    let mut units = Later::new(&tree, &[("interval", "10s"), ("include", "nginx")]);
    let nginx = "system.slice/nginx.service";
    let mut read = |second: u64| -> Vec<u64> {
        put(&tree, nginx, "memory.current", &format!("{}\n", 50_000 + second));
        let (lines, errors) = units.at(second, &["memory_bytes{unit", "set_bytes{unit"]);
        assert_eq!(errors, 0);
        lines.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap()).collect()
    };
    assert_eq!(read(0), [50_000, 44_000]);
    assert_eq!(read(10), [50_010, 44_000]);
    let mut fresh = |seconds: std::ops::RangeInclusive<u64>| -> Vec<(u64, u64)> {
        let all = seconds.step_by(10).map(|second| (second, read(second)));
        let fresh = all.filter(|(second, memory)| memory[0] == 50_000 + second);
        fresh.map(|(second, memory)| (second, memory[1])).collect()
    };
    // It was idle for the second time at 20 seconds.
    let [(20, 44_000), (first, _), (second, slow)] = fresh(20..=90)[..] else { panic!() };
    assert_eq!((second - first, slow), (40, 44_000 + second), "a minute is over");
    put(&tree, nginx, "cpu.stat", &cpu(41_000_001, 42_500_000));
    let third = second + 40;
    let seen: Vec<_> = fresh(100..=third + 20).into_iter().map(|(second, _)| second).collect();
    assert_eq!(seen, [third, third + 10, third + 20], "it runs");
}

#[test]
fn units_beyond_the_limit_are_added_up_and_the_sum_does_not_fall() {
    let tree = Tree::new("units-many");
    tree.put("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    let group = |n: usize| format!("system.slice/u{n:04}.service");
    for n in 0..tree::MAX_SHOWN + 3 {
        put(&tree, &group(n), "cpu.stat", &cpu(1_000_000, 0));
        put(&tree, &group(n), "pids.current", "2\n");
    }
    let mut units = Later::new(&tree, &[("interval", "10s")]);
    let other = |cpu: u64, tasks: u64| {
        (
            vec![
                format!(r#"unit_cpu_seconds_total{{unit="other",slice="",mode="user"}} {cpu}"#),
                r#"unit_cpu_seconds_total{unit="other",slice="",mode="system"} 0"#.to_owned(),
                format!(r#"unit_tasks{{unit="other",slice=""}} {tasks}"#),
            ],
            0,
        )
    };
    assert_eq!(units.at(0, &["other"]), other(3, 6));
    put(&tree, &group(tree::MAX_SHOWN), "cpu.stat", &cpu(5_000_000, 0));
    std::fs::remove_dir_all(tree.0.join("sys/fs/cgroup").join(group(tree::MAX_SHOWN + 1))).unwrap();
    assert_eq!(units.at(10, &["other"]), other(7, 4), "4 more, and who ended stays counted");
    // It began anew, and one whose place is first has no series: who is shown stays so.
    put(&tree, &group(tree::MAX_SHOWN), "cpu.stat", &cpu(2_000_000, 0));
    put(&tree, "system.slice/a.service", "pids.current", "5\n");
    assert_eq!(units.at(20, &["other"]), other(9, 9));
    assert_eq!(units.at(30, &["tasks"]).0.len(), tree::MAX_SHOWN + 1);
}

#[test]
fn slices_are_told_of_however_many_units_there_are() {
    let tree = Tree::new("units-too-many");
    tree.put("sys/fs/cgroup/cgroup.controllers", "memory\n");
    for n in 0..tree::MAX_GROUPS {
        put(&tree, &format!("a.slice/u{n}.service"), "pids.current", "1\n");
    }
    for slice in ["a.slice", "z.slice"] {
        put(&tree, slice, "memory.events", "oom_kill 3\n");
    }
    let mut units = tree.open(&SPEC, Dialect::Own, &[]);
    let told =
        ["a", "z"].map(|slice| format!(r#"slice_oom_kills_total{{slice="{slice}.slice"}} 3"#));
    assert_eq!(scrape(&mut units, Dialect::Own, &["oom"]), (told.to_vec(), 1));
    let (tasks, _) = scrape(&mut units, Dialect::Own, &["unit_tasks"]);
    assert_eq!(tasks.len(), tree::MAX_SHOWN + 1);
    let left = tree::MAX_GROUPS - 2 - tree::MAX_SHOWN;
    assert_eq!(tasks.last(), Some(&format!(r#"unit_tasks{{unit="other",slice=""}} {left}"#)));
}

#[test]
fn a_broken_file_costs_its_own_samples() {
    let tree = Tree::new("units-broken");
    tree.put("sys/fs/cgroup/cgroup.controllers", "\n");
    let unit = "system.slice/x.service";
    put(&tree, unit, "cpu.stat", "user_usec 5000000\nsystem_usec -1\n");
    put(&tree, unit, "memory.current", "many\n");
    put(&tree, unit, "memory.stat", "inactive_file 1\n");
    put(&tree, unit, "memory.max/x", "");
    put(&tree, unit, "pids.current", "");
    put(&tree, unit, "io.stat", "8:0 rbytes=x wbytes=2\nsda rios=4\n8:16\n");
    put(&tree, unit, "cpu.pressure", "some total=-1\nfull avg10=0 total=7000000\n");
    put(&tree, "system.slice", "memory.events", "oom 1\n");
    let mut units = tree.open(&SPEC, Dialect::Own, &[("pressure", "true")]);
    let line = |family: &str, more: &str, value: u64| {
        format!(r#"unit_{family}{{unit="x.service",slice="system.slice"{more}}} {value}"#)
    };
    let expected = vec![
        line("cpu_seconds_total", r#",mode="user""#, 5),
        line("io_written_bytes_total", "", 2),
        line("pressure_stalled_seconds_total", r#",resource="cpu""#, 7),
    ];
    assert_eq!(lines(&mut units), (expected, 7));
    // Before 5.13 there was no line `full` of the CPU.
    let old = Tree::new("units-old");
    old.put("sys/fs/cgroup/cgroup.controllers", "\n");
    put(&old, unit, "cpu.pressure", "some avg10=0.00 total=3000000\n");
    put(&old, unit, "io.pressure", "some avg10=0.00 total=4000000\n");
    let mut units = old.open(&SPEC, Dialect::Own, &[("pressure", "true")]);
    let waited = |of: &str, time| {
        line("pressure_waiting_seconds_total", &format!(r#",resource="{of}""#), time)
    };
    assert_eq!(
        lines(&mut units),
        (vec![waited("cpu", 3), waited("io", 4)], 1),
        "only that of IO is missed"
    );
    let none = Tree::new("units-none");
    none.put("sys/fs/cgroup/cpu/cpu.shares", "1024\n");
    let mut units = none.open(&SPEC, Dialect::Own, &[]);
    assert!(units.is_unsupported(), "version 1");
}
