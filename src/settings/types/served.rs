//! The address of the metrics.

use crate::base::address::{Listen, host};

/// The parts of the address of the metrics; `None` for a part that the text leaves out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Served<'a> {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub path: Option<&'a str>,
}

impl Served<'_> {
    /// Parses `/path`, `HOST:PORT`, `http://HOST:PORT/path`.
    pub fn parse(text: &str) -> Option<Served<'_>> {
        let (rest, is_url) = match text.strip_prefix("http://") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mut served = Served::default();
        match Listen::parse(place) {
            Some(Listen::Tcp(host, port)) => {
                served.host = Some(host).filter(|host| !host.is_empty());
                served.port = Some(port);
            }
            None if is_url => served.host = Some(host(place)?.to_owned()),
            None if place.is_empty() && !path.is_empty() => {}
            _ => return None,
        }
        if !path.is_empty() && (path != "/" || place.is_empty()) {
            served.path = Some(path).filter(|path| is_route(path));
            served.path?;
        }
        Some(served)
    }
}

/// Whether `text` is a valid path for the metrics.
pub fn is_route(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"\\<>".contains(&b));
    plain && text.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::types::kind::Kind;

    #[test]
    fn the_parts_of_the_page_are_listed() {
        let parts = |text| {
            let Served { host, port, path } = Served::parse(text)?;
            Some((host.unwrap_or_default(), port.unwrap_or_default(), path.unwrap_or_default()))
        };
        let some = |host: &str, port, path| Some((host.to_owned(), port, path));
        assert_eq!(parts("/m"), some("", 0, "/m"));
        assert_eq!(parts(":9090"), some("", 9090, ""));
        assert_eq!(parts("[::1]:9090/m"), some("::1", 9090, "/m"));
        assert_eq!(parts("http://0.0.0.0:9090/a/b"), some("0.0.0.0", 9090, "/a/b"));
        assert_eq!(parts("http://box/"), some("box", 0, ""));
        for good in ["/m", "h:1/m", ":1/m", "[::1]:1/m", "http://h/m", "http://h:1/m"] {
            assert_eq!(Kind::Served.read(good).unwrap().text(), good);
        }
        for bare in ["h:1", ":9090", "0.0.0.0:9090", "[::1]:1", "h:1/", "http://h", "http://h:1/"] {
            let refused = Kind::Served.read(bare).unwrap_err();
            assert!(refused.contains("needs a path"), "{bare}: {refused}");
        }
        for bad in ["", "m", "https://a:1/m", "http:///m", "unix:/x", "http://"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
