//! The process: one thread, no growth, an orderly end, no harm from signals.
#![cfg(feature = "exporter")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::temp::make_pipe;
use common::{Agent, Client, Temp, wait_until};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

#[test]
fn sigterm_and_sigint_end_it_well() {
    for (signal, name) in [(libc::SIGTERM, "SIGTERM"), (libc::SIGINT, "SIGINT")] {
        let mut agent = Agent::start();
        let _idle = agent.connect();
        assert_eq!(agent.get("/health").status, 200);
        agent.signal(signal);
        assert_eq!(agent.wait().code(), Some(0));
        agent.wait_for_log(&format!("ending signal={name}"), 1);
        assert!(Client::try_connect(&agent.address()).is_err(), "nobody listens any more");
    }
}

/// What a trap of its own would do: no sentence is lost, and whoever started it sees the signal.
#[test]
fn a_fault_is_printed_before_the_process_ends() {
    let mut agent = Agent::start();
    agent.signal(libc::SIGILL);
    assert_eq!(agent.wait().signal(), Some(libc::SIGILL));
    agent.wait_for_log("internal error at 0x0000000000000000", 1);
}

/// An allocation that fails is a trap as well; whoever reads the sentence shall not look for a bug.
#[test]
fn out_of_memory_is_printed() {
    let mut agent = Agent::start();
    common::limits::limit_address_space(agent.id(), 1);
    agent.signal(libc::SIGILL);
    assert_eq!(agent.wait().signal(), Some(libc::SIGILL));
    agent.wait_for_log("no memory is left", 1);
}

/// Copies what is below `from`, and puts pipes in the place of files.
fn copy_as_pipes(from: &Path, to: &Path, files: &mut Vec<std::path::PathBuf>) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&from).unwrap(), &to).unwrap();
        } else if from.is_dir() {
            copy_as_pipes(&from, &to, files);
        } else {
            make_pipe(&to);
            files.push(to);
        }
    }
}

/// A pipe below a mount point of the kernel's files has nothing to say, and nobody waits for it.
#[test]
fn files_that_block_are_errors_of_their_own() {
    use std::io::Write;
    let (dir, mut pipes) = (Temp::new(), Vec::new());
    copy_as_pipes(Path::new("fixtures/box"), &dir.path("box"), &mut pipes);
    assert!(pipes.len() > 10, "{pipes:?}");
    let of = |part: &str| dir.path("box").join(part).display().to_string();
    let mut agent = Agent::plan()
        .arg(format!("--path.procfs={}", of("proc")))
        .arg(format!("--path.sysfs={}", of("sys")))
        .arg(format!("--path.udev.data={}", of("udev/data")))
        .start();
    let empty = agent.scrape();
    // With somebody at the other end of each, who has said something.
    let mut writers: Vec<_> = pipes
        .iter()
        .map(|pipe| std::fs::File::options().read(true).write(true).open(pipe).unwrap())
        .collect();
    writers.iter_mut().for_each(|writer| writer.write_all(b"1\n").unwrap());
    for metrics in [empty, agent.scrape(), agent.scrape()] {
        for collector in ["cpu", "memory", "disk"] {
            assert_eq!(metrics.success(collector), Some(false), "{collector}");
        }
        let of_machine = ["cpu", "memory", "disk"].map(|part| format!("sysmetrics_{part}_"));
        let read = metrics.samples().find(|s| of_machine.iter().any(|p| s.name.starts_with(p)));
        assert!(read.is_none(), "{read:?}");
    }
    agent.signal(libc::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
}

/// What the serving thread waits for here is its own settings file, which became a pipe.
#[test]
fn a_thread_that_hangs_does_not_keep_the_process() {
    for (again, most) in [(false, 10), (true, 5)] {
        let dir = Temp::new();
        let file = dir.write("pipe.toml", "[server]\nlisten = \"127.0.0.1:0\"\n");
        let mut agent = Agent::plan().arg(format!("--config={}", file.display())).start();
        std::fs::remove_file(&file).unwrap();
        make_pipe(&file);
        agent.signal(libc::SIGHUP);
        std::thread::sleep(Duration::from_millis(200));
        let start = Instant::now();
        agent.signal(libc::SIGTERM);
        if again {
            std::thread::sleep(Duration::from_millis(200));
            agent.signal(libc::SIGTERM);
        }
        let status = agent.wait();
        let took = start.elapsed();
        assert!(took < Duration::from_secs(most), "{took:?}");
        let by_alarm = status.signal() == Some(libc::SIGALRM);
        assert!(by_alarm || status.success(), "{status}");
    }
}

#[cfg(not(feature = "tiny_http"))]
#[test]
fn a_second_sigterm_ends_it_at_once() {
    let mut agent = Agent::plan().machine("many").start();
    let mut reader = common::slow::reader(&agent, 150);
    common::slow::wait_until_stalled(&agent, std::slice::from_mut(&mut reader));
    let start = Instant::now();
    agent.signal(libc::SIGTERM);
    agent.wait_for_log("ending", 1);
    agent.signal(libc::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(4), "the reader would have had five seconds");
}

/// Writing to a client that left is an error, no end, and so is writing beyond `ulimit -f`. SIGUSR1 and SIGUSR2 say
/// nothing to it.
#[test]
fn signals_for_others_never_end_it() {
    let mut agent = Agent::start();
    for signal in [libc::SIGPIPE, libc::SIGXFSZ, libc::SIGUSR1, libc::SIGUSR2, libc::SIGWINCH] {
        agent.signal(signal);
    }
    for _ in 0..20 {
        let mut client = agent.connect();
        client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5));
        client.stream().shutdown(std::net::Shutdown::Both).unwrap();
    }
    assert_eq!(agent.get("/health").status, 200);
    assert!(agent.is_running());
}

/// tiny_http starts a thread for each connection.
#[cfg(not(feature = "tiny_http"))]
#[test]
fn one_thread_is_all_there_is() {
    let agent = Agent::plan().file("").arg("--listen=127.0.0.1:0").start();
    let clients: Vec<Client> = (0..20).map(|_| agent.connect()).collect();
    assert_eq!(agent.get("/metrics").status, 200);
    wait_until("no thread besides", || agent.threads() == 1);
    drop(clients);
}

#[test]
fn scrapes_leave_nothing_behind() {
    let agent = Agent::plan().machine("many").start();
    let mut client = agent.connect();
    let gzip = "GET /metrics HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n";
    let mut scrape = |count| {
        for _ in 0..count {
            assert_eq!(client.get("/metrics").status, 200);
            assert_eq!(client.send(gzip).answer().status, 200);
        }
    };
    scrape(10);
    let before = (agent.status("VmRSS"), agent.scrape().value("process_open_fds", &[]));
    scrape(200);
    let after = agent.status("VmRSS");
    assert!(after <= before.0 + 256, "kB before and after: {before:?} {after:?}");
    // The connection of the scrape before may take a moment to be closed.
    let open = || agent.scrape().value("process_open_fds", &[]);
    wait_until("as few descriptors as before", || open() <= before.1);
}

/// tiny_http's threads of slow clients die with the process, answer or not.
#[cfg(not(feature = "tiny_http"))]
mod under_load {
    use super::*;
    use common::{Exposition, Format, slow, wait_until};

    /// Answers under way are finished, whole; what was not begun is not; the end is orderly.
    #[test]
    fn sigterm_lets_answers_finish() {
        let mut agent = Agent::plan().machine("many").start();
        let mut reader = slow::reader(&agent, 150);
        slow::wait_until_stalled(&agent, std::slice::from_mut(&mut reader));
        agent.signal(libc::SIGTERM);
        agent.wait_for_log("ending", 1);
        assert!(agent.is_running(), "it waits for the reader");
        let mut whole = 0;
        while let Ok(answer) = reader.try_answer(true) {
            Exposition::parse(answer.text(), Format::Prometheus);
            whole += 1;
        }
        assert!((1..150).contains(&whole), "{whole}");
        reader.assert_end();
        assert_eq!(agent.wait().code(), Some(0));
    }

    /// Requests that are here, or begun, are answered; a client that sends nothing is not waited for.
    #[test]
    fn sigterm_lets_requests_arrive() {
        let mut agent = Agent::start();
        let (mut idle, mut slow, mut silent) = (agent.connect(), agent.connect(), agent.connect());
        assert_eq!(idle.get("/health").status, 200);
        slow.send("GET /health HTTP/1.1\r\n");
        assert_eq!(silent.get("/health").status, 200);
        agent.signal(libc::SIGSTOP);
        idle.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
        agent.signal(libc::SIGTERM);
        agent.signal(libc::SIGCONT);
        agent.wait_for_log("ending", 1);
        slow.send("Host: a\r\n\r\n");
        assert_eq!(idle.answer().status, 200);
        let answer = slow.answer();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
        slow.assert_end();
        silent.assert_end();
        assert_eq!(agent.wait().code(), Some(0));
    }

    #[test]
    fn a_reader_that_never_reads_does_not_hold_up_the_end() {
        let mut agent = Agent::plan().machine("many").start();
        let mut reader = slow::reader(&agent, 150);
        slow::wait_until_stalled(&agent, std::slice::from_mut(&mut reader));
        let before = agent.cpu_ticks();
        agent.signal(libc::SIGTERM);
        agent.wait_for_log("ending", 1);
        // Asked again, be it by another signal, it neither spins nor waits.
        agent.signal(libc::SIGHUP);
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(agent.is_running() && agent.cpu_ticks() < before + 20);
        agent.signal(libc::SIGINT);
        assert_eq!(agent.wait().code(), Some(0));
    }

    #[test]
    fn sigterm_among_many_clients() {
        let mut agent = Agent::plan().machine("box").start();
        let address = agent.address();
        let scrapers: Vec<_> = (0..8)
            .map(|_| {
                let address = address.clone();
                std::thread::spawn(move || {
                    let mut whole = 0;
                    while let Ok(mut client) = Client::try_connect(&address) {
                        let head = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
                        while std::io::Write::write_all(client.stream(), head.as_bytes()).is_ok() {
                            match client.try_answer(true) {
                                Ok(answer) => {
                                    Exposition::parse(answer.text(), Format::Prometheus);
                                    whole += 1;
                                }
                                Err(_) => break,
                            }
                        }
                    }
                    whole
                })
            })
            .collect();
        let labels = [("path", "/metrics"), ("code", "200")];
        wait_until("some scrapes", || {
            agent.scrape().find("sysmetrics_http_requests_total", &labels).unwrap_or(0.0) > 100.0
        });
        agent.signal(libc::SIGTERM);
        assert_eq!(agent.wait().code(), Some(0));
        for scraper in scrapers {
            assert!(scraper.join().unwrap() > 0);
        }
    }
}
