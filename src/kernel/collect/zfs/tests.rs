use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

const HEAD: &str = "6 1 0x01 91 4368 5266997922 97951858082072\nname   type data\n";

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    let put = |file: &str, text: &str| tree.put(&format!("proc/spl/kstat/zfs/{file}"), text);
    put("arcstats", &[HEAD, "hits 4 1\nmemory_available_bytes 3 -2\nname 7 x\n"].concat());
    put("fm", &[HEAD, "erpt-dropped  4  18\n"].concat());
    put("import_progress", "text");
    put("tank/io", "12 3 0x00\nnread nwritten other rcnt\n3 4 99 5\n");
    put("tank/state", "DEGRADED\n");
    put("tank/objset-0x36", &[HEAD, "dataset_name 7 tank\nwrites 4 6\nnread 4 7\n"].concat());
    put("tank/objset-0x40", &[HEAD, "dataset_name 7 tank/a  b\nnread 4 8\nwrites 4 9\n"].concat());
    put("tank/txgs", "1");
    tree
}

#[test]
fn the_module_its_pools_and_datasets() {
    let tree = machine("zfs");
    let expected = [
        "zfs_arc_hits 1",
        "zfs_arc_memory_available_bytes -2",
        "zfs_fm_erpt_dropped 18",
        r#"zfs_zpool_nread{zpool="tank"} 3"#,
        r#"zfs_zpool_nwritten{zpool="tank"} 4"#,
        r#"zfs_zpool_rcnt{zpool="tank"} 5"#,
        r#"zfs_zpool_state{zpool="tank",state="degraded"} 1"#,
        r#"zfs_zpool_state{zpool="tank",state="faulted"} 0"#,
        r#"zfs_zpool_state{zpool="tank",state="offline"} 0"#,
        r#"zfs_zpool_state{zpool="tank",state="online"} 0"#,
        r#"zfs_zpool_state{zpool="tank",state="removed"} 0"#,
        r#"zfs_zpool_state{zpool="tank",state="suspended"} 0"#,
        r#"zfs_zpool_state{zpool="tank",state="unavail"} 0"#,
        r#"zfs_zpool_dataset_nread{zpool="tank",dataset="tank"} 7"#,
        r#"zfs_zpool_dataset_nread{zpool="tank",dataset="tank/a  b"} 8"#,
        r#"zfs_zpool_dataset_writes{zpool="tank",dataset="tank"} 6"#,
        r#"zfs_zpool_dataset_writes{zpool="tank",dataset="tank/a  b"} 9"#,
    ];
    let expected = expected.map(String::from).to_vec();
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut zfs = tree.open(&SPEC, dialect, &[]);
        for _ in 0..2 {
            assert_eq!(scrape(&mut zfs, dialect, &["zfs"]), (expected.clone(), 0));
        }
    }
}

#[test]
fn bad_values_drop_their_samples_and_absence_is_no_error() {
    let tree = machine("zfs-bad");
    let put = |file: &str, text: &str| tree.put(&format!("proc/spl/kstat/zfs/{file}"), text);
    put("arcstats", &[HEAD, "hits 4 many\nmisses 4\nsize 4 3\nsize 4 4\n"].concat());
    put("fm", "no head\n");
    put("tank/io", "nread nwritten rcnt\n3 x\n");
    put("tank/state", "\n");
    put("tank/objset-0x36", &[HEAD, "writes 4 6\n"].concat());
    put("tank/objset-0x40", &[HEAD, "dataset_name 7 tank\nwrites 4 -1\nnread 4 1\n"].concat());
    let mut zfs = tree.open(&SPEC, Dialect::Node, &[]);
    let expected = [
        "zfs_arc_size 3",
        r#"zfs_zpool_nread{zpool="tank"} 3"#,
        r#"zfs_zpool_dataset_nread{zpool="tank",dataset="tank"} 1"#,
    ];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut zfs, Dialect::Node, &["zfs"]), (expected, 6));
    assert!(Tree::new("zfs-none").open(&SPEC, Dialect::Node, &[]).is_unsupported());
}

#[test]
fn a_line_with_more_columns_keeps_its_number() {
    let tree = Tree::new("zfs-columns");
    let put = |file: &str, text: &str| tree.put(&format!("proc/spl/kstat/zfs/{file}"), text);
    put("arcstats", &[HEAD, "hits 4 1 new\n"].concat());
    put("tank/objset-0x36", &[HEAD, "dataset_name 7 tank\nnread 4 7 new\n"].concat());
    let mut zfs = tree.open(&SPEC, Dialect::Node, &[]);
    let expected = ["zfs_arc_hits 1", r#"zfs_zpool_dataset_nread{zpool="tank",dataset="tank"} 7"#];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut zfs, Dialect::Node, &["zfs"]), (expected, 0));
}

#[test]
fn an_unknown_state_sets_none_of_the_known_ones() {
    let tree = Tree::new("zfs-state");
    let mut zfs = tree.open(&SPEC, Dialect::Node, &[]);
    let mut states = |text: &str| {
        tree.put("proc/spl/kstat/zfs/tank/state", text);
        let (samples, errors) = scrape(&mut zfs, Dialect::Node, &["state"]);
        let is_one = |sample: &&String| sample.ends_with(" 1");
        (samples.len(), samples.iter().filter(is_one).count(), errors)
    };
    assert_eq!(states("ONLINE\n"), (7, 1, 0));
    assert_eq!(states("suspended\n"), (7, 1, 0), "of either case");
    assert_eq!(states("UNKNOWN\n"), (7, 0, 0));
    for bad in ["", "\n", "DEGRA\n", "O", "ONLINE 1\n", "\u{1}ONLINE\n", "7\n"] {
        assert_eq!(states(bad), (0, 0, 1), "{bad}");
    }
}
