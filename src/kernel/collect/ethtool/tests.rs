use super::driver::TEXT;
use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::testing::{Tree, open as open_at, outcome, scrape};
use crate::kernel::read::Root;
use crate::model::metric::Buffer;
use crate::outputs::expose::{Format, Lines, Text};

fn device(name: &str, statistics: &[(&str, u64)]) -> Device {
    let text = |name: &str| {
        let mut text = name.as_bytes().to_vec();
        text.resize(TEXT, 0);
        text
    };
    Device {
        name: name.to_owned(),
        settings: Ok(Settings { supported: 0x162ff, advertised: 0x1020, autonegotiates: 1 }),
        driver: Err(libc::EOPNOTSUPP),
        texts: statistics.iter().flat_map(|(name, _)| text(name)).collect(),
        values: statistics.iter().map(|(_, value)| *value).collect(),
        statistics: Ok(()),
    }
}

/// The lines that `write` makes.
fn lines(dialect: Dialect, write: &mut dyn FnMut(&mut dyn Sink)) -> Vec<String> {
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(dialect, Format::Prometheus, &mut out, &mut line);
    write(&mut text);
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

fn statistics(pattern: &str) -> Statistics {
    Statistics::new(Patterns::new([Some(Pattern::new(pattern)), None]))
}

#[test]
fn statistics_come_family_by_family() {
    let mut statistics = statistics(".*");
    let mut errors = PartialErrors::default();
    let first = device("eth0", &[("tx_packets", 961_500), ("port.rx_dropped", u64::MAX)]);
    let second = device(
        "eth1",
        &[
            ("port.rx_dropped", 7),
            ("duplicate metric", 1),
            ("duplicate_metric", 2),
            ("tx_packets", 5),
        ],
    );
    let failed = Device { statistics: Err(libc::EPERM), ..device("eth2", &[("tx_packets", 1)]) };
    let none = Device { statistics: Err(libc::EOPNOTSUPP), ..device("lo", &[]) };
    let devices = [first, second, failed, none];
    for dialect in [Dialect::Node, Dialect::Own, Dialect::Node] {
        let lines = lines(dialect, &mut |out| statistics.write(&devices, &mut errors, out));
        let expected = [
            "node_ethtool_transmitted_packets_total{device=\"eth0\"} 961500",
            "node_ethtool_transmitted_packets_total{device=\"eth1\"} 5",
            "node_ethtool_port_received_dropped{device=\"eth0\"} 18446744073709551615",
            "node_ethtool_port_received_dropped{device=\"eth1\"} 7",
        ];
        let own = |line: &str| line.replace("node_", "sysmetrics_").replace("device", "interface");
        let is_own = dialect == Dialect::Own;
        assert_eq!(lines, expected.map(|l| if is_own { own(l) } else { l.to_owned() }));
    }
    assert_eq!((errors.count(), errors.by_errno()), (3, &[(libc::EPERM, 3)][..]));
}

#[test]
fn names_that_change_are_learned_anew_and_a_pattern_holds() {
    let mut statistics = statistics("^rx|new");
    let mut errors = PartialErrors::default();
    let mut samples = |devices: &[Device]| {
        lines(Dialect::Node, &mut |out| statistics.write(devices, &mut errors, out))
    };
    let before = samples(&[device("a", &[("rx_kicks", 1), ("tx_kicks", 2)])]);
    assert_eq!(before, ["node_ethtool_received_kicks{device=\"a\"} 1"]);
    let after = samples(&[
        device("a", &[("new one", 3), ("rx_kicks", 4)]),
        device("b", &[("rx_kicks", 5)]),
    ]);
    let expected = [
        "node_ethtool_received_kicks{device=\"a\"} 4",
        "node_ethtool_received_kicks{device=\"b\"} 5",
        "node_ethtool_new_one{device=\"a\"} 3",
    ];
    assert_eq!(after, expected);
    assert_eq!(samples(&[]), [""; 0]);
}

/// The texts of vmxnet3, whose queues have the same names.
#[test]
fn queues_with_the_same_names_are_added() {
    let mut statistics = statistics(".*");
    let mut errors = PartialErrors::default();
    let queue = |number, multicast| {
        [("Tx Queue#", number), ("  mcast pkts tx", multicast), ("     too many frags", 1)]
    };
    let names = [queue(0, 13), queue(1, 4)].concat();
    let names = [&names[..], &[("tx timeout count", 3)]].concat();
    let devices = [device("a", &names), device("b", &names)];
    for _ in 0..2 {
        let lines = lines(Dialect::Node, &mut |out| statistics.write(&devices, &mut errors, out));
        let expected = [
            "node_ethtool_transmitted_queue_{device=\"a\"} 1",
            "node_ethtool_transmitted_queue_{device=\"b\"} 1",
            "node_ethtool_mcast_pkts_transmitted{device=\"a\"} 17",
            "node_ethtool_mcast_pkts_transmitted{device=\"b\"} 17",
            "node_ethtool_too_many_frags{device=\"a\"} 2",
            "node_ethtool_too_many_frags{device=\"b\"} 2",
            "node_ethtool_transmitted_timeout_count{device=\"a\"} 3",
            "node_ethtool_transmitted_timeout_count{device=\"b\"} 3",
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
fn supported_and_advertised_speeds_of_links() {
    let devices = [device("eth0", &[])];
    let lines = lines(Dialect::Node, &mut |out| write_settings(&devices, out));
    let has = |line: &str| assert!(lines.iter().any(|l| l == line), "{line} in {lines:#?}");
    for (mode, duplex, bytes) in [
        ("10baseT", "half", 1_250_000u64),
        ("10baseT", "full", 1_250_000),
        ("100baseT", "half", 12_500_000),
        ("100baseT", "full", 12_500_000),
        ("1000baseT", "half", 125_000_000),
        ("1000baseT", "full", 125_000_000),
    ] {
        has(&format!(
            "node_network_supported_speed_bytes{{device=\"eth0\",duplex=\"{duplex}\",mode=\"{mode}\"}} {bytes}"
        ));
    }
    has(
        "node_network_advertised_speed_bytes{device=\"eth0\",duplex=\"full\",mode=\"10000baseT\"} 1250000000",
    );
    has("node_network_supported_port_info{device=\"eth0\",type=\"TP\"} 1");
    has("node_network_supported_port_info{device=\"eth0\",type=\"MII\"} 1");
    has("node_network_supported_port_info{device=\"eth0\",type=\"Backplane\"} 1");
    for (name, value) in [
        ("autonegotiate", 1),
        ("autonegotiate_supported", 1),
        ("autonegotiate_advertised", 0),
        ("pause_supported", 1),
        ("pause_advertised", 0),
        ("asymmetricpause_supported", 1),
        ("asymmetricpause_advertised", 0),
    ] {
        has(&format!("node_network_{name}{{device=\"eth0\"}} {value}"));
    }
    assert_eq!(lines.len(), 6 + 2 + 3 + 7);
}

#[test]
fn the_running_kernel_is_queried_and_a_stored_tree_is_not() {
    let mut stored = Tree::new("ethtool").open(&SPEC, Dialect::Node, &[]);
    assert_eq!(outcome(&mut stored), Err(Error::Unsupported(PATH.into())));
    let mut live = open_at(&Root::of_this_machine(), &SPEC, Dialect::Node, &[]);
    let (before, errors) = scrape(&mut live, Dialect::Node, &["ethtool_info"]);
    assert_eq!((errors, before.iter().any(|line| line.contains("device=\"lo\""))), (0, false));
    assert_eq!(scrape(&mut live, Dialect::Node, &["ethtool_info"]).0, before);
    let set = [("device-include", "^no-such$")];
    let mut none = open_at(&Root::of_this_machine(), &SPEC, Dialect::Node, &set);
    assert_eq!(scrape(&mut none, Dialect::Node, &["e"]), (vec![], 0));
}
