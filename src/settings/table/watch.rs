//! The options of log files and of alerts.

use crate::settings::table::checks;
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::row::{Section, TableRow, choose, floats, words};
use crate::settings::types::{Alert, Kind, LogFiles, LogRule, MEMORY_FILE, RuleKind, Settings};

/// `[[logs]]`; each may be a glob.
const MAX_LOGS: usize = 64;
/// Rules of one log.
const MAX_RULES: usize = 256;
const MAX_ALERTS: usize = 256;

// Bounds of times, in milliseconds.
const MIN: u64 = 100;
const HOUR: u64 = 3_600_000;
const MONTH: u64 = 31 * 24 * HOUR;

pub static TAIL: Section = Section::new("tail", "How log files are followed", &[TAIL_TABLE.rows()]);
pub static LOGS: Section = Section::new("logs", "Log files", &[LOGS_TABLE.rows()])
    .list(MAX_LOGS, |s| s.logs.push(LogFiles::default()))
    .check(checks::log);
pub static RULES: Section =
    Section::new("logs.rules", "Rules: what to look for in their lines", &[RULE_TABLE.rows()])
        .list(MAX_RULES, |s| log(s, |log| log.rules.push(LogRule::default())))
        .check(checks::rule);
pub static ALERTING: Section =
    Section::new("alerting", "Where alerts are sent", &[ALERTING_TABLE.rows()])
        .check(checks::alerting);
pub static ALERTS: Section = Section::new("alerts", "Alerts", &[ALERT_TABLE.rows()])
    .list(MAX_ALERTS, |s| s.alerts.push(Alert::default()))
    .check(checks::alert);

const RULE_KINDS: [(&str, RuleKind); 3] = [
    ("counter", RuleKind::Counter),
    ("gauge", RuleKind::Gauge),
    ("histogram", RuleKind::Histogram),
];

static TAIL_TABLE: Table<{ TAIL_ROWS.len() }> =
    Table::of(TAIL_ROWS, &texts::<{ length(TAIL_ROWS) }>(TAIL_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const TAIL_ROWS: &[TableRow] = &[
    TableRow::new("state_file", Kind::PathOrNone, "/var/lib/sysmetrics/tail.state", "File that records how far log files were read; \"\" for none.")
        .set(|s, v| s.tail.state_file = some(v.text()).map(Into::into)),
    TableRow::new("memory_file", Kind::PathOrNone, MEMORY_FILE, "Copy of it in memory, written every 10 s, for a start after the agent was killed; \"\" for none.")
        .set(|s, v| s.tail.memory_file = some(v.text()).map(Into::into)),
    TableRow::new("state_interval", Kind::Time(MIN, 24 * HOUR), "1h", "Shortest time between two writes of state_file, because flash wears; 10 s if it is in memory.")
        .set(|s, v| s.tail.state_interval = v.duration()),
    TableRow::new("poll_interval", Kind::Time(MIN, HOUR), "5s", "How often to check files without change events, and for new files.")
        .set(|s, v| s.tail.poll_interval = v.duration()),
    TableRow::new("max_line_bytes", Kind::Count(64, 1 << 20), "65536", "Most bytes of a line; the rest is cut.")
        .set(|s, v| s.tail.max_line_bytes = v.number as usize),
    TableRow::new("max_value_bytes", Kind::Count(8, 4096), "128", "Most bytes of a label's value taken from a line; the rest is cut.")
        .set(|s, v| s.tail.max_value_bytes = v.number as usize),
    TableRow::new("max_series", Kind::Count(1, 1_000_000), "1000", "Most series of one rule.")
        .set(|s, v| s.tail.max_series = v.number as usize),
];

static LOGS_TABLE: Table<{ LOGS_ROWS.len() }> =
    Table::of(LOGS_ROWS, &texts::<{ length(LOGS_ROWS) }>(LOGS_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const LOGS_ROWS: &[TableRow] = &[
    TableRow::new("path", Kind::Glob, "", "The file; its name and those of directories may contain *, ? and [...].")
        .required().set(|s, v| log(s, |l| v.put(&mut l.path))),
    TableRow::new("from_start", Kind::Switch, "false", "A file that was not known before is read from its beginning, not its end.")
        .set(|s, v| log(s, |l| l.from_start = v.is_on())),
];

static RULE_TABLE: Table<{ RULE_ROWS.len() }> =
    Table::of(RULE_ROWS, &texts::<{ length(RULE_ROWS) }>(RULE_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const RULE_ROWS: &[TableRow] = &[
    TableRow::new("metric", Kind::Name, "", "Name of the metric.")
        .required().set(|s, v| rule(s, |r| v.put(&mut r.metric))),
    TableRow::new("pattern", Kind::Pattern, "", "What a line must match; its named groups, (?P<name>...), are $name.")
        .required().set(|s, v| rule(s, |r| v.put(&mut r.pattern))),
    TableRow::new("labels", Kind::Labels, "", "Labels, with $name in them.")
        .verbatim().set(|s, v| rule(s, |r| v.put_pairs(&mut r.labels))),
    TableRow::new("help", Kind::Text, "", "One sentence about the metric.")
        .set(|s, v| rule(s, |r| v.put(&mut r.help))),
    TableRow::new("value", Kind::Text, "", "The number in the line, as in \"$seconds\"; without it lines are counted.")
        .verbatim().set(|s, v| rule(s, |r| r.value = some(v.text()).map(str::to_owned))),
    TableRow::new("type", Kind::Choice(&words(&RULE_KINDS)), "counter", "Type of the metric.")
        .set(|s, v| rule(s, |r| choose(&RULE_KINDS, v, &mut r.kind))),
    TableRow::new("buckets", Kind::Numbers, "", "Upper bounds of a histogram's buckets, ascending; from 0.005 to 10 by default.")
        .set(|s, v| rule(s, |r| r.buckets = floats(v))),
];

static ALERTING_TABLE: Table<{ ALERTING_ROWS.len() }> =
    Table::of(ALERTING_ROWS, &texts::<{ length(ALERTING_ROWS) }>(ALERTING_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const ALERTING_ROWS: &[TableRow] = &[
    TableRow::new("interval_secs", Kind::Time(MIN, HOUR), "15s", "How often alerts are evaluated.")
        .set(|s, v| s.alerting.interval = v.duration()),
    TableRow::new("repeat_secs", Kind::Time(MIN, MONTH), "4h", "How often an alert that still fires is sent again.")
        .set(|s, v| s.alerting.repeat = v.duration()),
    TableRow::new("timeout_secs", Kind::Time(MIN, HOUR), "10s", "Timeout of a message, in total.")
        .set(|s, v| s.alerting.timeout = v.duration()),
    TableRow::new("webhook", Kind::Urls, "", "URL that receives Alertmanager's webhook JSON.")
        .set(|s, v| v.put_texts(&mut s.alerting.webhooks)),
    TableRow::new("alertmanager", Kind::Urls, "", "An Alertmanager, without /api/v2/alerts.")
        .set(|s, v| v.put_texts(&mut s.alerting.alertmanagers)),
    TableRow::new("headers", Kind::Headers, "", "Headers of requests to both.")
        .set(|s, v| v.put_pairs(&mut s.alerting.headers)),
    TableRow::new("mail_to", Kind::Mails, "", "Recipients of mail.")
        .set(|s, v| v.put_texts(&mut s.alerting.mail_to)),
    TableRow::new("mail_from", Kind::Mail, "", "Sender of mail; by default set by the mail program, required for smtp.")
        .set(|s, v| v.put(&mut s.alerting.mail_from)),
    TableRow::new("sendmail", Kind::Text, "/usr/sbin/sendmail -t -i", "Program that sends mail, with its arguments; not used if smtp is set.")
        .set(|s, v| v.put(&mut s.alerting.sendmail)),
    TableRow::new("smtp", Kind::Endpoint, "", "Relay that accepts mail without TLS, instead of sendmail.")
        .set(|s, v| v.put(&mut s.alerting.smtp)),
    TableRow::new("external_url", Kind::Url, "", "The URL of this agent, for links in messages.")
        .set(|s, v| v.put(&mut s.alerting.external_url)),
];

static ALERT_TABLE: Table<{ ALERT_ROWS.len() }> =
    Table::of(ALERT_ROWS, &texts::<{ length(ALERT_ROWS) }>(ALERT_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const ALERT_ROWS: &[TableRow] = &[
    TableRow::new("name", Kind::Text, "", "The label \"alertname\".")
        .required().unique().set(|s, v| alert(s, |a| v.put(&mut a.name))),
    TableRow::new("expr", Kind::Expression, "", "The condition, as in rate(disk_read_bytes_total{device=\"sda\"}[1m]) > 1e6.")
        .required().set(|s, v| alert(s, |a| v.put(&mut a.expr))),
    TableRow::new("for", Kind::Time(0, MONTH), "0s", "How long it must hold before the alert fires.")
        .set(|s, v| alert(s, |a| a.for_ = v.duration())),
    TableRow::new("labels", Kind::Labels, "", "More labels; filled in like annotations.")
        .set(|s, v| alert(s, |a| v.put_pairs(&mut a.labels))),
    TableRow::new("annotations", Kind::Labels, "", "Texts of the message, with {{ $value }} and {{ $labels.name }} in them.")
        .set(|s, v| alert(s, |a| v.put_pairs(&mut a.annotations))),
];

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn log(settings: &mut Settings, set: impl FnOnce(&mut LogFiles)) {
    settings.logs.last_mut().map(set);
}

fn rule(settings: &mut Settings, set: impl FnOnce(&mut LogRule)) {
    last_rule(settings).map(set);
}

/// Not inlined, as each row calls it.
#[inline(never)]
fn last_rule(settings: &mut Settings) -> Option<&mut LogRule> {
    settings.logs.last_mut()?.rules.last_mut()
}

fn alert(settings: &mut Settings, set: impl FnOnce(&mut Alert)) {
    settings.alerts.last_mut().map(set);
}
