use super::*;

/// A message in the making; an encoder that knows nothing of ours.
#[derive(Clone, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(mut self, field: u8, mut number: u64) -> Message {
        self.0.push(field << 3);
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    fn double(mut self, field: u8, number: f64) -> Message {
        self.0.push(field << 3 | 1);
        self.0.extend(number.to_le_bytes());
        self
    }

    fn bytes(self, field: u8, bytes: impl AsRef<[u8]>) -> Message {
        let mut with = self.varint(field, bytes.as_ref().len() as u64);
        let tag =
            with.0.len() - Message::default().varint(field, bytes.as_ref().len() as u64).0.len();
        with.0[tag] |= 2;
        with.0.extend(bytes.as_ref());
        with
    }

    fn message(self, field: u8, message: Message) -> Message {
        self.bytes(field, message.0)
    }

    /// With its length before it.
    fn delimited(self) -> Vec<u8> {
        let with = Message::default().bytes(0, self.0);
        with.0[1..].to_vec()
    }
}

fn new() -> Message {
    Message::default()
}

fn family(name: &str, kind: u64, metrics: impl IntoIterator<Item = Message>) -> Message {
    let family = new().bytes(1, name).varint(3, kind);
    metrics.into_iter().fold(family, |family, metric| family.message(4, metric))
}

fn labelled(pairs: &[(&str, &str)]) -> Message {
    let pair = |(name, value): &(&str, &str)| new().bytes(1, name).bytes(2, value);
    pairs.iter().map(pair).fold(new(), |metric, pair| metric.message(1, pair))
}

fn text(body: &[u8]) -> Result<Vec<String>, Fault> {
    let out = to_text(body, 1 << 16)?;
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn lines(family: Message) -> Vec<String> {
    text(&family.delimited()).unwrap()
}

#[test]
fn numbers_become_lines() {
    let number = |field, value| labelled(&[("a", "1")]).message(field, new().double(1, value));
    for (kind, field, word) in [(0, 3, "counter"), (1, 2, "gauge"), (3, 5, "untyped")] {
        let one = family("x", kind, [number(field, -1.5), new().message(field, new())]);
        let expected = [&format!("# TYPE x {word}"), "x{a=\"1\",} -1.5", "x{} 0"];
        assert_eq!(lines(one), expected);
        // That of another type is none.
        let Err(fault) = text(&family("x", kind, [number(9, 1.0)]).delimited()) else { panic!() };
        assert!(fault.expected.contains("of the family's type"), "{}", fault.expected);
    }
    let two = [
        family("a", 1, [number(2, f64::NAN)]).bytes(2, "Help \\ \n\u{e9}.").delimited(),
        // Without a type it is a counter, as the definition says.
        new().bytes(1, "b").message(4, number(3, 2.0).varint(6, u64::MAX)).delimited(),
    ];
    assert_eq!(
        text(&two.concat()).unwrap(),
        [
            "# HELP a Help \\\\ \\n\u{e9}.",
            "# TYPE a gauge",
            "a{a=\"1\",} NaN",
            "# TYPE b counter",
            "b{a=\"1\",} 2 -1",
        ]
    );
}

#[test]
fn histograms_and_summaries_become_lines() {
    let bucket = |bound: f64, count| new().varint(1, count).double(2, bound);
    let whole = new().varint(1, 3).double(2, 4.5);
    let whole = whole.message(3, bucket(0.5, 1)).message(3, bucket(f64::INFINITY, 3));
    let without = new().varint(1, 7).message(3, bucket(1.0, 2).message(3, new().double(2, 9.0)));
    let floats = new().double(4, 2.5).message(3, new().double(4, 1.5).double(2, 1.0));
    let native = new().varint(1, 5).double(2, 6.0).varint(5, 6).varint(7, 1).message(11, new());
    let of = |label, histogram| labelled(&[("l", label)]).message(7, histogram);
    let all = [of("whole", whole.clone()), of("cut", without), of("f", floats), of("n", native)];
    assert_eq!(
        lines(family("h", 4, all)),
        [
            "# TYPE h histogram",
            "h_bucket{l=\"whole\",le=\"0.5\"} 1",
            "h_bucket{l=\"whole\",le=\"+Inf\"} 3",
            "h_sum{l=\"whole\",} 4.5",
            "h_count{l=\"whole\",} 3",
            "h_bucket{l=\"cut\",le=\"1\"} 2",
            "h_bucket{l=\"cut\",le=\"+Inf\"} 7",
            "h_sum{l=\"cut\",} 0",
            "h_count{l=\"cut\",} 7",
            "h_bucket{l=\"f\",le=\"1\"} 1.5",
            "h_bucket{l=\"f\",le=\"+Inf\"} 2.5",
            "h_sum{l=\"f\",} 0",
            "h_count{l=\"f\",} 2.5",
            "h_bucket{l=\"n\",le=\"+Inf\"} 5",
            "h_sum{l=\"n\",} 6",
            "h_count{l=\"n\",} 5",
        ]
    );
    assert_eq!(
        lines(family("g", 5, [new().message(7, whole)]))[2..],
        ["g_bucket{le=\"+Inf\"} 3", "g_gsum{} 4.5", "g_gcount{} 3"]
    );
    let quantile = |at, value| new().double(1, at).double(2, value);
    let summary = new().message(3, quantile(0.5, 7.0)).varint(1, 2).double(2, 9.0);
    let summary = summary.message(3, quantile(0.99, f64::NEG_INFINITY));
    assert_eq!(
        lines(family("s", 2, [new().message(4, summary)])),
        [
            "# TYPE s summary",
            "s{quantile=\"0.5\"} 7",
            "s{quantile=\"0.99\"} -Inf",
            "s_sum{} 9",
            "s_count{} 2",
        ]
    );
}

#[test]
fn no_name_or_value_leaves_its_place() {
    let odd = "a\"b\\c\nd} 1\n";
    let metric = labelled(&[("l", odd), (odd, "v"), ("a:b", "")]).message(2, new());
    let escaped = "a\\\"b\\\\c\\nd} 1\\n";
    let labels = format!("l=\"{escaped}\",\"{escaped}\"=\"v\",\"a:b\"=\"\",");
    assert_eq!(
        lines(family("http.size", 1, [metric.clone()])),
        ["# TYPE \"http.size\" gauge", &format!("{{\"http.size\",{labels}}} 0")]
    );
    assert_eq!(
        lines(family(odd, 1, [metric])),
        [format!("# TYPE \"{escaped}\" gauge"), format!("{{\"{escaped}\",{labels}}} 0")]
    );
}

#[test]
fn what_is_damaged_is_refused_with_its_place() {
    let good = family("a", 1, [new().message(2, new().double(1, 1.0))]).delimited();
    for (bad, expected) in [
        (vec![0x80], "length before it"),
        (vec![3, 1], "length before it"),
        (vec![1, 0xff], "sound message"),
        (family("", 1, []).delimited(), "a family with a name"),
        (vec![0], "a family with a name"),
        (family("a", 6, []).delimited(), "of a type from 0 to 5"),
        (family("a", 1, [new().bytes(2, [9, 0])]).delimited(), "sound message"),
        (family("a", 1, [new().bytes(1, [1])]).delimited(), "sound message"),
    ] {
        let Err(fault) = text(&[&good[..], &bad].concat()) else { panic!("{bad:?}") };
        assert_eq!(fault.at, good.len(), "{bad:?}");
        assert!(fault.expected.contains(expected), "{}", fault.expected);
    }
    assert_eq!(text(b""), Ok(vec![]));
}

/// A few bytes that would become many.
#[test]
fn the_text_is_bounded() {
    let bucket = new().double(2, 1.0);
    let many = (0..2000).fold(new(), |histogram, _| histogram.message(3, bucket.clone()));
    let metric = labelled(&[("l", &"x".repeat(4000))]).message(7, many);
    let body = family("h", 4, [metric]).delimited();
    assert!(body.len() < 1 << 16);
    let Err(fault) = text(&body) else { panic!("8 MB of text") };
    assert!(fault.expected.contains("less to come out"), "{}", fault.expected);
}

/// A number of the generator of `random_families_become_lines`.
type Random<'r> = &'r mut dyn FnMut(u64) -> u64;

/// Adds a random metric of a family of this kind, and the lines that are expected.
fn add_metric(
    random: Random<'_>,
    (name, kind): (&str, u64),
    metric: u64,
    metrics: &mut Vec<Message>,
    expected: &mut Vec<String>,
) {
    let value = random(1000) as f64 / 8.0 - 40.0;
    let all: Vec<_> = (0..random(3)).map(|n| (format!("l{n}"), format!("{metric}\\"))).collect();
    let texts: String = all.iter().map(|(n, v)| format!("{n}=\"{v}\\\",")).collect();
    let pairs: Vec<_> = all.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let (field, label) = match kind {
        0 => (3, ""),
        1 => (2, ""),
        2 => (4, "quantile"),
        4 => (7, "le"),
        _ => (5, ""),
    };
    if label.is_empty() {
        metrics.push(labelled(&pairs).message(field, new().double(1, value)));
        expected.push(format!("{name}{{{texts}}} {value}"));
        return;
    }
    let (mut parts, count) = (new(), random(1 << 40));
    let suffix = if kind == 4 { "_bucket" } else { "" };
    for part in 0..random(5) {
        let up_to = count / (part + 1);
        let at = part as f64 * 0.25;
        let cell = match kind {
            4 => new().double(2, at).varint(1, up_to),
            _ => new().double(1, at).double(2, up_to as f64),
        };
        parts = parts.message(3, cell);
        expected.push(format!("{name}{suffix}{{{texts}{label}=\"{at}\"}} {up_to}"));
    }
    metrics.push(labelled(&pairs).message(field, parts.varint(1, count).double(2, value)));
    if kind == 4 {
        expected.push(format!("{name}_bucket{{{texts}le=\"+Inf\"}} {count}"));
    }
    expected.push(format!("{name}_sum{{{texts}}} {value}"));
    expected.push(format!("{name}_count{{{texts}}} {count}"));
}

/// Random families, and what is expected of them, made side by side.
#[test]
fn random_families_become_lines() {
    let mut seed = 9u64;
    let mut random = |n: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % n
    };
    for _ in 0..500 {
        let (mut body, mut expected) = (Vec::new(), Vec::new());
        for at in 0..random(4) {
            let kind = random(5);
            let name = format!("n{at}");
            let mut metrics = Vec::new();
            let word = ["counter", "gauge", "summary", "untyped", "histogram"][kind as usize];
            expected.push(format!("# TYPE {name} {word}"));
            for metric in 0..random(4) {
                add_metric(&mut random, (&name, kind), metric, &mut metrics, &mut expected);
            }
            body.extend(family(&name, kind, metrics).delimited());
        }
        assert_eq!(text(&body).unwrap(), expected);
    }
}
