//! The client's preferences: Accept and Accept-Encoding (RFC 9110, section 12.5).

use crate::base::wire;

/// Thousandths of a quality value.
type Quality = u32;

const WHOLE: Quality = 1000;

/// Whether OpenMetrics is preferred to the plain text format. A wildcard means the plain one.
pub fn prefers_open_metrics(accept: &str) -> bool {
    let (mut open_metrics, mut text) = (0, 0);
    for range in accept.split(',') {
        let (name, version, quality) = media_range(range);
        match name {
            _ if wire::same(name, "application/openmetrics-text") => {
                if matches!(version, "" | "1.0.0" | "0.0.1") {
                    open_metrics = open_metrics.max(quality);
                }
            }
            _ if wire::same(name, "text/plain") => {
                if matches!(version, "" | "0.0.4") {
                    text = text.max(quality);
                }
            }
            _ => {}
        }
    }
    open_metrics > 0 && open_metrics >= text
}

/// Whether names in UTF-8 are accepted unescaped; `None` if the header does not say.
pub fn reads_utf8(accept: &str) -> Option<bool> {
    let parameters = accept.split([',', ';']).filter_map(|part| part.split_once('='));
    let schemes = parameters.filter(|(key, _)| wire::same(key.trim(), "escaping"));
    schemes
        .map(|(_, scheme)| scheme.trim().trim_matches('"') == "allow-utf-8")
        .reduce(|a, b| a || b)
}

/// Whether a gzip response is accepted, and not less preferred than one without encoding.
pub fn accepts_gzip(accept_encoding: &str) -> bool {
    let (mut gzip, mut plain, mut any) = (None, 0, 0);
    for range in accept_encoding.split(',') {
        let (name, _, quality) = media_range(range);
        if wire::same(name, "gzip") || wire::same(name, "x-gzip") {
            gzip = Some(quality);
        } else if wire::same(name, "identity") {
            plain = quality;
        } else if name == "*" {
            any = quality;
        }
    }
    let gzip = gzip.unwrap_or(any);
    gzip > 0 && gzip >= plain
}

/// Name, `version` and `q` of one element of the list.
fn media_range(range: &str) -> (&str, &str, Quality) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let (mut version, mut quality) = ("", WHOLE);
    for (key, value) in parts.filter_map(|p| p.split_once('=')) {
        let value = value.trim();
        if wire::same(key.trim(), "q") {
            quality = thousandths(value);
        } else if wire::same(key.trim(), "version") {
            version = value.trim_matches('"');
        }
    }
    (name, version, quality)
}

/// Parses `0.35` as 350; an invalid text counts as 0.
fn thousandths(text: &str) -> Quality {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    let scale = [1000, 100, 10, 1].get(decimals.len()).copied().unwrap_or(0);
    match whole {
        "1" => WHOLE,
        "0" | "" => decimals.parse().unwrap_or(0) * scale,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_needs_a_preference() {
        let prometheus2 = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,\
            text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for yes in [prometheus2, prometheus3, "application/openmetrics-text"] {
            assert!(prefers_open_metrics(yes), "{yes}");
        }
        for no in [
            "",
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0.4, text/plain;q=0.5",
            "application/openmetrics-text;q=nonsense",
        ] {
            assert!(!prefers_open_metrics(no), "{no}");
        }
    }

    #[test]
    fn utf8_needs_the_parameter_escaping() {
        let text = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;q=0.3";
        for (accept, reads) in [
            (text, Some(true)),
            ("text/plain; escaping=\"allow-utf-8\"", Some(true)),
            ("text/plain;escaping=underscores, */*", Some(false)),
            ("application/openmetrics-text;Escaping=dots", Some(false)),
            ("text/plain;version=0.0.4", None),
            ("", None),
        ] {
            assert_eq!(reads_utf8(accept), reads, "{accept}");
        }
    }

    #[test]
    fn gzip_is_used_if_it_is_accepted() {
        for yes in [
            "gzip",
            "deflate, GZIP;q=0.5",
            "*",
            "br, *;q=0.1",
            "x-gzip",
            "identity;q=0.5, gzip;q=1.0",
            "identity, gzip",
        ] {
            assert!(accepts_gzip(yes), "{yes}");
        }
        for no in [
            "",
            "identity",
            "gzip;q=0",
            "gzip; q=0.000",
            "*, gzip;q=0",
            "br",
            "gzip;q=0.5, identity",
            "*;q=0.2, identity;q=0.9",
        ] {
            assert!(!accepts_gzip(no), "{no}");
        }
    }
}
