//! From exec to the first whole answer, in two ways. *Handed over*: the socket listens before the
//! program starts, as under a service manager, and the request waits in it; the time is the
//! program's own. *Retry*: a client tries to connect every 20 µs or so; this adds what the client
//! needs to notice, but any program can be measured.

use crate::client::{Client, request};
use crate::server::free_address;
use crate::stats::Summary;
use crate::sys::{self, Exec};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::Duration;

const RETRY: Duration = Duration::from_micros(20);
const MAX_RETRIES: u32 = 100_000;

/// Nanoseconds from exec to the last byte of the answer, the socket being handed over.
pub fn handed_over(argv: &[String], times: usize) -> io::Result<Summary> {
    let argv: Vec<_> = argv.iter().map(|a| a.replace("{}", "127.0.0.1:1")).collect();
    let mut exec = Exec::new(&argv);
    let mut samples = Vec::new();
    for _ in 0..times {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut client = Client::connect(listener.local_addr()?, request("/metrics", false))?;
        client.ask()?;
        let pid = exec.start(Some(listener.as_fd()))?;
        drop(listener);
        let answer = client.answer();
        samples.push(end(&exec, pid));
        answer?;
    }
    Ok(Summary::of(&samples))
}

/// The same, the program opening its socket while a client tries to connect.
pub fn retried(argv: &[String], times: usize) -> io::Result<Summary> {
    let mut samples = Vec::new();
    for _ in 0..times {
        let address = free_address()?;
        let argv: Vec<_> = argv.iter().map(|a| a.replace("{}", &address.to_string())).collect();
        let mut exec = Exec::new(&argv);
        let pid = exec.start(None)?;
        let mut answer = Err(io::Error::other("never tried"));
        for _ in 0..MAX_RETRIES {
            answer =
                Client::connect(address, request("/metrics", false)).and_then(|mut c| c.scrape());
            if answer.is_ok() {
                break;
            }
            sleep(RETRY);
        }
        samples.push(end(&exec, pid));
        answer?;
    }
    Ok(Summary::of(&samples))
}

fn end(exec: &Exec, pid: u32) -> f64 {
    let now = sys::monotonic_nanos();
    sys::signal(pid, libc::SIGKILL);
    sys::reap(pid);
    now.saturating_sub(exec.started_at()) as f64
}
