//! The families of network interfaces, and which of them are shown: by default the columns of the kernel's
//! file, some of which are sums, or each statistic of netlink by itself.

use super::stats::FILE;
use crate::base::dialect::Dialect;
use crate::model::metric::{Family, Unit::One, counter, families, gauge};

/// node_exporter's key and ours, without and with an alias.
const DEVICE: &[&str] = &["device", "interface"];
const ALIASED: &[&str] = &["device", "ifalias", "interface", "ifalias"];

/// node_exporter's keys and ours.
const ADDRESS: &[&str] =
    &["device", "address", "netmask", "scope", "interface", "address", "netmask", "scope"];

/// Families that only the detailed view has.
const DETAILS: usize = 17;

/// In the order of the first columns, then the addresses, then those that only the detailed view has.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; SUMMED + 1 + DETAILS] = families![
    counter("network_receive_bytes_total",       One, "Bytes received.",                                     DEVICE).own_keys(),
    counter("network_receive_packets_total",     One, "Packets received.",                                   DEVICE).own_keys(),
    counter("network_receive_errs_total|network_receive_errors_total", One, "Packets received with an error.",                     DEVICE).own_keys(),
    counter("network_receive_drop_total",        One, "Packets received and dropped.",                       DEVICE).own_keys(),
    counter("network_receive_fifo_total",        One, "Packets lost because a receive queue was full.",      DEVICE).own_keys(),
    counter("network_receive_frame_total",       One, "Packets received with a bad length, CRC or frame.",   DEVICE).own_keys(),
    counter("network_receive_compressed_total",  One, "Compressed packets received.",                        DEVICE).own_keys(),
    counter("network_receive_multicast_total",   One, "Multicast packets received.",                         DEVICE).own_keys(),
    counter("network_transmit_bytes_total",      One, "Bytes transmitted.",                                  DEVICE).own_keys(),
    counter("network_transmit_packets_total",    One, "Packets transmitted.",                                DEVICE).own_keys(),
    counter("network_transmit_errs_total|network_transmit_errors_total", One, "Packets not transmitted because of an error.",        DEVICE).own_keys(),
    counter("network_transmit_drop_total",       One, "Packets dropped instead of transmitted.",             DEVICE).own_keys(),
    counter("network_transmit_fifo_total",       One, "Packets lost because a transmit queue ran empty.",    DEVICE).own_keys(),
    counter("network_transmit_colls_total",      One, "Collisions while transmitting.",                      DEVICE).own_keys(),
    counter("network_transmit_carrier_total",    One, "Packets not transmitted because the link was lost.",  DEVICE).own_keys(),
    counter("network_transmit_compressed_total", One, "Compressed packets transmitted.",                     DEVICE).own_keys(),
    counter("network_receive_nohandler_total",   One, "Packets received that no protocol wanted.",           DEVICE).own_keys(),
    gauge(  "network_address_info",              One, "Always 1; the labels have an address of the interface.", ADDRESS).own_keys(),
    counter("network_receive_errors_total", One, "Packets received with an error.", DEVICE).own_keys().only_node(),
    counter("network_transmit_errors_total", One, "Packets not transmitted because of an error.", DEVICE).own_keys().only_node(),
    counter("network_multicast_total", One, "Multicast packets received.", DEVICE).own_keys().only_node(),
    counter("network_collisions_total", One, "Collisions while transmitting.", DEVICE).own_keys().only_node(),
    counter("network_receive_dropped_total", One, "Packets received and dropped by the kernel.", DEVICE).own_keys(),
    counter("network_transmit_dropped_total", One, "Packets dropped by the kernel instead of transmitted.", DEVICE).own_keys(),
    counter("network_receive_length_errors_total", One, "Packets received with a bad length.", DEVICE).own_keys(),
    counter("network_receive_over_errors_total", One, "Packets received that were longer than the receiver's memory.", DEVICE).own_keys(),
    counter("network_receive_crc_errors_total", One, "Packets received with a bad CRC.", DEVICE).own_keys(),
    counter("network_receive_frame_errors_total", One, "Packets received with a bad frame.", DEVICE).own_keys(),
    counter("network_receive_fifo_errors_total", One, "Packets lost because a receive queue was full.", DEVICE).own_keys(),
    counter("network_receive_missed_errors_total", One, "Packets lost because the device had no room.", DEVICE).own_keys(),
    counter("network_transmit_aborted_errors_total", One, "Packets not transmitted because the device gave up.", DEVICE).own_keys(),
    counter("network_transmit_carrier_errors_total", One, "Packets not transmitted because the link was lost.", DEVICE).own_keys(),
    counter("network_transmit_fifo_errors_total", One, "Packets lost because a transmit queue ran empty.", DEVICE).own_keys(),
    counter("network_transmit_heartbeat_errors_total", One, "Packets transmitted without the signal of quality.", DEVICE).own_keys(),
    counter("network_transmit_window_errors_total", One, "Packets not transmitted because of a late collision.", DEVICE).own_keys(),
];

/// The family of addresses.
pub const ADDRESS_INFO: usize = SUMMED;

/// How many columns are shown by default: those of the file, and one that only netlink has.
const SUMMED: usize = FILE + 1;

/// Where the families begin that only the detailed view has.
const FIRST: usize = SUMMED + 1;

/// A column and its family in node_exporter's dialect and in ours, as indices into `FAMILIES`.
type ColumnFamilies = (usize, [usize; 2]);

/// The detailed view from netlink, in the order of `struct rtnl_link_stats64`.
const BY_NETLINK: [ColumnFamilies; 24] = [
    (1, [1, 1]),
    (9, [9, 9]),
    (0, [0, 0]),
    (8, [8, 8]),
    (2, [FIRST, 2]),
    (10, [FIRST + 1, 10]),
    (17, [FIRST + 4, FIRST + 4]),
    (11, [FIRST + 5, FIRST + 5]),
    (7, [FIRST + 2, 7]),
    (13, [FIRST + 3, 13]),
    (18, [FIRST + 6, FIRST + 6]),
    (19, [FIRST + 7, FIRST + 7]),
    (20, [FIRST + 8, FIRST + 8]),
    (21, [FIRST + 9, FIRST + 9]),
    (4, [FIRST + 10, FIRST + 10]),
    (22, [FIRST + 11, FIRST + 11]),
    (23, [FIRST + 12, FIRST + 12]),
    (24, [FIRST + 13, FIRST + 13]),
    (12, [FIRST + 14, FIRST + 14]),
    (25, [FIRST + 15, FIRST + 15]),
    (26, [FIRST + 16, FIRST + 16]),
    (6, [6, 6]),
    (15, [15, 15]),
    (16, [16, 16]),
];

/// Columns of the file that have other names in node_exporter's detailed view.
const BY_FILE: [ColumnFamilies; 4] =
    [(2, [FIRST, 2]), (3, [FIRST + 4, 3]), (10, [FIRST + 1, 10]), (11, [FIRST + 5, 11])];

/// Passes each column that is shown to `each`, with its family.
pub fn shown(view: View, each: &mut dyn FnMut(usize, &Family<'_>)) {
    let View { dialect, is_detailed, by_netlink, with_alias } = view;
    let mut show = |column, [node, own]: [usize; 2]| {
        let place = if dialect == Dialect::Own { own } else { node };
        let Some(family) = FAMILIES.get(place) else { return };
        match with_alias {
            true => each(column, &family.keyed(ALIASED)),
            false => each(column, family),
        }
    };
    if is_detailed && by_netlink {
        return BY_NETLINK.into_iter().for_each(|(column, places)| show(column, places));
    }
    for column in 0..SUMMED {
        let mut others = if is_detailed { &BY_FILE[..] } else { &[] }.iter();
        let other = others.find(|(other, _)| *other == column);
        show(column, other.map_or([column, column], |(_, places)| *places));
    }
}

/// Passes each column of the detailed view from netlink to `each`, with its family, and whether the view of
/// sums has that, too.
pub fn detailed(dialect: Dialect, each: &mut dyn FnMut(usize, bool, &Family<'_>)) {
    for (column, [node, own]) in BY_NETLINK {
        let place = if dialect == Dialect::Own { own } else { node };
        if let Some(family) = FAMILIES.get(place) {
            each(column, place < FIRST, family);
        }
    }
}

/// The options that select the families.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub dialect: Dialect,
    /// Each statistic by itself.
    pub is_detailed: bool,
    /// The values came from netlink.
    pub by_netlink: bool,
    pub with_alias: bool,
}

#[cfg(test)]
mod tests {
    use super::super::stats::WIDTH;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_column_and_no_name_comes_twice_in_any_view() {
        for bits in 0..16u8 {
            let is = |bit: u8| bits >> bit & 1 == 1;
            let dialect = if is(0) { Dialect::Own } else { Dialect::Node };
            let view = View { dialect, is_detailed: is(1), by_netlink: is(2), with_alias: is(3) };
            let (mut columns, mut names) = (HashSet::new(), HashSet::new());
            shown(view, &mut |column, family| {
                assert!(column < WIDTH && columns.insert(column), "{column} in {view:?}");
                let (name, keys) = family.named(dialect).unwrap();
                assert!(names.insert(name.to_owned()), "{name} in {view:?}");
                assert_eq!(keys.len(), if is(3) { 2 } else { 1 });
            });
            let all = if is(1) && is(2) { 24 } else { 17 };
            assert_eq!(columns.len(), all, "{view:?}");
        }
    }
}
