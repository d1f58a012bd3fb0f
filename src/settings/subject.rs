//! What settings know of a collector: it tells about itself through these, because settings
//! may not name collectors.

#[cfg(feature = "recorder")]
use super::basic::Dialect;
use super::value::Kind;

/// One collector.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// The key under `[collectors]`, and the flags `--collector.<name>` and
    /// `--no-collector.<name>`.
    pub name: &'static str,
    /// The name that node_exporter's flags have; taken like `name`.
    pub node_name: &'static str,
    /// Runs unless told otherwise.
    pub on: bool,
    /// One line for help.
    pub help: &'static str,
    /// The keys of `[collectors.<name>]` besides `enabled`. Of two whose keys differ by
    /// `include` and `exclude` only one may be set, and the default of the other gives way.
    pub options: &'static [SubjectOption],
}

impl Subject {
    /// What is set where nothing is said.
    #[cfg(feature = "recorder")]
    pub fn defaults(&self, dialect: Dialect) -> CollectorSettings {
        let default = |option: &SubjectOption| {
            let [own, node] = option.default;
            let text = if dialect == Dialect::Own { own } else { node };
            (!text.is_empty()).then(|| text.to_owned())
        };
        CollectorSettings {
            name: self.name,
            enabled: self.on,
            values: self.options.iter().map(default).collect(),
            keys: self.options.iter().map(|option| option.key).collect(),
        }
    }
}

/// One option of a collector. Besides `node_flags` there is `--collector.<name>.<key>` with
/// dashes for underscores.
#[derive(Clone, Copy, Debug)]
pub struct SubjectOption {
    /// The key in `[collectors.<name>]`.
    pub key: &'static str,
    /// node_exporter's flags without the leading dashes, the deprecated ones too.
    pub node_flags: &'static [&'static str],
    /// What the value may be, usually a pattern or a switch.
    pub kind: Kind,
    /// In our own dialect and in node_exporter's; "" is none.
    pub default: [&'static str; 2],
    /// One line for help.
    pub help: &'static str,
}

/// What is set for one collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectorSettings {
    /// The collector's own name.
    pub name: &'static str,
    /// It shall run.
    pub enabled: bool,
    /// One for each of the subject's options, in that order; none is none.
    pub values: Vec<Option<String>>,
    pub(super) keys: Vec<&'static str>,
}

impl CollectorSettings {
    /// The pattern set for the option `key`, known to compile; none if it is empty.
    pub fn pattern(&self, key: &str) -> Option<&str> {
        let place = self.keys.iter().position(|k| *k == key);
        debug_assert!(place.is_some(), "{} has no option {key}", self.name);
        self.values.get(place?)?.as_deref()
    }

    /// Whether the switch `key` is on.
    pub fn switch(&self, key: &str) -> bool {
        self.pattern(key) == Some("true")
    }
}
