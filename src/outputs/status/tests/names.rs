//! Any bytes at all as names: the answer is valid JSON and has them, as far as they are UTF-8.

use super::*;

const PIECES: [&[u8]; 8] =
    [b"\"", b"\\", b"</script>", b"\0\x1f", b"\xff", "\u{e4}\u{2028}".as_bytes(), b"}],", b"a"];

/// A status with this name in every family.
fn named(name: &[u8], number: u64) -> Status {
    let read_bytes = counter("disk_read_bytes_total", Unit::Sectors, "R.", &["device"]);
    let alerts = gauge("alerts", Unit::One, "A.", &["alertname", "alertstate"]).only_own();
    let other = gauge("alerts", Unit::One, "A.", &[]).only_own();
    let mount = ["device", "mountpoint", "fstype", "device_error"];
    let mount = gauge("filesystem_device_error", Unit::One, "E.", &mount);
    let seconds = counter("cpu_seconds_total", Unit::Ticks, "S.", &["cpu", "mode"]);
    let heat = gauge("hwmon_temp_celsius", Unit::Millis, "T.", &["chip", "sensor"]);
    let received = counter("network_receive_bytes_total", Unit::One, "R.", &["interface"]);
    let info = gauge("network_info", Unit::One, "I.", &["interface", "operstate"]);
    let mut status = Status::default();
    status.family(&read_bytes);
    status.sample(&[Label::of(name)], read_bytes.value(number));
    for (family, labels) in [(&mount, 4), (&seconds, 2), (&heat, 2), (&received, 1), (&info, 2)] {
        status.family(family);
        status.sample(&[Label::of(name); 4][..labels], Value::Int(1));
    }
    status.family(&alerts);
    status.sample(&[Label::of(name), Label::from("firing")], Value::Int(1));
    status.sample(&[Label::of(name), Label::from("pending")], Value::Int(0));
    status.family(&other);
    let one = Point::Number(Value::Float(1.0));
    status.labelled(Labels::rendered(b"alertname=\"q\\\"\",alertstate=\"pending\""), one, None);
    status
}

#[test]
fn any_names_make_valid_json() {
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    for _ in 0..2_000 {
        let mut name = Vec::new();
        for _ in 0..random() % 12 {
            name.extend(PIECES[random() % 8]);
        }
        let expected = String::from_utf8_lossy(&name).into_owned();
        let json = read(&named(&name, random() as u64));
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
