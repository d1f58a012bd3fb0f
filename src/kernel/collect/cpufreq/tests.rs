use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, open_beside, scrape, scrape_later};
use std::os::unix::fs::symlink;

fn put(tree: &Tree, cpu: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        let file = format!("sys/devices/system/cpu/{cpu}/cpufreq/{file}");
        tree.put(&file, &format!("{text}\n"));
    }
}

#[test]
fn frequencies_and_governors() {
    let tree = Tree::new("cpufreq");
    let mut freq = tree.open(&SPEC, Dialect::Node, &[]);
    assert_eq!(scrape(&mut freq, Dialect::Node, &["_"]), (vec![], 0));
    let all = [
        ("cpuinfo_cur_freq", "1100"),
        ("cpuinfo_avg_freq", "1150"),
        ("cpuinfo_min_freq", "1200"),
        ("cpuinfo_max_freq", "1300"),
        ("scaling_cur_freq", "1400"),
        ("scaling_min_freq", "1500"),
        ("scaling_max_freq", "1600"),
        ("scaling_governor", "ondemand"),
        ("scaling_available_governors", "powersave ondemand powersave"),
    ];
    put(&tree, "cpu2", &all);
    put(&tree, "cpu10", &[("scaling_cur_freq", "<unknown>"), ("scaling_min_freq", "7")]);
    tree.put("sys/devices/system/cpu/cpuidle/current_driver", "none\n");
    tree.put("sys/devices/system/cpu/cpu3/online", "1\n");
    symlink("../cpu2/cpufreq", tree.0.join("sys/devices/system/cpu/cpu3/cpufreq")).unwrap();
    let mut expected = Vec::new();
    for (name, value) in [
        ("frequency", "1100000"),
        ("frequency_avg", "1150000"),
        ("frequency_min", "1200000"),
        ("frequency_max", "1300000"),
        ("scaling_frequency", "1400000"),
        ("scaling_frequency_min", "1500000"),
        ("scaling_frequency_max", "1600000"),
    ] {
        for cpu in [2, 3] {
            expected.push(format!(r#"cpu_{name}_hertz{{cpu="{cpu}"}} {value}"#));
        }
        if name == "scaling_frequency_min" {
            expected.push(r#"cpu_scaling_frequency_min_hertz{cpu="10"} 7000"#.to_owned());
        }
    }
    for cpu in [2, 3] {
        for (governor, value) in [("powersave", 0), ("ondemand", 1)] {
            let labels = format!(r#"cpu="{cpu}",governor="{governor}""#);
            expected.push(format!("cpu_scaling_governor{{{labels}}} {value}"));
        }
    }
    for _ in 0..2 {
        assert_eq!(scrape(&mut freq, Dialect::Node, &["_"]), (expected.clone(), 0));
    }
}

#[test]
fn a_broken_value_drops_only_its_sample() {
    let tree = Tree::new("cpufreq-broken");
    put(&tree, "cpu0", &[("scaling_cur_freq", "fast"), ("scaling_min_freq", "5")]);
    put(&tree, "cpu0", &[("scaling_max_freq/odd", ""), ("scaling_governor", "userspace")]);
    // Which of them is chosen, this one does not say.
    let unsaid = [("scaling_governor", ""), ("scaling_available_governors", "userspace")];
    put(&tree, "cpu4", &unsaid);
    let mut freq = tree.open(&SPEC, Dialect::Own, &[]);
    let expected = [
        r#"cpu_scaling_frequency_min_hertz{cpu="0"} 5000"#,
        r#"cpu_scaling_governor{cpu="0",governor="userspace"} 1"#,
    ];
    let expected = expected.map(str::to_owned).to_vec();
    assert_eq!(scrape(&mut freq, Dialect::Own, &["_"]), (expected.clone(), 2));
    // A processor that is switched off is no fault.
    std::fs::remove_dir_all(tree.0.join("sys/devices/system/cpu/cpu0/cpufreq")).unwrap();
    assert_eq!(scrape(&mut freq, Dialect::Own, &["_"]), (vec![], 0));
    put(&tree, "cpu0", &[("scaling_min_freq", "5"), ("scaling_governor", "userspace")]);
    assert_eq!(scrape(&mut freq, Dialect::Own, &["_"]), (expected, 0));
}

#[test]
fn a_processor_that_is_switched_off_is_left_out() {
    let tree = Tree::new("cpufreq-offline");
    put(&tree, "cpu0", &[("scaling_cur_freq", "5")]);
    put(&tree, "cpu2", &[("scaling_cur_freq", "6")]);
    tree.put("sys/devices/system/cpu/cpu1/online", "0\n");
    symlink("../cpu0/cpufreq", tree.0.join("sys/devices/system/cpu/cpu1/cpufreq")).unwrap();
    tree.put("sys/devices/system/cpu/offline", "1,3-63\n");
    let mut freq = tree.open(&SPEC, Dialect::Node, &[]);
    let hertz = |freq: &mut Opened, seconds| {
        scrape_later(freq, Dialect::Node, &["hertz"], Duration::from_secs(seconds))
    };
    let [cpu0, cpu1, cpu2] = [(0, 5), (1, 5), (2, 6)]
        .map(|(n, khz)| format!("cpu_scaling_frequency_hertz{{cpu=\"{n}\"}} {khz}000"));
    assert_eq!(hertz(&mut freq, 0), (vec![cpu0.clone(), cpu2.clone()], 0));
    tree.put("sys/devices/system/cpu/offline", "\n");
    assert_eq!(hertz(&mut freq, 61), (vec![cpu0, cpu1, cpu2], 0));
}

/// With `cpu.info` in node_exporter's dialect.
fn with_info(tree: &Tree, dialect: Dialect, args: &[&str]) -> Opened {
    let args = [&["--collector.cpufreq"], args].concat();
    open_beside(&tree.root(), &[&SPEC, &super::super::cpu::SPEC], dialect, &args)
}

#[test]
fn with_info_the_frequencies_are_those_of_cpuinfo() {
    let tree = Tree::new("cpufreq-info");
    put(&tree, "cpu0", &[("cpuinfo_cur_freq", "1100"), ("cpuinfo_min_freq", "5")]);
    let text = "processor\t: 0\ncpu MHz\t\t: 799.998\nphysical id\t: 1\ncore id\t\t: 2\n\n\
                processor\t: 3\nphysical id\t: 4\ncore id\t\t: 5\ncpu MHz\t\t: 2596.1\n\n\
                processor\t: 7\ncore id\t\t: 6\n";
    tree.put("proc/cpuinfo", text);
    let of_info = [
        r#"cpu_frequency_hertz{package="1",core="2",cpu="0"} 799998000"#,
        r#"cpu_frequency_hertz{package="4",core="5",cpu="3"} 2596100000"#,
        r#"cpu_frequency_min_hertz{cpu="0"} 5000"#,
    ];
    let of_info = (of_info.map(str::to_owned).to_vec(), 0);
    let of_driver =
        [r#"cpu_frequency_hertz{cpu="0"} 1100000"#, r#"cpu_frequency_min_hertz{cpu="0"} 5000"#];
    let of_driver = (of_driver.map(str::to_owned).to_vec(), 0);
    for (dialect, args, expected) in [
        (Dialect::Node, &["--collector.cpu.info"][..], &of_info),
        (Dialect::Node, &["--collector.cpu.info.flags-include=x"], &of_info),
        (Dialect::Node, &["--collector.cpu.info", "--no-collector.cpu"], &of_driver),
        (Dialect::Node, &[], &of_driver),
        (Dialect::Own, &["--collector.cpu.info"], &of_driver),
    ] {
        let mut freq = with_info(&tree, dialect, args);
        for _ in 0..2 {
            assert_eq!(&scrape(&mut freq, dialect, &["frequency"]), expected, "{args:?}");
        }
    }
}

#[test]
fn a_bad_block_of_cpuinfo_drops_its_sample() {
    let tree = Tree::new("cpufreq-info-bad");
    let text = "processor: 1\ncpu MHz: fast\nprocessor: 1\ncpu MHz: 7\nprocessor: x\n\
                cpu MHz: 8\nprocessor: 2\ncpu MHz: 9.5\n";
    tree.put("proc/cpuinfo", text);
    let mut freq = with_info(&tree, Dialect::Node, &["--collector.cpu.info"]);
    let expected = vec![r#"cpu_frequency_hertz{package="",core="",cpu="2"} 9500000"#.to_owned()];
    assert_eq!(scrape(&mut freq, Dialect::Node, &["frequency"]), (expected, 3));
    let none = Tree::new("cpufreq-info-none");
    let mut freq = with_info(&none, Dialect::Node, &["--collector.cpu.info"]);
    assert_eq!(scrape(&mut freq, Dialect::Node, &["frequency"]), (vec![], 0));
}

#[test]
fn without_frequencies_processors_are_checked_some_seconds_later() {
    let tree = Tree::new("cpufreq-none");
    tree.put("sys/devices/system/cpu/cpu0/online", "1\n");
    let root = tree.root();
    let mut freq = crate::kernel::collect::testing::open(&root, &SPEC, Dialect::Node, &[]);
    let now = Instant::now();
    let mut count = |second| {
        let age = Duration::from_secs(second);
        root.begin(age);
        freq.scrape_at(now + age, Dialect::Node, &["_"]).0.len()
    };
    assert_eq!(count(0), 0);
    put(&tree, "cpu0", &[("scaling_cur_freq", "7")]);
    put(&tree, "cpu1", &[("scaling_cur_freq", "8")]);
    assert_eq!([1, 7, 8, 9].map(&mut count), [0, 0, 2, 2]);
    // Files came, the directory stayed as it is.
    put(&tree, "cpu1", &[("scaling_min_freq", "9")]);
    assert_eq!([10, 67, 68].map(count), [2, 2, 3]);
}
