//! The page of a registry, and of the box where that is wished: as bytes for whoever serves them, or
//! written into any sink.

use crate::base::dialect::Dialect;
use crate::library::registry::Registry;
use crate::model::metric::{Buffer, Sink};
use crate::outputs::expose::{Format, Lines, Text};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Instant;

/// Writes what all collectors tell that are on by default, and the process of itself.
pub type Host = Box<dyn FnMut(&mut dyn Sink) + Send>;

/// What renders the metrics of a recorder: for programs that have an HTTP server already. Clones
/// render the same.
#[derive(Clone)]
pub struct PrometheusHandle(Arc<Page>);

struct Page {
    registry: Registry,
    host: Option<Mutex<Host>>,
    /// Of the text format and of OpenMetrics: what is kept from page to page.
    lines: [Mutex<Lines>; 2],
}

impl fmt::Debug for PrometheusHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrometheusHandle").field(&self.0.registry).finish()
    }
}

impl PrometheusHandle {
    /// Of what `registry` has.
    pub fn of(registry: Registry) -> PrometheusHandle {
        PrometheusHandle(Arc::new(Page { registry, host: None, lines: Default::default() }))
    }

    /// The same and what the collectors say about this box.
    pub(super) fn with_host(registry: Registry, host: Host) -> PrometheusHandle {
        let (host, lines) = (Some(Mutex::new(host)), Default::default());
        PrometheusHandle(Arc::new(Page { registry, host, lines }))
    }

    /// What is rendered: handles of it need no macros.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The page as text 0.0.4.
    pub fn render(&self) -> String {
        self.render_as(Format::Prometheus)
    }

    /// The page in either format, exemplars being in OpenMetrics only. `Format::content_type` is what
    /// the answer has to say of itself.
    pub fn render_as(&self, format: Format) -> String {
        let mut out = Vec::new();
        self.render_into(&mut out, format);
        String::from_utf8(out).unwrap_or_default()
    }

    /// Appends the page to `out`, whose memory is used again.
    pub fn render_into(&self, out: &mut Vec<u8>, format: Format) {
        let kept = match format {
            Format::Prometheus => self.0.lines.first(),
            Format::OpenMetrics => self.0.lines.last(),
        };
        // Two pages at once: the second does without what is kept.
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
    /// `output` took not all of it.
    pub fn render_to_write(&self, output: &mut impl io::Write) -> io::Result<()> {
        let mut out = Vec::new();
        self.render_into(&mut out, Format::Prometheus);
        output.write_all(&out)
    }

    /// Does nothing: there is nothing to keep up. It is here for programs that call it.
    pub fn run_upkeep(&self) {}

    /// Writes the page as it is now.
    pub(super) fn write(&self, text: &mut Text<'_>) {
        if let Some(host) = &self.0.host {
            // Families of collectors take the labels of all from here; those of the registry have them.
            text.label(&self.0.registry.options().labels);
            let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
            (*host)(text);
        }
        self.0.registry.write(Instant::now(), text);
    }
}

impl Registry {
    /// Appends what it tells to `out`.
    ///
    /// Who renders often is better off with a `PrometheusHandle`, which keeps from page to page what
    /// lines have in common.
    pub fn render_into(&self, out: &mut Vec<u8>, format: Format) {
        render(out, format, &mut Lines::default(), |text| self.write(Instant::now(), text));
    }

    /// What it tells, as text 0.0.4.
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
