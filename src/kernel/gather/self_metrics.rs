//! The metrics about a scrape itself: how each collector did, and which program this is.

use super::member::{Member, nanos};
use crate::base::sys;
use crate::model::metric::{Family, Label, Sink, Unit, Value, counter, families, gauge};
use std::time::Duration;

const COLLECTOR: &[&str] = &["collector"];
#[rustfmt::skip]
const BUILD_NODE: &[&str] = &["version", "goos", "goarch", "goversion", "branch", "revision", "tags"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 7] = families![
    gauge(  "scrape_collector_success|collector_success",Unit::One,   "Whether the collector succeeded.",                       COLLECTOR),
    counter("collector_errors_total",            Unit::One,   "Collectors and single samples that failed.",             COLLECTOR).only_own(),
    gauge(  "scrape_collector_duration_seconds|scrape_duration_seconds",Unit::Nanos, "Time the collector took in this scrape.",                COLLECTOR),
    counter("collector_read_errors_total",       Unit::One,   "Files and samples that could not be read, by errno.",    &["collector", "errno"]).only_own(),
    counter("scrape_duration_seconds_total",     Unit::Nanos, "Time spent on scrapes since the start.",                 &[]).only_own().openmetrics_unknown(),
    gauge(  "build_info",                        Unit::One,   "Always 1; the labels identify this program.",            &["version", "rustc", "target", "features"]).only_own(),
    gauge(  "exporter_build_info",               Unit::One,   "Always 1; the labels identify this program.",            BUILD_NODE).only_node(),
];

/// Writes the metrics about the scrape; `total` is the time spent on all scrapes.
pub fn write(members: &[Member], total: Duration, out: &mut dyn Sink) {
    let [success, errors, took, read_errors, time, build, build_node] = &FAMILIES;
    type Of = fn(&Member) -> u64;
    let per_collector: [(&Family<'_>, Of); 3] =
        [(success, |m| m.success.into()), (errors, |m| m.failures), (took, |m| nanos(m.took))];
    for (family, raw) in per_collector {
        out.family(family);
        for member in members.iter().filter(|m| m.selected) {
            out.sample(&[member.label], family.value(raw(member)));
        }
    }
    out.family(read_errors);
    for member in members.iter().filter(|m| m.selected) {
        for (errno, count) in member.errors.by_errno() {
            let errno = sys::errno_name(*errno).into();
            out.sample(&[member.label, errno], Value::Int(*count));
        }
    }
    out.single(time, time.value(nanos(total)));
    out.family(build);
    out.sample(&BUILD, Value::Int(1));
    out.family(build_node);
    out.sample(&BUILD_OF_NODE, Value::Int(1));
}

/// Version, compiler, target and features of this program.
static BUILD: [Label<'static>; 4] = [
    VERSION,
    text(env!("BUILD_RUSTC")),
    text(env!("BUILD_TARGET")),
    text(if cfg!(feature = "hub") { "hub" } else { "" }),
];

const VERSION: Label<'static> = text(env!("CARGO_PKG_VERSION"));

/// The same in node_exporter's dialect.
static BUILD_OF_NODE: [Label<'static>; 7] = {
    let none = text("");
    [VERSION, text("linux"), text(goarch(std::env::consts::ARCH)), none, none, none, none]
};

/// Go's name of a processor.
const fn goarch(arch: &str) -> &str {
    match arch.as_bytes() {
        b"x86_64" => "amd64",
        b"x86" => "386",
        b"aarch64" => "arm64",
        b"mips" if cfg!(target_endian = "little") => "mipsle",
        _ => arch,
    }
}

const fn text(text: &str) -> Label<'_> {
    Label::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_called_as_go_calls_it() {
        let names = [("x86_64", "amd64"), ("x86", "386"), ("aarch64", "arm64")];
        for (rust, go) in names.into_iter().chain([("arm", "arm"), ("riscv64", "riscv64")]) {
            assert_eq!(goarch(rust), go);
        }
    }
}
