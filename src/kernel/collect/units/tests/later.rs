//! Several scrapes one after another: what is read when, and sums that never fall.

use super::super::*;
use super::{box_of_units, cpu, put};
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree};

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
