//! The agent inside this process: its library, put together as its own `app` does.

use std::ffi::OsString;
use std::io;
use sysmetrics::app;
use sysmetrics::base::sys::Signals;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::serve::event::{Handler, Server};
use sysmetrics::serve::http::{Limits, Request, Response};
use sysmetrics::serve::listen;
use sysmetrics::serve::routes::Service;
use sysmetrics::settings::{self, Settings};

/// The flags that leave the four collectors every comparison has.
pub const FOUR: [&str; 5] = [
    "--collector.disable-defaults",
    "--collector.cpu",
    "--collector.memory",
    "--collector.disk",
    "--collector.network",
];

/// Settings as a command line makes them; no environment.
pub fn settings(arguments: &[&str]) -> io::Result<Settings> {
    let all = ["--log-level=error"].into_iter().chain(arguments.iter().copied());
    settings::load(&app::subjects(), |_| false, all.map(OsString::from), std::iter::empty())
        .map_err(|refusal| io::Error::other(refusal.to_string()))
}

/// What collects.
pub fn gather(settings: &Settings) -> Gather {
    let root = Root::at(settings.paths.clone());
    Gather::new(settings.dialect, &root, &settings.collectors, settings.process_metrics)
}

/// What answers.
pub fn service(arguments: &[&str]) -> io::Result<Service> {
    let settings = settings(arguments)?;
    Ok(Service::new(settings.dialect, "/metrics".into(), gather(&settings)))
}

/// One answer without a socket: the request's head is parsed, the body rendered, the head written.
pub fn answer(service: &mut Service, head: &[u8], response: &mut Response) -> usize {
    let Ok(request) = Request::parse(head) else { return 0 };
    service.answer(&request, response);
    response.finish(true, true);
    response.bytes().len()
}

/// The whole poll loop, not started yet, and where it listens.
pub fn server(arguments: &[&str]) -> io::Result<(Server, Service, String)> {
    let signals = Signals::take()?;
    let settings = settings(arguments)?;
    let listeners = listen::open(&settings.server.listen, &settings.server.access, false)?;
    let address = listeners.first().map(|l| l.address().to_owned()).unwrap_or_default();
    let server = Server::new(Box::new(signals), listeners, Limits::default());
    Ok((server, service(arguments)?, address))
}
