//! Samples out of any JSON. Without fields every number and boolean is a gauge named by its path,
//! `web_db_connections` for `{"db":{"connections":7}}` of the target `web`; the elements of an
//! array are told apart by the label `index` (arrays in arrays: `index_2`, …). Fields pick, rename,
//! type and label instead.
//!
//! A key may have dots itself: at each object every member is followed whose key is the start of
//! the path. Depth is bounded where the document is checked (`json::MAX_DEPTH`), names here, the
//! number of series by the caller.

use crate::ingest::json::{Elements, Members, Text, Value};
use crate::settings::Field;
use crate::store::Reason;

/// The label of an array's elements.
const INDEX: &str = "index";

/// The help of what has none of its own.
const HELP: &str = "A number in the JSON that the target answers.";

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picked<'a> {
    /// The name of the metric.
    pub name: &'a str,
    /// A counter instead of a gauge.
    pub is_counter: bool,
    /// One sentence.
    pub help: &'a str,
    /// Names and values; an empty value is none.
    pub labels: &'a [(String, String)],
    /// Finite.
    pub value: f64,
}

/// Takes each sample, and why there is none.
pub type Take<'t> = dyn FnMut(Result<Picked<'_>, Reason>) + 't;

/// Takes what there is in `document`, a target's answer. No name is longer than `max_name` bytes.
pub fn read(
    document: Value<'_>,
    target: &str,
    fields: &[Field],
    max_name: usize,
    take: &mut Take<'_>,
) {
    let mut walk = Walk { name: String::new(), labels: Vec::new(), max_name, take };
    push_part(&mut walk.name, target);
    if fields.is_empty() {
        return walk.every(document);
    }
    for field in fields {
        let mut name = walk.name.clone();
        if field.name.is_empty() {
            for part in field.path.split('.').filter(|part| *part != "*") {
                name.push('_');
                push_part(&mut name, part);
            }
        } else {
            name.clone_from(&field.name);
        }
        let mut search = Search { field, name, stars: Vec::new(), found: false, take: walk.take };
        search.follow(&field.path, document, document);
        if !search.found {
            (walk.take)(Err(Reason::MissingKey));
        }
    }
}

/// Appends `part` with every character that no name has replaced by `_`.
fn push_part(name: &mut String, part: &str) {
    if name.is_empty() && part.starts_with(|c: char| c.is_ascii_digit()) {
        name.push('_');
    }
    name.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
}

/// What the text says.
fn said(text: Text<'_>) -> String {
    let mut said = Vec::new();
    text.write(&mut said);
    String::from_utf8(said).unwrap_or_default()
}

/// The name of the label of the `depth`th array from outside.
fn index_name(depth: usize) -> String {
    match depth {
        0 => INDEX.to_owned(),
        more => [INDEX, "_", &(more + 1).to_string()].concat(),
    }
}

/// Goes through a whole document.
struct Walk<'w, 't> {
    name: String,
    labels: Vec<(String, String)>,
    max_name: usize,
    take: &'w mut Take<'t>,
}

impl Walk<'_, '_> {
    fn every(&mut self, value: Value<'_>) {
        if self.name.len() > self.max_name {
            return (self.take)(Err(Reason::TooLong));
        }
        match value {
            Value::Object(members) => self.members(members),
            Value::Array(elements) => self.elements(elements),
            Value::Number(_) | Value::Bool(_) => {
                let value = number(value).ok_or(Reason::Number);
                let (name, labels) = (&*self.name, &*self.labels);
                let picked = |value| Picked { name, is_counter: false, help: HELP, labels, value };
                (self.take)(value.map(picked));
            }
            Value::Text(_) | Value::Null => {}
        }
    }

    fn members(&mut self, members: Members<'_>) {
        let end = self.name.len();
        for (key, value) in members {
            self.name.push('_');
            push_part(&mut self.name, &said(key));
            self.every(value);
            self.name.truncate(end);
        }
    }

    fn elements(&mut self, elements: Elements<'_>) {
        let depth = self.labels.len();
        for (at, element) in elements.enumerate() {
            self.labels.push((index_name(depth), at.to_string()));
            self.every(element);
            self.labels.truncate(depth);
        }
    }
}

/// A number, a boolean as 0 or 1.
fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Bool(is) => Some(f64::from(u8::from(is))),
        other => other.number(),
    }
}

/// Goes after one field.
struct Search<'s, 't> {
    field: &'s Field,
    name: String,
    /// The keys for which the `*` of the path stand.
    stars: Vec<String>,
    found: bool,
    take: &'s mut Take<'t>,
}

impl Search<'_, '_> {
    /// Takes every value that `path` leads to from `value`; labels are looked for from `from`.
    fn follow<'v>(&mut self, path: &str, value: Value<'v>, from: Value<'v>) {
        if path.is_empty() {
            return self.found(value, from);
        }
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let key = said(key);
                    if let Some(rest) = behind(path, "*") {
                        self.star(key, rest, member);
                    } else if let Some(rest) = behind(path, &key) {
                        self.follow(rest, member, from);
                    }
                }
            }
            Value::Array(mut elements) => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                if first == "*" {
                    for (at, element) in elements.enumerate() {
                        self.star(at.to_string(), rest, element);
                    }
                } else if let Some(element) = first.parse().ok().and_then(|at| elements.nth(at)) {
                    self.follow(rest, element, from);
                }
            }
            _ => {}
        }
    }

    fn star(&mut self, key: String, rest: &str, value: Value<'_>) {
        self.stars.push(key);
        self.follow(rest, value, value);
        self.stars.pop();
    }

    fn found(&mut self, value: Value<'_>, from: Value<'_>) {
        self.found = true;
        let value = match value {
            // No value is what it says.
            Value::Null => return,
            // Whoever names it knows that it is a number.
            Value::Text(text) => said(text).trim().parse().ok().filter(|n: &f64| n.is_finite()),
            other => number(other),
        };
        let Some(value) = value else { return (self.take)(Err(Reason::Number)) };
        let labels = self.labels(from);
        let help = if self.field.help.is_empty() { HELP } else { &self.field.help };
        let name = &*self.name;
        let is_counter = self.field.is_counter;
        (self.take)(Ok(Picked { name, is_counter, help, labels: &labels, value }));
    }

    /// Those of the field; where it has none, what the stars stand for.
    fn labels(&self, from: Value<'_>) -> Vec<(String, String)> {
        if self.field.labels.is_empty() {
            let stars = self.stars.iter().enumerate();
            return stars.map(|(depth, key)| (index_name(depth), key.clone())).collect();
        }
        let value = |meant: &String| match meant.strip_prefix('$') {
            None => meant.clone(),
            Some("*") => self.stars.last().cloned().unwrap_or_default(),
            Some(path) => match find(path, from) {
                Some(Value::Text(text)) => said(text),
                Some(Value::Number(number)) => number.to_owned(),
                Some(Value::Bool(is)) => is.to_string(),
                _ => String::new(),
            },
        };
        self.field.labels.iter().map(|(name, meant)| (name.clone(), value(meant))).collect()
    }
}

/// The first value that `path` leads to from `value`.
fn find<'v>(path: &str, value: Value<'v>) -> Option<Value<'v>> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(mut members) => {
            members.find_map(|(key, member)| find(behind(path, &said(key))?, member))
        }
        Value::Array(mut elements) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            find(rest, elements.nth(first.parse().ok()?)?)
        }
        _ => None,
    }
}

/// What of `path` is left behind `key`.
fn behind<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::json;

    /// Every sample as a line, and why there is none.
    fn samples(document: &str, target: &str, fields: &[Field]) -> Vec<String> {
        let mut lines = Vec::new();
        let document = json::parse(document.as_bytes()).unwrap();
        read(document, target, fields, 60, &mut |picked| {
            lines.push(match picked {
                Err(reason) => format!("{reason:?}"),
                Ok(p) => {
                    let labels: Vec<_> = p.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
                    let kind = if p.is_counter { " counter" } else { "" };
                    format!("{}{{{}}} {}{kind}", p.name, labels.join(","), p.value)
                }
            });
        });
        lines
    }

    #[test]
    fn every_number_is_a_gauge_by_its_path() {
        let document = r#"{"up":true,"down":false,"db":{"pool size":{"max":10,"used":2.5}},
            "name":"x","n":null,"q":[1,{"d":2},[3,"x"]],"caf\u00e9":-1e3,"":7,"big":1e999,"s":"5"}"#;
        assert_eq!(
            samples(document, "web-1", &[]),
            [
                "web_1_up{} 1",
                "web_1_down{} 0",
                "web_1_db_pool_size_max{} 10",
                "web_1_db_pool_size_used{} 2.5",
                "web_1_q{index=0} 1",
                "web_1_q_d{index=1} 2",
                "web_1_q{index=2,index_2=0} 3",
                "web_1_caf_{} -1000",
                "web_1_{} 7",
                "Number",
            ]
        );
        assert_eq!(samples("5", "1x", &[]), ["_1x{} 5"]);
        assert_eq!(samples("[true,[2]]", "a", &[]), ["a{index=0} 1", "a{index=1,index_2=0} 2"]);
        assert!(samples("\"text\"", "a", &[]).is_empty());
    }

    #[test]
    fn long_names_are_not_followed() {
        let key = "k".repeat(40);
        let document = format!("{{\"{key}\":{{\"{key}\":{{\"{key}\":[1,2,3]}},\"a\":1}}}}");
        assert_eq!(samples(&document, "t", &[]), ["TooLong", &format!("t_{key}_a{{}} 1")]);
    }

    fn field(path: &str, name: &str, labels: &[(&str, &str)]) -> Field {
        let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Field { path: path.to_owned(), name: name.to_owned(), labels, ..Field::default() }
    }

    const QUEUES: &str = r#"{"host":"h1","stats":{"queues":[{"name":"a","depth":1,"id":7},
        {"name":"b","depth":"2","id":8},{"depth":null},{"name":"d","depth":"deep"}],
        "by":{"x":{"n":1,"ok":true},"y":{"n":2,"ok":false}},"a.b":{"c.d":9},"a":{"b.c":{"d":10}}}}"#;

    #[test]
    fn fields_pick_and_rename() {
        let of = |field| samples(QUEUES, "web", &[field]);
        assert_eq!(of(field("stats.queues.0.depth", "", &[])), ["web_stats_queues_0_depth{} 1"]);
        assert_eq!(of(field("stats.queues.1.depth", "depth", &[])), ["depth{} 2"]);
        let mut counter = field("stats.by.x.n", "n_total", &[("env", "prod"), ("h", "$host")]);
        counter.is_counter = true;
        assert_eq!(of(counter), ["n_total{env=prod,h=h1} 1 counter"]);
        assert_eq!(
            of(field("stats.by.*.ok", "", &[])),
            ["web_stats_by_ok{index=x} 1", "web_stats_by_ok{index=y} 0"]
        );
        for nothing in
            ["stats.queues.9.depth", "stat", "stats.queues.x", "host.x", "stats.by.x.n.o"]
        {
            assert_eq!(of(field(nothing, "", &[])), ["MissingKey"], "{nothing}");
        }
        assert_eq!(of(field("stats.by", "", &[])), ["Number"]);
        assert_eq!(of(field("host", "", &[])), ["Number"]);
        // Keys with dots: whatever the path may mean.
        assert_eq!(of(field("stats.a.b.c.d", "d", &[])), ["d{} 9", "d{} 10"]);
        assert_eq!(
            samples("[[1,2],[3]]", "t", &[field("*.*", "", &[])]),
            ["t{index=0,index_2=0} 1", "t{index=0,index_2=1} 2", "t{index=1,index_2=0} 3"]
        );
        assert_eq!(samples("5", "t", &[field("", "", &[])]), ["t_{} 5"]);
    }

    #[test]
    fn fields_have_labels_from_beside_them() {
        let labels =
            [("queue", "$name"), ("id", "$id"), ("at", "$*"), ("is", "$depth"), ("c", "x")];
        assert_eq!(
            samples(QUEUES, "web", &[field("stats.queues.*.depth", "depth", &labels)]),
            [
                "depth{queue=a,id=7,at=0,is=1,c=x} 1",
                "depth{queue=b,id=8,at=1,is=2,c=x} 2",
                "Number"
            ]
        );
        let labels = [("key", "$*"), ("ok", "$ok"), ("none", "$no.such"), ("object", "$")];
        assert_eq!(
            samples(QUEUES, "web", &[field("stats.by.*.n", "n", &labels)]),
            ["n{key=x,ok=true,none=,object=} 1", "n{key=y,ok=false,none=,object=} 2"]
        );
    }
}
