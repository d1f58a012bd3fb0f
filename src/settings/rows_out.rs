//! The options of what goes out. Which of them belong to which type is said in `checks_out`. A key
//! with a dot is one of a table in the element: `retry = { max = 5 }` and `[export.retry]` below
//! `[[export]]` say the same.

use super::checks_out::{self, MAX_EXPORTS};
use super::out::{Export, ExportKind, Order, OtlpProtocol, RemoteWriteVersion, Spool};
use super::row::{Names, Section, TableRow, millis, pair};
use super::rows::{FORMATS, format};
use super::types::Settings;
use super::value::{Kind, Value};
use std::path::PathBuf;
use std::time::Duration;

// Bounds of times, in milliseconds.
const MIN: u64 = 100;
const DAY: u64 = 24 * 3_600_000;
const HOUR: u64 = 3_600_000;
const YEAR: u64 = 365 * DAY;
const MAX_TRIES: u64 = 100;
/// Between two tries.
const MIN_WAIT: u64 = 10;
/// Two of the smallest segments, and what no small box has.
const SPOOL: (u64, u64) = (256 << 10, 1 << 40);

pub(super) static SECTIONS: &[Section] = &[
    Section::new("agent", "What leaves says which box it is"),
    Section::new("export", "Exports: where samples go")
        .list(MAX_EXPORTS, |s| s.exports.push(Export::default()))
        .misfit(checks_out::misfit)
        .check(checks_out::export),
];

pub(super) static TYPES: &[&str] = &["otlp", "influx", "remote_write", "stdout"];

pub(super) static ROWS: &[TableRow] = &[
    TableRow::new("agent", "instance", Kind::Text, "")
        .help("Label of what leaves, and Influx' tag host; the host's name if not said, \"\" is none.")
        .set(|s, v| s.agent.instance.clone_from(&v.text)),
    TableRow::new("agent", "job", Kind::Text, "sysmetrics")
        .names(&Names { on_node: "node", ..Names::NONE })
        .help("Label job of what leaves by remote write; \"\" is none.")
        .set(|s, v| s.agent.job.clone_from(&v.text)),
    TableRow::new("export", "type", Kind::Choice(TYPES), "")
        .required()
        .help("How samples leave: OpenTelemetry, Influx lines, Prometheus remote write, or lines on standard output.")
        .set(|s, v| {
            let kind = match v.number {
                0 => ExportKind::Otlp,
                1 => ExportKind::Influx,
                2 => ExportKind::RemoteWrite,
                _ => ExportKind::Stdout,
            };
            export(s, |e| e.kind = kind);
        }),
    TableRow::new("export", "name", Kind::Word, "")
        .help("Its name in metrics, logs and the spool; the type if not said.")
        .set(|s, v| export(s, |e| e.name.clone_from(&v.text))),
    TableRow::new("export", "endpoint", Kind::Remote, "")
        .help("Where to, all but for stdout; https:// in a build with TLS.")
        .set(|s, v| export(s, |e| e.endpoint.clone_from(&v.text))),
    TableRow::new("export", "protocol", Kind::Choice(&["http/protobuf", "http/json", "grpc"]), "http/protobuf")
        .help("How OTLP is spoken.")
        .set(|s, v| {
            let protocol = match v.number {
                0 => OtlpProtocol::Protobuf,
                1 => OtlpProtocol::Json,
                _ => OtlpProtocol::Grpc,
            };
            export(s, |e| e.protocol = protocol);
        }),
    TableRow::new("export", "temporality", Kind::Choice(&["cumulative", "delta"]), "cumulative")
        .help("OTLP counters since the start, or since the last frame.")
        .set(|s, v| export(s, |e| e.is_delta = v.number == 1)),
    TableRow::new("export", "interval_secs", Kind::Time(MIN, DAY), "30s")
        .help("Between two frames.")
        .set(|s, v| export(s, |e| e.interval = millis(v))),
    TableRow::new("export", "timeout_secs", Kind::Time(MIN_WAIT, DAY), "")
        .help("For one request, below half the interval unless long_timeout says otherwise; 10s or a third of it if not said.")
        .set(|s, v| export(s, |e| e.timeout = millis(v))),
    TableRow::new("export", "long_timeout", Kind::Switch, "false")
        .help("timeout_secs may be longer: a slow answer then holds up the frames behind it.")
        .set(|s, v| export(s, |e| e.is_patient = v.number == 1)),
    TableRow::new("export", "headers", Kind::Headers, "")
        .help("Headers to send along.")
        .set(|s, v| export(s, |e| e.headers.extend(pair(v)))),
    TableRow::new("export", "headers_file", Kind::Path, "")
        .help("File with more of them, one \"Name: value\" a line.")
        .set(|s, v| export(s, |e| e.headers_file = file(v))),
    TableRow::new("export", "token_file", Kind::Path, "")
        .help("File with a bearer token; Influx 2 gets it as Token.")
        .set(|s, v| export(s, |e| e.token_file = file(v))),
    TableRow::new("export", "username", Kind::Text, "")
        .help("For basic authentication.")
        .set(|s, v| export(s, |e| e.username.clone_from(&v.text))),
    TableRow::new("export", "password_file", Kind::Path, "")
        .help("File with the password to it.")
        .set(|s, v| export(s, |e| e.password_file = file(v))),
    TableRow::new("export", "compression", Kind::Choice(&["none", "gzip"]), "gzip")
        .help("Of bodies; remote write always has snappy.")
        .set(|s, v| export(s, |e| e.gzip = v.number == 1)),
    TableRow::new("export", "ca_file", Kind::Path, "")
        .help("PEM with the authorities to trust; those of the system if not said.")
        .set(|s, v| export(s, |e| e.tls.ca_file = file(v))),
    TableRow::new("export", "cert_file", Kind::Path, "")
        .help("PEM with the certificate to show.")
        .set(|s, v| export(s, |e| e.tls.cert_file = file(v))),
    TableRow::new("export", "key_file", Kind::Path, "")
        .help("PEM with its key.")
        .set(|s, v| export(s, |e| e.tls.key_file = file(v))),
    TableRow::new("export", "server_name", Kind::Host, "")
        .help("Name in the peer's certificate; that of the endpoint if not said.")
        .set(|s, v| export(s, |e| e.tls.server_name.clone_from(&v.text))),
    TableRow::new("export", "retry.max", Kind::Count(0, MAX_TRIES), "5")
        .help("Tries besides the first.")
        .set(|s, v| export(s, |e| e.retry.max = v.number as u32)),
    TableRow::new("export", "retry.initial_ms", Kind::Count(MIN_WAIT, HOUR), "500")
        .help("Milliseconds before the first of them; then twice as long each time.")
        .set(|s, v| export(s, |e| e.retry.initial = Duration::from_millis(v.number))),
    TableRow::new("export", "retry.max_ms", Kind::Count(MIN_WAIT, HOUR), "30000")
        .help("No longer than this.")
        .set(|s, v| export(s, |e| e.retry.longest = Duration::from_millis(v.number))),
    TableRow::new("export", "fallback", Kind::Word, "")
        .help("Name of the export that gets what this one could not send.")
        .set(|s, v| export(s, |e| e.fallback = Some(v.text.clone()))),
    TableRow::new("export", "resource", Kind::Attributes, "")
        .help("What OTLP says of the machine, besides what is known of it.")
        .set(|s, v| export(s, |e| e.resource.extend(pair(v)))),
    TableRow::new("export", "spool.dir", Kind::Path, "")
        .help("Directory where samples wait for a link; they wait in memory if not said.")
        .set(|s, v| {
            let dir = v.text.as_str().into();
            export(s, |e| e.spool = Some(Spool { dir, ..Spool::default() }));
        }),
    TableRow::new("export", "spool.max_bytes", Kind::Size(SPOOL.0, SPOOL.1), "16MiB")
        .help("Bytes in it; what is oldest goes first.")
        .set(|s, v| spool(s, |spool| spool.max_bytes = v.number)),
    TableRow::new("export", "spool.max_age", Kind::Time(1000, YEAR), "24h")
        .help("How old samples get there.")
        .set(|s, v| spool(s, |spool| spool.max_age = millis(v))),
    TableRow::new("export", "spool.write_budget", Kind::Size(0, SPOOL.1), "64MiB")
        .help("Bytes a day that may be forced to the disk, because flash wears.")
        .set(|s, v| spool(s, |spool| spool.write_budget = v.number)),
    TableRow::new("export", "include", Kind::Patterns, "")
        .help("Samples of these names only; * and ? may stand in them.")
        .set(|s, v| export(s, |e| e.include.push(v.text.clone()))),
    TableRow::new("export", "exclude", Kind::Patterns, "")
        .help("Samples of these names are left out.")
        .set(|s, v| export(s, |e| e.exclude.push(v.text.clone()))),
    TableRow::new("export", "order", Kind::Choice(&["time", "fresh_first|fresh"]), "time")
        .help("How a backlog is sent: by time, as most receivers refuse what is older than what they have, or beside what is fresh.")
        .set(|s, v| {
            let order = if v.number == 1 { Order::Fresh } else { Order::Time };
            export(s, |e| e.order = order);
        }),
    TableRow::new("export", "database", Kind::Text, "")
        .help("Influx 1: the database.")
        .set(|s, v| export(s, |e| e.database.clone_from(&v.text))),
    TableRow::new("export", "retention_policy", Kind::Text, "")
        .help("Influx 1: the retention policy, if not the default one.")
        .set(|s, v| export(s, |e| e.retention_policy.clone_from(&v.text))),
    TableRow::new("export", "org", Kind::Text, "")
        .help("Influx 2: the organisation.")
        .set(|s, v| export(s, |e| e.org.clone_from(&v.text))),
    TableRow::new("export", "bucket", Kind::Text, "")
        .help("Influx 2: the bucket.")
        .set(|s, v| export(s, |e| e.bucket.clone_from(&v.text))),
    TableRow::new("export", "format", Kind::Choice(FORMATS), "text")
        .help("What stdout writes.")
        .set(|s, v| {
            let format = format(v);
            export(s, |e| e.format = format);
        }),
    TableRow::new("export", "measurement", Kind::Choice(&["family", "collector"]), "family")
        .help("Influx lines: one measurement a family, or one a collector with its families as fields.")
        .set(|s, v| export(s, |e| e.by_collector = v.number == 1)),
    TableRow::new("export", "version", Kind::Choice(&["auto", "1|1.0", "2|2.0"]), "auto")
        .help("Which remote write; auto is 2.0, and 1.0 where that is refused.")
        .set(|s, v| {
            let version = match v.number {
                0 => RemoteWriteVersion::Auto,
                1 => RemoteWriteVersion::One,
                _ => RemoteWriteVersion::Two,
            };
            export(s, |e| e.version = version);
        }),
];

fn file(value: &Value) -> Option<PathBuf> {
    Some(value.text.as_str().into())
}

/// Not inlined, as each row has it.
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
