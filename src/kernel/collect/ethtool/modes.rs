//! The meaning of the bits of a link (enum ethtool_link_mode_bit_indices of include/uapi/linux/ethtool.h), as far
//! as the old command has them: the first 32.

/// Bits other than speeds.
pub const AUTONEGOTIATE: u32 = 1 << 6;
pub const PAUSE: u32 = 1 << 13;
pub const ASYMMETRIC_PAUSE: u32 = 1 << 14;

/// Kinds of ports.
pub static PORTS: &[(u32, &str)] = &[
    (1 << 7, "TP"),
    (1 << 8, "AUI"),
    (1 << 9, "MII"),
    (1 << 10, "FIBRE"),
    (1 << 11, "BNC"),
    (1 << 16, "Backplane"),
];

/// A speed: its bit, megabits a second, half or full, and its name.
pub struct Speed {
    pub bit: u32,
    pub megabits: u64,
    pub duplex: &'static str,
    pub mode: &'static str,
}

const fn half(bit: u32, megabits: u64, mode: &'static str) -> Speed {
    Speed { bit: 1 << bit, megabits, duplex: "half", mode }
}

const fn full(bit: u32, megabits: u64, mode: &'static str) -> Speed {
    Speed { bit: 1 << bit, megabits, duplex: "full", mode }
}

/// In node_exporter's words; it leaves out 2500baseX (15).
pub static SPEEDS: &[Speed] = &[
    half(0, 10, "10baseT"),
    full(1, 10, "10baseT"),
    half(2, 100, "100baseT"),
    full(3, 100, "100baseT"),
    half(4, 1000, "1000baseT"),
    full(5, 1000, "1000baseT"),
    full(12, 10_000, "10000baseT"),
    full(17, 1000, "1000baseKX"),
    full(18, 10_000, "10000baseKX4"),
    full(19, 10_000, "10000baseKR"),
    full(20, 10_000, "10000baseR_FEC"),
    full(21, 20_000, "20000baseMLD2"),
    full(22, 20_000, "20000baseKR2"),
    full(23, 40_000, "40000baseKR4"),
    full(24, 40_000, "40000baseCR4"),
    full(25, 40_000, "40000baseSR4"),
    full(26, 40_000, "40000baseLR4"),
    full(27, 56_000, "56000baseKR4"),
    full(28, 56_000, "56000baseCR4"),
    full(29, 56_000, "56000baseSR4"),
    full(30, 56_000, "56000baseLR4"),
    full(31, 25_000, "25000baseCR"),
];
