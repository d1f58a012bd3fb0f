use super::*;
use crate::kernel::collect::testing::{Tree, scrape};
use crate::kernel::read::Root;

/// `net` is a link to `self/net`; a container that has the machine's procfs would find its own there.
#[test]
fn the_network_of_a_procfs_elsewhere_is_its_first_processs() {
    let tree = Tree::new("network-first");
    let names = || {
        let mut opened = tree.open(&SPEC, Dialect::Own, &[]);
        let (samples, _) = scrape(&mut opened, Dialect::Own, &["receive_bytes_total"]);
        samples.concat()
    };
    let page = |name: &str| format!("1\n2\n{name}: 7 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    tree.put("proc/net/dev", &page("inner0"));
    assert_eq!(names(), "network_receive_bytes_total{interface=\"inner0\"} 7");
    tree.put("proc/1/net/dev", &page("outer0"));
    assert_eq!(names(), "network_receive_bytes_total{interface=\"outer0\"} 7");
    // Netlink would report the addresses of this machine.
    tree.put("proc/1/net/dev", &page("lo"));
    let mut opened = tree.open(&SPEC, Dialect::Own, &[("address-info", "true")]);
    let (samples, _) = scrape(&mut opened, Dialect::Own, &["address_info"]);
    assert_eq!(samples, [""; 0]);
    let root = tree.root();
    assert!(root.real("/proc/net/stat/nf_conntrack").ends_with("1/net/stat/nf_conntrack"));
    assert!(root.real("/proc/network").ends_with("proc/network"));
    let root = Root::of_this_machine();
    assert_eq!(root.real("/proc/net/dev").as_os_str(), "/proc/net/dev");
}

#[test]
fn the_last_colon_ends_the_name() {
    let numbers = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16";
    for (head, name) in [("  eth0:", "eth0"), ("ibr10:30: ", "ibr10:30"), (" : ", ""), ("a ", "")] {
        let line = [head, numbers].concat();
        let parsed =
            parse(line.as_bytes(), &mut [0; WIDTH]).map(|(name, _)| name).unwrap_or_default();
        assert_eq!(parsed, name.as_bytes(), "{line}");
    }
}

#[test]
fn a_torn_line_is_dropped() {
    let mut cells = [0; WIDTH];
    assert_eq!(parse(b"eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", &mut cells), None);
    assert_eq!(parse(b"eth0:", &mut cells), None);
}

#[test]
fn aliases_are_labels_and_details_have_names_of_their_own() {
    let tree = Tree::new("network-alias");
    let row = |name: &str| format!("{name}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    tree.put("proc/net/dev", &["1\n2\n", &row("eth0"), &row("wg0")].concat());
    tree.put("sys/class/net/wg0/ifalias", " to \"them\" \n");
    let set = [("label-ifalias", "true"), ("netlink", "false")];
    let mut own = tree.open(&SPEC, Dialect::Own, &set);
    let expected = [
        r#"network_receive_drop_total{interface="eth0",ifalias=""} 4"#,
        r#"network_receive_drop_total{interface="wg0",ifalias="to \"them\""} 4"#,
    ];
    for _ in 0..2 {
        let samples = scrape(&mut own, Dialect::Own, &["receive_drop"]);
        assert_eq!(samples, (expected.map(String::from).to_vec(), 0));
    }
    let set = [("enable-detailed-metrics", "true"), ("netlink", "false")];
    let mut node = tree.open(&SPEC, Dialect::Node, &set);
    let expected = [
        r#"network_receive_errors_total{device="eth0"} 3"#,
        r#"network_receive_dropped_total{device="eth0"} 4"#,
        r#"network_transmit_errors_total{device="eth0"} 11"#,
        r#"network_transmit_dropped_total{device="eth0"} 12"#,
    ];
    let (samples, _) = scrape(&mut node, Dialect::Node, &["errors_total{", "dropped_total{"]);
    let samples: Vec<_> = samples.into_iter().filter(|line| line.contains("eth0")).collect();
    assert_eq!(samples, expected);
}

/// A dump of netlink has the same numbers as the file, if another collector requests it.
#[test]
fn the_dump_of_other_collectors_has_the_numbers_of_the_file() {
    let root = Root::of_this_machine();
    let set = [("include-pattern", "^lo$")];
    let mut own = crate::kernel::collect::testing::open(&root, &SPEC, Dialect::Own, &set);
    let mut read = |is_wanted: bool| {
        if is_wanted {
            own.files.links().unwrap();
        }
        let (samples, errors) = scrape(&mut own, Dialect::Own, &["_"]);
        assert_eq!(errors, 0);
        let names = samples.iter().map(|sample| sample.split(' ').next().unwrap().to_owned());
        (names.collect::<Vec<_>>(), own.files.links_of_others().is_some())
    };
    let (by_file, _) = read(false);
    assert_eq!(by_file.len(), 16);
    assert_eq!(read(true), (by_file.clone(), true));
    assert_eq!(read(false), (by_file, false), "who takes it along does not want it");
}
