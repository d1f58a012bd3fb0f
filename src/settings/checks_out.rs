//! What the options of an export have to do with its type, with each other, and with other exports.

use super::lists::Told;
use super::out::{Export, ExportKind, OtlpProtocol, StdoutFormat};
use super::problem::{Refusal, meant, quoted};
use super::row::Keyed;
use super::rows_out::TYPES;
use super::types::Settings;
use super::value::{Kind, in_millis, time};
use std::time::Duration;

/// Destinations; each has a thread.
pub(super) const MAX_EXPORTS: usize = 8;
/// For one request, unless a third of the interval is less.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a name: it is a directory of the spool.
const MAX_NAME: usize = 64;

const OTLP: u8 = 1 << ExportKind::Otlp as u8;
const INFLUX: u8 = 1 << ExportKind::Influx as u8;
const REMOTE: u8 = 1 << ExportKind::RemoteWrite as u8;
const STDOUT: u8 = 1 << ExportKind::Stdout as u8;
const SENT: u8 = OTLP | INFLUX | REMOTE;

/// The types a key belongs to; what is not here belongs to all.
pub(super) static BELONGS: &[(&str, u8)] = &[
    ("endpoint", SENT),
    ("protocol", OTLP),
    ("temporality", OTLP),
    ("timeout_secs", SENT),
    ("long_timeout", SENT),
    ("headers", SENT),
    ("headers_file", SENT),
    ("token_file", SENT),
    ("username", SENT),
    ("password_file", SENT),
    ("compression", OTLP | INFLUX),
    ("ca_file", SENT),
    ("cert_file", SENT),
    ("key_file", SENT),
    ("server_name", SENT),
    ("retry.max", SENT),
    ("retry.initial_ms", SENT),
    ("retry.max_ms", SENT),
    ("fallback", SENT),
    ("resource", OTLP),
    ("spool.dir", SENT),
    ("spool.max_bytes", SENT),
    ("spool.max_age", SENT),
    ("spool.write_budget", SENT),
    ("order", SENT),
    ("database", INFLUX),
    ("retention_policy", INFLUX),
    ("org", INFLUX),
    ("bucket", INFLUX),
    ("format", STDOUT),
    ("measurement", INFLUX | STDOUT),
    ("version", REMOTE),
];

/// Why a key has no place in the export that was read last, so far as it is known by then: the rows
/// before it are set. Its default is not in effect either.
pub(super) fn misfit(settings: &Settings, key: &str) -> Option<String> {
    let export = settings.exports.last()?;
    let belongs = BELONGS.iter().find(|(known, _)| *known == key).map_or(u8::MAX, |(_, to)| *to);
    if belongs & 1 << export.kind as u8 == 0 {
        let is_of = |(i, _): &(usize, &&str)| belongs & 1 << i != 0;
        let of: Vec<&str> = TYPES.iter().enumerate().filter(is_of).map(|(_, name)| *name).collect();
        let (kind, of) = (quoted(word(export.kind)), of.join(", "));
        return Some(format!("not for type = {kind}; it belongs to {of}"));
    }
    let lacks = match key {
        "ca_file" | "cert_file" | "key_file" | "server_name" if !cfg!(feature = "tls") => NO_TLS,
        "spool.max_bytes" | "spool.max_age" | "spool.write_budget" if export.spool.is_none() => {
            "spool.dir is missing beside it"
        }
        "measurement"
            if export.kind == ExportKind::Stdout && export.format != StdoutFormat::Influx =>
        {
            "format = \"influx\" is missing beside it"
        }
        _ => return None,
    };
    Some(lacks.to_owned())
}

pub(super) const NO_TLS: &str = "TLS is not built in: use a build with the cargo feature tls";
pub(super) const NO_GRPC: &str =
    "gRPC is not built in: use http/protobuf, or a build with the cargo feature grpc";

fn word(kind: ExportKind) -> &'static str {
    TYPES.get(kind as usize).copied().unwrap_or_default()
}

type Checked = Result<(), Keyed>;

fn wrong(key: &'static str, parts: &[&str]) -> Checked {
    Err((key, parts.concat()))
}

/// Looks at the export that was read last.
pub(super) fn export(settings: &mut Settings) -> Checked {
    let Some((export, before)) = settings.exports.split_last_mut() else { return Ok(()) };
    if export.name.is_empty() {
        word(export.kind).clone_into(&mut export.name);
    }
    if export.name.starts_with('.') || export.name.len() > MAX_NAME {
        let max = MAX_NAME.to_string();
        return wrong("name", &["expected at most ", &max, " bytes and no . first"]);
    }
    if before.iter().any(|other| other.name == export.name) {
        let name = quoted(&export.name);
        return wrong("name", &[&name, " is the name of an export before it; give each its own"]);
    }
    if export.endpoint.is_empty() && export.kind != ExportKind::Stdout {
        return wrong("endpoint", &["missing; expected ", &Kind::Remote.expects()]);
    }
    if export.protocol == OtlpProtocol::Grpc && !cfg!(feature = "grpc") {
        return wrong("protocol", &[NO_GRPC]);
    }
    in_time(export)?;
    beside(export)
}

/// Completes and judges what has to do with time.
fn in_time(export: &mut Export) -> Checked {
    if export.timeout.is_zero() {
        export.timeout = TIMEOUT.min(export.interval / 3);
    } else if export.timeout >= export.interval / 2 && !export.is_patient {
        let (timeout, interval) = (in_millis(export.timeout), in_millis(export.interval));
        let (timeout, interval) = (time(timeout), time(interval));
        let text = ["expected less than half of interval_secs, ", &interval, ", found ", &timeout];
        return wrong("timeout_secs", &[&text.concat(), "; or set long_timeout = true"]);
    }
    if export.retry.longest < export.retry.initial {
        let initial = in_millis(export.retry.initial).to_string();
        let text = ["expected at least retry.initial_ms, ", &initial, ", found "];
        let longest = in_millis(export.retry.longest).to_string();
        return wrong("retry.max_ms", &[&text.concat(), &longest]);
    }
    Ok(())
}

/// Judges what goes together.
fn beside(export: &Export) -> Checked {
    let missing = "is missing beside it";
    match (export.username.is_empty(), &export.password_file) {
        (false, None) => return wrong("username", &["password_file ", missing]),
        (true, Some(_)) => return wrong("password_file", &["username ", missing]),
        _ => {}
    }
    if export.token_file.is_some() && export.password_file.is_some() {
        return wrong("token_file", &["together with username and password_file; keep one"]);
    }
    match (&export.tls.cert_file, &export.tls.key_file) {
        (Some(_), None) => return wrong("cert_file", &["key_file ", missing]),
        (None, Some(_)) => return wrong("key_file", &["cert_file ", missing]),
        _ => {}
    }
    if export.kind != ExportKind::Influx {
        return Ok(());
    }
    match (export.database.is_empty(), export.bucket.is_empty()) {
        (true, true) => wrong("database", &["missing; Influx 1 has a database, Influx 2 a bucket"]),
        (false, false) => {
            wrong("bucket", &["together with database; Influx 1 has a database, Influx 2 a bucket"])
        }
        (true, _) if !export.retention_policy.is_empty() => {
            wrong("retention_policy", &["database ", missing])
        }
        (_, true) if !export.org.is_empty() => wrong("org", &["bucket ", missing]),
        _ => Ok(()),
    }
}

/// Once all exports are known: each fallback is another one, and none leads back.
pub(super) fn fallbacks(lists: &[Told], settings: &Settings, refusal: &mut Refusal) {
    let exports = &settings.exports;
    let told = lists.iter().filter(|told| told.section.name == "export");
    for (export, told) in exports.iter().zip(told) {
        let Some(name) = &export.fallback else { continue };
        let answer = told.answers.iter().map(|(_, answer)| answer).find(|a| a.key == "fallback");
        let Some(origin) = answer.and_then(|answer| answer.origin.clone()) else { continue };
        let next =
            |of: &Export| exports.iter().find(|other| Some(&other.name) == of.fallback.as_ref());
        let (mut at, mut back) = (next(export), false);
        for _ in exports {
            back |= at.is_some_and(|at| at.name == export.name);
            at = at.and_then(next);
        }
        let mut names = exports.iter().map(|other| other.name.as_str());
        let text = if *name == export.name {
            format!("export.fallback: {} is this export itself; name another", quoted(name))
        } else if next(export).is_none() {
            let meant = meant(name, &mut names, "");
            ["export.fallback: no export has the name ", &quoted(name), &meant].concat()
        } else if back {
            let (name, own) = (quoted(name), quoted(&export.name));
            format!("export.fallback: {name} leads back to {own}")
        } else {
            continue;
        };
        refusal.add(origin, text);
    }
}
