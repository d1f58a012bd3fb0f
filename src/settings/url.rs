//! URLs of other programs: http only, TLS is not built in.

use super::row::Keyed;
use crate::wire::{NO_TLS, Url};

/// The path of a target that is given as a plain text without one.
const METRICS: &str = "/metrics";

/// Whether it is `http://[USER[:PASSWORD]@]HOST[:PORT][/PATH]`. The error adds to "expected …".
pub(super) fn check(text: &str) -> Result<(), String> {
    match Url::parse(text) {
        // What a URL cannot have, and what is never sent.
        Ok(_) if text.bytes().any(|b| b"\"<>\\^`{|}#".contains(&b)) => Err(String::new()),
        Ok(_) => Ok(()),
        Err(NO_TLS) => {
            Err("; TLS is not built in: ask over http, through a proxy where it has to be"
                .to_owned())
        }
        Err(_) => Err(String::new()),
    }
}

/// The same, or `https://` where TLS is built in.
pub(super) fn check_remote(text: &str) -> Result<(), String> {
    let scheme = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
    match scheme {
        Some(_) if cfg!(feature = "tls") => {
            check(&["http://", text.get(8..).unwrap_or_default()].concat())
        }
        Some(_) => Err("; TLS is not built in: use a build with the cargo feature tls".to_owned()),
        None => check(text),
    }
}

/// What a target that is a plain text says: `http://api:8000/metrics` or only `api:8000`.
pub(super) fn plain_target(text: &str) -> Vec<Keyed> {
    let mut url = match text.contains("://") {
        true => text.to_owned(),
        false => ["http://", text].concat(),
    };
    let mut said = Vec::new();
    if let Ok(parts) = Url::parse(&url) {
        let host = parts.host.trim_start_matches('[').trim_end_matches(']');
        said.push(("name", [host, ":", &parts.port.to_string()].concat()));
        if parts.target == "/" && !url.ends_with('/') {
            url.push_str(METRICS);
        }
    }
    said.push(("url", url));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_http_with_a_host() {
        for good in [
            "http://api",
            "http://api:8000/metrics",
            "http://user:pass%40@api:8000/a?b=c&d",
            "http://[::1]:9100/metrics",
            "http://[::1]",
            "http://10.0.0.1?x",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "http://",
            "http:///metrics",
            "api:8000",
            "ftp://api",
            "http://api:port/",
            "http://api:0/",
            "http://api:65536/",
            "http://::1/",
            "http://[fe80::1%eth0]/",
            "http://a b/",
            "http://api/#part",
            "http://api/\n",
            "http://user@",
            "http://é/",
        ] {
            assert_eq!(check(bad), Err(String::new()), "{bad}");
        }
        for tls in ["https://api/metrics", "HTTPS://api"] {
            let checked = check(tls);
            if cfg!(feature = "tls") {
                assert!(checked.is_ok(), "{checked:?}");
            } else {
                assert!(checked.is_err_and(|more| more.contains("TLS is not built in")));
            }
        }
    }

    #[test]
    fn a_plain_target_is_named_after_where_it_is() {
        let said = |text| plain_target(text).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        for (text, expected) in [
            ("api:8000", ["api:8000", "http://api:8000/metrics"]),
            ("api", ["api:80", "http://api/metrics"]),
            ("http://api:8000", ["api:8000", "http://api:8000/metrics"]),
            ("http://api:8000/", ["api:8000", "http://api:8000/"]),
            ("http://u:p@[::1]:1/m", ["::1:1", "http://u:p@[::1]:1/m"]),
        ] {
            assert_eq!(said(text), expected);
        }
        if cfg!(feature = "tls") {
            assert_eq!(said("https://api"), ["api:443", "https://api/metrics"]);
        } else {
            assert_eq!(said("https://api"), ["https://api"]);
        }
        assert_eq!(said("a b"), ["http://a b"]);
    }
}
