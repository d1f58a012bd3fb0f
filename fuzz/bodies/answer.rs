//! What targets answer: HTTP as it comes in pieces, and JSON.

use sysmetrics::base::json;
use sysmetrics::inputs::scrape::custom;
use sysmetrics::model::store::is_metric_name;
use sysmetrics::settings::Field;
use sysmetrics::workers::{Read, Reading};

/// A small bound, so that it is met.
const MAX_BODY: usize = 300;

const MAX_NAME: usize = 60;

/// However the bytes of an answer are cut, it is the same answer or the same failure, and within
/// its bound; and once its status was read, it is no failure.
pub fn http_answer(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let (is_head, size) = (first & 1 == 1, 1 + usize::from(first >> 1));
    let whole = hear(bytes, is_head, bytes.len().max(1));
    assert_eq!(hear(bytes, is_head, size), whole);
    assert_eq!(hear(bytes, is_head, 1), whole);
    if let Ok((status, body, ..)) = &whole {
        assert!((200..600).contains(status) && body.len() <= MAX_BODY);
        assert!(body.is_empty() || !is_head);
        // More of it makes no other answer of one that is whole, and none of one that is wrong.
        let more = [bytes, b"x"].concat();
        assert_eq!(hear(&more, is_head, size).map(|heard| heard.0), Ok(*status));
    }
    // The first line decides, unless it is only the first of several.
    if bytes.starts_with(b"HTTP/1.1 200 ") {
        assert!(whole.is_ok_and(|heard| heard.0 == 200));
    }
}

/// Status, body, where it leads and what is wrong with it; or the reason why it is none.
type Received = Result<(u16, Vec<u8>, Option<String>, Option<&'static str>), &'static str>;

fn hear(bytes: &[u8], is_head: bool, size: usize) -> Received {
    let mut reading = Reading::new(is_head, MAX_BODY);
    let mut is_whole = false;
    for piece in bytes.chunks(size) {
        is_whole = reading.feed(piece).map_err(|failure| failure.reason)?;
        if is_whole {
            break;
        }
    }
    if !is_whole {
        reading.end().map_err(|failure| failure.reason)?;
    }
    let Read { answer, location, .. } = reading.finish();
    Ok((answer.status, answer.body, location, answer.fault.map(|fault| fault.reason)))
}

/// JSON becomes numbers that are sound, with and without fields.
pub fn target_json(bytes: &[u8]) {
    let Ok(document) = json::parse(bytes) else { return };
    let mut count = 0;
    custom::read(document, "1 target", &[], MAX_NAME, &mut |picked| {
        count += 1;
        let Ok(sample) = picked else { return };
        assert!(is_metric_name(sample.name.as_bytes()), "{}", sample.name);
        assert!(sample.name.len() <= MAX_NAME && sample.value.is_finite());
        let is_index = |value: &str| value.bytes().all(|b| b.is_ascii_digit());
        assert!(sample.labels.iter().all(|(n, v)| n.starts_with("index") && is_index(v)));
    });
    assert!(count <= bytes.len());
    let labels = [("key", "$*"), ("beside", "$name"), ("own", "$"), ("fixed", "x")];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let fields = ["", "*", "*.*", "a", "a.b", "a.*", "0", "*.b.0", "a.b.c.d"].map(|path| Field {
        path: path.to_owned(),
        labels: labels.to_vec(),
        ..Field::default()
    });
    custom::read(document, "t", &fields, MAX_NAME, &mut |picked| {
        if let Ok(sample) = picked {
            assert!(is_metric_name(sample.name.as_bytes()) && sample.value.is_finite());
            assert!(sample.labels.len() == 4 && sample.labels[3].1 == "x");
        }
    });
}
