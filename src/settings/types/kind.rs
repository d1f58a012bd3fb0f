//! The kinds of values of options, and how help and messages name them.

use crate::base::text::number::{size, time};

/// The kind of an option's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Switch,
    /// One of these words; `a|b` accepts `b` as another spelling of `a`.
    Choice(&'static [&'static str]),
    /// A whole number, with the lowest and the highest value.
    Count(u64, u64),
    /// A length of time, bounds in milliseconds: `500ms`, `5s`, `2m`, `1h`, or whole seconds.
    Time(u64, u64),
    /// A number of bytes, with the lowest and the highest value: `4096`, `64kB`, `16MiB`.
    Size(u64, u64),
    /// Addresses to listen on, one or several.
    Addresses,
    /// The host part of an address.
    Host,
    /// The path of a URL.
    Route,
    /// The mode of a file, in octal digits.
    Mode,
    /// A regular expression; the empty text for none.
    Pattern,
    /// A file or directory.
    Path,
    /// A file or directory; the empty text for none.
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
    /// TCP ports, one or several.
    Ports,
    /// A finite number for each of several words: a table in the file, `word=number` elsewhere.
    States,
    /// Any text.
    Text,
    /// The condition of an alert.
    Expression,
    /// A name that may be the value of a label and, its other characters replaced, a metric's.
    Word,
    /// A URL, with TLS if that is built in.
    Url,
    /// URLs, one or several.
    Urls,
    /// The URL of a receiver of samples.
    Remote,
    /// Attributes, under any names: a table in the file.
    Attributes,
    /// Patterns of metrics' names with `*` and `?`, one or several.
    Patterns,
    /// Words, one or several.
    Words,
    /// Paths with wildcards, one or several.
    Globs,
    /// The address of the metrics: a path, a host and a port, or a URL.
    Served,
    /// A host and a port.
    Endpoint,
    /// A host and optionally a port, this one by default, to which a collector connects over TCP.
    Peer(u16),
    /// Headers of a request: a table in the file, `name=value` elsewhere.
    Headers,
    /// An address for mail.
    Mail,
    /// Addresses for mail, one or several.
    Mails,
    /// A flag without a value that selects an action.
    Act,
    /// A flag that selects an action, optionally with a running agent: its URL, or an address in the form of
    /// those to listen on.
    Agent,
    /// Accepted for compatibility, without effect.
    Ignored,
}

impl Kind {
    /// Whether it has several values.
    pub fn is_list(self) -> bool {
        use Kind::{Addresses, Globs, Mails, Names, Numbers, Patterns, Ports, Urls, Words};
        let lists = [Addresses, Names, Numbers, Patterns, Ports, Urls, Mails, Words, Globs];
        lists.contains(&self) || self.is_table()
    }

    /// Whether its list has at least one value.
    pub fn is_never_empty(self) -> bool {
        matches!(self, Kind::Addresses | Kind::Numbers)
    }

    /// Whether its values are written without quotation marks.
    pub fn is_unprefixed(self) -> bool {
        matches!(self, Kind::Switch | Kind::Count(..) | Kind::Numbers | Kind::Ports)
    }

    /// Whether it has several values, each with a name, and is a table of the file.
    pub fn is_table(self) -> bool {
        self.splits_last() || matches!(self, Kind::Labels | Kind::Headers | Kind::Attributes)
    }

    /// Whether a name of its table may contain `=`; otherwise a value may.
    pub fn splits_last(self) -> bool {
        matches!(self, Kind::Times(..) | Kind::States)
    }

    /// The name and the value of an entry of a table.
    pub fn split(self, pair: &str) -> Option<(&str, &str)> {
        if self.splits_last() { pair.rsplit_once('=') } else { pair.split_once('=') }
    }

    /// The placeholder of the value in help; empty for flags that need none.
    pub fn metavar(self) -> String {
        match self {
            Kind::Choice(words) => join(words, "|"),
            kind => kind.words().0.to_owned(),
        }
    }

    /// The values allowed, as in "expected …".
    pub fn expects(self) -> String {
        let (_, words) = self.words();
        let (min, max, such) = match self {
            Kind::Choice(choices) => return [words, &join(choices, ", ")].concat(),
            Kind::Count(min, max) => (min.to_string(), max.to_string(), ""),
            Kind::Time(min, max) => (time(min), time(max), ", such as 5s or 500ms"),
            Kind::Size(min, max) => (size(min), size(max), ", such as 65536 or 16MiB"),
            Kind::Times(min, max) => (time(min), time(max), " under names, such as app = \"1h\""),
            _ => return words.to_owned(),
        };
        [words, " from ", &min, " to ", &max, such].concat()
    }

    /// The placeholder of a value in help, and what is allowed, without bounds and choices.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Switch => ("", "true or false"),
            Kind::Choice(_) => ("", "one of "),
            Kind::Count(..) => ("N", "a whole number"),
            Kind::Time(..) => ("TIME", "a time"),
            Kind::Size(..) => ("BYTES", "bytes"),
            Kind::Addresses => (
                "ADDR",
                "HOST:PORT, :PORT, unix:/PATH or vsock://:PORT, such as 127.0.0.1:9101 or [::]:9101",
            ),
            Kind::Host => ("HOST", "a host name or an IP address without port"),
            Kind::Route => ("PATH", "a path such as /metrics, other than those of other pages"),
            Kind::Mode => ("MODE", "a mode in octal digits, from \"0600\" to \"0777\""),
            Kind::Pattern => ("REGEX", "a regular expression"),
            Kind::Path => ("PATH", "a path"),
            Kind::PathOrNone => ("PATH", "a path, or \"\" for none"),
            Kind::Glob => ("PATH", "a path that begins with /, such as /var/log/*.log"),
            Kind::Globs => ("PATH", "a path, in which *, ? and [...] may stand"),
            Kind::Name | Kind::Names => {
                ("NAME", "a name of letters, digits, _ and :, no digit first")
            }
            Kind::Word => ("NAME", "a name of letters, digits, _ - . and :"),
            Kind::Words => ("NAME", "a word without blanks"),
            Kind::Patterns => ("NAME", "names of metrics, such as cpu_*"),
            Kind::Labels => (
                "NAME=VALUE",
                "texts under names of letters, digits and _, no digit and no __ first",
            ),
            Kind::Headers => {
                ("NAME=VALUE", "texts under names of headers, such as X-Scope = \"box\"")
            }
            Kind::Attributes => {
                ("NAME=VALUE", "texts under names, such as \"service.name\" = \"edge-17\"")
            }
            Kind::Times(..) => ("NAME=TIME", "times"),
            Kind::Numbers => ("NUMBER", "numbers, such as [0.1, 1, 10]"),
            Kind::Ports => ("PORT", "ports from 1 to 65535, such as [80, 4318]"),
            Kind::States => ("WORD=NUMBER", "numbers under words, such as UP = 1"),
            Kind::Text => ("TEXT", "a text"),
            Kind::Expression => ("EXPRESSION", "a condition, such as load1 > 4"),
            Kind::Url | Kind::Urls => ("URL", "a URL such as http://127.0.0.1:8000/path"),
            Kind::Remote => ("URL", "a URL such as http://collector:4318/v1/metrics"),
            Kind::Served => (
                "URL",
                "a path such as /metrics, or an address with one, such as 127.0.0.1:9090/metrics",
            ),
            Kind::Endpoint => ("HOST:PORT", "HOST:PORT, such as 127.0.0.1:8125"),
            Kind::Peer(_) => ("HOST", "HOST or HOST:PORT, such as localhost"),
            Kind::Mail | Kind::Mails => ("ADDRESS", "an address for mail, such as ops@example.org"),
            Kind::Act => ("", "no value"),
            Kind::Agent => ("[URL]", "a URL such as http://127.0.0.1:9101, or unix:/PATH"),
            Kind::Ignored => ("N", "anything"),
        }
    }
}

/// The words of a choice, each in its first spelling.
fn join(words: &[&'static str], between: &str) -> String {
    let words: Vec<&str> = words.iter().map(|word| first(word)).collect();
    words.join(between)
}

/// The first spelling of a word.
pub fn first(word: &'static str) -> &'static str {
    word.split('|').next().unwrap_or(word)
}
