//! The environment of OpenTelemetry (specification: "configuration/sdk-environment-variables" and
//! "protocol/exporter"): what it says fills in what an otlp export of the file does not say, and an
//! endpoint makes an export where the file has none of that type. An empty value is none. As the
//! specification has it, what is wrong is warned of and ignored: these variables are for many
//! programs, and none of them keeps this one from starting.

use super::catalogue::Catalogue;
use super::checks_out::{MAX_EXPORTS, NO_GRPC, NO_TLS};
use super::lists::{Element, Told};
use super::problem::{Origin, quoted};
use super::said::Said;
use super::types::Settings;
use super::value::{Kind, Value, time};
use std::ffi::OsString;

/// How a variable says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Plain,
    /// A word, whatever its case.
    Word,
    /// The same; `lowmemory` has deltas only of what is not observed, which is nothing here.
    Temporality,
    /// Milliseconds.
    Millis,
    /// The same; 0 is as long as it takes.
    Timeout,
    /// The endpoint of all signals, without the path of metrics.
    Base,
    /// A file for TLS.
    File,
    /// `name=value,…`, percent-encoded.
    Pairs,
    /// The same, but not the name of the service if that has a variable of its own.
    Resource,
    /// The name of the service.
    Service,
}

/// The variables and the keys they fill in; the first that is there and right wins.
pub(super) static VARIABLES: &[(&str, &str, How)] = &[
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "protocol", How::Word),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "protocol", How::Word),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "endpoint", How::Plain),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint", How::Base),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "headers", How::Pairs),
    ("OTEL_EXPORTER_OTLP_HEADERS", "headers", How::Pairs),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "timeout_secs", How::Timeout),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "timeout_secs", How::Timeout),
    ("OTEL_METRIC_EXPORT_TIMEOUT", "timeout_secs", How::Timeout),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "compression", How::Word),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "compression", How::Word),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "ca_file", How::File),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca_file", How::File),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "key_file", How::File),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key_file", How::File),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "cert_file", How::File),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "cert_file", How::File),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "temporality", How::Temporality),
    ("OTEL_METRIC_EXPORT_INTERVAL", "interval_secs", How::Millis),
    ("OTEL_SERVICE_NAME", "resource", How::Service),
    ("OTEL_RESOURCE_ATTRIBUTES", "resource", How::Resource),
];

pub(super) const DISABLED: &str = "OTEL_SDK_DISABLED";
pub(super) const EXPORTER: &str = "OTEL_METRICS_EXPORTER";
static EXPORTERS: &[&str] = &["otlp", "prometheus", "console", "none"];

const METRICS: &str = "/v1/metrics";
const SERVICE: &str = "service.name=";

/// Between two frames where nobody says it, in milliseconds.
const INTERVAL: u64 = 30_000;

/// What a variable says of a key.
struct Found {
    name: &'static str,
    key: &'static str,
    how: How,
    texts: Vec<String>,
}

/// The environment, and what is wrong in it.
struct Reader<'a> {
    catalogue: &'a Catalogue,
    env: &'a [(OsString, OsString)],
    warnings: &'a mut Vec<String>,
}

/// Records what `env` says, for each otlp export; the elements come back, with one more if it makes
/// one.
pub(super) fn read(
    catalogue: &Catalogue,
    env: &[(OsString, OsString)],
    (said, mut elements): (&mut Vec<Said>, Vec<Element>),
    warnings: &mut Vec<String>,
) -> Vec<Element> {
    let mut reader = Reader { catalogue, env, warnings };
    if !reader.is_wanted() {
        return elements;
    }
    let all = reader.found();
    let mut otlp: Vec<usize> = said
        .iter()
        .filter(|said| Some(said.row) == reader.row("type") && said.text == "otlp")
        .filter_map(|said| said.element)
        .collect();
    if otlp.is_empty() {
        otlp.extend(reader.begin(&all, said, &mut elements));
    }
    for element in otlp {
        reader.fill(&all, said, element);
    }
    elements
}

/// Marks the exports whose files for TLS the environment names, as nobody has read them yet.
pub(super) fn mark(lists: &[Told], settings: &mut Settings) {
    let told = lists.iter().filter(|told| told.section.name == "export");
    for (export, told) in settings.exports.iter_mut().zip(told) {
        export.tls.is_of_environment = told.answers.iter().any(|(_, answer)| {
            let is_file = ["ca_file", "cert_file", "key_file"].contains(&answer.key);
            is_file && matches!(answer.origin, Some(Origin::Env(_)))
        });
    }
}

impl Reader<'_> {
    fn row(&self, key: &str) -> Option<usize> {
        self.catalogue.find(&["export", key])
    }

    fn warn(&mut self, name: &str, parts: &[&str]) {
        self.warnings.push([&[name, ": "], parts].concat().concat());
    }

    fn ignore(&mut self, name: &str, why: &str) {
        self.warn(name, &[why, "; it is ignored"]);
    }

    /// The value of a variable without blanks around it, if it is text and not empty.
    fn value(&mut self, name: &str) -> Option<String> {
        let (_, value) = self.env.iter().find(|(known, _)| known == name)?;
        match value.to_str() {
            Some(value) => Some(value.trim().to_owned()).filter(|value| !value.is_empty()),
            None => {
                self.ignore(name, "expected text in UTF-8");
                None
            }
        }
    }

    /// Whether OTLP is asked for, or nothing else is.
    fn is_wanted(&mut self) -> bool {
        let disabled = self.value(DISABLED).unwrap_or_default().to_ascii_lowercase();
        match &*disabled {
            "true" => return false,
            "" | "false" => {}
            word => {
                let why = ["expected true or false, found ", &quoted(word)].concat();
                self.ignore(DISABLED, &why);
            }
        }
        let text = self.value(EXPORTER).unwrap_or_default().to_ascii_lowercase();
        let (mut is_wanted, mut is_said) = (false, false);
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            if EXPORTERS.contains(&word) {
                (is_wanted, is_said) = (is_wanted | (word == "otlp"), true);
            } else {
                let why = wrong(Kind::Choice(EXPORTERS), word, "");
                self.ignore(EXPORTER, &why);
            }
        }
        is_wanted || !is_said
    }

    /// What the variables say that are right, of each key.
    fn found(&mut self) -> Vec<Found> {
        let mut all: Vec<Found> = Vec::new();
        for (name, key, how) in VARIABLES {
            let same = all.iter().find(|found| found.key == *key);
            if same.is_some_and(|found| found.how != How::Service) {
                continue;
            }
            let is_named = same.is_some();
            let Some(text) = self.value(name) else { continue };
            let Some(kind) = self.row(key).and_then(|row| self.catalogue.rows.get(row)) else {
                continue;
            };
            let texts = self.texts(name, *how, kind.kind, &text, is_named);
            if !texts.is_empty() {
                all.push(Found { name, key, how: *how, texts });
            }
        }
        all
    }

    /// The values as the file would have them. `is_named` says that the service has its name.
    fn texts(
        &mut self,
        name: &str,
        how: How,
        kind: Kind,
        text: &str,
        is_named: bool,
    ) -> Vec<String> {
        let texts = match how {
            How::File if !cfg!(feature = "tls") => {
                self.ignore(name, NO_TLS);
                return Vec::new();
            }
            How::Plain | How::Base | How::File => vec![text.to_owned()],
            How::Word => vec![text.to_ascii_lowercase()],
            How::Temporality => match text.to_ascii_lowercase() {
                text if text == "lowmemory" => vec!["cumulative".to_owned()],
                text => vec![text],
            },
            How::Millis | How::Timeout => self.millis(name, how, kind, text).into_iter().collect(),
            How::Service => vec![[SERVICE, text].concat()],
            How::Pairs | How::Resource => self.pairs(name, how, text, is_named),
        };
        let mut right = Vec::new();
        for text in texts {
            // Nothing that belongs behind an endpoint may make it too long.
            let whole = if kind == Kind::Remote { [&text, METRICS].concat() } else { text.clone() };
            match kind.read(&whole) {
                Ok(_) => right.push(text),
                Err(more) => {
                    let shown = if kind == Kind::Attributes { "" } else { &text };
                    self.ignore(name, &wrong(kind, shown, &more));
                }
            }
        }
        right
    }

    /// Milliseconds within the bounds of the key.
    fn millis(&mut self, name: &str, how: How, kind: Kind, text: &str) -> Option<String> {
        let Kind::Time(min, max) = kind else { return None };
        let number = match text.bytes().all(|b| b.is_ascii_digit()) {
            // What does not fit is a long time.
            true => text.parse().unwrap_or(u64::MAX),
            false => 0,
        };
        let is_zero = number == 0 && text.bytes().all(|b| b == b'0');
        let near = match number {
            0 if is_zero && how == How::Timeout => max,
            0 => {
                let found = quoted(text);
                self.ignore(name, &["expected a number of milliseconds, found ", &found].concat());
                return None;
            }
            number => number.clamp(min, max),
        };
        if near != number && !is_zero {
            self.warn(name, &[&wrong(kind, text, ""), "; ", &time(near), " is used"]);
        }
        Some(time(near))
    }

    /// Pairs of a list. Of headers each is on its own, of attributes one that is wrong spoils all, as
    /// the specification has it.
    fn pairs(&mut self, name: &str, how: How, text: &str, is_named: bool) -> Vec<String> {
        let (mut all, mut is_wrong) = (Vec::new(), false);
        for member in text.split(',').map(str::trim).filter(|member| !member.is_empty()) {
            match pair(member) {
                Some(pair) => all.push(pair),
                None => is_wrong = true,
            }
        }
        if is_wrong {
            self.ignore(name, PAIRS);
            all.retain(|_| how == How::Pairs);
        }
        all.retain(|pair| !(is_named && pair.starts_with(SERVICE)));
        all
    }

    /// Adds the export that an endpoint makes, if it can be.
    fn begin(
        &mut self,
        all: &[Found],
        said: &mut Vec<Said>,
        elements: &mut Vec<Element>,
    ) -> Option<usize> {
        let found = all.iter().find(|found| found.key == "endpoint")?;
        let (section, list) = self.catalogue.list(&["export"])?;
        let protocol = all.iter().find(|found| found.key == "protocol" && is_unknown(found));
        if let Some(protocol) = protocol {
            self.warn(protocol.name, &[NO_GRPC, "; nothing is exported"]);
            return None;
        }
        let is_export = |element: &&Element| std::ptr::eq(element.section, section);
        if elements.iter().filter(is_export).count() >= list.max {
            let max = MAX_EXPORTS.to_string();
            let text = ["the file has ", &max, " [[export]] already, no more fit"].concat();
            self.ignore(found.name, &text);
            return None;
        }
        let (kind, name) = (self.row("type")?, self.row("name")?);
        // The file may have an export of another type under this name.
        let is_free = |text: &String| !said.iter().any(|s| s.row == name && s.text == *text);
        let names = (2..).map(|n: u32| ["otlp-", &n.to_string()].concat());
        let text = std::iter::once("otlp".to_owned()).chain(names).find(is_free)?;
        let origin = Origin::Env(found.name.to_owned());
        elements.push(Element { section, list, above: None, origin, spoilt: false });
        let element = elements.len() - 1;
        said.push(by(found, kind, "otlp", element));
        said.push(by(found, name, &text, element));
        Some(element)
    }

    /// Says of an export what the file does not.
    fn fill(&mut self, all: &[Found], said: &mut Vec<Said>, element: usize) {
        let start = said.len();
        for found in all {
            let Some(row) = self.row(found.key) else { continue };
            let is_of_file = |s: &Said| s.row == row && s.element == Some(element);
            if said.iter().take(start).any(is_of_file) {
                continue;
            }
            if is_unknown(found) {
                self.ignore(found.name, NO_GRPC);
                continue;
            }
            if self.is_half(found, all, said, element) {
                self.ignore(found.name, "a certificate and its key go together, one is missing");
                continue;
            }
            for text in &found.texts {
                let mut one = by(found, row, text, element);
                if found.how == How::Base && !self.is_grpc(said, element) {
                    one.text = [text.trim_end_matches('/'), METRICS].concat();
                }
                said.push(one);
            }
        }
        self.be_patient(start, said, element);
    }

    /// What an export says of a key, if it is right.
    fn of(&self, said: &[Said], element: usize, key: &str) -> Option<Value> {
        let row = self.row(key)?;
        let last = said.iter().rfind(|s| s.row == row && s.element == Some(element))?;
        self.catalogue.rows.get(row)?.kind.read(&last.text).ok()
    }

    /// Whether the export speaks gRPC.
    fn is_grpc(&self, said: &[Said], element: usize) -> bool {
        self.of(said, element, "protocol").is_some_and(|value| value.text == "grpc")
    }

    /// Whether it is a certificate without its key, or a key without its certificate.
    fn is_half(&self, found: &Found, all: &[Found], said: &[Said], element: usize) -> bool {
        let other = match found.key {
            "cert_file" => "key_file",
            "key_file" => "cert_file",
            _ => return false,
        };
        !all.iter().any(|found| found.key == other) && self.of(said, element, other).is_none()
    }

    /// The specification has timeouts that are longer than half the interval.
    fn be_patient(&self, start: usize, said: &mut Vec<Said>, element: usize) {
        let times = [self.row("timeout_secs"), self.row("interval_secs")];
        let found = said.iter().skip(start).find(|said| times.contains(&Some(said.row)));
        let number = |key: &str| self.of(said, element, key).map(|value| value.number);
        let interval = number("interval_secs").unwrap_or(INTERVAL);
        let is_long = number("timeout_secs").is_some_and(|timeout| timeout >= interval / 2);
        if let (Some(found), Some(row)) = (found, self.row("long_timeout"))
            && is_long
        {
            let patient = Said { row, text: "true".to_owned(), ..found.clone() };
            said.push(patient);
        }
    }
}

/// It is a protocol that is not built in.
fn is_unknown(found: &Found) -> bool {
    let is_grpc = found.key == "protocol" && found.texts.iter().any(|text| text == "grpc");
    is_grpc && !cfg!(feature = "grpc")
}

fn wrong(kind: Kind, text: &str, more: &str) -> String {
    ["expected ", &kind.expects(), ", found ", &quoted(&kind.shown(text)), more].concat()
}

fn by(found: &Found, row: usize, text: &str, element: usize) -> Said {
    let (text, origin) = (text.to_owned(), Origin::Env(found.name.to_owned()));
    Said { row, text, shape: None, origin, element: Some(element) }
}

/// What is wrong is not shown: it may be a secret.
const PAIRS: &str =
    "expected name=value pairs separated by commas, in UTF-8, other characters as %XX";

/// `name=value`, decoded; a name has no `=` in it, and the blanks around both do not count.
fn pair(member: &str) -> Option<String> {
    let (name, value) = member.split_once('=')?;
    let decoded = |text: &str| String::from_utf8(crate::wire::percent_decoded(text.trim())).ok();
    let name = decoded(name).filter(|name| !name.is_empty() && !name.contains('='))?;
    Some([&name, "=", &decoded(value)?].concat())
}
