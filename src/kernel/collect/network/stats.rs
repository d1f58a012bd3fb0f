//! The statistics of one interface from netlink, as the columns of the file.

/// How many columns `/proc/net/dev` has.
pub const FILE: usize = 16;

/// These, one that only netlink has, and the ten parts of those that are sums.
pub const WIDTH: usize = FILE + 1 + 10;

/// The columns of /proc/net/dev, rx_nohandler, and the parts of those that are sums, from a `struct
/// rtnl_link_stats64`; and which of them are known. `None` if it is shorter than it ever was.
#[rustfmt::skip]
pub fn cells(stats: &[u8]) -> Option<([u64; WIDTH], u32)> {
    let mut words = stats.chunks_exact(8).map_while(|word| Some(u64::from_ne_bytes(*word.first_chunk()?)));
    let mut word = || words.next();
    let [rx_packets, tx_packets, rx_bytes, tx_bytes] = [word()?, word()?, word()?, word()?];
    let [rx_errors, tx_errors, rx_dropped, tx_dropped] = [word()?, word()?, word()?, word()?];
    let [multicast, collisions] = [word()?, word()?];
    let [rx_length, rx_over, rx_crc, rx_frame] = [word()?, word()?, word()?, word()?];
    let [rx_fifo, rx_missed] = [word()?, word()?];
    let [tx_aborted, tx_carrier, tx_fifo, tx_heartbeat, tx_window] = [word()?, word()?, word()?, word()?, word()?];
    let [rx_compressed, tx_compressed] = [word()?, word()?];
    let rx_nohandler = word();
    let sum = |parts: &[u64]| parts.iter().fold(0u64, |sum, part| sum.wrapping_add(*part));
    let columns = [
        rx_bytes, rx_packets, rx_errors, sum(&[rx_dropped, rx_missed]), rx_fifo,
        sum(&[rx_length, rx_over, rx_crc, rx_frame]), rx_compressed, multicast,
        tx_bytes, tx_packets, tx_errors, tx_dropped, tx_fifo, collisions,
        sum(&[tx_carrier, tx_aborted, tx_window, tx_heartbeat]), tx_compressed,
        rx_nohandler.unwrap_or_default(),
        rx_dropped, rx_length, rx_over, rx_crc, rx_frame, rx_missed,
        tx_aborted, tx_carrier, tx_heartbeat, tx_window,
    ];
    let known = u32::MAX >> (u32::BITS as usize - WIDTH);
    Some((columns, if rx_nohandler.is_some() { known } else { known & !(1 << FILE) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statistics in which the word i is `2^i`, so that each sum shows its parts.
    fn stats(words: u32) -> Vec<u8> {
        (0..words).flat_map(|i| (1u64 << i).to_ne_bytes()).collect()
    }

    /// The meaning of `stats`, bit by bit, in the order of /proc/net/dev, then nohandler, then parts of sums.
    #[rustfmt::skip]
    const COLUMNS: [u64; WIDTH] = [
        1 << 2, 1 << 0, 1 << 4, 1 << 6 | 1 << 15, 1 << 14, 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13, 1 << 21, 1 << 8,
        1 << 3, 1 << 1, 1 << 5, 1 << 7, 1 << 18, 1 << 9, 1 << 16 | 1 << 17 | 1 << 19 | 1 << 20, 1 << 22, 1 << 23,
        1 << 6, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 15, 1 << 16, 1 << 17, 1 << 19, 1 << 20,
    ];

    #[test]
    fn every_statistic_goes_to_its_column() {
        assert_eq!(cells(&stats(25)), Some((COLUMNS, 0x7ff_ffff)));
        let mut old = COLUMNS;
        old[16] = 0;
        assert_eq!(cells(&stats(23)), Some((old, 0x7fe_ffff)));
        assert_eq!(cells(&stats(22)), None);
    }
}
