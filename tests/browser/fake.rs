//! An agent made by the test: it serves the real page with its real policy, and figures that the test sets. Its
//! clock advances by two seconds with each request, so that five minutes take 150 requests, or it is the test's own
//! clock.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;
use sysmetrics::outputs::status::{PAGE_GZIP, POLICY};

/// Makes the members of `/api/status` that differ from those of [`calm`], at so many seconds.
pub type Figures = fn(f64) -> String;

struct State {
    figures: Figures,
    pid: u32,
    /// Seconds since the start, if they go by questions.
    clock: Option<f64>,
    /// Whether connections end without an answer.
    gone: bool,
    heads: Vec<String>,
}

pub struct Fake {
    pub address: String,
    state: Arc<Mutex<State>>,
    prefix: &'static str,
}

impl Fake {
    pub fn new(figures: Figures) -> Fake {
        Fake::behind("/", figures)
    }

    /// One whose pages are below `prefix`, and nothing else.
    pub fn behind(prefix: &'static str, figures: Figures) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = State { figures, pid: 711, clock: Some(100.0), gone: false, heads: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            let start = Instant::now();
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, prefix, &shared, start));
            }
        });
        Fake { address, state, prefix }
    }

    pub fn url(&self) -> String {
        format!("http://{}{}status", self.address, self.prefix)
    }

    /// From now on other figures.
    pub fn figures(&self, figures: Figures) {
        self.state.lock().unwrap().figures = figures;
    }

    /// Its clock is that of the test.
    pub fn by_the_clock(self) -> Fake {
        self.state.lock().unwrap().clock = None;
        self
    }

    /// So much time goes by.
    pub fn pass(&self, seconds: f64) {
        *self.state.lock().unwrap().clock.as_mut().unwrap() += seconds;
    }

    /// Another process answers from now on.
    pub fn restart(&self, pid: u32) {
        self.state.lock().unwrap().pid = pid;
    }

    pub fn go_away(&self, gone: bool) {
        self.state.lock().unwrap().gone = gone;
    }

    /// Paths that were asked for and contain this.
    pub fn requests(&self, part: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let paths = state.heads.iter().filter_map(|head| head.split(' ').nth(1));
        paths.filter(|path| path.contains(part)).map(str::to_owned).collect()
    }
}

fn serve(stream: TcpStream, prefix: &str, state: &Mutex<State>, start: Instant) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (kind, body) = {
        let mut state = state.lock().unwrap();
        state.heads.push(head);
        if state.gone {
            return;
        }
        match path.strip_prefix(prefix) {
            Some("status") => ("text/html; charset=utf-8", PAGE_GZIP.to_vec()),
            Some("api/status") => {
                if let Some(clock) = &mut state.clock {
                    *clock += 2.0;
                }
                let t = state.clock.unwrap_or_else(|| 100.0 + start.elapsed().as_secs_f64());
                ("application/json", calm(t, state.pid, &(state.figures)(t)).into_bytes())
            }
            Some(series) if series.starts_with("api/series?") => {
                ("application/json", found(series).into_bytes())
            }
            _ => ("", Vec::new()),
        }
    };
    let coding = if kind.starts_with("text/html") { "Content-Encoding: gzip\r\n" } else { "" };
    let status = if kind.is_empty() { "404 Not Found" } else { "200 OK" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{coding}\
         Content-Security-Policy: {POLICY}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A browser that has what it wants hangs up.
    let stream = stream.get_mut();
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// A quiet machine; members that come twice in JSON are those of the end.
fn calm(t: f64, pid: u32, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"time":{time},"monotonic":{t},"health":"ok",
        "agent":{{"version":"1.0.0","pid":{pid},"uptime_seconds":{t},"cpu_seconds":1.5,"resident_bytes":2097152,"open_files":20,"scrape_seconds":0.5}},
        "host":{{"name":"router","kernel":"6.6.51","uptime_seconds":270000}},
        "cpu":{{"count":2,"seconds":{{"user":{user},"nice":0,"system":{system},"idle":{idle},"iowait":0,"irq":0,"softirq":0,"steal":0}},
          "cores":[{{"cpu":"0","busy_seconds":{c0},"total_seconds":{t}}},{{"cpu":"1","busy_seconds":{c1},"total_seconds":{t}}}],"cores_left_out":0}},
        "load":{{"load1":0.5,"load5":0.4,"load15":0.3}},"temperature":{{"celsius":51.5,"sensor":"cpu-thermal"}},
        "temperatures":[{{"sensor":"cpu-thermal","celsius":51.5,"critical_celsius":110}}],
        "memory":{{"total_bytes":4294967296,"free_bytes":1073741824,"used_bytes":2147483648,"available_bytes":2147483648,"buffers_bytes":536870912,"cached_bytes":536870912,"swap_total_bytes":0,"swap_free_bytes":0}},
        "filesystems":[{{"mountpoint":"/","device":"/dev/mmcblk0p2","type":"ext4","readonly":false,"device_error":null,"size_bytes":32e9,"free_bytes":20e9,"avail_bytes":18e9}}],
        "disks":[{disk}],"network":[{eth0}],
        "collectors":[{{"name":"cpu","success":true,"seconds":0.0002,"age_seconds":0,"errors":0,"read_errors":{{}},"last_error":null,"last_error_age_seconds":null}}],
        "targets":[],"pushes":{{"series":0,"families":0,"accepted":0,"refused":{{}}}},"logs":[],"exports":[],"alerts":[],"reasons":[],"notes":[],"left_out":0{comma}{more}}}"#,
        time = 1_795_255_200.0 + t,
        user = t * 0.5,
        system = t * 0.1,
        idle = t * 1.4,
        c0 = t * 0.5,
        c1 = t * 0.1,
        disk = disk("mmcblk0", t, 1e6, false, 32e9),
        eth0 = interface("eth0", t, 1e6, Some(true), 0.0),
    )
}

/// A disk that reads `rate` bytes each second and writes a quarter of that.
pub fn disk(name: &str, t: f64, rate: f64, is_partition: bool, size: f64) -> String {
    format!(
        r#"{{"device":"{name}","read_bytes":{},"written_bytes":{},"reads":1,"writes":1,"in_progress":0,
        "busy_seconds":{},"is_partition":{is_partition},"size_bytes":{size}}}"#,
        t * rate,
        t * rate / 4.0,
        t * rate / 1e7
    )
}

/// An interface that receives `rate` bytes each second and sends a quarter of that.
pub fn interface(name: &str, t: f64, rate: f64, up: Option<bool>, dropped: f64) -> String {
    let up = up.map_or("null".to_owned(), |up| up.to_string());
    format!(
        r#"{{"interface":"{name}","receive_bytes":{},"transmit_bytes":{},"receive_packets":1,"transmit_packets":1,
        "receive_errors":0,"transmit_errors":0,"receive_dropped":{dropped},"transmit_dropped":0,
        "up":{up},"operstate":"up","speed_bytes":125000000,"addresses":["192.168.1.1/24","fe80::dea6:32ff:fe01:2/64"]}}"#,
        t * rate,
        t * rate / 4.0
    )
}

/// Two series, of which one has what was asked for.
fn found(query: &str) -> String {
    let one = |name: &str| {
        format!(
            r#"{{"name":"{name}","labels":{{"job":"<b>backup</b>"}},"type":"counter","value":"12.50","age_seconds":90,"source":"push"}}"#
        )
    };
    let all = if query.contains("q=room%20%26") {
        one("room_celsius")
    } else {
        [one("jobs_done_total"), one("room_celsius")].join(",")
    };
    let matching = if all.contains("jobs") { 1200 } else { 1 };
    format!(r#"{{"series":[{all}],"matching":{matching},"total":1200}}"#)
}
