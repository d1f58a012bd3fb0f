//! How metrics leave the process without being asked for by it: an endpoint for scrapes, or pushes to a
//! Pushgateway. Plain blocking work, for a thread of its own.

use super::serve::{Endpoint, Page, Serving};
use crate::base::address::Listen;
use crate::library::recorder::output::{Output, Pushing, Way};
use crate::library::recorder::{BuildError, PrometheusHandle};
use crate::library::registry::Registry;
use std::io;
use std::net::SocketAddr;
use std::thread;

/// How the thread is called.
const THREAD: &str = "sysmetrics";

/// What takes metrics out of the process: it listens already, where it is an endpoint.
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
        let work = match output.way {
            Way::Push(push) => Work::Push(push, handle),
            Way::Listen(listen) => {
                let page: Page = Box::new(move |text| handle.write(text));
                let endpoint = Endpoint::bind(&[listen], output.allowed, page);
                let cannot = |e: io::Error| BuildError::FailedToCreateHTTPListener(e.to_string());
                let endpoint = endpoint.map_err(cannot)?;
                Work::Serve(Box::new(endpoint.with_openmetrics(output.has_openmetrics)))
            }
        };
        Ok(Exporter(work))
    }

    /// Where it listens, with the port that the kernel picked; nothing if it pushes.
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
    /// The kernel has no memory left to wait with.
    pub fn run(self) -> io::Result<()> {
        match self.0 {
            Work::Serve(endpoint) => endpoint.run(),
            Work::Push(push, handle) => {
                push(&handle);
                Ok(())
            }
        }
    }

    /// The same on a thread of its own, as long as the process lives.
    ///
    /// # Errors
    ///
    /// There is no room for another thread.
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
    /// Serves what it tells on a thread of its own, as text 0.0.4, until what is returned is dropped or
    /// detached. Linux only.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or there is no room for another thread.
    pub fn serve(&self, address: impl Into<SocketAddr>) -> io::Result<Serving> {
        let handle = PrometheusHandle::of(self.clone());
        let page: Page = Box::new(move |text| handle.write(text));
        Endpoint::bind(&[Listen::from(address.into())], Vec::new(), page)?.start()
    }
}
