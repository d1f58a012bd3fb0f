//! What a server asks of the kernel in one scrape, told by strace: how many calls over many scrapes,
//! and which of them, in order, are the reading of the machine.

use crate::client::Client;
use crate::server::Server;
use crate::sys;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long strace may take to attach.
const PATIENCE: Duration = Duration::from_secs(5);

/// One step of the reading, to be done again by `floor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `count` bytes at `offset` of a kept file.
    Pread {
        path: String,
        count: usize,
        offset: u64,
    },
    /// The size of a kept directory.
    Fstat {
        path: String,
    },
    /// The CPU clock of the process.
    CpuClock,
    /// Opens a file, by itself or relative to a kept directory; `Read` and `Close` are its.
    Open {
        dir: Option<String>,
        name: String,
    },
    Read {
        count: usize,
    },
    Close,
    /// Asks netlink for all interfaces; takes a datagram.
    AskLinks,
    TakeLinks {
        count: usize,
    },
}

/// One scrape, as traced.
#[derive(Debug, Default)]
pub struct Scrape {
    pub steps: Vec<Step>,
    /// Calls that are neither reading nor poll, recv, send.
    pub others: Vec<String>,
}

/// The last of a few steady scrapes of `server`.
pub fn steps(server: &Server, client: &mut Client) -> io::Result<Scrape> {
    let strace = Strace::attach(server.pid(), &["-yy", "-s", "0"])?;
    for _ in 0..5 {
        client.scrape()?;
    }
    let text = strace.end()?;
    let own = format!("/proc/{}/", server.pid());
    let calls: Vec<_> =
        text.lines().map(without_pid).map(|c| c.replace(&own, "/proc/self/")).collect();
    let at = |name: &str, calls: &[String]| {
        calls.iter().rposition(|c| c.starts_with(name) && c.contains("<TCP"))
    };
    let send = at("sendto(", &calls).or_else(|| at("write(", &calls)).unwrap_or(0);
    let receive = at("recvfrom(", &calls[..send]).or_else(|| at("read(", &calls[..send]));
    let mut scrape = Scrape::default();
    for call in calls.get(receive.map_or(send, |at| at + 1)..send).unwrap_or_default() {
        match step(call) {
            Some(step) => scrape.steps.push(step),
            None => scrape.others.push(call.clone()),
        }
    }
    Ok(scrape)
}

/// System calls a scrape, of all threads, over `count` scrapes.
pub fn calls_per_scrape(server: &Server, client: &mut Client, count: u32) -> io::Result<f64> {
    let strace = Strace::attach(server.pid(), &["-c"])?;
    for _ in 0..count {
        client.scrape()?;
    }
    let text = strace.end()?;
    let total = text.lines().find(|l| l.trim_end().ends_with(" total"));
    // `100.00 0.004 0 11000 total`, with the errors before `total` if there were any.
    let calls = total.and_then(|l| l.split_whitespace().nth(3)?.parse::<f64>().ok());
    let calls = calls.ok_or_else(|| io::Error::other("strace -c printed no total"))?;
    Ok(calls / f64::from(count))
}

fn without_pid(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start()
}

fn step(call: &str) -> Option<Step> {
    let (name, rest) = call.split_once('(')?;
    let (arguments, _) = rest.rsplit_once(" = ")?;
    let arguments: Vec<_> = arguments.trim_end().trim_end_matches(')').split(", ").collect();
    let first = arguments.first()?;
    // `7</proc/stat>`, or `7</proc/1/net/dev>(deleted)`: an entry of /proc that has no name now.
    let path = || Some(first.split_once('<')?.1.split_once('>')?.0.to_owned());
    let number = |at: usize| arguments.get(at)?.parse::<usize>().ok();
    let last = || arguments.last()?.parse::<usize>().ok();
    match name {
        "pread64" => {
            let offset = last()? as u64;
            let count = number(arguments.len() - 2)?;
            Some(Step::Pread { path: path()?, count, offset })
        }
        "fstat" | "newfstatat" => Some(Step::Fstat { path: path()? }),
        "clock_gettime" => Some(Step::CpuClock),
        "open" => Some(Step::Open { dir: None, name: quoted(first)? }),
        "openat" => {
            let dir = (!first.starts_with("AT_FDCWD")).then(path).flatten();
            Some(Step::Open { dir, name: quoted(arguments.get(1)?)? })
        }
        "close" => Some(Step::Close),
        "read" if !first.contains("<TCP") => Some(Step::Read { count: last()? }),
        "sendto" | "sendmsg" if first.contains("<NETLINK") => Some(Step::AskLinks),
        "recvfrom" | "recvmsg" if first.contains("<NETLINK") => {
            Some(Step::TakeLinks { count: number(2).unwrap_or(32 << 10) })
        }
        _ => None,
    }
}

fn quoted(argument: &str) -> Option<String> {
    Some(argument.strip_prefix('"')?.split_once('"')?.0.to_owned())
}

/// A running strace of ours.
struct Strace {
    child: Child,
    out: PathBuf,
}

impl Strace {
    fn attach(pid: u32, options: &[&str]) -> io::Result<Strace> {
        let out =
            std::env::temp_dir().join(format!("sysmetrics-bench-{}.strace", std::process::id()));
        let mut command = Command::new("strace");
        command.arg("-f").args(options).arg("-o").arg(&out).args(["-p", &pid.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let strace = Strace { child: sys::dies_with_us(&mut command).spawn()?, out };
        let start = Instant::now();
        while !is_traced(pid) {
            if start.elapsed() > PATIENCE {
                return Err(io::Error::other("strace could not attach; is ptrace allowed?"));
            }
            sleep(Duration::from_millis(5));
        }
        // All threads, and past the call the server was sleeping in.
        sleep(Duration::from_millis(100));
        Ok(strace)
    }

    /// Lets the server go and returns what strace wrote.
    fn end(mut self) -> io::Result<String> {
        sys::signal(self.child.id(), libc::SIGINT);
        self.child.wait()?;
        fs::read_to_string(&self.out)
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        // Both may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.out);
    }
}

fn is_traced(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|l| l.strip_prefix("TracerPid:"));
    tracer.is_some_and(|t| t.trim() != "0")
}
