//! URLs of other programs: http only, TLS is not built in.

use super::listen::host;
use super::row::Keyed;

/// The port of a URL that names none.
const HTTP: u16 = 80;
/// The path of a target that is given as a plain text without one.
const METRICS: &str = "/metrics";

/// What a URL says about where to connect.
struct Parts<'a> {
    /// Without brackets.
    host: &'a str,
    port: u16,
    /// There is a path, be it `/`.
    path: bool,
}

/// Whether it is `http://[USER[:PASSWORD]@]HOST[:PORT][/PATH]`. The error adds to "expected …".
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.get(..8).is_some_and(|front| front.eq_ignore_ascii_case("https://")) {
        let more = "; TLS is not built in: ask over http, through a proxy where it has to be";
        return Err(more.to_owned());
    }
    parts(text).map(|_| ()).ok_or_else(String::new)
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let rest = text.strip_prefix("http://")?;
    if !text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&b)) {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (name, port) = match place.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port.parse().ok()?),
        _ => (place, HTTP),
    };
    // An IPv6 address has brackets, and a zone is no matter of URLs.
    let bare = name.contains(':') && !name.starts_with('[') || name.contains('%');
    let host = host(name).filter(|_| !bare && port > 0)?;
    Some(Parts { host, port, path: !path.is_empty() })
}

/// What a target that is a plain text says: `http://api:8000/metrics` or only `api:8000`.
pub(super) fn plain_target(text: &str) -> Vec<Keyed> {
    let mut url = match text.contains("://") {
        true => text.to_owned(),
        false => ["http://", text].concat(),
    };
    let mut said = Vec::new();
    if let Some(parts) = parts(&url) {
        said.push(("name", [parts.host, ":", &parts.port.to_string()].concat()));
        if !parts.path {
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
            assert!(check(tls).is_err_and(|more| more.contains("TLS is not built in")));
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
        assert_eq!(said("https://api"), ["https://api"]);
        assert_eq!(said("a b"), ["http://a b"]);
    }
}
