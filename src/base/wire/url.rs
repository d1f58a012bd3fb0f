//! The target of a request: `http://[user:password@]host[:port]/path?query` (RFC 3986), or `https://…`
//! in a build with the feature `tls`. The part after `#` is not sent.

use super::secret::show_target;
use std::fmt;
use std::net::Ipv6Addr;

/// The longest URL.
const MAX_URL: usize = 4 << 10;

/// The ports of http and https.
const PORT: u16 = 80;
const TLS_PORT: u16 = 443;

/// The target of a request. `Display` writes it without user, password and tokens: it goes to logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    /// The scheme is https.
    pub is_tls: bool,
    /// Name or address, IPv6 in brackets.
    pub host: String,
    /// 80 if the URL names no port; 443 for https.
    pub port: u16,
    /// Path and query, with the leading slash.
    pub target: String,
    /// User and password before `@`. The caller makes a header of it, with `basic`.
    pub user: Option<(String, String)>,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme())?;
        f.write_str("://")?;
        f.write_str(&self.authority())?;
        let mut target = String::new();
        show_target(&self.target, &mut target);
        f.write_str(&target)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Url {
    /// Parses `http://…`; the error says what was expected.
    pub fn parse(text: &str) -> Result<Url, &'static str> {
        if text.len() > MAX_URL {
            return Err("at most 4096 bytes");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("no blanks; what is not ASCII is written as %XX, a host as xn--");
        }
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let is_tls = scheme.eq_ignore_ascii_case("https");
        if is_tls && !cfg!(feature = "tls") {
            return Err(NO_TLS);
        }
        if !is_tls && !scheme.eq_ignore_ascii_case("http") {
            return Err(EXPECTED);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let user = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (decode(name), decode(password))
        });
        let (host, port) = split_port(host, default_port(is_tls))?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        let target = [slash, target].concat();
        Ok(Url { is_tls, host: host.to_ascii_lowercase(), port, target, user })
    }

    /// The target of `reference`, as found in a Location header of a response from here.
    pub fn join(&self, reference: &str) -> Result<Url, &'static str> {
        let scheme = reference.split(['/', '?', '#', ':']).next().unwrap_or_default();
        if reference.get(scheme.len()..).is_some_and(|rest| rest.starts_with(':')) {
            return Url::parse(reference);
        }
        if reference.starts_with("//") {
            return Url::parse(&[self.scheme(), ":", reference].concat());
        }
        let path = self.target.split('?').next().unwrap_or_default();
        let directory = path.get(..path.rfind('/').map_or(0, |at| at + 1)).unwrap_or_default();
        let target = match reference.bytes().next() {
            Some(b'/') => straight(reference),
            Some(b'?') => [path, reference].concat(),
            Some(b'#') | None => self.target.clone(),
            Some(_) => straight(&[directory, reference].concat()),
        };
        Url::parse(&[self.scheme(), "://", &self.authority(), &target].concat())
    }

    /// Whether both are on the same server.
    pub fn is_same_place(&self, other: &Url) -> bool {
        self.is_tls == other.is_tls && self.host == other.host && self.port == other.port
    }

    /// The part before `://`.
    pub fn scheme(&self) -> &'static str {
        if self.is_tls { "https" } else { "http" }
    }

    /// Host and port as in the Host header.
    pub fn authority(&self) -> String {
        if self.port == default_port(self.is_tls) {
            return self.host.clone();
        }
        [&self.host, ":", &self.port.to_string()].concat()
    }
}

const EXPECTED: &str = "http://HOST[:PORT]/PATH";

/// What is expected instead of https.
pub const NO_TLS: &str = "http:// (this build has no TLS: https:// needs one with the cargo feature \
                          tls, or a proxy on this machine that adds it)";

/// The port if the URL names none.
fn default_port(is_tls: bool) -> u16 {
    // Without the feature it is a constant: no URL is https.
    if cfg!(feature = "tls") && is_tls { TLS_PORT } else { PORT }
}

fn split_port(text: &str, default: u16) -> Result<(&str, u16), &'static str> {
    let end = match text.strip_prefix('[') {
        Some(inner) => {
            let end = inner.find(']').ok_or("an IPv6 address in brackets")?;
            let address = inner.get(..end).unwrap_or_default();
            address.parse::<Ipv6Addr>().map_err(|_| "an IPv6 address in brackets")?;
            end + 2
        }
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at(end);
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if host.is_empty() || !(host.starts_with('[') || host.bytes().all(is_part)) {
        return Err("a host name or an address");
    }
    let digits = match port.strip_prefix(':') {
        None if port.is_empty() => return Ok((host, default)),
        None => return Err(EXPECTED),
        Some("") => return Ok((host, default)),
        Some(digits) => digits,
    };
    let number = digits.parse().ok().filter(|port| *port > 0);
    let number = number.filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
    Ok((host, number.ok_or("a port from 1 to 65535")?))
}

/// Resolves `.` and `..` in the path of a target (RFC 3986, section 5.2.4).
fn straight(target: &str) -> String {
    let (path, rest) = target.split_at(target.find(['?', '#']).unwrap_or(target.len()));
    let mut parts: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            ".." | "." => {
                if segment == ".." {
                    parts.pop();
                }
                if is_last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    ["/", &parts.join("/"), rest].concat()
}

/// Decodes `%41` in text.
fn decode(text: &str) -> String {
    String::from_utf8_lossy(&super::percent_decoded(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_their_parts() {
        for (text, host, port, target) in [
            ("http://api:8000/metrics", "api", 8000, "/metrics"),
            ("HTTP://Api.Example", "api.example", 80, "/"),
            ("http://10.0.0.1:/a?b=c#d", "10.0.0.1", 80, "/a?b=c"),
            ("http://a?b", "a", 80, "/?b"),
            ("http://[::1]:9100/m", "[::1]", 9100, "/m"),
            ("http://[2001:DB8::1]", "[2001:db8::1]", 80, "/"),
            ("http://my_host/a/../b", "my_host", 80, "/a/../b"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((&*url.host, url.port, &*url.target), (host, port, target));
            assert_eq!(url.user, None);
        }
        for bad in [
            "",
            "api:8000/metrics",
            "ftp://a/",
            "http://",
            "http:///a",
            "http://a:0/",
            "http://a:65536/",
            "http://a:+1/",
            "http://a:b/",
            "http://[::1/",
            "http://[x]/",
            "http://[::1]x/",
            "http://a b/",
            "http://a/\r\nX: y",
            "http://é/",
            "http://a,b/",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
        assert!(Url::parse(&["http://a/", &"x".repeat(MAX_URL)].concat()).is_err());
    }

    #[test]
    fn passwords_are_read_and_never_shown() {
        let url = Url::parse("http://me:p%40ss:%zz@host:81/a").unwrap();
        assert_eq!(url.user, Some(("me".to_owned(), "p@ss:%zz".to_owned())));
        assert_eq!(format!("{url} {url:?}"), "http://host:81/a http://host:81/a");
        assert_eq!(Url::parse("http://me@host/").unwrap().user, Some(("me".into(), String::new())));
        let url = Url::parse("http://me@host/a?token=t0p").unwrap();
        assert_eq!(url.to_string(), "http://host/a?token=<secret>");
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_tls_the_feature_is_named() {
        let base = Url::parse("http://a/").unwrap();
        assert_eq!(Url::parse("https://a/"), Err(NO_TLS));
        assert_eq!(base.join("HTTPS://x/"), Err(NO_TLS));
        assert!(NO_TLS.contains("feature tls"));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn https_has_its_own_port() {
        let url = Url::parse("HTTPS://me@Api/v1?x").unwrap();
        assert_eq!(
            (url.is_tls, url.port, url.to_string()),
            (true, 443, "https://api/v1?<secret>".into())
        );
        let other = Url::parse("https://api:80/").unwrap();
        assert_eq!((other.port, other.authority()), (80, "api:80".into()));
        assert!(!other.is_same_place(&Url::parse("http://api/").unwrap()));
        assert_eq!(url.join("//b/c").unwrap().to_string(), "https://b/c");
        assert_eq!(url.join("../d").unwrap().to_string(), "https://api/d");
        assert_eq!(url.join("http://b").unwrap().to_string(), "http://b/");
    }

    #[test]
    fn references_are_resolved() {
        let base = Url::parse("http://u:p@h:81/a/b/c?q").unwrap();
        for (reference, expected) in [
            ("http://x/y", "http://x/y"),
            ("//x:82", "http://x:82/"),
            ("/y?z", "http://h:81/y?z"),
            ("/y/../z/./", "http://h:81/z/"),
            ("?z", "http://h:81/a/b/c?z"),
            ("", "http://h:81/a/b/c?q"),
            ("#top", "http://h:81/a/b/c?q"),
            ("d", "http://h:81/a/b/d"),
            ("./d", "http://h:81/a/b/d"),
            ("../d?e/../f", "http://h:81/a/d?e/../f"),
            ("../../../..", "http://h:81/"),
            ("..", "http://h:81/a/"),
        ] {
            let to = base.join(reference).unwrap();
            let whole = ["http://", &to.authority(), &to.target].concat();
            assert_eq!(whole, expected, "{reference}");
            assert_eq!(to.user, None);
        }
        for bad in ["https:", "ftp://x", "mailto:x", "/a b", "http://"] {
            assert!(base.join(bad).is_err(), "{bad}");
        }
    }
}
