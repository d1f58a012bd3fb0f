//! `prometheus.WriteRequest` (prompb/remote.proto, prompb/types.proto of Prometheus).

use super::parts::{self, NAME, Part};
use super::sample::Sample;
use super::wire::{VARINT, bytes_tag, varint, varint_len};
use crate::base::sys::Pen;
use crate::model::frame::View;
use crate::model::metric::Buffer;

/// `WriteRequest.timeseries`, `TimeSeries.labels`, `Label.name`.
const FIRST: u8 = bytes_tag(1);

/// `Label.value`.
const SECOND: u8 = bytes_tag(2);

/// Appends one request, and the position of each of its samples to `places`.
pub fn encode(
    view: &View<'_>,
    labels: &[(String, String)],
    out: &mut Buffer,
    places: &mut Vec<u32>,
) {
    for family in view.families() {
        parts::each(&family, labels, &mut |part| {
            let sample = Sample::of(&part, false);
            write(family.def.name, &part, sample, out);
            places.push((out.len() - sample.len()) as u32);
        });
    }
}

/// Bytes of a message `Label` without tag and length.
#[inline]
fn label_len(key: usize, value: usize) -> usize {
    2 + varint_len(key as u64) + key + varint_len(value as u64) + value
}

/// Bytes of a field that is a message of that length.
#[inline]
fn field_len(len: usize) -> usize {
    1 + varint_len(len as u64) + len
}

fn write(family: &str, part: &Part<'_, '_>, sample: Sample, out: &mut Buffer) {
    let name_len = family.len() + part.suffix.len();
    let mut len = sample.len();
    part.each(
        &mut len,
        |len| *len += field_len(label_len(NAME.len(), name_len)),
        |len, key, value, _| *len += field_len(label_len(key.len(), value.len())),
    );
    let whole = field_len(len);
    let mut pen = Pen::new(out.room(whole + VARINT));
    pen.put_word(FIRST.into(), 1);
    varint(&mut pen, len as u64);
    part.each(
        &mut pen,
        |pen| {
            head(pen, NAME, name_len);
            pen.put(family.as_bytes());
            pen.put(part.suffix.as_bytes());
        },
        |pen, key, value, _| {
            head(pen, key, value.len());
            pen.put(value);
        },
    );
    sample.write(&mut pen);
    out.advance(whole);
}

/// Writes a label except for its value.
#[inline]
fn head(pen: &mut Pen<'_>, key: &str, value: usize) {
    pen.put_word(FIRST.into(), 1);
    varint(pen, label_len(key.len(), value) as u64);
    pen.put_word(FIRST.into(), 1);
    varint(pen, key.len() as u64);
    pen.put(key.as_bytes());
    pen.put_word(SECOND.into(), 1);
    varint(pen, value as u64);
}
