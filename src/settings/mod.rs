//! stub
#![allow(missing_docs)]
use std::path::PathBuf;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Own,
    Node,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
}
impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}
#[derive(Clone, Debug)]
pub struct Paths {
    pub procfs: PathBuf,
    pub sysfs: PathBuf,
    pub rootfs: PathBuf,
    pub udev_data: PathBuf,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pattern,
    Switch,
}
pub struct Subject {
    pub name: &'static str,
    pub node_name: &'static str,
    pub on: bool,
    pub help: &'static str,
    pub options: &'static [SubjectOption],
}
pub struct SubjectOption {
    pub key: &'static str,
    pub node_flags: &'static [&'static str],
    pub kind: Kind,
    pub default: [&'static str; 2],
    pub help: &'static str,
}
#[derive(Clone, Debug)]
pub struct CollectorSettings {
    pub enabled: bool,
    pub values: Vec<Option<String>>,
    pub options: Vec<&'static str>,
}
impl CollectorSettings {
    pub fn pattern(&self, key: &str) -> Option<&str> {
        let i = self.options.iter().position(|o| *o == key)?;
        self.values.get(i)?.as_deref()
    }
    pub fn switch(&self, key: &str) -> bool {
        self.pattern(key) == Some("true")
    }
}
