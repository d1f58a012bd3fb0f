//! The options of exports. A key with a dot is in a table of the element: `retry = { max = 5 }`
//! and `[export.retry]` below `[[export]]` are equivalent.

use crate::settings::table::checks_out::{
    INFLUX, INFLUX_LINES, MAX_EXPORTS, OTLP, REMOTE, SENT, SPOOLED, STDOUT, TLS, TYPES,
    export as check, inapplicable,
};
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::program::FORMATS;
use crate::settings::table::row::{Names, Role, Section, TableRow, choose, words};
use crate::settings::types::{
    Export, Kind, Order, OtlpProtocol, RemoteWriteVersion, Settings, Spool,
};
use std::time::Duration;

// Bounds of times, in milliseconds.
const MIN: u64 = 100;
const DAY: u64 = 24 * 3_600_000;
const HOUR: u64 = 3_600_000;
const YEAR: u64 = 365 * DAY;
const MAX_TRIES: u64 = 100;
/// The shortest wait between two tries.
const MIN_WAIT: u64 = 10;
/// Two of the smallest segments, and more than any small box has.
const SPOOL: (u64, u64) = (256 << 10, 1 << 40);

pub static AGENT: Section =
    Section::new("agent", "Identity of this box in what is sent", &[AGENT_TABLE.rows()]);
pub static EXPORT: Section = Section {
    inapplicable,
    ..Section::new("export", "Exports: where samples go", &[EXPORT_TABLE.rows()])
        .list(MAX_EXPORTS, |s| s.exports.push(Export::default()))
        .check(check)
};

const PROTOCOLS: [(&str, OtlpProtocol); 3] = [
    ("http/protobuf", OtlpProtocol::Protobuf),
    ("http/json", OtlpProtocol::Json),
    ("grpc", OtlpProtocol::Grpc),
];
/// Whether counters are deltas.
const TEMPORALITIES: [(&str, bool); 2] = [("cumulative", false), ("delta", true)];
/// Whether gzip is used.
const COMPRESSIONS: [(&str, bool); 2] = [("none", false), ("gzip", true)];
/// Whether there is one measurement a collector.
const MEASUREMENTS: [(&str, bool); 2] = [("family", false), ("collector", true)];
const ORDERS: [(&str, Order); 2] = [("time", Order::Time), ("fresh_first|fresh", Order::Fresh)];
const VERSIONS: [(&str, RemoteWriteVersion); 3] = [
    ("auto", RemoteWriteVersion::Auto),
    ("1|1.0", RemoteWriteVersion::One),
    ("2|2.0", RemoteWriteVersion::Two),
];

static AGENT_TABLE: Table<{ AGENT_ROWS.len() }> =
    Table::of(AGENT_ROWS, &texts::<{ length(AGENT_ROWS) }>(AGENT_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const AGENT_ROWS: &[TableRow] = &[
    TableRow::new("instance", Kind::Text, "", "Label instance of what is sent, and Influx' tag host; the host's name by default, \"\" for none.")
        .role(Role::Instance).set(|s, v| v.put(&mut s.agent.instance)),
    TableRow::new("job", Kind::Text, "sysmetrics", "Label job of what is sent by remote write; \"\" for none.")
        .names(&Names { on_node: "node", ..Names::NONE }).set(|s, v| v.put(&mut s.agent.job)),
];

static EXPORT_TABLE: Table<{ EXPORT_ROWS.len() }> =
    Table::of(EXPORT_ROWS, &texts::<{ length(EXPORT_ROWS) }>(EXPORT_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const EXPORT_ROWS: &[TableRow] = &[
    TableRow::new("type", Kind::Choice(&words(&TYPES)), "", "Protocol: OpenTelemetry, Influx lines, Prometheus remote write, or lines on standard output.")
        .required().set(|s, v| export(s, |e| choose(&TYPES, v, &mut e.kind))),
    TableRow::new("name", Kind::Word, "", "Its name in metrics, logs and the spool; the type by default.")
        .set(|s, v| export(s, |e| v.put(&mut e.name))),
    TableRow::new("endpoint", Kind::Remote, "", "URL to send to, for all types except stdout; https:// in a build with TLS.")
        .only(SENT).set(|s, v| export(s, |e| v.put(&mut e.endpoint))),
    TableRow::new("protocol", Kind::Choice(&words(&PROTOCOLS)), "http/protobuf", "Protocol of OTLP.")
        .only(OTLP).set(|s, v| export(s, |e| choose(&PROTOCOLS, v, &mut e.protocol))),
    TableRow::new("temporality", Kind::Choice(&words(&TEMPORALITIES)), "cumulative", "OTLP counters since the start, or since the last frame.")
        .only(OTLP).set(|s, v| export(s, |e| choose(&TEMPORALITIES, v, &mut e.is_delta))),
    TableRow::new("interval_secs", Kind::Time(MIN, DAY), "30s", "Interval between two frames.")
        .set(|s, v| export(s, |e| e.interval = v.duration())),
    TableRow::new("timeout_secs", Kind::Time(MIN_WAIT, DAY), "", "Timeout of one request, below half the interval unless long_timeout is set; by default 10s, or a third of the interval if that is less.")
        .only(SENT).set(|s, v| export(s, |e| e.timeout = v.duration())),
    TableRow::new("long_timeout", Kind::Switch, "false", "timeout_secs may be longer: a slow response then delays the frames after it.")
        .only(SENT).set(|s, v| export(s, |e| e.is_patient = v.is_on())),
    TableRow::new("headers", Kind::Headers, "", "Headers of each request.")
        .only(SENT).set(|s, v| export(s, |e| v.put_pairs(&mut e.headers))),
    TableRow::new("headers_file", Kind::Path, "", "File with more headers, one \"Name: value\" per line.")
        .only(SENT).set(|s, v| export(s, |e| v.put_path(&mut e.headers_file))),
    TableRow::new("token_file", Kind::Path, "", "File with a bearer token; Influx 2 gets it as Token.")
        .only(SENT).set(|s, v| export(s, |e| v.put_path(&mut e.token_file))),
    TableRow::new("username", Kind::Text, "", "Name for basic authentication.")
        .only(SENT).set(|s, v| export(s, |e| v.put(&mut e.username))),
    TableRow::new("password_file", Kind::Path, "", "File with the password for username.")
        .only(SENT).set(|s, v| export(s, |e| v.put_path(&mut e.password_file))),
    TableRow::new("compression", Kind::Choice(&words(&COMPRESSIONS)), "gzip", "Compression of bodies; remote write always uses snappy.")
        .only(OTLP | INFLUX).set(|s, v| export(s, |e| choose(&COMPRESSIONS, v, &mut e.gzip))),
    TableRow::new("ca_file", Kind::Path, "", "PEM with the authorities to trust; those of the system by default.")
        .only(SENT).names(&TLS).set(|s, v| export(s, |e| v.put_path(&mut e.tls.ca_file))),
    TableRow::new("cert_file", Kind::Path, "", "PEM with the certificate to present.")
        .only(SENT).names(&TLS).set(|s, v| export(s, |e| v.put_path(&mut e.tls.cert_file))),
    TableRow::new("key_file", Kind::Path, "", "PEM with its key.")
        .only(SENT).names(&TLS).set(|s, v| export(s, |e| v.put_path(&mut e.tls.key_file))),
    TableRow::new("server_name", Kind::Host, "", "Name in the peer's certificate; that of the endpoint by default.")
        .only(SENT).names(&TLS).set(|s, v| export(s, |e| v.put(&mut e.tls.server_name))),
    TableRow::new("retry.max", Kind::Count(0, MAX_TRIES), "5", "Most tries after the first.")
        .only(SENT).set(|s, v| export(s, |e| e.retry.max = v.number as u32)),
    TableRow::new("retry.initial_ms", Kind::Count(MIN_WAIT, HOUR), "500", "Milliseconds before the second try; then twice as long each time.")
        .only(SENT).set(|s, v| export(s, |e| e.retry.initial = Duration::from_millis(v.number))),
    TableRow::new("retry.max_ms", Kind::Count(MIN_WAIT, HOUR), "30000", "The longest wait between two tries, in milliseconds.")
        .only(SENT).set(|s, v| export(s, |e| e.retry.longest = Duration::from_millis(v.number))),
    TableRow::new("fallback", Kind::Word, "", "Name of the export that gets what this one could not send.")
        .only(SENT).set(|s, v| export(s, |e| e.fallback = Some(v.string()))),
    TableRow::new("resource", Kind::Attributes, "", "Further attributes of the OTLP resource, which describes the machine.")
        .only(OTLP).set(|s, v| export(s, |e| v.put_pairs(&mut e.resource))),
    TableRow::new("spool.dir", Kind::Path, "", "Directory where samples are stored while the link is down; by default they are in memory.")
        .only(SENT).set(|s, v| { let dir = v.path(); export(s, |e| e.spool = Some(Spool { dir, ..Spool::default() })); }),
    TableRow::new("spool.max_bytes", Kind::Size(SPOOL.0, SPOOL.1), "16MiB", "Most bytes in it; the oldest are dropped first.")
        .only(SENT).names(&SPOOLED).set(|s, v| spool(s, |spool| spool.max_bytes = v.number)),
    TableRow::new("spool.max_age", Kind::Time(1000, YEAR), "24h", "Age at which samples in it are dropped.")
        .only(SENT).names(&SPOOLED).set(|s, v| spool(s, |spool| spool.max_age = v.duration())),
    TableRow::new("spool.write_budget", Kind::Size(0, SPOOL.1), "64MiB", "Most bytes a day that may be synced to the disk, because flash wears.")
        .only(SENT).names(&SPOOLED).set(|s, v| spool(s, |spool| spool.write_budget = v.number)),
    TableRow::new("include", Kind::Patterns, "", "Samples of these names only; they may contain * and ?.")
        .set(|s, v| export(s, |e| v.put_texts(&mut e.include))),
    TableRow::new("exclude", Kind::Patterns, "", "Samples of these names are left out.")
        .set(|s, v| export(s, |e| v.put_texts(&mut e.exclude))),
    TableRow::new("order", Kind::Choice(&words(&ORDERS)), "time", "How a backlog is sent: by time, as most receivers reject samples older than their last one, or in parallel to new samples.")
        .only(SENT).set(|s, v| export(s, |e| choose(&ORDERS, v, &mut e.order))),
    TableRow::new("database", Kind::Text, "", "Influx 1: the database.")
        .only(INFLUX).set(|s, v| export(s, |e| v.put(&mut e.database))),
    TableRow::new("retention_policy", Kind::Text, "", "Influx 1: the retention policy, if not the default one.")
        .only(INFLUX).set(|s, v| export(s, |e| v.put(&mut e.retention_policy))),
    TableRow::new("org", Kind::Text, "", "Influx 2: the organisation.")
        .only(INFLUX).set(|s, v| export(s, |e| v.put(&mut e.org))),
    TableRow::new("bucket", Kind::Text, "", "Influx 2: the bucket.")
        .only(INFLUX).set(|s, v| export(s, |e| v.put(&mut e.bucket))),
    TableRow::new("format", Kind::Choice(&words(&FORMATS)), "text", "Format on stdout.")
        .only(STDOUT).set(|s, v| export(s, |e| choose(&FORMATS, v, &mut e.format))),
    TableRow::new("measurement", Kind::Choice(&words(&MEASUREMENTS)), "family", "Influx lines: one measurement per family, or one per collector with its families as fields.")
        .only(INFLUX | STDOUT).names(&INFLUX_LINES).set(|s, v| export(s, |e| choose(&MEASUREMENTS, v, &mut e.by_collector))),
    TableRow::new("version", Kind::Choice(&words(&VERSIONS)), "auto", "Version of remote write; auto is 2.0, or 1.0 if that is rejected.")
        .only(REMOTE).set(|s, v| export(s, |e| choose(&VERSIONS, v, &mut e.version))),
];

/// Not inlined, as each row calls it.
#[inline(never)]
fn last(settings: &mut Settings) -> Option<&mut Export> {
    settings.exports.last_mut()
}

fn export(settings: &mut Settings, set: impl FnOnce(&mut Export)) {
    last(settings).map(set);
}

fn spool(settings: &mut Settings, set: impl FnOnce(&mut Spool)) {
    export(settings, |export| {
        export.spool.as_mut().map(set);
    });
}
