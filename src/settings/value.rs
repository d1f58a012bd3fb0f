//! What the value of an option may be, how it is read and how it is said again.

use super::basic::Listen;
use super::expr;
use super::listen::host;
use super::url;
use crate::sys;
use regex_lite::Regex;
#[cfg(feature = "hub")]
use std::time::Duration;

/// Bytes of one value.
const MAX_VALUE: usize = 4096;
/// Bytes of an attribute's name.
const MAX_ATTRIBUTE: usize = 256;
/// How a header ends whose value was not shown.
const MASKED: &str = "=<secret>";
/// Paths that are not for the samples: the page and the health checks live there.
const RESERVED: &[&str] = &[
    "/",
    "/health",
    "/update",
    "/api/metrics",
    "/status",
    "/api/status",
    "/api/health",
    "/-/healthy",
    "/-/ready",
];

/// How the paths of groups begin that clients of a Pushgateway push.
const GROUPS: &str = "/metrics/job";

/// What the value of an option may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// One of these words; `a|b` takes `b` as another spelling of `a`.
    Choice(&'static [&'static str]),
    /// A whole number, from the first to the second.
    Count(u64, u64),
    /// A length of time, bounds in milliseconds: `500ms`, `5s`, `2m`, `1h`, or whole seconds.
    Time(u64, u64),
    /// A number of bytes, from the first to the second: `4096`, `64kB`, `16MiB`.
    Size(u64, u64),
    /// Addresses to listen on, one or several.
    Addresses,
    /// The host part of an address.
    Host,
    /// The path of a URL.
    Route,
    /// The mode of a file, in octal digits.
    Mode,
    /// A regular expression; the empty text is none.
    Pattern,
    /// A file or directory.
    Path,
    /// The same, or the empty text for none.
    PathOrNone,
    /// An absolute path with wildcards.
    Glob,
    /// The start of metrics' names, or nothing.
    Name,
    /// Names of metrics, one or several.
    Names,
    /// Labels: a table in the file, `name=value` elsewhere.
    Labels,
    /// A time for each of several names, bounds in milliseconds: a table in the file, `name=time`
    /// elsewhere.
    Times(u64, u64),
    /// Finite numbers, one or several.
    Numbers,
    /// A finite number for each of several words: a table in the file, `word=number` elsewhere.
    States,
    /// Any text.
    Text,
    /// The condition of an alert.
    Expression,
    /// A name that may be the value of a label and, its other characters replaced, a metric's.
    Word,
    /// A URL without TLS.
    Url,
    /// URLs without TLS, one or several.
    Urls,
    /// A URL, with TLS where that is built in.
    Remote,
    /// Attributes, under any names: a table in the file.
    Attributes,
    /// Names of metrics with `*` and `?` in them, one or several.
    Patterns,
    /// Where metrics are served: a path, a host and a port, or a URL.
    Served,
    /// A host and a port.
    Endpoint,
    /// Headers of a request: a table in the file, `name=value` elsewhere.
    Headers,
    /// An address for mail.
    Mail,
    /// Addresses for mail, one or several.
    Mails,
    /// A flag without a value that says what to do.
    Act,
    /// Taken for compatibility, without effect.
    Ignored,
}

/// A value that was found to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// In its one spelling.
    pub(super) text: String,
    /// A count, milliseconds, the place of a choice, or 1 for `true`.
    pub(super) number: u64,
}

impl Value {
    fn text(text: &str) -> Option<Value> {
        Some(Value { text: text.to_owned(), number: 0 })
    }
}

impl Kind {
    /// It takes several values.
    pub(super) fn is_list(self) -> bool {
        let listed = matches!(self, Kind::Addresses | Kind::Names | Kind::Numbers | Kind::Patterns);
        listed || matches!(self, Kind::Urls | Kind::Mails) || self.is_table()
    }

    /// Its list has at least one value.
    pub(super) fn is_never_empty(self) -> bool {
        matches!(self, Kind::Addresses | Kind::Numbers)
    }

    /// Its values are written without quotation marks.
    pub(super) fn is_bare(self) -> bool {
        matches!(self, Kind::Switch | Kind::Count(..) | Kind::Numbers)
    }

    /// It takes several values, each under a name, and is a table of the file.
    pub(super) fn is_table(self) -> bool {
        self.splits_last() || matches!(self, Kind::Labels | Kind::Headers | Kind::Attributes)
    }

    /// A name of its table may have a `=` in it; otherwise a value may.
    pub(super) fn splits_last(self) -> bool {
        matches!(self, Kind::Times(..) | Kind::States)
    }

    /// Stands for the value in help; empty for flags that need none.
    pub(super) fn metavar(self) -> String {
        match self {
            Kind::Switch | Kind::Act => String::new(),
            Kind::Choice(words) => join(words, "|"),
            Kind::Count(..) | Kind::Ignored => "N".to_owned(),
            Kind::Time(..) => "TIME".to_owned(),
            Kind::Size(..) => "BYTES".to_owned(),
            Kind::Addresses => "ADDR".to_owned(),
            Kind::Host => "HOST".to_owned(),
            Kind::Route | Kind::Path | Kind::PathOrNone | Kind::Glob => "PATH".to_owned(),
            Kind::Mode => "MODE".to_owned(),
            Kind::Pattern => "REGEX".to_owned(),
            Kind::Name | Kind::Names | Kind::Word | Kind::Patterns => "NAME".to_owned(),
            Kind::Numbers => "NUMBER".to_owned(),
            Kind::Text => "TEXT".to_owned(),
            Kind::Expression => "EXPRESSION".to_owned(),
            Kind::Url | Kind::Urls | Kind::Served | Kind::Remote => "URL".to_owned(),
            Kind::Endpoint => "HOST:PORT".to_owned(),
            Kind::Mail | Kind::Mails => "ADDRESS".to_owned(),
            Kind::Labels | Kind::Headers | Kind::Attributes => "NAME=VALUE".to_owned(),
            Kind::Times(..) => "NAME=TIME".to_owned(),
            Kind::States => "WORD=NUMBER".to_owned(),
        }
    }

    /// The values allowed, as in "expected …".
    pub(super) fn expects(self) -> String {
        let words = match self {
            Kind::Switch => "true or false",
            Kind::Choice(words) => return ["one of ", &join(words, ", ")].concat(),
            Kind::Count(min, max) => {
                let (min, max) = (min.to_string(), max.to_string());
                return format!("a whole number from {min} to {max}");
            }
            Kind::Time(min, max) => {
                let (min, max) = (time(min), time(max));
                return format!("a time from {min} to {max}, such as 5s or 500ms");
            }
            Kind::Size(min, max) => {
                let (min, max) = (size(min), size(max));
                return format!("bytes from {min} to {max}, such as 65536 or 16MiB");
            }
            Kind::Remote => "a URL such as http://collector:4318/v1/metrics",
            Kind::Attributes => "texts under names, such as \"service.name\" = \"edge-17\"",
            Kind::Patterns => "names of metrics, such as cpu_*",
            Kind::Addresses => {
                "HOST:PORT, :PORT or unix:/PATH, such as 127.0.0.1:9101 or [::]:9101"
            }
            Kind::Host => "a host name or an IP address without port",
            Kind::Route => "a path such as /metrics, other than those of other pages",
            Kind::Mode => "a mode in octal digits, from \"0600\" to \"0777\"",
            Kind::Pattern => "a regular expression",
            Kind::Path => "a path",
            Kind::PathOrNone => "a path, or \"\" for none",
            Kind::Glob => "a path that begins with /, such as /var/log/*.log",
            Kind::Name | Kind::Names => "a name of letters, digits, _ and :, no digit first",
            Kind::Labels => "texts under names of letters, digits and _, no digit and no __ first",
            Kind::Times(min, max) => {
                let (min, max) = (time(min), time(max));
                return format!("times from {min} to {max} under names, such as app = \"1h\"");
            }
            Kind::Numbers => "numbers, such as [0.1, 1, 10]",
            Kind::States => "numbers under words, such as UP = 1",
            Kind::Text => "a text",
            Kind::Expression => "a condition, such as load1 > 4",
            Kind::Word => "a name of letters, digits, _ - . and :",
            Kind::Url | Kind::Urls => "a URL such as http://127.0.0.1:8000/path",
            Kind::Served => {
                "a path such as /metrics, or an address with one, such as 127.0.0.1:9090/metrics"
            }
            Kind::Endpoint => "HOST:PORT, such as 127.0.0.1:8125",
            Kind::Headers => "texts under names of headers, such as X-Scope = \"box\"",
            Kind::Mail | Kind::Mails => "an address for mail, such as ops@example.org",
            Kind::Act => "no value",
            Kind::Ignored => "anything",
        };
        words.to_owned()
    }

    /// Reads one value. The error adds to "expected …, found …" what else there is to say.
    pub(super) fn read(self, text: &str) -> Result<Value, String> {
        if text.len() > MAX_VALUE {
            return Err(format!("; it may have {} bytes", MAX_VALUE));
        }
        let value = Value { text: text.to_owned(), number: 0 };
        match self {
            Kind::Pattern => match Regex::new(text) {
                Ok(_) => return Ok(value),
                Err(error) => return Err(format!(" ({error})")),
            },
            Kind::Url | Kind::Urls => return url::check(text).map(|()| value),
            Kind::Remote => return url::check_remote(text).map(|()| value),
            Kind::Glob if text.contains("**") => {
                let more =
                    "; * matches within one name: name directories one by one, as in /srv/*/*.log";
                return Err(more.to_owned());
            }
            Kind::Headers if text.ends_with(MASKED) => {
                return Err("; --check-config shows <secret> in place of the value".to_owned());
            }
            Kind::Served if Served::parse(text).is_some_and(|served| served.path.is_none()) => {
                let more = "; an address needs a path behind it: server.listen says where to \
                            listen without one";
                return Err(more.to_owned());
            }
            Kind::Expression => {
                let checked = expr::check(text).map(|()| value);
                return checked.map_err(|mistake| ["; ", &mistake].concat());
            }
            _ => {}
        }
        self.plain(text).ok_or_else(String::new)
    }

    fn plain(self, text: &str) -> Option<Value> {
        match self {
            Kind::Switch => {
                let number = choice(&["false", "true"], text)?;
                Some(Value { text: text.to_owned(), number })
            }
            Kind::Choice(words) => {
                let number = choice(words, text)?;
                let word = words.get(number as usize).copied().unwrap_or_default();
                Some(Value { text: first(word).to_owned(), number })
            }
            Kind::Count(min, max) => {
                let number = digits(text).filter(|n| (min..=max).contains(n))?;
                Some(Value { text: number.to_string(), number })
            }
            Kind::Time(min, max) => {
                let number = millis(text).filter(|n| (min..=max).contains(n))?;
                Some(Value { text: time(number), number })
            }
            Kind::Size(min, max) => {
                let number = bytes(text).filter(|n| (min..=max).contains(n))?;
                Some(Value { text: size(number), number })
            }
            Kind::Attributes => {
                let (name, _) = text.split_once('=')?;
                Value::text(text).filter(|_| (1..=MAX_ATTRIBUTE).contains(&name.len()))
            }
            Kind::Patterns => Value::text(text).filter(|_| is_word(text, "_:*?")),
            Kind::Addresses => Value::text(&Listen::parse(text)?.to_string()),
            Kind::Host => Value::text(host(text)?),
            Kind::Route => Value::text(text).filter(|_| is_route(text)),
            Kind::Mode => {
                // Its owner is to read and write it in any case.
                let octal = text.bytes().all(|b| matches!(b, b'0'..=b'7')) && text.len() <= 4;
                let mode = u64::from_str_radix(text, 8).ok().filter(|_| octal);
                let number = mode.filter(|mode| (0o600..=0o777).contains(mode))?;
                Some(Value { text: text.to_owned(), number })
            }
            Kind::Path => Value::text(text).filter(|_| !text.is_empty() && !text.contains('\0')),
            Kind::PathOrNone => Value::text(text).filter(|_| !text.contains('\0')),
            Kind::Glob => {
                Value::text(text).filter(|_| text.starts_with('/') && !text.contains('\0'))
            }
            Kind::Name => Value::text(text).filter(|_| text.is_empty() || is_name(text, "_:")),
            Kind::Names => Value::text(text).filter(|_| is_name(text, "_:")),
            Kind::Labels => {
                let (name, _) = text.split_once('=')?;
                Value::text(text).filter(|_| is_name(name, "_") && !name.starts_with("__"))
            }
            Kind::Numbers => {
                let plain = text.replace('_', "");
                Value::text(&plain).filter(|_| sys::float(&plain).is_some_and(f64::is_finite))
            }
            Kind::States => {
                let (word, number) = text.rsplit_once('=')?;
                let plain = number.replace('_', "");
                let is_finite = sys::float(&plain).is_some_and(f64::is_finite);
                is_finite.then(|| Value { text: [word, "=", &plain].concat(), number: 0 })
            }
            Kind::Word => Value::text(text).filter(|_| is_word(text, "_-.:")),
            Kind::Served => Served::parse(text).and(Value::text(text)),
            Kind::Endpoint => match Listen::parse(text)? {
                Listen::Tcp(host, _) if !host.is_empty() => Value::text(text),
                _ => None,
            },
            Kind::Headers => {
                let (name, value) = text.split_once('=')?;
                let clean = !value.contains(|c: char| c.is_control() && c != '\t');
                Value::text(text).filter(|_| clean && is_word(name, "!#$%&'*+-.^_`|~"))
            }
            Kind::Mail | Kind::Mails => Value::text(text).filter(|_| is_mail(text)),
            Kind::Times(min, max) => {
                let (name, said) = text.rsplit_once('=')?;
                let number = millis(said).filter(|n| (min..=max).contains(n))?;
                Some(Value { text: [name, "=", &time(number)].concat(), number })
            }
            // Read by their own readers, or anything.
            Kind::Pattern | Kind::Url | Kind::Urls | Kind::Remote | Kind::Expression => {
                Value::text(text)
            }
            Kind::Text | Kind::Act | Kind::Ignored => Value::text(text),
        }
    }
}

/// The words of a choice, each in its first spelling.
pub(super) fn join(words: &[&'static str], between: &str) -> String {
    let words: Vec<&str> = words.iter().map(|word| first(word)).collect();
    words.join(between)
}

fn first(word: &'static str) -> &'static str {
    word.split('|').next().unwrap_or(word)
}

fn choice(words: &[&str], text: &str) -> Option<u64> {
    words.iter().position(|word| word.split('|').any(|w| w == text)).map(|i| i as u64)
}

pub(super) fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Whole milliseconds, of which there is at least one where it is not zero.
fn millis(text: &str) -> Option<u64> {
    let (number, unit) = match text.trim_end_matches(|c: char| c.is_ascii_lowercase()) {
        number if number.len() == text.len() => (number, 1000),
        number => {
            let unit = match text.get(number.len()..)? {
                "ms" => 1,
                "s" => 1000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => return None,
            };
            (number, unit)
        }
    };
    let ends = [number.bytes().next(), number.bytes().last()];
    if number.bytes().all(|b| b.is_ascii_digit())
        || !ends.iter().all(|end| end.is_some_and(|b| b.is_ascii_digit()))
    {
        return digits(number)?.checked_mul(unit);
    }
    let exact = sys::float(number)? * unit as f64;
    Some(if exact > 0.0 { exact.round().max(1.0) as u64 } else { 0 })
}

/// A length of time as values have it.
#[cfg(feature = "hub")]
pub(super) fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The one spelling of a time.
pub(super) fn time(millis: u64) -> String {
    let (number, unit) = match millis {
        n if n % 3_600_000 == 0 && n > 0 => (n / 3_600_000, "h"),
        n if n % 60_000 == 0 && n > 0 => (n / 60_000, "m"),
        n if n % 1000 == 0 => (n / 1000, "s"),
        n => (n, "ms"),
    };
    [&number.to_string(), unit].concat()
}

/// What a number of bytes may be counted in, the one spelling of each size first.
static SIZES: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1000),
    ("", 1),
];

fn bytes(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(number.len()..)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit)?;
    digits(number)?.checked_mul(*factor)
}

/// The one spelling of a number of bytes.
fn size(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    let (unit, factor) = SIZES.iter().find(fits).copied().unwrap_or(("", 1));
    [&(bytes / factor).to_string(), unit].concat()
}

fn is_name(text: &str, more: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    text.chars().all(letter) && text.starts_with(|c: char| !c.is_ascii_digit())
}

fn is_word(text: &str, more: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    !text.is_empty() && text.chars().all(letter)
}

/// One that cannot be taken for an option of a mail program or for two addresses.
fn is_mail(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&b));
    let parts = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    plain && parts && !text.starts_with('-')
}

/// What is said about where metrics are served; what is not there is not said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Served<'a> {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) path: Option<&'a str>,
}

impl Served<'_> {
    /// Reads `/path`, `HOST:PORT`, `http://HOST:PORT/path`.
    pub(super) fn parse(text: &str) -> Option<Served<'_>> {
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

fn is_route(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && !b"?#\"\\<>".contains(&b));
    let is_group = text
        .strip_prefix(GROUPS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '@', '%']));
    let is_ours = RESERVED.contains(&text) || text.starts_with("/health/") || is_group;
    plain && text.starts_with('/') && !is_ours
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(kind: Kind, text: &str) -> (String, u64) {
        let value = kind.read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (value.text, value.number)
    }

    #[test]
    fn times_have_one_spelling() {
        let kind = Kind::Time(100, 7_200_000);
        for (said, meant, millis) in [
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
        ] {
            assert_eq!(ok(kind, said), (meant.to_owned(), millis));
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
    fn routes_leave_room_for_the_others() {
        for good in ["/metrics", "/a/b-c_d", "/healthy", "/metrics/jobs", "/metrics/all"] {
            assert_eq!(ok(Kind::Route, good).0, good);
        }
        for bad in ["", "/", "metrics", "/health", "/health/live", "/a?b", "/a b", "/é", "/a#"] {
            assert!(Kind::Route.read(bad).is_err(), "{bad}");
        }
        for group in ["/metrics/job", "/metrics/job/", "/metrics/job/a", "/metrics/job@base64/YQ"] {
            assert!(Kind::Route.read(group).is_err(), "{group}");
        }
    }

    #[test]
    fn what_serves_is_said_in_parts() {
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
            assert_eq!(ok(Kind::Served, good).0, good);
        }
        for bare in ["h:1", ":9090", "0.0.0.0:9090", "[::1]:1", "h:1/", "http://h", "http://h:1/"] {
            let refused = Kind::Served.read(bare).unwrap_err();
            assert!(refused.contains("needs a path"), "{bare}: {refused}");
        }
        for bad in ["", "/", "m", "https://a:1/m", "http:///m", "a:1/health", "unix:/x", "http://"]
        {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }

    #[test]
    fn patterns_are_compiled_and_bounded() {
        assert_eq!(ok(Kind::Pattern, "^(lo|veth)").0, "^(lo|veth)");
        assert_eq!(ok(Kind::Pattern, "").0, "");
        assert!(Kind::Pattern.read("(").is_err_and(|e| e.starts_with(" (")));
        assert!(Kind::Pattern.read(&"a".repeat(MAX_VALUE + 1)).is_err());
        assert!(Kind::Pattern.read(&"(".repeat(MAX_VALUE)).is_err());
    }
}
