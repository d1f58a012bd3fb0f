//! The endpoint of a library: the program's poll loop over one page, on a thread of its own. The page
//! is at every path but `/health`, as text 0.0.4, or in OpenMetrics where that is enabled and the client
//! prefers it; compressed if the client accepts that. The limits are the program's. Nothing
//! else of the process is changed: no signal, no environment.
//!
//! A client that is in none of the allowed networks gets 403. Unix sockets are open to every process that may open
//! their files.

#[cfg(feature = "exporter")]
pub use crate::library::recorder::host::host;
pub use crate::library::recorder::network::{BadNetwork, Network};
pub use crate::library::recorder::page::Host;

use crate::base::address::{Listen, SocketAccess};
use crate::base::dialect::Dialect;
use crate::base::log;
use crate::base::sys::{self, Wake};
use crate::outputs::expose::{Format, Lines, Text};
use crate::serve::event::{Handler, Server, Traffic};
use crate::serve::http::{
    Gzip, Limits, Method, Request, Response, Status, accepts_gzip, prefers_open_metrics,
};
use crate::serve::listen::Listener;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The name of the thread.
const THREAD: &str = "sysmetrics";

/// How long responses in progress may take when the endpoint ends.
const FINISH: Duration = Duration::from_secs(1);

/// Writes the page: every family in one piece.
pub type Page = Box<dyn FnMut(&mut Text<'_>) + Send>;

/// An endpoint that listens but is not served yet: clients wait.
pub struct Endpoint {
    server: Server,
    pages: Pages,
    wake: Arc<Wake>,
}

impl Endpoint {
    /// Listens on all of `listen`. Clients have to be in one of the `allowed` networks, if there are
    /// any.
    ///
    /// # Errors
    ///
    /// An address cannot be listened on; the text names it.
    pub fn bind(listen: &[Listen], allowed: Vec<Network>, page: Page) -> io::Result<Endpoint> {
        let wake = Arc::new(Wake::new()?);
        let mut server = Server::new(Box::new(Arc::clone(&wake)), Vec::new(), Limits::default());
        server.listen(listen, &SocketAccess::default())?;
        let pages = Pages {
            page,
            lines: Default::default(),
            gzip: Default::default(),
            allowed,
            has_openmetrics: false,
            traffic: Default::default(),
        };
        Ok(Endpoint { server, pages, wake })
    }

    /// Sets whether clients that prefer OpenMetrics get it; otherwise every answer is text 0.0.4.
    pub fn with_openmetrics(mut self, is_on: bool) -> Endpoint {
        self.pages.has_openmetrics = is_on;
        self
    }

    /// The addresses that it listens on, with the ports that the kernel assigned.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.server.listeners().iter().map(Listener::address)
    }

    /// Serves on this thread, for ever.
    ///
    /// # Errors
    ///
    /// The kernel has no memory left for waiting.
    pub fn run(mut self) -> io::Result<()> {
        self.server.run(&mut self.pages)?;
        self.server.finish(&mut self.pages, Instant::now() + FINISH)
    }

    /// Serves on a thread of its own.
    ///
    /// # Errors
    ///
    /// A thread could not be started.
    pub fn start(self) -> io::Result<Serving> {
        let addresses = self.addresses().map(str::to_owned).collect();
        let wake = Arc::clone(&self.wake);
        let thread = thread::Builder::new().name(THREAD.to_owned()).spawn(move || {
            sys::leave_signals();
            if let Err(error) = self.run() {
                log::error("metrics are no longer served", &[("error", &error)]);
            }
        })?;
        Ok(Serving { wake, thread: Some(thread), addresses })
    }
}

/// An endpoint that is served. It ends when this is dropped: answers in progress have a second left, then
/// the addresses are free.
pub struct Serving {
    wake: Arc<Wake>,
    /// `None` once it was detached.
    thread: Option<JoinHandle<()>>,
    addresses: Vec<String>,
}

impl Serving {
    /// The addresses that it listens on, with the ports that the kernel assigned.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Lets the endpoint run as long as the process does.
    pub fn detach(mut self) {
        self.thread = None;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.wake.wake();
            // A panic of the page was already printed, and there is no caller to pass it to.
            let _ = thread.join();
        }
    }
}

/// The state from which answers are made.
struct Pages {
    page: Page,
    /// One for the text format and one for OpenMetrics: scrapers of one do not evict the lines of the other.
    lines: [Lines; 2],
    gzip: Gzip,
    allowed: Vec<Network>,
    has_openmetrics: bool,
    traffic: Traffic,
}

impl Pages {
    fn metrics(&mut self, request: &Request<'_>, response: &mut Response) {
        let [text, open_metrics] = &mut self.lines;
        let is_open = self.has_openmetrics && prefers_open_metrics(&request.accept);
        let (format, lines) = match is_open {
            true => (Format::OpenMetrics, open_metrics),
            false => (Format::Prometheus, text),
        };
        let out = response.begin(Status::Ok, format.content_type());
        let mut text = Text::new(Dialect::Own, format, out, lines);
        (self.page)(&mut text);
        text.finish();
        response.varies();
        if accepts_gzip(&request.accept_encoding) {
            self.gzip.apply(response);
        }
    }
}

impl Handler for Pages {
    fn answer(&mut self, request: &Request<'_>, response: &mut Response) {
        match (request.method, request.path) {
            (Method::Get | Method::Head, "/health") => {
                response.begin(Status::Ok, "text/plain; charset=utf-8").put(b"OK");
            }
            (Method::Get | Method::Head, _) => self.metrics(request, response),
            (method, _) => {
                response.allow(method, "GET, HEAD", "Only GET and HEAD are served here.")
            }
        }
    }

    fn traffic(&mut self) -> &mut Traffic {
        &mut self.traffic
    }

    fn welcomes(&self, socket: BorrowedFd<'_>) -> bool {
        let is_allowed = |ip| self.allowed.iter().any(|network| network.contains(ip));
        // A client without an address came by a Unix socket.
        self.allowed.is_empty() || sys::peer_ip(socket).is_ok_and(|ip| ip.is_none_or(is_allowed))
    }
}
