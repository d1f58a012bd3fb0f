//! A program of others that serves HTTP at an address of its own, ended with the test.

use super::wait_until;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts `command`, which serves at `address`, and waits until it answers `path` with 200 or 204.
    pub fn start(command: &mut Command, address: String, path: &str) -> Server {
        let server = Server::spawn(command, address);
        wait_until(&format!("{command:?} to answer"), || {
            ask(&server.address, "GET", path).is_ok_and(|(status, _)| matches!(status, 200 | 204))
        });
        server
    }

    /// The same, where a GET alone is not answered.
    pub fn listening(command: &mut Command, address: String) -> Server {
        let server = Server::spawn(command, address);
        wait_until(&format!("{command:?} to listen"), || {
            TcpStream::connect(&server.address).is_ok()
        });
        server
    }

    fn spawn(command: &mut Command, address: String) -> Server {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|e| {
            panic!("this test needs {:?}, .ci/install.sh installs it: {e}", command.get_program())
        });
        Server { child, address }
    }

    /// The body of an answer.
    pub fn get(&self, path: &str) -> String {
        let (status, body) = ask(&self.address, "GET", path).unwrap();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of an answer. By HTTP/1.0: no chunks, and the end of the connection is the end.
pub fn ask(address: &str, method: &str, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let whole = status.zip(answer.split_once("\r\n\r\n"));
    let (status, (_, body)) =
        whole.ok_or_else(|| io::Error::other(format!("no answer: {answer:.200}")))?;
    Ok((status, body.to_owned()))
}

/// An address at which nobody listens. Its port is below those that the kernel gives to connections and to
/// port 0: nobody gets it by chance meanwhile, and who connects to it does not meet himself.
pub fn free_address() -> String {
    const PORTS: std::ops::Range<u16> = 20_000..30_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Tests that run at the same time begin elsewhere.
    let own = (std::process::id() % 97) as u16 * 101;
    for _ in PORTS {
        let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(own);
        let address = format!("127.0.0.1:{}", PORTS.start + next % (PORTS.end - PORTS.start));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
    panic!("no free port in {PORTS:?}")
}

/// Its port alone.
pub fn free_port() -> u16 {
    free_address().rsplit_once(':').unwrap().1.parse().unwrap()
}
