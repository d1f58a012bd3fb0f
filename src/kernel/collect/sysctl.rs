//! Kernel parameters that are selected by name: `kernel.threads-max` is `/proc/sys/kernel/threads-max`
//! (Documentation/admin-guide/sysctl). Its name makes that of the metric. Several numbers get an `index`;
//! `fs.file-nr:total,free,max` names them, each then a metric. Parameters in `include_info` are shown as
//! text, a series for each word. Only selected parameters are read.

use super::info::Rows;
use super::keyed;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::{Error, Place};
use crate::kernel::read::{Dir, dir, scan};
use crate::model::metric::{Decimal, Family, Kind, Row, Sink, Unit, families, fresh_stamp, gauge};
use crate::settings::{CollectorOption, Subject, words};
use std::ffi::CString;

const DIRECTORY: &str = "/proc/sys";

/// The longest text of a parameter; a longer one is left out and counted.
const MAX_TEXT: usize = 4096;

static FAMILIES: &[Family; 1] = families![gauge(
    "sysctl_info",
    Unit::One,
    "Always 1; the labels are a word of the parameter and its place.",
    &["name", "value", "index"],
)];

static INCLUDE: CollectorOption<Vec<String>> =
    words("include", "parameters with numbers, such as fs.file-nr:total,free,max");
static INCLUDE_INFO: CollectorOption<Vec<String>> =
    words("include_info", "parameters whose text is shown");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "sysctl",
        node_name: "sysctl",
        on: false,
        help: "selected parameters of the kernel, from /proc/sys",
        options: &[&INCLUDE.row, &INCLUDE_INFO.row],
    },
    families: FAMILIES,
    dynamic: &["sysctl_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let [info] = &FAMILIES;
    let mut taken = vec![info.names().0.to_owned()];
    let numbers = setup.settings.get(&INCLUDE);
    let mut texts: Vec<(CString, String)> = Vec::new();
    for name in setup.settings.get(&INCLUDE_INFO) {
        let file = path(&name);
        if !texts.iter().any(|(known, _)| *known == file) {
            texts.push((file, name));
        }
    }
    Box::new(Sysctl {
        dir: setup.root.dir(DIRECTORY),
        numbers: numbers.iter().map(|wanted| Numbers::of(wanted, &mut taken)).collect(),
        texts,
        info: Rows::new(info.names().1.len()),
    })
}

struct Sysctl {
    dir: Dir,
    numbers: Vec<Numbers>,
    /// File and name of each.
    texts: Vec<(CString, String)>,
    info: Rows,
}

/// A parameter that is shown as numbers.
struct Numbers {
    file: CString,
    /// The family of all of them; `None` if another parameter has its name.
    whole: Option<DynamicFamily>,
    /// The family of each number, where they have names.
    fields: Vec<Option<DynamicFamily>>,
}

struct DynamicFamily {
    name: String,
    help: String,
    /// Stamps without and with an index.
    stamps: [u32; 2],
}

impl Collector for Sysctl {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.dir.is_open() {
            self.dir.open()?;
        }
        let mut room = [0; MAX_TEXT];
        // The last error, and whether any file was shown.
        let (mut failed, mut is_any) = (None, false);
        let mut note = |written: Result<(), Error>, errors: &mut PartialErrors| match written {
            Ok(()) => is_any = true,
            Err(error) => failed.replace(error).into_iter().for_each(|e| errors.record(e)),
        };
        for wanted in &self.numbers {
            let place = self.dir.place(&wanted.file);
            let text = read(&self.dir, &wanted.file, &mut room);
            let written = text.and_then(|text| wanted.write(text, place, scrape.errors, out));
            note(written, scrape.errors);
        }
        self.info.clear();
        for (file, name) in &self.texts {
            let written = read(&self.dir, file, &mut room).map(|text| {
                for (at, word) in text_fields(text).enumerate() {
                    self.info.push(&[name.as_bytes(), word, Decimal::of(at as u64).as_bytes()]);
                }
            });
            note(written, scrape.errors);
        }
        let [info] = &FAMILIES;
        self.info.write(info, out);
        match failed {
            Some(error) if !is_any => return Err(error),
            Some(error) => scrape.errors.record(error),
            None => {}
        }
        Ok(())
    }
}

fn read<'b>(dir: &Dir, file: &CString, room: &'b mut [u8]) -> Result<&'b [u8], Error> {
    let text = dir.read(file, room)?;
    if text.len() >= MAX_TEXT - 1 {
        return Err(Error::too_large(dir.place(file), MAX_TEXT));
    }
    Ok(text)
}

/// The words of all lines.
fn text_fields(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The path of the parameter `name` below `/proc/sys`.
fn path(name: &str) -> CString {
    dir::name(&[name.replace('.', "/").trim_start_matches('/')])
}

impl Numbers {
    /// Parses `wanted`: a name, and perhaps `:` and names for its numbers.
    fn of(wanted: &str, taken: &mut Vec<String>) -> Numbers {
        let (name, fields) = wanted.split_once(':').map_or((wanted, None), |(n, f)| (n, Some(f)));
        let place = |key: &str| format!("Number {key} of the parameter {name}.");
        let field = |key: &str, taken: &mut Vec<String>| {
            DynamicFamily::new(&[name, "_", key].concat(), place(key), taken)
        };
        let fields = fields.map(|all| all.split(',').map(|key| field(key, taken)).collect());
        let whole = match fields {
            None => DynamicFamily::new(name, format!("The parameter {name}."), taken),
            Some(_) => None,
        };
        Numbers { file: path(name), whole, fields: fields.unwrap_or_default() }
    }

    fn write(
        &self,
        text: &[u8],
        place: Place,
        errors: &mut PartialErrors,
        out: &mut dyn Sink,
    ) -> Result<(), Error> {
        let count = text_fields(text).count();
        if count == 0 || !self.fields.is_empty() && count != self.fields.len() {
            return Err(Error::parse(place, "as many numbers as there are names", text));
        }
        if let Some(whole) = &self.whole {
            out.family(&whole.family(count > 1));
        }
        let mut refused = 0;
        for (at, word) in text_fields(text).enumerate() {
            let called = self.fields.get(at).unwrap_or(&self.whole);
            let Some(called) = called else { continue };
            let family = called.family(self.whole.is_some() && count > 1);
            // Those of sunrpc that switch messages on are `0x001f`.
            let value = match word {
                [b'0', b'x', ..] => scan::hex(word).map(|raw| family.value(raw)),
                _ => keyed::number(&family, word),
            };
            let Some(value) = value else {
                refused += 1;
                if refused == count {
                    return Err(Error::parse(place, "an integer", word));
                }
                errors.refuse(place, "an integer", word);
                continue;
            };
            if self.whole.is_none() {
                out.family(&family);
            }
            let index = Decimal::of(at as u64);
            let labels = [index.label()];
            let labels = if self.whole.is_some() && count > 1 { &labels[..] } else { &[] };
            out.sample(labels, value);
        }
        Ok(())
    }
}

impl DynamicFamily {
    /// `None` if the metric's name is taken.
    fn new(name: &str, help: String, taken: &mut Vec<String>) -> Option<DynamicFamily> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let word: String = name.chars().map(|c| if is_word(c) { c } else { '_' }).collect();
        let name = ["sysctl_", &word].concat();
        if taken.contains(&name) {
            return None;
        }
        taken.push(name.clone());
        Some(DynamicFamily { name, help, stamps: [fresh_stamp(), fresh_stamp()] })
    }

    fn family(&self, is_indexed: bool) -> Row<'_> {
        let [plain, indexed] = self.stamps;
        let stamp = if is_indexed { indexed } else { plain };
        let family = Family::dynamic(Kind::Untyped, Unit::One, &self.name, &self.help, stamp);
        if is_indexed { family.keyed(&["index"]) } else { family }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    const WANTED: &[(&str, &str)] = &[
        ("include", "kernel.threads-max"),
        ("include", "fs.file-nr"),
        ("include", "fs.file-nr:total,free,max"),
        ("include", "fs.file-nr"),
        ("include-info", "kernel.seccomp.actions_avail"),
        ("include-info", "kernel.seccomp.actions_avail"),
    ];

    #[test]
    fn numbers_and_texts() {
        let tree = Tree::new("sysctl");
        tree.put("proc/sys/kernel/threads-max", "-7801\n");
        tree.put("proc/sys/fs/file-nr", "1024\t0\t18446744073709551615\n");
        tree.put("proc/sys/kernel/seccomp/actions_avail", "kill trap\n");
        let mut sysctl = tree.open(&SPEC, Dialect::Node, WANTED);
        let expected = [
            "sysctl_kernel_threads_max -7801",
            r#"sysctl_fs_file_nr{index="0"} 1024"#,
            r#"sysctl_fs_file_nr{index="1"} 0"#,
            r#"sysctl_fs_file_nr{index="2"} 18446744073709551615"#,
            "sysctl_fs_file_nr_total 1024",
            "sysctl_fs_file_nr_free 0",
            "sysctl_fs_file_nr_max 18446744073709551615",
            r#"sysctl_info{name="kernel.seccomp.actions_avail",value="kill",index="0"} 1"#,
            r#"sysctl_info{name="kernel.seccomp.actions_avail",value="trap",index="1"} 1"#,
        ];
        let expected = (expected.map(String::from).to_vec(), 0);
        assert_eq!(scrape(&mut sysctl, Dialect::Node, &["sysctl"]), expected);
    }

    #[test]
    fn flags_in_hexadecimal_are_numbers() {
        let tree = Tree::new("sysctl-hex");
        let mut sysctl = tree.open(&SPEC, Dialect::Node, &[("include", "sunrpc.rpc_debug")]);
        for (text, value) in [("0x0000", 0), ("0x001f", 31), ("0x7fff", 32767)] {
            tree.put("proc/sys/sunrpc/rpc_debug", &format!("{text}\n"));
            let expected = (vec![format!("sysctl_sunrpc_rpc_debug {value}")], 0);
            assert_eq!(scrape(&mut sysctl, Dialect::Node, &["sysctl"]), expected);
        }
        for text in ["0x", "0x1g", "0x0x1f", "1f"] {
            tree.put("proc/sys/sunrpc/rpc_debug", text);
            assert!(sysctl.failure().is_some(), "{text}");
        }
    }

    #[test]
    fn bad_and_missing_parameters_are_errors() {
        let tree = Tree::new("sysctl-odd");
        tree.put("proc/sys/kernel/threads-max", "many\n");
        tree.put("proc/sys/fs/file-nr", "1 2\n");
        let mut sysctl = tree.open(&SPEC, Dialect::Own, WANTED);
        let expected = [r#"sysctl_fs_file_nr{index="0"} 1"#, r#"sysctl_fs_file_nr{index="1"} 2"#];
        let expected = (expected.map(String::from).to_vec(), 3);
        assert_eq!(scrape(&mut sysctl, Dialect::Own, &["sysctl"]), expected);
        // The collector fails if no value is written: no file, or one without a number.
        for name in ["kernel.none", "kernel.threads-max"] {
            let mut none = tree.open(&SPEC, Dialect::Node, &[("include", name)]);
            assert!(none.failure().is_some(), "{name}");
        }
        assert_eq!(path("/etc/passwd").to_str(), Ok("etc/passwd"));
        assert_eq!(path("...etc").to_str(), Ok("etc"));
    }
}
