//! One HTTP request with samples: its headers, some of which come from files, and its body, which is
//! compressed if configured.

use super::Verdict;
use crate::base::log;
use crate::base::sys;
use crate::base::wire::{Url, basic};
use crate::outputs::answer_text::is_late;
use crate::settings::{Export, ExportKind};
use crate::workers::{Answer, Call, Client};
use std::io;
use std::path::Path;
use std::time::Instant;

/// Bytes of an answer that are read.
pub const MAX_ANSWER: usize = 64 << 10;

/// Bytes of a file with a secret or headers.
const MAX_FILE: u64 = 64 << 10;

/// The most headers in a file.
const MAX_HEADERS: usize = 64;

/// Paths where receivers accept OTLP over HTTP: collectors, VictoriaMetrics, Prometheus, Mimir.
pub const OTLP_PATHS: [&str; 4] =
    ["/v1/metrics", "/opentelemetry/v1/metrics", "/api/v1/otlp/v1/metrics", "/otlp/v1/metrics"];

/// Shorter bodies are not worth compressing.
const WORTH_GZIP: usize = 1 << 10;

/// The URL and the headers, as they are known when the settings are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    pub(super) url: Url,
    /// The endpoint has no path: the known paths are tried.
    seeks: bool,
    is_found: bool,
    pub(super) headers: Vec<(String, String)>,
}

impl Post {
    /// A request to `url`, with the current contents of the files of `export`. One that `seeks` tries the
    /// paths where receivers accept OTLP.
    ///
    /// # Errors
    ///
    /// The URL is invalid, or a file cannot be read.
    pub fn new(export: &Export, url: &str, seeks: bool) -> io::Result<Post> {
        let url = Url::parse(url).map_err(|expected| {
            let text = format!("export {}: endpoint: expected: {expected}", export.name);
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        let headers = headers(export, &url)?;
        Ok(Post { url, seeks, is_found: false, headers })
    }

    /// Reads the files again, as the receiver may have refused old credentials. Returns whether they changed.
    pub fn refresh(&mut self, export: &Export) -> bool {
        let Ok(headers) = headers(export, &self.url) else { return false };
        let is_new = headers != self.headers;
        self.headers = headers;
        is_new
    }

    /// Sends `body`, which `headers` describe.
    ///
    /// # Errors
    ///
    /// There is no answer that could be evaluated.
    pub fn send(
        &mut self,
        client: &mut Client,
        headers: &[(&str, &str)],
        body: &[u8],
        deadline: Instant,
    ) -> Result<Answer, Verdict> {
        let first = self.send_once(client, headers, body, deadline)?;
        if !self.is_lost(&first) {
            self.is_found |= first.status / 100 == 2;
            return Ok(first);
        }
        let before = self.url.target.clone();
        for path in OTLP_PATHS.iter().filter(|path| **path != before) {
            (*path).clone_into(&mut self.url.target);
            match self.send_once(client, headers, body, deadline) {
                Ok(answer) if answer.status / 100 == 2 || is_late(&answer.body) => {
                    self.is_found = true;
                    log::info("the receiver takes OTLP", &[("url", &self.url)]);
                    return Ok(answer);
                }
                Ok(answer) if self.is_wrong_path(&answer) => {}
                // The path may be found another time.
                other => {
                    self.url.target = before;
                    return other;
                }
            }
        }
        self.url.target = before;
        Ok(first)
    }

    /// Whether another path may accept OTLP, which would be tried.
    pub fn is_lost(&self, answer: &Answer) -> bool {
        self.seeks && self.is_wrong_path(answer)
    }

    fn is_wrong_path(&self, answer: &Answer) -> bool {
        let is_unknown = !self.is_found && !is_late(&answer.body);
        matches!(answer.status, 404 | 405) || answer.status == 400 && is_unknown
    }

    fn send_once(
        &self,
        client: &mut Client,
        headers: &[(&str, &str)],
        body: &[u8],
        deadline: Instant,
    ) -> Result<Answer, Verdict> {
        // Headers that the format requires cannot be changed by settings.
        let is_set = |name: &str| headers.iter().any(|(set, _)| set.eq_ignore_ascii_case(name));
        let mut all = Vec::new();
        for (name, value) in headers {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        all.extend(self.headers.iter().filter(|(name, _)| !is_set(name)).cloned());
        let headers = all;
        let (url, body, max_body) = (&self.url, Some(body), MAX_ANSWER);
        let call = Call { method: "POST", url, headers: &headers, body, deadline, max_body };
        let answer = client
            .deliver(&call)
            .map_err(|failure| Verdict::Again(failure.reason, failure.text, None))?;
        // A captive portal does so as well, but only for a while.
        if matches!(answer.status, 300..400 | 511) {
            let status = answer.status.to_string();
            let text = [
                "it redirects (",
                &status,
                "): a network that wants a login, or the \
                         receiver moved: then name its new URL as endpoint",
            ]
            .concat();
            return Err(Verdict::Again("redirect", text, answer.retry_after));
        }
        Ok(answer)
    }
}

/// Whether a body of that length is to be compressed.
pub fn is_worth_gzip(length: usize) -> bool {
    length >= WORTH_GZIP
}

/// The headers of the settings, of the file, and the User-Agent.
fn headers(export: &Export, url: &Url) -> io::Result<Vec<(String, String)>> {
    let mut headers = export.headers.clone();
    if let Some(path) = &export.headers_file {
        let text = read(export, "headers_file", path)?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_HEADERS) {
            let Some((name, value)) = line.split_once(':') else {
                return Err(wrong(export, "headers_file", path, "expected `Name: value` a line"));
            };
            add(&mut headers, name.trim(), value.trim().to_owned());
        }
    }
    let is_influx2 = export.kind == ExportKind::Influx && export.database.is_empty();
    if let Some(path) = &export.token_file {
        let word = if is_influx2 { "Token " } else { "Bearer " };
        let token = read(export, "token_file", path)?;
        add(&mut headers, "Authorization", [word, token.trim()].concat());
    } else if !export.username.is_empty() {
        let file = export.password_file.as_deref();
        let password = file.map(|path| read(export, "password_file", path)).transpose()?;
        let password = password.unwrap_or_default();
        add(&mut headers, "Authorization", basic(&export.username, password.trim()));
    } else if let Some((user, password)) = &url.user {
        add(&mut headers, "Authorization", basic(user, password));
    }
    Ok(headers)
}

/// Adds a header unless it is present.
fn add(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    if !headers.iter().any(|(has, _)| has.eq_ignore_ascii_case(name)) {
        headers.push((name.to_owned(), value));
    }
}

fn read(export: &Export, key: &str, path: &Path) -> io::Result<String> {
    match sys::read_text(path, MAX_FILE) {
        Err(error) => Err(wrong(export, key, path, &error.to_string())),
        Ok(text) if text.trim().is_empty() => Err(wrong(export, key, path, "it is empty")),
        Ok(text) => Ok(text),
    }
}

fn wrong(export: &Export, key: &str, path: &Path, what: &str) -> io::Error {
    let path = path.to_string_lossy();
    io::Error::other(format!("export {}: {key} {path}: {what}", export.name))
}
