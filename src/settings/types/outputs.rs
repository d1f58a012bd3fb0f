//! The settings about where samples go.

use std::path::PathBuf;
use std::time::Duration;

/// How samples leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportKind {
    /// OpenTelemetry, to a collector.
    #[default]
    Otlp,
    /// InfluxDB line protocol.
    Influx,
    /// Prometheus remote write.
    RemoteWrite,
    /// Lines on standard output.
    Stdout,
}

/// How OTLP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtlpProtocol {
    /// `http/protobuf`.
    #[default]
    Protobuf,
    /// `http/json`.
    Json,
    /// `grpc`.
    Grpc,
}

/// What is written on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StdoutFormat {
    /// Exposition text.
    #[default]
    Text,
    /// One JSON object a sample.
    Json,
    /// Influx lines.
    Influx,
}

/// Which remote write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteWriteVersion {
    /// 2.0, and 1.0 where that is refused.
    #[default]
    Auto,
    /// 1.0.
    One,
    /// 2.0 only.
    Two,
}

/// What is sent first when there is a backlog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What is oldest: many receivers take no sample older than the last.
    #[default]
    Time,
    /// What is fresh; the backlog beside it.
    Fresh,
}

/// How a peer is known and we to it, under TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM with the authorities to trust; none is those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM with our certificate.
    pub cert_file: Option<PathBuf>,
    /// PEM with its key.
    pub key_file: Option<PathBuf>,
    /// The name in the peer's certificate; empty is that of the endpoint.
    pub server_name: String,
    /// The environment names one of these files: if they are wrong, the export is left out.
    pub is_of_environment: bool,
}

/// When what failed is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Tries besides the first.
    pub max: u32,
    /// Before the first of them; then twice as long each time.
    pub initial: Duration,
    /// No longer than this.
    pub longest: Duration,
}

/// Where samples wait for a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spool {
    /// The directory; each export has one of its own in it, under its name.
    pub dir: PathBuf,
    /// Bytes in it.
    pub max_bytes: u64,
    /// How old samples get there.
    pub max_age: Duration,
    /// Bytes a day that may be forced to the disk.
    pub write_budget: u64,
}

/// A destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Its name in metrics, logs and the spool; names are unique.
    pub name: String,
    /// How samples leave.
    pub kind: ExportKind,
    /// A URL; empty for stdout.
    pub endpoint: String,
    /// How OTLP is spoken.
    pub protocol: OtlpProtocol,
    /// OTLP counters as what came since the last time, not since the start.
    pub is_delta: bool,
    /// Between two frames.
    pub interval: Duration,
    /// For one request, all of it.
    pub timeout: Duration,
    /// `timeout` may be half of `interval` or more.
    pub is_patient: bool,
    /// Sent along.
    pub headers: Vec<(String, String)>,
    /// A file with more of them, `Name: value` a line.
    pub headers_file: Option<PathBuf>,
    /// A file with a bearer token; Influx 2 gets it as `Token`.
    pub token_file: Option<PathBuf>,
    /// For basic authentication; empty for none.
    pub username: String,
    /// A file with its password.
    pub password_file: Option<PathBuf>,
    /// Whether bodies are compressed with gzip; remote write has its own way.
    pub gzip: bool,
    /// Under `https://`.
    pub tls: Tls,
    /// When what failed is tried again.
    pub retry: Retry,
    /// The export that gets what this one could not send.
    pub fallback: Option<String>,
    /// What is known of the machine: attributes of an OTLP resource.
    pub resource: Vec<(String, String)>,
    /// Where samples wait for a link; none is in memory.
    pub spool: Option<Spool>,
    /// Globs of full names; empty is all.
    pub include: Vec<String>,
    /// Globs of full names that are left out.
    pub exclude: Vec<String>,
    /// What is sent first when there is a backlog.
    pub order: Order,
    /// Influx 1: the database; empty is version 2.
    pub database: String,
    /// Influx 1: the retention policy; empty is the default one.
    pub retention_policy: String,
    /// Influx 2.
    pub org: String,
    /// Influx 2.
    pub bucket: String,
    /// Influx: one measurement a collector, with the families as fields, instead of one a family.
    pub by_collector: bool,
    /// What is written on standard output.
    pub format: StdoutFormat,
    /// Which remote write.
    pub version: RemoteWriteVersion,
}
