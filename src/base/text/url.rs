//! URLs of other programs: http, and https in a build with TLS.

use crate::base::wire::{self, Url};

/// Why https is refused in a build without TLS, and what to do.
pub const NO_TLS: &str =
    "TLS is not built in: take a binary that is not -tiny, or build with the feature tls";

/// Checks for `http[s]://[USER[:PASSWORD]@]HOST[:PORT][/PATH]`. The error adds to "expected …".
pub fn check(text: &str) -> Result<(), String> {
    match Url::parse(text) {
        // Characters that a URL cannot have, and the fragment, which is never sent.
        Ok(_) if text.bytes().any(|b| b"\"<>\\^`{|}#".contains(&b)) => Err(String::new()),
        Ok(_) => Ok(()),
        Err(wire::NO_TLS) => Err(["; ", NO_TLS].concat()),
        Err(_) => Err(String::new()),
    }
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
                assert!(checked.is_err_and(|more| more.contains(NO_TLS)));
            }
        }
    }
}
