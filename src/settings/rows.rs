//! Every option there is: one row each. The file's keys, the flags, the names in the
//! environment, help, manual page, reference and `--check-config` all come from these rows,
//! in this order.

use super::subject::Dialect;
use super::types::{Action, Format, Level, Settings};
use super::value::{Kind, Value};
use std::time::Duration;

/// The most addresses to listen on.
pub(super) const MAX_LISTEN: usize = 8;

// Defaults and bounds, the latter in milliseconds where they are times.
const MAX_CONNECTIONS: &str = "64";
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

#[cfg(feature = "hub")]
const TTL: &str = "5m";
#[cfg(feature = "hub")]
const TTL_MAX: u64 = 365 * 24 * 3_600_000;
#[cfg(feature = "hub")]
const MAX_AGE: &str = "1h";

/// A table of the file.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
}

/// The tables of the file; the first has what is no key of the file.
pub(super) static SECTIONS: &[Section] = &[
    Section { name: "", title: "General" },
    Section { name: "server", title: "Serving" },
    Section { name: "metrics", title: "Metrics" },
    Section { name: "paths", title: "Where to read" },
    Section { name: "log", title: "Log" },
    #[cfg(feature = "hub")]
    Section { name: "push", title: "Pushed metrics" },
    Section { name: COLLECTORS, title: "Collectors" },
];

/// The table whose keys the collectors tell.
pub(super) const COLLECTORS: &str = "collectors";

/// All there is to know about one option.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// Table, key and, for options of a collector, key in its table; "" ends it, and a row
    /// without a table is for the command line only.
    pub(super) path: [&'static str; 3],
    /// Flags without dashes, ours first; after `!` one that means the opposite. Of a collector
    /// only those that do not follow from its path.
    pub(super) flags: &'static [&'static str],
    /// A variable of the environment besides `APP__…`.
    pub(super) env: &'static str,
    pub(super) kind: Kind,
    /// In our own dialect and in node_exporter's; "" is none.
    pub(super) default: [&'static str; 2],
    pub(super) help: &'static str,
    /// What node_exporter calls the collector.
    pub(super) node: &'static str,
    /// Puts the value in its place.
    pub(super) set: fn(&mut Settings, &Value),
}

impl Row {
    const fn new(table: &'static str, key: &'static str, kind: Kind, default: &'static str) -> Row {
        Row {
            path: [table, key, ""],
            flags: &[],
            env: "",
            kind,
            default: [default, default],
            help: "",
            node: "",
            set: nothing,
        }
    }
    const fn flags(mut self, flags: &'static [&'static str]) -> Row {
        self.flags = flags;
        self
    }
    const fn env(mut self, env: &'static str) -> Row {
        self.env = env;
        self
    }
    const fn on_node(mut self, default: &'static str) -> Row {
        self.default[1] = default;
        self
    }
    const fn help(mut self, help: &'static str) -> Row {
        self.help = help;
        self
    }
    const fn set(mut self, set: fn(&mut Settings, &Value)) -> Row {
        self.set = set;
        self
    }
}

/// For rows that `mean` looks at itself.
pub(super) fn nothing(_: &mut Settings, _: &Value) {}

fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.number)
}

// The rows that are looked at together with others.
pub(super) const CONFIG: usize = 0;
pub(super) const DISABLE_DEFAULTS: usize = 1;
pub(super) const HELP: usize = 2;
pub(super) const VERSION: usize = 3;
pub(super) const LISTEN: usize = 9;
pub(super) const HOST: usize = 10;
pub(super) const PORT: usize = 11;
pub(super) const DIALECT: usize = 18;

pub(super) static ROWS: &[Row] = &[
    Row::new("", "", Kind::Path, "")
        .flags(&["config"])
        .env("METRICS_CONFIG")
        .help("Settings file. Without it /etc/sysmetrics.toml is read if there is one."),
    Row::new("", "", Kind::Switch, "")
        .flags(&["collector.disable-defaults"])
        .help("Every collector that is not switched on by name is off."),
    Row::new("", "", Kind::Act, "")
        .flags(&["help", "h"])
        .help("Print this help and exit.")
        .set(|s, _| s.action = Action::Help),
    Row::new("", "", Kind::Act, "")
        .flags(&["version", "V"])
        .help("Print the version and exit.")
        .set(|s, _| s.action = Action::Version),
    Row::new("", "", Kind::Act, "")
        .flags(&["check-config"])
        .help("Check all settings, print those in effect as a settings file, and exit.")
        .set(|s, _| s.action = Action::CheckConfig),
    Row::new("", "", Kind::Act, "")
        .flags(&["print-metrics"])
        .help("Collect once, print the metrics and exit.")
        .set(|s, _| s.action = Action::PrintMetrics),
    Row::new("", "", Kind::Ignored, "")
        .flags(&["web.max-requests"])
        .help("Accepted for compatibility with node_exporter, no effect."),
    Row::new("", "", Kind::Ignored, "")
        .flags(&["runtime.gomaxprocs"])
        .help("Accepted for compatibility with node_exporter, no effect."),
    Row::new("", "", Kind::Switch, "").flags(&["web.systemd-socket"]).help(
        "Accepted for compatibility with node_exporter: handed-over sockets are used anyway.",
    ),
    Row::new("server", "listen", Kind::Addresses, "0.0.0.0:9101")
        .on_node(":9100")
        .flags(&["listen", "web.listen-address"])
        .help("Address to serve on; may be repeated, and be a list in the file."),
    Row::new("server", "host", Kind::Host, "").help("Host part of the address, instead of listen."),
    Row::new("server", "port", Kind::Count(0, 65535), "")
        .env("EXPORTER_PORT")
        .help("Port of the address, instead of listen; 0 takes any free one."),
    Row::new("server", "metrics_path", Kind::Route, "/metrics")
        .flags(&["metrics-path", "web.telemetry-path"])
        .help("Path of the metrics.")
        .set(|s, v| s.server.metrics_path.clone_from(&v.text)),
    Row::new(
        "server",
        "max_connections",
        Kind::Count(MAX_CONNECTIONS_MIN, MAX_CONNECTIONS_MAX),
        MAX_CONNECTIONS,
    )
    .help("Connections at a time; one more closes the longest idle.")
    .set(|s, v| s.server.max_connections = v.number as usize),
    Row::new(
        "server",
        "max_head_bytes",
        Kind::Count(MAX_HEAD_BYTES_MIN, MAX_HEAD_BYTES_MAX),
        MAX_HEAD_BYTES,
    )
    .help("Bytes of a request's head.")
    .set(|s, v| s.server.max_head_bytes = v.number as usize),
    Row::new("server", "head_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), HEAD_TIMEOUT)
        .help("Time for a client to send the head of its request.")
        .set(|s, v| s.server.head_timeout = millis(v)),
    Row::new("server", "drain_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), DRAIN_TIMEOUT)
        .help("Time for a client to take the answer.")
        .set(|s, v| s.server.drain_timeout = millis(v)),
    Row::new("server", "idle_timeout", Kind::Time(TIMEOUT_MIN, TIMEOUT_MAX), IDLE_TIMEOUT)
        .help("Time a kept connection may wait for its next request.")
        .set(|s, v| s.server.idle_timeout = millis(v)),
    Row::new("metrics", "dialect", Kind::Choice(DIALECTS), Dialect::Own.name())
        .flags(&["dialect"])
        .help("Whose metric names, defaults and port to use.")
        .set(|s, v| s.dialect = if v.number == 1 { Dialect::Node } else { Dialect::Own }),
    Row::new("metrics", "process_metrics", Kind::Switch, "true")
        .flags(&["process-metrics", "!web.disable-exporter-metrics"])
        .help("Metrics about this program itself.")
        .set(|s, v| s.process_metrics = v.number == 1),
    #[cfg(feature = "hub")]
    Row::new("metrics", "namespace", Kind::Name, "")
        .help("Put before the names of pushed metrics, with _ behind it.")
        .set(|s, v| s.custom.namespace.clone_from(&v.text)),
    #[cfg(feature = "hub")]
    Row::new("metrics", "prefix", Kind::Name, "")
        .help("Put before the names of pushed metrics, behind the namespace, with _ behind it.")
        .set(|s, v| s.custom.prefix.clone_from(&v.text)),
    #[cfg(feature = "hub")]
    Row::new("metrics", "custom_gauges", Kind::Names, "")
        .help("Gauges for others to push that are there from the start, at 0.")
        .set(|s, v| s.custom.gauges.push(v.text.clone())),
    #[cfg(feature = "hub")]
    Row::new("metrics", "custom_counters", Kind::Names, "")
        .help("Counters for others to push that are there from the start, at 0.")
        .set(|s, v| s.custom.counters.push(v.text.clone())),
    #[cfg(feature = "hub")]
    Row::new("metrics", "labels", Kind::Labels, "")
        .help("Labels of every pushed series that has none of that name.")
        .set(|s, v| s.custom.labels.extend(pair(v))),
    Row::new("paths", "procfs", Kind::Path, "/proc")
        .flags(&["path.procfs"])
        .help("Where procfs is mounted.")
        .set(|s, v| s.paths.procfs = v.text.as_str().into()),
    Row::new("paths", "sysfs", Kind::Path, "/sys")
        .flags(&["path.sysfs"])
        .help("Where sysfs is mounted.")
        .set(|s, v| s.paths.sysfs = v.text.as_str().into()),
    Row::new("paths", "rootfs", Kind::Path, "/")
        .flags(&["path.rootfs"])
        .help("Where the root file system is mounted.")
        .set(|s, v| s.paths.rootfs = v.text.as_str().into()),
    Row::new("paths", "udev_data", Kind::Path, "/run/udev/data")
        .flags(&["path.udev.data"])
        .help("Where udev keeps what it knows of devices.")
        .set(|s, v| s.paths.udev_data = v.text.as_str().into()),
    Row::new("log", "format", Kind::Choice(&["text|logfmt", "json"]), "text")
        .flags(&["log-format", "log.format"])
        .help("Form of the log's lines.")
        .set(|s, v| s.log.format = if v.number == 1 { Format::Json } else { Format::Text }),
    Row::new("log", "level", Kind::Choice(&["error", "warn", "info", "debug"]), "info")
        .flags(&["log-level", "log.level"])
        .help("The least that is logged.")
        .set(|s, v| {
            s.log.level = match v.number {
                0 => Level::Error,
                1 => Level::Warn,
                2 => Level::Info,
                _ => Level::Debug,
            }
        }),
    #[cfg(feature = "hub")]
    Row::new("push", "ttl", Kind::Time(0, TTL_MAX), TTL)
        .help("How long a pushed series stays without another sample; 0 is for ever.")
        .set(|s, v| s.push.ttl = millis(v)),
    #[cfg(feature = "hub")]
    Row::new("push", "ttl_by_source", Kind::Times(0, TTL_MAX), "")
        .help("The same for single sources of /api/metrics.")
        .set(|s, v| s.push.ttl_by_source.extend(pair(v).map(|(name, _)| (name, millis(v))))),
    #[cfg(feature = "hub")]
    Row::new("push", "max_age", Kind::Time(TIMEOUT_MIN, TTL_MAX), MAX_AGE)
        .help("How old the time stamp of a pushed sample may be.")
        .set(|s, v| s.push.max_age = millis(v)),
    #[cfg(feature = "hub")]
    Row::new("push", "token_file", Kind::Path, "")
        .help(
            "File with a token a line; who pushes sends one, as Bearer or as password of Basic. \
               Without it only programs on this machine may push.",
        )
        .set(|s, v| s.push.token_file = Some(v.text.as_str().into())),
    #[cfg(feature = "hub")]
    Row::new("push", "max_body_bytes", Kind::Count(1024, 16 << 20), "1048576")
        .help("Bytes of a request's body.")
        .set(|s, v| s.push.max_body_bytes = v.number as usize),
    #[cfg(feature = "hub")]
    Row::new("push", "max_series", Kind::Count(1, 10_000_000), "100000")
        .help("Pushed series at a time; each bucket of a histogram is one.")
        .set(|s, v| s.push.max_series = v.number as usize),
    #[cfg(feature = "hub")]
    Row::new("push", "max_families", Kind::Count(1, 100_000), "5000")
        .help("Pushed metrics at a time.")
        .set(|s, v| s.push.max_families = v.number as usize),
    #[cfg(feature = "hub")]
    Row::new("push", "max_labels", Kind::Count(0, 100), "32")
        .help("Labels of a pushed series.")
        .set(|s, v| s.push.max_labels = v.number as usize),
    #[cfg(feature = "hub")]
    Row::new("push", "max_name_bytes", Kind::Count(16, 1024), "200")
        .help("Bytes of the name of a pushed metric or label.")
        .set(|s, v| s.push.max_name_bytes = v.number as usize),
    #[cfg(feature = "hub")]
    Row::new("push", "max_value_bytes", Kind::Count(16, 65_536), "1024")
        .help("Bytes of the value of a pushed label.")
        .set(|s, v| s.push.max_value_bytes = v.number as usize),
];

/// What stands before and behind the `=`.
#[cfg(feature = "hub")]
fn pair(value: &Value) -> Option<(String, String)> {
    let (name, value) = value.text.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
}

const DIALECTS: &[&str] = &[Dialect::Own.name(), Dialect::Node.name()];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_rows_with_a_name_are_where_it_says() {
        let first = |i: usize| ROWS[i].flags.first().copied().unwrap_or(ROWS[i].path[1]);
        let named = [CONFIG, DISABLE_DEFAULTS, HELP, VERSION, LISTEN, HOST, PORT, DIALECT];
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
                "dialect"
            ]
        );
    }

    #[test]
    fn rows_are_unique_and_well_formed() {
        let (mut paths, mut flags) = (HashSet::new(), HashSet::new());
        for row in ROWS {
            assert!(row.help.ends_with('.'), "{:?}", row.path);
            assert!(SECTIONS.iter().any(|s| s.name == row.path[0]));
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
        let mut order: Vec<&str> = ROWS.iter().map(|r| r.path[0]).collect();
        order.dedup();
        order.push(COLLECTORS);
        assert_eq!(order, SECTIONS.iter().map(|s| s.name).collect::<Vec<_>>());
    }
}
