//! The settings about other programs: targets, log files, alerts.

use std::path::PathBuf;
use std::time::Duration;

/// A histogram that exists from the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredHistogram {
    /// Its name, without namespace and prefix.
    pub name: String,
    /// The bounds of its buckets, ascending, without +Inf; empty for the default ones.
    pub buckets: Vec<f64>,
    /// One sentence; may be empty.
    pub help: String,
}

/// statsd lines over UDP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statsd {
    /// The address to receive on, HOST:PORT; None for no receiver.
    pub listen: Option<String>,
}

/// Scraping of other endpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// The interval between two requests to a target that has no interval of its own.
    pub interval: Duration,
    /// The timeout of one request, in total.
    pub timeout: Duration,
    /// Bytes of one answer, decoded.
    pub max_body_bytes: usize,
    /// Series of one target.
    pub max_series: usize,
    /// Labels of one series.
    pub max_labels: usize,
    /// The targets; names are unique.
    pub targets: Vec<Target>,
}

/// The format of a target's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetKind {
    /// Exposition text.
    #[default]
    Prometheus,
    /// Any JSON.
    Custom,
}

/// An endpoint that is scraped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// The value of the label `target`; for JSON also the prefix of its metrics' names.
    pub name: String,
    /// `http://host:port/path`.
    pub url: String,
    /// The format of its answer.
    pub kind: TargetKind,
    /// Overrides the common one.
    pub interval: Option<Duration>,
    /// Overrides the common one.
    pub timeout: Option<Duration>,
    /// Headers of each request.
    pub headers: Vec<(String, String)>,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// The name for basic authentication; empty for none.
    pub username: String,
    /// A file with the password for it.
    pub password_file: Option<PathBuf>,
    /// Whether its time stamps are kept.
    pub honor_timestamps: bool,
    /// Whether its answers are read with any status.
    pub any_status: bool,
    /// Whether redirects to other hosts are followed, too.
    pub follow_any: bool,
    /// The values taken from JSON; empty for every number.
    pub fields: Vec<Field>,
}

/// One value of a JSON document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Keys with dots between them, array elements by number: `stats.queues.0.depth`; `*` matches each
    /// element or member.
    pub path: String,
    /// The name of the metric; empty to derive it from target and path.
    pub name: String,
    /// A counter instead of a gauge.
    pub is_counter: bool,
    /// One sentence; may be empty.
    pub help: String,
    /// Labels: a value that starts with `$` is a path relative to the match of `*`, `$*` is its key.
    pub labels: Vec<(String, String)>,
    /// Words that the value may have, and the number for each.
    pub states: Vec<(String, f64)>,
}

/// Where the copy of the read positions is by default.
pub const MEMORY_FILE: &str = "/run/sysmetrics/tail.state";

/// How log files are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The file with the read positions; None for no file.
    pub state_file: Option<PathBuf>,
    /// A copy of it in memory; None for no copy.
    pub memory_file: Option<PathBuf>,
    /// The shortest time between two writes of the file.
    pub state_interval: Duration,
    /// How often files without change events are checked, and globs are expanded again.
    pub poll_interval: Duration,
    /// Bytes of a line; the rest is cut.
    pub max_line_bytes: usize,
    /// Bytes of a label's value taken from a line; the rest is cut.
    pub max_value_bytes: usize,
    /// Series of one rule.
    pub max_series: usize,
}

/// Log files of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogFiles {
    /// A path; names of files and directories may contain `*`, `?` and `[…]`.
    pub path: String,
    /// Whether a file that exists at the start of the program, and was not known before, is read
    /// from its beginning.
    pub from_start: bool,
    /// The rules for each line.
    pub rules: Vec<LogRule>,
}

/// The type of a rule's metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleKind {
    /// Lines, or the values in them, added up.
    #[default]
    Counter,
    /// The last value.
    Gauge,
    /// The values, counted by size.
    Histogram,
}

/// A metric of lines that match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRule {
    /// The name of the metric.
    pub metric: String,
    /// A regular expression; its named groups are `$name`.
    pub pattern: String,
    /// Names, and texts with `$name` in them.
    pub labels: Vec<(String, String)>,
    /// One sentence; may be empty.
    pub help: String,
    /// A text with `$name` that is a number; None counts lines.
    pub value: Option<String>,
    /// The type of its metric.
    pub kind: RuleKind,
    /// The bounds of a histogram's buckets; empty for the default ones.
    pub buckets: Vec<f64>,
}

/// When alerts are evaluated, and where they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerting {
    /// How often expressions are evaluated.
    pub interval: Duration,
    /// How often an alert that still fires is sent again.
    pub repeat: Duration,
    /// The timeout of one message, in total.
    pub timeout: Duration,
    /// URLs that receive Alertmanager's webhook JSON.
    pub webhooks: Vec<String>,
    /// URLs of Alertmanagers, without `/api/v2/alerts`.
    pub alertmanagers: Vec<String>,
    /// Headers of requests to both.
    pub headers: Vec<(String, String)>,
    /// The recipients of mail.
    pub mail_to: Vec<String>,
    /// The sender of mail.
    pub mail_from: String,
    /// The program that sends it, with its arguments; empty if `smtp` is used.
    pub sendmail: String,
    /// HOST:PORT of a relay that accepts mail without TLS; empty for none.
    pub smtp: String,
    /// The base of links in messages: the URL of this agent.
    pub external_url: String,
    /// The label `instance` of alerts that have none: as in `Agent`.
    pub instance: String,
}

impl Alerting {
    /// Whether mail is sent by a program that is started for it.
    pub fn starts_program(&self) -> bool {
        !self.mail_to.is_empty() && self.smtp.is_empty() && !self.sendmail.is_empty()
    }
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alert {
    /// The label `alertname`.
    pub name: String,
    /// The condition, as written.
    pub expr: String,
    /// How long it must hold before the alert fires.
    pub for_: Duration,
    /// More labels.
    pub labels: Vec<(String, String)>,
    /// The text of messages; `{{ value }}` and `{{ $labels.name }}` are filled in.
    pub annotations: Vec<(String, String)>,
}
