//! Kernels that lack a part, and the settings.

use crate::common::Temp;
use std::io;
use std::process::Command;

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
        let line = format!("info a part of the sandbox is not available here part={part} ");
        assert!(log.contains(&line) && log.contains(" serving "), "{part} {errno}: {log}");
        assert!(log.contains(&format!(" {part}=0")), "{log}");
        let mut child = started_without(number, argument, errno, required);
        let log = log_of(&mut child);
        assert_eq!(child.wait().unwrap().code(), Some(1), "{log}");
        let line = format!("sandbox: {part} is required and cannot be had here");
        assert!(log.contains(&line) && !log.contains(" serving "), "{log}");
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
