//! How frames are sent to one destination: which bytes, over which protocol, and what the answer means.

use super::grpc::GrpcClient;
use super::kept::MAX_KEPT;
use super::plan::{Plan, is_grpc};
use super::post::is_worth_gzip;
use super::{Verdict, influx, otlp, remote_write, stdout};
use crate::base::wire::Gzip;
use crate::model::frame::View;
use crate::settings::{Export, ExportKind, OtlpProtocol, RemoteWriteVersion};
use crate::workers::{Answer, Client, Tls};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long remote write 2.0 is not tried again after a receiver refused it.
const OLDER: Duration = Duration::from_secs(3600);

/// The hint for a receiver that accepts OTLP at none of the known paths.
const NO_PATH: &str = "; no known path of OTLP is taken: name its path in endpoint";

/// The result of a request.
pub struct Sent {
    /// The meaning of the answer.
    pub verdict: Verdict,
    /// Bytes of its body, as they were on the wire.
    pub bytes: usize,
    /// Samples of the frame, as the receiver counts them: for remote write, each bucket is one.
    pub samples: u64,
    /// Numbers that the format cannot represent.
    pub left_out: u64,
}

/// A transport: connections and buffers, which are kept.
pub struct Transport {
    plan: Plan,
    client: Client,
    grpc: GrpcClient,
    writer: remote_write::Writer,
    otlp: otlp::Writer,
    gzip: Gzip,
    plain: Vec<u8>,
    packed: Vec<u8>,
    /// Until when remote write 1.0 is used, as 2.0 was refused.
    older: Option<Instant>,
}

impl Transport {
    /// A transport without a connection.
    pub fn new(plan: Plan, tls: Option<Tls>) -> Transport {
        Transport {
            grpc: GrpcClient::new(tls.clone().filter(|_| is_grpc(&plan.export))),
            client: tls.map_or_else(Client::for_plain_samples, Client::for_samples),
            writer: remote_write::Writer::default(),
            otlp: otlp::Writer::new(plan.resource.clone()),
            gzip: Gzip::default(),
            plain: Vec::new(),
            packed: Vec::new(),
            older: None,
            plan,
        }
    }

    /// The settings of the export.
    pub fn export(&self) -> &Export {
        &self.plan.export
    }

    /// Sends one frame.
    pub fn send(&mut self, view: &View<'_>, deadline: Instant) -> Sent {
        let sent = self.send_once(view, deadline);
        if !matches!(sent.verdict, Verdict::Older(_)) {
            return sent;
        }
        // At once, as the receiver is reachable and works.
        self.older = Some(Instant::now() + OLDER);
        let mut again = self.send_once(view, deadline);
        if let Verdict::Older(text) = again.verdict {
            again.verdict = Verdict::Never("version", text);
        }
        again.bytes += sent.bytes;
        again
    }

    fn send_once(&mut self, view: &View<'_>, deadline: Instant) -> Sent {
        let version = self.version();
        let (samples, left_out) = self.encode(version, view);
        if body(&self.plan.export, &self.otlp, &self.plain).is_empty() {
            // A frame of which the format can represent nothing is not sent.
            return Sent { verdict: Verdict::Done, bytes: 0, samples, left_out };
        }
        let (verdict, bytes) = match self.plan.export.kind {
            ExportKind::Stdout => (print(&self.plain), self.plain.len()),
            _ if is_grpc(&self.plan.export) => self.call(deadline),
            _ => self.post(version, samples, deadline),
        };
        // While requests are not accepted they are few, and each is made from the start.
        let kept = if matches!(verdict, Verdict::Again(..)) { 0 } else { MAX_KEPT };
        for buffer in [&mut self.plain, &mut self.packed] {
            buffer.clear();
            buffer.shrink_to(kept);
        }
        self.otlp.trim(kept);
        self.writer.trim(kept);
        Sent { verdict, bytes, samples, left_out }
    }

    /// Makes the body; returns how many samples it has, as the receiver counts them, and how many numbers were
    /// left out.
    fn encode(&mut self, version: RemoteWriteVersion, view: &View<'_>) -> (u64, u64) {
        self.plain.clear();
        let Plan { export, resource, labels, .. } = &self.plan;
        let out = &mut self.plain;
        let (mut samples, mut left_out) = (view.frame().len() as u64, 0);
        match export.kind {
            ExportKind::Stdout => stdout::encode(view, export.format, out),
            ExportKind::Influx => left_out = influx::encode(view, export.by_collector, labels, out),
            ExportKind::RemoteWrite => samples = self.writer.encode(version, view, labels, out),
            ExportKind::Otlp if export.protocol == OtlpProtocol::Json => {
                left_out = otlp::encode_json(view, resource, out);
            }
            ExportKind::Otlp => left_out = self.otlp.encode(view),
        }
        (samples, left_out)
    }

    /// The version of remote write that is used now.
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

    fn call(&mut self, deadline: Instant) -> (Verdict, usize) {
        let Plan { export, post: Some(post), .. } = &mut self.plan else { return no_endpoint() };
        let body = body(export, &self.otlp, &self.plain);
        self.grpc.call(export, post, body, deadline)
    }

    fn post(
        &mut self,
        version: RemoteWriteVersion,
        samples: u64,
        deadline: Instant,
    ) -> (Verdict, usize) {
        let Plan { export, post: Some(post), .. } = &mut self.plan else { return no_endpoint() };
        let mut headers: Vec<(&str, &str)> = match export.kind {
            ExportKind::RemoteWrite => remote_write::headers(version).to_vec(),
            ExportKind::Otlp if export.protocol == OtlpProtocol::Json => {
                vec![("Content-Type", otlp::JSON)]
            }
            ExportKind::Otlp => vec![("Content-Type", otlp::PROTOBUF)],
            _ => vec![("Content-Type", "text/plain; charset=utf-8")],
        };
        let packs = export.gzip && export.kind != ExportKind::RemoteWrite;
        let mut body = body(export, &self.otlp, &self.plain);
        if packs && is_worth_gzip(body.len()) {
            match is_kept(export) {
                true => self.otlp.compress(&mut self.gzip, &mut self.packed),
                false => self.gzip.append(body, &mut self.packed),
            }
            headers.push(("Content-Encoding", "gzip"));
            body = &self.packed;
        }
        let mut answer = post.send(&mut self.client, &headers, body, deadline);
        let is_refused = |answer: &Answer| matches!(answer.status, 401 | 403);
        if answer.as_ref().is_ok_and(is_refused) && post.refresh(export) {
            answer = post.send(&mut self.client, &headers, body, deadline);
        }
        let length = body.len();
        let verdict =
            answer.map_or_else(|verdict| verdict, |answer| self.judge(&answer, version, samples));
        (verdict, length)
    }

    /// The meaning of an answer over HTTP.
    fn judge(&self, answer: &Answer, version: RemoteWriteVersion, samples: u64) -> Verdict {
        let Plan { export, post, .. } = &self.plan;
        match export.kind {
            ExportKind::RemoteWrite => match remote_write::judge(version, answer, samples) {
                // A version in the settings excludes the other.
                Verdict::Older(text) if export.version != RemoteWriteVersion::Auto => {
                    Verdict::Never("version", text)
                }
                verdict => verdict,
            },
            ExportKind::Otlp => match otlp::judge(answer) {
                Verdict::Never(reason, text)
                    if post.as_ref().is_some_and(|post| post.is_lost(answer)) =>
                {
                    Verdict::Never(reason, [&text, NO_PATH].concat())
                }
                verdict => verdict,
            },
            _ => influx::judge(answer),
        }
    }
}

/// The body, before it is compressed.
fn body<'a>(export: &Export, otlp: &'a otlp::Writer, plain: &'a [u8]) -> &'a [u8] {
    if is_kept(export) { otlp.body() } else { plain }
}

/// Whether the writer keeps the body.
fn is_kept(export: &Export) -> bool {
    export.kind == ExportKind::Otlp && export.protocol != OtlpProtocol::Json
}

fn no_endpoint() -> (Verdict, usize) {
    (Verdict::Never("endpoint", "there is no endpoint".to_owned()), 0)
}

/// Writes to standard output. A pipe that is not read blocks only the worker.
pub fn print(bytes: &[u8]) -> Verdict {
    let stdout = io::stdout().lock();
    match stdout::write_all(stdout.as_fd(), bytes) {
        Ok(()) => Verdict::Done,
        Err(error) => {
            let text = ["writing to standard output: ", &error.to_string()].concat();
            Verdict::Never("write", text)
        }
    }
}
