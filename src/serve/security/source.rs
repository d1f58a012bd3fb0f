//! Where certificates and users come from, and whether that changed.

use super::users;
use crate::settings::{Server, ServerTls, WebConfig, read_web_config};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file as it was: none where there is none. The time is that of its last change of any kind, so
/// that what is put in its place with an older date is seen, too.
pub type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// What the settings name.
#[derive(Default)]
pub struct Source {
    web_config: Option<PathBuf>,
    users_file: Option<PathBuf>,
    tls: Option<ServerTls>,
    /// All files that it is read from: first the one that names others, or users.
    files: Vec<PathBuf>,
}

impl Source {
    /// What these settings name.
    pub fn of(server: &Server) -> Source {
        Source {
            web_config: server.web_config.clone(),
            users_file: server.users_file.clone(),
            tls: server.tls.cert.is_there().then(|| server.tls.clone()),
            files: server.web_config.iter().chain(&server.users_file).cloned().collect(),
        }
    }

    /// It names nothing.
    pub fn is_open(&self) -> bool {
        self.web_config.is_none() && self.users_file.is_none() && self.tls.is_none()
    }

    /// Reads the files, but for certificates and keys.
    ///
    /// # Errors
    ///
    /// One cannot be read, or is not what it should be; the text says where.
    pub fn read(&mut self) -> io::Result<WebConfig> {
        let config = match &self.web_config {
            Some(path) => read_web_config(path).map_err(io::Error::other)?,
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

    /// The files that it is read from.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The files as they are.
    pub fn stamps(&self) -> Vec<Stamp> {
        self.files.iter().map(|path| stamp(path)).collect()
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino(), about.size(), about.ctime(), about.ctime_nsec()))
}
