//! Labels and numbers as text.

use crate::base::sys::Pen;
use crate::model::metric::Value;
use crate::model::store::put_label_name;

/// Appends one label to the labels that start at `start`, in the form of series; a label without a value
/// is left out. Values become valid UTF-8.
pub fn put_pair(text: &mut Vec<u8>, start: usize, key: &[u8], value: &[u8]) {
    if value.is_empty() {
        return;
    }
    if text.len() > start {
        text.push(b',');
    }
    put_label_name(text, key);
    text.extend_from_slice(b"=\"");
    for chunk in value.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'\n' => text.extend_from_slice(b"\\n"),
                b'"' | b'\\' => text.extend_from_slice(&[b'\\', byte]),
                byte => text.push(byte),
            }
        }
        if !chunk.invalid().is_empty() {
            text.extend_from_slice("\u{FFFD}".as_bytes());
        }
    }
    text.push(b'"');
}

/// A number as Prometheus writes it.
pub fn number(value: f64) -> String {
    let mut text = [0; Value::ROOM];
    let mut pen = Pen::new(&mut text);
    pen = Value::Float(value).write(pen);
    let length = Value::ROOM - pen.left();
    String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned()
}
