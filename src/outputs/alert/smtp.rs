//! Sends a mail to a relay (RFC 5321), without TLS and without authentication: one that accepts mail from
//! this machine. One mail per connection.

use super::mail::Envelope;
use super::send_error::SendError;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// Bytes of all answers of one conversation.
const MAX_ANSWERS: u64 = 64 << 10;

/// Lines of one answer.
const MAX_LINES: usize = 100;

/// A conversation with a relay.
struct Session<'a> {
    answers: BufReader<std::io::Take<&'a TcpStream>>,
    stream: &'a TcpStream,
    deadline: Instant,
}

/// The answer of a relay.
struct Reply {
    code: u16,
    /// The last line.
    text: String,
}

/// Sends `mail`, whose lines end with a newline.
///
/// # Errors
///
/// The relay did not accept it for any receiver, or not in time.
pub fn send(
    stream: &TcpStream,
    envelope: &Envelope,
    mail: &[u8],
    deadline: Instant,
) -> Result<(), SendError> {
    let answers = BufReader::new(stream.take(MAX_ANSWERS));
    let mut session = Session { answers, stream, deadline };
    session.require_reply(2, "the greeting")?;
    let name = address_literal(stream);
    if session.command(&["EHLO ", &name])?.code / 100 != 2 {
        session.require(&["HELO ", &name], 2)?;
    }
    session.require(&["MAIL FROM:<", &envelope.from, ">"], 2)?;
    let mut refused = None;
    let mut accepted = 0;
    for to in &envelope.to {
        let reply = session.command(&["RCPT TO:<", to, ">"])?;
        if reply.code / 100 == 2 {
            accepted += 1;
        } else {
            refused = Some(reply.error(to));
        }
    }
    // A receiver that is refused is no reason to send the mail to the others twice.
    match refused {
        Some(refused) if accepted == 0 => return Err(refused),
        _ => {}
    }
    session.require(&["DATA"], 3)?;
    let mut text = stuffed(mail);
    text.extend_from_slice(b".\r\n");
    session.write(&text)?;
    session.require_reply(2, "the mail")?;
    // The mail is accepted; the answer to QUIT does not matter.
    let _ = session.command(&["QUIT"]);
    Ok(())
}

/// Lines end with CRLF, and a line that starts with a dot gets another before it.
fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(mail.len() + mail.len() / 32);
    let mail = mail.strip_suffix(b"\n").unwrap_or(mail);
    for line in mail.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b".") {
            text.push(b'.');
        }
        text.extend(line.iter().filter(|byte| **byte != b'\r'));
        text.extend_from_slice(b"\r\n");
    }
    text
}

/// The name that this machine gives: its address, which is always valid.
fn address_literal(stream: &TcpStream) -> String {
    match stream.local_addr() {
        Ok(SocketAddr::V4(address)) => format!("[{}]", address.ip()),
        Ok(SocketAddr::V6(address)) => format!("[IPv6:{}]", address.ip()),
        Err(_) => "localhost".to_owned(),
    }
}

impl Reply {
    fn error(&self, about: &str) -> SendError {
        let text = format!("the relay answered {about}: {}", self.text);
        // 4xx is temporary, 5xx permanent (RFC 5321, section 4.2.1).
        SendError { reason: "refused", text, again: self.code / 100 != 5, after: None }
    }
}

impl Session<'_> {
    fn failed(&self, error: &std::io::Error) -> SendError {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        let is_late = matches!(error.kind(), TimedOut | WouldBlock);
        let reason = if is_late { "timeout" } else { "connect" };
        let text = ["connection to the relay: ", &error.to_string()].concat();
        SendError { reason, text, again: true, after: None }
    }

    fn left(&self) -> Result<std::time::Duration, SendError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
            return Err(self.failed(&late));
        }
        Ok(left)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let left = self.left()?;
            let mut stream = self.stream;
            let sent = stream.set_write_timeout(Some(left)).and_then(|()| stream.write(rest));
            match sent {
                Ok(n) => rest = rest.get(n..).unwrap_or_default(),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok(())
    }

    /// One line of an answer, without its end.
    fn line(&mut self) -> Result<Vec<u8>, SendError> {
        let mut line = Vec::new();
        loop {
            let left = self.left()?;
            let filled = self.stream.set_read_timeout(Some(left));
            let piece = match filled.and_then(|()| self.answers.fill_buf()) {
                Ok(piece) => piece,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.failed(&error)),
            };
            if piece.is_empty() {
                let text =
                    "the relay closed the connection, or its answers are too long".to_owned();
                return Err(SendError { reason: "connect", text, again: true, after: None });
            }
            let end = memchr::memchr(b'\n', piece);
            line.extend_from_slice(piece.get(..end.unwrap_or(piece.len())).unwrap_or_default());
            let read = end.map_or(piece.len(), |end| end + 1);
            self.answers.consume(read);
            if end.is_some() {
                return Ok(line.trim_ascii_end().to_vec());
            }
        }
    }

    /// An answer of one or several lines (`250-…`, the last one `250 …`).
    fn read_reply(&mut self) -> Result<Reply, SendError> {
        for _ in 0..MAX_LINES {
            let line = self.line()?;
            let text = String::from_utf8_lossy(&line).into_owned();
            let code = text.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
            match (code.and_then(|code| code.parse().ok()), line.get(3)) {
                (Some(_), Some(b'-')) => {}
                (Some(code), None | Some(b' ')) => return Ok(Reply { code, text }),
                _ => {
                    let text = ["not an SMTP answer: ", &text].concat();
                    return Err(SendError { reason: "protocol", text, again: true, after: None });
                }
            }
        }
        let text = "the answer of the relay has too many lines".to_owned();
        Err(SendError { reason: "protocol", text, again: true, after: None })
    }

    fn command(&mut self, parts: &[&str]) -> Result<Reply, SendError> {
        let line = [&parts.concat(), "\r\n"].concat();
        self.write(line.as_bytes())?;
        self.read_reply()
    }

    /// Sends a line, and expects an answer of this class.
    fn require(&mut self, parts: &[&str], class: u16) -> Result<(), SendError> {
        let reply = self.command(parts)?;
        if reply.code / 100 == class { Ok(()) } else { Err(reply.error(&parts.concat())) }
    }

    fn require_reply(&mut self, class: u16, about: &str) -> Result<(), SendError> {
        let reply = self.read_reply()?;
        if reply.code / 100 == class { Ok(()) } else { Err(reply.error(about)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;

    /// The result of sending a mail to a relay that sends `greeting` and then `answer` for each line.
    fn sent(
        greeting: &str,
        answer: impl Fn(&str) -> &'static str + Send + 'static,
    ) -> Result<(), (&'static str, bool)> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let greeting = greeting.to_owned();
        let relay = thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut sent = stream.get_mut().write_all(greeting.as_bytes());
            let mut line = String::new();
            while sent.is_ok() && stream.read_line(&mut line).unwrap_or(0) > 0 {
                sent = stream.get_mut().write_all(answer(line.trim_end()).as_bytes());
                line.clear();
            }
        });
        let envelope = Envelope {
            name: String::new(),
            from: "a".to_owned(),
            to: vec!["b".to_owned(), "c".to_owned()],
        };
        let deadline = Instant::now() + Duration::from_millis(500);
        let done = send(&stream, &envelope, b"x\n", deadline);
        drop(stream);
        relay.join().unwrap();
        done.map_err(|error| (error.reason, error.again))
    }

    fn usual(line: &str) -> &'static str {
        match line {
            "DATA" => "354 go on\r\n",
            "x" => "",
            _ => "250 fine\r\n",
        }
    }

    #[test]
    fn the_codes_of_the_relay_decide() {
        assert_eq!(sent("220 hi\r\n", usual), Ok(()));
        assert_eq!(sent("220-hi\n220\n", usual), Ok(()));
        let to = |refused: &'static str, answer: &'static str| {
            sent(
                "220 hi\r\n",
                move |line| {
                    if line.starts_with(refused) { answer } else { usual(line) }
                },
            )
        };
        assert_eq!(to("EHLO", "500 what?\r\n"), Ok(()));
        assert_eq!(to("RCPT TO:<b>", "550 nobody\r\n"), Ok(()), "the other gets it");
        assert_eq!(to("QUIT", "500 no\r\n"), Ok(()));
        for command in ["MAIL", "RCPT", "DATA", "."] {
            assert_eq!(to(command, "451 later\r\n"), Err(("refused", true)), "{command}");
            assert_eq!(to(command, "550 never\r\n"), Err(("refused", false)), "{command}");
        }
        assert_eq!(sent("554 go away\r\n", usual), Err(("refused", false)));
        assert_eq!(sent("421 too busy\r\n", usual), Err(("refused", true)));
    }

    #[test]
    fn odd_answers_are_errors() {
        for odd in ["hello\r\n", "25\u{e9}\r\n", "2\n", "220+\n", "\n"] {
            assert_eq!(sent(odd, usual), Err(("protocol", true)), "{odd:?}");
        }
        assert_eq!(sent("22", usual), Err(("timeout", true)));
        assert_eq!(sent(&"220-on and on\n".repeat(200), usual), Err(("protocol", true)));
        assert_eq!(sent(&"2".repeat(MAX_ANSWERS as usize + 1), usual), Err(("connect", true)));
    }

    #[test]
    fn lines_are_stuffed() {
        for (mail, text) in [
            ("a\nb\n", "a\r\nb\r\n"),
            (".\n..\n", "..\r\n...\r\n"),
            ("a\r\nb\r", "a\r\nb\r\n"),
            ("a\r.\n", "a.\r\n"),
            ("", "\r\n"),
        ] {
            assert_eq!(String::from_utf8(stuffed(mail.as_bytes())).unwrap(), text, "{mail:?}");
        }
    }
}
