//! Methods of the builder for exporting metrics: an endpoint for scrapes, or pushes to a
//! Pushgateway. They exist only on Linux.

use super::exporter::Exporter;
use super::push::Push;
use crate::base::address::Listen;
use crate::base::wire::Url;
use crate::library::recorder::builder::set_global;
use crate::library::recorder::network::{BadNetwork, Network};
use crate::library::recorder::output::Transport;
use crate::library::recorder::{BuildError, PrometheusBuilder, PrometheusRecorder};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

impl PrometheusBuilder {
    /// Listens on this address. The page is at every path.
    pub fn with_http_listener(mut self, address: impl Into<SocketAddr>) -> Self {
        self.output.transport = Transport::Listen(Listen::from(address.into()));
        self
    }

    /// Listens on a Unix socket.
    pub fn with_http_uds_listener(mut self, path: impl Into<PathBuf>) -> Self {
        self.output.transport = Transport::Listen(Listen::Unix(path.into()));
        self
    }

    /// Pushes to a Pushgateway instead, by PUT or by POST: `http://host:9091/metrics/job/name`.
    ///
    /// # Errors
    ///
    /// The endpoint is not a URL, or one that this build does not support; or the interval is zero.
    pub fn with_push_gateway(
        mut self,
        endpoint: impl AsRef<str>,
        interval: Duration,
        username: Option<String>,
        password: Option<String>,
        use_http_post_method: bool,
    ) -> Result<Self, BuildError> {
        let bad = |expected: &str| BuildError::InvalidPushGatewayEndpoint(expected.to_owned());
        let url = Url::parse(endpoint.as_ref()).map_err(bad)?;
        if interval.is_zero() {
            return Err(BuildError::ZeroPushInterval);
        }
        let user = username.map(|name| (name, password.unwrap_or_default()));
        let user = user.or_else(|| url.user.clone());
        let push = Push { url, interval, user, by_post: use_http_post_method };
        self.output.transport = Transport::Push(Box::new(move |handle| push.run(handle)));
        Ok(self)
    }

    /// Allows clients of this address or network (`10.0.0.0/8`) besides those that were
    /// allowed before; without a call all are allowed. Others get 403.
    ///
    /// # Errors
    ///
    /// The text is neither an address nor a network.
    pub fn add_allowed_address(mut self, address: impl AsRef<str>) -> Result<Self, BuildError> {
        let network = address.as_ref().parse::<Network>();
        let bad = |error: BadNetwork| BuildError::InvalidAllowlistAddress(error.to_string());
        self.output.allowed.push(network.map_err(bad)?);
        Ok(self)
    }

    /// Answers in OpenMetrics to clients that prefer it, as Prometheus 2 and later do.
    /// It has exemplars, `le="1"` is `le="1.0"`, and a counter whose name lacks `_total` has
    /// no type. Without this call every answer is text 0.0.4.
    pub fn with_openmetrics(mut self) -> Self {
        self.output.has_openmetrics = true;
        self
    }

    /// Installs the recorder for the whole process, and serves or pushes its metrics on a thread of
    /// its own.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, a recorder is already installed, or a thread could not be started.
    pub fn install(self) -> Result<(), BuildError> {
        let (recorder, exporter) = self.build()?;
        set_global(recorder)?;
        exporter.start()
    }

    /// Returns the recorder, and an exporter that is still to be run.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub fn build(mut self) -> Result<(PrometheusRecorder, Exporter), BuildError> {
        let output = std::mem::take(&mut self.output);
        let recorder = self.build_recorder();
        let exporter = Exporter::new(output, recorder.handle())?;
        Ok((recorder, exporter))
    }
}
