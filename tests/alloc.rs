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

fn service(args: &[&str], env: &[(&str, &str)]) -> Service {
    let args = args.iter().map(Into::into);
    let env = env.iter().map(|(name, value)| (name.into(), value.into()));
    let settings = settings::load(&app::subjects(), args, env).unwrap();
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
        accept,
        accept_encoding,
        authorization: "",
        content_type: "",
        content_encoding: "",
        body: Body::Sized(0),
        expects: false,
    }
}

/// Updates of series that are there, and the scrapes between them.
#[cfg(feature = "hub")]
fn steady_pushes_allocate_nothing(env: &[(&str, &str)]) {
    let mut service = service(&["--no-collector.network"], env);
    let mut response = Response::default();
    let entries = (0..100).map(|i| {
        let kind = ["gauge", "counter", "histogram"][i % 3];
        format!(
            "{{\"name\":\"{kind}_{}\",\"type\":\"{kind}\",\"value\":{i}.25,\"help\":\"H.\",\
             \"labels\":{{\"queue\":\"q{i}\",\"zone\":\"\\u00e9\"}}}}",
            i % 7
        )
    });
    let body = format!("[{}]", entries.collect::<Vec<_>>().join(","));
    let batched = body.replace("\"type\"", "\"metric_type\"");
    let batched = batched.replace(".25,\"help\"", ".25},\"help\"");
    let batched = batched.replace("\"value\":", "\"value\":{\"timestamp\":null,\"value\":");
    let batched = format!("{{\"source\":\"app\",\"metrics\":{batched}}}");
    let push = |path| Request { method: Method::Post, path, ..scrape("", "") };
    let pushes = [(push("/update"), body), (push("/api/metrics"), batched)];
    let scrape = scrape("", "");
    let now = std::time::Instant::now();
    let mut round = |with_scrape: bool| {
        for (push, body) in &pushes {
            assert!(service.takes_body(push) && service.admits(push, true, &mut response));
            service.receive(push, body.as_bytes(), now, &mut response);
            assert!(response.body().starts_with(b"{\"accepted\":100,\"refused\":0,"));
        }
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

/// Looks at conditions about the kernel's samples, with rates, one of which fires.
#[cfg(feature = "hub")]
fn steady_alerts_allocate_nothing() {
    use std::time::{Duration, Instant};
    use sysmetrics::alert::Alerts;
    use sysmetrics::metric::Sink;
    use sysmetrics::settings::{Alert, Alerting};
    let args = ["--path.procfs=fixtures/box/proc", "--path.sysfs=fixtures/box/sys"];
    let settings =
        settings::load(&app::subjects(), args.iter().map(Into::into), std::iter::empty()).unwrap();
    let root = Root::at(settings.paths.clone());
    let mut gather = Gather::new(settings.dialect, &root, &settings.collectors, true);
    let rules = [
        "rate(disk_read_bytes_total{device=~\"sd.*\"}[1m]) > 1e6",
        "memory_available_bytes / memory_total_bytes < 0.99",
        "cpu_seconds_total{mode!=\"idle\"} < 0",
    ];
    let rules = rules.map(|expr| Alert { expr: expr.to_owned(), ..Alert::default() });
    let (interval, hour) = (Duration::from_secs(15), Duration::from_secs(3600));
    let alerting = Alerting { interval, repeat: hour, ..Alerting::default() };
    let (mut alerts, start) = (Alerts::default(), Instant::now());
    alerts.apply(&alerting, &rules, start);
    let dialect = gather.dialect();
    let mut look = |at: u32| {
        let mut scrape = |out: &mut dyn Sink| gather.scrape(gather.all(), out);
        alerts.turn(dialect, &mut scrape, start + at * interval);
        assert_eq!(alerts.active().count(), 1);
    };
    // A ring is full after a window.
    (0..30).for_each(&mut look);
    let before = ALLOCATIONS.load(Relaxed);
    (30..33).for_each(&mut look);
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0, "in 3 looks");
}

/// Lines of series that are there, and lines that are refused, through the socket.
#[cfg(feature = "hub")]
fn steady_statsd_lines_allocate_nothing() {
    use sysmetrics::ingest::{Rules, Statsd};
    use sysmetrics::store::{Bounds, Store};
    let now = std::time::Instant::now();
    let labels = vec![("env".to_owned(), "prod".to_owned())];
    let rules = Rules { prefix: "ns_".to_owned(), labels, ..Rules::default() };
    let (mut store, mut statsd) = (Store::new(Bounds::default(), now), Statsd::default());
    let listen = Some("127.0.0.1:0".to_owned());
    statsd.apply(statsd.prepare(&settings::Statsd { listen }).unwrap());
    let socket = statsd.fd().unwrap().try_clone_to_owned().unwrap();
    let address = std::net::UdpSocket::from(socket).local_addr().unwrap();
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagrams: [&[u8]; 5] = [
        b"page.views:1|c|@0.1|#zone:b,k:v\nload:7|g\nload:+1|g\n1st:320|ms|@0.1",
        b"sizes:1:2:3:4|h\nn,k=v:1|c",
        b"a\xff:1|c|#k:\xfe",
        b"x:1|s\nx\nx:1|g|#k",
        b"load:7|c",
    ];
    let mut round = || {
        for datagram in datagrams {
            client.send_to(datagram, address).unwrap();
        }
        statsd.turn(&rules, &mut store, now);
    };
    (0..3).for_each(|_| round());
    let before = ALLOCATIONS.load(Relaxed);
    (0..20).for_each(|_| round());
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0, "in 20 turns");
    assert_eq!(store.len(), 2 + 2 * 14 + 3);
}

/// Exposition text of series that are there.
#[cfg(feature = "hub")]
fn steady_texts_allocate_nothing() {
    use std::time::{Duration, Instant};
    use sysmetrics::ingest::{Buffers, Collision, Intake, Syntax};
    use sysmetrics::store::{Bounds, Store};
    let now = Instant::now();
    let (mut store, mut buffers) = (Store::new(Bounds::default(), now), Buffers::default());
    let add = [("target".to_owned(), "api".to_owned())];
    let intake = Intake {
        group: store.open_group(),
        prefix: "p_",
        add: &add,
        collision: Collision::Rename,
        constant: &[],
        ttl: Duration::ZERO,
        honor_time: false,
        max_age: Duration::ZERO,
        max_series: 1000,
    };
    let mut text = "# HELP a A \\n.\n# TYPE a counter\n".to_owned();
    for i in 0..50 {
        text += &format!("a{{target=\"q{i}\",zone=\"\\\"\"}} {i}.5\nb_{i} 1\n");
    }
    for kind in ["histogram", "summary"] {
        text += &format!("# TYPE {kind} {kind}\n");
        for i in 0..20 {
            let parts = match kind {
                "summary" => format!("{kind}{{l=\"{i}\",quantile=\"0.5\"}} NaN\n"),
                _ => format!(
                    "{kind}_bucket{{le=\"1\",l=\"{i}\"}} 1\n{kind}_bucket{{le=\"+Inf\",l=\"{i}\"}} {i}1\n"
                ),
            };
            text += &format!("{parts}{kind}_sum{{l=\"{i}\"}} 1\n{kind}_count{{l=\"{i}\"}} 1\n");
        }
    }
    let mut round = || {
        store.begin(intake.group);
        let done = intake.take(text.as_bytes(), Syntax::Prometheus, &mut buffers, &mut store, now);
        store.end(intake.group);
        assert!(done.is_ok_and(|tally| tally.taken == 140 && tally.refused == 0));
    };
    (0..3).for_each(|_| round());
    let before = ALLOCATIONS.load(Relaxed);
    (0..20).for_each(|_| round());
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 0, "in 20 texts");
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
    let all = [
        &["--dialect=sysmetrics", procfs, sysfs][..],
        &["--dialect=node_exporter", procfs, sysfs],
        &["--dialect=sysmetrics"], // this machine
        &["--dialect=node_exporter"],
    ];
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
                let before = ALLOCATIONS.load(Relaxed);
                (0..20).for_each(|_| scrape());
                let count = ALLOCATIONS.load(Relaxed) - before;
                assert_eq!(count, 0, "{args:?} {env:?} {accepts:?} {encoding:?}: in 20 scrapes");
            }
        }
    }
    #[cfg(feature = "hub")]
    {
        LABELS.iter().for_each(|env| steady_pushes_allocate_nothing(env));
        steady_statsd_lines_allocate_nothing();
        steady_texts_allocate_nothing();
        steady_logs_allocate_nothing();
        steady_alerts_allocate_nothing();
    }
    let before = ALLOCATIONS.load(Relaxed);
    drop(std::hint::black_box(vec![1]));
    assert_eq!(ALLOCATIONS.load(Relaxed) - before, 1, "it does count");
}
