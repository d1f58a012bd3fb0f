//! Crowds: a thousand idle clients, a thousand slow ones, more clients than descriptors. Every valid request is
//! answered, and neither memory nor CPU time grows without bound.
#![cfg(all(feature = "exporter", not(feature = "tiny_http")))] // it starts a thread a client, and aborts without descriptors
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Client, wait_until};
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A thousand clients, held by one thread that gives each of them one `byte` after the other and
/// connects anew in the place of those that were shut out.
struct Crowd {
    stop: Arc<AtomicBool>,
    there: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Crowd {
    fn of(count: usize, address: &str, byte: Option<u8>) -> Crowd {
        let (stop, there) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, came, address) = (stop.clone(), there.clone(), address.to_owned());
        let thread = std::thread::spawn(move || {
            let mut clients: Vec<TcpStream> = Vec::new();
            for turn in 0.. {
                if stopped.load(Relaxed) {
                    return;
                }
                match clients.get_mut(turn % count) {
                    Some(client) => {
                        if byte.is_some_and(|b| client.write_all(&[b]).is_err()) {
                            *client = TcpStream::connect(&address).unwrap();
                        }
                    }
                    None => clients.push(TcpStream::connect(&address).unwrap()),
                }
                came.store(clients.len(), Relaxed);
                if clients.len() == count {
                    std::thread::sleep(Duration::from_micros(100));
                }
            }
        });
        let crowd = Crowd { stop, there, thread: Some(thread) };
        wait_until("the crowd", || crowd.there.load(Relaxed) == count);
        crowd
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        let _ = self.thread.take().map(|thread| thread.join());
    }
}

#[test]
fn a_scrape_gets_through_a_thousand_idle_and_a_thousand_trickling_clients() {
    common::limits::make_room_for_sockets();
    let agent = Agent::plan().machine("box").start();
    for _ in 0..3 {
        agent.scrape();
    }
    let before = agent.status("VmHWM");
    let _idle = Crowd::of(1000, &agent.address(), None);
    let _trickling = Crowd::of(1000, &agent.address(), Some(b'G'));
    for _ in 0..50 {
        let metrics = agent.scrape();
        assert!(metrics.value("sysmetrics_http_connections", &[]) <= 512.0);
    }
    let grown = agent.status("VmHWM") - before;
    assert!(grown < 1500, "grown by {grown} kB: more than 512 beginnings of heads and their slots");
    assert!(agent.scrape().value("sysmetrics_http_connections_evicted_total", &[]) > 1400.0);
}

/// What became of clients that ask again as soon as they are answered.
#[derive(Default)]
struct Busy {
    answers: AtomicUsize,
    /// Connections that ended without having been told so.
    broken: AtomicUsize,
    /// Those of them that had asked later than they may.
    slow: AtomicUsize,
}

/// How long the agent keeps a place for the first request of a client, and for the next one.
const FIRST_BYTES: Duration = Duration::from_millis(2);
const GRACE: Duration = Duration::from_millis(10);

impl Busy {
    fn cut_off(&self, is_slow: bool) {
        self.broken.fetch_add(1, Relaxed);
        self.slow.fetch_add(usize::from(is_slow), Relaxed);
    }
}

/// So many of them, until `stop`. One that is told to connect anew does.
fn busy_client(address: &str, stop: &AtomicBool, busy: &Busy) {
    const GET: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut since, mut grace) = (Instant::now(), FIRST_BYTES);
    let mut client = Client::connect(address);
    while !stop.load(Relaxed) {
        let asked = Instant::now();
        let sent = client.stream().write_all(GET);
        let is_slow = since.elapsed() >= grace;
        (since, grace) = (asked, GRACE);
        match sent.and_then(|()| client.try_answer(true)) {
            Ok(answer) => {
                assert_eq!(answer.status, 200);
                busy.answers.fetch_add(1, Relaxed);
                if answer.header("Connection") != Some("close") {
                    continue;
                }
            }
            Err(_) => busy.cut_off(is_slow),
        }
        (since, grace) = (Instant::now(), FIRST_BYTES);
        client = Client::connect(address);
    }
}

/// Runs `count` busy clients, each with a thread, while scrapes are taken beside them.
fn crowd_beside(agent: &Agent, count: usize, scrapes: usize) -> Busy {
    common::limits::make_room_for_sockets();
    let (stop, busy, address) = (AtomicBool::new(false), Busy::default(), agent.address());
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        for _ in 0..count {
            let client = || busy_client(&address, &stop, &busy);
            std::thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, client).unwrap();
        }
        wait_until("the crowd", || busy.answers.load(Relaxed) > count);
        (0..scrapes).for_each(|_| scrape_beside(&address, &busy));
    });
    busy
}

/// One scrape by a client of its own. Where the table is full it may be cut off before it was heard;
/// that counts, and it comes again.
fn scrape_beside(address: &str, busy: &Busy) {
    let before = busy.broken.load(Relaxed);
    while busy.broken.load(Relaxed) < before + 10_000 {
        let since = Instant::now();
        let mut client = Client::connect(address);
        let sent = client.stream().write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        let is_slow = since.elapsed() >= FIRST_BYTES;
        match sent.and_then(|()| client.try_answer(true)) {
            Ok(answer) => return assert_eq!(answer.status, 200),
            Err(_) => busy.cut_off(is_slow),
        }
    }
    panic!("never answered");
}

/// Ends the busy clients however the test ends: a panic would wait for them for ever.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn five_hundred_busy_clients_keep_their_connections() {
    let agent = Agent::plan().machine("box").start();
    let busy = crowd_beside(&agent, 500, 20);
    assert_eq!(busy.broken.into_inner(), 0);
    let metrics = agent.scrape();
    for name in ["evicted", "refused"] {
        let name = format!("sysmetrics_http_connections_{name}_total");
        assert_eq!(metrics.value(&name, &[]), 0.0, "{name}");
    }
    let labels = [("path", "/metrics"), ("code", "200")];
    let counted = metrics.value("sysmetrics_http_requests_total", &labels) as usize;
    assert_eq!(counted, busy.answers.into_inner() + 20, "each answer counts");
    wait_until("no thread besides", || agent.threads() == 1);
}

/// With more busy clients than there is room for, one that was answered makes room for one that waits.
#[test]
fn a_crowd_takes_turns_where_there_is_no_room_for_all() {
    let agent = Agent::plan().machine("box").set("server.max_connections", "16").start();
    let busy = crowd_beside(&agent, 100, 20);
    let Busy { answers, broken, slow } = busy;
    let [answers, broken, slow] = [answers, broken, slow].map(AtomicUsize::into_inner);
    // Who is slow to ask, as on a busy machine, may lose its place.
    let text = format!("{broken} of {answers} were cut off, {slow} were slow");
    assert!((broken - slow) * 10 < answers, "{text}");
    assert!(broken < answers, "{text}");
    let refused = agent.scrape().value("sysmetrics_http_connections_refused_total", &[]);
    assert_eq!(refused, 0.0);
}

/// Where there is room for all none is told to come again.
#[test]
fn as_many_as_there_is_room_for_stay() {
    let agent = Agent::plan().machine("box").set("server.max_connections", "4").start();
    let mut clients: Vec<Client> = (0..4).map(|_| agent.connect()).collect();
    for _ in 0..50 {
        for client in &mut clients {
            client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        for client in &mut clients {
            assert_eq!(client.answer().header("Connection"), None);
        }
    }
}

#[test]
fn newcomers_do_not_push_each_other_out() {
    // The table is full of half heads; four come at once and take a moment to speak.
    let plan = Agent::plan().set("server.max_connections", "8");
    let agent = plan.set("server.head_timeout", "1m").start();
    let mut half_heads: Vec<Client> = (0..8).map(|_| agent.connect()).collect();
    for client in &mut half_heads {
        client.send("GET /");
    }
    let mut newcomers: Vec<Client> = (0..4).map(|_| agent.connect()).collect();
    for client in newcomers.iter_mut().rev() {
        assert_eq!(client.get("/health").text(), "ok\n");
    }
}

#[test]
fn more_clients_than_descriptors() {
    let mut agent = Agent::plan().shell("ulimit -n 24; exec \"$@\"").start();
    assert!(agent.scrape().success("memory").unwrap());
    // A child of this process may inherit descriptors that another test has open without
    // close-on-exec; they lie above the limit and come on top of it.
    let inherited = agent.descriptors().iter().filter(|fd| **fd >= 24).count();
    let mut clients: Vec<Client> = (0..40).map(|_| agent.connect()).collect();
    for _ in 0..5 {
        let metrics = agent.scrape();
        assert!(metrics.success("memory").unwrap());
        assert!(metrics.value("process_open_fds", &[]) <= 24.0 + inherited as f64);
        assert!(metrics.value("sysmetrics_http_connections", &[]) < 24.0);
    }
    let before = agent.cpu_ticks();
    std::thread::sleep(Duration::from_millis(500));
    assert!(agent.cpu_ticks() < before + 15, "it waits, it does not spin");
    assert_eq!(clients.pop().unwrap().get("/health").text(), "ok\n", "the last are still there");
    drop(clients);
    for _ in 0..20 {
        assert_eq!(agent.get("/health").text(), "ok\n");
    }
    assert!(agent.is_running());
    assert!(agent.lines_with("cannot take another connection") <= 1);
}

/// The descriptors that the kernel's files need are not the clients' to take.
#[test]
fn clients_that_come_before_the_first_scrape_leave_room_for_it() {
    let agent = Agent::plan().shell("ulimit -n 24; exec \"$@\"").start();
    let _clients: Vec<Client> = (0..40).map(|_| agent.connect()).collect();
    let metrics = agent.scrape();
    for collector in ["cpu", "memory", "network"] {
        assert_eq!(metrics.success(collector), Some(true), "{collector}");
    }
    assert!(agent.lines_with("max_connections") == 1, "{:?}", agent.log());
}

/// It does not start where scrapes would get no answer, and says how many it needs; with so many all is read.
#[cfg(feature = "hub")]
#[test]
fn a_low_limit_of_open_files_is_enough_or_refused() {
    let file = "statsd.listen = \"127.0.0.1:0\"\npeaks.enabled = true\nlogs = [ { path = \"/nowhere/*.log\", \
        rules = [ { metric = \"lines_total\", pattern = \"x\" } ] } ]\n\
        export = [ { type = \"otlp\", endpoint = \"http://127.0.0.1:9\" } ]\n\
        scrape.targets = [ { name = \"a\", url = \"http://127.0.0.1:9/\" } ]\n";
    let plan =
        |n: &str| Agent::plan().file(file).shell(&format!("ulimit -n {n}; exec \"$@\"")).spawn();
    let mut refused = plan("24");
    assert_eq!(refused.wait().code(), Some(1));
    let needed = "the limit of open files is 24, and these settings need ";
    refused.wait_for_log(needed, 1);
    let log = refused.log().concat();
    let needed = log.split_once(needed).unwrap().1.split_once(':').unwrap().0;
    let agent = plan(needed);
    agent.wait_for_log("serving", 1);
    let _clients: Vec<Client> = (0..40).map(|_| agent.connect()).collect();
    for _ in 0..3 {
        assert!(!agent.get("/metrics").text().contains("EMFILE"), "{needed}");
    }
}

#[test]
fn without_any_descriptor_it_waits_and_recovers() {
    let mut agent = Agent::start();
    assert_eq!(agent.get("/health").text(), "ok\n");
    common::limits::limit_open_files(agent.id(), 3);
    let mut client = agent.connect();
    client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    agent.wait_for_log("cannot take another connection", 1);
    let before = agent.cpu_ticks();
    std::thread::sleep(Duration::from_millis(500));
    assert!(agent.cpu_ticks() < before + 15, "it waits, it does not spin");
    common::limits::limit_open_files(agent.id(), 1024);
    assert_eq!(client.answer().text(), "ok\n");
    assert!(agent.is_running());
    assert_eq!(agent.lines_with("cannot take another connection"), 1, "said once");
}
