use super::station::*;
use super::survey::{FREQUENCY, IN_USE, NOISE, SURVEY_INFO, TIME};
use super::*;

pub(crate) fn attribute(kind: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + payload.len()).unwrap();
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(crate) fn message(attributes: &[Vec<u8>]) -> Vec<u8> {
    [vec![7, 1, 0, 0], attributes.concat()].concat()
}

pub(crate) fn word(kind: u16, number: u32) -> Vec<u8> {
    attribute(kind, &number.to_ne_bytes())
}

/// Missing bytes, and any wrong byte, cost at most the message.
fn bear_anything<T>(good: &[u8], of: impl Fn(&[u8]) -> Option<T>) {
    for at in 0..good.len() {
        let _ = of(&good[..at]);
        for value in [0, 1, 3, 4, 5, 0x7f, 0x80, 0xff] {
            let mut lie = good.to_vec();
            lie[at] = value;
            let _ = of(&lie);
        }
    }
}

#[test]
fn interfaces_without_a_name_are_skipped() {
    let index = word(IFINDEX, 7);
    let name = attribute(IFNAME, b"wlan0\0");
    let good = message(&[index.clone(), name.clone(), word(WIPHY_FREQ, 2412)]);
    assert_eq!(Interface::of(&good), Some(Interface::named(7, b"wlan0", Some(2412))));
    let power = word(WIPHY_TX_POWER_LEVEL, (-150i32).cast_unsigned());
    let bytes = message(&[index.clone(), name.clone(), word(IFTYPE, 3), power]);
    let parsed = Interface::of(&bytes).map(|it| (it.mode, it.power, it.megahertz));
    assert_eq!(parsed, Some((Some(3), Some(-150), None)));
    assert_eq!(Interface::of(&good).unwrap().name(), b"wlan0");
    let down = Interface::of(&message(&[index.clone(), name.clone()])).unwrap();
    assert_eq!(down.megahertz, None);
    assert_eq!(Interface::of(&message(&[index, attribute(IFNAME, b"\0")])), None);
    assert_eq!(Interface::of(&message(&[name])), None);
    bear_anything(&good, Interface::of);
}

#[test]
fn only_networks_with_a_status_are_taken_part_in() {
    let bssid = attribute(BSS_BSSID, &[0, 0x11, 0x22, 0x33, 0x44, 0x55]);
    let elements = [&[1, 2, 9, 9, 0, 4][..], b"Home", &[3, 1, 6]].concat();
    let elements = attribute(BSS_INFORMATION_ELEMENTS, &elements);
    let seen = [bssid.clone(), elements.clone()].concat();
    let joined = [bssid.clone(), elements, word(BSS_STATUS, 1)].concat();
    let good = message(&[word(IFINDEX, 7), attribute(BSS, &joined)]);
    let network = Network::of(&good).unwrap();
    assert_eq!((network.bssid[5], network.ssid(), network.status), (0x55, &b"Home"[..], 1));
    assert_eq!(Network::of(&message(&[attribute(BSS, &seen)])), None);
    // A hidden name, and a truncated element.
    for elements in [&[0, 0][..], &[1, 2, 9], &[0, 9, b'x'], &[]] {
        let elements = attribute(BSS_INFORMATION_ELEMENTS, elements);
        let hidden = [bssid.clone(), elements, word(BSS_STATUS, 2)].concat();
        let network = Network::of(&message(&[attribute(BSS, &hidden)])).unwrap();
        assert_eq!((network.ssid(), network.status), (&b""[..], 2));
    }
    bear_anything(&good, Network::of);
}

#[test]
fn every_attribute_of_a_station_goes_to_its_field() {
    let rate = |kind, parts: &[Vec<u8>]| attribute(kind, &parts.concat());
    let info = [
        word(INACTIVE_TIME, 400),
        word(RX_BYTES, 1),
        word(TX_BYTES, 2),
        attribute(SIGNAL, &[(-52i8).cast_unsigned()]),
        rate(TX_BITRATE, &[attribute(BITRATE, &1640u16.to_ne_bytes())]),
        word(RX_PACKETS, 11),
        word(TX_PACKETS, 12),
        word(TX_RETRIES, 13),
        word(TX_FAILED, 14),
        rate(RX_BITRATE, &[attribute(BITRATE, &[0xff; 2]), word(BITRATE32, 90_000)]),
        word(CONNECTED_TIME, 30),
        word(BEACON_LOSS, 15),
        attribute(RX_BYTES64, &(1u64 << 40).to_ne_bytes()),
        attribute(TX_BYTES64, &(1u64 << 41).to_ne_bytes()),
        attribute(SIGNAL_AVG, &[(-53i8).cast_unsigned()]),
        attribute(BEACON_SIGNAL_AVG, &[(-54i8).cast_unsigned()]),
        word(EXPECTED_THROUGHPUT, 45_000),
        attribute(RX_DROP_MISC, &16u64.to_ne_bytes()),
        attribute(RX_DURATION, &17u64.to_ne_bytes()),
        attribute(TX_DURATION, &18u64.to_ne_bytes()),
    ];
    let mac = attribute(MAC, &[1, 2, 3, 4, 5, 6]);
    let good = message(&[mac.clone(), attribute(STA_INFO, &info.concat())]);
    let expected = Station {
        mac: [1, 2, 3, 4, 5, 6],
        connected: Some(30_000),
        inactive: Some(400),
        receive_rate: Some(9_000_000_000),
        transmit_rate: Some(164_000_000),
        received_bytes: Some(1 << 40),
        transmitted_bytes: Some(1 << 41),
        received_packets: Some(11),
        transmitted_packets: Some(12),
        signal: Some(-52),
        retries: Some(13),
        failed: Some(14),
        beacon_losses: Some(15),
        has_long_bytes: true,
        mean_signal: Some(-53),
        mean_beacon_signal: Some(-54),
        expected_rate: Some(45_000_000),
        received_drops: Some(16),
        received_time: Some(17),
        transmitted_time: Some(18),
    };
    assert_eq!(Station::of(&good[HEAD..]), Some(expected));
    let few = message(&[mac, attribute(STA_INFO, &word(RX_BYTES, 5))]);
    let station = Station::of(&few[HEAD..]).unwrap();
    assert_eq!((station.received_bytes, station.signal), (Some(5), None));
    bear_anything(&good[HEAD..], Station::of);
}

/// As the kernel nests them: entries from 1 on, each with its number, its address and its data.
#[test]
fn a_station_with_several_links_has_the_best_signal() {
    let level = |kind, dbm: i8| attribute(kind, &[dbm.cast_unsigned()]);
    let link = |at: u16, info: &[Vec<u8>]| {
        let parts = [
            attribute(313, &[at as u8]),
            attribute(MAC, &[2, 0, 0, 0, 0, at as u8]),
            attribute(STA_INFO | 0x8000, &info.concat()),
        ];
        attribute(at | 0x8000, &parts.concat())
    };
    let links = [
        link(1, &[level(SIGNAL, -71), level(SIGNAL_AVG, -72)]),
        link(2, &[level(SIGNAL, -55), level(SIGNAL_AVG, -56), level(BEACON_SIGNAL_AVG, -57)]),
        link(3, &[level(SIGNAL, 0)]),
        link(4, &[]),
    ];
    let of = |info: &[Vec<u8>]| {
        let all = [
            attribute(MAC, &[1, 2, 3, 4, 5, 6]),
            attribute(MLO_LINKS | 0x8000, &links.concat()),
            attribute(STA_INFO | 0x8000, &info.concat()),
        ];
        let message = message(&all);
        bear_anything(&message[HEAD..], Station::of);
        let station = Station::of(&message[HEAD..]).unwrap();
        assert_eq!((station.mac[5], station.received_bytes), (6, Some(9)));
        [station.signal, station.mean_signal, station.mean_beacon_signal]
    };
    assert_eq!(of(&[word(RX_BYTES, 9)]), [-55, -56, -57].map(Some));
    let station = [word(RX_BYTES, 9), level(SIGNAL, -60), level(SIGNAL_AVG, -61)];
    assert_eq!(of(&station), [-60, -61, -57].map(Some), "of all links together");
}

#[test]
fn only_the_channel_in_use_is_shown() {
    let time = |at: u16| attribute(TIME + at, &(100 * u64::from(at) + 1).to_ne_bytes());
    let all = [
        word(FREQUENCY, 5180),
        attribute(NOISE, &[(-95i8).cast_unsigned()]),
        attribute(IN_USE, &[]),
        (0..7).flat_map(time).collect(),
    ];
    let good = message(&[attribute(SURVEY_INFO, &all.concat())]);
    let times = [1, 101, 201, 301, 401].map(Some);
    let expected = Survey { megahertz: Some(5180), noise: Some(-95), times };
    assert_eq!(Survey::of(&good[HEAD..]), Some(expected));
    let another = message(&[attribute(SURVEY_INFO, &word(FREQUENCY, 5200))]);
    assert_eq!(Survey::of(&another[HEAD..]), None);
    bear_anything(&good[HEAD..], Survey::of);
}

#[test]
fn the_family_is_found_by_its_name() {
    let of = |name: &[u8]| {
        let id = attribute(CTRL_ATTR_FAMILY_ID, &33u16.to_ne_bytes());
        family_of(&message(&[attribute(CTRL_ATTR_FAMILY_NAME, name), id]))
    };
    assert_eq!((of(b"nl80211\0"), of(b"nlctrl\0"), of(b"")), (Some(33), None, None));
    assert_eq!(body(GET_SCAN, Some(7))[..8], [32, 1, 0, 0, 8, 0, 3, 0].map(|b: u8| b));
}

/// This machine may have no such interfaces, or a kernel without the family.
#[test]
fn the_running_kernel_answers() {
    let (mut nl80211, mut count) = (Nl80211::default(), 0);
    match nl80211.interfaces(&mut |_| count += 1) {
        Ok(()) => {}
        Err(error) => assert_eq!((error, count), (Error::Unsupported(PATH.into()), 0)),
    }
    let families = nl80211.stream.ask(
        &Query {
            protocol: libc::NETLINK_GENERIC,
            kind: GENL_ID_CTRL,
            answer: GENL_ID_CTRL,
            path: PATH,
        },
        &[CTRL_CMD_GETFAMILY, VERSION, 0, 0],
        &mut |message| count += u32::from(attributes(&message[HEAD..]).count() > 1),
    );
    assert!(families.is_ok() && count > 0);
}
