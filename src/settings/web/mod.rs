//! The web configuration file of Prometheus' exporters (exporter-toolkit, `docs/web-configuration.md`):
//! certificates, users and headers, read in the same way. Paths in it are relative to the file.

mod entries;
mod texts;
mod yaml;

use crate::base::text::number::millis;
use crate::settings::sources::file;
use crate::settings::types::{CLIENT_AUTH, ClientAuth, Pem, ServerTls, TlsVersion};
use entries::{expected, map, switch, text, texts, unknown};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;
use texts::{Entry, Node};

pub use texts::Wrong;

/// Bytes of all headers together: they are sent with each response.
const MAX_HEADERS: usize = 1024;

/// The longest time between requests, and the most that may come at once.
const MAX_INTERVAL: Duration = Duration::from_secs(86_400);
const MAX_BURST: u32 = 1_000_000;

/// The settings of such a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebConfig {
    /// None to serve plain HTTP.
    pub tls: Option<ServerTls>,
    /// Names, and hashes of passwords; without any, no login is needed.
    pub users: Vec<(String, String)>,
    /// Headers of every response.
    pub headers: Vec<(String, String)>,
    /// The limit of requests; `None` for no limit.
    pub limit: Option<RateLimit>,
}

/// A limit of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The time between two requests, over a long time.
    pub interval: Duration,
    /// How many may come at once.
    pub burst: u32,
}

type Done = Result<(), Wrong>;

/// Reads a web configuration file, which may be empty.
///
/// # Errors
///
/// A message with file and line.
pub fn read_web_config(path: &Path) -> io::Result<WebConfig> {
    let name = path.display().to_string();
    let wrong = |what: &str| io::Error::new(ErrorKind::InvalidInput, [&*name, what].concat());
    let bytes = file::bytes(path).map_err(|error| {
        let text = ["web_config_file ", &name, ": ", &error.to_string()].concat();
        io::Error::new(error.kind(), text)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| wrong(": not UTF-8"))?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let read = parse_web_config(&text, directory);
    read.map_err(|(line, what)| wrong(&[":", &line.to_string(), ": ", &what].concat()))
}

/// Parses the text of a web configuration file, whose paths are relative to `directory`.
///
/// # Errors
///
/// A line, and the error there.
pub fn parse_web_config(text: &str, directory: &Path) -> Result<WebConfig, Wrong> {
    config(&yaml::parse(text)?, directory)
}

fn config(entries: &[Entry], directory: &Path) -> Result<WebConfig, Wrong> {
    let mut config = WebConfig::default();
    for entry in entries {
        match &*entry.key {
            "tls_server_config" => config.tls = tls(entry, directory)?,
            "http_server_config" => http(entry, &mut config.headers)?,
            "basic_auth_users" => {
                for user in map(entry, "")? {
                    let hash = text(user, "basic_auth_users.")?.to_owned();
                    config.users.push((user.key.clone(), hash));
                }
            }
            "rate_limit" => config.limit = limit(entry)?,
            _ => {
                let known =
                    ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];
                return Err(unknown(entry, "", &known));
            }
        }
    }
    Ok(config)
}

const TLS_KEYS: [&str; 13] = [
    "cert_file",
    "key_file",
    "cert",
    "key",
    "client_auth_type",
    "client_ca_file",
    "client_ca",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
];

/// The keys that enable https.
const ENABLING: [&str; 7] =
    ["cert_file", "cert", "key_file", "key", "client_ca_file", "client_ca", "client_auth_type"];

fn tls(section: &Entry, directory: &Path) -> Result<Option<ServerTls>, Wrong> {
    const OF: &str = "tls_server_config.";
    let (mut tls, mut is_enabled) = (ServerTls::default(), false);
    let entries = map(section, "")?;
    for entry in entries {
        match &*entry.key {
            "cert" | "key" | "client_ca" | "cert_file" | "key_file" | "client_ca_file" => {
                pem(&mut tls, entry, OF, directory)?;
            }
            "client_auth_type" => tls.client_auth = client_auth(entry, OF)?,
            "client_allowed_sans" => tls.allowed_sans = texts(entry, OF)?,
            "min_version" => tls.oldest = version(entry, OF)?,
            "max_version" => tls.newest = version(entry, OF)?,
            "cipher_suites" => tls.cipher_suites = texts(entry, OF)?,
            "curve_preferences" => tls.curves = texts(entry, OF)?,
            "prefer_server_cipher_suites" => tls.prefers_ours = switch(entry, OF)?,
            _ => return Err(unknown(entry, OF, &TLS_KEYS)),
        }
        let is_set = !matches!(&entry.node, Node::Empty) && entry.node != Node::Text(String::new());
        is_enabled |= is_set && ENABLING.contains(&&*entry.key);
    }
    if !is_enabled {
        return Ok(None);
    }
    match tls.contradiction() {
        Some((key, what)) => {
            let is_it = |entry: &&Entry| entry.key.starts_with(key);
            let line = entries.iter().find(is_it).map_or(section.line, |entry| entry.line);
            Err((line, [OF, key, ": ", what].concat()))
        }
        None => Ok(Some(tls)),
    }
}

/// A certificate or a key. A file takes precedence over a text in the settings, as there.
fn pem(tls: &mut ServerTls, entry: &Entry, of: &str, directory: &Path) -> Done {
    let text = text(entry, of)?;
    let place = match &*entry.key {
        "cert" | "cert_file" => &mut tls.cert,
        "key" | "key_file" => &mut tls.key,
        _ => &mut tls.client_ca,
    };
    if text.is_empty() {
        return Ok(());
    }
    if entry.key.ends_with("_file") {
        *place = Pem::File(directory.join(text));
    } else if place.file().is_none() {
        *place = Pem::Text(text.to_owned());
    }
    Ok(())
}

fn client_auth(entry: &Entry, of: &str) -> Result<ClientAuth, Wrong> {
    let value = text(entry, of)?;
    let found = CLIENT_AUTH.iter().find(|(word, _)| word.split('|').any(|word| word == value));
    match found {
        Some((_, auth)) => Ok(*auth),
        None if value.is_empty() => Ok(ClientAuth::None),
        None => {
            let words = CLIENT_AUTH.map(|(word, _)| word.split('|').next().unwrap_or_default());
            Err(expected(entry, of, &["one of ", &words.join(", ")].concat(), value))
        }
    }
}

fn version(entry: &Entry, of: &str) -> Result<TlsVersion, Wrong> {
    match text(entry, of)? {
        "TLS12" => Ok(TlsVersion::Tls12),
        "TLS13" => Ok(TlsVersion::Tls13),
        // A file that allows older clients allows newer ones, too.
        "TLS10" | "TLS11" if entry.key == "min_version" => Ok(TlsVersion::Tls12),
        old @ ("TLS10" | "TLS11") => {
            let what = "TLS12 or TLS13, as older versions are not supported";
            Err(expected(entry, of, what, old))
        }
        other => Err(expected(entry, of, "TLS12 or TLS13", other)),
    }
}

fn http(section: &Entry, headers: &mut Vec<(String, String)>) -> Done {
    const OF: &str = "http_server_config.";
    for entry in map(section, "")? {
        match &*entry.key {
            // Only HTTP/1.1 is served, either way.
            "http2" => drop(switch(entry, OF)?),
            "headers" => {
                for header in map(entry, OF)? {
                    headers.extend(self::header(header, "http_server_config.headers.")?);
                }
            }
            _ => return Err(unknown(entry, OF, &["http2", "headers"])),
        }
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if bytes > MAX_HEADERS {
        let text =
            "http_server_config.headers: more than 1024 bytes, which are sent with each response";
        return Err((section.line, text.to_owned()));
    }
    Ok(())
}

/// Headers that may be set, and the allowed values of some.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Content-Security-Policy", &[]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-XSS-Protection", &[]),
    ("Strict-Transport-Security", &[]),
];

fn header(entry: &Entry, of: &str) -> Result<Option<(String, String)>, Wrong> {
    let Some((name, values)) = HEADERS.iter().find(|(name, _)| *name == entry.key) else {
        return Err(unknown(entry, of, &HEADERS.map(|(name, _)| name)));
    };
    let value = text(entry, of)?;
    if !values.is_empty() && !values.contains(&value) {
        return Err(expected(entry, of, &values.join(" or "), value));
    }
    if value.contains(|c: char| c.is_control()) {
        return Err(expected(entry, of, "a text of one line", value));
    }
    Ok((!value.is_empty()).then(|| ((*name).to_owned(), value.to_owned())))
}

/// Without an interval, or with one of 0, there is no limit.
fn limit(section: &Entry) -> Result<Option<RateLimit>, Wrong> {
    const OF: &str = "rate_limit.";
    let (mut interval, mut burst) = (Duration::ZERO, 0);
    for entry in map(section, "")? {
        let value = text(entry, OF)?;
        match &*entry.key {
            _ if value.is_empty() => {}
            "burst" => {
                let number = value.parse().ok().filter(|burst| *burst <= MAX_BURST);
                let what = "a number of requests, up to 1000000";
                burst = number.ok_or_else(|| expected(entry, OF, what, value))?;
            }
            "interval" => {
                // A number alone is one of nanoseconds, as in Go.
                let nanos = value.parse().ok().map(Duration::from_nanos);
                let time = nanos.or_else(|| millis(value).map(Duration::from_millis));
                let time = time.filter(|time| *time <= MAX_INTERVAL);
                let what = "a time such as 100ms, 1s or 1m30s, up to 24h";
                interval = time.ok_or_else(|| expected(entry, OF, what, value))?;
            }
            _ => return Err(unknown(entry, OF, &["interval", "burst"])),
        }
    }
    if !interval.is_zero() && burst == 0 {
        let what = "rate_limit.burst: missing or 0, with which every request would be refused; expected how \
                    many requests may come at once";
        return Err((section.line, what.to_owned()));
    }
    Ok((!interval.is_zero()).then_some(RateLimit { interval, burst }))
}

#[cfg(test)]
mod tests;
