//! What the program works with once all sources have spoken.

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

/// What the program was started for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// Serve until a signal ends it.
    #[default]
    Serve,
    /// Collect once, print the metrics, exit.
    PrintMetrics,
    /// Send one frame to every export, or print it where there is none, exit.
    Once,
    /// Print [`Settings::effective`] and exit.
    CheckConfig,
    /// Ask the agent at [`Settings::agent_url`] how it is, exit.
    Health,
    /// Print `help` and exit; nothing but the defaults is in the settings.
    Help,
    /// Print `short_help` and exit; nothing but the defaults is in the settings.
    ShortHelp,
    /// Print the version and exit; nothing but the defaults is in the settings.
    Version,
}

/// How to serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Where; at least one.
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
    /// For a client to send the head of its request.
    pub head_timeout: Duration,
    /// For a client to take the answer.
    pub drain_timeout: Duration,
    /// For a kept connection to send its next request.
    pub idle_timeout: Duration,
    /// https; plain HTTP where no certificate is named.
    #[cfg(feature = "tls")]
    pub tls: ServerTls,
    /// A file with a name and a hash a line: who may ask.
    #[cfg(feature = "tls")]
    pub users_file: Option<PathBuf>,
    /// A web configuration file, which says the same instead.
    #[cfg(feature = "tls")]
    pub web_config: Option<PathBuf>,
}

impl Server {
    /// Whether TLS or a name is wanted of clients, but for those at Unix sockets.
    #[cfg(feature = "tls")]
    pub fn is_guarded(&self) -> bool {
        self.tls.cert.is_there() || self.users_file.is_some() || self.web_config.is_some()
    }

    /// Nothing is wanted in a build without TLS.
    #[cfg(not(feature = "tls"))]
    pub fn is_guarded(&self) -> bool {
        false
    }
}

/// Where to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Where procfs is mounted.
    pub procfs: PathBuf,
    /// Where sysfs is mounted.
    pub sysfs: PathBuf,
    /// Where the root file system is mounted.
    pub rootfs: PathBuf,
    /// Where udev keeps what it knows of devices.
    pub udev_data: PathBuf,
    /// `procfs` is that of a host whose root is not here: the mounts that can be asked are this process's,
    /// not those of the host's first process.
    pub lacks_root: bool,
}

/// What to log and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The form of a line.
    pub format: Format,
    /// The least that is logged.
    pub level: Level,
}

/// What samples and alerts that leave are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The label `instance`, and Influx' tag `host`; empty leaves both out.
    pub instance: String,
    /// The label `job`; empty leaves it out.
    pub job: String,
}

/// What to take in from other programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// How long a series lives without another sample; zero is for ever.
    pub ttl: Duration,
    /// The same for single sources.
    pub ttl_by_source: Vec<(String, Duration)>,
    /// How old a time stamp may be.
    pub max_age: Duration,
    /// Bytes of a request's body.
    pub max_body_bytes: usize,
    /// Series in all.
    pub max_series: usize,
    /// Metrics in all.
    pub max_families: usize,
    /// Bytes of names, labels and help texts in all.
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
    /// Before every name, with `_` behind it; may be empty.
    pub namespace: String,
    /// The same, behind the namespace.
    pub prefix: String,
    /// Gauges that are there from the start.
    pub gauges: Vec<String>,
    /// Counters that are there from the start.
    pub counters: Vec<String>,
    /// Histograms that are there from the start.
    pub histograms: Vec<DeclaredHistogram>,
    /// On every series that has no label of that name.
    pub labels: Vec<(String, String)>,
    /// Those are on our own series, too.
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
    /// What the program was started for.
    pub action: Action,
    /// How to serve.
    pub server: Server,
    /// Whose metric names and defaults.
    pub dialect: Dialect,
    /// Whether to report on the program itself.
    pub process_metrics: bool,
    /// Where to read.
    pub paths: Paths,
    /// What to log and how.
    pub log: Log,
    /// How the program locks itself in.
    pub sandbox: Sandbox,
    /// What samples and alerts that leave are known by.
    pub agent: Agent,
    /// What to take in from other programs.
    pub push: Push,
    /// The metrics of other programs.
    pub custom: Custom,
    /// statsd lines.
    pub statsd: Statsd,
    /// Other endpoints.
    pub scrape: Scrape,
    /// How log files are followed.
    pub tail: Tail,
    /// Log files.
    pub logs: Vec<LogFiles>,
    /// Stalls that are counted between scrapes.
    pub pressure: Pressure,
    /// Peaks that are kept between scrapes.
    pub peaks: Peaks,
    /// When alerts are looked at, and who hears of them.
    pub alerting: Alerting,
    /// What to alarm about.
    pub alerts: Vec<Alert>,
    /// What [`Action::Once`] prints where there is no export.
    pub once_format: StdoutFormat,
    /// Where samples go.
    pub exports: Vec<Export>,
    /// One for each subject, in their order.
    pub collectors: Vec<CollectorSettings>,
    /// Whom [`Action::Health`] asks; empty for the agent that listens where `server` says.
    pub agent_url: String,
    /// The trees of the host that `paths` names because they are mounted here; empty without any.
    pub host_trees: String,
    /// The file that was read, if any.
    pub config_file: Option<PathBuf>,
    /// What was wrong and is ignored, a sentence each: it is to be logged.
    pub warnings: Vec<String>,
    /// The settings in effect as a TOML file, each that is no default with a remark on where it
    /// comes from. Empty unless `action` is [`Action::CheckConfig`].
    pub effective: String,
}
