//! Tables of answers, and what they mean.

use super::*;
use crate::outputs::export::proto::Proto;
use crate::workers::Failure;

const PROTO: &str = "application/x-protobuf; charset=x";
const JSON: &str = "Application/JSON;charset=utf-8";

fn message(write: impl FnOnce(&mut Proto<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Proto::new(&mut out));
    out
}

fn success(rejected: i64, text: &str) -> Vec<u8> {
    message(|p| {
        p.message(1, 9, |p| {
            p.varint(1, rejected as u64);
            p.bytes(2, text.as_bytes());
        });
    })
}

fn http(status: u16, content_type: &str, body: &[u8]) -> Verdict {
    let retry_after = Some(Duration::from_secs(9));
    let (content_type, body) = (content_type.to_owned(), body.to_vec());
    judge(&Answer { status, content_type, retry_after, body, ..Answer::default() })
}

#[test]
fn statuses_mean_what_the_specification_says() {
    let text = |status: u16| format!("HTTP status {status}: why");
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(http(status, PROTO, b""), Verdict::Done);
        assert_eq!(http(status, "text/html", b"<p>"), Verdict::Done, "who does not speak it");
    }
    let wait = Some(Duration::from_secs(9));
    for (status, reason) in [(429, "throttled"), (502, "status"), (503, "status"), (504, "status")]
    {
        let expected = Verdict::Again(reason, text(status), wait);
        assert_eq!(http(status, "text/plain", b"why"), expected);
    }
    for status in [100, 302, 400, 401, 403, 404, 408, 415, 500, 501, 505] {
        let expected = Verdict::Never("refused", text(status));
        assert_eq!(http(status, "text/plain", b" why\n"), expected);
    }
    assert_eq!(http(413, "text/plain", b"why"), Verdict::Halves(text(413)));
    let late = "HTTP status 400: out of order sample".to_owned();
    assert_eq!(http(400, "text/plain", b"out of order sample\n"), Verdict::Late(late));
    let message = "timestamp is too old (err-mimir-sample-timestamp-too-old)";
    let late = format!("INVALID_ARGUMENT: {message}");
    assert_eq!(judge_grpc(3, message, b"", b""), Verdict::Late(late));
}

#[test]
fn rejected_points_are_reported() {
    let partial = |n, text: &str| Verdict::Partial(n, text.to_owned());
    for (rejected, text, expected) in [
        (0, "", Verdict::Done),
        (0, "deprecated", partial(0, "deprecated")),
        (7, "too\nold", partial(7, "too old")),
        (7, "", partial(7, "")),
        (-7, "", Verdict::Done),
        (i64::MAX, "x", partial(i64::MAX as u64, "x")),
    ] {
        assert_eq!(http(200, PROTO, &success(rejected, text)), expected);
        assert_eq!(judge_grpc(0, "", b"", &success(rejected, text)), expected);
        let text = text.replace('\n', "\\n");
        for rejected in [format!("{rejected}"), format!("\"{rejected}\"")] {
            let body = format!(
                r#"{{"x":1,"partialSuccess":{{"rejectedDataPoints":{rejected},"errorMessage":"{text}"}}}}"#
            );
            assert_eq!(http(200, JSON, body.as_bytes()), expected, "{body}");
        }
    }
    // Messages that come twice are one, of their fields the last counts.
    let twice = [success(3, "a"), message(|p| p.message(1, 9, |p| p.varint(1, 4)))].concat();
    assert_eq!(http(200, PROTO, &twice), partial(4, "a"));
    // Fields that nobody knows, and those of another type, say nothing.
    let odd = message(|p| {
        p.fixed64(7, 1);
        p.varint(1, 5);
        p.message(1, 9, |p| {
            p.fixed64(1, 5);
            p.varint(2, 5);
            p.bytes(99, b"x");
        });
    });
    assert_eq!(http(200, PROTO, &odd), Verdict::Done);
}

#[test]
fn damaged_bodies_are_noted() {
    let noted = |why: &str| {
        Verdict::Partial(0, ["it took them; its answer cannot be read: ", why].concat())
    };
    let whole = success(7, "text");
    for n in 1..whole.len() {
        assert_eq!(http(200, PROTO, &whole[..n]), noted("it is damaged"), "{n}");
        assert_eq!(judge_grpc(0, "", b"", &whole[..n]), noted("it is damaged"), "{n}");
        assert_eq!(http(200, "text/plain", &whole[..n]), Verdict::Done, "{n}");
    }
    let fault = Some(Failure { reason: "too_large", text: "long".to_owned() });
    let torn = Answer { status: 200, fault, body: whole, ..Answer::default() };
    assert_eq!(judge(&torn), noted("long"));
    assert_eq!(judge(&Answer { status: 204, ..torn }), Verdict::Done);
    assert_eq!(judge_grpc(0, "long", b"", b""), noted("long"));
    let whole = br#"{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"text"}}"#;
    assert_eq!(http(200, JSON, b""), Verdict::Done);
    for n in 1..whole.len() {
        assert_eq!(http(200, JSON, &whole[..n]), noted("it is damaged"), "{n}");
    }
    for body in [
        r#"[]"#,
        r#"{"partialSuccess":null}"#,
        r#"{"partialSuccess":7}"#,
        r#"{"partialSuccess":{"rejectedDataPoints":-1}}"#,
        r#"{"partialSuccess":{"rejectedDataPoints":1e99}}"#,
        r#"{"partialSuccess":{"rejectedDataPoints":"99999999999999999999"}}"#,
        r#"{"partialSuccess":{"errorMessage":[]}}"#,
    ] {
        assert_eq!(http(200, JSON, body.as_bytes()), Verdict::Done, "{body}");
    }
}

#[test]
fn messages_of_receivers_are_passed_on() {
    let status = message(|p| {
        p.varint(1, 3);
        p.bytes(2, b"bad\x1b[1m\xff");
    });
    let never = |message: &str| Verdict::Never("refused", ["HTTP status 400", message].concat());
    assert_eq!(http(400, PROTO, &status), never(": bad [1m\u{fffd}"));
    assert_eq!(http(400, PROTO, &status[..status.len() - 1]), never(""));
    assert_eq!(http(400, JSON, br#"{"code":3,"message":"b\u00e4d"}"#), never(": bäd"));
    assert_eq!(http(400, JSON, b"{"), never(""));
    assert_eq!(http(400, "text/html", b"<p>"), never(""));
    assert_eq!(http(400, "", b"plain"), never(""));
    let long = "é".repeat(100_000);
    let expected = never(&[": ", &"é".repeat(MAX_TEXT)].concat());
    assert_eq!(http(400, "text/plain", long.as_bytes()), expected);
}

/// A `google.rpc.Status` with a `RetryInfo` of so many seconds and nanoseconds.
fn retry(seconds: i64, nanos: i32) -> Vec<u8> {
    message(|p| {
        p.varint(1, 8);
        p.message(3, 60, |p| {
            p.bytes(1, b"type.googleapis.com/google.rpc.DebugInfo");
            p.bytes(2, b"\xff");
        });
        p.message(3, 60, |p| {
            p.bytes(1, RETRY_INFO);
            p.message(2, 20, |p| {
                p.message(1, 20, |p| {
                    p.varint(1, seconds as u64);
                    p.varint(2, i64::from(nanos) as u64);
                });
            });
        });
    })
}

#[test]
fn grpc_codes_mean_what_the_specification_says() {
    for code in (1..=20).chain([u32::MAX]) {
        let name = CODES.get(code as usize).copied().unwrap_or("gRPC status of no name");
        let text = format!("{name}: why");
        let expected = match code {
            1 | 4 | 10 | 11 | 14 | 15 => Verdict::Again("status", text, None),
            _ => Verdict::Never("refused", text),
        };
        assert_eq!(judge_grpc(code, "why", b"", b""), expected);
    }
    assert_eq!(judge_grpc(3, "", b"", b""), Verdict::Never("refused", "INVALID_ARGUMENT".into()));
    for (code, says) in [
        (8, "grpc: received message larger than max (5 vs. 4)"),
        (8, "SERVER: Received message larger than max (5 vs. 4)"),
        (8, "grpc: received message after decompression larger than max 4"),
        (11, "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes"),
        (8, "gRPC message exceeds maximum size 4: 5"),
        (8, "Decompressed gRPC message exceeds maximum size 4"),
        (8, "Received message exceeds the maximum configured message size."),
        (8, "Message has exceeded the configured maximum payload size (max: 4, actual: 5)"),
        (2, "Payload Too Large"),
        (2, "the answer is HTTP 413 without grpc-status"),
    ] {
        let text = [CODES[code as usize], ": ", says].concat();
        assert_eq!(judge_grpc(code, says, b"", b""), Verdict::Halves(text));
    }
    // A rate is not kept by halves.
    for says in ["ingestion rate exceeds maximum", "too many series: limit is larger"] {
        assert!(matches!(judge_grpc(8, says, b"", b""), Verdict::Never("refused", _)), "{says}");
    }
}

#[test]
fn retry_info_is_a_delay() {
    for (seconds, nanos, millis) in [
        (3, 250_000_000, 3250),
        (0, 0, 0),
        (-1, 0, 0),
        (2, -5, 2000),
        (2, i32::MAX, 2999),
        (i64::MAX, 0, u128::from(i64::MAX as u64) * 1000),
    ] {
        for code in [8, 14] {
            let details = retry(seconds, nanos);
            let Verdict::Again("throttled", _, Some(wait)) = judge_grpc(code, "", &details, b"")
            else {
                panic!("{code} {seconds} {nanos}")
            };
            assert_eq!(wait.as_millis(), millis);
        }
    }
    // Where it means nothing it is not looked for; where it is cut off there is none.
    assert!(matches!(judge_grpc(3, "", &retry(3, 0), b""), Verdict::Never("refused", _)));
    let details = retry(3, 0);
    assert!(matches!(judge_grpc(8, "", &details[..60], b""), Verdict::Never("refused", _)));
    // Of very many details the first are looked at.
    let other = message(|p| p.message(3, 9, |p| p.bytes(1, b"x")));
    let far = [other.repeat(MAX_DETAILS), details].concat();
    assert!(matches!(judge_grpc(8, "", &far, b""), Verdict::Never("refused", _)));
}
