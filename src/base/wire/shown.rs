//! URLs for logs, messages and `--check-config`, with possible secrets hidden.

use super::secret::{SECRET, show_target};
use super::url::Url;

/// A URL, or a text that should have been one, without possible secrets: user and password,
/// the values of its query, and parts of its path that look like a token.
pub fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password that was not escaped may contain any of these.
    let end = if Url::parse(text).is_ok() { end } else { rest.len() };
    let at = rest.get(..end).and_then(|authority| authority.rfind('@'));
    let mut out = String::from(scheme);
    out.push_str(if scheme.is_empty() { "" } else { "://" });
    out.push_str(if at.is_some() { SECRET } else { "" });
    let rest = rest.get(at.unwrap_or(0)..).unwrap_or_default();
    show_target(rest, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        for (text, expected) in [
            ("http://api:8000/metrics", "http://api:8000/metrics"),
            ("http://u:p@api/m", "http://<secret>@api/m"),
            ("http://u:p@a.b@api/m", "http://<secret>@api/m"),
            ("http://t0p@api", "http://<secret>@api"),
            // None of these is a URL.
            ("http://u:p/s@api/m", "http://<secret>@api/m"),
            ("http://u:p?s@api/m?x=y", "http://<secret>@api/m?x=<secret>"),
            ("u:p@api:80/m", "<secret>@api:80/m"),
            (
                "http://a/?token=t&b=&c&&d=e=f",
                "http://a/?token=<secret>&b=<secret>&<secret>&&d=<secret>",
            ),
            ("http://a?t0p", "http://a?<secret>"),
            ("http://a/b#t0p", "http://a/b#<secret>"),
            ("http://a/?", "http://a/?"),
            ("http://a/hook/T024BE7LD-0123456789/x", "http://a/hook/<secret>/x"),
            ("http://a/opentelemetry/v1/metrics", "http://a/opentelemetry/v1/metrics"),
            ("http://a/job@base64/x", "http://a/job@base64/x"),
            (
                "http://0123456789.a.long.name.example.org/x",
                "http://0123456789.a.long.name.example.org/x",
            ),
            ("", ""),
            ("é@", "<secret>@"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
