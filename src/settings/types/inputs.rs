//! The settings about other programs: targets, log files, alerts.

use std::path::PathBuf;
use std::time::Duration;

/// A histogram that is there from the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclaredHistogram {
    /// Its name, without namespace and prefix.
    pub name: String,
    /// The bounds of its buckets, ascending, without +Inf; empty is the usual ones.
    pub buckets: Vec<f64>,
    /// One sentence; may be empty.
    pub help: String,
}

/// statsd lines over UDP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statsd {
    /// Where to receive, HOST:PORT; none is not at all.
    pub listen: Option<String>,
}

/// Other endpoints.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape {
    /// Between two requests to a target that has no interval of its own.
    pub interval: Duration,
    /// For one request, all of it.
    pub timeout: Duration,
    /// Bytes of one answer, decoded.
    pub max_body_bytes: usize,
    /// Series of one target.
    pub max_series: usize,
    /// Labels of one series.
    pub max_labels: usize,
    /// Whom to ask; names are unique.
    pub targets: Vec<Target>,
}

/// What a target answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetKind {
    /// Exposition text.
    #[default]
    Prometheus,
    /// Any JSON.
    Custom,
}

/// An endpoint that is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// The value of the label `target`; the start of the names of what is made of JSON.
    pub name: String,
    /// `http://host:port/path`.
    pub url: String,
    /// What it answers.
    pub kind: TargetKind,
    /// In place of that of all.
    pub interval: Option<Duration>,
    /// In place of that of all.
    pub timeout: Option<Duration>,
    /// Sent along.
    pub headers: Vec<(String, String)>,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// For basic authentication; empty for none.
    pub username: String,
    /// A file with its password.
    pub password_file: Option<PathBuf>,
    /// Whether its time stamps are kept.
    pub honor_timestamps: bool,
    /// Whether its answers are read whatever their status.
    pub any_status: bool,
    /// Whether redirects to other hosts are followed, too.
    pub follow_any: bool,
    /// What is taken out of JSON; empty is every number.
    pub fields: Vec<Field>,
}

/// One value of a JSON document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Keys with dots between them, array elements by number: `stats.queues.0.depth`; `*` is each
    /// element or member.
    pub path: String,
    /// The name of the metric; empty is made of target and path.
    pub name: String,
    /// A counter instead of a gauge.
    pub is_counter: bool,
    /// One sentence; may be empty.
    pub help: String,
    /// Labels: a value that starts with `$` is a path from where `*` stands, `$*` its key.
    pub labels: Vec<(String, String)>,
    /// Words that the value may be, and the number for each.
    pub states: Vec<(String, f64)>,
}

/// How log files are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// Where is kept how far they were read; none is nowhere.
    pub state_file: Option<PathBuf>,
    /// Where a copy of it is in memory; none is nowhere.
    pub memory_file: Option<PathBuf>,
    /// At most how often the file is written.
    pub state_interval: Duration,
    /// How often files are looked at where nothing tells of changes, and globs anew.
    pub poll_interval: Duration,
    /// Bytes of a line; what is longer is cut.
    pub max_line_bytes: usize,
    /// Bytes of a label's value taken from a line; what is longer is cut.
    pub max_value_bytes: usize,
    /// Series of one rule.
    pub max_series: usize,
}

/// Log files of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogFiles {
    /// A path, with `*`, `?` and `[…]` in the names of files and directories.
    pub path: String,
    /// Whether a file that is found at the start of the program, and was not known before, is read
    /// from its beginning.
    pub from_start: bool,
    /// What is looked for in each line.
    pub rules: Vec<LogRule>,
}

/// What a rule makes.
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

/// What is made of lines that match.
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
    /// A text with `$name` that is a number; none counts lines.
    pub value: Option<String>,
    /// What it makes.
    pub kind: RuleKind,
    /// The bounds of a histogram's buckets; empty is the usual ones.
    pub buckets: Vec<f64>,
}

/// When alerts are looked at, and who hears of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerting {
    /// How often expressions are looked at.
    pub interval: Duration,
    /// How often an alert that goes on is told again.
    pub repeat: Duration,
    /// For one message, all of it.
    pub timeout: Duration,
    /// URLs that take Alertmanager's webhook JSON.
    pub webhooks: Vec<String>,
    /// URLs of Alertmanagers, without `/api/v2/alerts`.
    pub alertmanagers: Vec<String>,
    /// Sent along to both.
    pub headers: Vec<(String, String)>,
    /// Who gets mail.
    pub mail_to: Vec<String>,
    /// From whom it is.
    pub mail_from: String,
    /// The program that sends it, with its arguments; empty where `smtp` does.
    pub sendmail: String,
    /// HOST:PORT of a relay that takes mail without TLS; empty is none.
    pub smtp: String,
    /// Where the links in messages lead: the URL of this agent.
    pub external_url: String,
    /// The label `instance` of alerts that have none: that of `Agent`.
    pub instance: String,
}

impl Alerting {
    /// Mail is sent by a program that is started for it.
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
    /// What to tell; `{{ value }}` and `{{ $labels.name }}` are filled in.
    pub annotations: Vec<(String, String)>,
}
