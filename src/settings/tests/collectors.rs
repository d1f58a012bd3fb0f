//! Which collectors are on, and their options.

use crate::base::text::pattern::Pattern;
use crate::settings::tests::support::{CPU, DISK, EXCLUDE, INCLUDE, is_reserved, load, nowhere};
use crate::settings::{CollectorOption, Dialect, Subject, load_from, text};

#[test]
fn a_collector_that_node_exporter_lacks_is_off_in_its_dialect() {
    const OURS: Subject = Subject { name: "mmc", node_name: "", ..CPU };
    let on = |args: &[&str]| {
        let args = args.iter().map(Into::into).collect();
        let settings = load_from(&[&OURS], is_reserved, args, vec![], &nowhere()).unwrap();
        settings.collectors[0].enabled
    };
    assert!(on(&[]));
    assert!(!on(&["--dialect=node_exporter"]));
    assert!(on(&["--dialect=node_exporter", "--collector.mmc"]));
    assert!(!on(&["--no-collector.mmc"]));
    assert_eq!((OURS.name_in(Dialect::Node), DISK.name_in(Dialect::Node)), ("mmc", "diskstats"));
}

#[test]
fn an_option_may_enable_its_collector() {
    static ADDRESS: CollectorOption<String> = text("address", "The server.").enabling();
    const UPS: Subject =
        Subject { name: "ups", node_name: "", on: false, options: &[&ADDRESS.row], ..CPU };
    let on = |args: &[&str]| {
        let args = args.iter().map(Into::into).collect();
        let settings = load_from(&[&UPS], is_reserved, args, vec![], &nowhere()).unwrap();
        settings.collectors[0].enabled
    };
    assert!(!on(&[]) && !on(&["--collector.ups.address="]));
    assert!(on(&["--collector.ups.address=h"]));
    assert!(on(&["--collector.ups.address=h", "--collector.disable-defaults"]));
    assert!(on(&["--collector.ups.address=h", "--dialect=node_exporter"]));
    assert!(!on(&["--collector.ups.address=h", "--no-collector.ups"]));
}

#[cfg(feature = "hub")]
#[test]
fn system_applies_to_collectors_without_a_switch_of_their_own() {
    let on = |file, args| -> Vec<&str> {
        let settings = load(file, args, &[]).unwrap();
        settings.collectors.iter().filter(|c| c.enabled).map(|c| c.name).collect()
    };
    let two = "[system]\nenabled = true\ncollect_cpu = false\ncollect_disk = true";
    assert_eq!(on(two, ""), ["disk"]);
    assert_eq!(on("[system]\nenabled = false\ncollect_cpu = true", ""), [""; 0]);
    assert_eq!(on("[system]\nenabled = false\n[collectors]\nnetwork = true", ""), ["network"]);
    let word = "[system]\ncollect_disk = false\n[collectors.disk]\nenabled = true";
    assert_eq!(on(word, ""), ["cpu", "disk"]);
    assert_eq!(on("[system]\ncollect_disk = true", "--collector.disable-defaults"), ["disk"]);
    assert_eq!(on("[system]\nenabled = false", "--collector.cpu"), ["cpu"]);
}

#[test]
fn collectors_are_switched_in_many_ways() {
    let on = |file, args, env: &[_]| -> Vec<&str> {
        let settings = load(file, args, env).unwrap();
        settings.collectors.iter().filter(|c| c.enabled).map(|c| c.name).collect()
    };
    assert_eq!(on("[collectors]\ncpu = false", "", &[]), ["disk"]);
    assert_eq!(on("collectors.network.enabled = true", "", &[]), ["cpu", "disk", "network"]);
    assert_eq!(on("[collectors.disk]\nenabled = false", "", &[]), ["cpu"]);
    assert_eq!(on("collectors = { disk = { enabled = false } }", "", &[]), ["cpu"]);
    assert_eq!(on("", "--no-collector.diskstats --collector.netdev", &[]), ["cpu", "network"]);
    assert_eq!(on("", "--collector.cpu=false --no-collector.disk=false", &[]), ["disk"]);
    assert_eq!(on("", "", &[("APP__COLLECTORS__DISK", "false")]), ["cpu"]);
    assert_eq!(on("", "", &[("APP__COLLECTORS__DISK__ENABLED", "false")]), ["cpu"]);
    assert_eq!(on("", "--collector.disable-defaults --collector.cpu", &[]), ["cpu"]);
    assert_eq!(on("[collectors]\ndisk = true", "--collector.disable-defaults", &[]), ["disk"]);
}

#[test]
fn an_include_pattern_replaces_the_default_exclude_pattern() {
    let disk = |args| {
        let disk = load("", args, &[]).unwrap().collectors[1].clone();
        let compiled = |option: &'static CollectorOption<Option<Pattern>>| {
            disk.get(option).map(|pattern| pattern.as_str().to_owned())
        };
        let all = [&EXCLUDE, &INCLUDE].map(compiled);
        assert_eq!(all, ["exclude_pattern", "include_pattern"].map(|key| disk.text(key)));
        all
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(disk("--collector.diskstats.device-include=^sd"), [None, some("^sd")]);
    assert_eq!(disk("--collector.disk.exclude-pattern="), [None, None]);
    assert_eq!(disk("--collector.diskstats.ignored-devices=^x"), [some("^x"), None]);
    assert_eq!(
        disk("--collector.disk.exclude-pattern= --collector.disk.include-pattern=a"),
        [None, some("a")]
    );
}
