use super::rows::MAX_TEXT;
use super::*;
use crate::kernel::collect::testing::{self, Tree, scrape};
use crate::kernel::read::Root;
use crate::kernel::read::netlink::tests::{attribute, described};
use crate::settings::{Dialect, Paths};

fn put(tree: &Tree, name: &str, files: &[(&str, &str)]) {
    for (file, text) in files {
        tree.put(&format!("sys/class/net/{name}/{file}"), &format!("{text}\n"));
    }
}

const EVERY_FILE: [(&str, &str); 22] = [
    ("addr_assign_type", "3"),
    ("carrier", "0"),
    ("carrier_changes", "11"),
    ("carrier_up_count", "5"),
    ("carrier_down_count", "6"),
    ("dev_id", "0x20"),
    ("dormant", "10"),
    ("flags", "0x1303"),
    ("ifindex", "7"),
    ("iflink", "8"),
    ("link_mode", "9"),
    ("mtu", "1480"),
    ("name_assign_type", "2"),
    ("netdev_group", "12"),
    ("speed", "-1"),
    ("tx_queue_len", "1000"),
    ("type", "772"),
    ("address", "01:02:03:04:05:06"),
    ("broadcast", "ff:ff:ff:ff:ff:ff"),
    ("duplex", "full"),
    ("operstate", "up"),
    ("ifalias", " to the \"cellar\" "),
];

#[test]
fn every_file_becomes_a_sample() {
    let tree = Tree::new("netclass");
    put(&tree, "eth0", &EVERY_FILE);
    put(&tree, "skip", &[("mtu", "1")]);
    tree.put("sys/class/net/bonding_masters", "bond0\n");
    let mut net = tree.open(&SPEC, Dialect::Node, &[("exclude-pattern", "^skip$")]);
    let expected = [
        ("address_assign_type", "3"),
        ("carrier", "0"),
        ("carrier_changes_total", "11"),
        ("carrier_up_changes_total", "5"),
        ("carrier_down_changes_total", "6"),
        ("device_id", "32"),
        ("dormant", "10"),
        ("flags", "4867"),
        ("iface_id", "7"),
        ("iface_link", "8"),
        ("iface_link_mode", "9"),
        ("mtu_bytes", "1480"),
        ("name_assign_type", "2"),
        ("net_dev_group", "12"),
        ("speed_bytes", "-125000"),
        ("transmit_queue_length", "1000"),
        ("protocol_type", "772"),
        ("up", "1"),
    ];
    let line = |(name, value): (&str, &str)| format!(r#"network_{name}{{device="eth0"}} {value}"#);
    let mut expected: Vec<String> = expected.map(line).to_vec();
    expected.push(
        r#"network_info{device="eth0",address="01:02:03:04:05:06",broadcast="ff:ff:ff:ff:ff:ff",duplex="full",operstate="up",adminstate="up",ifalias="to the \"cellar\""} 1"#
            .to_owned(),
    );
    for _ in 0..2 {
        assert_eq!(scrape(&mut net, Dialect::Node, &["_"]), (expected.clone(), 0));
    }
    let mut own = tree.open(&SPEC, Dialect::Own, &[("ignore-invalid-speed", "true")]);
    assert_eq!(scrape(&mut own, Dialect::Own, &["speed"]), (vec![], 0));
    put(&tree, "eth0", &[("speed", "10000")]);
    let (lines, _) = scrape(&mut own, Dialect::Own, &["speed"]);
    assert_eq!(lines[0], r#"network_speed_bytes{interface="eth0"} 1250000000"#);
}

#[test]
fn a_broken_value_drops_only_its_sample() {
    let tree = Tree::new("netclass-broken");
    put(&tree, "b", &[("operstate", "down"), ("mtu", "x"), ("flags", "0x2"), ("type", "1")]);
    put(&tree, "a", &[("operstate", "dormant"), ("ifindex", "3"), ("dev_id/odd", "")]);
    put(&tree, "c", &[("operstate", "")]);
    let mut net = tree.open(&SPEC, Dialect::Own, &[]);
    let info = |name, rest| format!(r#"network_info{{interface="{name}",address="",{rest}"}} 1"#);
    let expected = [
        r#"network_flags{interface="b"} 2"#.to_owned(),
        r#"network_iface_id{interface="a"} 3"#.to_owned(),
        r#"network_protocol_type{interface="b"} 1"#.to_owned(),
        r#"network_up{interface="a"} 0"#.to_owned(),
        r#"network_up{interface="b"} 0"#.to_owned(),
        info("a", r#"broadcast="",duplex="",operstate="dormant",adminstate="unknown",ifalias=""#),
        info("b", r#"broadcast="",duplex="",operstate="down",adminstate="down",ifalias=""#),
        info("c", r#"broadcast="",duplex="",operstate="",adminstate="unknown",ifalias=""#),
    ];
    assert_eq!(scrape(&mut net, Dialect::Own, &["_"]), (expected.to_vec(), 2));
    std::fs::remove_dir_all(tree.0.join("sys/class/net/a")).unwrap();
    let (lines, errors) = scrape(&mut net, Dialect::Own, &["_"]);
    assert_eq!((lines.len(), errors), (5, 1));
    std::fs::remove_dir_all(tree.0.join("sys/class/net")).unwrap();
    let gone = net.collect(&mut crate::outputs::expose::Text::new(
        Dialect::Own,
        crate::outputs::expose::Format::Prometheus,
        &mut Default::default(),
        &mut Default::default(),
    ));
    assert!(matches!(gone, Err(Error::Unsupported(_))), "{gone:?}");
}

fn dump(changes: u32) -> Links {
    let number = |kind, n: u32| attribute(kind, &n.to_ne_bytes());
    let up = described(
        7,
        772,
        (libc::IFF_UP | libc::IFF_RUNNING | libc::IFF_PROMISC) as u32 | 3 << 16,
        &[
            attribute(libc::IFLA_IFNAME, b"eth0\0"),
            attribute(libc::IFLA_ADDRESS, &[1, 2, 0xab]),
            attribute(libc::IFLA_BROADCAST, &[0xff; 40]),
            attribute(libc::IFLA_IFALIAS, b" cellar \0"),
            attribute(libc::IFLA_CARRIER, &[1]),
            attribute(libc::IFLA_OPERSTATE, &[6]),
            attribute(libc::IFLA_LINKMODE, &[4]),
            number(libc::IFLA_CARRIER_CHANGES, changes),
            number(47, 5),
            number(48, 6),
            number(libc::IFLA_LINK, 9),
            number(libc::IFLA_MTU, 1480),
            number(libc::IFLA_GROUP, 12),
            number(libc::IFLA_TXQLEN, 1000),
            number(libc::IFLA_PROMISCUITY, 0),
            number(61, 2),
        ],
    );
    let down = described(8, 1, 2, &[attribute(libc::IFLA_IFNAME, b"b\0"), number(33, 1)]);
    Links::of(&[up, down].concat())
}

fn collector(tree: &Tree) -> Netclass {
    Netclass {
        listing: Listing::new(tree.root().dir(PATH)),
        names: Vec::new(),
        by_netlink: true,
        filter: Filter::new(None, None),
        ignore_speed: false,
        rows: Rows::default(),
        statistics: None,
        altnames: None,
        kept: Vec::new(),
        state: 0,
        read_at: None,
    }
}

/// The numbers of the interface in this row, "-" for those that are not known.
fn numbers(net: &Netclass, name: &[u8]) -> String {
    let number = |column| {
        let mut cells = net.rows.numbers.column(column);
        cells.find(|(label, _)| label.raw() == name).map_or("-".to_owned(), |(_, n)| n.to_string())
    };
    (0..WIDTH).map(number).collect::<Vec<_>>().join(" ")
}

#[test]
fn netlink_has_the_same_values_as_the_files() {
    let tree = Tree::new("netclass-netlink");
    put(&tree, "eth0", &EVERY_FILE);
    put(&tree, "eth0", &[("speed", "8")]);
    let (mut net, mut errors) = (collector(&tree), PartialErrors::default());
    net.take(&dump(11), Instant::now(), &mut errors);
    let flags = libc::IFF_UP | libc::IFF_ALLMULTI;
    let expected = format!("3 1 11 5 6 32 1 {flags} 7 9 4 1480 2 12 1000000 1000 772 1 2");
    assert_eq!(numbers(&net, b"eth0"), expected);
    assert_eq!(numbers(&net, b"b"), "- - - - - - - 2 8 8 - - - - - - 1 - 1");
    let texts: Vec<_> = (0..10).map(|at| net.rows.texts.get(at).unwrap().to_vec()).collect();
    let broadcast = ["ff"; 32].join(":");
    let expected = ["01:02:ab", &broadcast, "full", "up", "cellar", "", "", "", "", ""];
    assert_eq!(texts, expected.map(|text| text.as_bytes().to_vec()));
    assert_eq!(errors.count(), 0);
    assert!(broadcast.len() < MAX_TEXT);
}

#[test]
fn files_are_read_again_when_an_interface_changes_and_once_a_minute() {
    let tree = Tree::new("netclass-kept");
    let (mut net, mut errors) = (collector(&tree), PartialErrors::default());
    let start = Instant::now();
    let steps = [
        (0, 11, "8", "1000000"),
        (59, 11, "16", "1000000"),
        (60, 11, "16", "2000000"),
        (61, 11, "24", "2000000"),
        (61, 12, "24", "3000000"),
        (62, 12, "32", "3000000"),
    ];
    for (second, changes, file, expected) in steps {
        put(&tree, "eth0", &[("speed", file)]);
        net.rows.clear();
        net.take(&dump(changes), start + Duration::from_secs(second), &mut errors);
        let speed = numbers(&net, b"eth0");
        assert_eq!(speed.split(' ').nth(rows::SPEED), Some(expected), "after {second} s");
    }
}

#[test]
fn on_this_machine_both_ways_agree() {
    let root = Root::at(Paths {
        procfs: "/proc".into(),
        sysfs: "/sys".into(),
        rootfs: "/".into(),
        udev_data: "/run/udev/data".into(),
        lacks_root: false,
    });
    let mut by_netlink = testing::open(&root, &SPEC, Dialect::Node, &[]);
    let mut by_files = testing::open(&root, &SPEC, Dialect::Node, &[("netlink", "false")]);
    let lines = |opened| {
        let (mut lines, _) = scrape(opened, Dialect::Node, &["_"]);
        lines.sort_unstable();
        lines
    };
    let (netlink, files) = (lines(&mut by_netlink), lines(&mut by_files));
    assert!(files.len() > 10);
    assert_eq!(netlink, files);
}

/// Statistics of which the word i is 100 + i.
fn with_statistics() -> Links {
    let words: Vec<u8> = (100..125u64).flat_map(u64::to_ne_bytes).collect();
    let parts = [attribute(libc::IFLA_IFNAME, b"eth0\0"), attribute(libc::IFLA_STATS64, &words)];
    Links::of(&[described(7, 1, 0, &parts), described(8, 1, 0, &parts[..1])].concat())
}

#[test]
fn altnames_are_shown_only_with_netlink() {
    let name = |name: &[u8]| attribute(53, name);
    let list = |names: &[Vec<u8>]| attribute(52 | 1 << 15, &names.concat());
    let own = attribute(libc::IFLA_IFNAME, b"eth0\0");
    let parts = [own.clone(), list(&[name(b"enp3s0\0"), attribute(9, b"x\0"), name(b"lan")])];
    let links = Links::of(&[described(7, 1, 0, &parts), described(8, 1, 0, &[own])].concat());
    let mut net = collector(&Tree::new("netclass-altnames"));
    net.altnames = Some(Altnames::default());
    for _ in 0..2 {
        net.altnames.iter_mut().for_each(Altnames::clear);
        net.take(&links, Instant::now(), &mut PartialErrors::default());
    }
    let (mut out, mut lines) = (Default::default(), Default::default());
    let format = crate::outputs::expose::Format::Prometheus;
    let mut text = crate::outputs::expose::Text::new(Dialect::Node, format, &mut out, &mut lines);
    net.altnames.as_ref().unwrap().write(&FAMILIES[ALTNAMES], &mut text);
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let expected = ["enp3s0", "lan"]
        .map(|name| format!("node_network_altnames_info{{device=\"eth0\",altname=\"{name}\"}} 1"));
    assert_eq!(samples, expected);
}

#[test]
fn statistics_are_shown_unless_the_network_collector_does() {
    use crate::kernel::read::Shows;
    use crate::model::metric::Buffer;
    use crate::outputs::expose::{Format, Lines, Text};
    let page = |dialect, shows| {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(dialect, Format::Prometheus, &mut out, &mut lines);
        let mut statistics = Statistics::new(dialect);
        with_statistics().iter().flatten().for_each(|link| statistics.push(&link));
        statistics.write(shows, &mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    };
    let count = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    let node = page(Dialect::Node, Shows::Nothing);
    assert_eq!(count(&node), 24);
    assert!(node.contains("# TYPE node_network_receive_dropped_total gauge"), "{node}");
    assert!(node.contains("node_network_receive_dropped_total{device=\"eth0\"} 106\n"), "{node}");
    assert_eq!(count(&page(Dialect::Node, Shows::Sums)), 17);
    assert_eq!(count(&page(Dialect::Node, Shows::Details)), 0);
    let own = page(Dialect::Own, Shows::Nothing);
    assert!(own.contains("# TYPE sysmetrics_network_receive_dropped_total counter"), "{own}");
    assert_eq!(count(&own), 24);
}
