//! Fifty other endpoints of which ten hang: what the agent's own clients notice of that.
//!
//! Three agents are asked in turns: one without targets; one whose targets were asked once, so that
//! its page is as long as that of the third; and one that asks all fifty every second. The endpoints
//! are threads of this process.

use crate::programs::{self, Dialect, Programs};
use crate::server::Server;
use crate::stats::percentile;
use crate::targets::write;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

const TARGETS: usize = 50;
/// One in so many hangs.
const HANGS: usize = 5;
/// Series of one target.
const SERIES: usize = 20;

/// Between two rounds, so that they lie over many intervals.
const PAUSE: Duration = Duration::from_millis(1);

/// How long it may take until each was asked.
const PATIENCE: Duration = Duration::from_secs(20);

/// 99th percentiles of a scrape, in nanoseconds as the client sees it.
pub struct Crowd {
    /// Without targets.
    pub none: f64,
    /// The same page as with those that hang, and nothing going on.
    pub still: f64,
    /// Fifty are asked every second, ten of them hang.
    pub busy: f64,
}

impl Crowd {
    /// All three, for the record.
    pub fn text(&self) -> String {
        let [none, still, busy] = [self.none, self.still, self.busy].map(write::millis);
        format!(
            "p99 of a scrape: {none} without targets, {still} with the page of 50, {busy} with 50 \
             of which 10 hang"
        )
    }
}

/// So many scrapes of each.
pub fn measure(programs: &Programs, scrapes: usize) -> io::Result<Crowd> {
    let fine = endpoint(true)?;
    let hanging = endpoint(false)?;
    let agents = [
        start(programs, "none", "")?,
        start(programs, "still", &targets("interval_secs = 3600", fine, hanging))?,
        start(programs, "busy", &targets("interval_secs = 1", fine, hanging))?,
    ];
    let mut clients = Vec::new();
    for (agent, count) in agents.iter().zip([0, TARGETS, TARGETS]) {
        wait_for(agent, count)?;
        clients.push(agent.client(false)?);
    }
    let mut took = [const { Vec::new() }; 3];
    for round in 0..scrapes + 10 {
        for (client, took) in clients.iter_mut().zip(&mut took) {
            let answer = client.scrape()?;
            // The first of each only warm up.
            if round >= 10 {
                took.push(answer.took.as_nanos() as f64);
            }
        }
        sleep(PAUSE);
    }
    let [none, still, busy] = took.map(|mut took| {
        took.sort_by(f64::total_cmp);
        percentile(&took, 0.99)
    });
    Ok(Crowd { none, still, busy })
}

/// A settings file with the targets of one agent.
fn targets(interval: &str, fine: SocketAddr, hanging: SocketAddr) -> String {
    let mut file = format!("[scrape]\n{interval}\ntimeout_secs = 1\n");
    for at in 0..TARGETS {
        let address = if at.is_multiple_of(HANGS) { hanging } else { fine };
        // Writing to a String cannot fail.
        let _ = write!(
            file,
            "[[scrape.targets]]\nname = \"t{at}\"\nurl = \"http://{address}/metrics\"\n"
        );
    }
    file
}

fn start(programs: &Programs, name: &str, file: &str) -> io::Result<Server> {
    let name = format!("sysmetrics-bench-{name}-{}.toml", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    std::fs::write(&path, file)?;
    let mut arguments = programs::agent_arguments(&programs.agent, Dialect::Own);
    arguments.push(format!("--config={}", path.display()));
    let server = programs::start(&arguments);
    std::fs::remove_file(&path)?;
    server
}

/// Until so many targets have answered or failed.
fn wait_for(agent: &Server, count: usize) -> io::Result<()> {
    let start = Instant::now();
    loop {
        let mut stream = TcpStream::connect(agent.address)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut page = String::new();
        stream.read_to_string(&mut page)?;
        if page.matches("\nsysmetrics_target_up{").count() >= count {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(io::Error::other("not all targets were asked"));
        }
        sleep(Duration::from_millis(20));
    }
}

/// One that answers each request on each connection, or none.
fn endpoint(answers: bool) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut body = String::from("# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\n");
    for n in 0..SERIES {
        let _ = writeln!(body, "jobs_total{{queue=\"{n}\"}} {}", n * 1234);
    }
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || serve(stream, answers.then_some(answer)));
        }
    });
    Ok(address)
}

/// A request comes in one piece here.
fn serve(mut stream: TcpStream, answer: Option<String>) {
    let mut request = [0; 2048];
    while stream.read(&mut request).is_ok_and(|n| n > 0) {
        let done = answer.as_ref().map_or(Ok(()), |a| stream.write_all(a.as_bytes()));
        if done.is_err() {
            return;
        }
    }
}
