//! The headers of a request, and the meaning of the answer.

use crate::outputs::answer_text::{is_late, sentence};
use crate::outputs::export::Verdict;
use crate::settings::RemoteWriteVersion;
use crate::workers::Answer;

/// The headers for this version, besides those of every request.
pub fn headers(version: RemoteWriteVersion) -> &'static [(&'static str, &'static str)] {
    match version {
        RemoteWriteVersion::One => &[
            ("Content-Type", "application/x-protobuf"),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ],
        _ => &[
            ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", "2.0.0"),
        ],
    }
}

/// The meaning of an answer to a request of that version with this many samples.
///
/// Receivers of 2.0 report in every answer how many they stored. One that answers 2xx without that is of 1.0,
/// ignored the unknown fields, and stored nothing; one that answers 400 without that may be
/// of 1.0, too (section "Unsupported Request Content"). A receiver of 1.0 refuses all of a request
/// for one sample that is out of order; one of 2.0 stores the others, and its count is an upper bound.
pub fn judge(version: RemoteWriteVersion, answer: &Answer, sent: u64) -> Verdict {
    let is_one = version == RemoteWriteVersion::One;
    let is_late = || is_late(&answer.body);
    match (answer.status, answer.samples_written) {
        // The header may be missing where the head was cut off: then everything may be stored.
        (200..300, None) if !is_one && !answer.is_head_torn => {
            Verdict::Older("a 1.0 receiver that stored nothing".to_owned())
        }
        (200..300, Some(written)) if !is_one && written < sent => {
            Verdict::Partial(sent - written, sentence(answer))
        }
        (200..300, _) => Verdict::Done,
        (415, _) if !is_one => Verdict::Older(sentence(answer)),
        (400, None) if !is_one && !is_late() => Verdict::Older(sentence(answer)),
        (400, Some(written)) if !is_one && (1..sent).contains(&written) => {
            Verdict::Partial(sent - written, sentence(answer))
        }
        (400, Some(1..)) if !is_one && is_late() => Verdict::Partial(1, sentence(answer)),
        (413, _) => Verdict::Halves(sentence(answer)),
        (429, _) => Verdict::Again("throttled", sentence(answer), answer.retry_after),
        (500.., _) => Verdict::Again("server", sentence(answer), answer.retry_after),
        _ if is_late() => Verdict::Late(sentence(answer)),
        _ => Verdict::Never("refused", sentence(answer)),
    }
}
