//! Messages to the service manager (sd_notify(3)).
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::agent::Plan;
use common::{Agent, PATIENCE, Temp};
use std::os::unix::net::UnixDatagram;

/// The manager's socket, and a plan that knows of it.
fn manager(dir: &Temp) -> (UnixDatagram, Plan) {
    let path = dir.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    (socket, Agent::plan().env("NOTIFY_SOCKET", path.to_str().unwrap()))
}

fn receive(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let n = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..n].to_vec()).unwrap()
}

#[test]
fn ready_reloading_ready_stopping() {
    let dir = Temp::new();
    let (socket, plan) = manager(&dir);
    let mut agent = plan.start();
    assert_eq!(receive(&socket), "READY=1");
    agent.signal(libc::SIGHUP);
    let reloading = receive(&socket);
    let at = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap();
    assert!(at.parse::<u64>().unwrap() > 0);
    assert_eq!(receive(&socket), "READY=1");
    agent.signal(libc::SIGTERM);
    assert_eq!(receive(&socket), "STOPPING=1");
    assert!(agent.wait().success());
}

#[test]
fn ready_means_that_it_serves() {
    let dir = Temp::new();
    let (socket, plan) = manager(&dir);
    let agent = plan.spawn();
    assert_eq!(receive(&socket), "READY=1");
    agent.wait_for_log("serving", 1);
    assert_eq!(agent.get("/health").text(), "ok\n");
}

#[test]
fn the_watchdog_is_notified_without_a_client() {
    let dir = Temp::new();
    let (socket, plan) = manager(&dir);
    let _agent = plan.env("WATCHDOG_USEC", "200000").start();
    assert_eq!(receive(&socket), "READY=1");
    for _ in 0..4 {
        assert_eq!(receive(&socket), "WATCHDOG=1");
    }
}

#[test]
fn a_watchdog_of_another_process_does_not() {
    let dir = Temp::new();
    let (socket, plan) = manager(&dir);
    let agent = plan.env("WATCHDOG_USEC", "20000").env("WATCHDOG_PID", "1").start();
    assert_eq!(receive(&socket), "READY=1");
    std::thread::sleep(std::time::Duration::from_millis(100));
    agent.signal(libc::SIGTERM);
    assert_eq!(receive(&socket), "STOPPING=1", "and no WATCHDOG=1 before");
}

#[test]
fn a_manager_that_is_gone_changes_nothing() {
    let agent = Agent::plan()
        .env("NOTIFY_SOCKET", "/nonexistent/socket")
        .env("WATCHDOG_USEC", "20000")
        .start();
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(agent.cpu_ticks() < 15, "a deadline that nobody hears of must not spin");
    assert_eq!(agent.get("/health").text(), "ok\n");
}
