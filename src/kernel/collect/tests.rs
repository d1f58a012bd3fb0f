use super::*;
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::model::metric::Kind;
use std::collections::HashSet;

const ODD: [&str; 2] =
    ["systemd_socket_refused_connections_total", "supervisord_start_time_seconds"];

#[test]
fn names_are_unique_and_well_formed() {
    for dialect in [Dialect::Own, Dialect::Node] {
        let mut seen = HashSet::new();
        for family in COLLECTORS.iter().flat_map(|c| c.families) {
            let Some((name, _)) = family.named(dialect) else { continue };
            assert!(seen.insert(name), "{name} declared twice in {dialect:?}");
            assert!(family.help().ends_with('.'), "{name}");
            let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(is_word), "{name}");
            // Two of node_exporter's have a type that contradicts their names.
            let is_odd = dialect == Dialect::Node && ODD.contains(&name);
            let is_total = name.ends_with("_total") != is_odd;
            assert_eq!(family.kind == Kind::Counter, is_total, "{name}");
        }
    }
}

/// In node_exporter's dialect no family that it lacks is taken for its own.
#[test]
fn collectors_that_node_exporter_lacks_have_our_prefix() {
    for spec in COLLECTORS {
        let is_ours = spec.subject.node_name.is_empty();
        for family in spec.families.iter().filter(|f| f.named(Dialect::Node).is_some()) {
            let prefix = family.prefix(Dialect::Node);
            assert_eq!(prefix == "sysmetrics_", is_ours, "{}", family.names().0);
        }
        assert!(!is_ours || spec.dynamic.is_empty(), "{}", spec.subject.name);
    }
}

#[test]
#[cfg(feature = "hub")] // the build without has fewer
fn every_file_is_in_the_table() {
    for entry in std::fs::read_dir("src/kernel/collect").unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let registered = COLLECTORS.iter().any(|c| c.subject.name == name);
        let is_engine = [
            "attributes",
            "collector",
            "cpu_columns",
            "gathered",
            "growth",
            "info",
            "kept",
            "keyed",
            "learned",
            "lines",
            "mod",
            "seen",
            "slow",
            "subtree",
            "testing",
            "tests",
            "ubus",
        ]
        .contains(&&*name);
        assert!(is_engine || registered, "{name} is not registered");
    }
}

/// A file of which nothing can be used is a failure, not an empty success.
#[test]
fn a_collector_fails_if_its_whole_file_is_refused() {
    let words = "alpha beta gamma\ndelta\n";
    let files: [(&Spec, &[&str], &str); 15] = [
        (&nfs::SPEC, &["net/rpc/nfs"], "\n"),
        (&nfsd::SPEC, &["net/rpc/nfsd"], words),
        (&xfrm::SPEC, &["net/xfrm_stat"], "\n"),
        (&buddyinfo::SPEC, &["buddyinfo"], words),
        (&slabinfo::SPEC, &["slabinfo"], words),
        (&slabinfo::SPEC, &["slabinfo"], "a b c d e f\n"),
        (&cgroups::SPEC, &["cgroups"], "\n"),
        (&disk::SPEC, &["diskstats"], words),
        (&entropy::SPEC, &["sys/kernel/random/entropy_avail"], words),
        (&pressure::SPEC, &["pressure/cpu", "pressure/io"], "\n"),
        (&sockstat::SPEC, &["net/sockstat"], "TCP: inuse x\n"),
        (&netstat::SPEC, &["net/snmp", "net/netstat"], words),
        (&mdadm::SPEC, &["mdstat"], "md0 : 1\n"),
        (&conntrack::SPEC, &["sys/net/netfilter/nf_conntrack_count"], "\n"),
        (&ipvs::SPEC, &["net/ip_vs_stats", "net/ip_vs"], words),
    ];
    for (spec, paths, text) in files {
        let name = spec.subject.name;
        let tree = testing::Tree::new(&format!("refused-{name}"));
        paths.iter().for_each(|path| tree.put(&format!("proc/{path}"), text));
        for dialect in [Dialect::Own, Dialect::Node] {
            let failure = tree.open(spec, dialect, &[]).failure();
            assert!(matches!(failure, Some(Error::Parse(_))), "{name}: {failure:?}");
        }
    }
}
