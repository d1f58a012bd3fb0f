use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/bcachefs/{file}"), text);
    put("u/btree_cache_size", "1.5k\n");
    put("u/compression_stats", "type compressed uncompressed average\nlz4 1.5M 3 4\n");
    put("u/errors", "bset_bad_csum  2  1767112063\n");
    put("u/btree_write_stats", "        nr  size\ninitial:  3298401  28.25k\n");
    put("u/counters/fsync", "since mount:  5\nsince filesystem creation:  6\n");
    put("u/counters/io-read", "since mount:  7\nsince filesystem creation:  8k\n");
    put("u/dev-4/label", "ssd.one\n");
    put("u/dev-4/state", "[rw] ro evacuating spare\n");
    put("u/dev-4/bucket_size", "2.00M\n");
    put("u/dev-4/nbuckets", "9\n");
    put("u/dev-4/durability", "10\n");
    put("u/dev-4/io_done", "read:\nuser  :  11\nwrite:\nuser  :  12\nneed_gc_gens:13\n");
    put(
        "u/dev-4/io_errors",
        "IO errors since filesystem creation\n  read: 14\n\
        IO errors since 8 y ago\n  read: 99\n",
    );
    tree
}

#[test]
fn every_number_of_a_file_system() {
    let tree = machine("bcachefs");
    let expected = [
        r#"bcachefs_info{uuid="u"} 1"#,
        r#"bcachefs_btree_cache_size_bytes{uuid="u"} 1536"#,
        r#"bcachefs_compression_compressed_bytes{uuid="u",algorithm="lz4"} 1572864"#,
        r#"bcachefs_compression_uncompressed_bytes{uuid="u",algorithm="lz4"} 3"#,
        r#"bcachefs_errors_total{uuid="u",error_type="bset_bad_csum"} 2"#,
        r#"bcachefs_btree_writes_total{uuid="u",type="initial"} 3298401"#,
        r#"bcachefs_btree_write_average_size_bytes{uuid="u",type="initial"} 28928"#,
        r#"bcachefs_device_info{uuid="u",device="4",label="ssd.one",state="[rw] ro evacuating spare"} 1"#,
        r#"bcachefs_device_bucket_size_bytes{uuid="u",device="4"} 2097152"#,
        r#"bcachefs_device_buckets{uuid="u",device="4"} 9"#,
        r#"bcachefs_device_durability{uuid="u",device="4"} 10"#,
        r#"bcachefs_device_io_done_bytes_total{uuid="u",device="4",operation="read",data_type="user"} 11"#,
        r#"bcachefs_device_io_done_bytes_total{uuid="u",device="4",operation="write",data_type="need_gc_gens"} 13"#,
        r#"bcachefs_device_io_done_bytes_total{uuid="u",device="4",operation="write",data_type="user"} 12"#,
        r#"bcachefs_device_io_errors_total{uuid="u",device="4",type="read"} 14"#,
    ];
    let mut expected = expected.map(String::from).to_vec();
    expected.push(r#"bcachefs_fsync_total{uuid="u"} 6"#.to_owned());
    expected.push(r#"bcachefs_io_read_total{uuid="u"} 8192"#.to_owned());
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut bcachefs = tree.open(&SPEC, dialect, &[]);
        for _ in 0..2 {
            assert_eq!(scrape(&mut bcachefs, dialect, &["bcachefs"]), (expected.clone(), 0));
        }
    }
}

#[test]
fn bad_values_drop_their_samples_and_absence_is_no_error() {
    let tree = machine("bcachefs-bad");
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/bcachefs/u/{file}"), text);
    put("btree_cache_size", "much\n");
    put("errors", "short\nbad x\n");
    put("counters/fsync", "since mount: 3\n");
    put("dev-4/io_done", "user: 1\nread:\nuser: -1\nsb: 2\n");
    put("dev-4/io_errors", "IO errors since filesystem creation\n read: x\n");
    let mut bcachefs = tree.open(&SPEC, Dialect::Node, &[]);
    let (lines, errors) = scrape(&mut bcachefs, Dialect::Node, &["bcachefs"]);
    assert_eq!((lines.len(), errors), (17 - 6, 5));
    assert!(Tree::new("bcachefs-none").open(&SPEC, Dialect::Node, &[]).is_unsupported());
}
