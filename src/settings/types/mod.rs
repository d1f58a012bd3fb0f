//! The settings, the values that options may have, and what a collector declares of its options.

mod between;
mod collector;
mod inputs;
mod kind;
mod outputs;
mod parse;
mod sandbox;
mod secret;
mod served;
#[cfg(feature = "tls")]
mod serving;
mod settings;
mod value;

pub use between::{Peaks, Pressure, StallTrigger};
pub use collector::{
    CollectorOption, CollectorSettings, OptionRow, Rule, Subject, count, duration, globs, path,
    pattern, peer, switch, system_switch, text, words,
};
pub use inputs::{
    Alert, Alerting, DeclaredHistogram, Field, LogFiles, LogRule, MEMORY_FILE, RuleKind, Scrape,
    Statsd, Tail, Target, TargetKind,
};
pub use kind::Kind;
pub use outputs::{
    Export, ExportKind, Order, OtlpProtocol, RemoteWriteVersion, Retry, Spool, StdoutFormat, Tls,
};
pub use sandbox::{Enforce, Sandbox};
pub use served::Served;
#[cfg(feature = "tls")]
pub use serving::{CLIENT_AUTH, ClientAuth, Pem, ServerTls, TlsVersion};
pub use settings::{Action, Agent, Custom, Log, Paths, Push, Server, Settings};
pub use value::Value;
