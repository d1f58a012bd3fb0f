//! Protocol Buffers of metrics (`io.prometheus.client.MetricFamily`, each with its length before it),
//! which Go's and Rust's clients push, converted to text 0.0.4: from there on both are read and checked
//! by the same rules.
//!
//! <https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto>. A number
//! that is left out is 0, as everywhere in Protocol Buffers. Of histograms the buckets with bounds are
//! read, `+Inf` being the count where it is not among them; native buckets, exemplars, units and
//! times of creation are not.

use crate::base::json::Fault;
use crate::base::wire::{Fields, Wire, split_delimited};
use crate::model::metric::{Buffer, Value};
use crate::model::store::is_metric_name;

/// The text may be this many times as long as the longest body: it has the labels at every bucket.
const MAX_GROWTH: usize = 8;

/// Bytes of a help text that are kept.
const MAX_HELP: usize = 4096;

/// The type of a family in text, and which field of its metrics has the numbers; by the number of the type.
const KINDS: [(&str, u32); 6] = [
    ("counter", 3),
    ("gauge", 2),
    ("summary", SUMMARY),
    ("untyped", 5),
    ("histogram", HISTOGRAM),
    (GAUGES, HISTOGRAM),
];

const SUMMARY: u32 = 4;
const HISTOGRAM: u32 = 7;

/// A histogram whose counts may fall; its parts have other names.
const GAUGES: &str = "gaugehistogram";

/// The error is what was expected.
type Done = Result<(), &'static str>;

/// Converts a body to text. Bodies may have `max_body` bytes.
pub fn to_text(body: &[u8], max_body: usize) -> Result<Buffer, Fault> {
    let limit = max_body.saturating_mul(MAX_GROWTH);
    let (out, labels) = (Buffer::default(), Buffer::default());
    let mut text = Text { out, limit, name: b"", labels, time: None };
    let mut rest = body;
    while !rest.is_empty() {
        let fault = |expected| Fault { at: body.len() - rest.len(), expected };
        let message = split_delimited(rest);
        let (family, after) =
            message.ok_or_else(|| fault("a message with its length before it"))?;
        text.family(family).map_err(fault)?;
        rest = after;
    }
    Ok(text.out)
}

/// The text so far.
struct Text<'a> {
    out: Buffer,
    limit: usize,
    /// The name of the family.
    name: &'a [u8],
    /// The labels of the metric, as written: `a="b",c="d",`.
    labels: Buffer,
    /// The time stamp of the metric, in milliseconds.
    time: Option<i64>,
}

impl<'a> Text<'a> {
    fn family(&mut self, message: &'a [u8]) -> Done {
        let (mut name, mut help, mut kind) = (&b""[..], &b""[..], 0);
        walk(message, &mut |field| {
            match field {
                (1, Wire::Bytes(bytes)) => name = bytes,
                (2, Wire::Bytes(bytes)) => help = bytes.get(..MAX_HELP).unwrap_or(bytes),
                (3, Wire::Varint(number)) => kind = number,
                _ => {}
            }
            Ok(())
        })?;
        if name.is_empty() {
            return Err("a family with a name");
        }
        let kind = usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind));
        let (word, place) = *kind.ok_or("a family of a type from 0 to 5")?;
        self.name = name;
        if !help.is_empty() {
            self.comment(b"# HELP ");
            put_escaped(&mut self.out, help);
        }
        self.comment(b"\n# TYPE ");
        self.out.put(word.as_bytes());
        self.out.put(b"\n");
        walk(message, &mut |field| match field {
            (4, Wire::Bytes(metric)) => self.metric(word, place, metric),
            _ => Ok(()),
        })
    }

    fn comment(&mut self, start: &[u8]) {
        self.out.put(start);
        put_name(&mut self.out, self.name, b"", is_metric_name(self.name));
        self.out.put(b" ");
    }

    fn metric(&mut self, word: &str, place: u32, message: &[u8]) -> Done {
        self.labels.truncate(0);
        self.time = None;
        let mut value = None;
        walk(message, &mut |field| {
            match field {
                (1, Wire::Bytes(pair)) => return put_label(&mut self.labels, pair),
                (6, Wire::Varint(millis)) => self.time = Some(millis as i64),
                (field, Wire::Bytes(bytes)) if field == place => value = Some(bytes),
                _ => {}
            }
            Ok(())
        })?;
        let value = value.ok_or("a number of the family's type in each metric")?;
        match place {
            SUMMARY => self.summary(value),
            HISTOGRAM => self.histogram(value, word == GAUGES),
            _ => {
                let (_, [number, ..]) = numbers(value)?;
                self.sample(b"", None, float(number))
            }
        }
    }

    fn summary(&mut self, message: &[u8]) -> Done {
        let (count, [_, sum, ..]) = numbers(message)?;
        walk(message, &mut |field| {
            let (3, Wire::Bytes(quantile)) = field else { return Ok(()) };
            let (_, [at, value, ..]) = numbers(quantile)?;
            self.sample(b"", Some((b"quantile", at.unwrap_or_default())), float(value))
        })?;
        self.sample(b"_sum", None, float(sum))?;
        self.sample(b"_count", None, Value::Int(count))
    }

    fn histogram(&mut self, message: &[u8], is_gauge: bool) -> Done {
        let count = |integer, float: Option<f64>| float.map_or(Value::Int(integer), Value::Float);
        let (all, [_, sum, _, all_float]) = numbers(message)?;
        let all = count(all, all_float);
        let mut is_whole = false;
        walk(message, &mut |field| {
            let (3, Wire::Bytes(bucket)) = field else { return Ok(()) };
            let (up_to, [_, bound, _, up_to_float]) = numbers(bucket)?;
            is_whole |= bound == Some(f64::INFINITY);
            let bound = Some((&b"le"[..], bound.unwrap_or_default()));
            self.sample(b"_bucket", bound, count(up_to, up_to_float))
        })?;
        if !is_whole {
            self.sample(b"_bucket", Some((b"le", f64::INFINITY)), all)?;
        }
        let [of_sum, of_all]: [&[u8]; 2] =
            if is_gauge { [b"_gsum", b"_gcount"] } else { [b"_sum", b"_count"] };
        self.sample(of_sum, None, float(sum))?;
        self.sample(of_all, None, all)
    }

    /// Writes a line: the name with `suffix`, the labels and one more label, the value.
    fn sample(&mut self, suffix: &[u8], more: Option<(&[u8], f64)>, value: Value) -> Done {
        let is_plain = is_metric_name(self.name);
        let out = &mut self.out;
        if is_plain {
            put_name(out, self.name, suffix, true);
            out.put(b"{");
        } else {
            out.put(b"{");
            put_name(out, self.name, suffix, false);
            out.put(b",");
        }
        out.put(self.labels.bytes());
        if let Some((key, at)) = more {
            out.put_all([key, b"=\""]);
            out.put_value(Value::Float(at));
            out.put(b"\"");
        }
        out.put(b"} ");
        out.put_value(value);
        if let Some(time) = self.time {
            out.put_all([b" ", time.to_string().as_bytes()]);
        }
        out.put(b"\n");
        if out.len() > self.limit { Err("less to come out of the body") } else { Ok(()) }
    }
}

/// Hands every field of a message to `each`.
fn walk<'a>(message: &'a [u8], each: &mut dyn FnMut((u32, Wire<'a>)) -> Done) -> Done {
    let mut fields = Fields::of(message);
    fields.by_ref().try_for_each(each)?;
    if fields.is_broken() { Err("a sound message") } else { Ok(()) }
}

/// The first field, if it is an integer, and the first four where they are doubles.
fn numbers(message: &[u8]) -> Result<(u64, [Option<f64>; 4]), &'static str> {
    let (mut integer, mut doubles) = (0, [None; 4]);
    walk(message, &mut |field| {
        match field {
            (1, Wire::Varint(number)) => integer = number,
            (place, Wire::Fixed64(bits)) => {
                let at = (place as usize).wrapping_sub(1);
                doubles.get_mut(at).into_iter().for_each(|d| *d = Some(f64::from_bits(bits)));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((integer, doubles))
}

fn put_label(out: &mut Buffer, pair: &[u8]) -> Done {
    let (mut name, mut value) = (&b""[..], &b""[..]);
    walk(pair, &mut |field| {
        match field {
            (1, Wire::Bytes(bytes)) => name = bytes,
            (2, Wire::Bytes(bytes)) => value = bytes,
            _ => {}
        }
        Ok(())
    })?;
    put_name(out, name, b"", is_metric_name(name) && !name.contains(&b':'));
    out.put(b"=\"");
    put_escaped(out, value);
    out.put(b"\",");
    Ok(())
}

fn put_name(out: &mut Buffer, name: &[u8], suffix: &[u8], is_plain: bool) {
    let mark: &[u8] = if is_plain { b"" } else { b"\"" };
    out.put(mark);
    put_escaped(out, name);
    out.put_all([suffix, mark]);
}

fn put_escaped(out: &mut Buffer, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|b| matches!(b, b'\n' | b'"' | b'\\')) {
        let (before, after) = rest.split_at(at);
        out.put(before);
        let (first, after) = after.split_at(1);
        out.put_all([b"\\", if first == b"\n" { b"n" } else { first }]);
        rest = after;
    }
    out.put(rest);
}

/// A number that is left out is 0.
fn float(value: Option<f64>) -> Value {
    Value::Float(value.unwrap_or_default())
}

#[cfg(test)]
mod tests;
