use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

fn put(tree: &Tree, node: &str, meminfo: &str, numastat: &str) {
    tree.put(&format!("sys/devices/system/node/{node}/meminfo"), meminfo);
    tree.put(&format!("sys/devices/system/node/{node}/numastat"), numastat);
}

#[test]
fn nodes_are_samples_of_one_family() {
    let tree = Tree::new("numa");
    let mut numa = tree.open(&SPEC, Dialect::Node, &[]);
    assert_eq!(scrape(&mut numa, Dialect::Own, &["numa"]), (vec![], 0));
    let first = "Node 0 MemTotal:   4 kB\nNode 0 Active(anon): 5 kB\nNode 0 HugePages_Free: 6\n";
    put(&tree, "node0", first, "numa_hit 7\nlocal_node 8\n");
    put(&tree, "node10", "Node 10 MemTotal: 9 kB\nNode 10 HugePages_Free: 1\n", "numa_hit 2\n");
    tree.put("sys/devices/system/node/possible", "0-10\n");
    let expected = [
        r#"memory_numa_MemTotal{node="0"} 4096"#,
        r#"memory_numa_MemTotal{node="10"} 9216"#,
        r#"memory_numa_Active_anon{node="0"} 5120"#,
        r#"memory_numa_HugePages_Free{node="0"} 6"#,
        r#"memory_numa_HugePages_Free{node="10"} 1"#,
        r#"memory_numa_numa_hit_total{node="0"} 7"#,
        r#"memory_numa_numa_hit_total{node="10"} 2"#,
        r#"memory_numa_local_node_total{node="0"} 8"#,
    ];
    let expected = (expected.map(String::from).to_vec(), 0);
    for _ in 0..2 {
        assert_eq!(scrape(&mut numa, Dialect::Node, &["numa"]), expected);
    }
    let mut own = tree.open(&SPEC, Dialect::Own, &[]);
    let (own, _) = scrape(&mut own, Dialect::Own, &["node=\"0\""]);
    let expected = [
        r#"memory_numa_total_bytes{node="0"} 4096"#,
        r#"memory_numa_active_anon_bytes{node="0"} 5120"#,
        r#"memory_numa_huge_pages_free{node="0"} 6"#,
        r#"memory_numa_hit_total{node="0"} 7"#,
        r#"memory_numa_local_node_total{node="0"} 8"#,
    ];
    assert_eq!(own, expected.map(String::from));
}

#[test]
fn odd_lines_are_left_out() {
    let tree = Tree::new("numa-odd");
    let lines = "Node 0 MemFree: x kB\nNode 0\nNode 0 A(b): 1 kB\nNode 0 A_b: 2 kB\nNode 0 A(b): 9 kB\nNode 0 Mem: 1 MB\n";
    put(&tree, "node0", lines, "numa_hit\nnuma_miss 1 2\nodd-name 3\n");
    put(&tree, "node1", "Node 1 A(b): 3 kB\n", &"x".repeat(MAX_TEXT));
    tree.put("sys/devices/system/node/node2/cpulist", "\n");
    put(&tree, "node01", "Node 1 A(b): 4 kB\n", "");
    let mut numa = tree.open(&SPEC, Dialect::Node, &[]);
    let expected = [r#"memory_numa_A_b{node="0"} 1024"#, r#"memory_numa_A_b{node="1"} 3072"#];
    let expected = (expected.map(String::from).to_vec(), 9);
    assert_eq!(scrape(&mut numa, Dialect::Node, &["numa"]), expected);
}
