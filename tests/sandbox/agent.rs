//! The sandbox of the real binary: what is in force, and what still works.

use crate::common::{Agent, Endpoint, Temp, free_address, wait_until};
use crate::support::has_landlock;
use std::fs::{self, OpenOptions};
use std::io;
use std::net::TcpListener;
use sysmetrics::base::sys;

/// The value of a family without other labels than `part`.
pub fn part(agent: &Agent, part: &str) -> f64 {
    agent.scrape().value("sysmetrics_sandbox_enforced", &[("part", part)])
}

#[test]
fn the_log_shows_what_is_in_force() {
    let agent = Agent::start();
    let abi = sys::abi().unwrap_or(0);
    let expected = format!("the sandbox no_new_privs=1 landlock={abi} seccomp=1");
    assert_eq!(agent.lines_with(&expected), 1, "{:?}", agent.log());
    for name in ["no_new_privs", "seccomp"] {
        assert_eq!(part(&agent, name), 1.0, "{name}");
    }
    assert_eq!(part(&agent, "landlock"), if abi > 0 { 1.0 } else { 0.0 });
    assert_eq!(agent.scrape().value("sysmetrics_sandbox_landlock_abi", &[]), f64::from(abi));
    assert_eq!([agent.status("NoNewPrivs"), agent.status("Seccomp")], [1, 2]);
    // Switched off, each part alone and both.
    for (landlock, seccomp) in [("off", "auto"), ("auto", "off"), ("off", "off")] {
        let plan = Agent::plan().set("sandbox.landlock", landlock).set("sandbox.seccomp", seccomp);
        let agent = plan.start();
        let [no_landlock, no_seccomp] = [landlock, seccomp].map(|how| how == "off");
        let is = |is_off| if is_off { 0.0 } else { 1.0 };
        assert_eq!(part(&agent, "no_new_privs"), is(no_landlock && no_seccomp));
        assert_eq!(part(&agent, "landlock"), is(no_landlock || abi == 0));
        assert_eq!(part(&agent, "seccomp"), is(no_seccomp));
        assert_eq!(agent.status("NoNewPrivs"), u64::from(!(no_landlock && no_seccomp)));
        assert_eq!(agent.status("Seccomp"), if no_seccomp { 0 } else { 2 });
    }
}

/// Each thread of the program, those of workers too, has what the first one has.
#[test]
fn all_threads_are_locked_in() {
    let target = Endpoint::with("a 1\n");
    let file = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[[scrape.targets]]\nname = \"t\"\n\
         url = \"{}\"\ninterval_secs = 1\n[collectors.supervisord]\nenabled = true\n",
        target.url()
    );
    let agent = Agent::plan().file(&file).start();
    wait_until("the target's answer", || {
        agent.scrape().find("sysmetrics_target_up", &[("target", "t")]) == Some(1.0)
    });
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.id())).unwrap();
    let mut count = 0;
    for task in tasks {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
        count += 1;
    }
    assert!(count >= 3, "{count}: the program, the target's worker, the collector's");
}

/// Logs that rotate, offsets, text files, a spool, a target found by its name, Unix sockets, file systems.
#[test]
fn what_the_program_is_for_goes_on() {
    let dir = Temp::new();
    let target = Endpoint::with("a 1\n");
    let port = target.address.rsplit_once(':').unwrap().1.to_owned();
    let (log, top) = (dir.write("logs/app.log", ""), dir.path("").display().to_string());
    dir.write("text/a.prom", "from_text 1\n");
    dir.write("leases/a.leases", "0 aa:bb:cc:dd:ee:01 192.0.2.7 * *\n");
    let nobody = free_address();
    let gpsd = TcpListener::bind("127.0.0.1:0").unwrap();
    gpsd.set_nonblocking(true).unwrap();
    let receiver = gpsd.local_addr().unwrap();
    let file = format!(
        "[server]\nlisten = [\"127.0.0.1:0\", \"unix:{top}run.sock\"]\n\
         [tail]\nstate_file = \"{top}state/tail\"\nstate_interval = \"100ms\"\npoll_interval = \"100ms\"\n\
         [[logs]]\npath = \"{top}logs/*.log\"\n[[logs.rules]]\nmetric = \"lines_total\"\npattern = \"line\"\n\
         [[scrape.targets]]\nname = \"t\"\nurl = \"http://localhost:{port}/\"\ninterval_secs = 1\n\
         [[export]]\ntype = \"otlp\"\nendpoint = \"http://{nobody}/\"\ninterval_secs = 1\ntimeout_secs = 0.1\n\
         spool.dir = \"{top}spool\"\n\
         [collectors.textfile]\ndirectory = [\"{top}text\"]\n\
         [collectors.dhcp_leases]\nenabled = true\nfiles = [\"{top}leases/*.leases\"]\n\
         [collectors.gpsd]\naddress = \"{receiver}\"\n[collectors.nut]\naddress = \"localhost\"\n"
    );
    let mut agent = Agent::plan().file(&file).start();
    assert_eq!(part(&agent, "seccomp"), 1.0);
    let address = agent.addresses().into_iter().find(|a| a.starts_with("127.")).unwrap();
    let scrape = || {
        let answer = crate::common::get(&address, "/metrics");
        crate::common::Exposition::parse(answer.text(), crate::common::Format::Prometheus)
    };
    let lines = || scrape().find("lines_total", &[]).unwrap_or(0.0);
    let append = |text: &str| {
        let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    };
    append("one line\n");
    wait_until("a line", || lines() == 1.0);
    fs::rename(&log, dir.path("logs/app.log.1")).unwrap();
    append("a line after it was rotated\n");
    wait_until("a line of the new file", || lines() == 2.0);
    wait_until("the offsets", || dir.path("state/tail").exists());
    wait_until("the target", || {
        scrape().find("sysmetrics_target_up", &[("target", "t")]) == Some(1.0)
    });
    wait_until("the spool", || {
        scrape().find("sysmetrics_export_spool_bytes", &[("export", "otlp")]).unwrap_or(0.0) > 0.0
    });
    wait_until("gpsd's client", || {
        scrape();
        gpsd.accept().is_ok()
    });
    let page = scrape();
    assert_eq!(page.find("from_text", &[]), Some(1.0));
    assert!(page.has("sysmetrics_dhcp_leases"));
    assert!(page.has("sysmetrics_filesystem_size_bytes"));
    let failing = page.find("sysmetrics_export_spool_failing", &[("export", "otlp")]);
    assert_eq!(failing, Some(0.0));
    assert!(std::os::unix::net::UnixStream::connect(dir.path("run.sock")).is_ok());
    agent.signal(libc::SIGTERM);
    assert!(agent.wait().success());
    assert!(!dir.path("run.sock").exists(), "a socket goes with its program");
    assert_eq!(agent.lines_with("ermission denied"), 0, "{:?}", agent.log());
}

/// Rights that are gone do not come back; who wants them is told what to do, and all stays as it was.
#[test]
fn a_reload_that_needs_more_asks_for_a_restart() {
    let target = |port: u16| {
        format!("[[scrape.targets]]\nname = \"t\"\nurl = \"http://127.0.0.1:{port}/\"\n")
    };
    let server = "[server]\nlisten = \"127.0.0.1:0\"\n";
    let sandbox = "[sandbox]\nconnect_ports = [4001]\nread = [\"/var\"]\n";
    let file = |more: &str| [server, sandbox, more].concat();
    let agent = Agent::plan().file(&file(&target(4000))).start();
    for (count, allowed) in [target(4000), target(4001), String::new()].iter().enumerate() {
        agent.reload(&file(allowed));
        agent.wait_for_log("settings reloaded", count + 1);
    }
    let mut refused = vec![(file("[collectors]\nperf = true\n"), "allow perf_event_open; restart")];
    if has_landlock(4) {
        refused.push((file(&target(4002)), "allow to connect to port 4002; restart"));
        let listen = format!("[server]\nlisten = \"127.0.0.1:4003\"\n{sandbox}");
        refused.push((listen, "allow to listen on port 4003; restart"));
    }
    let log = "[[logs]]\npath = \"/root/x.log\"\n[[logs.rules]]\nmetric = \"a\"\npattern = \"b\"\n";
    if has_landlock(1) {
        refused.push((file(log), "allow to read /root; restart"));
        refused.push((file("[tail]\nstate_file = \"/root/s\"\n[[logs]]\npath = \"/var/x\"\n[[logs.rules]]\nmetric = \"a\"\npattern = \"b\"\n"), "allow to "));
    }
    for (count, (file, what)) in refused.iter().enumerate() {
        agent.reload(file);
        agent.wait_for_log("settings not reloaded, the old ones stay", count + 1);
        let log = agent.log();
        let line = log.iter().rfind(|line| line.contains("not reloaded")).unwrap();
        assert!(line.contains("the sandbox does not ") && line.contains(what), "{what}: {line}");
    }
    assert_eq!(agent.get("/health").status, 200);
    // Where nothing is in force, everything can be added.
    let off = "[sandbox]\nlandlock = \"off\"\nseccomp = \"off\"\n";
    let agent = Agent::plan().file(&[server, off].concat()).start();
    agent.reload(&[server, off, &target(4002), log].concat());
    agent.wait_for_log("settings reloaded", 1);
}

/// A program for mail that leaves its input in `mail`.
fn mail_program(dir: &Temp) -> String {
    use std::os::unix::fs::PermissionsExt;
    let text = format!("#!/bin/sh\ncat > {}\n", dir.path("mail/box").display());
    dir.write("mail/none", "");
    let path = dir.write("bin/send", text);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn mail_by_a_program_arrives_and_the_log_warns_of_the_sandbox() {
    for (landlock, is_on) in [("auto", false), ("require", true)] {
        if is_on && !has_landlock(1) {
            continue;
        }
        let dir = Temp::new();
        let file = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n\
             [sandbox]\nlandlock = \"{landlock}\"\nwrite = [\"{}\"]\n\
             [alerting]\ninterval_secs = 1\nmail_to = \"ops@example.org\"\nsendmail = \"{} -t\"\n\
             [[alerts]]\nname = \"a\"\nexpr = \"load1 >= 0\"\n",
            dir.path("mail").display(),
            mail_program(&dir)
        );
        let agent = Agent::plan().file(&file).start();
        let line = match is_on {
            false => "the sandbox stays off",
            true => "without the rights of other users and groups",
        };
        assert_eq!(agent.lines_with(line), 1, "{:?}", agent.log());
        let is = |is: bool| if is { 1.0 } else { 0.0 };
        for (name, is_in_force) in
            [("no_new_privs", is_on), ("landlock", is_on), ("seccomp", false)]
        {
            assert_eq!(part(&agent, name), is(is_in_force), "{name}");
        }
        wait_until("the mail", || {
            fs::read_to_string(dir.path("mail/box"))
                .is_ok_and(|mail| mail.contains("ops@example.org"))
        });
    }
}
