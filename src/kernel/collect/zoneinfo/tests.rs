//! Zones of made-up machines.

use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

#[test]
fn every_key_is_the_name_of_its_family() {
    for (key, family) in &KEYS {
        let key = std::str::from_utf8(key).unwrap();
        let name = family.named(Dialect::Node).unwrap().0;
        assert!(name.starts_with(&format!("zoneinfo_{key}")), "{name}");
    }
}

#[test]
fn blocks_of_lines_become_zones() {
    let tree = Tree::new("zoneinfo");
    let mut zoneinfo = tree.open(&SPEC, Dialect::Node, &[]);
    assert!(matches!(zoneinfo.error(), Some(Error::Absent(_))));
    tree.put(
        "proc/zoneinfo",
        "Node 0, zone      DMA\n  per-node stats\n      nr_dirtied   7\n  pages free     2949\n        \
         min      8\n        protection: (0, 2039)\n      nr_free_pages 2950\n  pagesets\n    cpu: 0\n\
         Node 1, zone   Normal\n        min      9\n        high     x\n        protection: (1, 2, z)\n",
    );
    let expected = [
        r#"zoneinfo_nr_free_pages{node="0",zone="DMA"} 2950"#,
        r#"zoneinfo_min_pages{node="0",zone="DMA"} 8"#,
        r#"zoneinfo_min_pages{node="1",zone="Normal"} 9"#,
        r#"zoneinfo_nr_dirtied_total{node="0",zone="DMA"} 7"#,
        r#"zoneinfo_protection_0{node="0",zone="DMA"} 0"#,
        r#"zoneinfo_protection_0{node="1",zone="Normal"} 1"#,
        r#"zoneinfo_protection_1{node="0",zone="DMA"} 2039"#,
        r#"zoneinfo_protection_1{node="1",zone="Normal"} 2"#,
    ];
    let expected = (expected.map(String::from).to_vec(), 2);
    assert_eq!(scrape(&mut zoneinfo, Dialect::Node, &["zoneinfo"]), expected);
    tree.put("proc/zoneinfo", "Node 0 zone DMA\n");
    assert!(matches!(zoneinfo.error(), Some(Error::Parse(..))));
}

#[test]
fn a_bad_or_repeated_zone_costs_only_its_block() {
    let tree = Tree::new("zoneinfo-twice");
    tree.put(
        "proc/zoneinfo",
        "Node 0, zone DMA\n  min 1\nNode 0 zone bad\n  min 2\nNode 0, zone DMA\n  min 3\n  high x\n\
         Node 0, zone Normal\n  min 4\n",
    );
    let mut zoneinfo = tree.open(&SPEC, Dialect::Node, &[]);
    let expected = [
        r#"zoneinfo_min_pages{node="0",zone="DMA"} 1"#,
        r#"zoneinfo_min_pages{node="0",zone="Normal"} 4"#,
    ];
    let expected = (expected.map(String::from).to_vec(), 2);
    assert_eq!(scrape(&mut zoneinfo, Dialect::Node, &["zoneinfo"]), expected);
}
