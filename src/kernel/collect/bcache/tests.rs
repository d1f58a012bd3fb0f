use super::*;
use crate::kernel::collect::testing::{Tree, scrape};

#[test]
fn human_readable_numbers() {
    let both =
        |text: &str| [Dialect::Own, Dialect::Node].map(|dialect| number(text.as_bytes(), dialect));
    let (exact, as_theirs) = (437_760, 437_748);
    assert_eq!(both("427.5k"), [Some((false, exact)), Some((false, as_theirs))]);
    assert_eq!(both("-427.5k"), [Some((true, exact)), Some((true, as_theirs))]);
    assert_eq!(both("12"), [Some((false, 12)); 2]);
    assert_eq!(both("2G"), [Some((false, 2 << 30)); 2]);
    for bad in ["", "k", "-", "1.", ".5k", "1.x", "1q", "99999E", "1.1.1", "+1", "1 k"] {
        assert_eq!(both(bad), [None; 2], "{bad}");
    }
}

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    let put = |file: &str, text: &str| tree.put(&format!("sys/fs/bcache/{file}"), text);
    put("register", "");
    put("a-b/average_key_size", "2\n");
    put("a-b/cache_available_percent", "97\n");
    put("a-b/internal/btree_read_average_duration_us", "1305\n");
    put("a-b/bdev0/stats_total/cache_hits", "546\n");
    put(
        "a-b/bdev0/writeback_rate_debug",
        "rate:\t\t1.1M/sec\ntarget:\t20.4G\nproportional:\t-2.0k\nnext io:\t17ms\n",
    );
    put("a-b/cache0/written", "3.0k\n");
    put("a-b/cache0/priority_stats", "Unused:\t\t99%\nMetadata:\t1%\nAverage:\t10473\n");
    put("a-b/cache_replacement_policy", "lru");
    tree
}

#[test]
fn sets_and_their_devices() {
    let tree = machine("bcache");
    let mut bcache = tree.open(&SPEC, Dialect::Own, &[("priority-stats", "true")]);
    let expected = [
        r#"bcache_average_key_size_bytes{uuid="a-b"} 1024"#,
        r#"bcache_cache_available_ratio{uuid="a-b"} 0.97"#,
        r#"bcache_btree_read_average_seconds{uuid="a-b"} 0.001305"#,
        r#"bcache_dirty_target_bytes{uuid="a-b",backing_device="bdev0"} 21904333209"#,
        r#"bcache_writeback_rate_bytes{uuid="a-b",backing_device="bdev0"} 1153433"#,
        r#"bcache_writeback_rate_proportional_bytes{uuid="a-b",backing_device="bdev0"} -2048"#,
        r#"bcache_cache_hits_total{uuid="a-b",backing_device="bdev0"} 546"#,
        r#"bcache_written_bytes_total{uuid="a-b",cache_device="cache0"} 3072"#,
        r#"bcache_priority_stats_unused_ratio{uuid="a-b",cache_device="cache0"} 0.99"#,
        r#"bcache_priority_stats_metadata_ratio{uuid="a-b",cache_device="cache0"} 0.01"#,
    ];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut bcache, Dialect::Own, &["bcache"]), (expected, 0));
    let mut bcache = tree.open(&SPEC, Dialect::Node, &[]);
    let expected = [
        r#"bcache_average_key_size_sectors{uuid="a-b"} 2"#,
        r#"bcache_cache_available_percent{uuid="a-b"} 97"#,
        r#"bcache_btree_read_average_duration_seconds{uuid="a-b"} 0.000001305"#,
        r#"bcache_dirty_target_bytes{uuid="a-b",backing_device="bdev0"} 21894266880"#,
        r#"bcache_writeback_rate{uuid="a-b",backing_device="bdev0"} 1150976"#,
        r#"bcache_writeback_rate_proportional_term{uuid="a-b",backing_device="bdev0"} -2048"#,
        r#"bcache_cache_hits_total{uuid="a-b",backing_device="bdev0"} 546"#,
        r#"bcache_written_bytes_total{uuid="a-b",cache_device="cache0"} 3072"#,
    ];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut bcache, Dialect::Node, &["bcache"]), (expected, 0));
}

#[test]
fn bad_values_drop_their_samples_and_absence_is_no_error() {
    let tree = machine("bcache-bad");
    tree.put("sys/fs/bcache/a-b/average_key_size", "large\n");
    tree.put("sys/fs/bcache/a-b/bdev0/writeback_rate_debug", "rate: fast\ntarget: 1\n");
    let mut bcache = tree.open(&SPEC, Dialect::Node, &[]);
    let (lines, errors) = scrape(&mut bcache, Dialect::Node, &["bcache"]);
    assert_eq!((lines.len(), errors), (5, 2));
    let mut none = Tree::new("bcache-none").open(&SPEC, Dialect::Node, &[]);
    assert_eq!(scrape(&mut none, Dialect::Node, &["bcache"]), (vec![], 0));
}
