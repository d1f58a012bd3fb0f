//! The settings of exports.

use std::path::PathBuf;
use std::time::Duration;

/// The protocol of an export.
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

/// The encoding of OTLP.
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

/// The version of remote write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteWriteVersion {
    /// 2.0, and 1.0 if that is rejected.
    #[default]
    Auto,
    /// 1.0.
    One,
    /// 2.0 only.
    Two,
}

/// What is sent first if there is a backlog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The oldest: many receivers reject samples older than the last one.
    #[default]
    Time,
    /// The newest; the backlog is sent in parallel.
    Fresh,
}

/// How the two sides of TLS authenticate each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// PEM with the authorities to trust; None for those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM with our certificate.
    pub cert_file: Option<PathBuf>,
    /// PEM with its key.
    pub key_file: Option<PathBuf>,
    /// The name in the peer's certificate; empty for that of the endpoint.
    pub server_name: String,
    /// The environment names one of these files: if it is wrong, the export is left out.
    pub is_of_environment: bool,
}

/// When a failed request is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Tries besides the first.
    pub max: u32,
    /// The wait before the first of them; then twice as long each time.
    pub initial: Duration,
    /// The longest wait.
    pub longest: Duration,
}

/// Where samples are stored while the link is down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spool {
    /// The directory; each export has a subdirectory with its name.
    pub dir: PathBuf,
    /// Bytes of all its files.
    pub max_bytes: u64,
    /// The age at which samples are dropped.
    pub max_age: Duration,
    /// Bytes a day that may be synced to the disk.
    pub write_budget: u64,
}

/// An export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// Its name in metrics, logs and the spool; names are unique.
    pub name: String,
    /// Its protocol.
    pub kind: ExportKind,
    /// A URL; empty for stdout.
    pub endpoint: String,
    /// The encoding of OTLP.
    pub protocol: OtlpProtocol,
    /// OTLP counters are sent as increases since the last time, not since the start.
    pub is_delta: bool,
    /// The interval between two frames.
    pub interval: Duration,
    /// The timeout of one request, in total.
    pub timeout: Duration,
    /// `timeout` may be half of `interval` or more.
    pub is_patient: bool,
    /// Headers of each request.
    pub headers: Vec<(String, String)>,
    /// A file with more headers, `Name: value` a line.
    pub headers_file: Option<PathBuf>,
    /// A file with a bearer token; Influx 2 gets it as `Token`.
    pub token_file: Option<PathBuf>,
    /// The name for basic authentication; empty for none.
    pub username: String,
    /// A file with the password for it.
    pub password_file: Option<PathBuf>,
    /// Whether bodies are compressed with gzip; remote write has its own compression.
    pub gzip: bool,
    /// TLS for `https://`.
    pub tls: Tls,
    /// When a failed request is tried again.
    pub retry: Retry,
    /// The export that gets what this one could not send.
    pub fallback: Option<String>,
    /// Attributes of an OTLP resource, which describe the machine.
    pub resource: Vec<(String, String)>,
    /// Where samples are stored while the link is down; None for in memory.
    pub spool: Option<Spool>,
    /// Globs of full names; empty for all.
    pub include: Vec<String>,
    /// Globs of full names that are left out.
    pub exclude: Vec<String>,
    /// What is sent first if there is a backlog.
    pub order: Order,
    /// Influx 1: the database; empty for version 2.
    pub database: String,
    /// Influx 1: the retention policy; empty for the default one.
    pub retention_policy: String,
    /// Influx 2: the organisation.
    pub org: String,
    /// Influx 2: the bucket.
    pub bucket: String,
    /// Influx: one measurement a collector, with the families as fields, instead of one a family.
    pub by_collector: bool,
    /// What is written on standard output.
    pub format: StdoutFormat,
    /// The version of remote write.
    pub version: RemoteWriteVersion,
}
