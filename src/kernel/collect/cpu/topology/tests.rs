use crate::base::dialect::Dialect::{Node, Own};
use crate::kernel::collect::testing::{Tree, scrape};

const WORDS: &[&str] = &["throttles", "isolated", "online"];
const STAT: &str = "cpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 8 9 10\n";

fn cpu(n: usize, file: &str) -> String {
    format!("sys/devices/system/cpu/cpu{n}/{file}")
}

/// Files and contents of a machine whose CPUs 1, 2 and 10 share a core.
fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    tree.put("proc/stat", STAT);
    tree.put("sys/devices/system/cpu/isolated", "2-3\n");
    tree.put("sys/devices/system/cpu/cpufreq/x", "");
    for (n, package, core) in
        [(0, "0", "3"), (1, "0", "4"), (2, "0", "4"), (10, "0", "4"), (3, "-1", "5")]
    {
        tree.put(&cpu(n, "topology/physical_package_id"), package);
        tree.put(&cpu(n, "topology/core_id"), core);
    }
    for (n, count) in [(0, "11\n"), (10, "13\n"), (2, "15\n"), (3, "17\n")] {
        tree.put(&cpu(n, "thermal_throttle/core_throttle_count"), count);
    }
    for (n, count) in [(1, "12\n"), (10, "14\n"), (2, "16\n")] {
        tree.put(&cpu(n, "thermal_throttle/package_throttle_count"), count);
    }
    for (n, online) in [(0, "1\n"), (1, "1\n"), (10, "0\n")] {
        tree.put(&cpu(n, "online"), online);
    }
    tree
}

#[test]
fn counts_come_from_the_first_cpu_that_has_them() {
    let tree = machine("cpu-counts");
    let mut collector = tree.open(&crate::kernel::collect::cpu::SPEC, Node, &[]);
    let (lines, errors) = scrape(&mut collector, Node, WORDS);
    let expected = [
        r#"cpu_core_throttles_total{package="0",core="3"} 11"#,
        r#"cpu_core_throttles_total{package="0",core="4"} 13"#,
        r#"cpu_package_throttles_total{package="0"} 12"#,
        r#"cpu_isolated{cpu="2"} 1"#,
        r#"cpu_isolated{cpu="3"} 1"#,
        r#"cpu_online{cpu="0"} 1"#,
        r#"cpu_online{cpu="1"} 1"#,
        r#"cpu_online{cpu="10"} 0"#,
    ];
    assert_eq!((&lines[..], errors), (&expected.map(String::from)[..], 0));
    let mut own = tree.open(&crate::kernel::collect::cpu::SPEC, Own, &[]);
    assert_eq!(scrape(&mut own, Own, WORDS), (vec![], 0));
}

#[test]
fn counts_are_read_each_time_and_facts_when_the_cpus_change() {
    let tree = machine("cpu-facts");
    let mut collector = tree.open(&crate::kernel::collect::cpu::SPEC, Node, &[]);
    assert_eq!(scrape(&mut collector, Node, WORDS).1, 0);
    tree.put(&cpu(0, "thermal_throttle/core_throttle_count"), "x\n");
    tree.put(&cpu(10, "thermal_throttle/core_throttle_count"), "113\n");
    tree.remove(&cpu(1, "thermal_throttle/package_throttle_count"));
    tree.remove(&cpu(0, "online"));
    tree.put("sys/devices/system/cpu/isolated", "x\n");
    let (lines, errors) = scrape(&mut collector, Node, &["throttles"]);
    assert_eq!(lines, [r#"cpu_core_throttles_total{package="0",core="4"} 113"#]);
    assert_eq!(errors, 1, "bad content is a fault, absence is none");
    assert_eq!(scrape(&mut collector, Node, &["isolated", "online"]).0.len(), 5);

    tree.put(&cpu(0, "thermal_throttle/core_throttle_count"), "111\n");
    tree.put("proc/stat", &STAT[..STAT.len() / 2]);
    let (lines, errors) = scrape(&mut collector, Node, WORDS);
    let expected = [
        r#"cpu_core_throttles_total{package="0",core="3"} 111"#,
        r#"cpu_core_throttles_total{package="0",core="4"} 113"#,
        r#"cpu_package_throttles_total{package="0"} 14"#,
    ];
    assert_eq!((&lines[..], errors), (&expected.map(String::from)[..], 1));
}
