//! The metrics: the selected collectors, the format, and metrics about serving.

use super::service::{Counts, Service, Table};
use crate::base::dialect::Dialect;
use crate::base::log;
use crate::base::sys;
use crate::base::text::words::quoted;
use crate::kernel::gather::{Selection, Unknown};
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use crate::outputs::expose::{Format, Text, content_type};
use crate::serve::http::{Query, Request, Response, Status};

/// The most collectors that one request may select.
const MAX_PICKS: usize = 256;

const COLLECT: &str = "collect[]";
const EXCLUDE: &str = "exclude[]";

/// node_exporter's response.
const BOTH: &str = "The parameters collect[] and exclude[] cannot be combined; use one of them.";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub(super) static FAMILIES: &[Family; if cfg!(feature = "tls") { 10 } else { 8 }] = families![
    counter("http_requests_total",              Unit::One, "Requests answered.",                                          &["path", "code"]).only_own(),
    gauge(  "http_connections",                 Unit::One, "Connections that are open now.",                              &[]).only_own(),
    counter("http_connections_refused_total",   Unit::One, "Connections refused: the table was full, or no descriptor.",  &[]).only_own(),
    counter("http_connections_evicted_total",   Unit::One, "Idle or slow connections closed to make room for another.",   &[]).only_own(),
    counter("http_connections_timed_out_total", Unit::One, "Connections closed at a deadline other than for idling.",     &[]).only_own(),
    counter("log_lines_dropped_total",          Unit::One, "Log lines dropped because stderr did not take them.",         &[]).only_own(),
    gauge(  "sandbox_enforced",                 Unit::One, "Whether this part of the sandbox is in force.",               &["part"]).only_own(),
    gauge(  "sandbox_landlock_abi",             Unit::One, "The ABI of Landlock that is in force, 0 if none is.",         &[]).only_own(),
    #[cfg(feature = "tls")]
    counter("http_tls_handshakes_failed_total", Unit::One, "TLS handshakes that failed or took too long; builds with TLS.", &[]).only_own(),
    #[cfg(feature = "tls")]
    counter("http_tls_reloads_failed_total",    Unit::One, "Changed certificates or users that could not be used; builds with TLS.", &[]).only_own(),
];

impl Service {
    pub(super) fn metrics(&mut self, request: &Request<'_>, response: &mut Response) {
        let selection = match self.selection(request.query) {
            Ok(selection) => selection,
            Err(sentence) => return response.text(Status::BadRequest, &sentence),
        };
        // A request that names collectors gets only those.
        let is_picked = Query::of(request.query).any(|(key, _)| key == COLLECT);
        let Service { gather, pipelines, metrics_path, counts, routes, .. } = self;
        let shown = pipelines.read_textfiles(gather, selection, is_picked);
        let mut ours = |out: &mut dyn Sink| {
            gather.scrape(selection, out);
            write_traffic(metrics_path, routes, counts, out);
        };
        let [text, open_metrics] = &mut self.lines;
        let (is_open_metrics, reads_utf8) = self.accepted.of(&request.accept);
        let (format, lines) = match is_open_metrics {
            true => (Format::OpenMetrics, open_metrics),
            false => (Format::Prometheus, text),
        };
        let out = response.begin(Status::Ok, content_type(format, reads_utf8));
        let text = Text::new(self.dialect, format, out, lines);
        let mut text = text.quoting(reads_utf8 == Some(true));
        pipelines.write(shown, &mut ours, &mut text);
        text.finish();
        self.compress(request, response);
    }

    /// `collect[]` names the collectors to include, `exclude[]` those to leave out. An invalid selection is
    /// rejected with a sentence. As in node_exporter, its dialect accepts one of the two, and `exclude[]` of a
    /// collector that does not run.
    fn selection(&self, query: &str) -> Result<Selection, String> {
        if query.is_empty() {
            return Ok(self.gather.all());
        }
        let is_theirs = self.dialect == Dialect::Node;
        let picks = || Query::of(query).take(MAX_PICKS);
        let has = |wanted| picks().any(|(key, _)| key == wanted);
        let is_picked = has(COLLECT);
        if is_theirs && is_picked && has(EXCLUDE) {
            return Err(BOTH.to_owned());
        }
        let mut selection = if is_picked { Selection::NONE } else { self.gather.all() };
        for (wanted, with) in [(COLLECT, true), (EXCLUDE, false)] {
            for (_, name) in picks().filter(|(key, _)| key == wanted) {
                selection = match self.gather.choose(selection, &name, with) {
                    Err(_) if is_theirs && !with => selection,
                    Err(Unknown(name)) => return Err(self.no_collector(&name)),
                    Ok(selection) => selection,
                };
            }
        }
        Ok(selection)
    }

    fn no_collector(&self, name: &str) -> String {
        let names: Vec<_> = self.gather.names().collect();
        let (name, names) = (quoted(name), names.join(", "));
        format!("The collector {name} is unknown or switched off; there are: {names}.")
    }
}

/// Writes the metrics about serving.
pub(super) fn write_traffic(
    metrics_path: &str,
    routes: Table,
    Counts { answers, asked, traffic }: &Counts,
    out: &mut dyn Sink,
) {
    let [requests, now, refused, evicted, timed_out, lines, enforced, abi, ..] = &FAMILIES;
    #[cfg(feature = "tls")]
    let [.., handshakes, reloads] = &FAMILIES;
    out.family(requests);
    let paths = routes.iter().copied().flatten().map(|route| route.path);
    for (at, (path, counts)) in paths.chain(["other"]).zip(answers).enumerate() {
        if asked >> (at % 64) & 1 == 0 {
            continue;
        }
        let path = if path.is_empty() { metrics_path } else { path };
        for (status, count) in Status::ALL.iter().zip(counts).filter(|(_, count)| **count > 0) {
            out.sample(&[path.into(), status.code().into()], requests.value(*count));
        }
    }
    for &(family, raw) in &[
        (now, traffic.now),
        (refused, traffic.refused),
        (evicted, traffic.evicted),
        (timed_out, traffic.timed_out),
        (lines, log::dropped()),
        #[cfg(feature = "tls")]
        (handshakes, traffic.failed_handshakes),
        #[cfg(feature = "tls")]
        (reloads, traffic.failed_reloads),
    ] {
        out.single(family, family.value(raw));
    }
    out.family(enforced);
    let parts = sys::sandboxed();
    for &(part, is) in &parts {
        out.sample(&[part.into()], enforced.value(u64::from(is > 0)));
    }
    let [_, (_, landlock), _] = parts;
    out.single(abi, abi.value(landlock.into()));
}
