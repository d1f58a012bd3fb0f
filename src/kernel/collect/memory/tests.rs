use super::*;

#[test]
fn names_are_made_from_the_kernels() {
    for (key, own, node) in [
        ("MemTotal", "memory_total_bytes", "memory_MemTotal_bytes"),
        ("SwapFree", "memory_swap_free_bytes", "memory_SwapFree_bytes"),
        ("Active(anon)", "memory_active_anon_bytes", "memory_Active_anon_bytes"),
        ("SReclaimable", "memory_sreclaimable_bytes", "memory_SReclaimable_bytes"),
        ("NFS_Unstable", "memory_nfs_unstable_bytes", "memory_NFS_Unstable_bytes"),
        ("Committed_AS", "memory_committed_as_bytes", "memory_Committed_AS_bytes"),
        ("DirectMap4k", "memory_direct_map4k_bytes", "memory_DirectMap4k_bytes"),
        ("SecPageTables", "memory_secondary_page_tables_bytes", "memory_SecPageTables_bytes"),
        ("Memory", "memory_memory_bytes", "memory_Memory_bytes"),
        ("DirectMap1G", "memory_direct_map1g_bytes", "memory_DirectMap1G_bytes"),
    ] {
        let names = DynamicFamily::of(key.as_bytes(), Unit::Kibibytes).unwrap();
        assert_eq!(names.names(), (node.as_bytes(), own.as_bytes()));
    }
    for (key, in_node) in [("Active(file)", true), ("Zswapped", true), ("HighTotal", false)] {
        assert_eq!(DynamicFamily::of(key.as_bytes(), Unit::Kibibytes).unwrap().in_node, in_node);
    }
    let count = DynamicFamily::of(b"HugePages_Total", Unit::One).unwrap();
    assert_eq!(count.name, "memory_HugePages_Total|memory_huge_pages_total");
}

#[test]
fn odd_lines_have_no_value() {
    assert_eq!(parse(b"MemFree:  12 kB"), Some((&b"MemFree"[..], Unit::Kibibytes, 12)));
    for bad in ["MemFree 12 kB", "MemFree:", "MemFree: x kB", "MemFree: 12 MB", "A: 1 kB x"] {
        assert_eq!(parse(bad.as_bytes()), None, "{bad}");
    }
    for bad in ["", "_", "Mem-Free", "Mem\u{e9}", "(x)"] {
        assert_eq!(node_name(bad.as_bytes()), None, "{bad}");
    }
}
