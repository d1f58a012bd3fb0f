//! Why a builder built nothing.

use std::error::Error;
use std::fmt;

/// What went wrong while a recorder or its exporter was built or installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no room for another thread.
    FailedToStartThread(String),
    /// The address cannot be listened on.
    FailedToCreateHTTPListener(String),
    /// There is a global recorder already.
    FailedToSetGlobalRecorder,
    /// No address and no network.
    InvalidAllowlistAddress(String),
    /// No URL that can be pushed to.
    InvalidPushGatewayEndpoint(String),
    /// Buckets or quantiles were asked for, and none was named.
    EmptyBucketsOrQuantiles,
    /// A window of summaries has no length.
    ZeroBucketDuration,
    /// Nothing is pushed without a pause.
    ZeroPushInterval,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, why) = match self {
            BuildError::FailedToStartThread(why) => ("cannot start a thread: ", why.as_str()),
            BuildError::FailedToCreateHTTPListener(why) => ("cannot listen: ", why.as_str()),
            BuildError::FailedToSetGlobalRecorder => {
                ("a global recorder is installed already; a process has one", "")
            }
            BuildError::InvalidAllowlistAddress(why) => ("no network: ", why.as_str()),
            BuildError::InvalidPushGatewayEndpoint(why) => {
                ("no endpoint of a push gateway: expected ", why.as_str())
            }
            BuildError::EmptyBucketsOrQuantiles => ("expected at least one bucket or quantile", ""),
            BuildError::ZeroBucketDuration => ("expected a duration of buckets above zero", ""),
            BuildError::ZeroPushInterval => ("expected an interval of pushes above zero", ""),
        };
        f.write_str(what)?;
        f.write_str(why)
    }
}

impl Error for BuildError {}
