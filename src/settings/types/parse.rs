//! Parses values of options.

use crate::base::address::{Listen, host};
use crate::base::text::names::{is_mail, is_name, is_word};
use crate::base::text::number::{bytes, digits, finite, millis, mode, size, time};
use crate::base::text::pattern::Pattern;
use crate::base::text::{expr, url};
use crate::base::wire::is_framing;
use crate::settings::types::kind::{Kind, first};
use crate::settings::types::served::{Served, is_route};
use crate::settings::types::value::Value;

/// Bytes of one value.
const MAX_VALUE: usize = 4096;
/// Bytes of an attribute's name.
const MAX_ATTRIBUTE: usize = 256;
/// The end of a header whose value was hidden.
const MASKED: &str = "=<secret>";

impl Kind {
    /// Parses one value. The error is appended to "expected …, found …".
    pub(crate) fn read(self, text: &str) -> Result<Value, String> {
        if text.len() > MAX_VALUE {
            return Err(["; it may have ", &MAX_VALUE.to_string(), " bytes"].concat());
        }
        match self {
            Kind::Pattern => {
                Pattern::check(text).map_err(|error| format!(" ({error})"))?;
                return Ok(Value::new(text.to_owned(), 0));
            }
            Kind::Url | Kind::Urls | Kind::Remote => url::check(text)?,
            Kind::Agent if !text.is_empty() && Listen::parse(text).is_none() => {
                url::check(text)?;
            }
            Kind::Expression => expr::check(text).map_err(|mistake| ["; ", &mistake].concat())?,
            _ => {}
        }
        self.plain(text).ok_or_else(|| self.why_not(text).to_owned())
    }

    /// Parses a default, which is known to be right: a pattern need not be compiled. None for the empty text.
    pub(crate) fn default(self, text: &str) -> Option<Value> {
        let value = match self {
            _ if text.is_empty() => return None,
            Kind::Pattern => Value::new(text.to_owned(), 0),
            kind => kind.read(text).ok()?,
        };
        Some(value).filter(|value| !value.is_empty())
    }

    /// A hint about a wrong value.
    fn why_not(self, text: &str) -> &'static str {
        match self {
            Kind::Addresses if text.starts_with("unix:/") => {
                "; the path of a socket has at most 107 bytes"
            }
            Kind::Glob if text.contains("**") => {
                "; * matches within one name: name directories one by one, as in /srv/*/*.log"
            }
            Kind::Headers if text.ends_with(MASKED) => {
                "; --check-config shows <secret> in place of the value"
            }
            Kind::Headers if text.split_once('=').is_some_and(|(name, _)| is_framing(name)) => {
                "; the agent sets this header itself; remove it"
            }
            Kind::Served if Served::parse(text).is_some() => {
                "; an address needs a path after it; without one, set server.listen"
            }
            _ => "",
        }
    }

    fn plain(self, text: &str) -> Option<Value> {
        let same = |number| (text.to_owned(), number);
        let (text, number) = match self {
            Kind::Switch => same(choice(&["false", "true"], text)?),
            Kind::Choice(words) => {
                let at = choice(words, text)?;
                (words.get(at as usize).map(|word| first(word))?.to_owned(), at)
            }
            Kind::Count(min, max) => {
                let number = digits(text).filter(|n| (min..=max).contains(n))?;
                (number.to_string(), number)
            }
            Kind::Time(min, max) => {
                let number = millis(text).filter(|n| (min..=max).contains(n))?;
                (time(number), number)
            }
            Kind::Times(min, max) => {
                let (name, text) = self.split(text)?;
                let number = millis(text).filter(|n| (min..=max).contains(n))?;
                ([name, "=", &time(number)].concat(), number)
            }
            Kind::Size(min, max) => {
                let number = bytes(text).filter(|n| (min..=max).contains(n))?;
                (size(number), number)
            }
            Kind::Mode => same(mode(text)?),
            Kind::Addresses => (Listen::parse(text)?.to_string(), 0),
            Kind::Host => (host(text)?.to_owned(), 0),
            Kind::Numbers => (finite(text)?, 0),
            Kind::Ports => {
                let port = digits(text).filter(|n| (1..=65535).contains(n))?;
                (port.to_string(), port)
            }
            Kind::States => {
                let (word, number) = self.split(text)?;
                ([word, "=", &finite(number)?].concat(), 0)
            }
            _ => self.takes(text).then(|| same(0))?,
        };
        Some(Value::new(text, number))
    }

    /// Whether a value that is kept as written is valid.
    fn takes(self, text: &str) -> bool {
        let name = || text.split_once('=').map_or("", |(name, _)| name);
        let is_path = !text.contains('\0');
        match self {
            Kind::Attributes => (1..=MAX_ATTRIBUTE).contains(&name().len()),
            Kind::Patterns => is_word(text, "_:*?"),
            Kind::Words => {
                !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
            }
            // The path of the page is appended to it, which needs no password.
            Kind::Agent => !text.contains(['?', '@']),
            Kind::Globs | Kind::Path => is_path && !text.is_empty(),
            Kind::PathOrNone => is_path,
            Kind::Glob => is_path && text.starts_with('/') && !text.contains("**"),
            Kind::Route => is_route(text),
            Kind::Name => text.is_empty() || is_name(text, "_:"),
            Kind::Names => is_name(text, "_:"),
            Kind::Labels => is_name(name(), "_") && !name().starts_with("__"),
            Kind::Headers => {
                let is_text = |value: &str| !value.contains(|c: char| c.is_control() && c != '\t');
                let clean = text.split_once('=').is_some_and(|(_, value)| is_text(value));
                let is_free = is_word(name(), "!#$%&'*+-.^_`|~") && !is_framing(name());
                clean && is_free && !text.ends_with(MASKED)
            }
            Kind::Word => is_word(text, "_-.:"),
            Kind::Served => Served::parse(text).is_some_and(|served| served.path.is_some()),
            Kind::Endpoint => {
                matches!(Listen::parse(text), Some(Listen::Tcp(host, _)) if !host.is_empty())
            }
            Kind::Mail | Kind::Mails => is_mail(text),
            _ => true,
        }
    }
}

/// The index of a word among those of a choice.
fn choice(words: &[&str], text: &str) -> Option<u64> {
    words.iter().position(|word| word.split('|').any(|w| w == text)).map(|i| i as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(kind: Kind, text: &str) -> (String, u64) {
        let value = kind.read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (value.text().to_owned(), value.number)
    }

    #[test]
    fn times_have_one_spelling() {
        let kind = Kind::Time(100, 7_200_000);
        for (text, expected, millis) in [
            ("5s", "5s", 5000),
            ("5", "5s", 5000),
            ("500ms", "500ms", 500),
            ("5000ms", "5s", 5000),
            ("90s", "90s", 90_000),
            ("120s", "2m", 120_000),
            ("60m", "1h", 3_600_000),
            ("0.9", "900ms", 900),
            ("1.5s", "1500ms", 1500),
            ("0.5m", "30s", 30_000),
            ("1e1", "10s", 10_000),
            ("100.4ms", "100ms", 100),
            ("1m30s", "90s", 90_000),
            ("1h0m0s", "1h", 3_600_000),
            ("1s500ms", "1500ms", 1500),
        ] {
            assert_eq!(ok(kind, text), (expected.to_owned(), millis));
        }
        for bad in [
            "",
            "s",
            "5 s",
            "-5s",
            "+5",
            "5d",
            "1.5d",
            "-0.9",
            ".9",
            "5.",
            "1..5",
            "0x1.8",
            "inf",
            "nan",
            "0.0001",
            "99ms",
            "3h",
            "99999999999999999h",
            "99999999999999999h1m",
            "1m1m",
            "1s1m",
            " 1m1s",
            "1m 1s",
            "1m30",
            "1.5m30s",
        ] {
            assert!(kind.read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn counts_are_bounded() {
        let kind = Kind::Count(1, 64);
        assert_eq!(ok(kind, "064"), ("64".to_owned(), 64));
        for bad in ["", "0", "65", "-1", "+1", "1e1", "18446744073709551616", "0x10"] {
            assert!(kind.read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn choices_take_their_other_spelling() {
        let kind = Kind::Choice(&["text|logfmt", "json"]);
        assert_eq!(ok(kind, "logfmt"), ("text".to_owned(), 0));
        assert_eq!(ok(kind, "json"), ("json".to_owned(), 1));
        assert_eq!(kind.metavar(), "text|json");
        assert!(kind.read("text|logfmt").is_err());
        assert!(kind.read("JSON").is_err());
    }

    #[test]
    fn routes_are_paths() {
        for good in ["/metrics", "/a/b-c_d", "/healthy", "/metrics/jobs", "/metrics/all"] {
            assert_eq!(ok(Kind::Route, good).0, good);
        }
        for bad in ["", "metrics", "/a?b", "/a b", "/é", "/a#"] {
            assert!(Kind::Route.read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_are_checked_and_bounded() {
        assert_eq!(ok(Kind::Pattern, "^(lo|veth)").0, "^(lo|veth)");
        assert_eq!(ok(Kind::Pattern, "").0, "");
        assert!(Kind::Pattern.read("(").is_err_and(|e| e.starts_with(" (")));
        assert!(Kind::Pattern.read(&"a".repeat(MAX_VALUE + 1)).is_err());
        assert!(Kind::Pattern.read(&"(".repeat(MAX_VALUE)).is_err());
    }
}
