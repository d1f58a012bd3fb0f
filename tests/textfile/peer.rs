//! A real node_exporter.

use crate::common::{Server, free_address};
use std::process::Command;

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

/// It runs with these flags.
pub fn start(flags: &[String]) -> Server {
    let address = free_address();
    let mut command = Command::new(node_exporter().0);
    command.args(flags).arg(format!("--web.listen-address={address}"));
    Server::start(&mut command, address, "/")
}
