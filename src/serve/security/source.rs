//! The sources of certificates and users, and whether they changed.

use super::users;
use crate::settings::{Server, ServerTls, WebConfig, read_web_config};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Identifies a version of a file; `None` if there is no file. The time is that of its last change of any kind, so
/// that a replacement with an older date is noticed, too.
pub type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// The files in the settings.
#[derive(Default)]
pub struct Source {
    web_config: Option<PathBuf>,
    users_file: Option<PathBuf>,
    tls: Option<ServerTls>,
    /// All files that are read: first the one that names others, or users.
    files: Vec<PathBuf>,
}

impl Source {
    /// The files in these settings.
    pub fn of(server: &Server) -> Source {
        Source {
            web_config: server.web_config.clone(),
            users_file: server.users_file.clone(),
            tls: server.tls.cert.is_there().then(|| server.tls.clone()),
            files: server.web_config.iter().chain(&server.users_file).cloned().collect(),
        }
    }

    /// Whether no file is named.
    pub fn is_open(&self) -> bool {
        self.web_config.is_none() && self.users_file.is_none() && self.tls.is_none()
    }

    /// Reads the files, except certificates and keys.
    ///
    /// # Errors
    ///
    /// One cannot be read, or is not what it should be; the text says where.
    pub fn read(&mut self) -> io::Result<WebConfig> {
        let config = match &self.web_config {
            Some(path) => read_web_config(path)?,
            None => WebConfig {
                tls: self.tls.clone(),
                users: self.users_file.as_deref().map(users::read).transpose()?.unwrap_or_default(),
                ..WebConfig::default()
            },
        };
        let named = config.tls.iter().flat_map(|tls| [&tls.cert, &tls.key, &tls.client_ca]);
        let named = named.filter_map(|pem| pem.file().map(Path::to_owned));
        self.files = self.web_config.iter().chain(&self.users_file).cloned().chain(named).collect();
        Ok(config)
    }

    /// Adds to an error of TLS where its settings are.
    pub fn in_tls(&self, error: &io::Error) -> io::Error {
        within(self.web_config.as_deref().unwrap_or(Path::new("server.tls")), error)
    }

    /// Adds to an error of a user the file of the users.
    pub fn in_users(&self, error: &io::Error) -> io::Error {
        let file = self.web_config.as_ref().or(self.users_file.as_ref());
        within(file.map_or(Path::new(""), |file| file), error)
    }

    /// All files that are read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The current stamps of the files.
    pub fn stamps(&self) -> Vec<Stamp> {
        self.files.iter().map(|path| stamp(path)).collect()
    }
}

fn within(place: &Path, error: &io::Error) -> io::Error {
    let text = [&*place.display().to_string(), ": ", &error.to_string()].concat();
    io::Error::new(error.kind(), text)
}

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino(), about.size(), about.ctime(), about.ctime_nsec()))
}
