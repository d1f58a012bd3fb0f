use super::servers::End;
use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};

const TOTALS_TEXT: &str = "\
   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
      1A       2B       3C               4D       FFFFFFFFFF

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       0        0        0                0                0
";
const SERVERS_TEXT: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A80016:0CEA wlc
  -> C0A85216:0050      Tunnel  100    248        2
  -> C0A85318:0050      Tunnel  90     11         12
UDP  [2620:0000:0000:0000:0000:0000:0000:0001]:0050 sh
  -> [2620:0000:0000:0000:0000:0000:0000:0002]:0051 Route 1 3 4
FWM  10001000 wlc
  -> C0A8321A:0000      Route   20     64         1
";

fn tree(name: &str) -> Tree {
    let tree = Tree::new(name);
    tree.put("proc/net/ip_vs_stats", TOTALS_TEXT);
    tree.put("proc/net/ip_vs", SERVERS_TEXT);
    tree
}

fn node(tree: &Tree, labels: &str) -> Opened {
    let set = [("backend-labels", labels)];
    tree.open(&SPEC, Dialect::Node, if labels.is_empty() { &[] } else { &set })
}

#[test]
fn every_number_goes_to_its_place() {
    let tree = tree("ipvs");
    let mut ipvs = node(&tree, "");
    let expected = [
        "ipvs_connections_total 26",
        "ipvs_incoming_packets_total 43",
        "ipvs_outgoing_packets_total 60",
        "ipvs_incoming_bytes_total 77",
        "ipvs_outgoing_bytes_total 1099511627775",
    ];
    let expected = expected.map(String::from).to_vec();
    assert_eq!(scrape(&mut ipvs, Dialect::Node, &["_total"]), (expected, 0));
    let label = |local, port, remote, remote_port, proto, mark| {
        format!(
            "local_address=\"{local}\",local_port=\"{port}\",remote_address=\"{remote}\",\
             remote_port=\"{remote_port}\",proto=\"{proto}\",local_mark=\"{mark}\""
        )
    };
    let marked = label("", "0", "192.168.50.26", "0", "FWM", "10001000");
    let first = label("192.168.0.22", "3306", "192.168.82.22", "80", "TCP", "");
    let second = label("192.168.0.22", "3306", "192.168.83.24", "80", "TCP", "");
    let long = label("2620::1", "80", "2620::2", "81", "UDP", "");
    let rows = [(&marked, 1), (&first, 2), (&second, 12), (&long, 4)];
    let expected = rows.map(|(l, n)| format!("ipvs_backend_connections_inactive{{{l}}} {n}"));
    let (samples, errors) = scrape(&mut ipvs, Dialect::Node, &["_inactive"]);
    assert_eq!((samples, errors), (expected.to_vec(), 0));
    let (weights, _) = scrape(&mut ipvs, Dialect::Own, &["backend_weight"]);
    let weights: Vec<_> = weights.iter().map(|w| w.rsplit(' ').next().unwrap()).collect();
    assert_eq!(weights, ["20", "100", "90", "1"]);
}

#[test]
fn servers_of_the_same_labels_are_added_up() {
    let tree = tree("ipvs-sums");
    let mut ipvs = node(&tree, "proto,local_address");
    let expected = [
        "ipvs_backend_connections_active{local_address=\"\",proto=\"FWM\"} 64",
        "ipvs_backend_connections_active{local_address=\"192.168.0.22\",proto=\"TCP\"} 259",
        "ipvs_backend_connections_active{local_address=\"2620::1\",proto=\"UDP\"} 3",
    ];
    let expected = expected.map(String::from).to_vec();
    for _ in 0..2 {
        assert_eq!(scrape(&mut ipvs, Dialect::Node, &["_active"]), (expected.clone(), 0));
    }
}

#[test]
fn a_bad_line_drops_its_servers() {
    let tree = tree("ipvs-bad");
    let bad = [
        "  -> C0A85216:0CEA Tunnel 1 2 3\n",
        "TCP  C0A80016 wlc\n",
        "  -> C0A85216:0CEA Tunnel 1 2 3\n",
        "QUIC C0A80016:0001 wlc\n",
        "TCP  C0A80016:0001 wlc\n",
        "  -> C0A85216:0CEA Tunnel 1 2\n",
        "  -> C0A85216:0CEA Tunnel -1 2 3\n",
        "  -> C0A85216:0CEA Tunnel 4 5 6\n",
    ];
    tree.put("proc/net/ip_vs", &bad.concat());
    tree.put("proc/net/ip_vs_stats", "1\n2\n  1 2 x 4 5\n");
    let (samples, errors) = scrape(&mut node(&tree, "proto"), Dialect::Node, &["ipvs"]);
    assert_eq!((samples.len(), errors), (4 + 3, 6 + 1), "{samples:?}");
    tree.put("proc/net/ip_vs_stats", "1\n2\n  1 2 3 4\n");
    tree.remove("proc/net/ip_vs");
    assert!(matches!(outcome(&mut node(&tree, "")), Err(Error::Parse(_))), "nothing is left");
    tree.remove("proc/net/ip_vs_stats");
    assert!(matches!(outcome(&mut node(&tree, "")), Err(Error::Unsupported(_))));
}

#[test]
fn ends_are_addresses_and_ports() {
    let ip = |text: &str, port| Some(End { ip: text.parse().unwrap(), port });
    assert_eq!(End::parse(b"0A000001:FFFF"), ip("10.0.0.1", 65535));
    assert_eq!(End::parse(b"[fd00:0:0:0:0:0:0:1]:0001"), ip("fd00::1", 1));
    for bad in ["", ":", "0A000001", "0A00001:0001", "[::1:0001", "0A000001:10000", "G:1"] {
        assert_eq!(End::parse(bad.as_bytes()), None, "{bad}");
    }
}
