//! What became of the entries of one body, and the answer that reports it.

use super::entry::Refused;
use crate::model::metric::{Buffer, Value};

/// Refused entries whose reasons are in the answer; the others are only counted.
pub const MAX_DETAILED: usize = 1000;

/// Bytes of a refused text that are quoted.
pub const MAX_QUOTED: usize = 64;

/// Counts entries; reused for every body.
#[derive(Default)]
pub struct Tally {
    accepted: usize,
    refused: usize,
    errors: Buffer,
}

impl Tally {
    /// Resets all counts.
    pub fn clear(&mut self) {
        (self.accepted, self.refused) = (0, 0);
        self.errors.reset(MAX_DETAILED * MAX_QUOTED);
    }

    /// Counts an entry that was accepted.
    pub fn accept(&mut self) {
        self.accepted += 1;
    }

    /// Whether there were entries and all were refused.
    pub fn is_refused(&self) -> bool {
        self.accepted == 0 && self.refused > 0
    }

    /// Counts the entry at `index` as refused.
    pub fn refuse(&mut self, index: usize, refused: &Refused<'_>) {
        self.refused += 1;
        if self.refused > MAX_DETAILED {
            return;
        }
        let (word, meaning) = refused.reason.text();
        let out = &mut self.errors;
        out.put(if out.is_empty() { b"{\"index\":" } else { b",{\"index\":" });
        put_count(out, index);
        out.put_all([b",\"reason\":\"", word.as_bytes(), b"\",\"detail\":\""]);
        match refused.types {
            ["", _] => out.put(meaning.as_bytes()),
            [takes, found] => {
                out.put_all([b"the key takes ", takes.as_bytes(), b", not ", found.as_bytes()]);
            }
        }
        if let Some(what) = refused.what {
            out.put(b": ");
            quote(out, what.raw());
        }
        out.put(b"\"}");
    }

    /// Writes the answer, a JSON object.
    pub fn write(&self, out: &mut Buffer) {
        out.put(b"{\"accepted\":");
        put_count(out, self.accepted);
        out.put(b",\"refused\":");
        put_count(out, self.refused);
        out.put_all([b",\"errors\":[", self.errors.bytes(), b"]}\n"]);
    }
}

/// What came as JSON can be written as JSON, if no escape is cut.
fn quote(out: &mut Buffer, raw: &[u8]) {
    if raw.len() <= MAX_QUOTED {
        return out.put(raw);
    }
    let cut = raw.get(..MAX_QUOTED).unwrap_or_default();
    let cut = cut.split(|b| *b == b'\\').next().unwrap_or_default();
    let cut = cut.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    out.put_all([cut.as_bytes(), "…".as_bytes()]);
}

fn put_count(out: &mut Buffer, n: usize) {
    out.put_value(Value::Int(n as u64));
}
