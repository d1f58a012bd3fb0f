//! A steady scrape allocates nothing, in either dialect and format, compressed or not.
#![allow(unsafe_code)] // a global allocator
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use sysmetrics::app;
use sysmetrics::gather::Gather;
use sysmetrics::http::{Body, Method, Request, Response, Status};
use sysmetrics::read::Root;
use sysmetrics::routes::Service;
use sysmetrics::settings;

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promises are those that System asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(old, layout, size) }
    }
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn service(args: &[&str]) -> Service {
    let args = args.iter().map(Into::into);
    let settings = settings::load(&app::subjects(), args, std::iter::empty()).unwrap();
    let root = Root::at(settings.paths.clone());
    let gather = Gather::new(settings.dialect, &root, &settings.collectors, true);
    Service::new(settings.dialect, settings.server.metrics_path, gather)
}

fn scrape<'a>(accept: &'a str, accept_encoding: &'a str) -> Request<'a> {
    Request {
        method: Method::Get,
        path: "/metrics",
        query: "",
        keep_alive: true,
        is_http10: false,
        accept,
        accept_encoding,
        authorization: "",
        body: Body::Sized(0),
        expects: false,
    }
}

/// Updates of series that are there, and the scrapes between them.
#[cfg(feature = "hub")]
fn steady_pushes_allocate_nothing() {
    let (mut service, mut response) = (service(&["--no-collector.network"]), Response::default());
    let entries = (0..100).map(|i| {
        let kind = ["gauge", "counter", "histogram"][i % 3];
        format!(
            "{{\"name\":\"{kind}_{}\",\"type\":\"{kind}\",\"value\":{i}.25,\"help\":\"H.\",\
             \"labels\":{{\"queue\":\"q{i}\",\"zone\":\"\\u00e9\"}}}}",
            i % 7
        )
    });
    let body = format!("[{}]", entries.collect::<Vec<_>>().join(","));
    let push = Request { method: Method::Post, path: "/update", ..scrape("", "") };
    let scrape = scrape("", "");
    let now = std::time::Instant::now();
    let mut round = |with_scrape: bool| {
        assert!(service.takes_body(&push) && service.admits(&push, true, &mut response));
        service.receive(&push, body.as_bytes(), now, &mut response);
        assert!(response.body().starts_with(b"{\"accepted\":100,\"refused\":0,"));
        if with_scrape {
            service.answer(&scrape, &mut response);
            response.finish(true, true);
        }
    };
    (0..3).for_each(|_| round(true));
    let before = ALLOCATIONS.load(Relaxed);
    (0..20).for_each(|i| round(i % 2 == 0));
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0, "in 20 pushes and 10 scrapes");
}

/// Lines of a log that match nothing, as they come.
#[cfg(feature = "hub")]
fn steady_logs_allocate_nothing() {
    use std::io::Write;
    use std::time::{Duration, Instant};
    use sysmetrics::settings::{LogFiles, LogRule, Tail};
    use sysmetrics::store::{Bounds, Store};
    use sysmetrics::tail::Tails;
    let path = std::env::temp_dir().join(format!("sysmetrics-alloc-{}.log", std::process::id()));
    let mut file = std::fs::File::create(&path).unwrap();
    let mut now = Instant::now();
    let (mut tails, mut store) = (Tails::default(), Store::new(Bounds::default(), now));
    let settings = Tail {
        poll_interval: Duration::from_secs(1000),
        max_line_bytes: 65_536,
        max_value_bytes: 128,
        max_series: 1000,
        ..Tail::default()
    };
    let rule = |pattern: &str| LogRule {
        metric: format!("lines{}_total", pattern.len()),
        pattern: pattern.to_owned(),
        labels: vec![("level".to_owned(), "$level".to_owned())],
        ..LogRule::default()
    };
    let rules = vec![rule("level=(?P<level>error|fatal)"), rule("panic"), rule("level=info bad")];
    let text = path.display().to_string();
    let logs = [LogFiles { path: text, from_start: true, rules }];
    tails.apply(&settings, &logs, &[], &mut store, now);
    let lines = "2026-11-20T10:00:00Z level=info and so on\n".repeat(100);
    let mut round = || {
        file.write_all(lines.as_bytes()).unwrap();
        now += Duration::from_secs(1);
        tails.turn(true, &mut store, now);
    };
    (0..3).for_each(|_| round());
    let before = ALLOCATIONS.load(Relaxed);
    (0..20).for_each(|_| round());
    let count = ALLOCATIONS.load(Relaxed) - before;
    assert_eq!(count, 0, "in 2000 lines");
    let mut out = sysmetrics::metric::Buffer::default();
    let mut written = sysmetrics::expose::Lines::default();
    let format = sysmetrics::expose::Format::Prometheus;
    let dialect = settings::Dialect::Own;
    tails.write_self(&mut sysmetrics::expose::Text::new(dialect, format, &mut out, &mut written));
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    assert!(
        text.lines().any(|l| l.contains("tail_lines_total{") && l.ends_with(" 2300")),
        "{text}"
    );
    std::fs::remove_file(path).unwrap();
}

/// One test, as others in this process would count too.
#[test]
fn a_steady_scrape_allocates_nothing() {
    let open_metrics = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let (procfs, sysfs) = ("--path.procfs=fixtures/box/proc", "--path.sysfs=fixtures/box/sys");
    for args in [
        &["--dialect=sysmetrics", procfs, sysfs][..],
        &["--dialect=node_exporter", procfs, sysfs],
        &["--dialect=sysmetrics"], // this machine
        &["--dialect=node_exporter"],
    ] {
        // The last is two scrapers, each with its own format.
        for accepts in [&[""][..], &[open_metrics], &["", open_metrics]] {
            for encoding in ["", "gzip"] {
                let (mut service, mut response) = (service(args), Response::default());
                let mut scrape = || {
                    for accept in accepts {
                        service.answer(&scrape(accept, encoding), &mut response);
                        response.finish(true, true);
                        assert!(response.status() == Status::Ok && response.bytes().len() > 1000);
                    }
                };
                // Buffers find their sizes, files are opened.
                (0..3).for_each(|_| scrape());
                let before = ALLOCATIONS.load(Relaxed);
                (0..20).for_each(|_| scrape());
                let count = ALLOCATIONS.load(Relaxed) - before;
                assert_eq!(count, 0, "{args:?} {accepts:?} {encoding:?}: in 20 scrapes");
            }
        }
    }
    #[cfg(feature = "hub")]
    {
        steady_pushes_allocate_nothing();
        steady_logs_allocate_nothing();
    }
    let before = ALLOCATIONS.load(Relaxed);
    drop(std::hint::black_box(vec![1]));
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 1, "it does count");
}
