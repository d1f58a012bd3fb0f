//! The options of log files and of alerts.

use super::checks;
use super::hub::{Alert, LogFiles, LogRule, RuleKind};
use super::row::{Section, TableRow, millis, pair};
use super::types::Settings;
use super::value::Kind;

/// `[[logs]]`; each may be a glob.
const MAX_LOGS: usize = 64;
/// Rules of one of them.
const MAX_RULES: usize = 256;
const MAX_ALERTS: usize = 256;

// Bounds of times, in milliseconds.
const MIN: u64 = 100;
const HOUR: u64 = 3_600_000;
const MONTH: u64 = 31 * 24 * HOUR;

pub(super) static SECTIONS: &[Section] = &[
    Section::new("tail", "How log files are followed"),
    Section::new("logs", "Log files")
        .list(MAX_LOGS, |s| s.logs.push(LogFiles::default()))
        .check(checks::log),
    Section::new("logs.rules", "Rules: what to look for in their lines")
        .list(MAX_RULES, |s| {
            if let Some(log) = s.logs.last_mut() {
                log.rules.push(LogRule::default());
            }
        })
        .check(checks::rule),
    Section::new("alerting", "Who hears of alerts").check(checks::alerting),
    Section::new("alerts", "Alerts")
        .list(MAX_ALERTS, |s| s.alerts.push(Alert::default()))
        .check(checks::alert),
];

pub(super) static ROWS: &[TableRow] = &[
    TableRow::new("tail", "state_file", Kind::PathOrNone, "/var/lib/sysmetrics/tail.state")
        .help("File that keeps how far log files were read; \"\" is none.")
        .set(|s, v| s.tail.state_file = some(&v.text).map(Into::into)),
    TableRow::new("tail", "state_interval", Kind::Time(MIN, 24 * HOUR), "10s")
        .help("At most how often that file is written.")
        .set(|s, v| s.tail.state_interval = millis(v)),
    TableRow::new("tail", "poll_interval", Kind::Time(MIN, HOUR), "5s")
        .help("How often to look where nothing tells of changes, and for new files.")
        .set(|s, v| s.tail.poll_interval = millis(v)),
    TableRow::new("tail", "max_line_bytes", Kind::Count(64, 1 << 20), "65536")
        .help("Bytes of a line; what is longer is cut.")
        .set(|s, v| s.tail.max_line_bytes = v.number as usize),
    TableRow::new("tail", "max_value_bytes", Kind::Count(8, 4096), "128")
        .help("Bytes of a label's value taken from a line; what is longer is cut.")
        .set(|s, v| s.tail.max_value_bytes = v.number as usize),
    TableRow::new("tail", "max_series", Kind::Count(1, 1_000_000), "1000")
        .help("Series of one rule.")
        .set(|s, v| s.tail.max_series = v.number as usize),
    TableRow::new("logs", "path", Kind::Glob, "")
        .required()
        .help("The file; *, ? and [...] may stand in its name and those of directories.")
        .set(|s, v| log(s, |l| l.path.clone_from(&v.text))),
    TableRow::new("logs", "from_start", Kind::Switch, "false")
        .help("A file that was not known before is read from its beginning, not its end.")
        .set(|s, v| log(s, |l| l.from_start = v.number == 1)),
    TableRow::new("logs.rules", "metric", Kind::Name, "")
        .required()
        .help("Name of the metric.")
        .set(|s, v| rule(s, |r| r.metric.clone_from(&v.text))),
    TableRow::new("logs.rules", "pattern", Kind::Pattern, "")
        .required()
        .help("What a line must match; its named groups, (?P<name>...), are $name.")
        .set(|s, v| rule(s, |r| r.pattern.clone_from(&v.text))),
    TableRow::new("logs.rules", "labels", Kind::Labels, "")
        .help("Labels, with $name in them.")
        .set(|s, v| rule(s, |r| r.labels.extend(pair(v)))),
    TableRow::new("logs.rules", "help", Kind::Text, "")
        .help("One sentence about the metric.")
        .set(|s, v| rule(s, |r| r.help.clone_from(&v.text))),
    TableRow::new("logs.rules", "value", Kind::Text, "")
        .help("The number in the line, as in \"$seconds\"; without it lines are counted.")
        .set(|s, v| rule(s, |r| r.value = some(&v.text).map(str::to_owned))),
    TableRow::new(
        "logs.rules",
        "type",
        Kind::Choice(&["counter", "gauge", "histogram"]),
        "counter",
    )
    .help("What the metric is.")
    .set(|s, v| {
        let kind = match v.number {
            0 => RuleKind::Counter,
            1 => RuleKind::Gauge,
            _ => RuleKind::Histogram,
        };
        rule(s, |r| r.kind = kind);
    }),
    TableRow::new("logs.rules", "buckets", Kind::Numbers, "")
        .help("Upper bounds of a histogram's buckets, ascending; from 0.005 to 10 if not said.")
        .set(|s, v| rule(s, |r| r.buckets.extend(crate::sys::float(&v.text)))),
    TableRow::new("alerting", "interval_secs", Kind::Time(MIN, HOUR), "15s")
        .help("How often alerts are looked at.")
        .set(|s, v| s.alerting.interval = millis(v)),
    TableRow::new("alerting", "repeat_secs", Kind::Time(MIN, MONTH), "4h")
        .help("How often an alert that goes on is told again.")
        .set(|s, v| s.alerting.repeat = millis(v)),
    TableRow::new("alerting", "timeout_secs", Kind::Time(MIN, HOUR), "10s")
        .help("For a message, all of it.")
        .set(|s, v| s.alerting.timeout = millis(v)),
    TableRow::new("alerting", "webhook", Kind::Urls, "")
        .help("Who takes Alertmanager's webhook JSON.")
        .set(|s, v| s.alerting.webhooks.push(v.text.clone())),
    TableRow::new("alerting", "alertmanager", Kind::Urls, "")
        .help("An Alertmanager, without /api/v2/alerts.")
        .set(|s, v| s.alerting.alertmanagers.push(v.text.clone())),
    TableRow::new("alerting", "headers", Kind::Headers, "")
        .help("Headers to send along to both.")
        .set(|s, v| s.alerting.headers.extend(pair(v))),
    TableRow::new("alerting", "mail_to", Kind::Mails, "")
        .help("Who gets mail.")
        .set(|s, v| s.alerting.mail_to.push(v.text.clone())),
    TableRow::new("alerting", "mail_from", Kind::Mail, "")
        .help("From whom it is; the mail program knows if not said, smtp needs it.")
        .set(|s, v| s.alerting.mail_from.clone_from(&v.text)),
    TableRow::new("alerting", "sendmail", Kind::Text, "/usr/sbin/sendmail -t -i")
        .help("Program that sends mail, with its arguments; not asked if there is smtp.")
        .set(|s, v| s.alerting.sendmail.clone_from(&v.text)),
    TableRow::new("alerting", "smtp", Kind::Endpoint, "")
        .help("Relay that takes mail without TLS, instead of sendmail.")
        .set(|s, v| s.alerting.smtp.clone_from(&v.text)),
    TableRow::new("alerting", "external_url", Kind::Url, "")
        .help("Where links in messages lead: the URL of this agent.")
        .set(|s, v| s.alerting.external_url.clone_from(&v.text)),
    TableRow::new("alerts", "name", Kind::Text, "")
        .required()
        .unique()
        .help("The label \"alertname\".")
        .set(|s, v| alert(s, |a| a.name.clone_from(&v.text))),
    TableRow::new("alerts", "expr", Kind::Expression, "")
        .required()
        .help("The condition, as in rate(disk_read_bytes_total{device=\"sda\"}[1m]) > 1e6.")
        .set(|s, v| alert(s, |a| a.expr.clone_from(&v.text))),
    TableRow::new("alerts", "for", Kind::Time(0, MONTH), "0s")
        .help("How long it must hold before the alert fires.")
        .set(|s, v| alert(s, |a| a.for_ = millis(v))),
    TableRow::new("alerts", "labels", Kind::Labels, "")
        .help("More labels; filled in like annotations.")
        .set(|s, v| alert(s, |a| a.labels.extend(pair(v)))),
    TableRow::new("alerts", "annotations", Kind::Labels, "")
        .help("What to tell, with {{ $value }} and {{ $labels.name }} in it.")
        .set(|s, v| alert(s, |a| a.annotations.extend(pair(v)))),
];

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn log(settings: &mut Settings, set: impl FnOnce(&mut LogFiles)) {
    settings.logs.last_mut().map(set);
}

fn rule(settings: &mut Settings, set: impl FnOnce(&mut LogRule)) {
    log(settings, |log| {
        log.rules.last_mut().map(set);
    });
}

fn alert(settings: &mut Settings, set: impl FnOnce(&mut Alert)) {
    settings.alerts.last_mut().map(set);
}
