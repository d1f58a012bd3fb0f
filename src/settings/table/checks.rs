//! Relations between the options of one table. Each check reads the element that was
//! read last, and returns the wrong key and the reason.

use crate::base::text::groups::references;
use crate::base::text::number::time_of;
use crate::base::text::template;
use crate::base::text::words::{meant, quoted};
use crate::settings::problem::Keyed;
use crate::settings::types::{LogRule, RuleKind, Settings, TargetKind};
use regex_lite::Regex;
use std::path::PathBuf;
use std::time::Duration;

/// The timeout of one request to a target, unless its interval is less.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Labels on every series.
const MAX_LABELS: usize = 32;
/// Buckets of a histogram.
const MAX_BUCKETS: usize = 256;

pub type Check = Result<(), Keyed>;

pub fn wrong(key: &'static str, parts: &[&str]) -> Check {
    Err((key, parts.concat()))
}

pub fn metrics(settings: &mut Settings) -> Check {
    let custom = &settings.custom;
    if let Some(name) = custom.counters.iter().find(|name| custom.gauges.contains(name)) {
        let name = quoted(name);
        return wrong("custom_counters", &[&name, " is in custom_gauges, too; keep one"]);
    }
    let labels = &custom.labels;
    if labels.len() > MAX_LABELS {
        return wrong("labels", &["more than ", &MAX_LABELS.to_string(), " labels"]);
    }
    match labels.iter().find(|(name, _)| ["le", "quantile"].contains(&name.as_str())) {
        Some((name, _)) => {
            wrong("labels", &[name, " belongs to the parts of histograms and summaries"])
        }
        None => Ok(()),
    }
}

pub fn histogram(settings: &mut Settings) -> Check {
    let custom = &settings.custom;
    let Some(histogram) = custom.histograms.last() else { return Ok(()) };
    if custom.gauges.iter().chain(&custom.counters).any(|name| *name == histogram.name) {
        let name = quoted(&histogram.name);
        return wrong("name", &[&name, " is in custom_gauges or custom_counters, too; keep one"]);
    }
    buckets(&histogram.buckets)
}

fn buckets(bounds: &[f64]) -> Check {
    if bounds.len() > MAX_BUCKETS {
        return wrong("buckets", &["more than ", &MAX_BUCKETS.to_string(), " buckets"]);
    }
    match bounds.iter().zip(bounds.iter().skip(1)).find(|(a, b)| a >= b) {
        Some((a, b)) => {
            let (mut room, mut other) = (zmij::Buffer::new(), zmij::Buffer::new());
            let [a, b] =
                [room.format(*a), other.format(*b)].map(|n| n.strip_suffix(".0").unwrap_or(n));
            wrong("buckets", &["expected ascending numbers, found ", b, " behind ", a])
        }
        None => Ok(()),
    }
}

pub fn scrape(settings: &mut Settings) -> Check {
    let scrape = &mut settings.scrape;
    if scrape.timeout.is_zero() {
        scrape.timeout = TIMEOUT.min(scrape.interval);
    }
    in_time(scrape.timeout, scrape.interval)
}

fn in_time(timeout: Duration, interval: Duration) -> Check {
    if timeout <= interval {
        return Ok(());
    }
    let (timeout, interval) = (time_of(timeout), time_of(interval));
    let text = ["expected at most the interval, ", &interval, ", found ", &timeout];
    wrong("timeout_secs", &text)
}

pub fn target(settings: &mut Settings) -> Check {
    let scrape = &mut settings.scrape;
    let Some(target) = scrape.targets.last_mut() else { return Ok(()) };
    if target.timeout.is_none() {
        // An interval shorter than the common timeout sets the timeout.
        target.timeout = target.interval.filter(|own| *own < scrape.timeout);
    }
    in_time(target.timeout.unwrap_or(scrape.timeout), target.interval.unwrap_or(scrape.interval))?;
    login(&target.username, &target.password_file, &target.token_file)?;
    if target.kind == TargetKind::Prometheus && !target.fields.is_empty() {
        return wrong("type", &["fields are taken out of JSON; write type = \"custom\""]);
    }
    Ok(())
}

/// A name and its password go together, and exclude a token.
pub fn login(name: &str, password: &Option<PathBuf>, token: &Option<PathBuf>) -> Check {
    match (name.is_empty(), password, token) {
        (false, None, _) => wrong("username", &["password_file is missing beside it"]),
        (true, Some(_), _) => wrong("password_file", &["username is missing beside it"]),
        (_, Some(_), Some(_)) => {
            wrong("token_file", &["together with username and password_file; keep one"])
        }
        _ => Ok(()),
    }
}

pub fn log(settings: &mut Settings) -> Check {
    match settings.logs.last() {
        Some(log) if log.rules.is_empty() => {
            wrong("rules", &["nothing to look for; add a [[logs.rules]] with metric and pattern"])
        }
        _ => Ok(()),
    }
}

pub fn rule(settings: &mut Settings) -> Check {
    let rule = settings.logs.last().and_then(|log| log.rules.last());
    let Some(rule) = rule else { return Ok(()) };
    groups(rule)?;
    if rule.kind != RuleKind::Counter && rule.value.is_none() {
        let text = "a gauge or histogram needs a value, such as value = \"$seconds\"";
        return wrong("type", &[text]);
    }
    if rule.kind != RuleKind::Histogram && !rule.buckets.is_empty() {
        return wrong("buckets", &["only a histogram has buckets; write type = \"histogram\""]);
    }
    buckets(&rule.buckets)
}

/// Every `$name` is a group of the pattern.
fn groups(rule: &LogRule) -> Check {
    let Ok(pattern) = Regex::new(&rule.pattern) else { return Ok(()) };
    let known: Vec<&str> = pattern.capture_names().flatten().collect();
    let labels = rule.labels.iter().map(|(_, text)| ("labels", text));
    for (key, text) in labels.chain(rule.value.iter().map(|text| ("value", text))) {
        for part in references(text) {
            let Some(name) = part else {
                let text = ["a $ without a name; a group is $name or ${name}, a dollar sign is $$"];
                return wrong(key, &text);
            };
            if !known.contains(&name) {
                let meant = meant(name, &mut known.iter().copied(), "$");
                let known = match known.as_slice() {
                    [] => "it has none".to_owned(),
                    known => ["known are $", &known.join(", $")].concat(),
                };
                let (name, no) =
                    (quoted(&["$", name].concat()), " is no named group of the pattern");
                return wrong(key, &[&name, no, &meant, "; ", &known]);
            }
        }
    }
    match &rule.value {
        Some(text) if references(text).next().is_none() => {
            wrong("value", &["expected a group such as $seconds, found ", &quoted(text)])
        }
        _ => Ok(()),
    }
}

pub fn alerting(settings: &mut Settings) -> Check {
    let alerting = &mut settings.alerting;
    let relay = !alerting.smtp.is_empty();
    if alerting.mail_to.is_empty() || relay {
        alerting.sendmail.clear();
    }
    if relay && alerting.mail_from.is_empty() && !alerting.mail_to.is_empty() {
        return wrong("smtp", &["mail_from is missing beside it"]);
    }
    Ok(())
}

pub fn alert(settings: &mut Settings) -> Check {
    let Some(alert) = settings.alerts.last() else { return Ok(()) };
    for (key, texts) in [("labels", &alert.labels), ("annotations", &alert.annotations)] {
        for (name, text) in texts {
            if let Err(mistake) = template::check(text) {
                return wrong(key, &[name, ": ", &mistake]);
            }
        }
    }
    Ok(())
}
