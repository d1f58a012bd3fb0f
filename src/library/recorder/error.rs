//! Why a builder failed.

use std::error::Error;
use std::fmt;

/// What went wrong while a recorder or its exporter was built or installed.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A thread could not be started.
    FailedToStartThread(String),
    /// The address cannot be listened on.
    FailedToCreateHTTPListener(String),
    /// A global recorder is already installed.
    FailedToSetGlobalRecorder,
    /// The text is neither an address nor a network.
    InvalidAllowlistAddress(String),
    /// The text is not a URL that can be pushed to.
    InvalidPushGatewayEndpoint(String),
    /// The list of buckets or quantiles is empty.
    EmptyBucketsOrQuantiles,
    /// The length of a window of summaries is zero.
    ZeroBucketDuration,
    /// The interval between pushes is zero.
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
