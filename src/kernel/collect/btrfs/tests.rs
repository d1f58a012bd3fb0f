use super::layouts::Redundancy;
use super::mounted::Device;
use super::mounted::tests::answered;
use super::*;
use crate::base::sys::BtrfsDevice;
use crate::kernel::collect::testing::{Opened, Tree, scrape};
use crate::model::metric::Value;

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/btrfs/{file}"), text);
    put("features/raid56", "0\n");
    put("a-1/label", "disk \"one\"\n");
    put("a-1/metadata_uuid", "a-9\n");
    put("a-1/commit_stats", "commits 3\nlast_commit_ms 1004\nmax_commit_ms 5\ntotal_commit_ms 6\n");
    put("a-1/allocation/global_rsv_size", "7\n");
    put("a-1/allocation/data/bytes_reserved", "8\n");
    put("a-1/allocation/data/raid5/used_bytes", "9\n");
    put("a-1/allocation/data/raid5/total_bytes", "10\n");
    put("a-1/allocation/system/dup/total_bytes", "11\n");
    put("a-1/devinfo/1/error_stats", "write_errs 21\nread_errs 22\nother 9\n");
    put("a-1/devinfo/2/error_stats", "invalid\n");
    put("a-1/devinfo/2/missing", "1\n");
    for (device, size) in [("sda", "2\n"), ("sdb", "4\n"), ("sdc", "6\n")] {
        put(&format!("a-1/devices/{device}/size"), size);
    }
    tree
}

#[test]
fn every_number_of_a_file_system() {
    let tree = machine("btrfs");
    let expected = [
        r#"btrfs_info{uuid="a-9",label="disk \"one\""} 1"#,
        r#"btrfs_global_rsv_size_bytes{uuid="a-9"} 7"#,
        r#"btrfs_commits_total{uuid="a-9"} 3"#,
        r#"btrfs_last_commit_seconds{uuid="a-9"} 1.004"#,
        r#"btrfs_max_commit_seconds{uuid="a-9"} 0.005"#,
        r#"btrfs_commit_seconds_total{uuid="a-9"} 0.006"#,
        r#"btrfs_reserved_bytes{uuid="a-9",block_group_type="data"} 8"#,
        r#"btrfs_used_bytes{uuid="a-9",block_group_type="data",mode="raid5"} 9"#,
        r#"btrfs_size_bytes{uuid="a-9",block_group_type="data",mode="raid5"} 10"#,
        r#"btrfs_size_bytes{uuid="a-9",block_group_type="system",mode="dup"} 11"#,
        r#"btrfs_allocation_ratio{uuid="a-9",block_group_type="data",mode="raid5"} 1.5"#,
        r#"btrfs_allocation_ratio{uuid="a-9",block_group_type="system",mode="dup"} 2"#,
        r#"btrfs_device_size_bytes{uuid="a-9",device="sda"} 1024"#,
        r#"btrfs_device_size_bytes{uuid="a-9",device="sdb"} 2048"#,
        r#"btrfs_device_size_bytes{uuid="a-9",device="sdc"} 3072"#,
    ];
    let expected = expected.map(String::from).to_vec();
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut btrfs = tree.open(&SPEC, dialect, &[]);
        for _ in 0..2 {
            let (mut lines, errors) = scrape(&mut btrfs, dialect, &["btrfs"]);
            let of_own = lines.split_off(expected.len());
            assert_eq!((lines, errors), (expected.clone(), 0));
            let own = [
                r#"btrfs_device_errors_total{uuid="a-9",devid="1",type="read"} 22"#,
                r#"btrfs_device_errors_total{uuid="a-9",devid="1",type="write"} 21"#,
                r#"btrfs_device_missing{uuid="a-9",devid="2"} 1"#,
            ];
            assert_eq!(of_own, own.get(..if dialect == Dialect::Own { 3 } else { 0 }).unwrap());
        }
    }
}

#[test]
fn bad_values_drop_their_samples_and_absence_is_no_error() {
    let tree = machine("btrfs-bad");
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/btrfs/a-1/{file}"), text);
    put("commit_stats", "commits -3\n\nother 5\nlast_commit_ms\nmax_commit_ms 5");
    put("allocation/data/raid5/used_bytes", "many");
    put("devices/sdb/size", "");
    let mut btrfs = tree.open(&SPEC, Dialect::Node, &[]);
    let (lines, errors) = scrape(&mut btrfs, Dialect::Node, &["btrfs"]);
    assert_eq!((lines.len(), errors), (15 - 5, 4));
    assert!(lines.contains(&r#"btrfs_max_commit_seconds{uuid="a-9"} 0.005"#.to_owned()));
    let parity = Redundancy::Parity(2);
    assert_eq!((parity.ratio(2), parity.ratio(3)), (None, Some(Value::Float(3.0))));
    let mut none = Tree::new("btrfs-none").open(&SPEC, Dialect::Node, &[]);
    assert_eq!(scrape(&mut none, Dialect::Node, &["btrfs"]), (vec![], 0));
}

const ID: &[u8; 36] = b"4c384915-a866-490d-b79d-57578a95fba7";

/// With one file system that is queried where it is mounted, besides one that is not.
fn with_mounted(tree: &Tree, errors: Option<[u64; 5]>) -> Opened {
    with_mounted_by(tree, errors, |_, _| {}, false)
}

/// The same where `ask` queries it, and is waited for or not.
fn with_mounted_by(
    tree: &Tree,
    errors: Option<[u64; 5]>,
    ask: fn(&mut Mounted, Instant),
    is_hasty: bool,
) -> Opened {
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/btrfs/{file}"), text);
    put("a-1/devices/sda/size", "2\n");
    put("4c384915-a866-490d-b79d-57578a95fba7/devices/sdb/size", "4\n");
    put("4c384915-a866-490d-b79d-57578a95fba7/devices/sdc/size", "many\n");
    let id = [16, 50, 84, 118, 152, 186, 220, 254, 1, 35, 69, 103, 137, 171, 205, 239];
    let about = BtrfsDevice { id, used: 3, size: 10 };
    let device = Device { number: 17, about, errors };
    let mounted = Background::new("test", answered(ID, device, "/dev/mapper/b"), ask);
    let mut opened = tree.open(&SPEC, Dialect::Node, &[]);
    opened.collector = Box::new(Btrfs {
        place: Subtree::new(&tree.root(), BASE),
        dialect: Dialect::Node,
        entries: Names::default(),
        devices: Names::default(),
        gathered: Gathered::new(BASE),
        mounted: Some(if is_hasty { mounted.hasty() } else { mounted }),
    });
    opened
}

#[test]
fn a_mounted_file_system_reports_its_devices() {
    let tree = Tree::new("btrfs-asked");
    let mut btrfs = with_mounted(&tree, Some([5, 6, 7, 8, 9]));
    let uuid = "4c384915-a866-490d-b79d-57578a95fba7";
    let of = |name: &str, more: &str, value: u64| {
        let id = "10325476-98ba-dcfe-0123-456789abcdef";
        let labels = format!(r#"uuid="{uuid}",device="b",btrfs_dev_uuid="{id}"{more}"#);
        format!("btrfs_device_{name}{{{labels}}} {value}")
    };
    let errors = [("corruption", 8), ("flush", 7), ("generation", 9), ("read", 6), ("write", 5)];
    let errors =
        errors.map(|(kind, n)| of("errors_total", &format!(r#",type="{kind}""#), n)).to_vec();
    let sizes = [
        of("size_bytes", "", 10),
        r#"btrfs_device_size_bytes{uuid="a-1",device="sda",btrfs_dev_uuid=""} 1024"#.to_owned(),
    ];
    for _ in 0..2 {
        let mut samples = |word| scrape(&mut btrfs, Dialect::Node, &[word]);
        assert_eq!(samples("device_size"), (sizes.to_vec(), 0));
        assert_eq!(samples("device_unused"), (vec![of("unused_bytes", "", 7)], 0));
        assert_eq!(samples("device_errors"), (errors.clone(), 0));
    }
    // Where sysfs has the errors, they come from there.
    let file = format!("sys/fs/btrfs/{uuid}/devinfo/17/error_stats");
    tree.put(&file, "write_errs 21\ncorruption_errs 22\nother 23\n");
    let mut btrfs = with_mounted(&tree, None);
    let of_file = [("corruption", 22), ("write", 21)];
    let of_file = of_file.map(|(kind, n)| of("errors_total", &format!(r#",type="{kind}""#), n));
    assert_eq!(scrape(&mut btrfs, Dialect::Node, &["device_errors"]), (of_file.to_vec(), 0));
}

#[test]
fn a_late_answer_drops_the_devices() {
    let tree = Tree::new("btrfs-late");
    static GATE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let late = |_: &mut Mounted, _: Instant| drop(GATE.lock());
    let _gate = GATE.lock().unwrap();
    let mut btrfs = with_mounted_by(&tree, None, late, true);
    assert_eq!(scrape(&mut btrfs, Dialect::Node, &["device"]), (vec![], 1));
    assert_eq!(scrape(&mut btrfs, Dialect::Node, &["info"]).0.len(), 2);
}
