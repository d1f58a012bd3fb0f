//! The 48 bytes of a request and of an answer, and how four times relate two clocks (RFC 5905,
//! sections 7.3 and 8). Numbers are in network order: a point of time is seconds since 1900 with a binary
//! fraction of 32 bits, a short one has 16 bits each.

use std::time::Duration;

/// Bytes of a packet without extensions.
pub const LENGTH: usize = 48;

/// Kinds of packets.
const CLIENT: u8 = 3;
const SERVER: u8 = 4;

/// The offsets of the fields in an answer.
const ROOT_DELAY: usize = 4;
const ROOT_DISPERSION: usize = 8;
const REFERENCE: usize = 16;
const ORIGIN: usize = 24;
const RECEIVE: usize = 32;
const TRANSMIT: usize = 40;

/// 1970 in seconds since 1900. An earlier time is of the era that begins in 2036.
const EPOCH: u64 = 2_208_988_800;
const ERA: i64 = 1 << 32;

const NANOS: i64 = 1_000_000_000;

/// The request: all zeros except version and kind, the precision of a client without a clock to
/// report, and a random number that the answer has to repeat.
pub fn request(version: u8, nonce: u64) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    let [head, _, _, precision, ..] = &mut packet;
    (*head, *precision) = (version << 3 | CLIENT, 0x20);
    if let Some(place) = packet.last_chunk_mut() {
        *place = nonce.to_be_bytes();
    }
    packet
}

/// A time since 1970 in the form of packets.
pub fn timestamp(since_epoch: Duration) -> u64 {
    let fraction = (u64::from(since_epoch.subsec_nanos()) << 32) / NANOS.unsigned_abs();
    since_epoch.as_secs().wrapping_add(EPOCH) << 32 | fraction
}

/// The values of an answer; times in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Two bits: no warning, a second more or less at the end of the day, not synchronised.
    pub leap: u8,
    /// Steps from a reference clock; 0 in an answer that refuses one.
    pub stratum: u8,
    /// The round-trip delay to the reference clock.
    pub root_delay: i64,
    /// The largest error against the reference clock.
    pub root_dispersion: i64,
    /// When the server's clock was last set, since 1970; 0 if it never was.
    pub reference: i64,
    /// When the server sent this, by its own clock, since 1970.
    pub time: i64,
    /// The round-trip time to the server, without its own processing.
    pub rtt: i64,
    /// The server's clock ahead of the one here.
    pub offset: i64,
    /// The least error of a clock that explains an answer that seems to come before its request.
    pub least_error: i64,
}

/// Why a packet cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It answers another request.
    Foreign,
    /// It is too short, of another kind, or its times contradict each other; the text is what was expected.
    Broken(&'static str),
}

impl Answer {
    /// Parses the answer to the request with `nonce`, which was sent and came back at these times.
    pub fn of(packet: &[u8], nonce: u64, sent: u64, received: u64) -> Result<Answer, Refusal> {
        let long = |at| number::<8>(packet, at).map(u64::from_be_bytes);
        let short = |at| number::<4>(packet, at).map(u32::from_be_bytes).map(nanos_of_short);
        let (Some([head, stratum]), Some(transmit)) = (number::<2>(packet, 0), long(TRANSMIT))
        else {
            return Err(Refusal::Broken("48 bytes"));
        };
        if long(ORIGIN) != Some(nonce) {
            return Err(Refusal::Foreign);
        }
        let receive = long(RECEIVE).unwrap_or_default();
        match head & 7 {
            SERVER if transmit != 0 && receive <= transmit => {}
            SERVER => return Err(Refusal::Broken("times of receiving and of sending, in order")),
            _ => return Err(Refusal::Broken("an answer of a server")),
        }
        let reference = long(REFERENCE).filter(|reference| *reference != 0);
        Ok(Answer {
            leap: head >> 6,
            stratum,
            root_delay: short(ROOT_DELAY).unwrap_or_default(),
            root_dispersion: short(ROOT_DISPERSION).unwrap_or_default(),
            reference: reference.map_or(0, since_1970),
            time: since_1970(transmit),
            rtt: rtt(sent, receive, transmit, received),
            offset: offset(sent, receive, transmit, received),
            least_error: least_error(sent, receive, transmit, received),
        })
    }

    /// How far a time obtained through this server may be off.
    pub fn root_distance(&self) -> i64 {
        (self.rtt.saturating_add(self.root_delay) / 2).saturating_add(self.root_dispersion)
    }
}

/// The difference of two times, also where an era ends between them.
fn between(from: u64, to: u64) -> i64 {
    to.wrapping_sub(from).cast_signed()
}

fn rtt(sent: u64, receive: u64, transmit: u64, received: u64) -> i64 {
    nanos(between(sent, received).saturating_sub(between(receive, transmit)).max(0))
}

fn offset(sent: u64, receive: u64, transmit: u64, received: u64) -> i64 {
    let (there, back) = (between(sent, receive), between(received, transmit));
    nanos(there.wrapping_add(back.wrapping_sub(there) / 2))
}

fn least_error(sent: u64, receive: u64, transmit: u64, received: u64) -> i64 {
    let least = sent.saturating_sub(receive).max(transmit.saturating_sub(received));
    nanos(i64::try_from(least).unwrap_or(i64::MAX))
}

/// Nanoseconds of a number with a binary fraction of 32 bits, rounded.
fn nanos(fixed: i64) -> i64 {
    let scaled = i128::from(fixed.unsigned_abs()) * i128::from(NANOS) + (1 << 31);
    let nanos = i64::try_from(scaled >> 32).unwrap_or(i64::MAX);
    if fixed < 0 { -nanos } else { nanos }
}

/// The same with 16 bits.
fn nanos_of_short(fixed: u32) -> i64 {
    (i64::from(fixed) * NANOS + (1 << 15)) >> 16
}

/// Nanoseconds since 1970.
fn since_1970(time: u64) -> i64 {
    let seconds = (time >> 32).cast_signed() - EPOCH.cast_signed();
    let seconds = if seconds < 0 { seconds + ERA } else { seconds };
    seconds * NANOS + nanos((time & 0xffff_ffff).cast_signed())
}

fn number<const N: usize>(packet: &[u8], at: usize) -> Option<[u8; N]> {
    packet.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A second, and 1970, in the packet's numbers.
    pub const SECOND: u64 = 1 << 32;
    pub const ZERO: u64 = EPOCH << 32;

    /// An answer: first byte, stratum, root delay and dispersion in 1/65536 s, and the times.
    pub fn packet(head: u8, stratum: u8, root: [u32; 2], times: [u64; 4]) -> Vec<u8> {
        let mut packet = vec![head, stratum, 6, 0xe8];
        packet.extend(root.map(u32::to_be_bytes).as_flattened());
        packet.extend(*b"GPS\0");
        packet.extend(times.map(u64::to_be_bytes).as_flattened());
        packet
    }

    #[test]
    fn a_request_has_version_mode_and_nonce() {
        let packet = request(4, 0x0102_0304_0506_0708);
        assert_eq!(packet[..4], [0x23, 0, 0, 0x20]);
        assert!(packet[4..40].iter().all(|byte| *byte == 0));
        assert_eq!(packet[40..], [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(request(2, 0)[0], 0x13);
    }

    #[test]
    fn every_field_is_read() {
        let at = ZERO + 1000 * SECOND;
        // The server is 5 s ahead, each way takes 1/4 s, its own work 1/2 s.
        let times = [at - 60 * SECOND, 77, at + 21 * SECOND / 4, at + 23 * SECOND / 4];
        let packet = packet(0x64, 3, [0x8000, 0x1_8000], times);
        let answer = Answer::of(&packet, 77, at, at + SECOND).unwrap();
        let expected = Answer {
            leap: 1,
            stratum: 3,
            root_delay: 500_000_000,
            root_dispersion: 1_500_000_000,
            reference: 940 * NANOS,
            time: 1_005_750_000_000,
            rtt: 500_000_000,
            offset: 5 * NANOS,
            least_error: 4_750_000_000,
        };
        assert_eq!(answer, expected);
        assert_eq!(answer.root_distance(), 2 * NANOS);
    }

    #[test]
    fn clocks_that_differ_and_times_of_the_next_era() {
        let times = [0, 77, ZERO - SECOND / 2, ZERO - SECOND / 2];
        let answer = Answer::of(&packet(0x24, 1, [0, 0], times), 77, ZERO, ZERO).unwrap();
        assert_eq!((answer.offset, answer.rtt, answer.reference), (-NANOS / 2, 0, 0));
        assert_eq!(answer.least_error, NANOS / 2);
        // 7 February 2036, 06:28:16.
        assert_eq!(since_1970(1), 2_085_978_496 * NANOS);
        assert_eq!(since_1970(ZERO), 0);
        assert_eq!(timestamp(Duration::new(1, 500_000_000)), ZERO + 3 * SECOND / 2);
        assert_eq!(timestamp(Duration::from_secs(2_085_978_496)), 0);
    }

    #[test]
    fn refusals_and_broken_answers_are_different_errors() {
        let of = |packet: &[u8]| Answer::of(packet, 77, ZERO, ZERO).unwrap_err();
        let good = packet(0x24, 2, [0, 0], [ZERO, 77, ZERO, ZERO]);
        for cut in 0..LENGTH {
            assert_eq!(of(&good[..cut]), Refusal::Broken("48 bytes"));
        }
        assert_eq!(of(&packet(0x24, 2, [0, 0], [ZERO, 78, ZERO, ZERO])), Refusal::Foreign);
        for (head, receive, transmit) in [(0x23, ZERO, ZERO), (0x24, 0, 0), (0x24, ZERO + 1, ZERO)]
        {
            let broken = packet(head, 2, [0, 0], [ZERO, 77, receive, transmit]);
            assert!(matches!(of(&broken), Refusal::Broken(_)));
        }
        // No byte makes it panic.
        for at in 0..LENGTH {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut lie = good.clone();
                lie[at] = value;
                let _ = Answer::of(&lie, 77, u64::MAX, 0).map(|answer| answer.root_distance());
            }
        }
    }
}
