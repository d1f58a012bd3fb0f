//! What a worker has to know of its destination: the settings, and the contents of the files that
//! they name when they were read.

use super::influx;
use super::post::{OTLP_PATHS, Post};
use crate::base::sys;
use crate::settings::{Export, ExportKind, OtlpProtocol, Settings};
use crate::workers::Tls;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a file with a certificate or a key that are read.
const MAX_FILE: u64 = 1 << 20;

/// Everything that a worker has to know of its destination. A worker whose plan does not change continues
/// undisturbed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The settings of the export.
    pub export: Export,
    /// Where requests go; `None` for standard output.
    pub post: Option<Post>,
    /// Attributes of an OTLP resource.
    pub resource: Vec<(String, String)>,
    /// Labels for series that have no label of that name, sorted: they identify the box.
    pub labels: Vec<(String, String)>,
    /// Checksums of the files for TLS, so that a new certificate makes a different plan.
    files: Vec<u32>,
}

impl Plan {
    /// The directory of its spool alone; `None` if frames wait in memory.
    pub fn spool_dir(&self) -> Option<PathBuf> {
        self.export.spool.as_ref().map(|spool| spool.dir.join(&self.export.name))
    }

    /// A plan from `export`, with the current contents of files.
    ///
    /// # Errors
    ///
    /// A step failed; the error names it.
    pub fn new(export: &Export, settings: &Settings) -> io::Result<Plan> {
        let seeks = export.kind == ExportKind::Otlp && !is_grpc(export) && !has_path(export);
        let url = match export.kind {
            ExportKind::Stdout => None,
            ExportKind::Otlp if seeks => Some(with_path(export, OTLP_PATHS[0])),
            ExportKind::RemoteWrite if !has_path(export) => {
                Some(with_path(export, "/api/v1/write"))
            }
            // `/?` is a path that must stay as it is.
            ExportKind::Otlp | ExportKind::RemoteWrite => {
                Some(export.endpoint.trim_end_matches('?').to_owned())
            }
            ExportKind::Influx => Some(influx::url(export)),
        };
        let post = url.map(|url| Post::new(export, &url, seeks)).transpose()?;
        let resource = match export.kind {
            ExportKind::Otlp => resource(export, settings),
            _ => Vec::new(),
        };
        let agent = &settings.agent;
        let labels: &[(&str, &String)] = match export.kind {
            ExportKind::RemoteWrite => &[("instance", &agent.instance), ("job", &agent.job)],
            ExportKind::Influx => &[("host", &agent.instance)],
            _ => &[],
        };
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
        let tls = &export.tls;
        let files = [&tls.ca_file, &tls.cert_file, &tls.key_file].into_iter().flatten();
        let files = files.map(|path| checksum(path)).collect();
        Ok(Plan { export: export.clone(), post, resource, labels, files })
    }

    /// The TLS client, if the export uses TLS.
    ///
    /// # Errors
    ///
    /// A file cannot be read; the error names it.
    pub fn tls(export: &Export) -> io::Result<Option<Tls>> {
        let scheme = export.endpoint.split(':').next().unwrap_or_default();
        let is_tls = scheme.eq_ignore_ascii_case("https");
        is_tls.then(|| Tls::read(&export.tls)).transpose()
    }
}

/// Whether the export is OTLP over gRPC.
pub fn is_grpc(export: &Export) -> bool {
    export.kind == ExportKind::Otlp && export.protocol == OtlpProtocol::Grpc
}

/// The checksum of a file; 0 if it cannot be read, which is reported when it is used.
fn checksum(path: &Path) -> u32 {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| sys::read_rest(&file, MAX_FILE, &mut bytes));
    read.map_or(0, |_| crate::base::wire::crc32(&bytes))
}

/// Whether the endpoint names a path.
fn has_path(export: &Export) -> bool {
    let endpoint = &export.endpoint;
    let rest = endpoint.split_once("://").map_or(&**endpoint, |(_, rest)| rest);
    rest.trim_end_matches('/').contains(['/', '?'])
}

/// The endpoint, completed.
fn with_path(export: &Export, path: &str) -> String {
    [export.endpoint.trim_end_matches('/'), path].concat()
}

/// The resource attributes that receivers expect of a machine (OpenTelemetry's semantic conventions for resources):
/// without `service.*` some drop all of it.
fn resource(export: &Export, settings: &Settings) -> Vec<(String, String)> {
    let path = settings.paths.procfs.join("sys/kernel/hostname");
    let host = sys::read_text(&path, MAX_FILE).unwrap_or_default();
    let host = host.trim();
    let mut all = export.resource.clone();
    // Prometheus makes the label "instance" of one of them, as in remote write.
    for (key, value) in [
        ("service.name", "sysmetrics"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", &settings.agent.instance),
        ("host.name", host),
        ("os.type", "linux"),
    ] {
        if !value.is_empty() && !all.iter().any(|(has, _)| has == key) {
            all.push((key.to_owned(), value.to_owned()));
        }
    }
    all
}
