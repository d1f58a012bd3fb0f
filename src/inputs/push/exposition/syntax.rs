//! Which of the two text formats a text is in.

use crate::base::wire;

/// The format of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// Prometheus text, version 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics text, version 1.0.0.
    OpenMetrics,
}

impl Syntax {
    /// The format of a Content-Type; whatever is not OpenMetrics is the old one.
    pub fn of(content_type: &str) -> Syntax {
        let mime = content_type.split(';').next().unwrap_or_default().trim();
        match wire::same(mime, "application/openmetrics-text") {
            true => Syntax::OpenMetrics,
            false => Syntax::Prometheus,
        }
    }
}
