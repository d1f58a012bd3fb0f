//! Notices as a mail (RFC 5322, RFC 2045, RFC 2047). Lines end with a newline as programs on this
//! machine expect it; SMTP converts them. Whatever labels and
//! annotations contain, the mail is 7-bit, has no long lines, and none of it becomes a header.

use super::notice::Notice;
use crate::base::clock::WallClock;
use std::sync::Arc;

/// Characters of a line (RFC 2045 has 76).
const MAX_LINE: usize = 76;

/// Bytes of a subject; longer ones are cut.
const MAX_SUBJECT: usize = 200;

/// Bytes of the name before the sender's address; longer ones are cut.
const MAX_NAME: usize = 60;

/// Bytes of an encoded piece of a header, each of which takes three characters of a line.
const PIECE: usize = 18;

/// Sender and receivers: addresses that the settings have validated, without anything that
/// could end a line or a bracket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The name of the sending box, any text; may be empty.
    pub name: String,
    /// The sender; if it is empty the sending program fills it in.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
}

/// The mail about alerts of one rule.
pub fn compose(batch: &[Arc<Notice>], envelope: &Envelope, url: &str, now: WallClock) -> Vec<u8> {
    let mut mail = String::new();
    let mut header = |name: &str, value: &str| mail.push_str(&[name, ": ", value, "\n"].concat());
    if !envelope.from.is_empty() {
        match phrase(&envelope.name) {
            name if name.is_empty() => header("From", &envelope.from),
            name => header("From", &[&name, "<", &envelope.from, ">"].concat()),
        }
    }
    header("To", &envelope.to.join(",\n\t"));
    header("Subject", &encoded(&subject(batch, &envelope.name)));
    // RFC 5322 writes its dates as HTTP does, except for the zone.
    header("Date", &String::from_utf8_lossy(&now.http()).replace("GMT", "+0000"));
    let domain = envelope.from.split_once('@').map_or("localhost", |(_, domain)| domain);
    let (first, id) = (batch.first(), now.since_epoch().as_nanos() as u64);
    let fingerprint = first.map_or(0, |notice| notice.fingerprint);
    header("Message-ID", &format!("<{id:x}.{fingerprint:016x}@{domain}>"));
    header("Auto-Submitted", "auto-generated");
    header("MIME-Version", "1.0");
    header("Content-Type", "text/plain; charset=utf-8");
    header("Content-Transfer-Encoding", "quoted-printable");
    mail.push('\n');
    let mut mail = mail.into_bytes();
    quoted_printable(&body(batch, url), &mut mail);
    mail
}

fn subject(batch: &[Arc<Notice>], box_name: &str) -> String {
    let firing = batch.iter().filter(|notice| !notice.is_resolved()).count();
    let (state, count) = if firing > 0 { ("FIRING", firing) } else { ("RESOLVED", batch.len()) };
    let name = batch.first().map_or("", |notice| &notice.name);
    let mut subject = format!("[{state}:{count}] {name}");
    if let [one] = batch {
        let others = one.labels.iter().filter(|(name, _)| name != "alertname");
        for (at, (_, value)) in others.enumerate() {
            subject.push_str(if at == 0 { ": " } else { " " });
            subject.push_str(value);
        }
    } else if !box_name.is_empty() {
        subject.push_str(&[": ", box_name].concat());
    }
    subject.replace(char::is_control, " ")
}

fn body(batch: &[Arc<Notice>], url: &str) -> String {
    let mut body = String::new();
    for notice in batch {
        body.push_str(if notice.is_resolved() { "RESOLVED " } else { "FIRING " });
        body.push_str(&notice.name);
        body.push_str("\n\n");
        for (name, value) in &notice.annotations {
            body.push_str(&["  ", name, ": ", value, "\n"].concat());
        }
        body.push_str(&["  value: ", &notice.value, "\n"].concat());
        for (name, value) in notice.labels.iter().filter(|(name, _)| name != "alertname") {
            body.push_str(&["  ", name, " = ", value, "\n"].concat());
        }
        body.push_str(&["  since ", &notice.starts.rfc3339().to_string(), "\n"].concat());
        if let Some(ends) = notice.ends {
            body.push_str(&["  until ", &ends.rfc3339().to_string(), "\n"].concat());
        }
        body.push('\n');
    }
    if !url.is_empty() {
        body.push_str(&[url.trim_end_matches('/'), "/status\n"].concat());
    }
    body
}

/// A name before an address, with the separator.
fn phrase(name: &str) -> String {
    let (name, _) = cut(name, MAX_NAME);
    let is_made_of =
        |more: &[u8]| name.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    match name {
        "" => String::new(),
        _ if is_made_of(b"-_") => [name, " "].concat(),
        _ if is_made_of(b" -_.,:;@/()[]+") => format!("\"{name}\"\n\t"),
        _ => [&encoded_words(name), "\n\t"].concat(),
    }
}

/// A text for a header: unchanged if it is short and plain, otherwise in encoded words.
fn encoded(text: &str) -> String {
    let (text, _) = cut(text, MAX_SUBJECT);
    let is_plain = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    if is_plain && text.len() <= MAX_LINE - "Subject: ".len() && !text.contains("=?") {
        return text.to_owned();
    }
    encoded_words(text)
}

fn encoded_words(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while !rest.is_empty() {
        let (piece, after) = cut(rest, PIECE);
        rest = after;
        out.push_str(if out.is_empty() { "=?utf-8?q?" } else { "\n =?utf-8?q?" });
        for byte in piece.bytes() {
            match byte {
                b' ' => out.push('_'),
                byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                byte => hex(byte, |c| out.push(char::from(c))),
            }
        }
        out.push_str("?=");
    }
    out
}

/// The first characters, of at most this many bytes, and the rest.
fn cut(text: &str, most: usize) -> (&str, &str) {
    let most = most.min(text.len());
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.split_at(end)
}

fn hex(byte: u8, mut put: impl FnMut(u8)) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    put(b'=');
    for digit in [byte >> 4, byte & 15] {
        put(HEX.get(usize::from(digit)).copied().unwrap_or_default());
    }
}

/// Appends `text`: other than plain characters as `=XX`, long lines broken by a `=` at the end.
fn quoted_printable(text: &str, out: &mut Vec<u8>) {
    for line in text.lines() {
        let mut length = 0;
        for (at, byte) in line.bytes().enumerate() {
            let is_last = at + 1 == line.len();
            let is_plain = match byte {
                b'=' => false,
                b' ' => !is_last,
                byte => byte.is_ascii_graphic(),
            };
            let needs = if is_plain { 1 } else { 3 };
            if length + needs > MAX_LINE - 1 {
                out.extend_from_slice(b"=\n");
                length = 0;
            }
            length += needs;
            if is_plain {
                out.push(byte);
            } else {
                hex(byte, |c| out.push(c));
            }
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::tests::notice;
    use super::*;
    use std::time::Duration;

    fn composed(batch: &[Arc<Notice>]) -> String {
        named("", batch)
    }

    fn named(name: &str, batch: &[Arc<Notice>]) -> String {
        let to = vec!["ops@example.org".to_owned(), "root".to_owned()];
        let (name, from) = (name.to_owned(), "box@example.org".to_owned());
        let envelope = Envelope { name, from, to };
        let now = WallClock::at(Duration::from_secs(1_793_491_260));
        String::from_utf8(compose(batch, &envelope, "http://box:9101", now)).unwrap()
    }

    #[test]
    fn a_mail_has_the_alerts_and_their_labels() {
        let mail = composed(&[notice("sda", None)]);
        let fingerprint = format!("{:016x}", notice("sda", None).fingerprint);
        let (head, body) = mail.split_once("\n\n").unwrap();
        let id = format!("{:x}.{fingerprint}", 1_793_491_260_000_000_000u64);
        assert_eq!(
            head,
            format!(
                "From: box@example.org\nTo: ops@example.org,\n\troot\n\
                 Subject: [FIRING:1] Disk \"full\": sda\nDate: Sun, 01 Nov 2026 00:01:00 +0000\n\
                 Message-ID: <{id}@example.org>\nAuto-Submitted: auto-generated\n\
                 MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
                 Content-Transfer-Encoding: quoted-printable"
            )
        );
        assert_eq!(
            body,
            "FIRING Disk \"full\"\n\n  summary: Too=01 full.\n  device: sda\n  value: 0.5\n  \
             device =3D sda\n  since 2026-11-01T00:00:00.000Z\n\nhttp://box:9101/status\n"
        );
        let mail = composed(&[notice("sda", Some(90)), notice("sdb", Some(1))]);
        assert!(mail.contains("\nSubject: [RESOLVED:2] Disk \"full\"\n"), "{mail}");
        assert!(mail.contains("\n  until 2026-11-01T00:01:30.000Z\n"), "{mail}");
    }

    #[test]
    fn a_mail_has_the_name_of_its_box() {
        let mail = named("edge-17", &[notice("sda", None), notice("sdb", None)]);
        assert!(mail.starts_with("From: edge-17 <box@example.org>\n"), "{mail}");
        assert!(mail.contains("\nSubject: [FIRING:2] Disk \"full\": edge-17\n"), "{mail}");
        let long = "x".repeat(MAX_NAME);
        for (name, from) in [
            ("a.b c@d", "\"a.b c@d\"\n\t"),
            ("\"a\\", "=?utf-8?q?=22a=5C?=\n\t"),
            ("é\n", "=?utf-8?q?=C3=A9=0A?=\n\t"),
            (&"x".repeat(500), &[&long, " "].concat()),
            ("", ""),
        ] {
            assert_eq!(phrase(name), from);
        }
    }

    #[test]
    fn nothing_becomes_a_header_or_a_long_line() {
        for odd in ["a\r\nBcc: all@example.org\r\n\r\nx", &"é=".repeat(500), "=?utf-8?q?x?=", " "]
        {
            let mail = named(odd, &[notice(odd, None)]);
            assert!(mail.lines().all(|line| line.len() <= MAX_LINE), "{mail}");
            assert!(mail.bytes().all(|b| b == b'\n' || b == b'\t' || (b' '..=b'~').contains(&b)));
            let (head, _) = mail.split_once("\n\n").unwrap();
            let names = head.lines().filter(|line| !line.starts_with([' ', '\t']));
            assert_eq!(names.count(), 9, "{head}");
            assert!(!head.contains("\nBcc"), "{head}");
        }
        assert_eq!(encoded("a é"), "=?utf-8?q?a_=C3=A9?=");
    }
}
