//! Naive readers of requests: one line for the resource and the scope, one for each metric and point.

use crate::base::json::{self, Value};

#[derive(Clone, Copy, Debug)]
enum Field<'a> {
    Varint(u64),
    Word(u64),
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    fn bytes(self) -> &'a [u8] {
        let Field::Bytes(bytes) = self else { panic!("{self:?}") };
        bytes
    }

    fn text(self) -> &'a str {
        str::from_utf8(self.bytes()).unwrap()
    }

    fn word(self) -> u64 {
        let Field::Word(n) = self else { panic!("{self:?}") };
        n
    }

    fn double(self) -> f64 {
        f64::from_bits(self.word())
    }

    fn varint(self) -> u64 {
        let Field::Varint(n) = self else { panic!("{self:?}") };
        n
    }
}

/// The shortest there is, or it panics.
fn varint(bytes: &mut &[u8]) -> u64 {
    let length = bytes.iter().position(|b| *b < 0x80).unwrap() + 1;
    let (own, rest) = bytes.split_at(length);
    assert!(length == 1 || own[length - 1] > 0, "longer than needed");
    *bytes = rest;
    own.iter().rev().fold(0, |n, byte| n << 7 | u64::from(byte & 0x7f))
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let (field, rest) = match tag & 7 {
            0 => (Field::Varint(varint(&mut bytes)), bytes),
            1 => {
                let (word, rest) = bytes.split_first_chunk().unwrap();
                (Field::Word(u64::from_le_bytes(*word)), rest)
            }
            2 => {
                let length = varint(&mut bytes) as usize;
                let (text, rest) = bytes.split_at(length);
                (Field::Bytes(text), rest)
            }
            other => panic!("wire type {other}"),
        };
        bytes = rest;
        all.push((tag >> 3, field));
    }
    all
}

/// All of that number.
fn all<'a>(message: &[(u64, Field<'a>)], number: u64) -> Vec<Field<'a>> {
    message.iter().filter(|(n, _)| *n == number).map(|(_, field)| *field).collect()
}

/// At most one of that number.
fn one<'a>(message: &[(u64, Field<'a>)], number: u64) -> Option<Field<'a>> {
    let found = all(message, number);
    assert!(found.len() < 2, "twice {number}");
    found.first().copied()
}

/// The fields are these and no others.
fn knows(message: &[(u64, Field<'_>)], numbers: &[u64]) {
    assert!(message.iter().all(|(n, _)| numbers.contains(n)), "{message:?}");
}

fn pairs<'a>(list: &[Field<'a>]) -> Vec<(&'a str, &'a str)> {
    let pair = |field: &Field<'a>| {
        let pair = fields(field.bytes());
        let value = fields(pair[1].1.bytes());
        assert_eq!((pair.len(), pair[0].0, pair[1].0, value.len(), value[0].0), (2, 1, 2, 1, 1));
        (pair[0].1.text(), value[0].1.text())
    };
    list.iter().map(pair).collect()
}

fn packed(field: Option<Field<'_>>) -> Vec<u64> {
    let (words, []) = field.map_or(&b""[..], Field::bytes).as_chunks() else { panic!() };
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

pub fn from_protobuf(request: &[u8]) -> Vec<String> {
    let request = fields(request);
    let [(1, request)] = request[..] else { panic!("{request:?}") };
    let request = fields(request.bytes());
    let [(1, resource), (2, scope)] = request[..] else { panic!("{request:?}") };
    let resource = fields(resource.bytes());
    knows(&resource, &[1]);
    let inner = fields(scope.bytes());
    knows(&inner, &[1, 2]);
    let scope = fields(one(&inner, 1).unwrap().bytes());
    let [(1, name), (2, version)] = scope[..] else { panic!("{scope:?}") };
    let resource = pairs(&all(&resource, 1));
    let mut lines = vec![format!("{resource:?} {} {}", name.text(), version.text())];
    for metric in all(&inner, 2) {
        let metric = fields(metric.bytes());
        let text = |number| one(&metric, number).map_or("", Field::text);
        let forms = [(5, "gauge"), (7, "sum"), (9, "histogram"), (11, "summary")];
        let form = forms.iter().find(|(number, _)| one(&metric, *number).is_some()).unwrap();
        knows(&metric, &[1, 2, 3, form.0, 12]);
        let data = fields(one(&metric, form.0).unwrap().bytes());
        knows(&data, &[1, 2, 3]);
        let [("prometheus.type", kind)] = pairs(&all(&metric, 12))[..] else { panic!() };
        let number = |number| one(&data, number).map_or(0, Field::varint);
        lines.push(format!(
            "{:?} {:?} {:?} {} {kind} {} {}",
            text(1),
            text(2),
            text(3),
            form.1,
            number(2),
            number(3) == 1
        ));
        lines.extend(
            all(&data, 1).into_iter().map(|point| of_point(form.1, &fields(point.bytes()))),
        );
    }
    lines
}

fn of_point(form: &str, point: &[(u64, Field<'_>)]) -> String {
    let (attributes, flags) = if form == "histogram" { (9, 10) } else { (7, 8) };
    let word = |number| one(point, number).map(Field::word);
    let double = |number| one(point, number).map(Field::double);
    let value = match (one(point, flags).map(Field::varint), form) {
        (Some(1), _) => {
            knows(point, &[attributes, 2, 3, flags]);
            "gone".to_owned()
        }
        (None, "sum" | "gauge") => match (double(4), word(6)) {
            (Some(n), None) => format!("double {n}"),
            (None, Some(n)) => format!("int {}", n as i64),
            both => panic!("{both:?}"),
        },
        (None, "histogram") => {
            let bounds: Vec<_> = packed(one(point, 7)).into_iter().map(f64::from_bits).collect();
            let (count, sum) = (word(4).unwrap(), double(5).unwrap());
            format!("{count} {sum} {:?} {bounds:?}", packed(one(point, 6)))
        }
        (None, "summary") => {
            let quantile = |field: Field<'_>| {
                let pair = fields(field.bytes());
                let [(1, q), (2, value)] = pair[..] else { panic!("{pair:?}") };
                (q.double(), value.double())
            };
            let quantiles: Vec<_> = all(point, 6).into_iter().map(quantile).collect();
            format!("{} {} {quantiles:?}", word(4).unwrap(), double(5).unwrap())
        }
        other => panic!("{other:?}"),
    };
    let labels = pairs(&all(point, attributes));
    format!("{labels:?} {} {} {value}", word(2).unwrap_or(0), word(3).unwrap())
}

fn member<'a>(object: Value<'a>, name: &str) -> Option<Value<'a>> {
    let Value::Object(members) = object else { panic!("no object at {name}") };
    let mut found = members.filter(|(key, _)| key.is(name));
    let first = found.next().map(|(_, value)| value);
    assert!(found.next().is_none(), "{name} twice");
    first
}

fn elements<'a>(object: Value<'a>, name: &str) -> Vec<Value<'a>> {
    match member(object, name) {
        Some(Value::Array(elements)) => elements.collect(),
        None => Vec::new(),
        _ => panic!("{name} is no list"),
    }
}

fn text(value: Option<Value<'_>>) -> String {
    let mut out = Vec::new();
    match value {
        Some(Value::Text(text)) => text.write(&mut out),
        None => {}
        _ => panic!("no text"),
    }
    String::from_utf8(out).unwrap()
}

/// 64 bits are texts.
fn integer(value: Option<Value<'_>>) -> u64 {
    let text = text(value);
    if text.is_empty() { 0 } else { text.parse().unwrap() }
}

fn double(value: Value<'_>) -> f64 {
    match value {
        Value::Number(text) => text.parse().unwrap(),
        text_of => match &*text(Some(text_of)) {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => panic!("{other}"),
        },
    }
}

fn json_pairs(object: Value<'_>, name: &str) -> Vec<(String, String)> {
    let pair = |pair| {
        (text(member(pair, "key")), text(member(member(pair, "value").unwrap(), "stringValue")))
    };
    elements(object, name).into_iter().map(pair).collect()
}

pub fn from_json(request: &[u8]) -> Vec<String> {
    let request = json::parse(request).unwrap();
    let [all] = elements(request, "resourceMetrics")[..] else { panic!() };
    let resource = json_pairs(member(all, "resource").unwrap(), "attributes");
    let [all] = elements(all, "scopeMetrics")[..] else { panic!() };
    let scope = member(all, "scope").unwrap();
    let (name, version) = (text(member(scope, "name")), text(member(scope, "version")));
    let mut lines = vec![format!("{resource:?} {name} {version}")];
    for metric in elements(all, "metrics") {
        let forms = ["gauge", "sum", "histogram", "summary"];
        let mut found = forms.iter().filter_map(|form| Some((form, member(metric, form)?)));
        let (form, data) = found.next().unwrap();
        assert!(found.next().is_none());
        let kinds = json_pairs(metric, "metadata");
        let [(key, kind)] = &kinds[..] else { panic!() };
        assert_eq!(key, "prometheus.type");
        let member_text = |name| text(member(metric, name));
        let (name, help, unit) =
            (member_text("name"), member_text("description"), member_text("unit"));
        let is_monotonic = matches!(member(data, "isMonotonic"), Some(Value::Bool(true)));
        let temporality = member(data, "aggregationTemporality").map_or(0.0, double);
        lines
            .push(format!("{name:?} {help:?} {unit:?} {form} {kind} {temporality} {is_monotonic}"));
        lines.extend(elements(data, "dataPoints").into_iter().map(|p| of_json_point(form, p)));
    }
    lines
}

fn of_json_point(form: &str, point: Value<'_>) -> String {
    let whole = |name| integer(member(point, name));
    let value = match (member(point, "flags").map(double), form) {
        (Some(1.0), _) => {
            for name in ["asInt", "asDouble", "count", "sum"] {
                assert!(member(point, name).is_none(), "{name}");
            }
            "gone".to_owned()
        }
        (None, "sum" | "gauge") => match (member(point, "asDouble"), member(point, "asInt")) {
            (Some(n), None) => format!("double {}", double(n)),
            (None, n @ Some(_)) => format!("int {}", integer(n)),
            _ => panic!("two values or none"),
        },
        (None, "histogram") => {
            let counts = elements(point, "bucketCounts").into_iter().map(|n| integer(Some(n)));
            let bounds = elements(point, "explicitBounds").into_iter().map(double);
            let (counts, bounds): (Vec<_>, Vec<_>) = (counts.collect(), bounds.collect());
            let sum = double(member(point, "sum").unwrap());
            format!("{} {sum} {counts:?} {bounds:?}", whole("count"))
        }
        (None, "summary") => {
            let of = |q, name| double(member(q, name).unwrap());
            let all = elements(point, "quantileValues").into_iter();
            let all: Vec<_> = all.map(|q| (of(q, "quantile"), of(q, "value"))).collect();
            let sum = double(member(point, "sum").unwrap());
            format!("{} {sum} {all:?}", whole("count"))
        }
        other => panic!("{other:?}"),
    };
    let labels = json_pairs(point, "attributes");
    format!("{labels:?} {} {} {value}", whole("startTimeUnixNano"), whole("timeUnixNano"))
}
