//! A steady agent allocates nothing: scrapes, in either dialect and format, compressed or not, and all inputs. One
//! file for each subject; one test calls all of them.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(feature = "hub")]
mod alerts;
mod counting;
mod crowd;
#[cfg(feature = "hub")]
mod logs;
#[path = "../support/machine.rs"]
mod machine;
mod netlink;
#[cfg(feature = "hub")]
mod peaks;
#[path = "../support/place.rs"]
mod place;
#[cfg(feature = "hub")]
mod pushes;
#[cfg(feature = "hub")]
mod statsd;
#[cfg(feature = "hub")]
mod status;
#[path = "../support/stored.rs"]
mod stored;
#[cfg(feature = "hub")]
mod textfiles;
#[cfg(feature = "hub")]
mod texts;

use counting::allocations;
use std::path::Path;
use stored::NOT_STORED;
use sysmetrics::app;
use sysmetrics::kernel::collect::COLLECTORS;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::serve::event::Handler;
use sysmetrics::serve::http::{Body, Method, Request, Response, Status};
use sysmetrics::serve::routes::Service;
use sysmetrics::settings::{self, Dialect};

fn service(args: &[&str], env: &[(&str, &str)]) -> Service {
    let args = args.iter().map(Into::into);
    let env = env.iter().map(|(name, value)| (name.into(), value.into()));
    let settings = settings::load(&app::subjects(), |_| false, args, env).unwrap();
    let root = Root::at(settings.paths.clone());
    let gather = Gather::new(settings.dialect, &root, &settings.collectors, true);
    let mut service = Service::new(settings.dialect, settings.server.metrics_path.clone(), gather);
    let prepared = service.prepare(&settings).unwrap();
    service.apply(prepared, &settings);
    service
}

/// Labels on every series, and none.
const LABELS: [&[(&str, &str)]; 2] = [
    &[],
    #[cfg(feature = "hub")]
    &[("APP__METRICS__LABELS", "env=prod,queue=none"), ("APP__METRICS__LABELS_ON_ALL", "true")],
    #[cfg(not(feature = "hub"))]
    &[],
];

fn scrape<'a>(accept: &'a str, accept_encoding: &'a str) -> Request<'a> {
    Request {
        method: Method::Get,
        path: "/metrics",
        query: "",
        keep_alive: true,
        is_http10: false,
        accept: accept.into(),
        accept_encoding: accept_encoding.into(),
        authorization: "",
        content_type: "",
        content_encoding: "",
        host: "",
        is_of_page: false,
        is_relayed: false,
        body: Body::Sized(0),
        expects: false,
    }
}

/// Whether a stored machine's scrapes are steady. Stored wireless interfaces are JSON, which only tests read.
fn is_steady(name: &str) -> bool {
    name != "wifi" && !NOT_STORED.contains(&name)
}

/// The arguments for the machine of fixtures/box with all that it has something for.
fn whole_box(dialect: Dialect) -> Vec<String> {
    let all = machine::arguments(Path::new("fixtures/box"), dialect).into_iter();
    let is_wanted = |arg: &String| match arg.strip_prefix("--collector.") {
        Some(name) => is_steady(name),
        None => true,
    };
    all.map(|arg| arg.into_string().unwrap()).filter(is_wanted).collect()
}

/// What was scraped holds the samples of each collector that a stored machine has something for.
fn every_collector_is_in_it(args: &[&str]) {
    let (mut service, mut response) = (service(args, &[]), Response::default());
    service.answer(&scrape("", ""), &mut response);
    let page = String::from_utf8_lossy(response.bytes()).into_owned();
    let names = COLLECTORS.iter().map(|spec| spec.subject.name);
    for name in names.filter(|name| is_steady(name)) {
        let success = format!("_collector_success{{collector=\"{name}\"}} 1\n");
        assert!(page.contains(&success), "{name} is off, or fails on fixtures/box");
    }
}

/// One test, as others in this process would count too.
#[test]
fn a_steady_scrape_allocates_nothing() {
    let open_metrics = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let [own, node] = machine::DIALECTS.map(whole_box);
    let [own, node] = [&own, &node].map(|args| args.iter().map(|arg| &**arg).collect::<Vec<_>>());
    // The last two are this machine.
    let all = [&own[..], &node, &["--dialect=sysmetrics"], &["--dialect=node_exporter"]];
    for (args, env) in all.iter().flat_map(|args| LABELS.map(|env| (args, env))) {
        // The last is two scrapers, each with its own format.
        for accepts in [&[""][..], &[open_metrics], &["", open_metrics]] {
            for encoding in ["", "gzip"] {
                let (mut service, mut response) = (service(args, env), Response::default());
                let mut scrape = || {
                    for accept in accepts {
                        service.answer(&scrape(accept, encoding), &mut response);
                        response.finish(true, true);
                        assert!(response.status() == Status::Ok && response.bytes().len() > 1000);
                    }
                };
                // Buffers find their sizes, files are opened.
                (0..3).for_each(|_| scrape());
                let before = allocations();
                (0..20).for_each(|_| scrape());
                let count = allocations() - before;
                assert_eq!(count, 0, "{args:?} {env:?} {accepts:?} {encoding:?}: in 20 scrapes");
            }
        }
    }
    every_collector_is_in_it(&own);
    crowd::allocate_nothing_and_keep_few_descriptors();
    netlink::allocates_nothing_and_keeps_few_descriptors();
    #[cfg(feature = "hub")]
    {
        LABELS.iter().for_each(|env| pushes::allocate_nothing(env));
        statsd::allocate_nothing();
        status::allocates_little();
        texts::allocate_nothing();
        textfiles::allocate_nothing();
        logs::allocate_nothing();
        peaks::allocate_nothing();
        alerts::allocate_nothing();
    }
    let before = allocations();
    drop(std::hint::black_box(vec![1]));
    assert_eq!(allocations() - before, 1, "it does count");
}
