//! Prometheus remote write 1.0 and 2.0: protobuf in a snappy block
//! (<https://prometheus.io/docs/specs/prw/remote_write_spec/>,
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>, as of 2.0-rc.4).
//!
//! - Histograms and summaries are the series that text exposition makes of them; a request has one
//!   sample of each series. Labels are sorted by their bytes, `__name__`, `le` and `quantile` among
//!   them; a series' own label with one of these names is dropped. `job` and `instance` are
//!   added to series that have none.
//! - A series that ends gets the stale marker once. A series with time stamps of its own does not, as the
//!   specification requires: its next sample may be older than the marker.
//! - 1.0 has metadata as a list of its own, which receivers may ignore and most do: it is not sent.
//!   2.0 has it with each series, and its start time.

mod answer;
mod one;
mod parts;
mod sample;
mod snappy;
#[cfg(test)]
mod tests;
mod two;
mod wire;

pub use answer::{headers, judge};

use super::kept::RequestSeries;
use crate::model::frame::View;
use crate::model::metric::Buffer;
use crate::settings::RemoteWriteVersion;
use sample::{Renewal, Sample};
use snappy::Snappy;

/// Encodes requests. The last one is kept: only its samples are rewritten as long as they are of the
/// same series, and have the same length.
#[derive(Default)]
pub struct Writer {
    plain: Buffer,
    /// The position of each of its samples.
    places: Vec<u32>,
    made_of: RequestSeries,
    made_with: Option<(RemoteWriteVersion, Vec<(String, String)>)>,
    snappy: Snappy,
}

impl Writer {
    /// Appends one compressed request of that version, One or Two. Series that lack one of `labels`,
    /// `instance` and `job`, get it. Returns how many samples it has.
    pub fn encode(
        &mut self,
        version: RemoteWriteVersion,
        view: &View<'_>,
        labels: &[(String, String)],
        out: &mut Vec<u8>,
    ) -> u64 {
        let is_like = |(of, with): &(_, Vec<_>)| *of == version && *with == labels;
        let is_same = self.made_with.as_ref().is_some_and(is_like);
        if !is_same || !self.made_of.is_of(view.frame()) || !self.renew(version, view) {
            self.write(version, view, labels);
        }
        let count = self.places.len() as u64;
        let is_done = count > 0 && self.snappy.append(self.plain.bytes(), out);
        if is_done { count } else { 0 }
    }

    /// Forgets a request of more than this many bytes.
    pub fn trim(&mut self, most: usize) {
        if self.plain.len() > most {
            *self = Writer::default();
        }
    }

    /// Makes the request.
    fn write(&mut self, version: RemoteWriteVersion, view: &View<'_>, labels: &[(String, String)]) {
        self.plain.truncate(0);
        self.places.clear();
        let (out, places) = (&mut self.plain, &mut self.places);
        match version {
            RemoteWriteVersion::One => one::encode(view, labels, out, places),
            _ => two::Symbols::default().encode(view, labels, out, places),
        }
        // It keeps its length.
        let mut bytes = std::mem::take(&mut self.plain).into_bytes();
        bytes.shrink_to_fit();
        self.plain = Buffer::after(bytes);
        self.places.shrink_to_fit();
        self.made_of = RequestSeries::new(view.frame());
        self.made_with = Some((version, labels.to_vec()));
    }

    /// Rewrites the samples of the last request. Returns whether there are as many, each as long as before.
    fn renew(&mut self, version: RemoteWriteVersion, view: &View<'_>) -> bool {
        let (mut places, plain) = (self.places.iter(), self.plain.bytes_mut());
        let (mut is_done, mut renewal) = (true, Renewal::new());
        for family in view.families() {
            let counts = version != RemoteWriteVersion::One && two::counts(family.def.kind);
            parts::each(&family, &[], &mut |part| {
                let old = places.next().and_then(|at| plain.get_mut(*at as usize..));
                let sample = Sample::of(&part, counts);
                is_done = is_done && old.is_some_and(|old| renewal.write(sample, old));
            });
        }
        is_done && places.next().is_none()
    }
}
