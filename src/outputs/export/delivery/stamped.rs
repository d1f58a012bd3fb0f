//! Series with times of their own: pushed with a time, or from targets whose times are honoured.
//! A receiver of remote write refuses a request for one sample that is not later than the previous one,
//! so such samples are left out. Only these series are remembered: the
//! frame's time is later each time.

use super::parts::leave_out;
use crate::model::frame::{Frame, SeriesView, View};
use std::hash::{BuildHasher, Hasher, RandomState};

/// The most series that are remembered. With more, all are forgotten, and the receiver may refuse some.
const MAX_SERIES: usize = 16 << 10;

/// A time that is further ahead of the frame's is not remembered, in milliseconds: one time from a wrong
/// clock must not silence a series for years.
const AHEAD: i64 = 2 * 3_600_000;

/// The time of the last sample that was sent, for each series.
#[derive(Default)]
pub struct Sent {
    hasher: RandomState,
    /// Hashes of series, sorted, each with its time in milliseconds since 1970.
    times: Vec<(u64, i64)>,
}

/// Counts of what was left out.
#[derive(Clone, Copy, Default)]
pub struct Stale {
    /// Samples.
    pub count: usize,
    /// Increments, which only OTLP can express: the frame is of a fallback, or of other settings.
    pub deltas: usize,
    /// Whether one of them was older than the previous one, not only the same again.
    pub is_older: bool,
}

impl Sent {
    fn hash(&self, family: &str, series: &SeriesView<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(family.as_bytes());
        for (key, value) in series.labels() {
            for text in [key, value] {
                hasher.write_u8(0xff);
                hasher.write(text.as_bytes());
            }
        }
        hasher.finish()
    }

    fn place(&self, hash: u64) -> Result<usize, usize> {
        self.times.binary_search_by_key(&hash, |(known, _)| *known)
    }

    /// Leaves out samples that are not later than the last ones of their series.
    pub fn leave_out(&self, frame: &mut Frame, boot: i64) -> Stale {
        let mut stale = Stale::default();
        let all = frame.clone();
        each(&all.view(boot), &mut |family, series| {
            let last = self.place(self.hash(family, series)).ok().and_then(|at| self.times.get(at));
            if let Some((_, last)) = last.filter(|(_, last)| series.time() <= *last) {
                leave_out(frame, series.id);
                stale.count += 1;
                stale.is_older |= series.time() < *last;
            }
        });
        stale
    }

    /// Notes that the samples were accepted, or refused as out of order, which is final. One that was refused as it
    /// is in the future may be accepted later.
    pub fn note(&mut self, view: &View<'_>, has_arrived: bool) {
        let latest = view.time().saturating_add(if has_arrived { AHEAD } else { 0 });
        each(view, &mut |family, series| {
            let (hash, time) = (self.hash(family, series), series.time());
            if time > latest {
                return;
            }
            match self.place(hash) {
                Ok(at) => {
                    let known = self.times.get_mut(at);
                    known.into_iter().for_each(|(_, last)| *last = time.max(*last));
                }
                Err(at) if self.times.len() < MAX_SERIES => self.times.insert(at, (hash, time)),
                Err(_) => self.times.clear(),
            }
        });
    }
}

/// Calls `to` for each series with a time of its own.
fn each(view: &View<'_>, to: &mut dyn FnMut(&str, &SeriesView<'_>)) {
    for family in view.families() {
        let timed = family.series().filter(|series| series.def.is_timed && !series.is_stale);
        timed.for_each(|series| to(family.def.name, &series));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::testing::Made;
    use crate::model::metric::{Kind, Value};

    const BOOT: i64 = 1_800_000_000_250;
    /// The time of the frames of `Made`.
    const NOW: i64 = BOOT + 5000;

    /// A series with the frame's time, and one for each of `times`.
    fn made(times: &[(&str, i64)]) -> Frame {
        let mut made = Made::new();
        made.family("own", Kind::Gauge, "").number(&[], Value::Int(1));
        made.family("t", Kind::Gauge, "");
        for (label, time) in times {
            made.timed(&[("k", label)], Value::Int(2), *time);
        }
        made.frame()
    }

    fn left(sent: &Sent, frame: &Frame) -> (usize, usize, bool) {
        let mut frame = frame.clone();
        let stale = sent.leave_out(&mut frame, BOOT);
        (frame.len(), stale.count, stale.is_older)
    }

    #[test]
    fn samples_that_are_not_later_are_left_out() {
        let mut sent = Sent::default();
        let first = made(&[("a", NOW - 10), ("b", NOW - 900_000)]);
        assert_eq!(left(&sent, &first), (3, 0, false));
        sent.note(&first.view(BOOT), true);
        assert_eq!(left(&sent, &first), (1, 2, false), "the same again");
        let next = made(&[("b", NOW - 900_001), ("a", NOW), ("c", 0)]);
        assert_eq!(left(&sent, &next), (3, 1, true));
        sent.note(&next.view(BOOT), true);
        let back = made(&[("a", NOW - 1), ("b", NOW - 899_999)]);
        assert_eq!(left(&sent, &back), (2, 1, true), "the latest counts");
    }

    #[test]
    fn a_time_in_the_future_silences_no_series_for_long() {
        let mut sent = Sent::default();
        let far = made(&[("a", NOW + AHEAD + 1), ("b", NOW + 3_600_000), ("c", NOW - 1)]);
        sent.note(&far.view(BOOT), false);
        let now = made(&[("a", NOW), ("b", NOW), ("c", NOW - 1)]);
        assert_eq!(left(&sent, &now), (3, 1, false), "refused: late ones stay so");
        sent.note(&far.view(BOOT), true);
        assert_eq!(left(&sent, &now), (2, 2, true), "an hour ahead was taken");
    }

    #[test]
    fn remembered_series_are_bounded() {
        let mut sent = Sent::default();
        let mut most = 0;
        for n in 0..3 {
            let names: Vec<String> = (0..MAX_SERIES / 2).map(|i| format!("{n}-{i}")).collect();
            let times: Vec<_> = names.iter().map(|name| (name.as_str(), NOW)).collect();
            sent.note(&made(&times).view(BOOT), true);
            most = most.max(sent.times.len());
            assert!(sent.times.is_sorted());
        }
        assert!(most <= MAX_SERIES && sent.times.len() < MAX_SERIES, "{most}");
    }
}
