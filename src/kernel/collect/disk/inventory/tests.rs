use super::*;
use crate::base::dialect::Dialect::{Node, Own};
use crate::kernel::collect::testing::{Tree, scrape};

const INFO: &[&str] = &["info", "ata"];

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    let counters = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17";
    let devices = ["8 0 sda", "8 1 sda1", "253 7 dm-0", "104 3 cciss/c0d0"];
    let lines: Vec<_> = devices.iter().map(|d| format!("{d} {counters}\n")).collect();
    tree.put("proc/diskstats", &lines.concat());
    for device in ["sda", "cciss!c0d0", "dm-0"] {
        tree.put(&format!("sys/block/{device}/queue/rotational"), "1\n");
    }
    tree.put("sys/block/dm-0/queue/rotational", "0\n");
    tree.put("udev/b8:0", SDA);
    tree.put("udev/b253:7", DM);
    tree
}

const SDA: &str = "E:ID_PATH=pa\nE:ID_WWN=ww\nE:ID_MODEL=mo\nE:ID_REVISION=re\n\
    E:SCSI_IDENT_SERIAL=s1\nE:ID_SERIAL_SHORT=s2\nE:ID_SERIAL=s3\nE:ID_ATA=1\n\
    E:ID_ATA_WRITE_CACHE=4\nE:ID_ATA_WRITE_CACHE_ENABLED=3\nE:ID_ATA_ROTATION_RATE_RPM=7200\n";
const DM: &str = "E:ID_FS_TYPE=ft\nE:ID_FS_USAGE=fu\nE:ID_FS_UUID=fi\nE:ID_FS_VERSION=fv\n\
    E:DM_NAME=na\nE:DM_UUID=uu\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=lv\nE:DM_LV_LAYER=la\n\
    E:ID_ATA_WRITE_CACHE=9\n";

#[test]
fn every_fact_goes_to_its_label() {
    let tree = machine("disk-facts");
    let set = [("exclude-pattern", "sda1")];
    let mut disk = tree.open(&crate::kernel::collect::disk::SPEC, Node, &set);
    let expected = [
        r#"disk_info{device="sda",major="8",minor="0",path="pa",wwn="ww",model="mo",serial="s1",revision="re",rotational="1"} 1"#,
        r#"disk_info{device="dm-0",major="253",minor="7",path="",wwn="",model="",serial="",revision="",rotational="0"} 1"#,
        r#"disk_info{device="cciss/c0d0",major="104",minor="3",path="",wwn="",model="",serial="",revision="",rotational="1"} 1"#,
        r#"disk_filesystem_info{device="dm-0",type="ft",usage="fu",uuid="fi",version="fv"} 1"#,
        r#"disk_device_mapper_info{device="dm-0",name="na",uuid="uu",vg_name="vg",lv_name="lv",lv_layer="la"} 1"#,
        r#"disk_ata_write_cache{device="sda"} 4"#,
        r#"disk_ata_write_cache_enabled{device="sda"} 3"#,
        r#"disk_ata_rotation_rate_rpm{device="sda"} 7200"#,
    ];
    for _ in 0..2 {
        let (lines, errors) = scrape(&mut disk, Node, INFO);
        assert_eq!((&lines[..], errors), (&expected.map(String::from)[..], 0));
    }
    let mut own = tree.open(&crate::kernel::collect::disk::SPEC, Own, &set);
    assert_eq!(scrape(&mut own, Own, INFO), (vec![], 0));
}

#[test]
fn bad_numbers_are_left_out_and_counted() {
    let tree = machine("disk-ata");
    tree.put("udev/b8:0", &SDA.replace("RPM=7200", "RPM=7200.5"));
    let mut disk = tree.open(&crate::kernel::collect::disk::SPEC, Node, &[]);
    let (lines, errors) = scrape(&mut disk, Node, &["ata"]);
    assert_eq!((lines.len(), errors), (2, 1));
}

#[test]
fn the_first_serial_number_found_is_used() {
    let tree = machine("disk-serial");
    for (from, serial) in [("S1", "s1"), ("SCSI_IDENT_SERIAL=", "s2"), ("SERIAL_SHORT=", "s3")] {
        tree.put("udev/b8:0", &tree.text("udev/b8:0").replace(from, "NO="));
        let mut disk = tree.open(&crate::kernel::collect::disk::SPEC, Node, &[]);
        let (lines, _) = scrape(&mut disk, Node, &[r#"info{device="sda""#]);
        assert!(lines[0].contains(&format!(r#"serial="{serial}""#)), "{lines:?}");
    }
}

/// An inventory of `tree`, and the names and models it knows after a scrape of `devices`.
fn known(inventory: &mut Inventory, devices: &[(&str, u64)], now: Instant) -> Vec<String> {
    let mut errors = PartialErrors::default();
    inventory.begin(now, &mut errors);
    for (name, minor) in devices {
        inventory.see(name.as_bytes(), 8, *minor, &mut errors);
    }
    inventory.devices.truncate(inventory.at);
    let text = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
    inventory
        .devices
        .iter()
        .map(|d| text(&d.name) + "=" + &text(d.udev.get(key("ID_MODEL"))))
        .collect()
}

#[test]
fn facts_follow_hot_plug_and_udev() {
    let tree = Tree::new("disk-udev");
    let mut inventory = Inventory::new(&tree.root());
    // The clock that files are stamped with moves in steps of up to 10 ms.
    let put = |name, text| {
        std::thread::sleep(Duration::from_millis(20));
        tree.put(name, text);
    };
    let start = Instant::now();
    let after = |secs| start + Duration::from_secs(secs);
    assert_eq!(known(&mut inventory, &[("a", 0), ("b", 1)], start), ["a=", "b="]);
    put("udev/b8:0", "E:ID_MODEL=A\n");
    put("udev/b8:1", "E:ID_MODEL=B\n");
    assert_eq!(known(&mut inventory, &[("a", 0), ("b", 1)], after(59)), ["a=", "b="]);
    assert_eq!(known(&mut inventory, &[("a", 0), ("b", 1)], after(60)), ["a=A", "b=B"]);
    put("udev/b8:2", "E:ID_MODEL=C\n");
    assert_eq!(known(&mut inventory, &[("c", 2), ("b", 1)], after(61)), ["c=C", "b=B"]);
    assert_eq!(known(&mut inventory, &[("b", 1), ("c", 2)], after(62)), ["b=B", "c=C"]);
    assert_eq!(known(&mut inventory, &[("b", 2)], after(63)), ["b=C"], "another device");
    tree.remove("udev/b8:2");
    put("udev/b8:2", "E:ID_MODEL=D\n");
    assert_eq!(known(&mut inventory, &[("b", 2)], after(64)), ["b=D"], "another disk, same slot");
    assert_eq!(known(&mut inventory, &[], after(65)), [""; 0]);
}

#[test]
fn limits_leave_out_and_count() {
    let tree = Tree::new("disk-limits");
    let mut inventory = Inventory::new(&tree.root());
    let mut errors = PartialErrors::default();
    inventory.begin(Instant::now(), &mut errors);
    for minor in 0..MAX_DEVICES as u64 + 3 {
        inventory.see(b"x", 8, minor, &mut errors);
    }
    assert_eq!((inventory.devices.len(), errors.count()), (MAX_DEVICES, 3));
}
