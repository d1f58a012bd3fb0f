//! Queueing disciplines by rtnetlink(7): an RTM_GETQDISC dump gives for each a `struct tcmsg` and
//! attributes, among them TCA_KIND and TCA_STATS2, which contains attributes itself
//! (include/uapi/linux/gen_stats.h).

use super::message::{attributes, field, number, text};
use super::{Query, Stream};
use crate::base::error::Error;

/// The name for messages.
pub const PATH: &str = "netlink RTM_GETQDISC";

/// Size of `struct tcmsg`.
const HEAD: usize = 20;

/// The parent of a discipline at the root of an interface (TC_H_ROOT); 0 for no parent.
const ROOT: u32 = u32::MAX;

/// From include/uapi/linux/rtnetlink.h.
const TCA_KIND: u16 = 1;
const TCA_STATS: u16 = 3;
const TCA_STATS2: u16 = 7;

/// From include/uapi/linux/gen_stats.h; the last since 5.5, for counts of packets that exceed 32 bits.
const TCA_STATS_BASIC: u16 = 1;
const TCA_STATS_QUEUE: u16 = 3;
const TCA_STATS_PKT64: u16 = 8;

const QUERY: Query = Query {
    protocol: libc::NETLINK_ROUTE,
    kind: libc::RTM_GETQDISC,
    answer: libc::RTM_NEWQDISC,
    path: PATH,
};

/// The counters of a discipline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub bytes: u64,
    pub packets: u64,
    pub drops: u64,
    /// `None` if the kernel does not report it.
    pub requeues: Option<u64>,
    pub overlimits: u64,
    /// Packets and bytes that are queued now.
    pub queue_length: u64,
    pub backlog: u64,
}

/// One discipline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Qdisc<'a> {
    /// The number of its interface.
    pub index: u32,
    /// It is at the root of the interface.
    pub is_root: bool,
    /// Its kind, such as `fq_codel`.
    pub kind: &'a [u8],
    pub counts: Counts,
}

impl<'a> Qdisc<'a> {
    /// The discipline that a message describes; `None` for one without a kind or counters.
    pub fn of(payload: &'a [u8]) -> Option<Qdisc<'a>> {
        let (index, parent) = (number(payload, 4)?, number(payload, 12)?);
        let (mut kind, mut old, mut counts) = (None, None, None);
        for (attribute, bytes) in attributes(payload.get(HEAD..)?) {
            match attribute {
                TCA_KIND => kind = Some(text(bytes)),
                TCA_STATS => old = Counts::old(bytes),
                TCA_STATS2 => counts = Counts::of(bytes),
                _ => {}
            }
        }
        let is_root = parent == ROOT || parent == 0;
        Some(Qdisc { index, is_root, kind: kind?, counts: counts.or(old)? })
    }
}

impl Counts {
    /// The counters in the attributes of TCA_STATS2.
    fn of(nested: &[u8]) -> Option<Counts> {
        let (mut counts, mut has_basic, mut has_queue) = (Counts::default(), false, false);
        let mut all_packets = None;
        for (attribute, bytes) in attributes(nested) {
            match attribute {
                TCA_STATS_BASIC => {
                    counts.bytes = field(bytes, 0).map(u64::from_ne_bytes)?;
                    counts.packets = number(bytes, 8)?.into();
                    has_basic = true;
                }
                TCA_STATS_QUEUE => {
                    counts.queue_length = number(bytes, 0)?.into();
                    counts.backlog = number(bytes, 4)?.into();
                    counts.drops = number(bytes, 8)?.into();
                    counts.requeues = Some(number(bytes, 12)?.into());
                    counts.overlimits = number(bytes, 16)?.into();
                    has_queue = true;
                }
                TCA_STATS_PKT64 => all_packets = field(bytes, 0).map(u64::from_ne_bytes),
                _ => {}
            }
        }
        counts.packets = all_packets.unwrap_or(counts.packets);
        (has_basic && has_queue).then_some(counts)
    }

    /// The counters in a `struct tc_stats`.
    fn old(bytes: &[u8]) -> Option<Counts> {
        let word = |at| number(bytes, at).map(u64::from);
        Some(Counts {
            bytes: field(bytes, 0).map(u64::from_ne_bytes)?,
            packets: word(8)?,
            drops: word(12)?,
            requeues: None,
            overlimits: word(16)?,
            queue_length: word(28)?,
            backlog: word(32)?,
        })
    }
}

/// Passes every discipline to `each`; `None` for an incomplete message.
pub fn each(stream: &mut Stream, each: &mut dyn FnMut(Option<Qdisc<'_>>)) -> Result<(), Error> {
    stream.ask(&QUERY, &[0; HEAD], &mut |payload| each(Qdisc::of(payload)))
}

/// Like `each`, from a stored answer.
pub fn stored(datagram: &[u8], each: &mut dyn FnMut(Option<Qdisc<'_>>)) -> Result<(), Error> {
    QUERY.stored(datagram, &mut |payload| each(Qdisc::of(payload)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{attribute, done, message};
    use super::*;

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    fn qdisc_message(parent: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
        let payload = [words(&[0, 5, 0x8001_0000, parent, 2]), attributes.concat()].concat();
        message(libc::RTM_NEWQDISC.into(), libc::NLM_F_MULTI, 7, &payload)
    }

    fn stats2(more: &[Vec<u8>]) -> Vec<u8> {
        let basic = attribute(TCA_STATS_BASIC, &[words(&[11, 0, 12]), vec![0; 4]].concat());
        let queue = attribute(TCA_STATS_QUEUE, &words(&[13, 14, 15, 16, 17]));
        attribute(TCA_STATS2, &[basic, queue, more.concat()].concat())
    }

    const COUNTS: Counts = Counts {
        bytes: 11,
        packets: 12,
        queue_length: 13,
        backlog: 14,
        drops: 15,
        requeues: Some(16),
        overlimits: 17,
    };

    fn all(datagram: &[u8]) -> Vec<Option<(u32, bool, String, Counts)>> {
        let mut all = Vec::new();
        let _ = stored(datagram, &mut |qdisc| {
            let kind = |kind: &[u8]| String::from_utf8_lossy(kind).into_owned();
            all.push(qdisc.map(|q| (q.index, q.is_root, kind(q.kind), q.counts)));
        });
        all
    }

    #[test]
    fn every_field_is_found_and_any_changed_byte_is_handled() {
        let kind = attribute(TCA_KIND, b"fq\0");
        let old = attribute(TCA_STATS, &words(&[21, 0, 22, 23, 24, 25, 26, 27, 28]));
        let many = attribute(TCA_STATS_PKT64, &(1u64 << 40).to_ne_bytes());
        let answer = [
            qdisc_message(ROOT, &[kind.clone(), stats2(&[]), old.clone()]),
            qdisc_message(0x10001, &[kind.clone(), stats2(&[many])]),
            qdisc_message(0, &[kind.clone(), old]),
            qdisc_message(0, std::slice::from_ref(&kind)),
            qdisc_message(0, &[stats2(&[])]),
            done(),
        ];
        let fq = |is_root, counts| Some((5, is_root, "fq".to_owned(), counts));
        let old = Counts {
            bytes: 21,
            packets: 22,
            drops: 23,
            requeues: None,
            overlimits: 24,
            queue_length: 27,
            backlog: 28,
        };
        let many = Counts { packets: 1 << 40, ..COUNTS };
        let answer = answer.concat();
        assert_eq!(all(&answer), [fq(true, COUNTS), fq(false, many), fq(true, old), None, None]);
        for at in 0..answer.len() {
            assert!(all(&answer[..at]).len() <= 5);
            for value in [0, 1, 3, 4, 5, 15, 16, 17, 0x7f, 0x80, 0xff] {
                let mut lie = answer.clone();
                lie[at] = value;
                assert!(all(&lie).len() <= 5, "{value} at {at}");
            }
        }
    }
}
