//! The options of the program itself: what it does, where it serves and reads, and its log.

use crate::base::dialect::Dialect;
use crate::base::log::{Format, Level};
use crate::settings::table::checks;
use crate::settings::table::held::{Rows, Table, length, texts};
use crate::settings::table::inputs::PUSHED_TABLE;
use crate::settings::table::row::{Names, Role, Section, TableRow, choose, words};
#[cfg(feature = "tls")]
use crate::settings::table::served;
use crate::settings::types::{Action, Kind, Settings, StdoutFormat};

// Bounds of times, in milliseconds.
const MIN: u64 = 100;
const HOUR: u64 = 3_600_000;

pub static GENERAL: Section = Section::new("", "General", GENERAL_TABLES);
#[cfg(not(feature = "tls"))]
pub static SERVER: Section = Section::new("server", "Serving", &[SERVER_TABLE.rows()]);
#[cfg(feature = "tls")]
pub static SERVER: Section =
    Section::new("server", "Serving", &[SERVER_TABLE.rows(), served::USER_TABLE.rows()])
        .check(served::server);
pub static METRICS: Section =
    Section::new("metrics", "Metrics", METRICS_TABLES).check(CHECK_METRICS);
pub static PATHS: Section = Section::new("paths", "Where to read", &[PATHS_TABLE.rows()]);
pub static LOG: Section = Section::new("log", "Log", &[LOG_TABLE.rows()]);

/// Without the feature `hub` there are no rows for it.
const GENERAL_TABLES: &[Rows] = if cfg!(feature = "hub") {
    &[GENERAL_TABLE.rows(), HEALTH_TABLE.rows()]
} else {
    &[GENERAL_TABLE.rows()]
};
const CHECK_METRICS: fn(&mut Settings) -> checks::Check =
    if cfg!(feature = "hub") { checks::metrics } else { |_| Ok(()) };
const METRICS_TABLES: &[Rows] = if cfg!(feature = "hub") {
    &[METRICS_TABLE.rows(), PUSHED_TABLE.rows()]
} else {
    &[METRICS_TABLE.rows()]
};

/// The formats of standard output.
pub const FORMATS: [(&str, StdoutFormat); 3] =
    [("text", StdoutFormat::Text), ("json", StdoutFormat::Json), ("influx", StdoutFormat::Influx)];
const DIALECTS: [(&str, Dialect); 2] =
    [(Dialect::Own.name(), Dialect::Own), (Dialect::Node.name(), Dialect::Node)];
const LOG_FORMATS: [(&str, Format); 3] =
    [("text", Format::Text), ("logfmt", Format::Logfmt), ("json", Format::Json)];
const LEVELS: [(&str, Level); 4] = [
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
];

static GENERAL_TABLE: Table<{ GENERAL_ROWS.len() }> =
    Table::of(GENERAL_ROWS, &texts::<{ length(GENERAL_ROWS) }>(GENERAL_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const GENERAL_ROWS: &[TableRow] = &[
    TableRow::new("", Kind::Path, "", "Settings file. Without it /etc/sysmetrics/config.toml is read, or else /etc/sysmetrics.toml, if there is one.")
        .role(Role::Config).names(&Names { env: "METRICS_CONFIG", ..Names::flags(&["config"]) }),
    TableRow::new("", Kind::Switch, "", "Switch off every collector that is not switched on by name.")
        .role(Role::DisableDefaults).names(&Names::flags(&["collector.disable-defaults"])),
    TableRow::new("", Kind::Act, "", "Print the full help on flags, file and environment, and exit; -h lists the flags.")
        .role(Role::Help).names(&Names::flags(&["help", "h"])).set(|s, _| s.action = Action::Help),
    TableRow::new("", Kind::Act, "", "Print version, commit, target and features, and exit.")
        .role(Role::Version).names(&Names::flags(&["version", "V"])).set(|s, _| s.action = Action::Version),
    TableRow::new("", Kind::Act, "", "Check all settings, print those in effect as a settings file, and exit.")
        .names(&Names::flags(&["check-config"])).set(|s, _| s.action = Action::CheckConfig),
    TableRow::new("", Kind::Act, "", "Collect once, print the metrics and exit.")
        .names(&Names::flags(&["print-metrics"])).set(|s, _| s.action = Action::PrintMetrics),
    TableRow::new("", Kind::Act, "", "Send one frame to every export, or print the metrics if there is none, and exit.")
        .names(&Names::flags(&["once"])).set(|s, _| s.action = Action::Once),
    TableRow::new("", Kind::Choice(&words(&FORMATS)), "text", "Format in which --once prints if there is no export.")
        .names(&Names::flags(&["format"])).set(|s, v| choose(&FORMATS, v, &mut s.once_format)),
    TableRow::new("", Kind::Ignored, "", "Accepted for compatibility with node_exporter; no effect.")
        .names(&Names::flags(&["web.max-requests"])),
    TableRow::new("", Kind::Ignored, "", "Accepted for compatibility with node_exporter; no effect.")
        .names(&Names::flags(&["runtime.gomaxprocs"])),
    TableRow::new("", Kind::Switch, "", "Require sockets from systemd; if there are any, they are served instead of the addresses, also without this flag.")
        .names(&Names::flags(&["web.systemd-socket"])).set(|s, v| s.server.only_inherited = v.is_on()),
];

static HEALTH_TABLE: Table<{ HEALTH_ROWS.len() }> =
    Table::of(HEALTH_ROWS, &texts::<{ length(HEALTH_ROWS) }>(HEALTH_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const HEALTH_ROWS: &[TableRow] = &[
    TableRow::new("", Kind::Agent, "", "Check the health of a running sysmetrics, print ok or the reasons, and exit with 0 or 1. Without URL, check the one at the address in these settings.")
        .role(Role::Health).names(&Names::flags(&["health"])).set(|s, v| (s.action, s.agent_url) = (Action::Health, v.string())),
];

static SERVER_TABLE: Table<{ SERVER_ROWS.len() }> =
    Table::of(SERVER_ROWS, &texts::<{ length(SERVER_ROWS) }>(SERVER_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const SERVER_ROWS: &[TableRow] = &[
    TableRow::new("listen", Kind::Addresses, "0.0.0.0:9101", "Address to serve on; may be repeated, and be a list in the file.")
        .role(Role::Listen).names(&Names { on_node: ":9100", ..Names::flags(&["listen", "web.listen-address"]) }),
    TableRow::new("host", Kind::Host, "", "Host part of the address, instead of listen.")
        .role(Role::Host),
    TableRow::new("port", Kind::Count(0, 65535), "", "Port of the address, instead of listen; 0 for any free one.")
        .role(Role::Port).names(&Names { env: "EXPORTER_PORT", ..Names::NONE }),
    TableRow::new("metrics_path", Kind::Route, "/metrics", "Path of the metrics.")
        .role(Role::MetricsPath).names(&Names::flags(&["metrics-path", "web.telemetry-path"])).set(|s, v| v.put(&mut s.server.metrics_path)),
    TableRow::new("max_connections", Kind::Count(1, 1024), "512", "Most connections at a time; one more closes the one that is idle for the longest time.")
        .set(|s, v| s.server.max_connections = v.number as usize),
    TableRow::new("max_head_bytes", Kind::Count(1024, 65_536), "8192", "Most bytes of a request's head.")
        .set(|s, v| s.server.max_head_bytes = v.number as usize),
    TableRow::new("head_timeout", Kind::Time(MIN, HOUR), "5s", "Time for a client to send the head of its request, and between two parts of its body.")
        .set(|s, v| s.server.head_timeout = v.duration()),
    TableRow::new("drain_timeout", Kind::Time(MIN, HOUR), "10s", "Time for a client to read the response.")
        .set(|s, v| s.server.drain_timeout = v.duration()),
    TableRow::new("idle_timeout", Kind::Time(MIN, HOUR), "2m", "Time a kept connection may wait for its next request, and the most time for a body.")
        .set(|s, v| s.server.idle_timeout = v.duration()),
    TableRow::new("socket_mode", Kind::Mode, "", "Mode of Unix sockets' files, such as 0660; by default set by the umask.")
        .set(|s, v| s.server.access.mode = Some(v.number as u32)),
    TableRow::new("socket_group", Kind::Word, "", "Group of Unix sockets' files: a name in /etc/group, or a number.")
        .set(|s, v| v.put(&mut s.server.access.group)),
];

static METRICS_TABLE: Table<{ METRICS_ROWS.len() }> =
    Table::of(METRICS_ROWS, &texts::<{ length(METRICS_ROWS) }>(METRICS_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const METRICS_ROWS: &[TableRow] = &[
    TableRow::new("dialect", Kind::Choice(&words(&DIALECTS)), Dialect::Own.name(), "Dialect of metric names, defaults and port.")
        .role(Role::Dialect).names(&Names::flags(&["dialect"])).set(|s, v| choose(&DIALECTS, v, &mut s.dialect)),
    TableRow::new("process_metrics", Kind::Switch, "true", "Metrics about this program itself.")
        .names(&Names::flags(&["process-metrics", "!web.disable-exporter-metrics"])).set(|s, v| s.process_metrics = v.is_on()),
    TableRow::new("prometheus_endpoint", Kind::Served, "", "Where the metrics are served: a path, or an address with one; [server] takes precedence.")
        .role(Role::Endpoint),
];

static PATHS_TABLE: Table<{ PATHS_ROWS.len() }> =
    Table::of(PATHS_ROWS, &texts::<{ length(PATHS_ROWS) }>(PATHS_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const PATHS_ROWS: &[TableRow] = &[
    TableRow::new("procfs", Kind::Path, "/proc", "Where procfs is mounted.")
        .names(&Names::flags(&["path.procfs"])).set(|s, v| s.paths.procfs = v.path()),
    TableRow::new("sysfs", Kind::Path, "/sys", "Where sysfs is mounted.")
        .names(&Names::flags(&["path.sysfs"])).set(|s, v| s.paths.sysfs = v.path()),
    TableRow::new("rootfs", Kind::Path, "/", "Where the root file system is mounted.")
        .names(&Names::flags(&["path.rootfs"])).set(|s, v| s.paths.rootfs = v.path()),
    TableRow::new("udev_data", Kind::Path, "/run/udev/data", "Where udev keeps its database of devices.")
        .names(&Names::flags(&["path.udev.data"])).set(|s, v| s.paths.udev_data = v.path()),
];

static LOG_TABLE: Table<{ LOG_ROWS.len() }> =
    Table::of(LOG_ROWS, &texts::<{ length(LOG_ROWS) }>(LOG_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const LOG_ROWS: &[TableRow] = &[
    TableRow::new("format", Kind::Choice(&words(&LOG_FORMATS)), "text", "Format of log lines.")
        .names(&Names::flags(&["log-format", "log.format"])).set(|s, v| choose(&LOG_FORMATS, v, &mut s.log.format)),
    TableRow::new("level", Kind::Choice(&words(&LEVELS)), "info", "Least severe level that is logged.")
        .names(&Names::flags(&["log-level", "log.level"])).set(|s, v| choose(&LEVELS, v, &mut s.log.level)),
];
