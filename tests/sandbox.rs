//! The program locks itself in: what it may not do any more fails, what it is for goes on.
//!
//! What must fail is tried in a child of this program that locks itself in with the rules of `sys`, and what
//! must work by the real binary. Where the kernel has no Landlock, its part is skipped, loudly.
#![cfg(all(feature = "hub", not(feature = "tiny_http")))]
#![allow(unsafe_code)] // forks, and asks for what is forbidden
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)] // starts a program to see it refused

mod common;

use common::{Agent, Endpoint, Temp, wait_until};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::process::Command;
use sysmetrics::base::sys::{self, BIND, CONNECT, READ, Reach, SOCKETS, WRITE};

/// Whether this kernel has Landlock from this ABI on.
fn has_landlock(from: u32) -> bool {
    let abi = sys::abi().unwrap_or(0);
    if abi < from {
        eprintln!("!!! NOT TESTED: this kernel's Landlock has ABI {abi}, this needs {from}");
    }
    abi >= from
}

/// Runs `tries` in a child that has locked itself in. Each gives a line of what is wrong, if anything.
fn locked_in(reach: &Reach, filter: bool, tries: impl Fn() -> Vec<String>) {
    let (mut from, to) = io::pipe().unwrap();
    // SAFETY: the tests of this file that fork hold no lock that the child could need: it allocates, which
    // both C libraries allow after fork.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let mut wrong = Vec::new();
        let mut note = |what: &str, done: io::Result<()>| {
            if let Err(error) = done {
                wrong.push(format!("{what}: {error}"));
            }
        };
        note("no_new_privs", sys::forbid_privileges());
        if sys::abi().is_ok() {
            note("landlock", sys::restrict(reach));
        }
        if filter {
            note("seccomp", sys::filter_calls(false));
        }
        wrong.extend(tries());
        let _ = io::Write::write_all(&mut (&to), wrong.join("\n").as_bytes());
        // SAFETY: ends this child at once.
        unsafe { libc::_exit(0) };
    }
    drop(to);
    let mut told = String::new();
    io::Read::read_to_string(&mut from, &mut told).unwrap();
    let mut status = 0;
    // SAFETY: waits for the child that was forked here.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(status, 0, "the child ended with {status:x}");
    assert_eq!(told, "");
}

/// What is wrong if this did not fail with that errno.
fn refused<T>(what: &str, done: io::Result<T>, errno: &[i32]) -> Option<String> {
    let found = done.err().map(|error| error.raw_os_error().unwrap_or(0));
    let is_right = found.is_some_and(|found| errno.contains(&found));
    (!is_right).then(|| format!("{what}: {found:?}, expected {errno:?}"))
}

/// What is wrong if this failed.
fn works<T>(what: &str, done: io::Result<T>) -> Option<String> {
    done.err().map(|error| format!("{what}: {error}"))
}

/// A call, as `io::Result`.
fn call(number: libc::c_long, arguments: [libc::c_long; 4]) -> io::Result<i64> {
    let [a, b, c, d] = arguments;
    // SAFETY: the calls below take numbers, or 0 for what they would read.
    match unsafe { libc::syscall(number, a, b, c, d) } {
        -1 => Err(io::Error::last_os_error()),
        answer => Ok(answer),
    }
}

/// A directory that may be read, one that may be written, one that may have sockets, and one that is none of
/// these.
struct Places {
    dir: Temp,
}

impl Places {
    fn new() -> Places {
        let dir = Temp::new();
        for name in ["read", "write", "sockets", "none"] {
            dir.write(&format!("{name}/file"), "text");
        }
        std::os::unix::fs::symlink(dir.path("none/file"), dir.path("read/link")).unwrap();
        Places { dir }
    }

    fn reach(&self) -> Reach {
        let path = |name, rights| (self.dir.path(name), rights);
        Reach {
            paths: vec![
                path("read", READ),
                path("write", WRITE),
                path("sockets", SOCKETS),
                path("missing", WRITE),
                ("/proc".into(), READ),
                ("/etc".into(), READ),
                ("/dev/null".into(), WRITE),
            ],
            ..Reach::default()
        }
    }
}

#[test]
fn files_outside_are_refused_and_those_inside_are_not() {
    if !has_landlock(1) {
        return;
    }
    let places = Places::new();
    let reach = places.reach();
    let (path, denied) = (|name: &str| places.dir.path(name), [libc::EACCES]);
    let write = |name: &str| fs::write(path(name), "new");
    locked_in(&reach, false, || {
        let tries = [
            refused("read outside", fs::read(path("none/file")), &denied),
            refused("read through a link", fs::read(path("read/link")), &denied),
            refused("list outside", fs::read_dir(path("none")), &denied),
            refused("list /root", fs::read_dir("/root"), &denied),
            refused("write outside", write("none/new"), &denied),
            refused("write to what is read", write("read/new"), &denied),
            refused(
                "append to what is read",
                OpenOptions::new().append(true).open(path("read/file")),
                &denied,
            ),
            refused("write to /etc", fs::write("/etc/sysmetrics-was-here", ""), &denied),
            refused("remove outside", fs::remove_file(path("none/file")), &denied),
            refused("remove what is read", fs::remove_file(path("read/file")), &denied),
            refused("make a directory", fs::create_dir(path("read/dir")), &denied),
            refused(
                "rename to outside",
                fs::rename(path("write/file"), path("none/moved")),
                &[libc::EXDEV, libc::EACCES],
            ),
            refused("start a program", Command::new("/bin/true").status(), &denied),
            refused("a file beside sockets", write("sockets/new"), &denied),
            works("read", fs::read(path("read/file"))),
            works("list", fs::read_dir(path("read"))),
            works("ask about a file outside", fs::metadata(path("none/file"))),
            works("write", write("write/new")),
            works("write over", write("write/file")),
            works("rename", fs::rename(path("write/new"), path("write/newer"))),
            works("remove", fs::remove_file(path("write/newer"))),
            works(
                "make and write",
                fs::create_dir(path("write/dir")).and_then(|()| write("write/dir/new")),
            ),
            works("a socket", UnixListener::bind(path("sockets/socket"))),
            works("remove a socket", fs::remove_file(path("sockets/socket"))),
            works("/dev/null", OpenOptions::new().write(true).open("/dev/null")),
            works("/proc/stat", fs::read("/proc/self/stat")),
            works("/proc/1/stat", fs::read("/proc/1/stat")),
            works("/proc/1/mountinfo", fs::read("/proc/1/mountinfo")),
        ];
        tries.into_iter().flatten().collect()
    });
    // Nothing of it happened.
    assert_eq!(fs::read_to_string(path("none/file")).unwrap(), "text");
    assert_eq!(fs::read_to_string(path("read/file")).unwrap(), "text");
    assert!(!path("none/moved").exists() && !path("none/new").exists());
}

/// Linux asks whether one process may look into another as it does for a debugger.
#[test]
fn other_processes_keep_what_is_theirs() {
    if !has_landlock(1) {
        return;
    }
    let mut other = Command::new("/bin/sleep").arg("100").spawn().unwrap();
    let pid = other.id();
    locked_in(&Places::new().reach(), false, || {
        let of = |name: &str| format!("/proc/{pid}/{name}");
        let denied = [libc::EACCES, libc::EPERM];
        let mut tries = vec![
            refused("exe", fs::read_link(of("exe")), &denied),
            refused("fd", fs::read_link(of("fd/0")), &denied),
            refused("io", fs::read(of("io")), &denied),
            refused("attach", call(libc::SYS_ptrace, [16, pid.into(), 0, 0]), &denied),
            works("stat", fs::read(of("stat"))),
            works("status", fs::read(of("status"))),
            works("own exe", fs::read_link("/proc/self/exe")),
        ];
        if sys::abi().unwrap() >= 6 {
            tries.push(refused("kill", call(libc::SYS_kill, [pid.into(), 9, 0, 0]), &denied));
        }
        tries.into_iter().flatten().collect()
    });
    assert!(other.try_wait().unwrap().is_none(), "it still runs");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn ports_that_no_setting_names_are_refused() {
    if !has_landlock(4) {
        return;
    }
    let [one, other] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let free = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        port(&free)
    };
    let to = |port: u16| ("127.0.0.1", port);
    let reach = Reach { ports: vec![(port(&one), CONNECT), (free, BIND)], ..Places::new().reach() };
    let denied = [libc::EACCES];
    locked_in(&reach, false, || {
        let tries = [
            works("connect", TcpStream::connect(to(port(&one)))),
            refused("connect elsewhere", TcpStream::connect(to(port(&other))), &denied),
            works("listen", TcpListener::bind(to(free))),
            refused("listen elsewhere", TcpListener::bind("127.0.0.1:0"), &denied),
            works("UDP", std::net::UdpSocket::bind("127.0.0.1:0")),
        ];
        tries.into_iter().flatten().collect()
    });
    let anywhere = Reach { connects_anywhere: true, ..reach };
    locked_in(&anywhere, false, || {
        works("connect anywhere", TcpStream::connect(to(port(&other)))).into_iter().collect()
    });
}

/// Calls that are not listed do not exist, and say so.
#[test]
fn other_system_calls_are_not_there() {
    let absent = [libc::ENOSYS];
    let everything = Reach { connects_anywhere: true, ..Places::new().reach() };
    let family = |family: i32| call(libc::SYS_socket, [family.into(), libc::SOCK_RAW.into(), 0, 0]);
    let clone = |flags: i32| call(libc::SYS_clone, [flags.into(), 0, 0, 0]);
    locked_in(&everything, true, || {
        let calls = [
            ("ptrace", libc::SYS_ptrace),
            ("mount", libc::SYS_mount),
            ("umount", libc::SYS_umount2),
            ("execve", libc::SYS_execve),
            ("execveat", libc::SYS_execveat),
            ("setuid", libc::SYS_setuid),
            ("unshare", libc::SYS_unshare),
            ("setns", libc::SYS_setns),
            ("chroot", libc::SYS_chroot),
            ("bpf", libc::SYS_bpf),
            ("perf_event_open", libc::SYS_perf_event_open),
            ("init_module", libc::SYS_init_module),
            ("reboot", libc::SYS_reboot),
            ("keyctl", libc::SYS_keyctl),
            ("process_vm_readv", libc::SYS_process_vm_readv),
            ("settimeofday", libc::SYS_settimeofday),
            ("mknodat", libc::SYS_mknodat),
            ("symlinkat", libc::SYS_symlinkat),
            ("linkat", libc::SYS_linkat),
            ("clone3", 435),
            ("io_uring_setup", 425),
            ("none", 9999),
        ];
        let mut wrong: Vec<String> = Vec::new();
        for (name, number) in calls {
            wrong.extend(refused(name, call(number, [0; 4]), &absent));
        }
        wrong.extend(refused("AF_PACKET", family(libc::AF_PACKET), &[libc::EAFNOSUPPORT]));
        wrong.extend(refused("AF_ALG", family(libc::AF_ALG), &[libc::EAFNOSUPPORT]));
        wrong.extend(refused("a user namespace", clone(libc::CLONE_NEWUSER | 17), &[libc::EPERM]));
        wrong.extend(refused(
            "a program",
            Command::new("/bin/true").status(),
            &[libc::ENOSYS, libc::EACCES],
        ));
        // What there is to be done is done.
        wrong.extend(works(
            "a file",
            File::open("/etc/hostname").or_else(|_| File::open("/etc/hosts")),
        ));
        wrong.extend(works("names", "localhost:1".to_socket_addrs()));
        let thread = sys::spawn_thread("test", 128 << 10, Box::new(|| ()));
        wrong.extend(works("a thread", thread.map(sys::Thread::join)));
        wrong.extend(works("a pipe", io::pipe()));
        wrong.extend(works("the clock", sys::clock_state()));
        wrong
    });
}

/// The value of a family without other labels than `part`.
fn part(agent: &Agent, part: &str) -> f64 {
    agent.scrape().value("sysmetrics_sandbox_enforced", &[("part", part)])
}

#[test]
fn it_says_what_is_in_force() {
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
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
        let answer = common::get(&address, "/metrics");
        common::Exposition::parse(answer.text(), common::Format::Prometheus)
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
fn mail_by_a_program_arrives_and_the_log_says_at_what_price() {
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
        let said = match is_on {
            false => "the sandbox stays off",
            true => "without the rights of other users and groups",
        };
        assert_eq!(agent.lines_with(said), 1, "{:?}", agent.log());
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

/// The binary with these settings, under a filter that answers `errno` to call `number`, if its first argument
/// is `argument`, as containers do.
fn started_without(
    number: libc::c_long,
    argument: Option<u32>,
    errno: i32,
    file: &str,
) -> std::process::Child {
    use std::os::unix::process::CommandExt;
    let step =
        |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: code as u16, jt, jf, k };
    let (load, equals, answer) = (0x20, 0x15, 0x06);
    let is_it = step(equals, argument.unwrap_or(0), 0, u8::from(argument.is_some()));
    let mut filter = vec![
        step(load, 0, 0, 0),
        step(equals, number as u32, 0, 3),
        step(load, if cfg!(target_endian = "big") { 20 } else { 16 }, 0, 0),
        is_it,
        step(answer, 0x0005_0000 | errno as u32, 0, 0),
        step(answer, 0x7fff_0000, 0, 0),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    command.env_clear().args(["--config", file]).stderr(std::process::Stdio::piped());
    // SAFETY: prctl is async-signal-safe, and the filter was made before.
    unsafe {
        command.pre_exec(move || {
            let program =
                libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
            let (on, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, none, none, none) != 0
                || libc::prctl(libc::PR_SET_SECCOMP, 2 as libc::c_ulong, &raw const program) != 0
            {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
    command.spawn().unwrap()
}

/// What stderr says until it serves or ends.
fn log_of(child: &mut std::process::Child) -> String {
    let mut log = String::new();
    for line in io::BufRead::lines(io::BufReader::new(child.stderr.take().unwrap())) {
        log.push_str(&line.unwrap());
        log.push('\n');
        if log.contains(" serving ") {
            break;
        }
    }
    log
}

/// ENOSYS, EPERM, EINVAL and EOPNOTSUPP all mean that it is not there.
#[test]
fn what_the_kernel_lacks_is_done_without_unless_it_is_required() {
    let dir = Temp::new();
    let file = |name: &str, how: &str| {
        let text = format!("[server]\nlisten = \"127.0.0.1:0\"\n[sandbox]\n{how}\n");
        dir.write(name, text).display().to_string()
    };
    let (auto, landlock) = (file("auto", ""), file("landlock", "landlock = \"require\""));
    let seccomp = file("seccomp", "seccomp = \"require\"");
    let set = Some(libc::PR_SET_SECCOMP as u32);
    for (number, argument, errno, required, part) in [
        (444, None, libc::ENOSYS, &landlock, "landlock"),
        (444, None, libc::EPERM, &landlock, "landlock"),
        (444, None, libc::EOPNOTSUPP, &landlock, "landlock"),
        (libc::SYS_prctl, set, libc::EINVAL, &seccomp, "seccomp"),
        (libc::SYS_prctl, set, libc::EPERM, &seccomp, "seccomp"),
    ] {
        let mut child = started_without(number, argument, errno, &auto);
        let log = log_of(&mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        let said = format!("info a part of the sandbox cannot be had here part={part} ");
        assert!(log.contains(&said) && log.contains(" serving "), "{part} {errno}: {log}");
        assert!(log.contains(&format!(" {part}=0")), "{log}");
        let mut child = started_without(number, argument, errno, required);
        let log = log_of(&mut child);
        assert_eq!(child.wait().unwrap().code(), Some(1), "{log}");
        let said = format!("sandbox: {part} is required and cannot be had here");
        assert!(log.contains(&said) && !log.contains(" serving "), "{log}");
    }
}

/// What `--check-config` says of a file, and its exit status.
fn checked(text: &str) -> (String, Option<i32>) {
    let dir = Temp::new();
    let file = dir.write("file", text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sysmetrics"));
    let output =
        command.env_clear().arg("--check-config").arg("--config").arg(file).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

#[test]
fn the_settings_are_checked() {
    let (text, code) =
        checked("[sandbox]\nlandlock = \"off\"\nconnect_ports = [1, 65535]\nread = [\"/srv\"]\n");
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "landlock = \"off\"",
        "seccomp = \"auto\"",
        "connect_ports = [1, 65535]",
        "read = [\"/srv\"]",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let mail = "[alerting]\nmail_to = \"a@example.org\"\n";
    for (file, what) in [
        ("[sandbox]\nlandlock = \"on\"\n", "expected one of off, auto, require, found \"on\""),
        (
            "[sandbox]\nconnect_ports = [0]\n",
            "sandbox.connect_ports: expected ports from 1 to 65535, such as [80, 4318], found 0",
        ),
        ("[sandbox]\nconnect_ports = [80.5]\n", "expected ports from 1 to 65535"),
        ("[sandbox]\nbind_ports = [65536]\n", "sandbox.bind_ports: expected ports from 1 to 65535"),
        ("[sandbox]\nbind_ports = [-1]\n", "sandbox.bind_ports: expected ports from 1 to 65535"),
        (
            &["[sandbox]\nseccomp = \"require\"\n", mail].concat(),
            "does not go together with alerting.sendmail",
        ),
    ] {
        let (text, code) = checked(file);
        assert!(code == Some(2) && text.contains(what), "{what}: {text}");
    }
    let (text, code) = checked(mail);
    assert!(
        code == Some(0)
            && text.contains("the sandbox stays off")
            && text.contains("warns as it did now"),
        "{text}"
    );
    let (text, code) =
        checked(&["[sandbox]\nlandlock = \"off\"\nseccomp = \"off\"\n", mail].concat());
    assert!(code == Some(0) && !text.contains("the sandbox stays off"), "{text}");
    let relay = checked(&[mail, "smtp = \"relay:25\"\nmail_from = \"b@example.org\"\n"].concat());
    assert!(relay.1 == Some(0) && !relay.0.contains("the sandbox stays off"), "{}", relay.0);
}
