//! The variables of OpenTelemetry: their names, the keys they set, and their valid values.

use crate::base::text::number::time;
use crate::base::text::url::NO_TLS;
use crate::base::text::words::quoted;
use crate::settings::sources::raw::Sources;
use crate::settings::table::Row;
use crate::settings::types::Kind;

/// How a variable writes its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    Plain,
    /// A word, in any case.
    Word,
    /// A word, too; `lowmemory` has deltas only for synchronous instruments, of which there are none here.
    Temporality,
    /// Milliseconds.
    Millis,
    /// Milliseconds, too; 0 is no limit.
    Timeout,
    /// The endpoint of all signals, without the path of metrics.
    Base,
    /// A file for TLS.
    File,
    /// `name=value,…`, percent-encoded.
    Pairs,
    /// Pairs, too, but not the name of the service if that has a variable of its own.
    Resource,
    /// The name of the service.
    Service,
}

/// The variables and the keys they set; the first that is set and right wins.
pub static VARIABLES: &[(&str, &str, How)] = &[
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

pub const DISABLED: &str = "OTEL_SDK_DISABLED";
pub const EXPORTER: &str = "OTEL_METRICS_EXPORTER";
static EXPORTERS: &[&str] = &["otlp", "prometheus", "console", "none"];

pub const METRICS: &str = "/v1/metrics";
const SERVICE: &str = "service.name=";

/// The value of a variable for a key.
pub struct Found {
    pub name: &'static str,
    pub key: &'static str,
    pub how: How,
    pub texts: Vec<String>,
}

impl<'a> Sources<'a, '_> {
    pub fn row(&self, key: &str) -> Option<&'a Row> {
        self.catalogue.find(&["export", key])
    }

    pub fn warn(&mut self, name: &str, parts: &[&str]) {
        self.warnings.push([&[name, ": "], parts].concat().concat());
    }

    pub fn ignore(&mut self, name: &str, why: &str) {
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

    /// Whether OTLP is asked for, or no exporter is named.
    pub fn wants_otlp(&mut self) -> bool {
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

    /// The valid values of the variables, by key.
    pub fn found(&mut self) -> Vec<Found> {
        let mut all: Vec<Found> = Vec::new();
        for (name, key, how) in VARIABLES {
            let same = all.iter().find(|found| found.key == *key);
            if same.is_some_and(|found| found.how != How::Service) {
                continue;
            }
            let is_named = same.is_some();
            let Some(text) = self.value(name) else { continue };
            let Some(row) = self.row(key) else { continue };
            let texts = self.texts(name, *how, row.kind, &text, is_named);
            if !texts.is_empty() {
                all.push(Found { name, key, how: *how, texts });
            }
        }
        all
    }

    /// The values as in the file. `is_named` says that the service has its name.
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
            // The path that is appended to an endpoint must not make it too long.
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
            // A number that does not fit is a long time.
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

    /// Pairs of a list. Each header is checked on its own, but one wrong attribute rejects all, as in
    /// the specification.
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
}

fn wrong(kind: Kind, text: &str, more: &str) -> String {
    format!("expected {}, found {}{more}", kind.expects(), quoted(&kind.shown(text)))
}

/// A wrong value is not shown: it may be a secret.
const PAIRS: &str =
    "expected name=value pairs separated by commas, in UTF-8, other characters as %XX";

/// `name=value`, decoded; a name contains no `=`, and blanks around both are ignored.
fn pair(member: &str) -> Option<String> {
    let (name, value) = member.split_once('=')?;
    let decoded =
        |text: &str| String::from_utf8(crate::base::wire::percent_decoded(text.trim())).ok();
    let name = decoded(name).filter(|name| !name.is_empty() && !name.contains('='))?;
    Some([&name, "=", &decoded(value)?].concat())
}
