//! Forbidden actions, tried in a child that has applied the sandbox to itself.

use crate::common::Temp;
use crate::support::has_landlock;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixListener;
use std::process::Command;
use sysmetrics::base::sys::{self, BIND, CONNECT, READ, Reach, SOCKETS, WRITE};

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
    let mut text = String::new();
    io::Read::read_to_string(&mut from, &mut text).unwrap();
    let mut status = 0;
    // SAFETY: waits for the child that was forked here.
    unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!(status, 0, "the child ended with {status:x}");
    assert_eq!(text, "");
}

/// What is wrong if this did not fail with that errno.
pub fn refused<T>(what: &str, done: io::Result<T>, errno: &[i32]) -> Option<String> {
    let found = done.err().map(|error| error.raw_os_error().unwrap_or(0));
    let is_right = found.is_some_and(|found| errno.contains(&found));
    (!is_right).then(|| format!("{what}: {found:?}, expected {errno:?}"))
}

/// What is wrong if this failed.
fn works<T>(what: &str, done: io::Result<T>) -> Option<String> {
    done.err().map(|error| format!("{what}: {error}"))
}

/// A call, as `io::Result`.
pub fn call(number: libc::c_long, arguments: [libc::c_long; 4]) -> io::Result<i64> {
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
        let typed = [1_i64, libc::TIOCSTI as i64, c"x".as_ptr() as i64, 0];
        wrong.extend(refused("typing", call(libc::SYS_ioctl, typed), &[libc::EPERM]));
        let arguments = [1_i64, libc::FIONREAD as i64, 0, 0];
        let other = [libc::EFAULT, libc::ENOTTY, libc::EINVAL];
        wrong.extend(refused("another ioctl", call(libc::SYS_ioctl, arguments), &other));
        // What ends the program after a signal, whatever hangs.
        // SAFETY: this call takes a number only.
        let left = unsafe { (libc::alarm(1000), libc::alarm(0)).1 };
        let is_set = (1..=1000).contains(&left);
        wrong.extend((!is_set).then(|| format!("an alarm: {left} s are left")));
        wrong
    });
}
