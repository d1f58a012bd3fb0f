//! One line per event, to stderr: text, logfmt or JSON. If nobody reads the pipe, a line is dropped and counted:
//! the serving thread never blocks on its own log.

use crate::base::clock::WallClock;
use crate::base::sys;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: `TIME LEVEL MESSAGE KEY=VALUE …`.
    #[default]
    Text,
    /// The same as pairs only: `time=… level=… msg=… KEY=VALUE …`.
    Logfmt,
    /// One JSON object a line.
    Json,
}

/// The least severe level that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed.
    Error,
    /// Also what may fail soon.
    Warn,
    /// Also what changed.
    #[default]
    Info,
    /// Also what happens.
    Debug,
}

/// The longest line; the rest is cut. A pipe accepts this much in one write (PIPE_BUF).
const MAX_LINE: usize = 4096;

/// The longest value; a longer one is cut, so that others find room in the line.
const MAX_VALUE: usize = 3072;

/// How long a repeated error is not logged again.
const SILENCE: Duration = Duration::from_secs(60);

static LEVEL: AtomicU8 = AtomicU8::new(Level::Info as u8);
static FORMAT: AtomicU8 = AtomicU8::new(Format::Text as u8);
static DROPPED: AtomicUsize = AtomicUsize::new(0);

/// A named value of an event.
pub type Field<'a> = (&'a str, &'a dyn fmt::Display);

/// Sets the format and the level of all further lines.
pub fn configure(format: Format, level: Level) {
    LEVEL.store(level as u8, Relaxed);
    FORMAT.store(format as u8, Relaxed);
}

/// Whether events of `level` are written.
pub fn enabled(level: Level) -> bool {
    level as u8 <= LEVEL.load(Relaxed)
}

/// Lines that were dropped because stderr did not accept them.
pub fn dropped() -> u64 {
    DROPPED.load(Relaxed) as u64
}

/// Logs an event that needs the operator.
pub fn error(message: &str, fields: &[Field<'_>]) {
    event(Level::Error, message, fields);
}

/// Logs something unusual that was handled.
pub fn warn(message: &str, fields: &[Field<'_>]) {
    event(Level::Warn, message, fields);
}

/// Logs a start, a stop, a reload.
pub fn info(message: &str, fields: &[Field<'_>]) {
    event(Level::Info, message, fields);
}

/// Logs a scrape or a connection.
pub fn debug(message: &str, fields: &[Field<'_>]) {
    event(Level::Debug, message, fields);
}

/// Writes a line of its own, before there is a format. A stderr that does not accept it, as on a full disk, must not end
/// the program otherwise than it would: `eprintln!` panics.
pub fn plain(line: &str) {
    let _ = std::io::stderr().write_all([line, "\n"].concat().as_bytes());
}

/// Writes one event, if its level is on.
pub fn event(level: Level, message: &str, fields: &[Field<'_>]) {
    if !enabled(level) {
        return;
    }
    let line = line(WallClock::now(), level, message, fields, format());
    let stderr = std::io::stderr();
    if sys::would_block(&stderr) || stderr.lock().write_all(line.as_bytes()).is_err() {
        DROPPED.fetch_add(1, Relaxed);
    }
}

/// The configured format.
fn format() -> Format {
    let format = FORMAT.load(Relaxed);
    let known = [Format::Logfmt, Format::Json].into_iter().find(|known| *known as u8 == format);
    known.unwrap_or_default()
}

fn line(
    at: WallClock,
    level: Level,
    message: &str,
    fields: &[Field<'_>],
    format: Format,
) -> String {
    let mut line = String::with_capacity(256);
    let level = name(level);
    let json = format == Format::Json;
    // Writing to a String cannot fail.
    let _ = match format {
        Format::Json => write!(line, "{{\"time\":\"{}\",\"level\":\"{level}\"", at.rfc3339()),
        Format::Logfmt => write!(line, "time={} level={level}", at.rfc3339()),
        Format::Text => write!(line, "{} {level} {message}", at.rfc3339()),
    };
    match format {
        Format::Json => quoted(&mut line, ",\"message\":", message),
        Format::Logfmt => pair(&mut line, "msg", message),
        Format::Text => {}
    }
    for (name, value) in fields {
        let value = value.to_string();
        if !json {
            pair(&mut line, name, &value);
        } else if is_number(&value) {
            let _ = write!(line, ",\"{name}\":{value}");
        } else {
            quoted(&mut line, &format!(",\"{name}\":"), &value);
        }
    }
    let mut end = line.len().min(MAX_LINE - 2);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line.push_str(if json { "}\n" } else { "\n" });
    line
}

fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// `name=value`, quoted if it is more than one word.
fn pair(line: &mut String, name: &str, text: &str) {
    let word = |c: char| c.is_ascii_graphic() && c != '"' && c != '=';
    if !text.is_empty() && text.chars().all(word) {
        let _ = write!(line, " {name}={text}");
    } else {
        quoted(line, &format!(" {name}="), text);
    }
}

/// Whether JSON can have `text` as a number: a whole one without leading zeros that a double represents
/// exactly. Versions and addresses with dots stay strings.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = matches!(digits.as_bytes(), [b'0'] | [b'1'..=b'9', ..]);
    is_plain && digits.len() <= 15 && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Appends `before"value"`, escaped as JSON; cut if it is too long, left out if there is no room.
fn quoted(line: &mut String, before: &str, value: &str) {
    const END: &str = "…";
    let start = line.len();
    line.push_str(before);
    line.push('"');
    // Room for the quotation mark and the end of the line.
    let Some(room) = (MAX_LINE - 3 - END.len()).checked_sub(line.len()) else {
        return line.truncate(start);
    };
    let most = line.len() + room.min(MAX_VALUE);
    for c in value.chars() {
        let whole = line.len();
        let _ = match c {
            '"' | '\\' => write!(line, "\\{c}"),
            '\n' => line.write_str("\\n"),
            c if c.is_control() => write!(line, "\\u{:04x}", c as u32),
            c => line.write_char(c),
        };
        if line.len() > most {
            line.truncate(whole);
            line.push_str(END);
            break;
        }
    }
    line.push('"');
}

/// Lets one place's error through once a minute and counts the others.
#[derive(Debug, Default)]
pub struct Limiter {
    next: Option<Instant>,
    held_back: u64,
}

impl Limiter {
    /// Whether to log it now; returns how many were suppressed since the last time.
    pub fn pass(&mut self, now: Instant) -> Option<u64> {
        if self.next.is_some_and(|next| now < next) {
            self.held_back += 1;
            return None;
        }
        self.next = Some(now + SILENCE);
        Some(std::mem::take(&mut self.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_its_json_is_valid() {
        let at = WallClock::now();
        let fields: [Field<'_>; 3] =
            [("path", &"/a b"), ("status", &200), ("client", &"x\"\n\u{7}é")];
        let text = line(at, Level::Info, "scrape", &fields, Format::Text);
        assert!(
            text.ends_with(" info scrape path=\"/a b\" status=200 client=\"x\\\"\\n\\u0007é\"\n"),
            "{text}"
        );
        let logfmt = line(at, Level::Info, "a scrape", &fields, Format::Logfmt);
        let rest =
            " level=info msg=\"a scrape\" path=\"/a b\" status=200 client=\"x\\\"\\n\\u0007é\"\n";
        assert!(logfmt.starts_with("time=2") && logfmt.ends_with(rest), "{logfmt}");
        let json = line(at, Level::Warn, "say \"x\"", &fields, Format::Json);
        let rest = ",\"level\":\"warn\",\"message\":\"say \\\"x\\\"\",\"path\":\"/a b\",\
                    \"status\":200,\"client\":\"x\\\"\\n\\u0007é\"}\n";
        assert!(json.starts_with("{\"time\":\"") && json.ends_with(rest), "{json}");
    }

    #[test]
    fn a_long_line_is_cut_and_stays_valid() {
        let long = "é".repeat(5000);
        let fields: [Field<'_>; 2] = [("a", &long), ("b", &1)];
        let at = WallClock::now();
        let json = line(at, Level::Error, "m", &fields, Format::Json);
        assert!(json.len() <= MAX_LINE && json.ends_with("éé…\",\"b\":1}\n"), "{json}");
        for n in MAX_VALUE..MAX_LINE {
            // However long it is, and whatever its characters become.
            for value in ["a".repeat(n), "\u{7}".repeat(n / 6), "\"".repeat(n / 2)] {
                let fields: [Field<'_>; 3] = [("a", &value), ("b", &value), ("c", &value)];
                let json = line(at, Level::Error, "m", &fields, Format::Json);
                assert!(json.len() <= MAX_LINE && json.ends_with("\"}\n"), "{json}");
                assert_eq!(json.replace("\\\"", "").matches('"').count() % 4, 0, "{json}");
            }
        }
        let text = line(WallClock::now(), Level::Error, &long, &fields, Format::Text);
        assert!(text.len() <= MAX_LINE && text.ends_with('\n'));
    }

    #[test]
    fn a_repeated_error_is_logged_once_a_minute_with_a_count() {
        let mut limiter = Limiter::default();
        let now = Instant::now();
        assert_eq!(limiter.pass(now), Some(0));
        assert_eq!(limiter.pass(now + Duration::from_secs(1)), None);
        assert_eq!(limiter.pass(now + Duration::from_secs(59)), None);
        assert_eq!(limiter.pass(now + Duration::from_secs(60)), Some(2));
    }
}
