use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

fn put(tree: &Tree, device: &str, file: &str, text: &str) {
    tree.put(&format!("sys/block/{device}/{file}"), text);
}

#[test]
fn every_file_of_a_device_goes_to_its_family() {
    let tree = Tree::new("zram");
    put(&tree, "zram0", "disksize", "4096000\n");
    put(&tree, "zram0", "comp_algorithm", "lzo [lzo-rle] lz4 \n");
    let numbers = " 1001 1002 1003 1004 1005 1006 1007 1008 1009\n";
    put(&tree, "zram0", "mm_stat", numbers);
    put(&tree, "zram0", "io_stat", "  1011 1012 0 1014\n");
    // Not set up; another kind of disk; an older kernel.
    put(&tree, "zram1", "disksize", "0\n");
    put(&tree, "zram1", "mm_stat", "0 0 0 0 0 0 0 0 0\n");
    put(&tree, "zramx", "disksize", "5\n");
    put(&tree, "zram2", "disksize", "7000\n");
    put(&tree, "zram2", "mm_stat", "21 22 23 0 25 26 27\n");
    let zero = |family: &str, value: u64| format!(r#"zram_{family}{{device="zram0"}} {value}"#);
    let two = |family: &str, value: u64| format!(r#"zram_{family}{{device="zram2"}} {value}"#);
    let expected = [
        zero("disk_size_bytes", 4_096_000),
        two("disk_size_bytes", 7000),
        zero("original_bytes", 1001),
        two("original_bytes", 21),
        zero("compressed_bytes", 1002),
        two("compressed_bytes", 22),
        zero("memory_used_bytes", 1003),
        two("memory_used_bytes", 23),
        zero("memory_limit_bytes", 1004),
        zero("memory_used_max_bytes", 1005),
        two("memory_used_max_bytes", 25),
        zero("same_pages", 1006),
        two("same_pages", 26),
        zero("compacted_pages_total", 1007),
        two("compacted_pages_total", 27),
        zero("incompressible_pages", 1008),
        zero("failed_reads_total", 1011),
        zero("failed_writes_total", 1012),
        zero("discards_total", 1014),
        r#"zram_info{device="zram0",algorithm="lzo-rle"} 1"#.to_owned(),
    ];
    let mut zram = tree.open(&SPEC, Dialect::Own, &[]);
    let root = tree.root();
    let mut others: Vec<Dir> = (0..20).map(|_| root.dir(DIRECTORY)).collect();
    others.iter_mut().for_each(|dir| dir.open().unwrap());
    let mut crowded = crate::kernel::collect::testing::open(&root, &SPEC, Dialect::Own, &[]);
    for _ in 0..2 {
        assert_eq!(scrape(&mut zram, Dialect::Own, &["zram"]), (expected.to_vec(), 0));
        assert_eq!(scrape(&mut crowded, Dialect::Own, &["zram"]), (expected.to_vec(), 0));
    }
}

#[test]
fn devices_that_are_not_set_up_are_read_some_seconds_later() {
    let tree = Tree::new("zram-idle");
    put(&tree, "zram0", "disksize", "0\n");
    let root = tree.root();
    let mut zram = crate::kernel::collect::testing::open(&root, &SPEC, Dialect::Own, &[]);
    let mut count = |second, size: &str| {
        root.begin(Duration::from_secs(second));
        put(&tree, "zram0", "disksize", size);
        scrape(&mut zram, Dialect::Own, &["zram"]).0.len()
    };
    assert_eq!(["0\n", "4096\n"].map(|size| count(1, size)), [0, 0]);
    assert_eq!(
        [(8, "1\n"), (9, "4096\n"), (10, "0\n")].map(|(at, size)| count(at, size)),
        [0, 1, 0]
    );
    assert_eq!([(11, "1\n"), (18, "1\n")].map(|(at, size)| count(at, size)), [0, 1]);
}

#[test]
fn a_bad_number_drops_its_sample_and_no_device_is_no_error() {
    let tree = Tree::new("zram-broken");
    let mut zram = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(scrape(&mut zram, Dialect::Own, &["zram"]), (vec![], 0));
    put(&tree, "zram0", "disksize", "x\n");
    put(&tree, "zram0", "mm_stat", "1 -2 3x 18446744073709551616 5\n");
    put(&tree, "zram0", "io_stat", "");
    put(&tree, "zram0", "comp_algorithm/x", "a directory");
    assert_eq!(scrape(&mut zram, Dialect::Own, &["zram"]), (vec![], 0), "not looked for yet");
    let mut zram = tree.open(&SPEC, Dialect::Own, &[]);
    let line = |family: &str, value: u64| format!(r#"zram_{family}{{device="zram0"}} {value}"#);
    let expected = vec![line("original_bytes", 1), line("memory_used_max_bytes", 5)];
    assert_eq!(scrape(&mut zram, Dialect::Own, &["zram"]), (expected, 6));
}
