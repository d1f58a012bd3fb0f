//! Prometheus remote write 1.0 and 2.0: protobuf in a snappy block.

use super::Verdict;
use crate::courier::Answer;
use crate::frame::View;
use crate::settings::RemoteWriteVersion;

/// Encodes requests; buffers are kept.
#[derive(Default)]
pub struct Writer {}

impl Writer {
    /// Appends one compressed request of that version, One or Two.
    pub fn encode(&mut self, version: RemoteWriteVersion, view: &View<'_>, out: &mut Vec<u8>) {
        let _ = (version, view, out);
    }
}

/// The headers of a request of that version, besides what every request has.
pub fn headers(version: RemoteWriteVersion) -> &'static [(&'static str, &'static str)] {
    let _ = version;
    &[]
}

/// What an answer means to a request of that version.
pub fn judge(version: RemoteWriteVersion, answer: &Answer) -> Verdict {
    let _ = (version, answer);
    Verdict::Done
}
