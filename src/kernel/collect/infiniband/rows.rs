//! The table of a port's attributes: their families, and the file of each. Counters that are not in
//! `counters` but in `counters_ext` are those of kernels before 4.5.

use super::super::attributes::{Attribute, Form, leading, unsigned};
use crate::kernel::read::scan;
use crate::model::metric::{Family, Unit::Millis, Unit::One, Value, counter, families, gauge};

/// Bytes of a word in which data is counted.
const WORD: u32 = 4;

/// A thousandth of a gigabit, in bytes.
const MEGABIT: u32 = 125_000;

const PORT: &[&str] = &["device", "port"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 65] = families![
    gauge("infiniband_info", One, "Always 1; the labels describe the device.",     &["device", "board_id", "firmware_version", "hca_type"]),
    gauge("infiniband_state_id",                                   One,    "State of the port: 1 down, 2 init, 3 armed, 4 active, 5 active and deferred.", PORT),
    gauge("infiniband_physical_state_id",                          One,    "Physical state of the port: 1 sleep, 2 polling, 3 disabled, 4 training, 5 link up, 6 recovering, 7 test.", PORT),
    gauge("infiniband_rate_bytes_per_second",                      One,    "Highest rate of the port.", PORT),
    gauge("infiniband_lifespan_seconds",                           Millis, "How old the hardware's counters may be when they are read.", PORT),
    counter("infiniband_legacy_multicast_packets_received_total",    One,    "Multicast packets received.", PORT),
    counter("infiniband_legacy_multicast_packets_transmitted_total", One,    "Multicast packets sent.", PORT),
    counter("infiniband_legacy_data_received_bytes_total",           One,    "Data received.", PORT),
    counter("infiniband_legacy_packets_received_total",              One,    "Packets received.", PORT),
    counter("infiniband_legacy_unicast_packets_received_total",      One,    "Unicast packets received.", PORT),
    counter("infiniband_legacy_unicast_packets_transmitted_total",   One,    "Unicast packets sent.", PORT),
    counter("infiniband_legacy_data_transmitted_bytes_total",        One,    "Data sent.", PORT),
    counter("infiniband_legacy_packets_transmitted_total",           One,    "Packets sent.", PORT),
    counter("infiniband_excessive_buffer_overrun_errors_total",      One,    "How often buffers overflowed for several updates in a row.", PORT),
    counter("infiniband_link_downed_total",                          One,    "How often the link did not recover and went down.", PORT),
    counter("infiniband_link_error_recovery_total",                  One,    "How often the link recovered from an error.", PORT),
    counter("infiniband_local_link_integrity_errors_total",          One,    "How often errors of the own side exceeded the threshold.", PORT),
    counter("infiniband_multicast_packets_received_total",           One,    "Multicast packets received, bad ones included.", PORT),
    counter("infiniband_multicast_packets_transmitted_total",        One,    "Multicast packets sent, bad ones included.", PORT),
    counter("infiniband_port_constraint_errors_received_total",      One,    "Packets received that the port's rules forbid.", PORT),
    counter("infiniband_port_constraint_errors_transmitted_total",   One,    "Packets not sent, which the port's rules forbid.", PORT),
    counter("infiniband_port_data_received_bytes_total",             One,    "Data received.", PORT),
    counter("infiniband_port_data_transmitted_bytes_total",          One,    "Data sent.", PORT),
    counter("infiniband_port_discards_received_total",               One,    "Packets received and dropped, as the port was down or congested.", PORT),
    counter("infiniband_port_discards_transmitted_total",            One,    "Packets not sent, as the port was down or congested.", PORT),
    counter("infiniband_port_errors_received_total",                 One,    "Packets received with an error.", PORT),
    counter("infiniband_port_packets_received_total",                One,    "Packets received on all lanes, bad ones included.", PORT),
    counter("infiniband_port_packets_transmitted_total",             One,    "Packets sent on all lanes, bad ones included.", PORT),
    counter("infiniband_port_receive_remote_physical_errors_total",  One,    "Packets received that were marked as bad on the way.", PORT),
    counter("infiniband_port_receive_switch_relay_errors_total",     One,    "Packets that the switch could not forward.", PORT),
    counter("infiniband_port_transmit_wait_total",                   One,    "Ticks in which there was data and none could be sent.", PORT),
    counter("infiniband_symbol_error_total",                         One,    "Minor errors of the link.", PORT),
    counter("infiniband_unicast_packets_received_total",             One,    "Unicast packets received, bad ones included.", PORT),
    counter("infiniband_unicast_packets_transmitted_total",          One,    "Unicast packets sent, bad ones included.", PORT),
    counter("infiniband_vl15_dropped_total",                         One,    "Management packets dropped for lack of room.", PORT),
    counter("infiniband_duplicate_requests_packets_total",           One,    "Packets that ask for what was done before.", PORT),
    counter("infiniband_implied_nak_seq_errors_total",               One,    "Answers whose number was higher than expected.", PORT),
    counter("infiniband_local_ack_timeout_errors_total",             One,    "How often an acknowledgement did not come in time.", PORT),
    counter("infiniband_np_cnp_packets_sent_total",                  One,    "Packets sent to signal congestion.",  PORT),
    counter("infiniband_np_ecn_marked_roce_packets_received_total",  One,    "Packets received that were marked for congestion.", PORT),
    counter("infiniband_out_of_buffer_drops_total",                  One,    "Packets dropped for lack of a place to put them.", PORT),
    counter("infiniband_out_of_sequence_packets_received_total",     One,    "Packets received out of order.", PORT),
    counter("infiniband_packet_sequence_errors_total",               One,    "Answers received that report a packet out of order.",  PORT),
    counter("infiniband_req_cqes_errors_total",                      One,    "Requests that ended with an error.", PORT),
    counter("infiniband_req_cqes_flush_errors_total",                One,    "Requests that were flushed.", PORT),
    counter("infiniband_req_remote_access_errors_total",             One,    "Requests that the other side did not allow.", PORT),
    counter("infiniband_req_remote_invalid_request_errors_total",    One,    "Requests that the other side called invalid.", PORT),
    counter("infiniband_resp_cqes_errors_total",                     One,    "Answers that ended with an error.", PORT),
    counter("infiniband_resp_cqes_flush_errors_total",               One,    "Answers that were flushed.", PORT),
    counter("infiniband_resp_local_length_errors_total",             One,    "Requests of a wrong length.", PORT),
    counter("infiniband_resp_remote_access_errors_total",            One,    "Requests that were not allowed.", PORT),
    counter("infiniband_rnr_nak_retry_packets_received_total",       One,    "Answers received that the other side was not ready.", PORT),
    counter("infiniband_roce_adp_retransmits_total",                 One,    "Adaptive retransmissions.", PORT),
    counter("infiniband_roce_adp_retransmits_timeout_total",         One,    "Timeouts of adaptive retransmissions.", PORT),
    counter("infiniband_roce_slow_restart_used_total",               One,    "How often slow restart was used.", PORT),
    counter("infiniband_roce_slow_restart_cnps_total",               One,    "Packets that slow restart made to signal congestion.",  PORT),
    counter("infiniband_roce_slow_restart_total",                    One,    "How often slow restart began.", PORT),
    counter("infiniband_rp_cnp_packets_handled_total",               One,    "Packets that signalled congestion and slowed the port down.", PORT),
    counter("infiniband_rp_cnp_ignored_packets_received_total",      One,    "Packets that signalled congestion and were ignored.", PORT),
    counter("infiniband_rx_atomic_requests_total",                   One,    "Atomic requests received.", PORT),
    counter("infiniband_rx_dct_connect_requests_total",              One,    "Requests to connect that were received.", PORT),
    counter("infiniband_rx_read_requests_total",                     One,    "Requests to read that were received.", PORT),
    counter("infiniband_rx_write_requests_total",                    One,    "Requests to write that were received.", PORT),
    counter("infiniband_rx_icrc_encapsulated_errors_total",          One,    "Packets received with a wrong check sum.", PORT),
    gauge("infiniband_age_seconds", Millis, "Time since a slow file of the port was read, if not in this scrape.", PORT).only_own(),
];

#[rustfmt::skip] // a table
pub static ATTRIBUTES: [Attribute; 63] = [
    of("state",                                    leading,  &FAMILIES[1]),
    of("phys_state",                               leading,  &FAMILIES[2]),
    of("rate",                                     rate,     &FAMILIES[3]),
    of("hw_counters/lifespan",                     unsigned, &FAMILIES[4]),
    of("counters_ext/port_multicast_rcv_packets",  unsigned, &FAMILIES[5]),
    of("counters_ext/port_multicast_xmit_packets", unsigned, &FAMILIES[6]),
    of("counters_ext/port_rcv_data_64",            words,    &FAMILIES[7]),
    of("counters_ext/port_rcv_packets_64",         unsigned, &FAMILIES[8]),
    of("counters_ext/port_unicast_rcv_packets",    unsigned, &FAMILIES[9]),
    of("counters_ext/port_unicast_xmit_packets",   unsigned, &FAMILIES[10]),
    of("counters_ext/port_xmit_data_64",           words,    &FAMILIES[11]),
    of("counters_ext/port_xmit_packets_64",        unsigned, &FAMILIES[12]),
    of("counters/excessive_buffer_overrun_errors", unsigned, &FAMILIES[13]),
    of("counters/link_downed",                     unsigned, &FAMILIES[14]),
    of("counters/link_error_recovery",             unsigned, &FAMILIES[15]),
    of("counters/local_link_integrity_errors",     unsigned, &FAMILIES[16]),
    of("counters/multicast_rcv_packets",           unsigned, &FAMILIES[17]),
    of("counters/multicast_xmit_packets",          unsigned, &FAMILIES[18]),
    of("counters/port_rcv_constraint_errors",      unsigned, &FAMILIES[19]),
    of("counters/port_xmit_constraint_errors",     unsigned, &FAMILIES[20]),
    of("counters/port_rcv_data",                   words,    &FAMILIES[21]),
    of("counters/port_xmit_data",                  words,    &FAMILIES[22]),
    of("counters/port_rcv_discards",               unsigned, &FAMILIES[23]),
    of("counters/port_xmit_discards",              unsigned, &FAMILIES[24]),
    of("counters/port_rcv_errors",                 unsigned, &FAMILIES[25]),
    of("counters/port_rcv_packets",                unsigned, &FAMILIES[26]),
    of("counters/port_xmit_packets",               unsigned, &FAMILIES[27]),
    of("counters/port_rcv_remote_physical_errors", unsigned, &FAMILIES[28]),
    of("counters/port_rcv_switch_relay_errors",    unsigned, &FAMILIES[29]),
    of("counters/port_xmit_wait",                  unsigned, &FAMILIES[30]),
    of("counters/symbol_error",                    unsigned, &FAMILIES[31]),
    of("counters/unicast_rcv_packets",             unsigned, &FAMILIES[32]),
    of("counters/unicast_xmit_packets",            unsigned, &FAMILIES[33]),
    of("counters/VL15_dropped",                    unsigned, &FAMILIES[34]),
    of("hw_counters/duplicate_request",            unsigned, &FAMILIES[35]),
    of("hw_counters/implied_nak_seq_err",          unsigned, &FAMILIES[36]),
    of("hw_counters/local_ack_timeout_err",        unsigned, &FAMILIES[37]),
    of("hw_counters/np_cnp_sent",                  unsigned, &FAMILIES[38]),
    of("hw_counters/np_ecn_marked_roce_packets",   unsigned, &FAMILIES[39]),
    of("hw_counters/out_of_buffer",                unsigned, &FAMILIES[40]),
    of("hw_counters/out_of_sequence",              unsigned, &FAMILIES[41]),
    of("hw_counters/packet_seq_err",               unsigned, &FAMILIES[42]),
    of("hw_counters/req_cqe_error",                unsigned, &FAMILIES[43]),
    of("hw_counters/req_cqe_flush_error",          unsigned, &FAMILIES[44]),
    of("hw_counters/req_remote_access_errors",     unsigned, &FAMILIES[45]),
    of("hw_counters/req_remote_invalid_request",   unsigned, &FAMILIES[46]),
    of("hw_counters/resp_cqe_error",               unsigned, &FAMILIES[47]),
    of("hw_counters/resp_cqe_flush_error",         unsigned, &FAMILIES[48]),
    of("hw_counters/resp_local_length_error",      unsigned, &FAMILIES[49]),
    of("hw_counters/resp_remote_access_errors",    unsigned, &FAMILIES[50]),
    of("hw_counters/rnr_nak_retry_err",            unsigned, &FAMILIES[51]),
    of("hw_counters/roce_adp_retrans",             unsigned, &FAMILIES[52]),
    of("hw_counters/roce_adp_retrans_to",          unsigned, &FAMILIES[53]),
    of("hw_counters/roce_slow_restart",            unsigned, &FAMILIES[54]),
    of("hw_counters/roce_slow_restart_cnps",       unsigned, &FAMILIES[55]),
    of("hw_counters/roce_slow_restart_trans",      unsigned, &FAMILIES[56]),
    of("hw_counters/rp_cnp_handled",               unsigned, &FAMILIES[57]),
    of("hw_counters/rp_cnp_ignored",               unsigned, &FAMILIES[58]),
    of("hw_counters/rx_atomic_requests",           unsigned, &FAMILIES[59]),
    of("hw_counters/rx_dct_connect",               unsigned, &FAMILIES[60]),
    of("hw_counters/rx_read_requests",             unsigned, &FAMILIES[61]),
    of("hw_counters/rx_write_requests",            unsigned, &FAMILIES[62]),
    of("hw_counters/rx_icrc_encapsulated",         unsigned, &FAMILIES[63]),
];

const fn of(file: &'static str, form: Form, family: &'static Family<'static>) -> Attribute {
    Attribute { file, family, form }
}

fn words(_: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::uint(text).map(|words| Value::times(words, WORD))
}

/// Parses `2.5 Gb/sec (1X SDR)`.
fn rate(_: &Family<'static>, text: &[u8]) -> Option<Value> {
    let gigabits = scan::decimal(scan::fields(text).next()?, 3)?;
    Some(Value::times(u64::try_from(gigabits).ok()?, MEGABIT))
}
