//! What clients send.

use super::machine::settings;
use super::place::Place;
use super::strict;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use sysmetrics::base::wire::Gzip;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::Root;
use sysmetrics::outputs::expose::Format;
use sysmetrics::serve::event::Handler;
use sysmetrics::serve::http::{
    Connection, Limits, Method, Next, Phase, Query, Request, Response, Status, accepts_gzip,
    prefers_open_metrics,
};
use sysmetrics::serve::routes::Service;
use sysmetrics::settings::Dialect;
use sysmetrics::workers::gunzip;

const LIMITS: Limits = Limits {
    connections: 1,
    head: 512,
    head_time: Duration::from_secs(9),
    drain_time: Duration::from_secs(9),
    idle_time: Duration::from_secs(9),
};

/// The longest body that the connection takes.
const MAX_BODY: usize = 64;

thread_local! {
    static SERVICE: RefCell<Service> = {
        let place = Place::new();
        let settings = settings(&place.0, Dialect::Own, &[]);
        sysmetrics::base::log::configure(Default::default(), sysmetrics::settings::Level::Error);
        let root = Root::at(settings.paths.clone());
        let gather = Gather::new(settings.dialect, &root, &settings.collectors, false);
        RefCell::new(Service::new(Dialect::Own, "/metrics".to_owned(), gather))
    };
}

/// Headers of preferences: no panic, and what is said twice means the same.
pub fn accept(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let twice = format!("{text},{text}");
    assert_eq!(prefers_open_metrics(&text), prefers_open_metrics(&twice));
    assert_eq!(accepts_gzip(&text), accepts_gzip(&twice));
}

/// What is compressed comes back from a decompressor that is not ours, with codes that were made of another text.
pub fn gzip(bytes: &[u8]) {
    let [first, rest @ ..] = bytes else { return };
    let (a, b) = rest.split_at(usize::from(*first).min(rest.len()));
    let mut gzip = Gzip::default();
    // What begins like a page is planned: the same again, with a line longer, and another.
    let page = |parts: &[&[u8]]| [b"# a\nb 1\n".to_vec(), parts.concat()].concat();
    let (once, longer, other) = (page(&[a, b]), page(&[a, b"5", b]), page(&[b, a]));
    let pages = [once.clone(), once.clone(), longer.clone(), longer, once, other];
    let texts = [a.repeat(3), b.to_vec(), a.to_vec(), b.repeat(300)];
    for text in texts.into_iter().chain(pages) {
        let mut packed = Vec::new();
        gzip.append(&text, &mut packed);
        assert!(packed.len() <= text.len() + text.len() / 32 + 320);
        assert!(gunzip(&packed, text.len()).unwrap() == text);
    }
}

/// Queries: what was encoded comes back.
pub fn query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for (key, value) in Query::of(&text) {
        assert!(key.len() + value.len() <= 3 * text.len());
    }
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let pairs: Vec<_> = Query::of(&format!("k={encoded}&{encoded}=")).collect();
    let expected = [("k".to_owned(), text.to_string()), (text.to_string(), String::new())];
    let expected: Vec<_> = expected.into_iter().filter(|(key, _)| !key.is_empty()).collect();
    let pairs: Vec<_> = pairs.into_iter().filter(|(key, _)| !key.is_empty()).collect();
    assert_eq!(pairs, expected);
}

/// A head is refused or answered; the answer is a sound one.
pub fn request_head(bytes: &[u8]) {
    let mut response = Response::default();
    SERVICE.with_borrow_mut(|service| match Request::parse(bytes) {
        Ok(request) => {
            service.answer(&request, &mut response);
            let metrics = request.path == "/metrics" && response.status() == Status::Ok;
            if metrics && !response.is_gzip() {
                let open = response.content_type().starts_with("application/openmetrics-text");
                let format = if open { Format::OpenMetrics } else { Format::Prometheus };
                strict::parse(response.body(), format).unwrap_or_else(|why| panic!("{why}"));
            }
        }
        Err(refusal) => {
            response.refuse(refusal);
            assert_ne!(response.status(), Status::Ok);
        }
    });
    response.finish(true, true);
    let head = response.bytes();
    assert!(head.starts_with(b"HTTP/1.1 "));
    assert!(head.windows(4).any(|end| end == b"\r\n\r\n"));
}

/// Pushed JSON: taken or refused, the answer is JSON, and nothing is taken of what is none.
#[cfg(feature = "hub")]
pub fn push_json(bytes: &[u8]) {
    use sysmetrics::base::json;
    use sysmetrics::inputs::push::{Form, Push};
    use sysmetrics::model::metric::Buffer;
    use sysmetrics::model::store::{Bounds, Store};
    let now = Instant::now();
    let is_json = json::parse(bytes).is_ok();
    for form in [Form::Update, Form::Batch] {
        let (mut store, mut push) = (Store::new(Bounds::default(), now), Push::default());
        let mut out = Buffer::default();
        let done = push.take(form, bytes, &mut store, now, &mut out);
        assert!(is_json || done.is_err());
        assert!(form == Form::Batch || is_json == done.is_ok());
        match done {
            Ok(_) => assert!(json::parse(out.bytes()).is_ok(), "{}", out.bytes().escape_ascii()),
            Err(fault) => assert!(fault.at <= bytes.len() && store.is_empty() && out.is_empty()),
        }
    }
}

/// A datagram of statsd lines: each is what a naive twin says, what is taken is sound, and the same
/// for lines that come one by one.
#[cfg(feature = "hub")]
pub fn statsd(bytes: &[u8]) {
    use super::naive::statsd::{line, real};
    use sysmetrics::inputs::push::{Rules, statsd::Lines};
    use sysmetrics::model::metric::Buffer;
    use sysmetrics::model::store::{Bounds, Store, is_metric_name};
    use sysmetrics::outputs::expose::{Lines as Kept, Text};
    let (now, rules) = (Instant::now(), Rules::default());
    let text = String::from_utf8_lossy(bytes);
    for one in text.split('\n') {
        assert_eq!(real(one), line(one), "{one:?}");
    }
    let scrape = |datagrams: &mut dyn Iterator<Item = &[u8]>| {
        let (mut store, mut lines) = (Store::new(Bounds::default(), now), Lines::default());
        datagrams.for_each(|datagram| lines.take(datagram, &rules, &mut store, now));
        let (mut out, mut kept) = (Buffer::default(), Kept::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut kept);
        store.write(now, &mut text);
        text.finish();
        out.bytes().to_vec()
    };
    let whole = scrape(&mut [bytes].into_iter());
    for sample in std::str::from_utf8(&whole).unwrap().lines().filter(|l| !l.starts_with('#')) {
        let (series, value) = sample.rsplit_once("} ").or(sample.split_once(' ')).unwrap();
        let name = series.split('{').next().unwrap();
        assert!(is_metric_name(name.as_bytes()), "{sample}");
        let mut numbers = value.split(' ').map(|n| n.parse::<f64>().is_ok_and(f64::is_finite));
        assert!(numbers.all(|finite| finite), "{sample}");
    }
    assert!(whole == scrape(&mut bytes.split(|byte| *byte == b'\n')));
}

/// Without the hub nothing is pushed.
#[cfg(not(feature = "hub"))]
pub fn push_json(_: &[u8]) {}

/// Nor received.
#[cfg(not(feature = "hub"))]
pub fn statsd(_: &[u8]) {}

/// However the bytes come in pieces, a connection finds the same requests in them.
pub fn connection(bytes: &[u8]) {
    let Some((size, bytes)) = bytes.split_first() else { return };
    let whole = converse(bytes, bytes.len());
    assert_eq!(converse(bytes, 1 + usize::from(*size)), whole);
    assert_eq!(converse(bytes, 1), whole);
}

/// The heads that a connection finds, and how it ends, when bytes come `size` at a time.
fn converse(bytes: &[u8], size: usize) -> (Vec<Vec<u8>>, &'static str) {
    let (mut client, server) = UnixStream::pair().unwrap();
    server.set_nonblocking(true).unwrap();
    client.set_nonblocking(true).unwrap();
    let now = Instant::now();
    let mut connection = Connection::new(server.into(), &LIMITS, now);
    let (mut scratch, mut heads) = (vec![0; LIMITS.head], Vec::new());
    let mut response = Response::default();
    response.text(Status::Ok, "Yes.");
    response.finish(true, true);
    for piece in bytes.chunks(size.clamp(1, 4096)) {
        client.write_all(piece).unwrap();
        // As often as there may be something: a scratch at a time, and pipelined requests.
        for _ in 0..piece.len() + 2 {
            let mut next = connection.receive(&mut scratch, &LIMITS, now);
            if let Next::Answer(end) = next
                && let Ok(request) = Request::parse(&scratch[..end])
                && request.method == Method::Post
            {
                heads.push(scratch[..end].to_vec());
                next = connection.collect(&request, &scratch[..end], MAX_BODY, &LIMITS, now);
            }
            match next {
                Next::Wait => {}
                Next::Received => {
                    let intake = connection.take_intake().unwrap();
                    assert!(intake.body.len() <= MAX_BODY);
                    heads.push(intake.body);
                    connection.answer(&mut response, &LIMITS, now);
                    let _ = client.read(&mut [0; 1024]);
                }
                Next::Refuse(_) => return (heads, "refused"),
                Next::Close => return (heads, "closed"),
                Next::TooLong => return (heads, "too long"),
                Next::Answer(end) => {
                    let head = scratch[..end].to_vec();
                    let framed = Request::parse(&head).and_then(|r| connection.frame(&r));
                    heads.push(head.clone());
                    if framed.is_err() {
                        return (heads, "refused");
                    }
                    connection.answer(&mut response, &LIMITS, now);
                    let _ = client.read(&mut [0; 1024]);
                }
            }
            assert!(connection.kept() <= LIMITS.head, "it keeps more than a head");
            if connection.phase() == Phase::Linger {
                return (heads, "done");
            }
        }
    }
    (heads, "open")
}
