//! The sink without a server.

use super::*;
use crate::collect::COLLECTORS;
use crate::export::Exports;
use crate::metric::{Unit, counter, gauge};
use crate::settings::{self, Dialect};
use json_reader::Json as Read;

#[path = "../../tests/common/json.rs"]
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

/// What stands between the tags, of which there is one pair.
fn inside(tag: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("<{tag}>")).unwrap();
    assert!(!rest.contains(&format!("<{tag}")), "one {tag}");
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

#[test]
fn the_policy_names_the_page_s_own_script_and_style() {
    let abc = sha256::of(b"abc");
    assert_eq!(base64(&abc), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "SHA-256");
    for tag in ["style", "script"] {
        let expected =
            format!("{tag}-src 'sha256-{}'; ", base64(&sha256::of(inside(tag).as_bytes())));
        assert!(POLICY.contains(&expected), "in src/status/page.rs: {expected}");
    }
}

#[test]
fn what_is_served_is_the_page_as_it_is_written() {
    let served = crate::courier::gunzip(PAGE_GZIP, MAX_PAGE);
    assert_eq!(served.as_deref(), Ok(PAGE.as_bytes()), "make page");
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
    assert!(PAGE_GZIP.len() < 9 << 10, "{}: it is a part of every binary", PAGE_GZIP.len());
}

/// A gather of a machine without any file.
fn gather() -> Gather {
    let subjects: Vec<_> = COLLECTORS.iter().map(|c| &c.subject).collect();
    let at = ["--path.procfs=/nowhere", "--path.sysfs=/nowhere"].map(Into::into).into_iter();
    let settings = settings::load(&subjects, at, [].into_iter()).unwrap();
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
fn every_part_has_its_table() {
    for (at, part) in Part::ALL.into_iter().enumerate() {
        assert_eq!(part as usize, at);
    }
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
        ("memory", "total_bytes"),
        ("pushes", "series"),
    ] {
        assert_eq!(json.get(object).unwrap().get(key), Some(&Read::Null), "{object}.{key}");
    }
    assert_eq!(json.get("cpu").unwrap().get("seconds"), Some(&Read::Object(Vec::new())));
    for key in ["disks", "network", "targets", "logs", "exports", "alerts"] {
        assert_eq!(list(&json, key), [], "{key}");
    }
    let collectors = list(&json, "collectors");
    assert_eq!(collectors.len(), COLLECTORS.len());
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
        status.family(&alerts);
        status.sample(&[Label::of(&name), Label::from("firing")], Value::Int(1));
        status.sample(&[Label::of(&name), Label::from("pending")], Value::Int(0));
        status.family(&other);
        let one = Point::Number(Value::Float(1.0));
        status.labelled(Labels::rendered(b"alertname=\"q\\\"\",alertstate=\"pending\""), one, None);
        let json = read(&status);
        assert_eq!(list(&json, "disks")[0].text("device"), expected);
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
fn uptime_is_a_number_or_not_told() {
    assert_eq!(seconds(b"2162.79 4100.00\n"), Some(Value::Float(2162.79)));
    for bad in ["", "x", "inf 1", "nan"] {
        assert_eq!(seconds(bad.as_bytes()), None, "{bad}");
    }
}
