//! The settings of the program, resolved from all sources.

use crate::base::address::{Listen, SocketAccess};
use crate::base::dialect::Dialect;
use crate::base::log::{Format, Level};
use crate::settings::types::between::{Peaks, Pressure};
use crate::settings::types::collector::CollectorSettings;
use crate::settings::types::inputs::{
    Alert, Alerting, DeclaredHistogram, LogFiles, Scrape, Statsd, Tail,
};
use crate::settings::types::outputs::{Export, StdoutFormat};
use crate::settings::types::sandbox::Sandbox;
#[cfg(feature = "tls")]
use crate::settings::types::serving::ServerTls;
use std::path::PathBuf;
use std::time::Duration;

/// The action that the program was started for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Serve until a signal ends it.
    #[default]
    Serve,
    /// Collect once, print the metrics, exit.
    PrintMetrics,
    /// Send one frame to every export, or print it if there is none, exit.
    Once,
    /// Print [`Settings::effective`] and exit.
    CheckConfig,
    /// Check the health of the agent at [`Settings::agent_url`], exit.
    Health,
    /// Print `help` and exit; the settings are the defaults.
    Help,
    /// Print `short_help` and exit; the settings are the defaults.
    ShortHelp,
    /// Print the version and exit; the settings are the defaults.
    Version,
}

/// The settings of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The addresses to listen on; at least one.
    pub listen: Vec<Listen>,
    /// Only on the sockets that a service manager hands over.
    pub only_inherited: bool,
    /// Who may connect to Unix sockets.
    pub access: SocketAccess,
    /// Path of the metrics, with its leading slash.
    pub metrics_path: String,
    /// Connections at a time.
    pub max_connections: usize,
    /// Bytes of a request's head.
    pub max_head_bytes: usize,
    /// Time for a client to send the head of its request, and between two parts of its body.
    pub head_timeout: Duration,
    /// Time for a client to read the response.
    pub drain_timeout: Duration,
    /// Time for a kept connection to send its next request.
    pub idle_timeout: Duration,
    /// https; plain HTTP if no certificate is named.
    #[cfg(feature = "tls")]
    pub tls: ServerTls,
    /// A file with the users, a name and a hash a line.
    #[cfg(feature = "tls")]
    pub users_file: Option<PathBuf>,
    /// A web configuration file, which sets the same instead.
    #[cfg(feature = "tls")]
    pub web_config: Option<PathBuf>,
}

impl Server {
    /// Whether clients need a certificate or a login, except those at Unix sockets.
    #[cfg(feature = "tls")]
    pub fn is_guarded(&self) -> bool {
        self.tls.cert.is_there() || self.users_file.is_some() || self.web_config.is_some()
    }

    /// Never, in a build without TLS.
    #[cfg(not(feature = "tls"))]
    pub fn is_guarded(&self) -> bool {
        false
    }
}

/// The paths to read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Where procfs is mounted.
    pub procfs: PathBuf,
    /// Where sysfs is mounted.
    pub sysfs: PathBuf,
    /// Where the root file system is mounted.
    pub rootfs: PathBuf,
    /// The directory of udev's database.
    pub udev_data: PathBuf,
    /// `procfs` is that of a host whose root is not here: only this process's mounts can be queried,
    /// not those of the host's first process.
    pub lacks_root: bool,
}

/// What to log and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The form of a line.
    pub format: Format,
    /// The least severe level that is logged.
    pub level: Level,
}

/// The identity of exported samples and alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The label `instance`, and Influx' tag `host`; empty leaves both out.
    pub instance: String,
    /// The label `job`; empty leaves it out.
    pub job: String,
}

/// The limits of pushed metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// How long a series lives without another sample; zero for ever.
    pub ttl: Duration,
    /// The same for individual sources.
    pub ttl_by_source: Vec<(String, Duration)>,
    /// The oldest allowed time stamp.
    pub max_age: Duration,
    /// Bytes of a request's body.
    pub max_body_bytes: usize,
    /// Series in total.
    pub max_series: usize,
    /// Metrics in total.
    pub max_families: usize,
    /// Bytes of names, labels and help texts in total.
    pub max_bytes: usize,
    /// Labels of a series.
    pub max_labels: usize,
    /// Bytes of a name.
    pub max_name_bytes: usize,
    /// Bytes of a label's value.
    pub max_value_bytes: usize,
    /// A file with a token a line.
    pub token_file: Option<PathBuf>,
}

/// The metrics of other programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Custom {
    /// The prefix of every name, with `_` after it; may be empty.
    pub namespace: String,
    /// A second prefix after the namespace, also with `_`.
    pub prefix: String,
    /// Gauges that exist from the start.
    pub gauges: Vec<String>,
    /// Counters that exist from the start.
    pub counters: Vec<String>,
    /// Histograms that exist from the start.
    pub histograms: Vec<DeclaredHistogram>,
    /// Labels of every series that has no label of that name.
    pub labels: Vec<(String, String)>,
    /// These labels are on our own series, too.
    pub labels_on_all: bool,
}

impl Custom {
    /// The labels of series that are this program's own.
    pub fn labels_of_own(&self) -> &[(String, String)] {
        if self.labels_on_all { &self.labels } else { &[] }
    }
}

/// All settings, checked and complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The action that the program was started for.
    pub action: Action,
    /// The settings of the server.
    pub server: Server,
    /// The dialect of names and defaults.
    pub dialect: Dialect,
    /// Whether to report metrics about the program itself.
    pub process_metrics: bool,
    /// The paths to read from.
    pub paths: Paths,
    /// What to log and how.
    pub log: Log,
    /// The sandbox of the program.
    pub sandbox: Sandbox,
    /// The identity of exported samples and alerts.
    pub agent: Agent,
    /// The limits of pushed metrics.
    pub push: Push,
    /// The metrics of other programs.
    pub custom: Custom,
    /// statsd lines.
    pub statsd: Statsd,
    /// Scraping of other endpoints.
    pub scrape: Scrape,
    /// How log files are followed.
    pub tail: Tail,
    /// Log files.
    pub logs: Vec<LogFiles>,
    /// Stalls that are counted between scrapes.
    pub pressure: Pressure,
    /// Peaks that are kept between scrapes.
    pub peaks: Peaks,
    /// When alerts are evaluated, and where they are sent.
    pub alerting: Alerting,
    /// The rules of alerts.
    pub alerts: Vec<Alert>,
    /// The format in which [`Action::Once`] prints if there is no export.
    pub once_format: StdoutFormat,
    /// The exports.
    pub exports: Vec<Export>,
    /// One for each subject, in their order.
    pub collectors: Vec<CollectorSettings>,
    /// The agent that [`Action::Health`] queries; empty for the one at the address in `server`.
    pub agent_url: String,
    /// The trees of the host in `paths` that were found mounted here; empty without any.
    pub host_trees: String,
    /// The file that was read, if any.
    pub config_file: Option<PathBuf>,
    /// Faults that are ignored, a sentence each, to be logged.
    pub warnings: Vec<String>,
    /// The settings in effect as a TOML file; each that is not a default has a comment with its
    /// origin. Empty unless `action` is [`Action::CheckConfig`].
    pub effective: String,
}
