//! Every option there is: one row each. The file's keys, the flags, the names in the
//! environment, help, manual page, reference and `--check-config` all come from these rows,
//! in this order.

use super::basic::{Dialect, Format, Level};
use super::out::StdoutFormat;
#[cfg(feature = "hub")]
use super::row::pair;
use super::row::{Names, Row, Section, TableRow, millis};
use super::types::Action;
use super::value::{Kind, Value};

/// The most addresses to listen on.
pub(super) const MAX_LISTEN: usize = 8;

// Defaults and bounds, the latter in milliseconds where they are times.
const MAX_CONNECTIONS: &str = "512";
const MAX_CONNECTIONS_MIN: u64 = 1;
const MAX_CONNECTIONS_MAX: u64 = 1024;
const MAX_HEAD_BYTES: &str = "8192";
const MAX_HEAD_BYTES_MIN: u64 = 1024;
const MAX_HEAD_BYTES_MAX: u64 = 65_536;
const HEAD_TIMEOUT: &str = "5s";
const DRAIN_TIMEOUT: &str = "10s";
const IDLE_TIMEOUT: &str = "2m";
const TIMEOUT_MIN: u64 = 100;
const TIMEOUT_MAX: u64 = 3_600_000;

/// The tables of the file; the first has what is no key of the file.
static FRONT: &[Section] = &[
    Section::new("", "General"),
    Section::new("server", "Serving"),
    METRICS,
    Section::new("paths", "Where to read"),
    Section::new("log", "Log"),
];

#[cfg(feature = "hub")]
const METRICS: Section = Section::new("metrics", "Metrics").check(super::checks::metrics);
#[cfg(not(feature = "hub"))]
const METRICS: Section = Section::new("metrics", "Metrics");

static BACK: &[Section] = &[Section::new(COLLECTORS, "Collectors")];

/// The table whose keys the collectors tell.
pub(super) const COLLECTORS: &str = "collectors";

/// The tables of the file. A list and no chain, which would be compiled anew for each use.
pub(super) fn sections() -> std::vec::IntoIter<&'static Section> {
    #[cfg(feature = "hub")]
    let middle = [super::rows_in::SECTIONS, super::rows_watch::SECTIONS, super::rows_out::SECTIONS];
    #[cfg(not(feature = "hub"))]
    let middle: [&[Section]; 0] = [];
    let mut all = Vec::new();
    for table in [FRONT].iter().chain(&middle).chain(&[BACK]) {
        all.extend(table.iter());
    }
    all.into_iter()
}

/// All rows but those of the collectors.
pub(super) fn rows() -> Vec<Row> {
    #[cfg(feature = "hub")]
    let rest = [super::rows_in::ROWS, super::rows_watch::ROWS, super::rows_out::ROWS];
    #[cfg(not(feature = "hub"))]
    let rest: [&[TableRow]; 0] = [];
    [ROWS].iter().chain(&rest).flat_map(|table| table.iter().map(TableRow::row)).collect()
}

// The rows that are looked at together with others.
pub(super) const CONFIG: usize = 0;
pub(super) const DISABLE_DEFAULTS: usize = 1;
pub(super) const HELP: usize = 2;
pub(super) const VERSION: usize = 3;
pub(super) const LISTEN: usize = 11;
pub(super) const HOST: usize = 12;
pub(super) const PORT: usize = 13;
pub(super) const METRICS_PATH: usize = 14;
pub(super) const DIALECT: usize = 22;
pub(super) const ENDPOINT: usize = 24;

static ROWS: &[TableRow] = &[
    TableRow::new("", "", Kind::Path, "")
        .names(&Names { flags: &["config"], env: "METRICS_CONFIG", ..Names::NONE })
        .help("Settings file. Without it /etc/sysmetrics.toml is read if there is one."),
    TableRow::new("", "", Kind::Switch, "")
        .names(&Names { flags: &["collector.disable-defaults"], ..Names::NONE })
        .help("Every collector that is not switched on by name is off."),
    TableRow::new("", "", Kind::Act, "")
        .names(&Names { flags: &["help", "h"], ..Names::NONE })
        .help("Print all there is to know of flags, file and environment, and exit; -h lists the flags.")
        .set(|s, _| s.action = Action::Help),
    TableRow::new("", "", Kind::Act, "")
        .names(&Names { flags: &["version", "V"], ..Names::NONE })
        .help("Print version, commit, target and features, and exit.")
        .set(|s, _| s.action = Action::Version),
    TableRow::new("", "", Kind::Act, "")
        .names(&Names { flags: &["check-config"], ..Names::NONE })
        .help("Check all settings, print those in effect as a settings file, and exit.")
        .set(|s, _| s.action = Action::CheckConfig),
    TableRow::new("", "", Kind::Act, "")
        .names(&Names { flags: &["print-metrics"], ..Names::NONE })
        .help("Collect once, print the metrics and exit.")
        .set(|s, _| s.action = Action::PrintMetrics),
    TableRow::new("", "", Kind::Act, "")
        .names(&Names { flags: &["once"], ..Names::NONE })
        .help("Send one frame to every export, or print the metrics where there is none, and exit.")
        .set(|s, _| s.action = Action::Once),
    TableRow::new("", "", Kind::Choice(FORMATS), "text")
        .names(&Names { flags: &["format"], ..Names::NONE })
        .help("What --once prints where there is no export.")
        .set(|s, v| s.once_format = format(v)),
    TableRow::new("", "", Kind::Ignored, "")
        .names(&Names { flags: &["web.max-requests"], ..Names::NONE })
        .help("Accepted for compatibility with node_exporter, no effect."),
    TableRow::new("", "", Kind::Ignored, "")
        .names(&Names { flags: &["runtime.gomaxprocs"], ..Names::NONE })
        .help("Accepted for compatibility with node_exporter, no effect."),
    TableRow::new("", "", Kind::Switch, "").names(&Names { flags: &["web.systemd-socket"], ..Names::NONE }).help(
        "Accepted for compatibility with node_exporter: handed-over sockets are used anyway.",
    ),
    TableRow::new("server", "listen", Kind::Addresses, "0.0.0.0:9101")
        .names(&Names { flags: &["listen", "web.listen-address"], on_node: ":9100", ..Names::NONE })
        .help("Address to serve on; may be repeated, and be a list in the file."),
    TableRow::new("server", "host", Kind::Host, "").help("Host part of the address, instead of listen."),
    TableRow::new("server", "port", Kind::Count(0, 65535), "")
        .names(&Names { env: "EXPORTER_PORT", ..Names::NONE })
        .help("Port of the address, instead of listen; 0 takes any free one."),
    TableRow::new("server", "metrics_path", Kind::Route, "/metrics")
        .names(&Names { flags: &["metrics-path", "web.telemetry-path"], ..Names::NONE })
        .help("Path of the metrics.")
        .set(|s, v| s.server.metrics_path.clone_from(&v.text)),
    TableRow::new(
        "server",
        "max_connections",
        Kind::Count(MAX_CONNECTIONS_MIN, MAX_CONNECTIONS_MAX),
        MAX_CONNECTIONS,
    )
    .help("Connections at a time; one more closes the longest idle.")
    .set(|s, v| s.server.max_connections = v.number as usize),
    TableRow::new(
        "server",
        "max_head_bytes",
        Kind::Count(MAX_HEAD_BYTES_MIN, MAX_HEAD_BYTES_MAX),
        MAX_HEAD_BYTES,
    )
    .help("Bytes of a request's head.")
    .set(|s, v| s.server.max_head_bytes = v.number as usize),
    TableRow::new("server", "head_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), HEAD_TIMEOUT)
        .help("Time for a client to send the head of its request.")
        .set(|s, v| s.server.head_timeout = millis(v)),
    TableRow::new("server", "drain_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), DRAIN_TIMEOUT)
        .help("Time for a client to take the answer.")
        .set(|s, v| s.server.drain_timeout = millis(v)),
    TableRow::new("server", "idle_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), IDLE_TIMEOUT)
        .help("Time a kept connection may wait for its next request.")
        .set(|s, v| s.server.idle_timeout = millis(v)),
    TableRow::new("server", "socket_mode", Kind::Mode, "")
        .help("Mode of Unix sockets' files, such as 0660; without it what the umask leaves.")
        .set(|s, v| s.server.access.mode = Some(v.number as u32)),
    TableRow::new("server", "socket_group", Kind::Word, "")
        .help("Group of Unix sockets' files: a name in /etc/group, or a number.")
        .set(|s, v| s.server.access.group.clone_from(&v.text)),
    TableRow::new("metrics", "dialect", Kind::Choice(DIALECTS), Dialect::Own.name())
        .names(&Names { flags: &["dialect"], ..Names::NONE })
        .help("Whose metric names, defaults and port to use.")
        .set(|s, v| s.dialect = if v.number == 1 { Dialect::Node } else { Dialect::Own }),
    TableRow::new("metrics", "process_metrics", Kind::Switch, "true")
        .names(&Names { flags: &["process-metrics", "!web.disable-exporter-metrics"], ..Names::NONE })
        .help("Metrics about this program itself.")
        .set(|s, v| s.process_metrics = v.number == 1),
    TableRow::new("metrics", "prometheus_endpoint", Kind::Served, "").help(
        "Where the metrics are served: a path, or an address with one; server says more.",
    ),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "namespace", Kind::Name, "")
        .names(&Names { also: "metrics_namespace", env: "APP__METRICS__METRICS_NAMESPACE", ..Names::NONE })
        .help("Put before the names of pushed metrics, with _ behind it.")
        .set(|s, v| s.custom.namespace.clone_from(&v.text)),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "prefix", Kind::Name, "")
        .names(&Names { also: "metrics_prefix", env: "APP__METRICS__METRICS_PREFIX", ..Names::NONE })
        .help("Put before the names of pushed metrics, behind the namespace, with _ behind it.")
        .set(|s, v| s.custom.prefix.clone_from(&v.text)),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "custom_gauges", Kind::Names, "")
        .help("Gauges for others to push that are there from the start, at 0.")
        .set(|s, v| s.custom.gauges.push(v.text.clone())),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "custom_counters", Kind::Names, "")
        .help("Counters for others to push that are there from the start, at 0.")
        .set(|s, v| s.custom.counters.push(v.text.clone())),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "labels", Kind::Labels, "")
        .help("Labels of every pushed series that has none of that name.")
        .set(|s, v| s.custom.labels.extend(pair(v))),
    #[cfg(feature = "hub")]
    TableRow::new("metrics", "labels_on_all", Kind::Switch, "false")
        .help("Those labels are on every series, this machine's own too.")
        .set(|s, v| s.custom.labels_on_all = v.number == 1),
    TableRow::new("paths", "procfs", Kind::Path, "/proc")
        .names(&Names { flags: &["path.procfs"], ..Names::NONE })
        .help("Where procfs is mounted.")
        .set(|s, v| s.paths.procfs = v.text.as_str().into()),
    TableRow::new("paths", "sysfs", Kind::Path, "/sys")
        .names(&Names { flags: &["path.sysfs"], ..Names::NONE })
        .help("Where sysfs is mounted.")
        .set(|s, v| s.paths.sysfs = v.text.as_str().into()),
    TableRow::new("paths", "rootfs", Kind::Path, "/")
        .names(&Names { flags: &["path.rootfs"], ..Names::NONE })
        .help("Where the root file system is mounted.")
        .set(|s, v| s.paths.rootfs = v.text.as_str().into()),
    TableRow::new("paths", "udev_data", Kind::Path, "/run/udev/data")
        .names(&Names { flags: &["path.udev.data"], ..Names::NONE })
        .help("Where udev keeps what it knows of devices.")
        .set(|s, v| s.paths.udev_data = v.text.as_str().into()),
    TableRow::new("log", "format", Kind::Choice(&["text", "logfmt", "json"]), "text")
        .names(&Names { flags: &["log-format", "log.format"], ..Names::NONE })
        .help("Form of the log's lines.")
        .set(|s, v| {
            s.log.format = match v.number {
                0 => Format::Text,
                1 => Format::Logfmt,
                _ => Format::Json,
            }
        }),
    TableRow::new("log", "level", Kind::Choice(&["error", "warn", "info", "debug"]), "info")
        .names(&Names { flags: &["log-level", "log.level"], ..Names::NONE })
        .help("The least that is logged.")
        .set(|s, v| {
            s.log.level = match v.number {
                0 => Level::Error,
                1 => Level::Warn,
                2 => Level::Info,
                _ => Level::Debug,
            }
        }),
];

/// What there is on standard output.
pub(super) static FORMATS: &[&str] = &["text", "json", "influx"];

pub(super) fn format(value: &Value) -> StdoutFormat {
    match value.number {
        0 => StdoutFormat::Text,
        1 => StdoutFormat::Json,
        _ => StdoutFormat::Influx,
    }
}

const DIALECTS: &[&str] = &[Dialect::Own.name(), Dialect::Node.name()];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_rows_with_a_name_are_where_it_says() {
        let rows = rows();
        let first = |i: usize| rows[i].flags.first().copied().unwrap_or(rows[i].path[1]);
        let named = [
            CONFIG,
            DISABLE_DEFAULTS,
            HELP,
            VERSION,
            LISTEN,
            HOST,
            PORT,
            METRICS_PATH,
            DIALECT,
            ENDPOINT,
        ];
        assert_eq!(
            named.map(first),
            [
                "config",
                "collector.disable-defaults",
                "help",
                "version",
                "listen",
                "host",
                "port",
                "metrics-path",
                "dialect",
                "prometheus_endpoint"
            ]
        );
    }

    #[test]
    fn rows_are_unique_and_well_formed() {
        let (mut paths, mut flags) = (HashSet::new(), HashSet::new());
        for row in rows() {
            assert!(row.help.ends_with('.'), "{:?}", row.path);
            assert!(sections().any(|s| s.name == row.path[0]));
            assert!(row.path[0].is_empty() || paths.insert(row.path), "{:?} twice", row.path);
            assert!(!row.path[0].is_empty() || !row.flags.is_empty(), "{}: unreachable", row.help);
            for flag in row.flags {
                assert!(flags.insert(flag), "--{flag} twice");
            }
            for default in row.default.iter().filter(|d| !d.is_empty()) {
                let value = row.kind.read(default);
                assert!(value.is_ok_and(|v| v.text == *default), "{:?}: {default}", row.path);
            }
        }
    }

    #[test]
    fn sections_come_in_one_piece() {
        let mut order: Vec<&str> = rows().iter().map(|r| r.path[0]).collect();
        order.dedup();
        order.push(COLLECTORS);
        assert_eq!(order, sections().map(|s| s.name).collect::<Vec<_>>());
    }
}
