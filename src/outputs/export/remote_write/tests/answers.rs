//! The meaning of answers.

use super::*;
use crate::outputs::export::Verdict;
use crate::workers::Answer;
use std::time::Duration;

#[test]
fn answers_are_judged_by_the_specifications() {
    let wait = Some(Duration::from_secs(9));
    let judged = |version, status: u16, samples_written: Option<u64>, body: &str| {
        let (retry_after, body) = (wait, body.into());
        judge(
            version,
            &Answer { status, retry_after, samples_written, body, ..Answer::default() },
            10,
        )
    };
    let text = |status: u16| format!("it answers {status}: b");
    for version in [ONE, TWO] {
        assert_eq!(judged(version, 204, Some(10), ""), Verdict::Done);
        assert_eq!(judged(version, 429, None, "b"), Verdict::Again("throttled", text(429), wait));
        assert_eq!(judged(version, 503, None, "b"), Verdict::Again("server", text(503), wait));
        assert_eq!(judged(version, 413, None, "b"), Verdict::Halves(text(413)));
        for status in [302, 401, 404, 409] {
            assert_eq!(judged(version, status, None, "b"), Verdict::Never("refused", text(status)));
        }
        // Prometheus, Mimir, Cortex, Thanos.
        for (status, body) in [
            (400, "Out of order sample"),
            (400, "out of bounds"),
            (400, "too old sample"),
            (400, "duplicate sample for timestamp"),
            (400, "a more recent timestamp was ingested (err-mimir-sample-out-of-order)"),
            (400, "timestamp is too far in the future (err-mimir-too-far-in-future)"),
            (400, "timestamp too new: 1800000000000"),
            (409, "add 1 samples: out of order sample"),
        ] {
            let verdict = judged(version, status, None, body);
            assert!(matches!(verdict, Verdict::Late(_)), "{body}");
            let verdict = judged(version, status, Some(0), body);
            assert!(matches!(verdict, Verdict::Late(_)), "nothing was stored: {body}");
        }
        assert_eq!(judged(version, 400, Some(0), "b"), Verdict::Never("refused", text(400)));
    }
    assert_eq!(judged(ONE, 200, None, ""), Verdict::Done);
    assert_eq!(judged(ONE, 400, None, "b"), Verdict::Never("refused", text(400)));
    assert_eq!(judged(ONE, 415, None, "b"), Verdict::Never("refused", text(415)));
    assert!(
        matches!(judged(TWO, 200, None, ""), Verdict::Older(why) if why.contains("stored nothing"))
    );
    assert_eq!(judged(TWO, 415, None, "b"), Verdict::Older(text(415)));
    assert_eq!(judged(TWO, 400, None, "b"), Verdict::Older(text(400)));
    assert_eq!(judged(TWO, 200, Some(7), "b"), Verdict::Partial(3, text(200)));
    assert_eq!(judged(TWO, 400, Some(7), "b"), Verdict::Partial(3, text(400)));
    let text = "it answers 400: out of order sample".to_owned();
    let late = judged(TWO, 400, Some(10), "out of order sample");
    assert_eq!(late, Verdict::Partial(1, text), "an upper bound");
    assert_eq!(headers(ONE)[2].1, "0.1.0");
    assert_eq!(headers(TWO)[2].1, "2.0.0");
}
