//! The options of what others bring, and of whom to ask.

use super::checks;
use super::hub::{DeclaredHistogram, Field, Target, TargetKind};
use super::row::{Section, TableRow, millis, pair};
use super::types::Settings;
use super::url;
use super::value::Kind;

/// Histograms that are there from the start.
const MAX_HISTOGRAMS: usize = 64;
/// Targets to ask; each has a thread.
const MAX_TARGETS: usize = 64;
/// Values to take out of one target's JSON.
const MAX_FIELDS: usize = 256;

// Defaults and bounds, the latter in milliseconds where they are times.
const TTL: &str = "5m";
const TTL_MAX: u64 = 365 * 24 * 3_600_000;
const MAX_AGE: &str = "1h";
const MAX_AGE_MIN: u64 = 100;
const INTERVAL: &str = "15s";
const INTERVAL_MIN: u64 = 100;
const INTERVAL_MAX: u64 = 24 * 3_600_000;
const TIMEOUT_MIN: u64 = 10;
const TIMEOUT_MAX: u64 = 600_000;

pub(super) static SECTIONS: &[Section] = &[
    Section::new("metrics.histograms", "Histograms that are there from the start")
        .list(MAX_HISTOGRAMS, |s| s.custom.histograms.push(DeclaredHistogram::default()))
        .check(checks::histogram),
    Section::new("system", "This machine, the short way"),
    Section::new("push", "Pushed metrics"),
    Section::new("statsd", "statsd"),
    Section::new("scrape", "Other endpoints").check(checks::scrape),
    Section::new("scrape.targets", "Targets: the endpoints to ask")
        .list(MAX_TARGETS, |s| s.scrape.targets.push(Target::default()))
        .plain(url::plain_target)
        .check(checks::target),
    Section::new("scrape.targets.fields", "Fields: what to take out of a target's JSON")
        .list(MAX_FIELDS, |s| {
            if let Some(target) = s.scrape.targets.last_mut() {
                target.fields.push(Field::default());
            }
        })
        .pairs(["name", "path"]),
];

pub(super) static ROWS: &[TableRow] = &[
    TableRow::new("metrics.histograms", "name", Kind::Name, "")
        .required()
        .unique()
        .help("Its name, without namespace and prefix.")
        .set(|s, v| histogram(s, |h| h.name.clone_from(&v.text))),
    TableRow::new("metrics.histograms", "buckets", Kind::Numbers, "")
        .help("Upper bounds of its buckets, ascending; from 0.005 to 10 if not said.")
        .set(|s, v| histogram(s, |h| h.buckets.extend(crate::sys::float(&v.text)))),
    TableRow::new("metrics.histograms", "help", Kind::Text, "")
        .help("One sentence about it.")
        .set(|s, v| histogram(s, |h| h.help.clone_from(&v.text))),
    TableRow::new("system", "enabled", Kind::Switch, "")
        .help("If false, all collectors are off but those that [collectors] switches on."),
    TableRow::new("system", "collect_cpu", Kind::Switch, "")
        .help("The collector cpu; what [collectors] says comes first."),
    TableRow::new("system", "collect_ram", Kind::Switch, "")
        .help("The collector memory; what [collectors] says comes first."),
    TableRow::new("system", "collect_disk", Kind::Switch, "")
        .help("The collector disk; what [collectors] says comes first."),
    TableRow::new("push", "ttl", Kind::Time(0, TTL_MAX), TTL)
        .help("How long a pushed series stays without another sample; 0 is for ever.")
        .set(|s, v| s.push.ttl = millis(v)),
    TableRow::new("push", "ttl_by_source", Kind::Times(0, TTL_MAX), "")
        .help("The same for single sources of /api/metrics.")
        .set(|s, v| {
            let name = v.text.rsplit_once('=').map(|(name, _)| name.to_owned());
            s.push.ttl_by_source.extend(name.map(|name| (name, millis(v))));
        }),
    TableRow::new("push", "max_age", Kind::Time(MAX_AGE_MIN, TTL_MAX), MAX_AGE)
        .help("How old the time stamp of a pushed sample may be.")
        .set(|s, v| s.push.max_age = millis(v)),
    TableRow::new("push", "token_file", Kind::Path, "")
        .help(
            "File with a token a line; who pushes sends one, as Bearer or as password of Basic. \
               Without it only programs on this machine may push, and no web page or proxy.",
        )
        .set(|s, v| s.push.token_file = Some(v.text.as_str().into())),
    TableRow::new("push", "max_body_bytes", Kind::Count(1024, 16 << 20), "1048576")
        .help("Bytes of a request's body.")
        .set(|s, v| s.push.max_body_bytes = v.number as usize),
    TableRow::new("push", "max_series", Kind::Count(1, 10_000_000), "100000")
        .help("Pushed series at a time; each bucket of a histogram is one.")
        .set(|s, v| s.push.max_series = v.number as usize),
    TableRow::new("push", "max_families", Kind::Count(1, 100_000), "5000")
        .help("Pushed metrics at a time.")
        .set(|s, v| s.push.max_families = v.number as usize),
    TableRow::new("push", "max_bytes", Kind::Count(1024, 1 << 30), "8388608")
        .help("Bytes of names, labels and help texts of all series that others bring.")
        .set(|s, v| s.push.max_bytes = v.number as usize),
    TableRow::new("push", "max_labels", Kind::Count(0, 100), "32")
        .help("Labels of a pushed series.")
        .set(|s, v| s.push.max_labels = v.number as usize),
    TableRow::new("push", "max_name_bytes", Kind::Count(16, 1024), "200")
        .help("Bytes of the name of a pushed metric or label.")
        .set(|s, v| s.push.max_name_bytes = v.number as usize),
    TableRow::new("push", "max_value_bytes", Kind::Count(16, 65_536), "1024")
        .help("Bytes of the value of a pushed label.")
        .set(|s, v| s.push.max_value_bytes = v.number as usize),
    TableRow::new("statsd", "listen", Kind::Endpoint, "")
        .help("Where to receive statsd lines over UDP; nowhere if not said.")
        .set(|s, v| s.statsd.listen = Some(v.text.clone())),
    TableRow::new("scrape", "interval_secs", Kind::Time(INTERVAL_MIN, INTERVAL_MAX), INTERVAL)
        .help("Between two requests to a target.")
        .set(|s, v| s.scrape.interval = millis(v)),
    TableRow::new("scrape", "timeout_secs", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), "")
        .help("For a request, all of it; 5 seconds if not said, or the interval if that is less.")
        .set(|s, v| s.scrape.timeout = millis(v)),
    TableRow::new("scrape", "max_body_bytes", Kind::Count(1024, 256 << 20), "8388608")
        .help("Bytes of an answer, decoded.")
        .set(|s, v| s.scrape.max_body_bytes = v.number as usize),
    TableRow::new("scrape", "max_series", Kind::Count(1, 1_000_000), "20000")
        .help("Series of one target.")
        .set(|s, v| s.scrape.max_series = v.number as usize),
    TableRow::new("scrape", "max_labels", Kind::Count(1, 1000), "128")
        .help("Labels of a target's series.")
        .set(|s, v| s.scrape.max_labels = v.number as usize),
    TableRow::new("scrape.targets", "name", Kind::Word, "")
        .required()
        .unique()
        .help("The label \"target\" of its series; of JSON the start of their names, too.")
        .set(|s, v| target(s, |t| t.name.clone_from(&v.text))),
    TableRow::new("scrape.targets", "url", Kind::Url, "")
        .required()
        .help("What to ask.")
        .set(|s, v| target(s, |t| t.url.clone_from(&v.text))),
    TableRow::new("scrape.targets", "type", Kind::Choice(&["prometheus", "custom"]), "prometheus")
        .help("What it answers: exposition text, or any JSON.")
        .set(|s, v| {
            let kind = if v.number == 1 { TargetKind::Custom } else { TargetKind::Prometheus };
            target(s, |t| t.kind = kind);
        }),
    TableRow::new("scrape.targets", "interval_secs", Kind::Time(INTERVAL_MIN, INTERVAL_MAX), "")
        .help("In place of that of all targets.")
        .set(|s, v| target(s, |t| t.interval = Some(millis(v)))),
    TableRow::new("scrape.targets", "timeout_secs", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), "")
        .help("In place of that of all targets.")
        .set(|s, v| target(s, |t| t.timeout = Some(millis(v)))),
    TableRow::new("scrape.targets", "headers", Kind::Headers, "")
        .help("Headers to send along.")
        .set(|s, v| target(s, |t| t.headers.extend(pair(v)))),
    TableRow::new("scrape.targets", "token_file", Kind::Path, "")
        .help("File with a token to send as Bearer.")
        .set(|s, v| target(s, |t| t.token_file = Some(v.text.as_str().into()))),
    TableRow::new("scrape.targets", "username", Kind::Text, "")
        .help("Name to send as Basic, with password_file.")
        .set(|s, v| target(s, |t| t.username.clone_from(&v.text))),
    TableRow::new("scrape.targets", "password_file", Kind::Path, "")
        .help("File with the password for username.")
        .set(|s, v| target(s, |t| t.password_file = Some(v.text.as_str().into()))),
    TableRow::new("scrape.targets", "honor_timestamps", Kind::Switch, "false")
        .help("Time stamps that the target gives are kept.")
        .set(|s, v| target(s, |t| t.honor_timestamps = v.number == 1)),
    TableRow::new("scrape.targets", "any_status", Kind::Switch, "false")
        .help("Answers are read whatever their status, such as the 503 of a health check.")
        .set(|s, v| target(s, |t| t.any_status = v.number == 1)),
    TableRow::new(
        "scrape.targets",
        "follow_redirects",
        Kind::Choice(&["same_host", "any"]),
        "same_host",
    )
    .help("Redirects that are followed: to the host of url, or to any.")
    .set(|s, v| target(s, |t| t.follow_any = v.number == 1)),
    TableRow::new("scrape.targets.fields", "path", Kind::Text, "")
        .required()
        .help("Keys with dots between them, elements of a list by number, * for all.")
        .set(|s, v| field(s, |f| f.path.clone_from(&v.text))),
    TableRow::new("scrape.targets.fields", "name", Kind::Name, "")
        .help("Name of the metric; made of target and path if not said.")
        .set(|s, v| field(s, |f| f.name.clone_from(&v.text))),
    TableRow::new("scrape.targets.fields", "type", Kind::Choice(&["gauge", "counter"]), "gauge")
        .help("What it is.")
        .set(|s, v| field(s, |f| f.is_counter = v.number == 1)),
    TableRow::new("scrape.targets.fields", "help", Kind::Text, "")
        .help("One sentence about it.")
        .set(|s, v| field(s, |f| f.help.clone_from(&v.text))),
    TableRow::new("scrape.targets.fields", "labels", Kind::Labels, "")
        .help("Labels; $* is the key that * stands for, $path a value beside it.")
        .set(|s, v| field(s, |f| f.labels.extend(pair(v)))),
    TableRow::new("scrape.targets.fields", "states", Kind::States, "")
        .help("Words that the value may be, and the number for each.")
        .set(|s, v| {
            let state = v.text.rsplit_once('=');
            let state = state.and_then(|(word, n)| Some((word.to_owned(), crate::sys::float(n)?)));
            field(s, |f| f.states.extend(state));
        }),
];

fn histogram(settings: &mut Settings, set: impl FnOnce(&mut DeclaredHistogram)) {
    settings.custom.histograms.last_mut().map(set);
}

fn target(settings: &mut Settings, set: impl FnOnce(&mut Target)) {
    settings.scrape.targets.last_mut().map(set);
}

fn field(settings: &mut Settings, set: impl FnOnce(&mut Field)) {
    target(settings, |target| {
        target.fields.last_mut().map(set);
    });
}
