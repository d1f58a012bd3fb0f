//! What receivers answer to what was sent: OTLP, remote write, InfluxDB.

use std::time::Duration;
use sysmetrics::outputs::export::proto::{Fields, Proto, Wire};
use sysmetrics::outputs::export::{Verdict, influx, otlp, remote_write};
use sysmetrics::settings::RemoteWriteVersion;
use sysmetrics::workers::Answer;

/// Statuses that mean something to someone, and some that do not.
const STATUSES: [u16; 16] =
    [200, 204, 301, 400, 401, 404, 408, 413, 415, 422, 429, 500, 502, 503, 504, 599];

const TYPES: [&str; 4] =
    ["application/x-protobuf", "application/json;charset=utf-8", "text/plain", "text/html"];

/// Characters of foreign text that go on, with what stands before them.
const MAX_SAID: usize = 250;

const WAIT: Option<Duration> = Some(Duration::from_secs(9));

/// The first byte tells status and type.
fn answer(bytes: &[u8]) -> Option<Answer> {
    let (first, body) = bytes.split_first()?;
    let status = STATUSES[usize::from(first & 15)];
    let content_type = TYPES[usize::from(first >> 4 & 3)].to_owned();
    let samples_written = (first >> 6 > 0).then(|| u64::from(first >> 6) * 5);
    let (retry_after, body) = (WAIT, body.to_vec());
    Some(Answer { status, content_type, retry_after, samples_written, body, ..Answer::default() })
}

/// What is said is a bounded line, and the receiver's wait is kept.
fn check(verdict: &Verdict, wait: Option<Duration>) {
    let text = match verdict {
        Verdict::Done => return,
        Verdict::Again(_, text, told) => {
            assert_eq!(*told, wait);
            text
        }
        Verdict::Partial(_, text)
        | Verdict::Never(_, text)
        | Verdict::Older(text)
        | Verdict::Halves(text)
        | Verdict::Late(text) => text,
    };
    assert!(text.chars().count() <= MAX_SAID, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// A status decides; what the body says changes counts and texts only.
pub fn otlp_answer(bytes: &[u8]) {
    let Some(answer) = answer(bytes) else { return };
    let verdict = otlp::judge(&answer);
    check(&verdict, WAIT);
    assert!(match answer.status {
        200..300 => matches!(verdict, Verdict::Done | Verdict::Partial(..)),
        413 => matches!(verdict, Verdict::Halves(_)),
        429 | 502..=504 => matches!(verdict, Verdict::Again(..)),
        _ => matches!(verdict, Verdict::Never(..) | Verdict::Late(_)),
    });
    if let Verdict::Partial(rejected, text) = &verdict {
        assert!(*rejected > 0 || !text.is_empty());
    }
    let (code, body) = (u32::from(bytes[0]) % 20, &answer.body);
    let said = String::from_utf8_lossy(body);
    let verdict = otlp::judge_grpc(code, &said, body, body);
    match &verdict {
        // The delay is in the details; without it there is none.
        Verdict::Again(_, _, told) => {
            check(&verdict, *told);
            assert!(matches!(code, 1 | 4 | 8 | 10 | 11 | 14 | 15));
        }
        verdict => check(verdict, None),
    }
    let is_fine = matches!(verdict, Verdict::Done | Verdict::Partial(..));
    assert_eq!(is_fine, code == 0);
}

/// What is read of a message is read again of what is written of it, up to where it is damaged.
pub fn protobuf(bytes: &[u8]) {
    let mut fields = Fields::of(bytes);
    let all: Vec<_> = fields.by_ref().collect();
    assert!(fields.next().is_none());
    let mut out = Vec::new();
    let mut proto = Proto::new(&mut out);
    for (number, value) in &all {
        match value {
            Wire::Varint(n) => proto.varint(*number, *n),
            Wire::Fixed64(n) => proto.fixed64(*number, *n),
            Wire::Bytes(bytes) => proto.bytes(*number, bytes),
            // Nobody writes these; only their bytes count.
            Wire::Fixed32(n) => proto.bytes(*number, &n.to_le_bytes()),
        }
    }
    let as_written = |(number, value): &(u32, Wire<'_>)| match value {
        Wire::Fixed32(n) => (*number, n.to_le_bytes().to_vec()),
        Wire::Varint(n) => (*number, n.to_string().into()),
        Wire::Fixed64(n) => (*number, format!("w{n}").into()),
        Wire::Bytes(bytes) => (*number, bytes.to_vec()),
    };
    let mut again = Fields::of(&out);
    assert!(again.by_ref().map(|field| as_written(&field)).eq(all.iter().map(as_written)));
    assert!(!again.is_broken());
    let is_short = all.iter().all(|(_, value)| !matches!(value, Wire::Fixed32(_)));
    assert!(fields.is_broken() || !is_short || out.len() <= bytes.len(), "shortest varints");
}

/// Nothing is sent for ever that was taken, and no more is refused than was sent.
pub fn write_answer(bytes: &[u8]) {
    let Some(answer) = answer(bytes) else { return };
    for version in [RemoteWriteVersion::One, RemoteWriteVersion::Two] {
        let verdict = remote_write::judge(version, &answer, 10);
        check(&verdict, WAIT);
        let is_one = version == RemoteWriteVersion::One;
        assert!(!is_one || !matches!(verdict, Verdict::Older(_) | Verdict::Partial(..)));
        if let Verdict::Partial(refused, _) = verdict {
            assert!((1..=10).contains(&refused));
        }
        assert_eq!(verdict == Verdict::Done, {
            let took_all = is_one || answer.samples_written >= Some(10);
            (200..300).contains(&answer.status) && took_all
        });
    }
    let verdict = influx::judge(&answer);
    check(&verdict, WAIT);
    assert_eq!(verdict == Verdict::Done, (200..300).contains(&answer.status));
    assert!(!matches!(verdict, Verdict::Older(_)));
}
