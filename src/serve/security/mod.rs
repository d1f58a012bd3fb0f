//! https and users: the settings or a web configuration file, and the files that they name, which
//! are read again when they change. Unusable changes are logged and counted, and the previous
//! state stays.

mod limiter;
mod logins;
mod source;
mod users;

pub use logins::Verdict;

use crate::base::log;
use crate::base::sys::Ready;
use crate::settings::{Server, WebConfig};
use crate::workers::server_config;
use limiter::Limiter;
use logins::Logins;
use rustls::ServerConfig;
use source::{Source, Stamp};
use std::io;
#[cfg(feature = "exporter")]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use users::name_and_password;

/// The shortest time between two checks of the files, if there are requests.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// TLS and users.
#[derive(Default)]
pub struct Security {
    source: Source,
    /// The stamps of the files when they were last read.
    stamps: Vec<Stamp>,
    checked: Option<Instant>,
    tls: Option<Arc<ServerConfig>>,
    logins: Option<Logins>,
    limiter: Option<Limiter>,
    /// For messages about clients' certificates.
    pub refusals: log::Limiter,
    headers: Vec<(String, String)>,
    /// Whether the headers have changed since they were last queried.
    is_changed: bool,
    /// Changed files that could not be used.
    failed: u64,
}

impl Security {
    /// Reads the files of the settings.
    ///
    /// # Errors
    ///
    /// A file cannot be read or used; the text contains its name.
    pub fn read(server: &Server) -> io::Result<Security> {
        let mut security = Security { source: Source::of(server), ..Security::default() };
        if security.source.is_open() {
            return Ok(security);
        }
        security.stamps = security.source.stamps();
        let config = security.read_source()?;
        security.tls = security.tls_of(&config)?;
        security.set_users(&config.users)?;
        security.limiter = config.limit.map(Limiter::new);
        security.set_headers(config.headers);
        Ok(security)
    }

    /// The files that it is read from.
    #[cfg(feature = "exporter")]
    pub fn files(&self) -> &[PathBuf] {
        self.source.files()
    }

    /// Continues the counters of `before`.
    pub fn resume(&mut self, before: &Security) {
        self.failed += before.failed;
    }

    /// Whether plain HTTP is served without login.
    pub fn is_open(&self) -> bool {
        self.source.is_open()
    }

    /// The configuration of TLS; `None` for plain HTTP.
    pub fn tls(&mut self, now: Instant) -> Option<&Arc<ServerConfig>> {
        self.reload_if_changed(now);
        self.tls.as_ref()
    }

    /// Whether TLS is on.
    pub fn has_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Headers of every response, if they changed since the last call.
    pub fn changed_headers(&mut self) -> Option<&[(String, String)]> {
        std::mem::take(&mut self.is_changed).then_some(&*self.headers)
    }

    /// Changed files that could not be used.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Checks the client of this Authorization header.
    pub fn judge(&mut self, authorization: &str, now: Instant) -> Verdict {
        self.reload_if_changed(now);
        let verdict = match &mut self.logins {
            None => Verdict::Good,
            Some(logins) => match name_and_password(authorization) {
                Some((name, password)) => logins.judge(&name, &password),
                None => Verdict::Bad,
            },
        };
        // A request that waits for its password is judged again.
        let is_judged = !matches!(verdict, Verdict::Later(_));
        let is_in = !is_judged || self.limiter.as_mut().is_none_or(|limiter| limiter.admits(now));
        if is_in { verdict } else { Verdict::Often }
    }

    /// The number of the next finished password check.
    pub fn take(&mut self) -> Option<u64> {
        self.logins.as_mut()?.take()
    }

    /// Adds the descriptors to wait for.
    pub fn wait_on(&self, ready: &mut Vec<Ready>) {
        if let Some(logins) = &self.logins {
            logins.wait_on(ready);
        }
    }

    /// Reads the files again if one changed; checks at most once a second.
    fn reload_if_changed(&mut self, now: Instant) {
        if self.source.is_open() || self.checked.is_some_and(|at| now < at + CHECK_INTERVAL) {
            return;
        }
        self.checked = Some(now);
        let stamps = self.source.stamps();
        if stamps == self.stamps {
            return;
        }
        self.stamps = stamps;
        match self.reload() {
            Ok(()) => log::info("certificates and users read again", &[]),
            Err(error) => {
                self.failed += 1;
                let text = "changed certificates or users cannot be used, the old ones stay";
                log::error(text, &[("error", &error)]);
            }
        }
    }

    fn reload(&mut self) -> io::Result<()> {
        let config = self.read_source()?;
        if config.tls.is_some() != self.tls.is_some() {
            let text = "https is switched on and off by a reload of the settings only: send SIGHUP";
            return Err(io::Error::other(text));
        }
        // A file may be empty because it is being written.
        if config.users.is_empty() && self.logins.is_some() {
            let text =
                "no users are left, and everybody would be served: send SIGHUP if that is meant";
            return Err(io::Error::other(text));
        }
        let tls = self.tls_of(&config)?;
        self.set_users(&config.users)?;
        self.tls = tls;
        let is_same = |limiter: &Limiter| config.limit == Some(limiter.limit());
        if !self.limiter.as_ref().is_some_and(is_same) {
            self.limiter = config.limit.map(Limiter::new);
        }
        self.set_headers(config.headers);
        Ok(())
    }

    /// Reads the files except certificates and keys, whose names are known only then. Each file's stamp
    /// is taken before it is read.
    fn read_source(&mut self) -> io::Result<WebConfig> {
        let config = self.source.read()?;
        let before = std::mem::replace(&mut self.stamps, self.source.stamps());
        if let (Some(first), Some(of_first)) = (self.stamps.first_mut(), before.first()) {
            *first = *of_first;
        }
        Ok(config)
    }

    fn tls_of(&self, config: &WebConfig) -> io::Result<Option<Arc<ServerConfig>>> {
        let tls = config.tls.as_ref().map(server_config).transpose();
        tls.map_err(|error| self.source.in_tls(&error))
    }

    fn set_headers(&mut self, headers: Vec<(String, String)>) {
        self.is_changed |= self.headers != headers;
        self.headers = headers;
    }

    fn set_users(&mut self, users: &[(String, String)]) -> io::Result<()> {
        let set = match &mut self.logins {
            Some(logins) if !users.is_empty() => logins.replace(users),
            logins => {
                let new = (!users.is_empty()).then(|| Logins::new(users)).transpose();
                new.map(|new| *logins = new)
            }
        };
        set.map_err(|error| self.source.in_users(&error))
    }
}
