//! Listening: IPv4 and IPv6, several addresses, a Unix socket, sockets of a service manager.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Agent, Temp, get};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;

/// The agent becomes the process that the sockets are meant for.
const ACTIVATE: &str = "export LISTEN_PID=$$; exec \"$@\"";

fn listening(list: &str) -> common::agent::Plan {
    Agent::plan().file(&format!("[server]\nlisten = {list}\n"))
}

#[test]
fn on_ipv6() {
    let agent = listening("\"[::1]:0\"").start();
    assert!(agent.address().starts_with("[::1]:"), "{}", agent.address());
    assert_eq!(agent.get("/health").text(), "ok\n");
}

#[test]
fn on_every_address_of_both_families() {
    let agent = listening("\":0\"").start();
    let port = agent.address().rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "[::1]", "127.0.0.2"] {
        assert_eq!(get(&format!("{host}:{port}"), "/health").text(), "ok\n", "{host}");
    }
}

#[test]
fn on_several_addresses() {
    let agent = listening("[\"127.0.0.1:0\", \"[::1]:0\", \"127.0.0.2:0\"]").start();
    agent.wait_for_log("serving", 3);
    let addresses = agent.addresses();
    assert_eq!(addresses.len(), 3);
    for address in &addresses {
        assert_eq!(get(address, "/metrics").status, 200, "{address}");
    }
}

#[test]
fn on_a_unix_socket() {
    let dir = Temp::new();
    let path = dir.path("agent.sock");
    let address = format!("unix:{}", path.display());
    let mut agent = listening(&format!("[\"{address}\", \"127.0.0.1:0\"]")).start();
    agent.wait_for_log("serving", 2);
    assert_eq!(agent.addresses()[0], address);
    assert_eq!(get(&address, "/metrics").status, 200);
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert!(!path.exists(), "its file goes with it");
}

/// The mode and the group of a file.
#[cfg(not(feature = "tiny_http"))]
fn access(path: &std::path::Path) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt;
    let about = std::fs::metadata(path).unwrap();
    (about.mode() & 0o7777, about.gid())
}

#[cfg(not(feature = "tiny_http"))] // its addresses stay what they were
#[test]
fn the_mode_of_a_unix_socket_decides_who_may_connect() {
    let dir = Temp::new();
    let path = dir.path("agent.sock");
    // Our own group by its number, and by its name where there is one.
    let number = access(&dir.path("")).1;
    let groups = std::fs::read_to_string("/etc/group").unwrap();
    let suffix = format!(":{number}:");
    let name = groups.lines().find(|line| line.contains(&suffix));
    let name = name.map_or(number.to_string(), |line| line.split(':').next().unwrap().to_owned());
    let file = |mode: &str, group: &str| {
        format!(
            "[server]\nlisten = \"unix:{}\"\nsocket_mode = \"{mode}\"\nsocket_group = \"{group}\"\n",
            path.display()
        )
    };
    let agent = Agent::plan().file(&file("0660", &number.to_string())).start();
    assert_eq!(access(&path), (0o660, number));
    agent.reload(&file("0600", &name));
    agent.wait_for_log("settings reloaded", 1);
    assert_eq!(access(&path), (0o600, number));
    assert_eq!(agent.get("/health").text(), "ok\n");
    agent.reload(&file("0666", "no-such-group"));
    agent.wait_for_log("socket_group no-such-group: not in /etc/group", 1);
    let mut refused = Agent::plan().file(&file("0666", "no-such-group")).spawn();
    assert_eq!(refused.wait().code(), Some(1));
    let mut refused = Agent::plan().file(&file("rw-rw----", "")).spawn();
    assert_eq!(refused.wait().code(), Some(2));
    refused.wait_for_log("expected a mode in octal digits", 1);
}

#[test]
fn a_stale_socket_file_is_replaced() {
    let dir = Temp::new();
    let path = dir.path("agent.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "left behind");
    let address = format!("unix:{}", path.display());
    let _agent = listening(&format!("\"{address}\"")).start();
    assert_eq!(get(&address, "/health").text(), "ok\n");
    let mut second = listening(&format!("\"{address}\"")).spawn();
    assert_eq!(second.wait().code(), Some(1), "but not one that somebody listens on");
    second.wait_for_log("another sysmetrics", 1);
    assert_eq!(get(&address, "/health").text(), "ok\n", "the first serves on");
}

#[test]
fn an_address_that_cannot_be_ends_the_start_and_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut agent = listening(&format!("\"{address}\"")).spawn();
    assert_eq!(agent.wait().code(), Some(1));
    agent.wait_for_log(&address, 1);
    let dir = Temp::new();
    let file = dir.write("not-a-socket", "precious");
    let mut agent = listening(&format!("\"unix:{}\"", file.display())).spawn();
    assert_eq!(agent.wait().code(), Some(1));
    assert_eq!(std::fs::read(file).unwrap(), b"precious");
    agent.wait_for_log("the file there is not a socket", 1);
}

/// As that of a program that was killed, which its kernel has yet to take apart.
#[test]
fn an_address_that_becomes_free_a_moment_later_is_served() {
    let before = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = before.local_addr().unwrap().to_string();
    let agent = listening(&format!("\"{address}\"")).spawn();
    std::thread::sleep(std::time::Duration::from_millis(150));
    assert_eq!(agent.lines_with("serving"), 0);
    drop(before);
    agent.wait_for_log("serving", 1);
    assert_eq!(get(&address, "/health").text(), "ok\n");
}

#[test]
fn an_address_that_is_named_twice_is_served_once() {
    let dir = Temp::new();
    let address = format!("\"unix:{}\"", dir.path("agent.sock").display());
    let agent = listening(&format!("[{address}, \"127.0.0.1:0\", {address}]")).start();
    agent.wait_for_log("serving", 2);
    assert_eq!(agent.addresses().len(), 2);
    for address in agent.addresses() {
        assert_eq!(get(&address, "/health").text(), "ok\n", "{address}");
    }
}

#[test]
fn on_sockets_of_a_service_manager() {
    let dir = Temp::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = UnixListener::bind(dir.path("activated.sock")).unwrap();
    let agent = Agent::plan()
        .shell(ACTIVATE)
        .env("LISTEN_FDS", "2")
        .inherit(&[tcp.as_raw_fd(), unix.as_raw_fd()])
        .start();
    agent.wait_for_log("serving", 2);
    assert_eq!(agent.addresses()[0], tcp.local_addr().unwrap().to_string());
    let unix = format!("unix:{}", dir.path("activated.sock").display());
    for address in [&agent.addresses()[0], &unix] {
        assert_eq!(get(address, "/health").text(), "ok\n", "{address}");
    }
}

#[test]
fn sockets_meant_for_another_process_are_left_alone() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let plan = Agent::plan().env("LISTEN_FDS", "1").env("LISTEN_PID", "1");
    let agent = plan.inherit(&[tcp.as_raw_fd()]).start();
    assert_ne!(agent.address(), tcp.local_addr().unwrap().to_string());
    assert_eq!(agent.get("/health").text(), "ok\n");
}

/// A descriptor that is no listener would be ready for ever and never give a connection.
#[test]
fn what_is_handed_over_must_listen() {
    let dir = Temp::new();
    let file = std::fs::File::open(dir.write("file", "")).unwrap();
    let plan = Agent::plan().shell(ACTIVATE).env("LISTEN_FDS", "1");
    let mut agent = plan.inherit(&[file.as_raw_fd()]).spawn();
    assert_eq!(agent.wait().code(), Some(1));
    agent.wait_for_log("LISTEN_FDS", 1);
}
