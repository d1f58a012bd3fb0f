use super::*;
use crate::kernel::collect::testing::{Tree, scrape};

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
fn what_is_bad_costs_its_sample_and_absence_is_no_fault() {
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
