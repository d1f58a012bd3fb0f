//! Prometheus remote write 1.0 and 2.0: protobuf in a snappy block
//! (<https://prometheus.io/docs/specs/prw/remote_write_spec/>,
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>, as of 2.0-rc.4).
//!
//! - Histograms and summaries are the series that text exposition makes of them; a request has one
//!   sample of each series. Labels are sorted by their bytes, `__name__`, `le` and `quantile` among
//!   them; a label of a series that has the name of one of these gives way. `job` and `instance` are
//!   added to series that have none.
//! - What is gone gets the stale marker once. What brings its own time stamps does not, as the
//!   specification has it: its next sample may be older than the marker.
//! - 1.0 has metadata as a list of its own, which receivers may ignore and most do: it is not sent.
//!   2.0 has it with each series, and since when it counts.

mod answer;
mod one;
mod parts;
#[cfg(test)]
mod tests;
mod two;
mod wire;

pub use answer::{headers, judge};

use crate::model::frame::View;
use crate::model::metric::Buffer;
use crate::settings::RemoteWriteVersion;
use snap::raw::{Encoder, max_compress_len};

/// Encodes requests; buffers are kept.
pub struct Writer {
    plain: Buffer,
    two: two::Symbols,
    snappy: Encoder,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer { plain: Buffer::default(), two: two::Symbols::default(), snappy: Encoder::new() }
    }
}

impl Writer {
    /// Appends one compressed request of that version, One or Two. Series that lack one of `labels`,
    /// `instance` and `job`, get it. Tells how many samples it has.
    pub fn encode(
        &mut self,
        version: RemoteWriteVersion,
        view: &View<'_>,
        labels: &[(String, String)],
        out: &mut Vec<u8>,
    ) -> u64 {
        self.plain.truncate(0);
        let count = match version {
            RemoteWriteVersion::One => one::encode(view, labels, &mut self.plain),
            _ => self.two.encode(view, labels, &mut self.plain),
        };
        if count == 0 {
            return 0;
        }
        let (start, plain) = (out.len(), self.plain.bytes());
        out.resize(start + max_compress_len(plain.len()), 0);
        let room = out.get_mut(start..).unwrap_or_default();
        // It fails only for what is longer than 32 bits can tell.
        let compressed = self.snappy.compress(plain, room).ok();
        out.truncate(start + compressed.unwrap_or(0));
        compressed.map_or(0, |_| count)
    }
}
