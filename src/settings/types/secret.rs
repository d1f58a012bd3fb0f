//! Values as `--check-config` and messages show them: with secrets hidden.

use crate::base::wire::{SECRET, shown};
use crate::settings::types::kind::Kind;

impl Kind {
    /// A value of this kind, right or wrong, with secrets hidden.
    pub fn shown(self, text: &str) -> String {
        match self {
            Kind::Headers => match text.split_once('=') {
                Some((name, _)) => [name, "=", SECRET].concat(),
                None => SECRET.to_owned(),
            },
            Kind::Url | Kind::Remote => shown(text),
            // A name and a password may be in the URL of a collector's peer.
            Kind::Text if text.contains("://") => shown(text),
            Kind::Urls => without_path(&shown(text)),
            _ => text.to_owned(),
        }
    }
}

/// Hides the path of a webhook: a caller who knows it can use the webhook.
fn without_path(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    match url.get(start..).and_then(|rest| rest.split_once('/')) {
        Some((host, path)) if !path.is_empty() => {
            [url.get(..start).unwrap_or_default(), host, "/", SECRET].concat()
        }
        _ => url.to_owned(),
    }
}
