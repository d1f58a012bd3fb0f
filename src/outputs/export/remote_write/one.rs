//! `prometheus.WriteRequest` (prompb/remote.proto, prompb/types.proto of Prometheus).

use super::parts::{self, NAME, Part};
use super::wire::{VARINT, bytes_tag, double_tag, varint, varint_len, varint_tag};
use crate::base::sys::Pen;
use crate::model::frame::View;
use crate::model::metric::Buffer;

/// `WriteRequest.timeseries`, `TimeSeries.labels`, `Label.name`.
const FIRST: u8 = bytes_tag(1);

/// `TimeSeries.samples`, `Label.value`.
const SECOND: u8 = bytes_tag(2);

/// Appends one request. Tells how many samples it has.
pub fn encode(view: &View<'_>, labels: &[(String, String)], out: &mut Buffer) -> u64 {
    let mut count = 0;
    for family in view.families() {
        parts::each(&family, labels, &mut |part| {
            count += 1;
            write(family.def.name, &part, out);
        });
    }
    count
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

fn write(family: &str, part: &Part<'_, '_>, out: &mut Buffer) {
    let name_len = family.len() + part.suffix.len();
    let time = part.series.time() as u64;
    let sample = 10 + varint_len(time);
    let mut len = field_len(sample);
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
    pen.put_word(SECOND.into(), 1);
    pen.put_word(sample as u64, 1);
    pen.put_word(double_tag(1).into(), 1);
    pen.put_word(part.bits, 8);
    pen.put_word(varint_tag(2).into(), 1);
    varint(&mut pen, time);
    out.advance(whole);
}

/// A label but for its value.
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
