//! The environment of OpenTelemetry (specification: "configuration/sdk-environment-variables" and
//! "protocol/exporter"): what it says fills in what an otlp export of the file does not say, and an
//! endpoint makes an export where the file has none of that type. An empty value is none. As the
//! specification has it, what is wrong is warned of and ignored: these variables are for many
//! programs, and none of them keeps this one from starting.

use super::catalogue::Catalogue;
use super::checks_out::{MAX_EXPORTS, NO_GRPC};
use super::lists::{Element, Told};
use super::otel_values::{Found, How, METRICS, Reader};
use super::problem::Origin;
use super::said::Said;
use super::types::Settings;
use super::value::Value;
use std::ffi::OsString;

/// Between two frames where nobody says it, in milliseconds.
const INTERVAL: u64 = 30_000;

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
            let text = format!("the file has {max} [[export]] already, no more fit");
            self.ignore(found.name, &text);
            return None;
        }
        let (kind, name) = (self.row("type")?, self.row("name")?);
        // The file may have an export of another type under this name.
        let (mut text, mut number) = ("otlp".to_owned(), 1u32);
        while said.iter().any(|s| s.row == name && s.text == text) {
            number += 1;
            text = ["otlp-", &number.to_string()].concat();
        }
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
                if found.key == "endpoint" && !self.is_grpc(said, element) {
                    one.text = with_path(found.how, text);
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

fn by(found: &Found, row: usize, text: &str, element: usize) -> Said {
    let (text, origin) = (text.to_owned(), Origin::Env(found.name.to_owned()));
    Said { row, text, shape: None, origin, element: Some(element) }
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
