//! The options for metrics of other programs, and for targets to scrape.

use crate::base::float::float;
use crate::base::text::number;
use crate::base::wire::Url;
use crate::settings::problem::Keyed;
use crate::settings::table::checks;
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::row::{Names, Role, Section, TableRow, choose, floats, words};
use crate::settings::types::{DeclaredHistogram, Field, Kind, Settings, Target, TargetKind, Value};
use std::time::Duration;

/// Histograms that exist from the start.
const MAX_HISTOGRAMS: usize = 64;
/// The most targets; each has a thread.
const MAX_TARGETS: usize = 64;
/// Values taken from one target's JSON.
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

pub static HISTOGRAMS: Section = Section::new(
    "metrics.histograms",
    "Histograms that exist from the start",
    &[HISTOGRAM_TABLE.rows()],
)
.list(MAX_HISTOGRAMS, |s| s.custom.histograms.push(DeclaredHistogram::default()))
.check(checks::histogram);
/// Its other keys are declared by collectors.
pub static SYSTEM: Section =
    Section::new("system", "This machine, the short way", &[SYSTEM_TABLE.rows()]);
pub static PUSH: Section = Section::new("push", "Pushed metrics", &[PUSH_TABLE.rows()]);
pub static STATSD: Section = Section::new("statsd", "statsd", &[STATSD_TABLE.rows()]);
pub static SCRAPE: Section =
    Section::new("scrape", "Other endpoints", &[SCRAPE_TABLE.rows()]).check(checks::scrape);
pub static TARGETS: Section = Section {
    plain: Some(plain_target),
    ..Section::new("scrape.targets", "Targets: the endpoints to scrape", &[TARGET_TABLE.rows()])
        .list(MAX_TARGETS, |s| s.scrape.targets.push(Target::default()))
        .check(checks::target)
};
pub static FIELDS: Section = Section {
    pairs: Some(["name", "path"]),
    ..Section::new(
        "scrape.targets.fields",
        "Fields: what to take out of a target's JSON",
        &[FIELD_TABLE.rows()],
    )
    .list(MAX_FIELDS, |s| target(s, |target| target.fields.push(Field::default())))
};

const TARGET_KINDS: [(&str, TargetKind); 2] =
    [("prometheus", TargetKind::Prometheus), ("custom", TargetKind::Custom)];
/// Whether redirects to other hosts are followed, too.
const REDIRECTS: [(&str, bool); 2] = [("same_host", false), ("any", true)];
/// Whether it is a counter.
const FIELD_TYPES: [(&str, bool); 2] = [("gauge", false), ("counter", true)];

/// The rows of `[metrics]`.
pub static PUSHED_TABLE: Table<{ PUSHED.len() }> =
    Table::of(PUSHED, &texts::<{ length(PUSHED) }>(PUSHED));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const PUSHED: &[TableRow] = &[
    TableRow::new("namespace", Kind::Name, "", "Prefix of the names of pushed metrics, followed by _.")
        .names(&Names { also: "metrics_namespace", env: "APP__METRICS__METRICS_NAMESPACE", ..Names::NONE }).set(|s, v| v.put(&mut s.custom.namespace)),
    TableRow::new("prefix", Kind::Name, "", "Second prefix of the names of pushed metrics, after the namespace, followed by _.")
        .names(&Names { also: "metrics_prefix", env: "APP__METRICS__METRICS_PREFIX", ..Names::NONE }).set(|s, v| v.put(&mut s.custom.prefix)),
    TableRow::new("custom_gauges", Kind::Names, "", "Gauges that clients push and that exist from the start, at 0.")
        .set(|s, v| v.put_texts(&mut s.custom.gauges)),
    TableRow::new("custom_counters", Kind::Names, "", "Counters that clients push and that exist from the start, at 0.")
        .set(|s, v| v.put_texts(&mut s.custom.counters)),
    TableRow::new("labels", Kind::Labels, "", "Labels of every pushed series that has no label of that name.")
        .set(|s, v| v.put_pairs(&mut s.custom.labels)),
    TableRow::new("labels_on_all", Kind::Switch, "false", "Put these labels on every series, including this machine's own.")
        .set(|s, v| s.custom.labels_on_all = v.is_on()),
];

static HISTOGRAM_TABLE: Table<{ HISTOGRAM_ROWS.len() }> =
    Table::of(HISTOGRAM_ROWS, &texts::<{ length(HISTOGRAM_ROWS) }>(HISTOGRAM_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const HISTOGRAM_ROWS: &[TableRow] = &[
    TableRow::new("name", Kind::Name, "", "Its name, without namespace and prefix.")
        .required().unique().set(|s, v| histogram(s, |h| v.put(&mut h.name))),
    TableRow::new("buckets", Kind::Numbers, "", "Upper bounds of its buckets, ascending; from 0.005 to 10 by default.")
        .set(|s, v| histogram(s, |h| h.buckets = floats(v))),
    TableRow::new("help", Kind::Text, "", "One sentence about it.")
        .set(|s, v| histogram(s, |h| v.put(&mut h.help))),
];

static SYSTEM_TABLE: Table<{ SYSTEM_ROWS.len() }> =
    Table::of(SYSTEM_ROWS, &texts::<{ length(SYSTEM_ROWS) }>(SYSTEM_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const SYSTEM_ROWS: &[TableRow] = &[
    TableRow::new("enabled", Kind::Switch, "", "If false, all collectors are off except those that [collectors] switches on.")
        .role(Role::System),
];

static PUSH_TABLE: Table<{ PUSH_ROWS.len() }> =
    Table::of(PUSH_ROWS, &texts::<{ length(PUSH_ROWS) }>(PUSH_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const PUSH_ROWS: &[TableRow] = &[
    TableRow::new("ttl", Kind::Time(0, TTL_MAX), TTL, "How long a pushed series stays without another sample; 0 is for ever.")
        .set(|s, v| s.push.ttl = v.duration()),
    TableRow::new("ttl_by_source", Kind::Times(0, TTL_MAX), "", "The same for individual sources of /api/metrics.")
        .set(|s, v| s.push.ttl_by_source = times(v)),
    TableRow::new("max_age", Kind::Time(MAX_AGE_MIN, TTL_MAX), MAX_AGE, "How old the time stamp of a pushed sample may be.")
        .set(|s, v| s.push.max_age = v.duration()),
    TableRow::new("token_file", Kind::Path, "", "File with one token per line; clients that push send one as bearer token, or as password of basic authentication. Without it only programs on this machine may push, but no web page or proxy.")
        .set(|s, v| v.put_path(&mut s.push.token_file)),
    TableRow::new("max_body_bytes", Kind::Count(1024, 16 << 20), "1048576", "Most bytes of a request's body.")
        .set(|s, v| s.push.max_body_bytes = v.number as usize),
    TableRow::new("max_series", Kind::Count(1, 10_000_000), "100000", "Most pushed series at a time; each bucket of a histogram is one.")
        .set(|s, v| s.push.max_series = v.number as usize),
    TableRow::new("max_families", Kind::Count(1, 100_000), "5000", "Most pushed metrics at a time.")
        .set(|s, v| s.push.max_families = v.number as usize),
    TableRow::new("max_bytes", Kind::Count(1024, 1 << 30), "8388608", "Most bytes of names, labels and help texts of all series of other programs.")
        .set(|s, v| s.push.max_bytes = v.number as usize),
    TableRow::new("max_labels", Kind::Count(0, 100), "32", "Most labels of a pushed series.")
        .set(|s, v| s.push.max_labels = v.number as usize),
    TableRow::new("max_name_bytes", Kind::Count(16, 1024), "200", "Most bytes of the name of a pushed metric or label.")
        .set(|s, v| s.push.max_name_bytes = v.number as usize),
    TableRow::new("max_value_bytes", Kind::Count(16, 65_536), "1024", "Most bytes of the value of a pushed label.")
        .set(|s, v| s.push.max_value_bytes = v.number as usize),
];

static STATSD_TABLE: Table<{ STATSD_ROWS.len() }> =
    Table::of(STATSD_ROWS, &texts::<{ length(STATSD_ROWS) }>(STATSD_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const STATSD_ROWS: &[TableRow] = &[
    TableRow::new("listen", Kind::Endpoint, "", "Address to receive statsd lines on over UDP; none by default.")
        .set(|s, v| s.statsd.listen = Some(v.string())),
];

static SCRAPE_TABLE: Table<{ SCRAPE_ROWS.len() }> =
    Table::of(SCRAPE_ROWS, &texts::<{ length(SCRAPE_ROWS) }>(SCRAPE_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const SCRAPE_ROWS: &[TableRow] = &[
    TableRow::new("interval_secs", Kind::Time(INTERVAL_MIN, INTERVAL_MAX), INTERVAL, "Interval between two requests to a target.")
        .set(|s, v| s.scrape.interval = v.duration()),
    TableRow::new("timeout_secs", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), "", "Timeout of a request, in total; by default 5 seconds, or the interval if that is less.")
        .set(|s, v| s.scrape.timeout = v.duration()),
    TableRow::new("max_body_bytes", Kind::Count(1024, 256 << 20), "8388608", "Most bytes of a response, decoded.")
        .set(|s, v| s.scrape.max_body_bytes = v.number as usize),
    TableRow::new("max_series", Kind::Count(1, 1_000_000), "20000", "Most series of one target.")
        .set(|s, v| s.scrape.max_series = v.number as usize),
    TableRow::new("max_labels", Kind::Count(1, 1000), "128", "Most labels of a target's series.")
        .set(|s, v| s.scrape.max_labels = v.number as usize),
];

static TARGET_TABLE: Table<{ TARGET_ROWS.len() }> =
    Table::of(TARGET_ROWS, &texts::<{ length(TARGET_ROWS) }>(TARGET_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const TARGET_ROWS: &[TableRow] = &[
    TableRow::new("name", Kind::Word, "", "The label \"target\" of its series; for JSON also the prefix of their names.")
        .required().unique().set(|s, v| target(s, |t| v.put(&mut t.name))),
    TableRow::new("url", Kind::Url, "", "URL to request.")
        .required().set(|s, v| target(s, |t| v.put(&mut t.url))),
    TableRow::new("type", Kind::Choice(&words(&TARGET_KINDS)), "prometheus", "Format of its responses: exposition text, or any JSON.")
        .set(|s, v| target(s, |t| choose(&TARGET_KINDS, v, &mut t.kind))),
    TableRow::new("interval_secs", Kind::Time(INTERVAL_MIN, INTERVAL_MAX), "", "Overrides the one of all targets.")
        .set(|s, v| target(s, |t| t.interval = Some(v.duration()))),
    TableRow::new("timeout_secs", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), "", "Overrides the one of all targets.")
        .set(|s, v| target(s, |t| t.timeout = Some(v.duration()))),
    TableRow::new("headers", Kind::Headers, "", "Headers of each request.")
        .set(|s, v| target(s, |t| v.put_pairs(&mut t.headers))),
    TableRow::new("token_file", Kind::Path, "", "File with a bearer token.")
        .set(|s, v| target(s, |t| v.put_path(&mut t.token_file))),
    TableRow::new("username", Kind::Text, "", "User name for basic authentication, with password_file.")
        .set(|s, v| target(s, |t| v.put(&mut t.username))),
    TableRow::new("password_file", Kind::Path, "", "File with the password for username.")
        .set(|s, v| target(s, |t| v.put_path(&mut t.password_file))),
    TableRow::new("honor_timestamps", Kind::Switch, "false", "Keep the time stamps of the target.")
        .set(|s, v| target(s, |t| t.honor_timestamps = v.is_on())),
    TableRow::new("any_status", Kind::Switch, "false", "Responses are read whatever their status, such as the 503 of a health check.")
        .set(|s, v| target(s, |t| t.any_status = v.is_on())),
    TableRow::new("follow_redirects", Kind::Choice(&words(&REDIRECTS)), "same_host", "Redirects that are followed: to the host of url, or to any.")
        .set(|s, v| target(s, |t| choose(&REDIRECTS, v, &mut t.follow_any))),
];

static FIELD_TABLE: Table<{ FIELD_ROWS.len() }> =
    Table::of(FIELD_ROWS, &texts::<{ length(FIELD_ROWS) }>(FIELD_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const FIELD_ROWS: &[TableRow] = &[
    TableRow::new("path", Kind::Text, "", "Keys with dots between them, elements of a list by number, * for all.")
        .required().set(|s, v| field(s, |f| v.put(&mut f.path))),
    TableRow::new("name", Kind::Name, "", "Name of the metric; by default made of target and path.")
        .set(|s, v| field(s, |f| v.put(&mut f.name))),
    TableRow::new("type", Kind::Choice(&words(&FIELD_TYPES)), "gauge", "Type of the metric.")
        .set(|s, v| field(s, |f| choose(&FIELD_TYPES, v, &mut f.is_counter))),
    TableRow::new("help", Kind::Text, "", "One sentence about it.")
        .set(|s, v| field(s, |f| v.put(&mut f.help))),
    TableRow::new("labels", Kind::Labels, "", "Labels; $* is the key that * stands for, $path a value beside it.")
        .set(|s, v| field(s, |f| v.put_pairs(&mut f.labels))),
    TableRow::new("states", Kind::States, "", "Words that the value may be, and the number for each.")
        .set(|s, v| field(s, |f| f.states = states(v))),
];

fn histogram(settings: &mut Settings, set: impl FnOnce(&mut DeclaredHistogram)) {
    settings.custom.histograms.last_mut().map(set);
}

fn target(settings: &mut Settings, set: impl FnOnce(&mut Target)) {
    settings.scrape.targets.last_mut().map(set);
}

fn field(settings: &mut Settings, set: impl FnOnce(&mut Field)) {
    last_field(settings).map(set);
}

/// Not inlined, as each row calls it.
#[inline(never)]
fn last_field(settings: &mut Settings) -> Option<&mut Field> {
    settings.scrape.targets.last_mut()?.fields.last_mut()
}

/// Times by name.
fn times(value: &Value) -> Vec<(String, Duration)> {
    let time = |text: &String| {
        let (name, time) = text.rsplit_once('=')?;
        Some((name.to_owned(), Duration::from_millis(number::millis(time)?)))
    };
    value.texts.iter().filter_map(time).collect()
}

/// Numbers by word.
fn states(value: &Value) -> Vec<(String, f64)> {
    let state = |text: &String| {
        let (word, number) = text.rsplit_once('=')?;
        Some((word.to_owned(), float(number)?))
    };
    value.texts.iter().filter_map(state).collect()
}

/// The keys of a target that is a plain text: `http://api:8000/metrics` or only `api:8000`.
fn plain_target(text: &str) -> Vec<Keyed> {
    let mut url = match text.contains("://") {
        true => text.to_owned(),
        false => ["http://", text].concat(),
    };
    let mut keys = Vec::new();
    if let Ok(parts) = Url::parse(&url) {
        let host = parts.host.trim_start_matches('[').trim_end_matches(']');
        keys.push(("name", [host, ":", &parts.port.to_string()].concat()));
        if parts.target == "/" && !url.ends_with('/') {
            url.push_str("/metrics");
        }
    }
    keys.push(("url", url));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_target_is_named_after_where_it_is() {
        let values =
            |text| plain_target(text).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        for (text, expected) in [
            ("api:8000", ["api:8000", "http://api:8000/metrics"]),
            ("api", ["api:80", "http://api/metrics"]),
            ("http://api:8000", ["api:8000", "http://api:8000/metrics"]),
            ("http://api:8000/", ["api:8000", "http://api:8000/"]),
            ("http://u:p@[::1]:1/m", ["::1:1", "http://u:p@[::1]:1/m"]),
        ] {
            assert_eq!(values(text), expected);
        }
        if cfg!(feature = "tls") {
            assert_eq!(values("https://api"), ["api:443", "https://api/metrics"]);
        } else {
            assert_eq!(values("https://api"), ["https://api"]);
        }
        assert_eq!(values("a b"), ["http://a b"]);
    }
}
