//! The environment of OpenTelemetry (specification: "configuration/sdk-environment-variables" and
//! "protocol/exporter"): it completes the otlp exports of the file, and an
//! endpoint creates an export if the file has none of that type. An empty value counts as unset. As in the
//! specification, a wrong value is ignored with a warning: these variables are for many
//! programs, and none of them keeps this one from starting.

use crate::settings::problem::Origin;
use crate::settings::sources::otel_values::{Found, How, METRICS};
use crate::settings::sources::raw::{Element, RawValue, Sources};
use crate::settings::table::{MAX_EXPORTS, NO_GRPC, Row};
use crate::settings::types::Value;

/// The default interval between two frames, in milliseconds.
const INTERVAL: u64 = 30_000;

/// Records the values of the environment, for each otlp export; an endpoint may create one.
pub fn read(sources: &mut Sources<'_, '_>) {
    if !sources.wants_otlp() {
        return;
    }
    let all = sources.found();
    let kind = sources.row("type");
    let otlp = sources.values.iter().filter(|v| Some(v.row) == kind && v.text == "otlp");
    let mut otlp: Vec<usize> = otlp.filter_map(|value| value.element).collect();
    if otlp.is_empty() {
        otlp.extend(sources.begin(&all));
    }
    for element in otlp {
        sources.fill(&all, element);
    }
}

impl<'a> Sources<'a, '_> {
    /// Adds the export of an endpoint, if possible.
    fn begin(&mut self, all: &[Found]) -> Option<usize> {
        let found = all.iter().find(|found| found.key == "endpoint")?;
        let section = self.catalogue.list(&["export"])?;
        if let Some(protocol) = all.iter().find(|found| is_unknown(found)) {
            self.warn(protocol.name, &[NO_GRPC, "; nothing is exported"]);
            return None;
        }
        let is_export = |element: &&Element| std::ptr::eq(element.section, section);
        if self.elements.iter().filter(is_export).count() >= section.max {
            let why = format!("the file has {MAX_EXPORTS} [[export]] already, no more fit");
            self.ignore(found.name, &why);
            return None;
        }
        let (kind, name) = (self.row("type")?, self.row("name")?);
        // The file may have an export of another type under this name.
        let (mut text, mut number) = ("otlp".to_owned(), 1u32);
        while self.values.iter().any(|value| value.row == name && value.text == text) {
            number += 1;
            text = ["otlp-", &number.to_string()].concat();
        }
        let origin = Origin::Env(found.name.to_owned());
        self.elements.push(Element { section, above: None, origin, is_rejected: false });
        let element = self.elements.len() - 1;
        self.values.push(by(found, kind, "otlp", element));
        self.values.push(by(found, name, &text, element));
        Some(element)
    }

    /// Sets those keys of an export that the file does not.
    fn fill(&mut self, all: &[Found], element: usize) {
        let start = self.values.len();
        for found in all {
            let Some(row) = self.row(found.key) else { continue };
            let is_of_file = |v: &RawValue<'_>| v.row == row && v.element == Some(element);
            if self.values.iter().take(start).any(is_of_file) {
                continue;
            }
            if is_unknown(found) {
                self.ignore(found.name, NO_GRPC);
                continue;
            }
            if self.is_half(found, all, element) {
                self.ignore(found.name, "a certificate and its key go together, one is missing");
                continue;
            }
            for text in &found.texts {
                let mut one = by(found, row, text, element);
                let is_grpc = || self.of(element, "protocol").is_some_and(|v| v.text() == "grpc");
                if found.key == "endpoint" && !is_grpc() {
                    one.text = with_path(found.how, text);
                }
                self.values.push(one);
            }
        }
        self.be_patient(start, element);
    }

    /// The value of a key of an export, if it is right.
    fn of(&self, element: usize, key: &str) -> Option<Value> {
        let row = self.row(key)?;
        let last = self.values.iter().rfind(|v| v.row == row && v.element == Some(element))?;
        row.kind.read(&last.text).ok()
    }

    /// Whether it is a certificate without its key, or a key without its certificate.
    fn is_half(&self, found: &Found, all: &[Found], element: usize) -> bool {
        let other = match found.key {
            "cert_file" => "key_file",
            "key_file" => "cert_file",
            _ => return false,
        };
        !all.iter().any(|found| found.key == other) && self.of(element, other).is_none()
    }

    /// Allows a long timeout: the specification has timeouts of more than half the interval.
    fn be_patient(&mut self, start: usize, element: usize) {
        let times = [self.row("timeout_secs"), self.row("interval_secs")];
        let found = self.values.iter().skip(start).find(|value| times.contains(&Some(value.row)));
        let number = |key: &str| self.of(element, key).map(|value| value.number);
        let interval = number("interval_secs").unwrap_or(INTERVAL);
        let is_long = number("timeout_secs").is_some_and(|timeout| timeout >= interval / 2);
        if let (Some(found), Some(row)) = (found, self.row("long_timeout"))
            && is_long
        {
            let patient = RawValue { row, text: "true".to_owned(), ..found.clone() };
            self.values.push(patient);
        }
    }
}

/// Whether it is a protocol that is not built in.
fn is_unknown(found: &Found) -> bool {
    let is_grpc = found.key == "protocol" && found.texts.iter().any(|text| text == "grpc");
    is_grpc && !cfg!(feature = "grpc")
}

fn by<'a>(found: &Found, row: &'a Row, text: &str, element: usize) -> RawValue<'a> {
    let (text, origin) = (text.to_owned(), Origin::Env(found.name.to_owned()));
    RawValue { row, text, shape: None, origin, element: Some(element) }
}

/// An endpoint with its path. The endpoint of all signals has no path here if it names none: the
/// receiver's is looked up. The endpoint of metrics is used as it is: its path is `/` then.
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
