mod later;

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
fn every_file_of_units_and_slices_goes_to_its_family() {
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

#[test]
fn slices_are_shown_however_many_units_there_are() {
    let tree = Tree::new("units-too-many");
    tree.put("sys/fs/cgroup/cgroup.controllers", "memory\n");
    for n in 0..tree::MAX_GROUPS {
        put(&tree, &format!("a.slice/u{n}.service"), "pids.current", "1\n");
    }
    for slice in ["a.slice", "z.slice"] {
        put(&tree, slice, "memory.events", "oom_kill 3\n");
    }
    let mut units = tree.open(&SPEC, Dialect::Own, &[]);
    let oom_kills =
        ["a", "z"].map(|slice| format!(r#"slice_oom_kills_total{{slice="{slice}.slice"}} 3"#));
    assert_eq!(scrape(&mut units, Dialect::Own, &["oom"]), (oom_kills.to_vec(), 1));
    let (tasks, _) = scrape(&mut units, Dialect::Own, &["unit_tasks"]);
    assert_eq!(tasks.len(), tree::MAX_SHOWN + 1);
    let left = tree::MAX_GROUPS - 2 - tree::MAX_SHOWN;
    assert_eq!(tasks.last(), Some(&format!(r#"unit_tasks{{unit="other",slice=""}} {left}"#)));
}

/// 300 units of another slice hid every service of a box with Debian 13.
#[test]
fn services_of_the_box_come_before_units_of_other_slices() {
    let tree = Tree::new("units-system-first");
    tree.put("sys/fs/cgroup/cgroup.controllers", "pids\n");
    for n in 0..tree::MAX_SHOWN + 100 {
        put(&tree, &format!("many.slice/edge-many@{n}.service"), "pids.current", "1\n");
    }
    put(&tree, "system.slice/ssh.service", "pids.current", "7\n");
    let mut units = tree.open(&SPEC, Dialect::Own, &[]);
    let (tasks, _) = scrape(&mut units, Dialect::Own, &["unit_tasks"]);
    let ssh = r#"unit_tasks{unit="ssh.service",slice="system.slice"} 7"#;
    assert_eq!((tasks.len(), tasks.iter().any(|line| line == ssh)), (tree::MAX_SHOWN + 1, true));
}

#[test]
fn a_group_with_the_name_of_the_sum_is_part_of_it() {
    let tree = Tree::new("units-other");
    tree.put("sys/fs/cgroup/cgroup.controllers", "pids\n");
    for (group, tasks) in [("other", "1\n"), ("a.slice/other", "2\n")] {
        put(&tree, group, "pids.current", tasks);
    }
    let mut units = tree.open(&SPEC, Dialect::Own, &[]);
    let (shown, _) = scrape(&mut units, Dialect::Own, &["unit_tasks"]);
    let tasks = |slice: &str, n: u32| format!(r#"unit_tasks{{unit="other",slice="{slice}"}} {n}"#);
    assert_eq!(shown, [tasks("a.slice", 2), tasks("", 1)]);
}

#[test]
fn a_broken_file_drops_only_its_samples() {
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
