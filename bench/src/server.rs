//! A program under measurement: started on a free port, asked until it answers, killed at the end.

use crate::client::{Client, request};
use crate::sys;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running server.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    path: String,
}

/// What the kernel says of a process's memory, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    pub resident: u64,
    pub anonymous: u64,
}

/// An address on loopback that nobody listens on.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

impl Server {
    /// Runs `argv` with `{}` replaced by a free address.
    pub fn start(argv: &[String], path: &str) -> io::Result<Server> {
        let address = free_address()?;
        let mut argv = argv.iter().map(|a| a.replace("{}", &address.to_string()));
        let mut command = Command::new(argv.next().unwrap_or_default());
        command.args(argv).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = sys::dies_with_us(&mut command).spawn()?;
        let server = Server { child, address, path: path.to_owned() };
        let start = Instant::now();
        loop {
            match server.client(false).and_then(|mut client| client.scrape()) {
                Ok(_) => return Ok(server),
                Err(_) if start.elapsed() < PATIENCE => sleep(Duration::from_millis(2)),
                Err(e) => return Err(io::Error::new(e.kind(), format!("{command:?}: {e}"))),
            }
        }
    }

    /// A kept connection to it.
    pub fn client(&self, gzip: bool) -> io::Result<Client> {
        self.client_for(&self.path, gzip)
    }

    /// A kept connection that asks for another path.
    pub fn client_for(&self, path: &str, gzip: bool) -> io::Result<Client> {
        Client::connect(self.address, request(path, gzip))
    }

    /// Ends it as a service manager would, and waits for that.
    pub fn end(mut self) -> io::Result<()> {
        sys::signal(self.pid(), libc::SIGTERM);
        self.child.wait().map(drop)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time that it has used.
    pub fn cpu(&self) -> u64 {
        sys::cpu_nanos(self.pid()).unwrap_or(0)
    }

    pub fn memory(&self) -> Memory {
        Memory { resident: self.status("VmRSS:") << 10, anonymous: self.status("RssAnon:") << 10 }
    }

    pub fn threads(&self) -> u64 {
        self.status("Threads:")
    }

    /// How many descriptors it holds.
    pub fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).map_or(0, Iterator::count)
    }

    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix(key));
        line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
