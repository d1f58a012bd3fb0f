//! How frames get to one destination: which bytes, over which protocol, and what the answer means.

use super::post::{Post, is_worth_gzip};
use super::{Verdict, influx, otlp, remote_write, stdout};
use crate::courier::{Answer, Client, Tls};
use crate::frame::View;
use crate::settings::{Export, ExportKind, OtlpProtocol, RemoteWriteVersion, Settings};
use crate::wire::Gzip;
use std::fs;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How long a receiver that refused remote write 2.0 is not asked for it again.
const OLDER: Duration = Duration::from_secs(3600);

/// Bytes of a buffer that are kept between requests; a larger one is given back.
const KEPT: usize = 256 << 10;

/// Everything that a courier has to know of its destination. One whose plan stays as it was goes on
/// undisturbed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What the settings say.
    pub export: Export,
    /// Where requests go; none for standard output.
    post: Option<Post>,
    /// Attributes of an OTLP resource.
    resource: Vec<(String, String)>,
}

impl Plan {
    /// As `export` says, with what files say now.
    ///
    /// # Errors
    ///
    /// What failed is named.
    pub fn new(export: &Export, settings: &Settings) -> io::Result<Plan> {
        let url = match export.kind {
            ExportKind::Stdout => None,
            ExportKind::Otlp => Some(with_path(&export.endpoint, "/v1/metrics")),
            ExportKind::RemoteWrite => Some(with_path(&export.endpoint, "/api/v1/write")),
            ExportKind::Influx => Some(influx::url(export)),
        };
        if export.kind == ExportKind::Otlp && export.protocol == OtlpProtocol::Grpc {
            let text = [
                "export ",
                &export.name,
                ": protocol = \"grpc\" is not in this program: \
                expected http/protobuf, http/json, or a build with the feature grpc",
            ];
            return Err(io::Error::new(io::ErrorKind::Unsupported, text.concat()));
        }
        if export.endpoint.starts_with("https:") {
            Tls::read(&export.tls)?;
        }
        let post = url.map(|url| Post::new(export, &url)).transpose()?;
        let resource = match export.kind {
            ExportKind::Otlp => resource(export, settings),
            _ => Vec::new(),
        };
        Ok(Plan { export: export.clone(), post, resource })
    }
}

/// The endpoint, completed where it has no path.
fn with_path(endpoint: &str, path: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    match rest.trim_end_matches('/').contains(['/', '?']) {
        true => endpoint.to_owned(),
        false => [endpoint.trim_end_matches('/'), path].concat(),
    }
}

/// What receivers want to know of a machine (OpenTelemetry's semantic conventions for resources):
/// without `service.*` some drop all of it.
fn resource(export: &Export, settings: &Settings) -> Vec<(String, String)> {
    let path = settings.paths.procfs.join("sys/kernel/hostname");
    let host = fs::read_to_string(path).unwrap_or_default();
    let host = host.trim();
    let mut all = export.resource.clone();
    for (key, value) in [
        ("service.name", "sysmetrics"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("service.instance.id", host),
        ("host.name", host),
        ("os.type", "linux"),
    ] {
        if !value.is_empty() && !all.iter().any(|(has, _)| has == key) {
            all.push((key.to_owned(), value.to_owned()));
        }
    }
    all
}

/// The way itself: connections and buffers, which are kept.
pub struct Way {
    plan: Plan,
    client: Client,
    writer: remote_write::Writer,
    gzip: Gzip,
    plain: Vec<u8>,
    packed: Vec<u8>,
    /// Until when remote write 1.0 is spoken, as 2.0 was refused.
    older: Option<Instant>,
}

impl Way {
    /// Nothing is connected yet.
    pub fn new(plan: Plan) -> Way {
        Way {
            // That they can be read was seen when the settings were.
            client: Tls::read(&plan.export.tls).map(Client::for_samples).unwrap_or_default(),
            writer: remote_write::Writer::default(),
            gzip: Gzip::default(),
            plain: Vec::new(),
            packed: Vec::new(),
            older: None,
            plan,
        }
    }

    /// What the settings say.
    pub fn export(&self) -> &Export {
        &self.plan.export
    }

    /// Sends one frame, and how many bytes went.
    pub fn send(&mut self, view: &View<'_>, deadline: Instant) -> (Verdict, usize) {
        let sent = self.send_once(view, deadline);
        let (Verdict::Older(_), bytes) = &sent else { return sent };
        // At once, as the receiver is there and well.
        let bytes = *bytes;
        self.older = Some(Instant::now() + OLDER);
        let (verdict, more) = self.send_once(view, deadline);
        let verdict = match verdict {
            Verdict::Older(text) => Verdict::Never("version", text),
            verdict => verdict,
        };
        (verdict, bytes + more)
    }

    fn send_once(&mut self, view: &View<'_>, deadline: Instant) -> (Verdict, usize) {
        self.plain.clear();
        let version = self.version();
        let export = &self.plan.export;
        let out = &mut self.plain;
        let mut samples = 0;
        match export.kind {
            ExportKind::Stdout => stdout::encode(view, export.format, out),
            ExportKind::Influx => {
                influx::encode(view, export.by_collector, out);
            }
            ExportKind::RemoteWrite => samples = self.writer.encode(version, view, out),
            ExportKind::Otlp if export.protocol == OtlpProtocol::Json => {
                otlp::encode_json(view, &self.plan.resource, out);
            }
            ExportKind::Otlp => {
                otlp::encode(view, &self.plan.resource, out);
            }
        }
        if self.plain.is_empty() {
            // What a format cannot say is not sent.
            return (Verdict::Done, 0);
        }
        let sent = match export.kind {
            ExportKind::Stdout => (print(&self.plain), self.plain.len()),
            _ => self.post(version, samples, deadline),
        };
        for buffer in [&mut self.plain, &mut self.packed] {
            buffer.clear();
            buffer.shrink_to(KEPT);
        }
        sent
    }

    /// Which remote write is spoken now.
    fn version(&mut self) -> RemoteWriteVersion {
        if self.older.is_some_and(|until| until <= Instant::now()) {
            self.older = None;
        }
        match self.plan.export.version {
            RemoteWriteVersion::Auto if self.older.is_some() => RemoteWriteVersion::One,
            RemoteWriteVersion::Auto => RemoteWriteVersion::Two,
            version => version,
        }
    }

    fn post(
        &mut self,
        version: RemoteWriteVersion,
        samples: u64,
        deadline: Instant,
    ) -> (Verdict, usize) {
        let Plan { export, post: Some(post), .. } = &mut self.plan else {
            return (Verdict::Never("endpoint", "there is no endpoint".to_owned()), 0);
        };
        let mut headers: Vec<(&str, &str)> = match export.kind {
            ExportKind::RemoteWrite => remote_write::headers(version).to_vec(),
            ExportKind::Otlp if export.protocol == OtlpProtocol::Json => {
                vec![("Content-Type", otlp::JSON)]
            }
            ExportKind::Otlp => vec![("Content-Type", otlp::PROTOBUF)],
            _ => vec![("Content-Type", "text/plain; charset=utf-8")],
        };
        let packs = export.gzip && export.kind != ExportKind::RemoteWrite;
        let mut body = &self.plain;
        if packs && is_worth_gzip(body.len()) && self.gzip.append(body, &mut self.packed) {
            headers.push(("Content-Encoding", "gzip"));
            body = &self.packed;
        }
        let mut answer = post.send(&mut self.client, &headers, body, deadline);
        let is_refused = |answer: &Answer| matches!(answer.status, 401 | 403);
        if answer.as_ref().is_ok_and(is_refused) && post.refresh(export) {
            answer = post.send(&mut self.client, &headers, body, deadline);
        }
        let verdict = match answer {
            Err(verdict) => verdict,
            Ok(answer) => match export.kind {
                ExportKind::RemoteWrite => match remote_write::judge(version, &answer, samples) {
                    // Who named the version wants no other.
                    Verdict::Older(text) if export.version != RemoteWriteVersion::Auto => {
                        Verdict::Never("version", text)
                    }
                    verdict => verdict,
                },
                ExportKind::Otlp => otlp::judge(&answer),
                _ => influx::judge(&answer),
            },
        };
        (verdict, body.len())
    }
}

/// A pipe that nobody empties holds up the courier, and nobody else.
pub fn print(bytes: &[u8]) -> Verdict {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Verdict::Done,
        Err(error) => {
            let text = ["writing to standard output: ", &error.to_string()].concat();
            Verdict::Never("write", text)
        }
    }
}
