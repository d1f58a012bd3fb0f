//! A real node_exporter.

use crate::common::wait_until;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

pub struct Peer {
    child: Child,
    address: String,
}

/// The program and its release.
pub fn node_exporter() -> (String, (u32, u32)) {
    let name = std::env::var("NODE_EXPORTER");
    let name = name.unwrap_or_else(|_| "prometheus-node-exporter".to_owned());
    let version = Command::new(&name).arg("--version").output().unwrap_or_else(|e| {
        panic!("{name}: {e}; this test needs it: apt-get install prometheus-node-exporter")
    });
    let version = String::from_utf8([version.stdout, version.stderr].concat()).unwrap();
    let number = version.split("version ").nth(1).unwrap();
    let mut numbers = number.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap());
    (name, (numbers.next().unwrap(), numbers.next().unwrap()))
}

impl Peer {
    pub fn start(flags: &[String]) -> Peer {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(node_exporter().0);
        command.args(flags).arg(format!("--web.listen-address={free}")).stderr(Stdio::null());
        let peer = Peer { child: command.spawn().unwrap(), address: free.to_string() };
        wait_until("node_exporter", || TcpStream::connect(&peer.address).is_ok());
        peer
    }

    pub fn page(&self) -> String {
        // HTTP/1.0: no chunks, and the end of the connection is the end of the answer.
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
