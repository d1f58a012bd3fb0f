use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{Tree, scrape};

fn machine(name: &str) -> Tree {
    let tree = Tree::new(name);
    for (file, text) in [
        ("mlx5_0/board_id", "SM_1141"),
        ("mlx5_0/fw_ver", "2.31.5050"),
        ("mlx5_0/ports/1/state", "4: ACTIVE"),
        ("mlx5_0/ports/1/phys_state", "5: LinkUp"),
        ("mlx5_0/ports/1/rate", "2.5 Gb/sec (1X SDR)"),
        ("mlx5_0/ports/1/counters/port_rcv_data", "4631917"),
        ("mlx5_0/ports/1/counters/VL15_dropped", "N/A (no PMA)"),
        ("mlx5_0/ports/1/counters_ext/port_rcv_data_64", "7"),
        ("mlx5_0/ports/1/hw_counters/lifespan", "10"),
        ("mlx5_0/ports/1/hw_counters/out_of_sequence", "9"),
        ("mlx5_0/ports/2/rate", "fast"),
        ("i40iw0/ports/1/counters/symbol_error/x", "reading it is EISDIR"),
    ] {
        tree.put(&format!("sys/class/infiniband/{file}"), &format!("{text}\n"));
    }
    tree
}

#[test]
fn devices_and_ports() {
    let tree = machine("infiniband");
    let mut devices = tree.open(&SPEC, Dialect::Node, &[]);
    let port = |name: &str, value: &str| {
        format!(r#"infiniband_{name}{{device="mlx5_0",port="1"}} {value}"#)
    };
    let info = |device, board, firmware| {
        let labels = format!(r#"board_id="{board}",firmware_version="{firmware}",hca_type="""#);
        format!(r#"infiniband_info{{device="{device}",{labels}}} 1"#)
    };
    let expected = vec![
        info("i40iw0", "", ""),
        info("mlx5_0", "SM_1141", "2.31.5050"),
        port("state_id", "4"),
        port("physical_state_id", "5"),
        port("rate_bytes_per_second", "312500000"),
        port("lifespan_seconds", "0.010"),
        port("legacy_data_received_bytes_total", "28"),
        port("port_data_received_bytes_total", "18527668"),
        port("out_of_sequence_packets_received_total", "9"),
    ];
    for _ in 0..2 {
        let got = scrape(&mut devices, Dialect::Node, &["infiniband"]);
        assert_eq!(got, (expected.clone(), 2));
    }
}

#[test]
fn devices_can_be_left_out() {
    let tree = machine("infiniband-some");
    let set = [("device-exclude", "^mlx")];
    let mut devices = tree.open(&SPEC, Dialect::Own, &set);
    let (lines, errors) = scrape(&mut devices, Dialect::Own, &["infiniband"]);
    assert_eq!((lines.len(), errors), (1, 1), "{lines:?}");
    let mut none = Tree::new("infiniband-none").open(&SPEC, Dialect::Own, &[]);
    assert!(matches!(none.failure(), Some(Error::Unsupported(_))));
}

#[rustfmt::skip] // a table: the file and its metric
const COUNTERS: [(&str, &str); 55] = [
    ("counters_ext/port_multicast_rcv_packets",  "legacy_multicast_packets_received_total"),
    ("counters_ext/port_multicast_xmit_packets", "legacy_multicast_packets_transmitted_total"),
    ("counters_ext/port_rcv_packets_64",         "legacy_packets_received_total"),
    ("counters_ext/port_unicast_rcv_packets",    "legacy_unicast_packets_received_total"),
    ("counters_ext/port_unicast_xmit_packets",   "legacy_unicast_packets_transmitted_total"),
    ("counters_ext/port_xmit_packets_64",        "legacy_packets_transmitted_total"),
    ("counters/excessive_buffer_overrun_errors", "excessive_buffer_overrun_errors_total"),
    ("counters/link_downed",                     "link_downed_total"),
    ("counters/link_error_recovery",             "link_error_recovery_total"),
    ("counters/local_link_integrity_errors",     "local_link_integrity_errors_total"),
    ("counters/multicast_rcv_packets",           "multicast_packets_received_total"),
    ("counters/multicast_xmit_packets",          "multicast_packets_transmitted_total"),
    ("counters/port_rcv_constraint_errors",      "port_constraint_errors_received_total"),
    ("counters/port_xmit_constraint_errors",     "port_constraint_errors_transmitted_total"),
    ("counters/port_rcv_discards",               "port_discards_received_total"),
    ("counters/port_xmit_discards",              "port_discards_transmitted_total"),
    ("counters/port_rcv_errors",                 "port_errors_received_total"),
    ("counters/port_rcv_packets",                "port_packets_received_total"),
    ("counters/port_xmit_packets",               "port_packets_transmitted_total"),
    ("counters/port_rcv_remote_physical_errors", "port_receive_remote_physical_errors_total"),
    ("counters/port_rcv_switch_relay_errors",    "port_receive_switch_relay_errors_total"),
    ("counters/port_xmit_wait",                  "port_transmit_wait_total"),
    ("counters/symbol_error",                    "symbol_error_total"),
    ("counters/unicast_rcv_packets",             "unicast_packets_received_total"),
    ("counters/unicast_xmit_packets",            "unicast_packets_transmitted_total"),
    ("counters/VL15_dropped",                    "vl15_dropped_total"),
    ("hw_counters/duplicate_request",            "duplicate_requests_packets_total"),
    ("hw_counters/implied_nak_seq_err",          "implied_nak_seq_errors_total"),
    ("hw_counters/local_ack_timeout_err",        "local_ack_timeout_errors_total"),
    ("hw_counters/np_cnp_sent",                  "np_cnp_packets_sent_total"),
    ("hw_counters/np_ecn_marked_roce_packets",   "np_ecn_marked_roce_packets_received_total"),
    ("hw_counters/out_of_buffer",                "out_of_buffer_drops_total"),
    ("hw_counters/out_of_sequence",              "out_of_sequence_packets_received_total"),
    ("hw_counters/packet_seq_err",               "packet_sequence_errors_total"),
    ("hw_counters/req_cqe_error",                "req_cqes_errors_total"),
    ("hw_counters/req_cqe_flush_error",          "req_cqes_flush_errors_total"),
    ("hw_counters/req_remote_access_errors",     "req_remote_access_errors_total"),
    ("hw_counters/req_remote_invalid_request",   "req_remote_invalid_request_errors_total"),
    ("hw_counters/resp_cqe_error",               "resp_cqes_errors_total"),
    ("hw_counters/resp_cqe_flush_error",         "resp_cqes_flush_errors_total"),
    ("hw_counters/resp_local_length_error",      "resp_local_length_errors_total"),
    ("hw_counters/resp_remote_access_errors",    "resp_remote_access_errors_total"),
    ("hw_counters/rnr_nak_retry_err",            "rnr_nak_retry_packets_received_total"),
    ("hw_counters/roce_adp_retrans",             "roce_adp_retransmits_total"),
    ("hw_counters/roce_adp_retrans_to",          "roce_adp_retransmits_timeout_total"),
    ("hw_counters/roce_slow_restart",            "roce_slow_restart_used_total"),
    ("hw_counters/roce_slow_restart_cnps",       "roce_slow_restart_cnps_total"),
    ("hw_counters/roce_slow_restart_trans",      "roce_slow_restart_total"),
    ("hw_counters/rp_cnp_handled",               "rp_cnp_packets_handled_total"),
    ("hw_counters/rp_cnp_ignored",               "rp_cnp_ignored_packets_received_total"),
    ("hw_counters/rx_atomic_requests",           "rx_atomic_requests_total"),
    ("hw_counters/rx_dct_connect",               "rx_dct_connect_requests_total"),
    ("hw_counters/rx_read_requests",             "rx_read_requests_total"),
    ("hw_counters/rx_write_requests",            "rx_write_requests_total"),
    ("hw_counters/rx_icrc_encapsulated",         "rx_icrc_encapsulated_errors_total"),
];

#[test]
fn every_counter_goes_to_its_family() {
    let tree = Tree::new("infiniband-all");
    for (n, (file, _)) in (101..).zip(COUNTERS) {
        tree.put(&format!("sys/class/infiniband/a/ports/1/{file}"), &format!("{n}\n"));
    }
    for (file, n) in [("counters/port_rcv_data", 21), ("counters/port_xmit_data", 22)] {
        tree.put(&format!("sys/class/infiniband/a/ports/1/{file}"), &format!("{n}\n"));
    }
    for (file, n) in [("port_rcv_data_64", 23), ("port_xmit_data_64", 24)] {
        tree.put(&format!("sys/class/infiniband/a/ports/1/counters_ext/{file}"), &format!("{n}\n"));
    }
    let counters = (101..).zip(COUNTERS).map(|(n, (_, name))| (name, n));
    let bytes = [
        ("port_data_received_bytes_total", 84),
        ("port_data_transmitted_bytes_total", 88),
        ("legacy_data_received_bytes_total", 92),
        ("legacy_data_transmitted_bytes_total", 96),
    ];
    let line = |(name, n): (&str, u32)| format!(r#"infiniband_{name}{{device="a",port="1"}} {n}"#);
    let mut expected: Vec<String> = counters.chain(bytes).map(line).collect();
    let mut devices = tree.open(&SPEC, Dialect::Own, &[]);
    let (mut lines, errors) = scrape(&mut devices, Dialect::Own, &["_total{"]);
    expected.sort_unstable();
    lines.sort_unstable();
    assert_eq!((lines, errors), (expected, 0));
}
