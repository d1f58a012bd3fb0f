//! CPU time, makes and models of made-up machines.

use super::*;
use crate::kernel::collect::testing::{Opened, Tree, scrape};
use crate::outputs::expose::{Format, Text};

fn line(text: &str) -> Line {
    Line::parse(text.as_bytes()).unwrap()
}

#[test]
fn small_steps_back_are_held_and_a_replugged_cpu_starts_again() {
    let before = line("0 10 20 30 1000 50 60 70 80 90 100");
    let mut held = line("0 11 20 30 998 49 61 70 80 90 100");
    held.hold(&before, 300);
    assert_eq!(held.ticks, [11, 20, 30, 1000, 50, 61, 70, 80, 90, 100]);
    let mut anew = line("0 1 2 3 700 5 6 7 8 9 10");
    anew.hold(&before, 300);
    assert_eq!(anew.ticks, [1, 2, 3, 700, 5, 6, 7, 8, 9, 10]);
    let mut just_held = line("0 1 2 3 701 5 6 7 8 9 10");
    just_held.hold(&before, 300);
    assert_eq!(just_held.ticks, before.ticks);
}

#[test]
fn held_values_outlive_a_failed_scrape() {
    let tree = Tree::new("cpu-held");
    let put = |idle: &str| tree.put("proc/stat", &format!("cpu0 1 2 3 {idle} 5\n"));
    put("1000");
    let mut cpu = tree.open(&SPEC, Dialect::Own, &[]);
    let idle = |cpu: &mut Opened| scrape(cpu, Dialect::Own, &["mode=\"idle\""]).0;
    let first = idle(&mut cpu);
    tree.put("proc/stat", "");
    let (mut out, mut lines) = Default::default();
    let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
    for _ in 0..2 {
        assert!(cpu.collect(&mut text).is_err());
    }
    put("999");
    assert_eq!(idle(&mut cpu), first);
}

#[test]
fn short_lines_have_fewer_columns_and_bad_ones_none() {
    assert_eq!(line("7 1 2 3 4").columns, 4);
    assert_eq!(line("7 1 2 3 4 x 6").columns, 4);
    for bad in [
        "7 1 2 3",
        "x 1 2 3 4",
        "7 1 2 x 4 5",
        "7 -1 2 3 4",
        "07 1 2 3 4",
        "99999999999 1 2 3 4",
        "",
    ] {
        assert!(Line::parse(bad.as_bytes()).is_none(), "{bad}");
    }
}

const CPU: &str = "vendor_id\t: V\ncpu family\t: 6\nmodel\t\t: 142\nmodel name\t: A CPU @ 1 GHz\n\
    stepping\t: 10\nmicrocode\t: 0xb4\ncache size\t: 8192 KB\nphysical id\t: 2\ncore id\t\t: 3\n\
    flags\t\t: fpu aes avx avx2 avx\nbugs\t\t: mds spectre_v1\n\n";

#[test]
fn cpus_flags_and_bugs_are_shown_where_that_is_set() {
    let tree = Tree::new("cpu-info");
    tree.put("proc/stat", "cpu0 1 2 3 4\n");
    tree.put("proc/cpuinfo", &["processor\t: 0\n", CPU].concat());
    let words = ["_info"];
    let mut without = tree.open(&SPEC, Dialect::Node, &[]);
    assert_eq!(scrape(&mut without, Dialect::Node, &words), (vec![], 0));
    let set = [("info-flags-include", "^avx"), ("info-bugs-include", "spectre")];
    let mut cpu = tree.open(&SPEC, Dialect::Node, &set);
    let info = |cpu: u32| {
        format!(
            "cpu_info{{package=\"2\",core=\"3\",cpu=\"{cpu}\",vendor=\"V\",family=\"6\",model=\"142\",\
             model_name=\"A CPU @ 1 GHz\",microcode=\"0xb4\",stepping=\"10\",cachesize=\"8192 KB\"}} 1"
        )
    };
    let rest = [
        r#"cpu_flag_info{flag="avx"} 1"#.to_owned(),
        r#"cpu_flag_info{flag="avx2"} 1"#.to_owned(),
        r#"cpu_bug_info{bug="spectre_v1"} 1"#.to_owned(),
    ];
    let expected = [&[info(0)], &rest[..]].concat();
    assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected.clone(), 0));
    let two = ["processor\t: 0\n", CPU, "processor\t: 1\n", CPU].concat();
    tree.put("proc/cpuinfo", &two);
    assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected, 0), "not read again");
    tree.put("proc/stat", "cpu0 1 2 3 4\ncpu1 1 2 3 4\n");
    let expected = [&[info(0), info(1)], &rest[..]].concat();
    assert_eq!(scrape(&mut cpu, Dialect::Node, &words), (expected, 0));
}

#[test]
fn other_architectures_have_other_keys() {
    let samples = |name: &str, stat: &str, text: &str| {
        let tree = Tree::new(name);
        tree.put("proc/stat", stat);
        tree.put("proc/cpuinfo", text);
        let mut cpu = tree.open(&SPEC, Dialect::Node, &[("info-flags-include", "^(fp|swp|half)$")]);
        let (lines, errors) = scrape(&mut cpu, Dialect::Node, &["_info"]);
        assert_eq!(errors, 0, "{lines:?}");
        lines.iter().map(|l| l.replace("=\"\"", "")).collect::<Vec<_>>()
    };
    let info = |core: &str, cpu: u32, vendor: &str, model: &str| {
        let of = |key: &str, value: &str| match value {
            "" => key.to_owned(),
            _ => format!("{key}=\"{value}\""),
        };
        let [core, vendor, model] =
            [of("core", core), of("vendor", vendor), of("model_name", model)];
        format!(
            "cpu_info{{package,{core},cpu=\"{cpu}\",{vendor},family,model,{model},microcode,stepping,cachesize}} 1"
        )
    };
    let flag = |flag: &str| format!("cpu_flag_info{{flag=\"{flag}\"}} 1");
    let (one, two) = ("cpu0 1 2 3 4\n", "cpu0 1 2 3 4\ncpu1 1 2 3 4\n");
    let mips = "system type\t\t: MT7621 ver:1\nmachine\t: x\nprocessor\t\t: 0\ncpu model\t\t: MIPS 1004Kc V2.15\n\
                isa\t\t: mips1 mips2\ncore\t: 0\n\nprocessor\t\t: 1\ncpu model\t\t: MIPS 1004Kc V2.15\n";
    let cpus = [0, 1].map(|cpu| info("", cpu, "MT7621 ver:1", "MIPS 1004Kc V2.15"));
    assert_eq!(samples("cpu-mips", two, mips), cpus);
    let riscv = "processor\t: 0\nhart\t\t: 2\nisa\t\t: rv64imafdc\nmmu\t: sv39\n\nprocessor\t: 1\nhart\t\t: 1\nisa\t\t: rv64imac\n";
    let cpus = [info("2", 0, "", "rv64imafdc"), info("1", 1, "", "rv64imac")];
    assert_eq!(samples("cpu-riscv", two, riscv), cpus);
    let arm64 = "processor\t: 0\nBogoMIPS\t: 38.40\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\nModel\t\t: A board\n";
    assert_eq!(samples("cpu-arm64", one, arm64), [info("", 0, "", ""), flag("fp")]);
    // Linux 3.7 and older: one model for all, flags at the end; a single CPU has no block.
    let model = "ARMv6-compatible processor rev 7 (v6l)";
    let old = format!(
        "Processor\t: {model}\nBogoMIPS\t: 847.05\nFeatures\t: swp half\nHardware\t: BCM2708\n"
    );
    assert_eq!(samples("cpu-arm", one, &old), [info("", 0, "", model), flag("swp"), flag("half")]);
    let old =
        format!("Processor\t: {model}\nprocessor\t: 0\n\nprocessor\t: 1\n\nFeatures\t: swp\n");
    let cpus = [info("", 0, "", model), info("", 1, "", model), flag("swp")];
    assert_eq!(samples("cpu-arm-two", two, &old), cpus);
}

#[test]
fn a_file_without_cpus_is_an_error() {
    let tree = Tree::new("cpu-info-odd");
    tree.put("proc/stat", "cpu0 1 2 3 4\n");
    let mut cpu = tree.open(&SPEC, Dialect::Own, &[("info", "true")]);
    assert_eq!(scrape(&mut cpu, Dialect::Own, &["_info"]), (vec![], 1));
    tree.put("proc/cpuinfo", "processor : none\n");
    assert_eq!(scrape(&mut cpu, Dialect::Own, &["_info"]), (vec![], 1));
    let mut twice = tree.open(&SPEC, Dialect::Own, &[("info", "true")]);
    tree.put("proc/cpuinfo", "processor : 1\nprocessor : 1\n");
    let (samples, errors) = scrape(&mut twice, Dialect::Own, &["_info"]);
    assert_eq!((samples.len(), errors), (1, 1));
}
