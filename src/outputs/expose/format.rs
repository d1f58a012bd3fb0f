//! The text formats, and their Content-Types.

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4.
    Prometheus,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The Content-Type of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The Content-Type for a client that states whether it supports names in UTF-8: they are
/// escaped if it does not.
pub fn content_type(format: Format, reads_utf8: Option<bool>) -> &'static str {
    match (format, reads_utf8) {
        (format, None) => format.content_type(),
        (Format::Prometheus, Some(true)) => {
            "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8"
        }
        (Format::Prometheus, Some(false)) => {
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
        }
        (Format::OpenMetrics, Some(true)) => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
        }
        (Format::OpenMetrics, Some(false)) => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
    }
}
