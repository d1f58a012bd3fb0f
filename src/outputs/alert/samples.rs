//! The series of one scrape that conditions select, with their labels as text, sorted by selector and labels.

use super::text::put_pair;
use crate::base::sys;
use crate::base::text::expr::{Selector, Want};

/// The most series that are kept of one scrape, for all conditions together.
pub const MAX_SERIES: usize = 10_000;

/// One series that a condition selects.
#[derive(Clone, Copy, Debug)]
pub struct WatchedSeries {
    /// The index of the selector.
    pub selector: u32,
    /// Where its labels are in the text.
    pub labels: Span,
    /// The value of the sample.
    pub value: f64,
}

/// A range of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub u32, pub u32);

/// The series that were kept of a scrape; the memory is reused for the next.
#[derive(Default)]
pub struct ScrapeSamples {
    /// Labels in the form of series, one after the other.
    text: Vec<u8>,
    series: Vec<WatchedSeries>,
    /// Which selectors have a series.
    has: Vec<bool>,
    /// Series beyond the limit, since the start.
    pub left_out: u64,
}

impl ScrapeSamples {
    /// Forgets the scrape before, for one with this many selectors.
    pub fn begin(&mut self, selectors: usize) {
        self.text.clear();
        self.series.clear();
        self.has.clear();
        self.has.resize(selectors, false);
    }

    /// Sorts the series by selector and by labels; of series that come
    /// twice the first is kept.
    pub fn sort(&mut self) {
        let text = &self.text;
        let key = |series: &WatchedSeries| (series.selector, slice(text, series.labels));
        sys::sort(&mut self.series, |a, b| key(a).cmp(&key(b)).then(a.labels.0.cmp(&b.labels.0)));
        self.series.dedup_by(|later, earlier| key(later) == key(earlier));
    }

    /// Gives selectors of `absent` the value 1 if there is no series, and nothing otherwise. To be called
    /// after `sort`.
    pub fn turn_absent(&mut self, wanted: &[Selector]) {
        for (place, selector) in (0u32..).zip(wanted) {
            if selector.want != Want::Absent {
                continue;
            }
            let first = self.series.partition_point(|series| series.selector < place);
            let count = self.of(place).len();
            if count > 0 {
                self.series.drain(first..first + count);
                continue;
            }
            let start = self.text.len();
            for (name, value) in selector.absent_labels() {
                put_pair(&mut self.text, start, name.as_bytes(), value.as_bytes());
            }
            if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.text.len())) {
                let series =
                    WatchedSeries { selector: place, labels: Span(start, end), value: 1.0 };
                self.series.insert(first, series);
            }
        }
    }

    /// Whether the selector at this place has a series.
    pub fn has(&self, selector: u32) -> bool {
        self.has.get(selector as usize).copied().unwrap_or_default()
    }

    /// The series of this selector, sorted by labels.
    pub fn of(&self, selector: u32) -> &[WatchedSeries] {
        let start = self.series.partition_point(|series| series.selector < selector);
        let end = self.series.partition_point(|series| series.selector <= selector);
        self.series.get(start..end).unwrap_or_default()
    }

    /// The labels at this range.
    pub fn labels(&self, span: Span) -> &[u8] {
        slice(&self.text, span)
    }

    /// The text of all labels, to which those of the next series are appended before `push`.
    pub fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// Adds a series whose labels are at the end of the text, from `start`.
    pub fn push(&mut self, selector: u32, start: usize, value: f64) {
        // The first one is always kept: without it the selector has none.
        let has = self.has.get_mut(selector as usize);
        let is_first = has.is_some_and(|has| !std::mem::replace(has, true));
        let has_room = self.series.len() < MAX_SERIES || is_first;
        match (has_room, u32::try_from(start), u32::try_from(self.text.len())) {
            (true, Ok(start), Ok(end)) => {
                self.series.push(WatchedSeries { selector, labels: Span(start, end), value });
            }
            _ => {
                self.text.truncate(start);
                self.left_out += 1;
            }
        }
    }

    /// The number of series.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Forgets all series but the first `len`.
    pub fn truncate(&mut self, len: usize) {
        self.series.truncate(len);
        self.has.fill(false);
        for series in &self.series {
            let has = self.has.get_mut(series.selector as usize);
            has.into_iter().for_each(|has| *has = true);
        }
        let end = self.series.last().map_or(0, |series| series.labels.1);
        self.text.truncate(end as usize);
    }
}

fn slice(text: &[u8], Span(start, end): Span) -> &[u8] {
    text.get(start as usize..end as usize).unwrap_or_default()
}
