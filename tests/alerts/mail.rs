//! Mail by a program, and to a relay.

use crate::common::{Agent, PATIENCE, Temp, wait_until};
use crate::support::{DEEP, counted, push, settings};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};
use std::{fs, thread};

#[test]
fn mail_goes_through_the_mail_program() {
    let dir = Temp::new();
    let (mail, args) = (dir.path("mail"), dir.path("args"));
    let script = format!(
        "#!/bin/sh\n[ -e {args} ] || {{ echo \"$@\" > {args}; exit 75; }}\ncat > {mail}.new\nmv {mail}.new {mail}\n",
        args = args.display(),
        mail = mail.display()
    );
    let program = dir.write("sendmail", script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let more = format!(
        "mail_to = [\"ops@example.org\", \"root@localhost\"]\nsendmail = \"{} -t -i\"",
        program.display()
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, DEEP)).start();
    push(&agent, "x\\r\\nBcc: all@example.org", 6.0);
    wait_until("a mail", || mail.exists());
    assert_eq!(fs::read_to_string(args).unwrap(), "-t -i\n");
    let text = fs::read_to_string(&mail).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    let start = "To: ops@example.org,\n\troot@localhost\n\
                 Subject: [FIRING:1] Deep: x  Bcc: all@example.org page\n";
    assert!(head.starts_with(start) && !head.contains("\nBcc"), "{head}");
    assert!(body.contains("\n  severity =3D page\n"), "{body}");
    let sendmail = [("destination", "sendmail")];
    wait_until("it to be counted", || counted(&agent, "total", &sendmail) == 1.0);
    let refused = [("destination", "sendmail"), ("reason", "refused")];
    assert_eq!(counted(&agent, "failed_total", &refused), 1.0);
}

/// A relay: `script` answers each command of one conversation after the other.
pub fn relay(
    mut script: impl FnMut(usize, &str) -> String + Send + 'static,
) -> (String, Receiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (received, receiver) = channel();
    thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut lines, mut in_data) = (Vec::new(), false);
            stream.get_mut().write_all(b"220-relay\r\n220 ready\r\n").unwrap();
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap_or(0) == 0 {
                    break;
                }
                let line = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?}"));
                lines.push(line.to_owned());
                in_data &= line != ".";
                if in_data {
                    continue;
                }
                let answer = script(count, line);
                in_data = answer.starts_with("354");
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
            let _ = received.send(lines);
        }
    });
    (address, receiver)
}

#[test]
fn mail_goes_to_a_relay() {
    let (address, received) = relay(|count, line| {
        let answer = match line {
            "." if count == 0 => "451 come again\r\n",
            "DATA" => "354 go on\r\n",
            line if line.starts_with("EHLO") && count == 0 => "502 what?\r\n",
            line if line.starts_with("EHLO") => "250-relay\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n",
            line if line.contains("<nobody@x>") => "550 nobody\r\n",
            _ => "250 fine\r\n",
        };
        answer.to_owned()
    });
    let rules = DEEP.replace("\\\"é\\\"", ".\\n.dots\\n");
    let more = format!(
        "mail_to = [\"nobody@x\", \"ops@example.org\"]\nmail_from = \"box@example.org\"\nsmtp = \"{address}\""
    );
    let agent = Agent::plan().machine("box").file(&settings(&more, &rules)).start();
    push(&agent, "a", 6.0);
    let first = received.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first[..2], ["EHLO [127.0.0.1]", "HELO [127.0.0.1]"]);
    let second = received.recv_timeout(PATIENCE).unwrap();
    let commands = [
        "EHLO [127.0.0.1]",
        "MAIL FROM:<box@example.org>",
        "RCPT TO:<nobody@x>",
        "RCPT TO:<ops@example.org>",
        "DATA",
        "From: box@example.org",
        "To: nobody@x,",
        "\tops@example.org",
        "Subject: [FIRING:1] Deep: a page",
    ];
    assert_eq!(second[..commands.len()], commands);
    assert_eq!(second[second.len() - 2..], [".", "QUIT"]);
    assert!(second.contains(&"  note: .".to_owned()) && second.contains(&"..dots".to_owned()));
    let destination = ["smtp:", &address].concat();
    let arrived = [("destination", destination.as_str())];
    wait_until("it to be counted", || counted(&agent, "total", &arrived) == 1.0);
}
