//! The sink without a server.

use super::write::LISTS;
use super::*;
use crate::base::dialect::Dialect;
use crate::inputs::scrape::Targets;
use crate::kernel::collect::COLLECTORS;
use crate::kernel::read::Root;
use crate::model::metric::{Unit, counter, gauge};
use crate::outputs::export::Exports;
use crate::settings;
use json_reader::Json as Read;
use std::time::Instant;

#[path = "../../../tests/common/json.rs"]
mod json_reader;

/// The page as it is written.
const PAGE: &str = include_str!("page.html");

/// What is known of SHA-256 (FIPS 180-4): the browser's words for a script it may run.
mod sha256 {
    const fn root_bits(n: u64, cube: bool) -> u32 {
        // The first 32 bits of the fraction of the square or cube root of n, by bisection.
        let (mut low, mut high) = (0u128, 1u128 << 40);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let (power, whole) = if cube {
                (middle * middle * middle, (n as u128) << 96)
            } else {
                (middle * middle, (n as u128) << 64)
            };
            if power <= whole { low = middle } else { high = middle }
        }
        low as u32
    }

    fn primes() -> impl Iterator<Item = u64> {
        (2u64..).filter(|n| (2..*n).all(|d| n % d != 0))
    }

    pub fn of(text: &[u8]) -> [u8; 32] {
        let k: Vec<u32> = primes().take(64).map(|p| root_bits(p, true)).collect();
        let mut h: Vec<u32> = primes().take(8).map(|p| root_bits(p, false)).collect();
        let mut padded = text.to_vec();
        padded.push(0x80);
        while padded.len() % 64 != 56 {
            padded.push(0);
        }
        padded.extend((text.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let mut w: Vec<u32> =
                block.chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
            for i in 16..64 {
                let (a, b) = (w[i - 15], w[i - 2]);
                let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                w.push([w[i - 16], s0, w[i - 7], s1].into_iter().fold(0, u32::wrapping_add));
            }
            let mut v = h.clone();
            for i in 0..64 {
                let (a, e) = (v[0], v[4]);
                let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let choice = (e & v[5]) ^ (!e & v[6]);
                let t1 = [v[7], s1, choice, k[i], w[i]].into_iter().fold(0, u32::wrapping_add);
                let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let majority = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
                v.rotate_right(1);
                v[4] = v[4].wrapping_add(t1);
                v[0] = t1.wrapping_add(s0).wrapping_add(majority);
            }
            for (h, v) in h.iter_mut().zip(v) {
                *h = h.wrapping_add(v);
            }
        }
        h.iter().flat_map(|h| h.to_be_bytes()).collect::<Vec<_>>().try_into().unwrap()
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=three.len()].copy_from_slice(three);
        let word = u32::from_be_bytes(word);
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at)) as usize & 63] as char;
            text.push(if at <= three.len() { letter } else { '=' });
        }
    }
    text
}

/// The page as it is packed: without indentation, and without lines that are comments.
fn packed() -> String {
    let lines = PAGE.split_inclusive('\n').map(|line| line.trim_start_matches(' '));
    lines.filter(|line| !line.starts_with("// ")).collect()
}

/// What stands between the tags, of which there is one pair.
fn inside<'p>(page: &'p str, tag: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<{tag}>")).unwrap();
    assert!(!rest.contains(&format!("<{tag}")), "one {tag}");
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

#[test]
fn the_policy_names_the_page_s_own_script_and_style() {
    let abc = sha256::of(b"abc");
    assert_eq!(base64(&abc), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "SHA-256");
    let page = packed();
    for tag in ["style", "script"] {
        let hash = base64(&sha256::of(inside(&page, tag).as_bytes()));
        let expected = format!("{tag}-src 'sha256-{hash}'; ");
        assert!(POLICY.contains(&expected), "in src/outputs/status/page.rs: {expected}");
    }
}

#[test]
fn what_is_served_is_the_page_as_it_is_written() {
    let served = crate::workers::gunzip(PAGE_GZIP, MAX_PAGE);
    assert_eq!(served.as_deref(), Ok(packed().as_bytes()), "make page");
}

#[test]
fn the_page_is_one_piece() {
    for outside in ["http://", "https://", "//cdn", "src=", "@import", "url(", "innerHTML", "eval("]
    {
        let found = PAGE.replace("http://www.w3.org/2000/svg", "").contains(outside);
        assert!(!found, "{outside}");
    }
    for part in ["<noscript>", "/metrics", "/api/status", "lang=\"en\"", "class=\"skip\""] {
        assert!(PAGE.contains(part), "{part}");
    }
    assert!(!PAGE.contains(" style=") && !PAGE.contains(" onclick="), "the policy forbids it");
    assert!(PAGE.len() < MAX_PAGE, "{}", PAGE.len());
    assert!(PAGE_GZIP.len() <= 11_200, "{}: it is a part of every binary", PAGE_GZIP.len());
}

/// Browsers of 2018 show it: what came later would stop the whole script, or one part of it.
#[test]
fn the_page_is_written_for_old_browsers() {
    let later = [
        "?.",
        "??",
        "||=",
        "&&=",
        "catch{",
        "catch {",
        ".at(",
        ".flat(",
        "flatMap",
        "fromEntries",
        "replaceAll",
        "structuredClone",
        "AbortSignal",
        "matchAll",
        "allSettled",
        "ResizeObserver",
        "min(100%",
        "max(",
        "clamp(",
        "inset:",
        "aspect-ratio",
        "color-mix",
    ];
    let page = packed().replace("Math.max(", "").replace("minmax(", "");
    for word in later {
        assert!(!page.contains(word), "{word}");
    }
    assert!(!page.contains("href=\"/"), "links are relative: the agent may be behind a prefix");
}

/// A gather of a machine without any file.
fn gather() -> Gather {
    let subjects: Vec<_> = COLLECTORS.iter().map(|c| &c.subject).collect();
    let at = ["--path.procfs=/nowhere", "--path.sysfs=/nowhere"].map(Into::into).into_iter();
    let settings = settings::load(&subjects, |_| false, at, [].into_iter()).unwrap();
    Gather::new(Dialect::Own, &Root::at(settings.paths), &settings.collectors, false)
}

fn read(status: &Status) -> Read {
    let mut out = Buffer::default();
    let peers = (&Targets::default(), &Exports::default());
    status.write(&gather(), peers, &Health::default(), Instant::now(), &mut out);
    Read::parse(std::str::from_utf8(out.bytes()).unwrap())
}

fn list<'j>(json: &'j Read, key: &str) -> &'j [Read] {
    let Some(Read::List(items)) = json.get(key) else { panic!("{key} in {json:?}") };
    items
}

#[test]
fn nothing_read_is_nothing_told() {
    let json = read(&Status::default());
    for (object, key) in [
        ("host", "name"),
        ("host", "kernel"),
        ("host", "uptime_seconds"),
        ("agent", "resident_bytes"),
        ("cpu", "count"),
        ("load", "load1"),
        ("temperature", "celsius"),
        ("temperature", "sensor"),
        ("memory", "total_bytes"),
        ("pushes", "series"),
        ("starts", "starts"),
        ("clock", "offset_seconds"),
    ] {
        assert_eq!(json.get(object).unwrap().get(key), Some(&Read::Null), "{object}.{key}");
    }
    assert_eq!(json.get("cpu").unwrap().get("seconds"), Some(&Read::Object(Vec::new())));
    for key in LISTS.map(|(key, _)| key).into_iter().chain(["alerts"]) {
        assert_eq!(list(&json, key), [], "{key}");
    }
    let collectors = list(&json, "collectors");
    assert_eq!(collectors.len(), COLLECTORS.iter().filter(|c| c.subject.on).count());
    for collector in collectors {
        assert_eq!(collector.get("success"), Some(&Read::Null), "it has not run");
        assert_eq!(collector.get("age_seconds"), Some(&Read::Null));
    }
}

/// Any bytes at all as names: the answer is valid JSON and has them, as far as they are UTF-8.
#[test]
fn any_names_make_valid_json() {
    let read_bytes = counter("disk_read_bytes_total", Unit::Sectors, "R.", &["device"]);
    let alerts = gauge("alerts", Unit::One, "A.", &["alertname", "alertstate"]).only_own();
    let other = gauge("alerts", Unit::One, "A.", &[]).only_own();
    let mount = ["device", "mountpoint", "fstype", "device_error"];
    let mount = gauge("filesystem_device_error", Unit::One, "E.", &mount);
    let seconds = counter("cpu_seconds_total", Unit::Ticks, "S.", &["cpu", "mode"]);
    let heat = gauge("hwmon_temp_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let received = counter("network_receive_bytes_total", Unit::One, "R.", &["interface"]);
    let info = gauge("network_info", Unit::One, "I.", &["interface", "operstate"]);
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    for _ in 0..2_000 {
        let mut name = Vec::new();
        for _ in 0..random() % 12 {
            let pieces: [&[u8]; 8] = [
                b"\"",
                b"\\",
                b"</script>",
                b"\0\x1f",
                b"\xff",
                "\u{e4}\u{2028}".as_bytes(),
                b"}],",
                b"a",
            ];
            name.extend(pieces[random() % 8]);
        }
        let expected = String::from_utf8_lossy(&name).into_owned();
        let mut status = Status::default();
        status.family(&read_bytes);
        status.sample(&[Label::of(&name)], read_bytes.value(random() as u64));
        for (family, labels) in [(&mount, 4), (&seconds, 2), (&heat, 2), (&received, 1), (&info, 2)]
        {
            status.family(family);
            status.sample(&[Label::of(&name); 4][..labels], Value::Int(1));
        }
        status.family(&alerts);
        status.sample(&[Label::of(&name), Label::from("firing")], Value::Int(1));
        status.sample(&[Label::of(&name), Label::from("pending")], Value::Int(0));
        status.family(&other);
        let one = Point::Number(Value::Float(1.0));
        status.labelled(Labels::rendered(b"alertname=\"q\\\"\",alertstate=\"pending\""), one, None);
        let json = read(&status);
        assert_eq!(list(&json, "disks")[0].text("device"), expected);
        let shown = |text: &str| Some(Read::Text(text.to_owned())).filter(|_| !text.is_empty());
        let mount = &list(&json, "filesystems")[0];
        assert_eq!((mount.text("device"), mount.text("type")), (&*expected, &*expected));
        assert_eq!(mount.get("device_error").cloned(), shown(&expected).or(Some(Read::Null)));
        let cores = list(json.get("cpu").unwrap(), "cores");
        assert_eq!((cores.len(), list(&json, "temperatures").len()), (1, 1));
        let link = &list(&json, "network")[0];
        assert_eq!(link.get("operstate").cloned(), shown(&expected).or(Some(Read::Null)));
        let [first, second] = list(&json, "alerts") else { panic!("{json:?}") };
        assert_eq!((first.text("alertname"), first.text("alertstate")), (&*expected, "firing"));
        assert_eq!((second.text("alertname"), second.text("alertstate")), ("q\"", "pending"));
    }
}

#[test]
fn alerts_are_bounded_and_the_rest_is_counted() {
    let alerts = gauge("alerts", Unit::One, "A.", &["alertname", "alertstate"]).only_own();
    let mut status = Status::default();
    status.family(&alerts);
    for _ in 0..MAX_ALERTS + 2 {
        status.sample(&[Label::from("a"), Label::from("firing")], Value::Int(1));
    }
    let json = read(&status);
    assert_eq!(list(&json, "alerts").len(), MAX_ALERTS);
    assert_eq!(json.get("left_out"), Some(&Read::Number(2.0)));
    // So are their bytes; one is always shown.
    let long = vec![1; MAX_ALERT_BYTES];
    for (bytes, count) in [(MAX_ALERT_BYTES / 12, 2), (MAX_ALERT_BYTES, 1)] {
        let mut status = Status::default();
        status.family(&alerts);
        for _ in 0..9 {
            status.sample(&[Label::from(&long[..bytes]), Label::from("firing")], Value::Int(1));
        }
        let json = read(&status);
        assert_eq!(list(&json, "alerts").len(), count);
        assert_eq!(json.get("left_out"), Some(&Read::Number(9.0 - count as f64)));
    }
}

#[test]
fn a_collector_that_failed_leaves_no_row() {
    let read_bytes = counter("disk_read_bytes_total", Unit::Sectors, "R.", &["device"]);
    let received = counter("network_receive_bytes_total", Unit::One, "R.", &["interface"]);
    let mut status = Status::default();
    status.family(&read_bytes);
    status.sample(&[Label::from("sda")], Value::Int(1));
    let mark = status.mark();
    status.family(&received);
    status.sample(&[Label::from("eth0")], Value::Int(1));
    status.rewind(mark);
    status.sample(&[Label::from("eth1")], Value::Int(1));
    let json = read(&status);
    assert_eq!((list(&json, "disks").len(), list(&json, "network").len()), (1, 0));
}

#[test]
fn the_hottest_sensor_is_shown_and_a_failed_collector_forgotten() {
    let hwmon = gauge("hwmon_temp_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let other = gauge("hwmon_temp_max_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let zone =
        gauge("thermal_zone_temp|thermal_zone_celsius", Unit::Millis, "T.", &["zone", "type"]);
    let hottest = |status: &Status| {
        let json = read(status);
        let sensor = json.get("temperature").unwrap();
        (sensor.get("celsius").cloned(), sensor.get("sensor").cloned())
    };
    let expected =
        |celsius, sensor: &str| (Some(Read::Number(celsius)), Some(Read::Text(sensor.to_owned())));
    let mut status = Status::default();
    status.family(&hwmon);
    status.sample(&[Label::from("chip\"0"), Label::from("temp1")], hwmon.signed(-40_500));
    assert_eq!(hottest(&status), expected(-40.5, "chip\"0 temp1"), "below zero, too");
    status.sample(&[Label::from("chip1"), Label::from("temp2")], hwmon.signed(41_250));
    status.sample(&[Label::from("chip1"), Label::from("temp3")], hwmon.signed(9_000));
    status.family(&other);
    status.sample(&[Label::from("chip1"), Label::from("temp2")], other.signed(99_000));
    let mark = status.mark();
    status.family(&zone);
    status.sample(&[Label::from("0"), Label::from("x86_pkg_temp")], zone.signed(50_000));
    assert_eq!(hottest(&status), expected(50.0, "0 x86_pkg_temp"));
    status.rewind(mark);
    status.sample(&[Label::from("0"), Label::from("x86_pkg_temp")], zone.signed(50_000));
    assert_eq!(hottest(&status), expected(41.25, "chip1 temp2"));
}
