use super::*;
use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};

const IDS_TEXT: &str = "# a comment
1022  Advanced Things
\t1634  Renoir Bridge
\t\t17aa 5095  ThinkThing
\t\t17aa  a line that is none
17aa  Lenovo
\t1634  another vendor's
C 06  Bridge
\t04  PCI bridge
\t\t00  Normal decode
\t\t01  Subtractive decode
C 01  Storage
";

/// A bridge with all files, and a device below it with few.
fn tree(name: &str) -> Tree {
    let tree = Tree::new(name);
    let bridge = "sys/devices/pci0000:00/0000:00:02.1";
    let below = "sys/devices/pci0000:00/0000:00:02.1/10000:01:1f.0";
    for (file, text) in [
        ("class", "0x060401"),
        ("vendor", "0x1022"),
        ("device", "0x1634"),
        ("subsystem_vendor", "0x17aa"),
        ("subsystem_device", "0x5095"),
        ("revision", "0x0e"),
        ("numa_node", "3"),
        ("max_link_speed", "32.0 GT/s PCIe"),
        ("max_link_width", "16"),
        ("current_link_speed", "2.5 GT/s PCIe"),
        ("current_link_width", "4"),
        ("sriov_drivers_autoprobe", "1"),
        ("sriov_numvfs", "7"),
        ("sriov_totalvfs", "8"),
        ("sriov_vf_total_msix", "9"),
        ("d3cold_allowed", "0"),
        ("power_state", "D3hot"),
    ] {
        tree.put(&format!("{bridge}/{file}"), &format!("{text}\n"));
    }
    for (file, text) in [
        ("class", "0x010802"),
        ("vendor", "0xc0a9"),
        ("device", "0x540a"),
        ("subsystem_vendor", "0x1022"),
        ("subsystem_device", "0x0001"),
        ("revision", "0x00"),
        ("numa_node", "-1"),
        ("max_link_speed", "Unknown"),
    ] {
        tree.put(&format!("{below}/{file}"), &format!("{text}\n"));
    }
    let devices = tree.0.join("sys/bus/pci/devices");
    std::fs::create_dir_all(&devices).unwrap();
    for real in [bridge, below] {
        let entry = devices.join(real.rsplit('/').next().unwrap());
        std::os::unix::fs::symlink(tree.0.join(real), entry).unwrap();
    }
    tree.put("pci.ids", IDS_TEXT);
    tree
}

fn of(opened: &mut Opened, dialect: Dialect, device: &str) -> Vec<String> {
    let (samples, errors) = scrape(opened, dialect, &["pcidevice"]);
    assert_eq!(errors, 0, "{samples:?}");
    let place = format!("device=\"{device}\",function");
    samples.into_iter().filter(|sample| sample.contains(&place)).collect()
}

const BRIDGE: &str = r#"segment="0000",bus="00",device="02",function="1""#;
const BELOW: &str = r#"segment="10000",bus="01",device="1f",function="0""#;

#[test]
fn every_file_goes_to_its_family() {
    let tree = tree("pci");
    let mut own = tree.open(&SPEC, Dialect::Own, &[]);
    let expected = [
        ("max_link_transfers_per_second", "32000000000"),
        ("max_link_width", "16"),
        ("current_link_transfers_per_second", "2500000000"),
        ("current_link_width", "4"),
        ("d3cold_allowed", "0"),
        ("sriov_drivers_autoprobe", "1"),
        ("sriov_numvfs", "7"),
        ("sriov_totalvfs", "8"),
        ("sriov_vf_total_msix", "9"),
        ("numa_node", "3"),
    ];
    let samples = of(&mut own, Dialect::Own, "02");
    let plain = expected.map(|(name, value)| format!("pcidevice_{name}{{{BRIDGE}}} {value}"));
    assert_eq!(samples[..10], plain);
    assert_eq!(samples[10], format!("pcidevice_power_state{{{BRIDGE},state=\"D0\"}} 0"));
    assert_eq!(samples[13], format!("pcidevice_power_state{{{BRIDGE},state=\"D3hot\"}} 1"));
    let parent = r#"parent_segment="*",parent_bus="*",parent_device="*",parent_function="*""#;
    let ids = r#"class_id="0x060401",vendor_id="0x1022",device_id="0x1634",subsystem_vendor_id="0x17aa",subsystem_device_id="0x5095",revision="0x0e""#;
    assert_eq!(samples[17..], [format!("pcidevice_info{{{BRIDGE},{parent},{ids}}} 1")]);
}

#[test]
fn missing_properties_have_node_exporters_number_only_in_its_dialect() {
    let tree = tree("pci-few");
    let own = of(&mut tree.open(&SPEC, Dialect::Own, &[]), Dialect::Own, "1f");
    let parent = r#"parent_segment="0000",parent_bus="00",parent_device="02",parent_function="1""#;
    assert_eq!(own.len(), 1);
    assert!(own[0].contains(parent), "{own:?}");
    let node = of(&mut tree.open(&SPEC, Dialect::Node, &[]), Dialect::Node, "1f");
    let values: Vec<_> = node.iter().map(|sample| sample.rsplit(' ').next().unwrap()).collect();
    assert_eq!(values, ["-1", "-1", "-1", "-1", "0", "0", "0", "0", "1"]);
    assert_eq!(node[0], format!("pcidevice_max_link_transfers_per_second{{{BELOW}}} -1"));
}

#[test]
fn names_come_from_the_file() {
    let tree = tree("pci-names");
    let ids = tree.0.join("pci.ids");
    let named = |file: &str| {
        let set = [("names", "true"), ("idsfile", file)];
        let mut opened = tree.open(&SPEC, Dialect::Node, &set);
        let (samples, errors) = scrape(&mut opened, Dialect::Node, &["pcidevice_info"]);
        let names = |sample: &String| sample.split_once(",vendor_name").unwrap().1.to_owned();
        (samples.iter().map(names).collect::<Vec<_>>(), errors)
    };
    let expected = [
        r#"="Advanced Things",device_name="Renoir Bridge",subsystem_vendor_name="Lenovo",subsystem_device_name="ThinkThing",class_name="Subtractive decode"} 1"#,
        r#"="c0a9",device_name="540a",subsystem_vendor_name="Advanced Things",subsystem_device_name="0001",class_name="Storage"} 1"#,
    ];
    assert_eq!(named(ids.to_str().unwrap()), (expected.map(String::from).to_vec(), 0));
    let (names, errors) = named("/nowhere/pci.ids");
    assert!(names[0].ends_with(r#"class_name="Unknown class (060401)"} 1"#), "{names:?}");
    assert_eq!(errors, 1);
}

#[test]
fn a_bad_file_drops_its_sample_and_devices_come_and_go() {
    let tree = tree("pci-bad");
    let mut node = tree.open(&SPEC, Dialect::Node, &[]);
    let all = scrape(&mut node, Dialect::Node, &["pcidevice"]).0.len();
    let bridge = "sys/devices/pci0000:00/0000:00:02.1";
    tree.put(&format!("{bridge}/max_link_speed"), "fast\n");
    tree.put(&format!("{bridge}/sriov_numvfs"), "x\n");
    tree.put(&format!("{bridge}/power_state"), "D7\n");
    tree.remove(&format!("{bridge}/sriov_totalvfs"));
    let (samples, errors) = scrape(&mut node, Dialect::Node, &["pcidevice"]);
    assert_eq!((samples.len(), errors), (all - 2 - 7 - 1, 3));
    std::fs::remove_file(tree.0.join("sys/bus/pci/devices/0000:00:02.1")).unwrap();
    let (samples, _) = scrape(&mut node, Dialect::Node, &["pcidevice"]);
    assert_eq!(samples.len(), 9, "{samples:?}");
    tree.put("sys/bus/pci/devices/odd/class", "0x1\n");
    assert_eq!(scrape(&mut node, Dialect::Node, &["pcidevice"]).1, 1);
    let mut none = Tree::new("pci-none").open(&SPEC, Dialect::Own, &[]);
    assert!(matches!(outcome(&mut none), Err(Error::Unsupported(_))));
}

#[test]
fn a_name_file_that_is_not_regular_or_missing_is_reported() {
    for (path, errno) in [("/dev/zero", libc::EINVAL), ("/dev", libc::EINVAL)] {
        let mut errors = PartialErrors::default();
        ids::name(&mut [], &[PathBuf::from("/nonexistent"), PathBuf::from(path)], &mut errors);
        assert_eq!(errors.last(), Some(&Error::Read("pci.ids".into(), errno).keep()), "{path}");
    }
    let mut errors = PartialErrors::default();
    ids::name(&mut [], &[PathBuf::from("/nonexistent")], &mut errors);
    assert_eq!(errors.last(), Some(&Error::Absent("pci.ids".into()).keep()));
}
