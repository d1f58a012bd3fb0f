//! The worker of a target: it waits, sends a request, hands over the result, and waits again. It
//! paces itself on the monotonic clock, and ends when its mailbox closes or results are no longer received.

use super::answer::{self, AnswerContent};
use crate::base::log;
use crate::base::sys;
use crate::base::wire::{Url, basic};
use crate::settings::{Field, Scrape, Target, TargetKind};
use crate::workers::{Call, Client, Failure, Queue, Slot};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// No target is asked more often.
const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// From the start of a worker to its first request, at most.
const SOON: Duration = Duration::from_secs(1);

/// Bytes of a file with a token or password.
const MAX_SECRET: u64 = 16 << 10;

/// The Accept header for exposition text. The plain format comes first, by position and by quality: that
/// of some servers is valid where their OpenMetrics is not, and nothing is used that only the latter
/// has. `escaping` asks for names as they are; Go's library heeds it in 0.0.4, Python's only in 1.0.0,
/// and Java's reads it up to the next semicolon, so q follows it even where it is 1. Both of
/// text come before OpenMetrics, as Python's library takes the first that it knows, whatever its
/// quality. Without the word openmetrics Spring answers JSON.
const ACCEPT_TEXT: &str = "text/plain;version=0.0.4;escaping=allow-utf-8;q=1,\
    text/plain;version=1.0.0;escaping=allow-utf-8;q=0.9,\
    application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1";

const ACCEPT_JSON: &str = "application/json";

/// What a worker needs to know. A worker whose plan does not change continues undisturbed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    name: String,
    url: String,
    kind: TargetKind,
    fields: Vec<Field>,
    max_series: usize,
    any_status: bool,
    interval: Duration,
    timeout: Duration,
    max_body: usize,
    headers: Vec<(String, String)>,
    token_file: Option<PathBuf>,
    username: String,
    password_file: Option<PathBuf>,
    follow_any: bool,
    /// Differs between targets, so that not all are asked at once.
    spread: u64,
}

/// The result of a request.
pub struct Outcome {
    /// The number of the worker.
    pub id: u64,
    /// From the start of the request to the end of the answer.
    pub duration: Duration,
    /// The target's answer.
    pub result: Result<AnswerContent, Failure>,
}

impl Plan {
    /// The plan for asking `target`.
    pub fn new(target: &Target, all: &Scrape) -> Plan {
        let mut hasher = DefaultHasher::new();
        hasher.write(target.name.as_bytes());
        Plan {
            name: target.name.clone(),
            url: target.url.clone(),
            kind: target.kind,
            fields: target.fields.clone(),
            max_series: all.max_series,
            any_status: target.any_status,
            interval: target.interval.unwrap_or(all.interval).max(MIN_INTERVAL),
            timeout: target.timeout.unwrap_or(all.timeout),
            max_body: all.max_body_bytes,
            headers: target.headers.clone(),
            token_file: target.token_file.clone(),
            username: target.username.clone(),
            password_file: target.password_file.clone(),
            follow_any: target.follow_any,
            spread: hasher.finish(),
        }
    }

    fn share_of(&self, time: Duration) -> Duration {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos(self.spread % nanos)
    }

    /// The time of the next request, counted from the start: soon, then once in each interval, at this
    /// target's own place in it.
    fn next(&self, since: Option<Duration>) -> Duration {
        let Some(since) = since else { return self.share_of(self.interval.min(SOON)) };
        let place = self.share_of(self.interval);
        let Some(behind) = since.checked_sub(place) else { return place };
        let left = self.interval.as_nanos() - behind.as_nanos() % self.interval.as_nanos();
        since + Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
    }
}

/// Works until `stop` closes.
pub fn work(id: u64, plan: &Plan, stop: &Queue<Infallible>, results: &Slot<Outcome>) {
    let mut client = Client::following(plan.follow_any);
    let start = Instant::now();
    let mut next = plan.next(None);
    loop {
        if !stop.sleep(next.saturating_sub(start.elapsed())) {
            return;
        }
        let asked = Instant::now();
        let result = ask(&mut client, plan, asked);
        if !results.send(Outcome { id, duration: asked.elapsed(), result }) {
            return;
        }
        next = plan.next(Some(start.elapsed()));
    }
}

fn ask(client: &mut Client, plan: &Plan, now: Instant) -> Result<AnswerContent, Failure> {
    let url = Url::parse(&plan.url)
        .map_err(|expected| Failure { reason: "url", text: ["expected ", expected].concat() })?;
    let call = Call {
        method: "GET",
        url: &url,
        headers: &headers(plan, &url)?,
        body: None,
        deadline: now + plan.timeout,
        max_body: plan.max_body,
    };
    let mut answer = client.send(&call)?;
    if !plan.any_status {
        answer::judge(&answer)?;
    }
    // The whole answer is required whatever its status.
    if let Some(fault) = answer.fault.take() {
        return Err(fault);
    }
    match plan.kind {
        TargetKind::Prometheus => answer::text(answer),
        TargetKind::Custom => answer::numbers(&answer, &plan.name, &plan.fields, plan.max_series),
    }
}

/// The headers of the settings, and defaults for the others. Files are read again each time: secrets
/// change.
fn headers(plan: &Plan, url: &Url) -> Result<Vec<(String, String)>, Failure> {
    let mut headers = plan.headers.clone();
    let mut add = |name: &str, value: String| {
        if !headers.iter().any(|(has, _)| has.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value));
        }
    };
    let accept = match plan.kind {
        TargetKind::Prometheus => ACCEPT_TEXT,
        TargetKind::Custom => ACCEPT_JSON,
    };
    add("Accept", accept.to_owned());
    if let Some(file) = &plan.token_file {
        add("Authorization", ["Bearer ", &secret(file)?].concat());
    } else if !plan.username.is_empty() {
        let password = plan.password_file.as_deref().map(secret).transpose()?;
        add("Authorization", basic(&plan.username, &password.unwrap_or_default()));
    } else if let Some((user, password)) = &url.user {
        add("Authorization", basic(user, password));
    }
    Ok(headers)
}

/// Warns of files with secrets that cannot be read now, as a scrape would read them; returns the number of warnings.
pub fn warn_of_secrets(targets: &[Target]) -> usize {
    let mut warnings = 0;
    for target in targets {
        // There is one at most.
        let path = target.token_file.as_deref().or(target.password_file.as_deref());
        if let Some(Err(Failure { text, .. })) = path.map(secret) {
            log::warn("target failed", &[("target", &target.name), ("error", &text)]);
            warnings += 1;
        }
    }
    warnings
}

fn secret(path: &Path) -> Result<String, Failure> {
    let fault = match sys::read_text(path, MAX_SECRET) {
        Err(error) => error.to_string(),
        Ok(text) if text.trim().is_empty() => "it is empty".to_owned(),
        Ok(text) => return Ok(text.trim().to_owned()),
    };
    let text = format!("reading {}: {fault}", path.to_string_lossy());
    Err(Failure { reason: "file", text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str, interval: Duration) -> Plan {
        let target = Target { name: name.to_owned(), ..Target::default() };
        Plan::new(&target, &Scrape { interval, ..Scrape::default() })
    }

    #[test]
    fn requests_are_spread_and_keep_their_pace() {
        let interval = Duration::from_secs(15);
        let mut places = Vec::new();
        for n in 0..50 {
            let plan = plan(&format!("target{n}"), interval);
            assert!(plan.next(None) < SOON);
            let mut at = plan.next(Some(plan.next(None)));
            assert!(at > plan.next(None) && at <= plan.next(None) + interval);
            places.push(at.as_nanos() % interval.as_nanos());
            // A small delay is not drift; an interval that was missed is left out.
            for late in [0, 1, 3_000, 14_999, 15_001, 40_000] {
                let late = Duration::from_millis(late);
                let next = plan.next(Some(at + late));
                assert!(next > at + late && next <= at + late + interval);
                assert_eq!((next - at).as_nanos() % interval.as_nanos(), 0);
                at = next;
            }
        }
        // Each third of the interval gets its share of the targets.
        for third in 0..3 {
            let is_here = |p: &&u128| **p * 3 / interval.as_nanos() == third;
            assert!(places.iter().filter(is_here).count() > 5);
        }
        let short = plan("a", Duration::ZERO);
        assert_eq!(short.interval, MIN_INTERVAL);
    }

    #[test]
    fn secrets_are_read_from_files() {
        let dir = std::env::temp_dir().join(format!("sysmetrics-secret-{}", std::process::id()));
        let mut plan = plan("a", SOON);
        let url = Url::parse("http://me:it@host/").unwrap();
        let sent = |plan: &Plan| {
            let headers = headers(plan, &url).map_err(|failure| failure.reason)?;
            let found = headers.iter().find(|(name, _)| name == "Authorization");
            Ok(found.map(|(_, value)| value.clone()).unwrap_or_default())
        };
        assert_eq!(sent(&plan), Ok("Basic bWU6aXQ=".to_owned()));
        plan.username = "me".to_owned();
        assert_eq!(sent(&plan), Ok("Basic bWU6".to_owned()));
        plan.password_file = Some(dir.clone());
        assert_eq!(sent(&plan), Err("file"));
        std::fs::write(&dir, " \n").unwrap();
        assert_eq!(sent(&plan), Err("file"));
        std::fs::write(&dir, "it\n").unwrap();
        assert_eq!(sent(&plan), Ok("Basic bWU6aXQ=".to_owned()));
        plan.token_file = Some(dir.clone());
        assert_eq!(sent(&plan), Ok("Bearer it".to_owned()));
        plan.headers = vec![("authorization".to_owned(), "mine".to_owned())];
        assert_eq!(sent(&plan), Ok(String::new()));
        std::fs::remove_file(&dir).unwrap();
    }
}
