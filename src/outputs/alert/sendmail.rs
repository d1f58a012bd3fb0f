//! Sends a mail through this machine's sendmail program.

use super::send_error::SendError;
use crate::base::sys::{self, Child, ExitStatus};
use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

/// How often the program is checked for its end.
const LOOK: Duration = Duration::from_millis(20);

/// Exit codes of sendmail for which a retry does not help (`sysexits.h`): wrong usage or data, no
/// such user or host, no permission, wrong configuration.
const FOR_GOOD: [i32; 7] = [64, 65, 66, 67, 68, 77, 78];

/// Hands `mail` to the program and waits for its end.
///
/// # Errors
///
/// The program did not start, took too long, or failed.
pub fn send(command: &[String], mail: &[u8], deadline: Instant) -> Result<(), SendError> {
    let Some(program) = command.first() else {
        return Err(failure("start", "alerting.sendmail names no program"));
    };
    // A socket supports a timeout, a pipe does not: a program that does not read delays nothing.
    let (ours, theirs) = UnixStream::pair().map_err(|e| failure("start", &e.to_string()))?;
    let child = sys::spawn(command, theirs.as_fd());
    // A program that ends without reading is noticed only if no other process holds its end.
    drop(theirs);
    let mut child = child.map_err(|error| {
        failure("start", &["starting ", program, ": ", &error.to_string()].concat())
    })?;
    write(&ours, mail, deadline);
    match wait(&mut child, deadline) {
        None => Err(failure("timeout", &[program, " did not end in time"].concat())),
        Some(ExitStatus::Status(0)) => Ok(()),
        Some(ended) => {
            let (how, number, again) = match ended {
                ExitStatus::Status(status) => ("status ", status, !FOR_GOOD.contains(&status)),
                ExitStatus::Signal(signal) => ("signal ", signal, true),
            };
            let text = [program, " ended with ", how, &number.to_string()].concat();
            Err(SendError { again, ..failure("refused", &text) })
        }
    }
}

fn failure(reason: &'static str, text: &str) -> SendError {
    SendError { reason, text: text.to_owned(), again: true, after: None }
}

/// Writes all of it, or as much as is read: the exit code of the program decides.
fn write(mut to: &UnixStream, mail: &[u8], deadline: Instant) {
    let mut rest = mail;
    while !rest.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        let sent = to.set_write_timeout(Some(left.max(LOOK))).and_then(|()| to.write(rest));
        match sent {
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// How the program ended; it is killed at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.ended() {
            Ok(Some(ended)) => return Some(ended),
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            _ => {
                child.kill();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(script: &str, mail: &[u8], millis: u64) -> Result<(), (&'static str, bool)> {
        let command = ["/bin/sh", "-c", script].map(str::to_owned);
        let deadline = Instant::now() + Duration::from_millis(millis);
        send(&command, mail, deadline).map_err(|error| (error.reason, error.again))
    }

    #[test]
    fn the_exit_status_decides() {
        let file = std::env::temp_dir().join(format!("sysmetrics-sendmail-{}", std::process::id()));
        let script = format!("cat > {}", file.display());
        let mail = "line\n".repeat(100_000);
        sent(&script, mail.as_bytes(), 60_000).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), mail);
        std::fs::remove_file(file).unwrap();
        let long = vec![b'x'; 1 << 20];
        assert_eq!(sent("exit 75", &long, 60_000), Err(("refused", true)));
        assert_eq!(sent("kill -9 $$", b"x", 60_000), Err(("refused", true)));
        assert_eq!(sent("exit 67", b"x", 60_000), Err(("refused", false)));
        assert_eq!(sent("exec sleep 600", &long, 200), Err(("timeout", true)));
        let none = send(&["/no/such/program".to_owned()], b"x", Instant::now() + LOOK);
        assert!(none.is_err_and(|error| error.reason == "start"));
    }

    /// The agent blocks signals for itself; a program that it starts must end at a signal.
    #[test]
    fn signals_are_not_blocked_in_the_program() {
        let _signals = sys::Signals::take().unwrap();
        let script = "test \"$(grep SigBlk /proc/self/status | tr -d 'a-zA-Z:0 \\t')\" = ''";
        sent(script, b"", 60_000).unwrap();
        // Signal 13 is SIGPIPE.
        let script = "test $((0x$(sed -n 's/SigIgn:.//p' /proc/self/status) & 0x1000)) = 0";
        sent(script, b"", 60_000).unwrap();
    }

    /// The program inherits no file of the agent, and its output has a destination.
    #[test]
    fn it_inherits_only_standard_descriptors() {
        let ours = std::env::current_exe().unwrap();
        let _open = std::fs::File::open(&ours).unwrap();
        let path = ours.display();
        let is_open = |whose| format!("ls -l /proc/{whose}/fd | grep -qF '{path}'");
        sent(&is_open("$PPID"), b"", 60_000).unwrap();
        assert_eq!(sent(&is_open("$$"), b"", 60_000), Err(("refused", true)));
        let script = "test $(ls -l /proc/$$/fd | grep -c '[12] -> /dev/null$') = 2 && echo x";
        sent(script, b"", 60_000).unwrap();
    }
}
