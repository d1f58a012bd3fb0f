//! With stored answers of the kernel's.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, open as open_at, outcome, scrape};
use crate::kernel::read::netlink::nl80211::testing::Answers;
use crate::kernel::read::netlink::nl80211::tests::{attribute, message as described, word};
use crate::kernel::read::netlink::tests::{done, message};
use crate::kernel::read::{Files, Root};
use crate::outputs::expose::{Format, Text};

const GET_INTERFACE: u8 = 5;
const GET_STATION: u8 = 17;
const GET_SURVEY: u8 = 50;

/// A message for each list of attributes, and the end.
fn dump(messages: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let whole = messages.iter().map(|all| message(33, libc::NLM_F_MULTI, 7, &described(all)));
    whole.chain([done()]).collect::<Vec<_>>().concat()
}

fn interface(index: u32, name: &str, mode: u32, more: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let head = [word(3, index), attribute(4, &[name.as_bytes(), b"\0"].concat()), word(5, mode)];
    [&head, more].concat()
}

fn level(kind: u16, level: i8) -> Vec<u8> {
    attribute(kind, &[level.cast_unsigned()])
}

fn long(kind: u16, number: u64) -> Vec<u8> {
    attribute(kind, &number.to_ne_bytes())
}

fn station(last: u8, info: &[Vec<u8>]) -> Vec<Vec<u8>> {
    vec![word(3, 1), attribute(6, &[2, 0, 0, 0, 0, last]), attribute(21, &info.concat())]
}

/// All that mac80211 reports, each with another value. Of the rates one is in hundreds of kilobits.
fn whole(last: u8, signal: i8, times: u32) -> Vec<Vec<u8>> {
    let counters = (9..=12).map(|kind| word(kind, times * u32::from(kind)));
    let info = [
        word(1, 400),
        word(16, 5000),
        word(2, 1),
        word(3, 2),
        long(23, u64::from(times) << 33),
        long(24, u64::from(times) << 34),
        level(7, signal),
        level(13, signal + 1),
        level(30, signal + 2),
        attribute(8, &word(5, 8667)),
        attribute(14, &attribute(1, &1300u16.to_ne_bytes())),
        word(27, 45_678),
        word(18, times * 18),
        long(28, u64::from(times) * 28),
        long(32, u64::from(times) * 320_000),
        long(39, u64::from(times) * 390_000),
    ];
    station(last, &info.into_iter().chain(counters).collect::<Vec<_>>())
}

fn survey(megahertz: u32, is_used: bool, times: u64) -> Vec<Vec<u8>> {
    let mut info = vec![word(1, megahertz), level(2, -95)];
    info.extend(is_used.then(|| attribute(3, &[])));
    info.extend((4..=8).map(|kind| long(kind, times * u64::from(kind))));
    vec![word(3, 1), attribute(84, &info.concat())]
}

fn opened(answers: Answers, shows_stations: bool) -> Opened {
    let links = Links::new(Nl80211::stored(answers), shows_stations);
    let links = Background::new("wifi_link", links, Links::read_all);
    let files = Files::new(&Root::of_this_machine());
    let collector =
        Box::new(WifiLink { can_ask: true, radios: "/".into(), is_asked: false, links });
    Opened { collector, files, errors: Default::default(), textfiles: Default::default() }
}

fn strip(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.strip_prefix("wifi_link_").unwrap()).collect()
}

#[test]
fn a_client_shows_its_access_point() {
    let power = word(98, 2200);
    let wlan = interface(1, "wlan0", 2, &[word(38, 5180), power]);
    let answers = || {
        vec![
            (GET_INTERFACE, 0, Ok(dump(std::slice::from_ref(&wlan)))),
            (GET_STATION, 1, Ok(dump(&[whole(9, -60, 1)]))),
            (GET_SURVEY, 1, Ok(dump(&[survey(5200, false, 9), survey(5180, true, 1)]))),
        ]
    };
    let expected = [
        "info{interface=\"wlan0\",mode=\"client\"} 1",
        "frequency_hertz{interface=\"wlan0\"} 5180000000",
        "transmit_power_dbm{interface=\"wlan0\"} 22",
        "stations{interface=\"wlan0\"} 1",
        "stations_left_out{interface=\"wlan0\"} 0",
        "channel_noise_dbm{interface=\"wlan0\"} -95",
        "signal_dbm{interface=\"wlan0\"} -60",
        "signal_mean_dbm{interface=\"wlan0\"} -59",
        "beacon_signal_mean_dbm{interface=\"wlan0\"} -58",
        "connected_seconds{interface=\"wlan0\"} 5000",
        "inactive_seconds{interface=\"wlan0\"} 0.400",
        "receive_speed_bytes{interface=\"wlan0\"} 16250000",
        "transmit_speed_bytes{interface=\"wlan0\"} 108337500",
        "expected_speed_bytes{interface=\"wlan0\"} 5709750",
    ];
    for dialect in [Dialect::Own, Dialect::Node] {
        let (lines, errors) = scrape(&mut opened(answers(), false), dialect, &["wifi"]);
        let levels: Vec<_> = strip(&lines).into_iter().filter(|l| !l.contains("_total")).collect();
        assert_eq!((&levels[..], errors), (&expected[..], 0));
        // Nothing was counted since the first reading.
        let counters: Vec<_> = lines.iter().filter(|l| l.contains("_total")).collect();
        assert_eq!(counters.len(), 5 + 10);
        assert!(counters.iter().all(|line| line.ends_with(" 0")), "{counters:?}");
    }
}

#[test]
fn an_access_point_shows_its_stations_by_signal() {
    let silent = station(4, &[level(7, 0), word(16, 9)]);
    let all = [whole(1, -91, 1), whole(2, -73, 1), whole(3, -50, 1), silent];
    let answers = vec![
        (GET_INTERFACE, 0, Ok(dump(&[interface(1, "wlan0", 3, &[]), interface(2, "w1", 2, &[])]))),
        (GET_STATION, 1, Ok(dump(&all))),
        (GET_STATION, 2, Ok(dump(&[]))),
    ];
    let (lines, errors) = scrape(&mut opened(answers, false), Dialect::Own, &["stations", "dbm"]);
    let class = |class, count| {
        format!("stations_by_signal{{interface=\"wlan0\",at_most_dbm=\"{class}\"}} {count}")
    };
    let expected = [
        "stations{interface=\"wlan0\"} 4".to_owned(),
        "stations{interface=\"w1\"} 0".to_owned(),
        "stations_left_out{interface=\"wlan0\"} 0".to_owned(),
        "stations_left_out{interface=\"w1\"} 0".to_owned(),
        class("-90", 1),
        class("-80", 1),
        class("-75", 1),
        class("-70", 2),
        class("-65", 2),
        class("-60", 2),
        class("-50", 2),
        class("+Inf", 3),
    ];
    assert_eq!((strip(&lines), errors), (expected.iter().map(String::as_str).collect(), 0));
}

/// Looks again and again, each time at the next of these stations of wlan0.
fn sums(readings: &[&[Vec<Vec<u8>>]], names: [&str; 2]) -> Vec<Vec<String>> {
    let interfaces = dump(&[interface(1, "wlan0", 3, &[])]);
    let answers = |stations: &[Vec<Vec<u8>>], times| -> Answers {
        vec![
            (GET_INTERFACE, 0, Ok(interfaces.clone())),
            (GET_STATION, 1, Ok(dump(stations))),
            (GET_SURVEY, 1, Ok(dump(&[survey(5180, true, times)]))),
        ]
    };
    let mut links = Links::new(Nl80211::default(), false);
    let reading = |(at, stations): (usize, &&[Vec<Vec<u8>>])| {
        links.answer_with(answers(stations, at as u64));
        links.read_all(Instant::now() + Duration::from_secs(20));
        let (mut out, mut line) = Default::default();
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut line);
        write_sums(&links.all, &mut text);
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        let is_wanted = |l: &&str| {
            names.iter().any(|name| l.starts_with(&format!("sysmetrics_wifi_link_{name}_")))
        };
        text.lines().filter(is_wanted).map(|l| l.rsplit_once(' ').unwrap().1.to_owned()).collect()
    };
    readings.iter().enumerate().map(reading).collect()
}

#[test]
fn counters_never_fall_when_stations_come_and_go() {
    let readings: [&[Vec<Vec<u8>>]; 4] = [
        &[whole(1, -50, 10), whole(2, -50, 100)],
        &[whole(2, -50, 101), whole(1, -50, 12)],
        &[whole(1, -50, 13)],
        &[],
    ];
    let all = sums(&readings, ["transmit_retries", "channel_busy"]);
    let busy = |times: u32| (f64::from(times * 5) / 1000.0).to_string();
    let expected = [(0, 0), (3 * 11, 1), (4 * 11, 2), (4 * 11, 3)];
    for (sums, (retries, times)) in all.iter().zip(expected) {
        let numbers: Vec<f64> = sums.iter().map(|number| number.parse().unwrap()).collect();
        assert_eq!(numbers, [busy(times).parse().unwrap(), f64::from(retries)]);
    }
}

/// What brcmfmac of a Raspberry Pi reports: no retries, no airtime, bytes of 32 bits, no survey.
#[test]
fn another_driver_has_fewer_series_and_no_zeros() {
    let few = station(5, &[word(1, 10), word(2, 7), word(3, 8), level(7, -70), word(16, 30)]);
    let answers = vec![
        (GET_INTERFACE, 0, Ok(dump(&[interface(1, "wlan0", 2, &[])]))),
        (GET_STATION, 1, Ok(dump(&[few]))),
    ];
    let (lines, errors) = scrape(&mut opened(answers, false), Dialect::Own, &["wifi"]);
    let names: Vec<_> =
        strip(&lines).into_iter().map(|line| line.split_once('{').unwrap().0).collect();
    let expected = [
        "info",
        "stations",
        "stations_left_out",
        "signal_dbm",
        "connected_seconds",
        "inactive_seconds",
        "receive_bytes_total",
        "transmit_bytes_total",
    ];
    assert_eq!((names, errors), (expected.to_vec(), 0));
}

#[test]
fn stations_have_series_if_the_option_is_set() {
    let answers = |count: u16| -> Answers {
        let all: Vec<_> = (0..count)
            .map(|at| {
                let [high, low] = at.to_be_bytes();
                let mac = attribute(6, &[2, 0, 0, 0, high, low]);
                vec![mac, attribute(21, &[level(7, -66), word(12, 7)].concat())]
            })
            .collect();
        vec![
            (GET_INTERFACE, 0, Ok(dump(&[interface(1, "wlan0", 3, &[])]))),
            (GET_STATION, 1, Ok(dump(&all))),
        ]
    };
    let (lines, _) = scrape(&mut opened(answers(1), true), Dialect::Own, &["mac_address"]);
    let of = |name, value| {
        format!("station_{name}{{interface=\"wlan0\",mac_address=\"02:00:00:00:00:00\"}} {value}")
    };
    assert_eq!(strip(&lines), [of("signal_dbm", -66), of("transmit_failed_total", 7)]);
    let (lines, _) = scrape(&mut opened(answers(1), false), Dialect::Own, &["mac_address"]);
    assert_eq!(lines, [""; 0]);
    for (shows, left_out) in [(true, 600 - 256), (false, 600 - 512)] {
        let mut many = opened(answers(600), shows);
        let (lines, _) = scrape(&mut many, Dialect::Own, &["stations", "station_signal"]);
        assert!(lines.contains(&"wifi_link_stations{interface=\"wlan0\"} 600".to_owned()));
        let left_out = format!("wifi_link_stations_left_out{{interface=\"wlan0\"}} {left_out}");
        assert!(lines.contains(&left_out), "{lines:?}");
    }
}

#[test]
fn unsupported_values_are_missing_and_failures_are_recorded() {
    let interfaces = || (GET_INTERFACE, 0, Ok(dump(&[interface(1, "wlan0", 3, &[])])));
    let mut away = opened(vec![interfaces(), (GET_STATION, 1, Err(libc::ENODEV))], false);
    let (lines, errors) = scrape(&mut away, Dialect::Own, &["wifi"]);
    assert_eq!((strip(&lines), errors), (vec!["info{interface=\"wlan0\",mode=\"ap\"} 1"], 0));
    // An error in the middle of the stations: none is shown, and no counter.
    let half = [dump(&[whole(1, -50, 3)]), vec![0; 3]].concat();
    let torn = message(33, 0, 7, &described(&whole(1, -50, 3)));
    let torn = [torn, half[..9].to_vec()].concat();
    for (answer, expected) in [(Err(libc::EIO), 1), (Ok(torn), 1)] {
        let mut broken = opened(vec![interfaces(), (GET_STATION, 1, answer)], false);
        let (lines, errors) = scrape(&mut broken, Dialect::Own, &["stations", "signal"]);
        assert_eq!((lines, errors), (vec![], expected));
    }
    let mut refused = opened(vec![(GET_INTERFACE, 0, Err(libc::EPERM))], false);
    assert_eq!(outcome(&mut refused), Err(Error::Read(PATH.into(), libc::EPERM)));
    assert!(opened(vec![], false).is_unsupported());
}

#[test]
fn the_running_kernel_is_queried_and_a_stored_tree_is_not() {
    let mut tree = Tree::new("wifi-link-tree").open(&SPEC, Dialect::Node, &[]);
    assert_eq!(outcome(&mut tree), Err(Error::Unsupported(PATH.into())));
    let mut live = open_at(&Root::of_this_machine(), &SPEC, Dialect::Node, &[]);
    assert!(matches!(outcome(&mut live), Ok(()) | Err(Error::Unsupported(_))));
}
