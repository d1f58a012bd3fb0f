//! Samples of several families in the rows of one table.

use super::*;

/// Several families fill one column, the highest of one device counts, and words stand behind each other.
#[test]
fn wear_has_one_row_for_each_device() {
    let of = |name, labels| gauge(name, Unit::One, "H.", labels).only_own();
    let (life, ufs) = ("mmc_life_time_used_ratio", "ufs_life_time_used_ratio");
    let mut status = Status::default();
    let mut add = |family: Row<'_>, rows: &[(&[&str], Value)]| {
        status.family(&family);
        for (labels, value) in rows {
            let labels: Vec<_> = labels.iter().map(|label| Label::from(*label)).collect();
            status.sample(&labels, *value);
        }
    };
    let ratio = |tenths| Value::Float(f64::from(tenths) / 10.0);
    let card = [(&["mmcblk0", "a"][..], ratio(2)), (&["mmcblk0", "b"], ratio(5))];
    add(of(life, &["device", "type"]), &card);
    add(of(ufs, &["device", "type"]), &[(&["u", "a"], ratio(3)), (&["u", "b"], ratio(1))]);
    add(of("mmc_pre_eol_code", &["device"]), &[(&["mmcblk0"], Value::Int(1))]);
    let one = Value::Int(1);
    let flags: [(&[&str], Value); 5] = [
        (&["rack", "OL"], Value::Int(0)),
        (&["rack", "OB"], one),
        (&["rack", "LB"], one),
        (&["other", "OL"], one),
        (&["rack", "RB"], one),
    ];
    add(of("nut_status", &["ups", "flag"]), &flags);
    let json = read(&status);
    let [mmc, ufs] = list(&json, "flash") else { panic!("{json:?}") };
    assert_eq!(
        (mmc.text("name"), mmc.get("life_used_ratio")),
        ("mmcblk0", Some(&Read::Number(0.5)))
    );
    assert_eq!((ufs.text("name"), ufs.get("life_used_ratio")), ("u", Some(&Read::Number(0.3))));
    assert_eq!(mmc.get("pre_eol_code"), Some(&Read::Number(1.0)));
    assert_eq!(ufs.get("pre_eol_code"), Some(&Read::Null));
    // A word whose row is not the last is not added.
    let [rack, other] = list(&json, "upses") else { panic!("{json:?}") };
    assert_eq!((rack.text("flag"), other.text("flag")), ("OB LB", "OL"));
}

/// Triggers of one resource are apart; what all ports give has no port; peaks of the box have no device.
#[test]
fn rows_without_a_label_are_totals() {
    let mut status = Status::default();
    let mut add = |name, keys: &[&'static str], rows: &[(&[&str], u64)]| {
        status.family(&gauge(name, Unit::One, "H.", keys).only_own());
        for (labels, value) in rows {
            let labels: Vec<_> = labels.iter().map(|label| Label::from(*label)).collect();
            status.sample(&labels, Value::Int(*value));
        }
    };
    add("poe_budget_watts", &[], &[(&[], 77)]);
    add("poe_consumption_watts", &[], &[(&[], 9)]);
    add("poe_port_watts", &["port"], &[(&["lan1"], 4), (&["lan2"], 5)]);
    let triggers: [(&[&str], u64); 2] =
        [(&["memory", "some", "200ms", "2s"], 3), (&["memory", "some", "1s", "10s"], 1)];
    add("pressure_stalls_total", &["resource", "kind", "stall", "window"], &triggers);
    add("peak_runnable_tasks", &[], &[(&[], 6)]);
    let receives: [(&[&str], u64); 1] = [(&["eth0"], 8)];
    add("peak_network_receive_bytes_per_second", &["device"], &receives);
    let json = read(&status);
    let rows = |list_of: &str, keys: [&str; 2]| -> Vec<_> {
        let number = |row: &Read, key| match row.get(key) {
            Some(Read::Number(n)) => *n,
            _ => -1.0,
        };
        let row = |row: &Read| (row.text("name").to_owned(), keys.map(|key| number(row, key)));
        list(&json, list_of).iter().map(row).collect()
    };
    let of = |name: &str, numbers| (name.to_owned(), numbers);
    let ports = [of("", [9.0, 77.0]), of("lan1", [4.0, -1.0]), of("lan2", [5.0, -1.0])];
    assert_eq!(rows("ports", ["watts", "budget_watts"]), ports);
    let stalls = [of("memory", [3.0, -1.0]), of("memory", [1.0, -1.0])];
    assert_eq!(rows("stalls", ["stalls", "none"]), stalls);
    let last = &list(&json, "stalls")[1];
    let texts = ["kind", "stall", "window"].map(|key| last.text(key));
    assert_eq!(texts, ["some", "1s", "10s"]);
    let peaks = [of("", [6.0, -1.0]), of("eth0", [-1.0, 8.0])];
    assert_eq!(rows("peaks", ["tasks", "receive_rate"]), peaks);
}
