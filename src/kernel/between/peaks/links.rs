//! The bytes of interfaces: `/proc/net/dev`, a line `name: received … sent …` each, of which the first column
//! and the ninth count bytes.

use super::window::Peak;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::{Filter, scan};
use crate::model::metric::{Family, Sink};
use std::time::Duration;

/// The most interfaces; those beyond are counted.
const MAX_LINKS: usize = 32;

/// Bytes of an interface's name, its end included (IFNAMSIZ).
const MAX_NAME: usize = 16;

/// The column of sent bytes.
const SENT: usize = 8;

/// The interfaces that are not left out.
pub struct Links {
    links: Vec<Link>,
    wanted: Filter,
    /// The number of interfaces beyond the limit.
    pub left_out: u64,
}

struct Link {
    name: [u8; MAX_NAME],
    length: usize,
    /// Bytes received and sent at the last reading; `None` if that is to be forgotten.
    bytes: Option<[u64; 2]>,
    peaks: [Peak; 2],
    /// It was present in this reading.
    is_there: bool,
}

impl Links {
    /// Leaves out interfaces that `exclude` matches; "" for none.
    pub fn new(exclude: &str) -> Links {
        let exclude = Some(exclude).filter(|text| !text.is_empty());
        let exclude = exclude.map(Pattern::new);
        let links = Vec::with_capacity(MAX_LINKS);
        Links { links, wanted: Filter::new(None, exclude), left_out: 0 }
    }

    /// Begins a step of the window.
    pub fn clear(&mut self, at: usize) {
        self.links.iter_mut().flat_map(|link| &mut link.peaks).for_each(|peak| peak.clear(at));
    }

    /// Forgets the last counts, so that the next reading only starts an interval.
    pub fn forget_counts(&mut self) {
        self.links.iter_mut().for_each(|link| link.bytes = None);
    }

    /// Reads the current counts, `since` after the last reading. Interfaces that are gone are forgotten.
    pub fn update(&mut self, text: &[u8], since: Option<Duration>, step: usize) {
        self.links.iter_mut().for_each(|link| link.is_there = false);
        self.left_out = 0;
        self.wanted.begin();
        for (name, columns) in scan::lines(text).filter_map(scan::keyed) {
            if !self.wanted.keep(name) {
                continue;
            }
            let has_room = self.links.len() < MAX_LINKS;
            let known = self.links.iter_mut().find(|link| link.name() == name);
            match (known, bytes(columns)) {
                (Some(link), Some(bytes)) => link.take(bytes, since, step),
                (None, Some(bytes)) if has_room => self.links.push(Link::new(name, bytes)),
                (None, Some(_)) => self.left_out += 1,
                (_, None) => {}
            }
        }
        self.links.retain(|link| link.is_there);
    }

    /// Writes the highest values of each direction.
    pub fn write(&self, families: [&Family<'_>; 2], out: &mut dyn Sink) {
        for (direction, family) in families.into_iter().enumerate() {
            out.family(family);
            for link in &self.links {
                let peak = link.peaks.get(direction).and_then(Peak::highest);
                if let Some(highest) = peak {
                    out.sample(&[link.name().into()], family.value(highest));
                }
            }
        }
    }
}

impl Link {
    fn new(name: &[u8], bytes: [u64; 2]) -> Link {
        let mut kept = [0; MAX_NAME];
        kept.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
        let (length, peaks) = (name.len().min(MAX_NAME), Default::default());
        Link { name: kept, length, bytes: Some(bytes), peaks, is_there: true }
    }

    fn name(&self) -> &[u8] {
        self.name.get(..self.length).unwrap_or_default()
    }

    fn take(&mut self, bytes: [u64; 2], since: Option<Duration>, step: usize) {
        self.is_there = true;
        let before = self.bytes.replace(bytes);
        let (Some(before), Some(since)) = (before, since) else { return };
        for ((peak, before), now) in self.peaks.iter_mut().zip(before).zip(bytes) {
            // A counter that started again from 0 gives no value.
            let grown = now.checked_sub(before).map(u128::from);
            let rate = grown.and_then(|bytes| {
                (bytes * 1_000_000_000).checked_div(since.as_nanos()).map(u64::try_from)
            });
            peak.note(step, rate.and_then(Result::ok));
        }
    }
}

/// Bytes received and sent.
fn bytes(columns: &[u8]) -> Option<[u64; 2]> {
    let mut columns = scan::fields(columns);
    let received = scan::uint(columns.next()?)?;
    Some([received, scan::uint(columns.nth(SENT - 1)?)?])
}
