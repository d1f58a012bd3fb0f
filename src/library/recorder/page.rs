//! The page of a registry, and of the box if enabled: as bytes for a server of the program, or
//! written into any sink.

use crate::base::dialect::Dialect;
use crate::library::registry::Registry;
use crate::model::metric::{Buffer, Sink};
use crate::outputs::expose::{Format, Lines, Text};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Instant;

/// Writes the metrics of all collectors that are on by default, and of the process itself.
pub type Host = Box<dyn FnMut(&mut dyn Sink) + Send>;

/// Renders the metrics of a recorder, for programs that have an HTTP server already. Clones
/// render the same.
#[derive(Clone)]
pub struct PrometheusHandle(Arc<Page>);

struct Page {
    registry: Registry,
    host: Option<Mutex<Host>>,
    /// What is kept from page to page, for the text format and for OpenMetrics.
    lines: [Mutex<Lines>; 2],
}

impl fmt::Debug for PrometheusHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrometheusHandle").field(&self.0.registry).finish()
    }
}

impl PrometheusHandle {
    /// A handle for `registry`.
    pub fn of(registry: Registry) -> PrometheusHandle {
        PrometheusHandle(Arc::new(Page { registry, host: None, lines: Default::default() }))
    }

    /// The same with the metrics of the collectors about this box.
    pub(super) fn with_host(registry: Registry, host: Host) -> PrometheusHandle {
        let (host, lines) = (Some(Mutex::new(host)), Default::default());
        PrometheusHandle(Arc::new(Page { registry, host, lines }))
    }

    /// The registry that is rendered, which can be used without macros.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The page as text 0.0.4.
    pub fn render(&self) -> String {
        self.render_as(Format::Prometheus)
    }

    /// Renders the page in either format; exemplars are in OpenMetrics only. `Format::content_type` is the
    /// Content-Type for the answer.
    pub fn render_as(&self, format: Format) -> String {
        let mut out = Vec::new();
        self.render_into(&mut out, format);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the page to `out`, whose memory is reused.
    pub fn render_into(&self, out: &mut Vec<u8>, format: Format) {
        let kept = match format {
            Format::Prometheus => self.0.lines.first(),
            Format::OpenMetrics => self.0.lines.last(),
        };
        // Two pages at once: the second one does not use the kept lines.
        let mut fresh = Lines::default();
        let mut lines = kept.map(|lines| match lines.try_lock() {
            Ok(lines) => Some(lines),
            Err(TryLockError::Poisoned(lines)) => Some(lines.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let lines = lines.as_mut().and_then(|lines| lines.as_deref_mut()).unwrap_or(&mut fresh);
        render(out, format, lines, |text| self.write(text));
    }

    /// Writes the page, as text 0.0.4.
    ///
    /// # Errors
    ///
    /// `output` did not accept all of it.
    pub fn render_to_write(&self, output: &mut impl io::Write) -> io::Result<()> {
        let mut out = Vec::new();
        self.render_into(&mut out, Format::Prometheus);
        output.write_all(&out)
    }

    /// Does nothing, as there is no upkeep. It exists for programs that call it.
    pub fn run_upkeep(&self) {}

    /// Writes the page as it is now.
    pub(super) fn write(&self, text: &mut Text<'_>) {
        if let Some(host) = &self.0.host {
            // Families of collectors get the global labels here; those of the registry already have them.
            text.label(&self.0.registry.options().labels);
            let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
            (*host)(text);
        }
        self.0.registry.write(Instant::now(), text);
    }
}

impl Registry {
    /// Appends the page to `out`.
    ///
    /// For frequent rendering a `PrometheusHandle` is faster, which keeps from page to page what
    /// lines have in common.
    pub fn render_into(&self, out: &mut Vec<u8>, format: Format) {
        render(out, format, &mut Lines::default(), |text| self.write(Instant::now(), text));
    }

    /// Renders the page as text 0.0.4.
    pub fn render(&self) -> String {
        PrometheusHandle::of(self.clone()).render()
    }
}

fn render(out: &mut Vec<u8>, format: Format, lines: &mut Lines, write: impl FnOnce(&mut Text<'_>)) {
    let mut buffer = Buffer::after(std::mem::take(out));
    let mut text = Text::new(Dialect::Own, format, &mut buffer, lines);
    write(&mut text);
    text.finish();
    *out = buffer.into_bytes();
}
