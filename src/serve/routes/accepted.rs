//! A cache for the last Accept header. A scraper sends the same each time, and
//! parsing Prometheus' header takes as long as writing a hundred samples.

use crate::serve::http::{prefers_open_metrics, reads_utf8};

/// The last header, and its meaning.
#[derive(Default)]
pub struct Accepted {
    text: String,
    is_open_metrics: bool,
    reads_utf8: Option<bool>,
}

impl Accepted {
    /// Whether this client prefers OpenMetrics, and whether it accepts names in UTF-8.
    pub fn of(&mut self, accept: &str) -> (bool, Option<bool>) {
        if self.text != accept {
            self.text.clear();
            self.text.push_str(accept);
            self.is_open_metrics = prefers_open_metrics(accept);
            self.reads_utf8 = reads_utf8(accept);
        }
        (self.is_open_metrics, self.reads_utf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_gets_the_format_it_accepts() {
        let mut accepted = Accepted::default();
        for _ in 0..2 {
            assert_eq!(accepted.of(""), (false, None));
            let says = "application/openmetrics-text;escaping=allow-utf-8";
            assert_eq!(accepted.of(says), (true, Some(true)));
            assert_eq!(accepted.of(says), (true, Some(true)), "again");
            assert_eq!(accepted.of("text/plain"), (false, None));
        }
    }
}
