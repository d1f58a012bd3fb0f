//! Relations of the options of an export to its type, to each other, and to other exports.

use crate::base::text::number::{in_millis, time_of};
use crate::base::text::url::NO_TLS;
use crate::base::text::words::quoted;
use crate::settings::table::checks::{Check, login, wrong};
use crate::settings::table::row::{Names, Row};
use crate::settings::types::{Export, ExportKind, Kind, OtlpProtocol, Settings, StdoutFormat};
use std::time::Duration;

/// The most exports; each has a thread.
pub const MAX_EXPORTS: usize = 8;
/// The timeout of one request, unless a third of the interval is less.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a name: it is a directory of the spool.
const MAX_NAME: usize = 64;

// Bits of types, for rows that belong to some of them.
pub const OTLP: u8 = 1 << ExportKind::Otlp as u8;
pub const INFLUX: u8 = 1 << ExportKind::Influx as u8;
pub const REMOTE: u8 = 1 << ExportKind::RemoteWrite as u8;
pub const STDOUT: u8 = 1 << ExportKind::Stdout as u8;
pub const SENT: u8 = OTLP | INFLUX | REMOTE;

pub const TYPES: [(&str, ExportKind); 4] = [
    ("otlp", ExportKind::Otlp),
    ("influx", ExportKind::Influx),
    ("remote_write", ExportKind::RemoteWrite),
    ("stdout", ExportKind::Stdout),
];

/// Options that apply to TLS only.
pub static TLS: Names =
    Names { lacks: |_| if cfg!(feature = "tls") { None } else { Some(NO_TLS) }, ..Names::NONE };
/// Options that apply to a spool only.
pub static SPOOLED: Names = Names {
    lacks: |settings| match settings.exports.last()?.spool {
        Some(_) => None,
        None => Some("spool.dir is missing beside it"),
    },
    ..Names::NONE
};
/// Options for Influx lines, also on stdout.
pub static INFLUX_LINES: Names = Names {
    lacks: |settings| {
        let export = settings.exports.last()?;
        let is_other = export.kind == ExportKind::Stdout && export.format != StdoutFormat::Influx;
        is_other.then_some("format = \"influx\" is missing beside it")
    },
    ..Names::NONE
};

/// Why a row does not apply to the export that was read last, as far as it is known by then: the rows
/// before it are set. Its default does not apply either.
pub fn inapplicable(settings: &Settings, row: &Row) -> Option<String> {
    let export = settings.exports.last()?;
    let only = row.traits.only;
    if only == 0 || only & 1 << export.kind as u8 != 0 {
        return (row.names.lacks)(settings).map(str::to_owned);
    }
    let is_of = |(_, kind): &&(&str, ExportKind)| only & 1 << *kind as u8 != 0;
    let of: Vec<&str> = TYPES.iter().filter(is_of).map(|(name, _)| *name).collect();
    let kind = quoted(word(export.kind));
    Some(["not for type = ", &kind, "; it belongs to ", &of.join(", ")].concat())
}

pub const NO_GRPC: &str =
    "gRPC is not built in: use http/protobuf, or a build with the cargo feature grpc";

fn word(kind: ExportKind) -> &'static str {
    TYPES.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

/// Checks the export that was read last.
pub fn export(settings: &mut Settings) -> Check {
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

/// Completes and checks its times.
fn in_time(export: &mut Export) -> Check {
    if export.timeout.is_zero() {
        export.timeout = TIMEOUT.min(export.interval / 3);
    } else if export.timeout >= export.interval / 2 && !export.is_patient {
        let (timeout, interval) = (time_of(export.timeout), time_of(export.interval));
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

/// Checks combinations of options.
fn beside(export: &Export) -> Check {
    let missing = "is missing beside it";
    login(&export.username, &export.password_file, &export.token_file)?;
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
