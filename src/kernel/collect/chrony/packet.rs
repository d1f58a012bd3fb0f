//! Packets of chronyd's command protocol, version 6 (candm.h of chrony). Numbers are in network order. A request
//! has 20 bytes and is padded to the length of the answer, or chronyd refuses it. An answer has a header of 28 bytes.
//! A `Float` has an exponent of 7 bits and a coefficient of 25, both signed.

use std::net::{IpAddr, Ipv6Addr};

/// Bytes of a request and of a good answer.
pub const LENGTH: usize = 104;

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const ANSWER: u8 = 2;
const TRACKING: u16 = 33;
const TRACKING_FORMAT: u16 = 5;

/// Offsets in an answer.
const FORMAT: usize = 6;
const STATUS: usize = 8;
const SEQUENCE: usize = 16;
const REFERENCE: usize = 28;
const ADDRESS: usize = 32;
const FAMILY: usize = 48;
const STRATUM: usize = 52;
const LEAP: usize = 54;
const TIME: usize = 56;
const FLOATS: usize = 68;

/// Kinds of addresses.
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// The upper half of seconds that have 32 bits only.
const NO_UPPER_HALF: u32 = 0x7fff_ffff;

const NANOS: i64 = 1_000_000_000;

const EXPONENT_BITS: u32 = 7;
const COEFFICIENT_BITS: u32 = 25;

/// The request for the tracking report.
pub fn request(sequence: u32) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    let [version, kind, _, _, command @ ..] = &mut packet;
    (*version, *kind) = (VERSION, REQUEST);
    if let Some(place) = command.first_chunk_mut() {
        *place = TRACKING.to_be_bytes();
    }
    if let Some(place) = command.get_mut(4..).and_then(<[u8]>::first_chunk_mut) {
        *place = sequence.to_be_bytes();
    }
    packet
}

/// The tracking report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracking {
    /// The reference: an IPv4 address, the name of a clock, or a hash.
    pub reference: u32,
    /// Its address, if it is in the network.
    pub address: Option<IpAddr>,
    /// Steps from a reference clock; 0 without a reference.
    pub stratum: u16,
    /// Leap second of the day: 0 none, 1 one more, 2 one less; 3 if the clock is not synchronised.
    pub leap: u16,
    /// When the reference was measured last, in nanoseconds since 1970; `None` if it never was.
    pub time: Option<i64>,
    /// Correction, last offset and their mean; frequency, its residual and its error in millionths; delay and
    /// dispersion to the reference clock; seconds between updates.
    pub floats: [f64; 9],
}

/// Why a packet cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It answers another request.
    Foreign,
    /// It is too short, of another kind, or a refusal; the text is what was expected.
    Broken(&'static str),
}

impl Tracking {
    /// Parses the answer to the request with `sequence`.
    pub fn of(packet: &[u8], sequence: u32) -> Result<Tracking, Refusal> {
        let short = |at| number(packet, at).map(u16::from_be_bytes).unwrap_or_default();
        let long = |at| number(packet, at).map(u32::from_be_bytes).unwrap_or_default();
        if packet.get(..2) != Some(&[VERSION, ANSWER]) {
            return Err(Refusal::Broken("an answer of chronyd, version 6"));
        }
        if number(packet, SEQUENCE).map(u32::from_be_bytes) != Some(sequence) {
            return Err(Refusal::Foreign);
        }
        if short(STATUS) != 0 {
            return Err(Refusal::Broken("status 0, success"));
        }
        if short(FORMAT) != TRACKING_FORMAT || packet.len() < LENGTH {
            return Err(Refusal::Broken("what chronyd tracks"));
        }
        let mut floats = [0.0; 9];
        for (at, to) in floats.iter_mut().enumerate() {
            *to = float(long(FLOATS + 4 * at));
        }
        let v4 = || number::<4>(packet, ADDRESS).map(IpAddr::from);
        let v6 = || number::<16>(packet, ADDRESS).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)));
        Ok(Tracking {
            reference: long(REFERENCE),
            address: match short(FAMILY) {
                IPV4 => v4(),
                IPV6 => v6(),
                _ => None,
            },
            stratum: short(STRATUM),
            leap: short(LEAP),
            time: time([long(TIME), long(TIME + 4), long(TIME + 8)]),
            floats,
        })
    }
}

/// Nanoseconds since 1970; 0 means no time.
fn time([high, low, nanos]: [u32; 3]) -> Option<i64> {
    let high = if high == NO_UPPER_HALF { 0 } else { high };
    let seconds = (u64::from(high) << 32 | u64::from(low)).cast_signed();
    let nanos = seconds.checked_mul(NANOS)?.checked_add(nanos.into())?;
    Some(nanos).filter(|nanos| *nanos != 0)
}

/// Parses a number in chrony's own format.
fn float(raw: u32) -> f64 {
    // The sign of each is its highest bit.
    let exponent = raw.cast_signed() >> COEFFICIENT_BITS;
    let coefficient = (raw << EXPONENT_BITS).cast_signed() >> EXPONENT_BITS;
    f64::from(coefficient) * 2f64.powi(exponent - COEFFICIENT_BITS.cast_signed())
}

fn number<const N: usize>(packet: &[u8], at: usize) -> Option<[u8; N]> {
    packet.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A good answer, in which every field differs.
    pub fn packet(sequence: u32) -> Vec<u8> {
        let mut packet = vec![6, 2, 0, 0, 0, 33, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend([0; 8]);
        packet.extend([0xc0, 0, 2, 9]);
        packet.extend([192, 0, 2, 123, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        packet.extend([0, 3, 0, 1]);
        packet.extend([0, 0, 0, 0, 0x6b, 0x0b, 0x32, 0x11, 0, 0, 0, 7]);
        for float in FLOATS {
            packet.extend(float.to_be_bytes());
        }
        packet
    }

    /// 1 is 2^23 * 2^(2 - 25): exponent 2, coefficient 0x80_0000.
    const FLOATS: [u32; 9] = [
        2 << 25 | 0x80_0000,    // 1
        2 << 25 | 0x180_0000,   // -1
        0x7f << 25 | 0x80_0000, // exponent -1: 1/8
        5 << 25 | 0xc0_0000,    // 12
        1 << 25 | 0x1ff_ffff,   // -1 * 2^-24
        0x40 << 25 | 1,         // 2^-89, the smallest
        0x3f << 25 | 0xff_ffff, // the largest
        0,                      // 0
        8 << 25 | 0x82_0000,    // 65
    ];

    #[test]
    fn every_field_is_read() {
        let tracking = Tracking::of(&packet(77), 77).unwrap();
        let largest = f64::from((1 << 24) - 1) * 2f64.powi(38);
        let expected = Tracking {
            reference: 0xc000_0209,
            address: Some([192, 0, 2, 123].into()),
            stratum: 3,
            leap: 1,
            time: Some(0x6b0b_3211 * NANOS + 7),
            floats: [
                1.0,
                -1.0,
                0.125,
                12.0,
                -1.0 / 16_777_216.0,
                2f64.powi(-89),
                largest,
                0.0,
                65.0,
            ],
        };
        assert_eq!(tracking, expected);
    }

    /// An answer of chronyd 4.3, and the output of chronyc for it.
    pub const REAL: &str = "060200000021000500000000000000000102030400000000000000007f0000017f00000100000000\
        00000000000000000001000000080000000000006b0b32971b09368ddd5fa9ddd317d46dd4cf60b0f49a1d92ed5af11c\
        f6996af7e0d3b1e6dee251f40881aa1f";

    pub fn real() -> Vec<u8> {
        let digits = REAL.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
        digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
    }

    #[test]
    fn an_answer_of_chronyd_means_what_chronyc_says() {
        let tracking = Tracking::of(&real(), 0x0102_0304).unwrap();
        assert_eq!((tracking.reference, tracking.stratum, tracking.leap), (0x7f00_0001, 8, 0));
        assert_eq!(tracking.address, Some([127, 0, 0, 1].into()));
        assert_eq!(tracking.time, Some(1_795_895_959_453_588_621));
        let printed = [
            (-1.195e-6, 9),
            (-54e-9, 9),
            (97e-9, 9),
            (0.005, 3),
            (0.0, 3),
            (0.009, 3),
            (6.309e-6, 9),
            (3.398e-6, 7), // the value grew meanwhile
            (4.1, 1),
        ];
        for (number, (expected, places)) in tracking.floats.into_iter().zip(printed) {
            let most = 0.500_001 * 10f64.powi(-places);
            assert!((number - expected).abs() <= most, "{number} {expected}");
        }
    }

    #[test]
    fn a_request_is_as_long_as_its_answer() {
        let request = request(0x0102_0304);
        assert_eq!(request[..12], [6, 1, 0, 0, 0, 33, 0, 0, 1, 2, 3, 4]);
        assert!(request[12..].iter().all(|byte| *byte == 0));
        assert_eq!(packet(1).len(), request.len());
    }

    #[test]
    fn times_and_addresses_of_other_forms() {
        let mut other = packet(1);
        other[TIME..TIME + 4].copy_from_slice(&NO_UPPER_HALF.to_be_bytes());
        other[FAMILY + 1] = 2;
        let tracking = Tracking::of(&other, 1).unwrap();
        assert_eq!(tracking.time, Some(0x6b0b_3211 * NANOS + 7));
        assert_eq!(tracking.address, "c000:27b::".parse().ok());
        other[TIME..TIME + 12].fill(0);
        other[FAMILY + 1] = 0;
        let tracking = Tracking::of(&other, 1).unwrap();
        assert_eq!((tracking.time, tracking.address), (None, None));
        other[TIME..TIME + 12].fill(0xff);
        assert_eq!(Tracking::of(&other, 1).unwrap().time, Some(-NANOS + i64::from(u32::MAX)));
        other[TIME] = 0x70;
        assert_eq!(Tracking::of(&other, 1).unwrap().time, None, "beyond what nanoseconds hold");
    }

    #[test]
    fn refusals_and_broken_answers_are_different_errors() {
        let good = packet(9);
        assert_eq!(Tracking::of(&good, 8), Err(Refusal::Foreign));
        for cut in 0..LENGTH {
            assert!(Tracking::of(&good[..cut], 9).is_err(), "{cut}");
        }
        for (at, byte) in [(0, 5), (1, 1), (STATUS + 1, 19), (FORMAT + 1, 14)] {
            let mut other = good.clone();
            other[at] = byte;
            assert!(matches!(Tracking::of(&other, 9), Err(Refusal::Broken(_))), "{at}");
        }
        // The answer of chronyd 4.3 to a request that was too short.
        let short = [6, 2, 0, 0, 0, 33, 0, 1, 0, 19, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
        let short = [&short[..], &[0; 8]].concat();
        assert_eq!(Tracking::of(&short, 0x0102_0304), Err(Refusal::Broken("status 0, success")));
    }
}
