//! The operating system by name and version: `/etc/os-release`, or else `/usr/lib/os-release`, lines
//! `KEY=value` with a shell's quotation marks (os-release(5)). A missing value is an empty label.
//! The version is the part before the second dot as a number (`22.04`), and missing where there is none.
//! The file is read once a minute: a small update changes it, and does not restart the machine.

use super::info::Rows;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::wire::read_day;
use crate::kernel::read::{Root, scan};
use crate::model::metric::{Family, Label, Sink, Unit, Value, families, gauge};
use crate::settings::Subject;
use std::time::{Duration, Instant};

/// How often the file is read.
const PERIOD: Duration = Duration::from_secs(60);

/// The first that exists is used.
const PATHS: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
const EXPECTED: &str = "KEY=value";

/// The longest value that is shown.
const MAX_VALUE: usize = 1024;

/// Decimal places of a version; one that has more has no number.
const MAX_PLACES: usize = 9;

#[rustfmt::skip] // in the order of the labels
const KEYS: [&str; 12] = [
    "BUILD_ID", "ID", "ID_LIKE", "IMAGE_ID", "IMAGE_VERSION", "NAME", "PRETTY_NAME", "VARIANT", "VARIANT_ID",
    "VERSION", "VERSION_CODENAME", "VERSION_ID",
];

#[rustfmt::skip]
const LABELS: &[&str] = &[
    "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
    "version", "version_codename", "version_id",
];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 3] = families![
    gauge("os_info",    Unit::One, "Always 1; the labels are those of os-release.",  LABELS),
    gauge("os_version", Unit::One, "Version of the system up to its second dot.",    &["id", "id_like", "name"]),
    gauge("os_support_end_timestamp_seconds", Unit::One, "When support for the system ends.", &[]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "os",
        node_name: "os",
        on: true,
        help: "name and version of the system, from /etc/os-release",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Os { root: setup.root.clone(), due: None, release: None })
}

struct Os {
    root: Root,
    /// When to read again; `None` after a failure.
    due: Option<Instant>,
    release: Option<Release>,
}

/// The values of the file.
struct Release {
    info: Rows,
    /// The values of the version's labels.
    names: [Vec<u8>; 3],
    version: Option<Value>,
    support_end: Option<u64>,
}

impl Collector for Os {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.due.is_none_or(|due| scrape.now >= due) {
            self.due = None;
            let (path, text) = read(&self.root)?;
            let release = Release::of(path, &text, scrape.errors);
            self.release = Some(release.ok_or_else(|| Error::parse(path, EXPECTED, &text))?);
            self.due = Some(scrape.now + PERIOD);
        }
        let Some(release) = &self.release else { return Ok(()) };
        let [info, version, support_end] = &FAMILIES;
        release.info.write(info, out);
        if let Some(number) = release.version {
            out.family(version);
            out.sample(&release.names.each_ref().map(|name| Label::of(name)), number);
        }
        if let Some(seconds) = release.support_end {
            out.single(support_end, support_end.value(seconds));
        }
        Ok(())
    }
}

fn read(root: &Root) -> Result<(&'static str, Vec<u8>), Error> {
    let [first, second] = PATHS;
    match root.read(first) {
        Err(Error::Absent(_)) => {
            let text = root.read(second).map_err(Error::of_optional)?;
            Ok((second, text))
        }
        text => Ok((first, text?)),
    }
}

impl Release {
    /// `None` if the text has nothing that is shown.
    fn of(path: &'static str, text: &[u8], errors: &mut PartialErrors) -> Option<Release> {
        let mut values = KEYS.map(|_| Vec::new());
        let mut support_end = None;
        for line in scan::lines(text).map(<[u8]>::trim_ascii) {
            let Some((key, value)) = assignment(line).filter(|(_, v)| v.len() <= MAX_VALUE) else {
                if !line.is_empty() && !line.starts_with(b"#") {
                    errors.refuse(path, EXPECTED, line);
                }
                continue;
            };
            if key == b"SUPPORT_END" {
                support_end = std::str::from_utf8(&value).ok().and_then(read_day);
                if support_end.is_none() && !value.is_empty() {
                    errors.refuse(path, "a date as 2029-05-31", line);
                }
            }
            let place = KEYS.iter().position(|known| known.as_bytes() == key);
            if let Some(known) = place.and_then(|at| values.get_mut(at)) {
                *known = value;
            }
        }
        if values.iter().all(Vec::is_empty) {
            return None;
        }
        let mut info = Rows::new(KEYS.len());
        info.push(&values.each_ref().map(Vec::as_slice));
        let [_, id, id_like, _, _, name, .., version] = values;
        let (names, version) = ([id, id_like, name], number(&version));
        Some(Release { info, names, version, support_end })
    }
}

/// Key and value of a line, the value without its quotation marks.
fn assignment(line: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (key, value) = line.split_at(memchr::memchr(b'=', line)?);
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let value = value.get(1..)?;
    let value = match value {
        [b'"', inner @ .., b'"'] => without_escapes(inner),
        [b'\'', inner @ .., b'\''] => inner.to_vec(),
        plain => plain.to_vec(),
    };
    (!key.is_empty() && key.iter().all(is_key)).then_some((key, value))
}

/// Removes the escapes of a text in double quotation marks, as a shell does: a backslash before another character
/// than these stays.
fn without_escapes(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let is_escape =
            *byte == b'\\' && matches!(bytes.as_slice(), [b'"' | b'\\' | b'$' | b'`', ..]);
        let escaped = if is_escape { bytes.next() } else { None };
        plain.push(*escaped.unwrap_or(byte));
    }
    plain
}

/// `22.04.3` as 22.04; `None` unless it begins with a number above 0.
fn number(version: &[u8]) -> Option<Value> {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, rest) = version.split_at_checked(digits(version))?;
    let rest = rest.strip_prefix(b".").unwrap_or_default();
    let fraction = rest.get(..digits(rest))?;
    if fraction.len() > MAX_PLACES {
        return None;
    }
    let places = u8::try_from(fraction.len()).ok()?;
    let point: &[u8] = if fraction.is_empty() { b"" } else { b"." };
    let raw = scan::decimal(&[whole, point, fraction].concat(), places)?;
    (raw > 0).then(|| Value::fixed(raw, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape, scrape_later};

    const RELEASE: &str = "# A comment\n\nPRETTY_NAME=\"Example \\\"OS\\\" 22.04\"\nNAME='Example OS'\nID=example\n\
        ID_LIKE=\"debian ubuntu\"\nVERSION_ID=\"22.04.3\"\nVERSION=\"22.04.3 (Name)\"\nVARIANT_ID=server\n\
        VERSION_CODENAME=name\nBUILD_ID=7\nIMAGE_ID=img\nIMAGE_VERSION=8\nVARIANT=Server\nSUPPORT_END=2027-04-21\n";

    #[test]
    fn the_file_is_read_once_a_minute() {
        let tree = Tree::new("os");
        tree.put("usr/lib/os-release", "ID=other\n");
        tree.put("etc/os-release", RELEASE);
        let mut os = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            "os_info{build_id=\"7\",id=\"example\",id_like=\"debian ubuntu\",image_id=\"img\",image_version=\"8\",\
             name=\"Example OS\",pretty_name=\"Example \\\"OS\\\" 22.04\",variant=\"Server\",variant_id=\"server\",\
             version=\"22.04.3 (Name)\",version_codename=\"name\",version_id=\"22.04.3\"} 1",
            "os_version{id=\"example\",id_like=\"debian ubuntu\",name=\"Example OS\"} 22.04",
            "os_support_end_timestamp_seconds 1808265600",
        ];
        assert_eq!(
            scrape(&mut os, Dialect::Node, &["os_"]),
            (expected.map(String::from).to_vec(), 0)
        );
        tree.put("etc/os-release", "ID=changed\n");
        assert_eq!(scrape(&mut os, Dialect::Node, &["changed"]), (vec![], 0));
        let (samples, errors) = scrape_later(&mut os, Dialect::Node, &["changed"], PERIOD);
        assert_eq!((samples.len(), errors), (1, 0));
    }

    #[test]
    fn escapes_are_those_of_a_shell() {
        for (line, expected) in [
            (r#"NAME="a\"b\\c\$d\`e""#, r#"a"b\c$d`e"#),
            (r#"NAME="a\nb\""#, r"a\nb\"),
            (r"NAME='a\$b'", r"a\$b"),
            (r"NAME=a\nb", r"a\nb"),
        ] {
            let value = assignment(line.as_bytes()).map(|(_, value)| value);
            assert_eq!(value.as_deref(), Some(expected.as_bytes()), "{line}");
        }
    }

    #[test]
    fn missing_or_odd_parts_are_left_out() {
        let tree = Tree::new("os-odd");
        let mut os = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(os.error(), Some(Error::Unsupported(_))));
        tree.put("usr/lib/os-release", "HOME_URL=x\n");
        assert!(matches!(os.error(), Some(Error::Parse(..))));
        let long = "x".repeat(MAX_VALUE + 1);
        let text =
            format!("ID=a\nno assignment\nNAME={long}\nSUPPORT_END=soon\nVERSION_ID=rolling\n");
        tree.put("usr/lib/os-release", &text);
        let (samples, errors) = scrape(&mut os, Dialect::Own, &["os_"]);
        assert_eq!((samples.len(), errors), (1, 3));
        assert!(samples[0].contains("id=\"a\"") && samples[0].contains("name=\"\""));
    }

    #[test]
    fn versions_are_numbers_up_to_the_second_dot() {
        for (text, expected) in [
            ("12", Some(12.0)),
            ("22.04", Some(22.04)),
            ("3.20.1", Some(3.20)),
            ("24.05.20240101", Some(24.05)),
            ("20250101", Some(20250101.0)),
            ("7.", Some(7.0)),
            ("0", None),
            ("", None),
            (".5", None),
            ("rolling", None),
            ("1.0123456789", None),
        ] {
            assert_eq!(number(text.as_bytes()).map(|v| v.as_f64()), expected, "{text}");
        }
    }
}
