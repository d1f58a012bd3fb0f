//! Exports metrics on a thread of its own: an endpoint for scrapes, or pushes to a
//! Pushgateway. It uses blocking calls.

use super::serve::{Endpoint, Page, Serving};
use crate::base::address::Listen;
use crate::library::recorder::output::{Output, Pushing, Transport};
use crate::library::recorder::{BuildError, PrometheusHandle};
use crate::library::registry::Registry;
use std::io;
use std::net::SocketAddr;
use std::thread;

/// The name of the thread.
const THREAD: &str = "sysmetrics";

/// Exports the metrics of a recorder: as an endpoint it already listens.
pub struct Exporter(Work);

enum Work {
    Serve(Box<Endpoint>),
    Push(Pushing, PrometheusHandle),
}

impl Exporter {
    pub(in crate::library::recorder) fn new(
        output: Output,
        handle: PrometheusHandle,
    ) -> Result<Exporter, BuildError> {
        let work = match output.transport {
            Transport::Push(push) => Work::Push(push, handle),
            Transport::Listen(listen) => {
                let page: Page = Box::new(move |text| handle.write(text));
                let endpoint = Endpoint::bind(&[listen], output.allowed, page);
                let cannot = |e: io::Error| BuildError::FailedToCreateHTTPListener(e.to_string());
                let endpoint = endpoint.map_err(cannot)?;
                Work::Serve(Box::new(endpoint.with_openmetrics(output.has_openmetrics)))
            }
        };
        Ok(Exporter(work))
    }

    /// The addresses that it listens on, with the port that the kernel assigned; empty if it pushes.
    pub fn addresses(&self) -> Vec<String> {
        match &self.0 {
            Work::Serve(endpoint) => endpoint.addresses().map(str::to_owned).collect(),
            Work::Push(..) => Vec::new(),
        }
    }

    /// Serves or pushes on this thread, for ever.
    ///
    /// # Errors
    ///
    /// The kernel has no memory left for waiting.
    pub fn run(self) -> io::Result<()> {
        match self.0 {
            Work::Serve(endpoint) => endpoint.run(),
            Work::Push(push, handle) => {
                push(&handle);
                Ok(())
            }
        }
    }

    /// Does the same on a thread of its own, as long as the process lives.
    ///
    /// # Errors
    ///
    /// A thread could not be started.
    pub fn start(self) -> Result<(), BuildError> {
        let cannot = |error: io::Error| BuildError::FailedToStartThread(error.to_string());
        match self.0 {
            Work::Serve(endpoint) => endpoint.start().map_err(cannot)?.detach(),
            Work::Push(push, handle) => {
                let work = move || push(&handle);
                thread::Builder::new().name(THREAD.to_owned()).spawn(work).map_err(cannot)?;
            }
        }
        Ok(())
    }
}

impl Registry {
    /// Serves its metrics on a thread of its own, as text 0.0.4, until the returned value is dropped or
    /// detached. Linux only.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or a thread could not be started.
    pub fn serve(&self, address: impl Into<SocketAddr>) -> io::Result<Serving> {
        let handle = PrometheusHandle::of(self.clone());
        let page: Page = Box::new(move |text| handle.write(text));
        Endpoint::bind(&[Listen::from(address.into())], Vec::new(), page)?.start()
    }
}
