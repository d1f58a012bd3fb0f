//! The time zone of this process: the variable TZ, else `/etc/localtime`.

use super::zone::{Span, of_file, of_rule};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::collect::PartialErrors;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const LOCALTIME: &str = "/etc/localtime";

/// Where TZ names files.
const ZONES: &str = "/usr/share/zoneinfo";

/// Bytes of a file; the longest have 4 KB.
const MAX_FILE: u64 = 64 << 10;

/// How long a file is taken to be the same.
const PERIOD: Duration = Duration::from_secs(60);

/// Where the time zone is from.
enum Source {
    Rule(String),
    /// A file, and what it is called in errors.
    File(PathBuf, &'static str),
}

/// The local time zone, with what was found last.
pub struct LocalZone {
    source: Source,
    known: Option<(Span, Instant)>,
}

impl LocalZone {
    /// The time zone of this process.
    pub fn of_process() -> LocalZone {
        LocalZone::of(std::env::var("TZ").ok().as_deref(), Path::new(LOCALTIME))
    }

    fn of(variable: Option<&str>, file: &Path) -> LocalZone {
        let source = match variable {
            None => Source::File(file.to_owned(), LOCALTIME),
            Some(rule) if of_rule(rule.as_bytes(), 0).is_some() => Source::Rule(rule.to_owned()),
            Some("") => Source::Rule("UTC0".to_owned()),
            // An absolute path replaces the folder.
            Some(name) => {
                let name = name.strip_prefix(':').unwrap_or(name);
                Source::File(Path::new(ZONES).join(name), "the file of TZ")
            }
        };
        LocalZone { source, known: None }
    }

    /// Local time `time` seconds after 1970. It is UTC if there is no file, as in the C library.
    pub fn at(&mut self, time: u64, now: Instant, errors: &mut PartialErrors) -> Option<Span> {
        let time = i64::try_from(time).ok()?;
        let is_fresh = |(span, read): &(Span, Instant)| {
            span.contains(time) && now.saturating_duration_since(*read) < PERIOD
        };
        if !self.known.as_ref().is_some_and(is_fresh) {
            self.known = self.read(time, errors).map(|span| (span, now));
        }
        self.known.map(|(span, _)| span)
    }

    fn read(&self, time: i64, errors: &mut PartialErrors) -> Option<Span> {
        let (path, place) = match &self.source {
            Source::Rule(rule) => return of_rule(rule.as_bytes(), time),
            Source::File(path, place) => (path, *place),
        };
        match sys::read_file(path, MAX_FILE) {
            Ok(bytes) => {
                let span = of_file(&bytes, time);
                if span.is_none() {
                    errors.refuse(place, "a time zone (TZif)", bytes.get(..4).unwrap_or(&bytes));
                }
                span
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Span::always(b"UTC", 0),
            Err(error) => {
                errors.record(Error::of(place, &error));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const WINTER: u64 = 1_796_000_000;
    const SUMMER: u64 = 1_783_000_000;

    fn of(zone: &mut LocalZone, time: u64, now: Instant) -> String {
        let found = zone.at(time, now, &mut PartialErrors::default());
        found.map_or_else(String::new, |span| {
            format!("{} {}", String::from_utf8_lossy(span.name()), span.ahead)
        })
    }

    /// A file of version 1 with one type.
    fn file(name: &str, ahead: i32) -> Vec<u8> {
        let count = |n: usize| (n as u32).to_be_bytes();
        let counts = [0, 0, 0, 0, 1, name.len() + 1].map(count).concat();
        let head = [b"TZif".as_slice(), &[0; 16], &counts].concat();
        [&head[..], &ahead.to_be_bytes(), &[0, 0], name.as_bytes(), &[0]].concat()
    }

    #[test]
    fn a_file_that_changes_is_followed() {
        let now = Instant::now();
        let path = std::env::temp_dir().join(format!("localtime-{}", std::process::id()));
        let mut zone = LocalZone::of(None, &path);
        assert_eq!(of(&mut zone, WINTER, now), "UTC 0", "as without a file");
        fs::write(&path, file("CET", 3600)).unwrap();
        assert_eq!(of(&mut zone, WINTER, now), "UTC 0", "not at each scrape");
        assert_eq!(of(&mut zone, WINTER, now + PERIOD), "CET 3600");
        // Truncated, and written over in place.
        fs::write(&path, "").unwrap();
        assert_eq!(of(&mut zone, WINTER, now + 2 * PERIOD), "");
        fs::write(&path, file("IST", 19_800)).unwrap();
        assert_eq!(of(&mut zone, WINTER, now + 2 * PERIOD), "IST 19800");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_variable_is_a_rule_or_names_a_file() {
        let path = Path::new("/nowhere");
        let at = |variable: &str, time| {
            of(&mut LocalZone::of(Some(variable), path), time, Instant::now())
        };
        assert_eq!(at("CET-1CEST,M3.5.0,M10.5.0/3", WINTER), "CET 3600");
        assert_eq!(at("CET-1CEST,M3.5.0,M10.5.0/3", SUMMER), "CEST 7200");
        assert_eq!(at("<+0545>-5:45", SUMMER), "+0545 20700");
        for utc in ["", "UTC", ":no/such", "no such"] {
            assert_eq!(at(utc, WINTER), "UTC 0", "{utc}");
        }
    }
}
