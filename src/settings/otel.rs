//! The environment of OpenTelemetry (specification: "configuration/sdk-environment-variables" and
//! "protocol/exporter"): what it says fills in what an otlp export of the file does not say, and an
//! endpoint makes an export where the file has none of that type. An empty value is none; of a wrong
//! one the program says so and does not start, where the specification would have it ignored.

use super::catalogue::Catalogue;
use super::checks_out::MAX_EXPORTS;
use super::lists::Element;
use super::problem::{Origin, Refusal, quoted};
use super::said::Said;
use super::value::Kind;
use std::ffi::OsString;

/// How a variable says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Plain,
    /// Whatever its case; `lowmemory` has deltas only of what is not observed, which is nothing here.
    Temporality,
    /// Milliseconds.
    Millis,
    /// The endpoint of all signals, without the path of metrics.
    Base,
    /// `name=value,…`, percent-encoded.
    Pairs,
    /// The same, but not the name of the service if that has a variable of its own.
    Resource,
    /// The name of the service.
    Service,
}

/// The variables and the keys they fill in; the first that is there wins.
static VARIABLES: &[(&str, &str, How)] = &[
    ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "protocol", How::Plain),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", "protocol", How::Plain),
    ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "endpoint", How::Plain),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint", How::Base),
    ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "headers", How::Pairs),
    ("OTEL_EXPORTER_OTLP_HEADERS", "headers", How::Pairs),
    ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "timeout_secs", How::Millis),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", "timeout_secs", How::Millis),
    ("OTEL_METRIC_EXPORT_TIMEOUT", "timeout_secs", How::Millis),
    ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "compression", How::Plain),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", "compression", How::Plain),
    ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "ca_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY", "key_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "key_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE", "cert_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "cert_file", How::Plain),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "temporality", How::Temporality),
    ("OTEL_METRIC_EXPORT_INTERVAL", "interval_secs", How::Millis),
    ("OTEL_SERVICE_NAME", "resource", How::Service),
    ("OTEL_RESOURCE_ATTRIBUTES", "resource", How::Resource),
];

const DISABLED: &str = "OTEL_SDK_DISABLED";
const EXPORTER: &str = "OTEL_METRICS_EXPORTER";
static EXPORTERS: &[&str] = &["otlp", "prometheus", "console", "none"];

const METRICS: &str = "/v1/metrics";
const SERVICE: &str = "service.name=";

/// What a variable says of a key.
struct Found {
    name: &'static str,
    key: &'static str,
    how: How,
    texts: Vec<String>,
}

/// The variables that may be of OpenTelemetry.
pub(super) fn own(env: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    let is_own = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("OTEL_"));
    env.iter().filter(|(name, _)| is_own(name)).cloned().collect()
}

/// Records what `env` says, for each otlp export; the elements come back, with one more if it makes
/// one.
pub(super) fn read(
    catalogue: &Catalogue,
    env: &[(OsString, OsString)],
    (said, mut elements): (&mut Vec<Said>, Vec<Element>),
    refusal: &mut Refusal,
) -> Vec<Element> {
    if !is_wanted(env, refusal) {
        return elements;
    }
    let all = found(env, refusal);
    let row = |key: &str| catalogue.find(&["export", key]);
    let mut otlp: Vec<usize> = said
        .iter()
        .filter(|said| Some(said.row) == row("type") && said.text == "otlp")
        .filter_map(|said| said.element)
        .collect();
    let endpoint = all.iter().find(|found| found.key == "endpoint");
    if let (Some(found), Some(kind), []) = (endpoint, row("type"), otlp.as_slice())
        && let Some(element) = begin(catalogue, found, &mut elements, refusal)
    {
        said.push(by(found, kind, "otlp", element));
        otlp.push(element);
    }
    for element in otlp {
        let mut fresh: Vec<Said> = Vec::new();
        for found in &all {
            let is_said = |row: &usize| {
                said.iter().any(|said| said.row == *row && said.element == Some(element))
            };
            let Some(row) = row(found.key).filter(|row| !is_said(row)) else { continue };
            for text in &found.texts {
                let mut one = by(found, row, text, element);
                if found.key == "endpoint" && !is_grpc(catalogue, said, &fresh, element) {
                    one.text = with_path(found.how, text);
                }
                fresh.push(one);
            }
        }
        said.extend(fresh);
    }
    elements
}

/// What the variables say, of each key.
fn found(env: &[(OsString, OsString)], refusal: &mut Refusal) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for (name, key, how) in VARIABLES {
        let same = all.iter().find(|found| found.key == *key);
        if same.is_some_and(|found| found.how != How::Service) {
            continue;
        }
        let is_named = same.is_some();
        match value(env, name).map(|text| texts(*how, text, is_named)) {
            Some(Ok(texts)) => all.push(Found { name, key, how: *how, texts }),
            Some(Err(text)) => refusal.add(origin(name), text),
            None => {}
        }
    }
    all
}

/// Whether the export of that element speaks gRPC.
fn is_grpc(catalogue: &Catalogue, said: &[Said], fresh: &[Said], element: usize) -> bool {
    let row = catalogue.find(&["export", "protocol"]);
    let mut all = said.iter().chain(fresh).filter(|said| said.element == Some(element));
    all.any(|said| Some(said.row) == row && said.text == "grpc")
}

/// Adds the export that the endpoint makes.
fn begin(
    catalogue: &Catalogue,
    found: &Found,
    elements: &mut Vec<Element>,
    refusal: &mut Refusal,
) -> Option<usize> {
    let (section, list) = catalogue.list(&["export"])?;
    let origin = origin(found.name);
    if elements.iter().filter(|element| std::ptr::eq(element.section, section)).count() >= list.max
    {
        let text = ["the file has ", &MAX_EXPORTS.to_string(), " [[export]] already, no more fit"];
        refusal.add(origin, text.concat());
        return None;
    }
    elements.push(Element { section, list, above: None, origin, spoilt: false });
    Some(elements.len() - 1)
}

fn by(found: &Found, row: usize, text: &str, element: usize) -> Said {
    let (text, origin) = (text.to_owned(), origin(found.name));
    Said { row, text, shape: None, origin, element: Some(element) }
}

fn origin(name: &str) -> Origin {
    Origin::Env(name.to_owned())
}

/// Its value, if it is text and not empty.
fn value<'a>(env: &'a [(OsString, OsString)], name: &str) -> Option<&'a str> {
    let (_, value) = env.iter().find(|(known, _)| known == name)?;
    // What is no text is no value of any of them: a URL, a path or a name is expected there.
    Some(value.to_str().unwrap_or("\u{fffd}")).filter(|value| !value.is_empty())
}

/// Whether OTLP is asked for, or nothing else is.
fn is_wanted(env: &[(OsString, OsString)], refusal: &mut Refusal) -> bool {
    if value(env, DISABLED).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return false;
    }
    let Some(text) = value(env, EXPORTER) else { return true };
    let mut is_wanted = false;
    for word in text.split(',').map(str::trim) {
        if !EXPORTERS.contains(&word) {
            let expects = Kind::Choice(EXPORTERS).expects();
            let text = ["expected ", &expects, ", found ", &quoted(word)].concat();
            refusal.add(origin(EXPORTER), text);
        }
        is_wanted |= word == "otlp";
    }
    is_wanted
}

/// The values as the file would have them. `is_named` says that the service has its name.
fn texts(how: How, text: &str, is_named: bool) -> Result<Vec<String>, String> {
    let one = match how {
        How::Plain | How::Base => text.to_owned(),
        How::Temporality => match text.to_ascii_lowercase() {
            text if text == "lowmemory" => "cumulative".to_owned(),
            text => text,
        },
        How::Millis if text.bytes().all(|b| b.is_ascii_digit()) => [text, "ms"].concat(),
        How::Millis => {
            let found = quoted(text);
            return Err(["expected a whole number of milliseconds, found ", &found].concat());
        }
        How::Service => [SERVICE, text].concat(),
        How::Pairs | How::Resource => {
            let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
            let mut all = members.map(pair).collect::<Option<Vec<_>>>().ok_or(PAIRS)?;
            all.retain(|pair| !(is_named && pair.starts_with(SERVICE)));
            return Ok(all);
        }
    };
    Ok(vec![one])
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

/// An endpoint with the path that it stands for. That of all signals gets none where it has none: the
/// receiver's is looked for. That of metrics is taken as it is: its path is `/` then.
fn with_path(how: How, text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let has_path = rest.trim_end_matches('/').contains(['/', '?']);
    let path = match (how, has_path) {
        (How::Base, true) => METRICS,
        (How::Base, false) => "",
        (_, true) => return text.to_owned(),
        (_, false) => "/?",
    };
    [text.trim_end_matches('/'), path].concat()
}
