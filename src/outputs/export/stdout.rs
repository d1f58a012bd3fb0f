//! Lines on standard output: exposition text 0.0.4 with time stamps, JSON lines, or Influx lines.
//!
//! JSON is one object per series: `time` (RFC 3339, UTC), `name`, `labels`, `kind`, `value`. The value
//! is a number; of a histogram `{"buckets":{"0.5":2,"+Inf":5},"sum":7.5,"count":5}`, counting up; of
//! a summary `{"quantiles":{"0.5":2.5},"sum":9,"count":4}`. JSON has no NaN and no infinity: they are
//! the texts `"NaN"`, `"+Inf"` and `"-Inf"`. A series that has ended has no line.

use super::influx;
use crate::base::clock::WallClock;
use crate::base::dialect::Dialect;
use crate::base::sys::{self, Ready};
use crate::model::frame::{Quantiles, Reading, SeriesView, View};
use crate::model::metric::{
    Buffer, Histogram, Kind, Labels, Point, Sink, Summary, Unit, Value, gauge,
};
use crate::model::store::put_label_name;
use crate::outputs::expose::{Format, Lines, Text, escape};
use crate::outputs::json_text::escaped;
use crate::settings::StdoutFormat;
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Appends every sample.
pub fn encode(view: &View<'_>, format: StdoutFormat, out: &mut Vec<u8>) {
    if format == StdoutFormat::Influx {
        influx::encode(view, false, &[], out);
        return;
    }
    let mut buffer = Buffer::after(std::mem::take(out));
    match format {
        StdoutFormat::Json => json(view, &mut buffer),
        _ => text(view, &mut buffer),
    }
    *out = buffer.into_bytes();
}

/// Writes all of it, and waits where there is no room: other programs that share standard output may have made it
/// non-blocking.
pub fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match sys::write(fd, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                sys::poll(&mut [Ready::wait(fd, false, true)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn text(view: &View<'_>, out: &mut Buffer) {
    let (mut lines, mut labels, mut name) = (Lines::default(), Buffer::default(), Vec::new());
    let mut text = Text::new(Dialect::Own, Format::Prometheus, out, &mut lines).quoting(true);
    for family in view.families() {
        let def = family.def;
        // The name is whole already.
        let row = gauge(def.name, Unit::One, def.help, &[]).unprefixed().of_kind(def.kind);
        text.family(&row);
        for series in family.series().filter(|series| !series.is_stale) {
            labels.truncate(0);
            for (key, value) in series.labels() {
                let comma: &[u8] = if labels.is_empty() { b"" } else { b"," };
                name.clear();
                put_label_name(&mut name, key.as_bytes());
                labels.put_all([comma, &name, b"=\""]);
                escape(&mut labels, value.as_bytes(), true);
                labels.put(b"\"");
            }
            let (labels, time) = (Labels::rendered(labels.bytes()), Some(series.time()));
            match series.reading() {
                None => {}
                Some(Reading::Number(value)) => text.labelled(labels, Point::Number(value), time),
                Some(Reading::Histogram(histogram)) => {
                    text.labelled(labels, Point::Histogram(histogram), time);
                }
                Some(Reading::Summary(summary)) => {
                    let quantiles: Vec<_> = summary.iter().collect();
                    let (quantiles, sum, count) = (&*quantiles, summary.sum, summary.count);
                    let point = Point::Summary(Summary { quantiles, sum, count });
                    text.labelled(labels, point, time);
                }
            }
        }
    }
    text.finish();
}

fn json(view: &View<'_>, out: &mut Buffer) {
    for family in view.families() {
        let kind: &[u8] = match family.def.kind {
            Kind::Counter => b"counter",
            Kind::Gauge => b"gauge",
            Kind::Histogram => b"histogram",
            Kind::Summary => b"summary",
            Kind::Untyped => b"untyped",
        };
        for series in family.series().filter(|series| !series.is_stale) {
            if let Some(reading) = series.reading() {
                object(family.def.name, kind, &series, &reading, out);
            }
        }
    }
}

fn object(
    name: &str,
    kind: &[u8],
    series: &SeriesView<'_>,
    reading: &Reading<'_>,
    out: &mut Buffer,
) {
    // A time before 1970 becomes 1970.
    let time = Duration::from_millis(u64::try_from(series.time()).unwrap_or(0));
    let time = WallClock::at(time).rfc3339().to_string();
    out.put_all([b"{\"time\":\"", time.as_bytes(), b"\",\"name\":"]);
    quoted(name, out);
    let mut before: &[u8] = b",\"labels\":{";
    for (key, value) in series.labels() {
        out.put(before);
        quoted(key, out);
        out.put(b":");
        quoted(value, out);
        before = b",";
    }
    out.put(if before.len() > 1 { b",\"labels\":{" } else { b"" });
    out.put_all([b"},\"kind\":\"", kind, b"\",\"value\":"]);
    match reading {
        Reading::Number(value) => number(*value, out),
        Reading::Histogram(histogram) => buckets(histogram, out),
        Reading::Summary(summary) => quantiles(summary, out),
    }
    out.put(b"}\n");
}

fn buckets(histogram: &Histogram<'_>, out: &mut Buffer) {
    let (mut count, mut before): (u64, &[u8]) = (0, b"{\"buckets\":{");
    let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
    for (bound, within) in bounds.zip(histogram.counts) {
        count = count.saturating_add(*within);
        member(before, bound, Value::Int(count), out);
        before = b",";
    }
    out.put(b"}");
    totals(histogram.sum, count, out);
}

fn quantiles(summary: &Quantiles<'_>, out: &mut Buffer) {
    out.put(b"{\"quantiles\":{");
    let mut before: &[u8] = b"";
    for (quantile, value) in summary.iter() {
        member(before, quantile, Value::Float(value), out);
        before = b",";
    }
    out.put(b"}");
    totals(summary.sum, summary.count, out);
}

fn member(before: &[u8], name: f64, value: Value, out: &mut Buffer) {
    out.put_all([before, b"\""]);
    out.put_value(Value::Float(name));
    out.put(b"\":");
    number(value, out);
}

fn totals(sum: f64, count: u64, out: &mut Buffer) {
    out.put(b",\"sum\":");
    number(Value::Float(sum), out);
    out.put(b",\"count\":");
    number(Value::Int(count), out);
    out.put(b"}");
}

fn number(value: Value, out: &mut Buffer) {
    let quote: &[u8] = match value {
        Value::Float(n) if !n.is_finite() => b"\"",
        _ => b"",
    };
    out.put(quote);
    out.put_value(value);
    out.put(quote);
}

/// A text.
fn quoted(text: &str, out: &mut Buffer) {
    out.put(b"\"");
    escaped(text.as_bytes(), &mut |part| out.put(part));
    out.put(b"\"");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::testing::Made;
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    fn made() -> Made {
        let mut made = Made::new();
        made.family("a_total", Kind::Counter, "A \\ b.")
            .number(&[("k", "q\"b\\\n\u{1}é"), ("l", "w")], Value::Centi(150))
            .number(&[("k", "gone")], Value::Int(1))
            .gone();
        made.family("cpu_count", Kind::Gauge, "").number(&[], Value::Float(f64::NAN));
        made.family("h", Kind::Histogram, "H.").histogram(&[], &[0.5], &[2, 3], 7.5);
        made.family("s", Kind::Summary, "").summary(&[("k", "v")], &[(0.5, f64::INFINITY)], 9.0, 4);
        made.family("u", Kind::Untyped, "").timed(&[], Value::Int(7), 86_400_001);
        made
    }

    fn lines(format: StdoutFormat) -> String {
        let mut out = b"before\n".to_vec();
        encode(&made().frame().view(1_800_000_000_250), format, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_exposition_with_time() {
        let expected = "before\n# HELP a_total A \\\\ b.\n# TYPE a_total counter\n\
            a_total{k=\"q\\\"b\\\\\\n\u{1}é\",l=\"w\"} 1.50 1800000005250\n\
            # HELP cpu_count \n# TYPE cpu_count untyped\ncpu_count NaN 1800000005250\n\
            # HELP h H.\n# TYPE h histogram\nh_bucket{le=\"0.5\"} 2 1800000005250\n\
            h_bucket{le=\"+Inf\"} 5 1800000005250\nh_sum 7.5 1800000005250\n\
            h_count 5 1800000005250\n# HELP s \n# TYPE s summary\n\
            s{k=\"v\",quantile=\"0.5\"} +Inf 1800000005250\ns_sum{k=\"v\"} 9 1800000005250\n\
            s_count{k=\"v\"} 4 1800000005250\n# HELP u \n# TYPE u untyped\nu 7 86400001\n";
        assert_eq!(lines(StdoutFormat::Text), expected);
    }

    #[test]
    fn json_is_an_object_a_series() {
        let time = "2027-01-15T08:00:05.250Z";
        let expected = [
            "before\n{\"time\":\"", time, "\",\"name\":\"a_total\",\"labels\":{\"k\":\"q\\\"b\\\\\\u000a\\u0001é\",\
             \"l\":\"w\"},\"kind\":\"counter\",\"value\":1.50}\n{\"time\":\"", time,
            "\",\"name\":\"cpu_count\",\"labels\":{},\"kind\":\"gauge\",\"value\":\"NaN\"}\n{\"time\":\"", time,
            "\",\"name\":\"h\",\"labels\":{},\"kind\":\"histogram\",\"value\":{\"buckets\":{\"0.5\":2,\
             \"+Inf\":5},\"sum\":7.5,\"count\":5}}\n{\"time\":\"", time,
            "\",\"name\":\"s\",\"labels\":{\"k\":\"v\"},\"kind\":\"summary\",\"value\":{\"quantiles\":{\
             \"0.5\":\"+Inf\"},\"sum\":9,\"count\":4}}\n{\"time\":\"1970-01-02T00:00:00.001Z\",\
             \"name\":\"u\",\"labels\":{},\"kind\":\"untyped\",\"value\":7}\n",
        ]
        .concat();
        assert_eq!(lines(StdoutFormat::Json), expected);
    }

    #[test]
    fn influx_lines_are_those_of_the_export() {
        let mut expected = b"before\n".to_vec();
        influx::encode(&made().frame().view(1_800_000_000_250), false, &[], &mut expected);
        assert_eq!(lines(StdoutFormat::Influx).as_bytes(), expected);
    }

    /// A pipe that another program made non-blocking, and that has room for a part.
    #[test]
    fn nothing_is_lost_in_a_pipe_that_is_full() {
        let (to, mut from) = UnixStream::pair().unwrap();
        to.set_nonblocking(true).unwrap();
        let bytes: Vec<u8> = (0..4_000_000).map(|n| (n % 251) as u8).collect();
        let expected = bytes.clone();
        let reader = thread::spawn(move || {
            let mut read = Vec::new();
            from.read_to_end(&mut read).unwrap();
            assert!(read == expected);
        });
        write_all(to.as_fd(), &bytes).unwrap();
        drop(to);
        reader.join().unwrap();
    }
}
