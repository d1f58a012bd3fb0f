//! Engine for directories of objects with attribute files: `/sys/class/thermal/thermal_zone0/temp`. A
//! collector of this shape is a [`Layout`]: where the objects are, which attributes there are, and what
//! becomes of each. The directory is listed at every scrape, since sysfs does not tell of changes;
//! what an object is called and which files it has is looked up when the list changes.

use super::{PartialErrors, Scrape};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listing, Patterns, Root, scan};
use crate::model::metric::{Family, Label, Sink, Value};
use regex_lite::Regex;

/// More objects than any box has; what comes after is left out and counted.
const MAX_OBJECTS: usize = 4096;

/// The longest text of an attribute.
const MAX_TEXT: usize = 256;

/// Labels of an object.
const MAX_LABELS: usize = 8;

/// A directory of objects.
pub struct Layout {
    /// Where they are, such as `/sys/class/thermal`.
    pub directory: &'static str,
    /// Whether an entry is one of them.
    pub is_object: fn(&str) -> bool,
    /// The values of the families' labels.
    pub labels: &'static [LabelFrom],
    /// What is read of each, at most 64.
    pub attributes: &'static [Attribute],
}

/// Where the value of a label comes from.
#[derive(Clone, Copy, Debug)]
pub enum LabelFrom {
    /// The name of the entry without this beginning.
    Name(&'static str),
    /// The text of an attribute; empty where it cannot be read.
    File(&'static str),
}

/// One attribute file, and what it becomes.
pub struct Attribute {
    /// Its path below the object.
    pub file: &'static str,
    /// What its number is a sample of.
    pub family: &'static Family<'static>,
    /// How it is written.
    pub form: Form,
}

/// Makes a value of an attribute's text; `None` where it is not of the expected form. A collector with
/// a form of its own writes such a function.
pub type Form = fn(&Family<'static>, &[u8]) -> Option<Value>;

/// An unsigned decimal integer.
pub fn unsigned(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::uint(text).map(|raw| family.value(raw))
}

/// A decimal integer that may be below zero.
pub fn signed(family: &Family<'static>, text: &[u8]) -> Option<Value> {
    scan::int(text).map(|raw| family.signed(raw))
}

/// The objects of one layout.
pub struct Attributes {
    layout: &'static Layout,
    listing: Listing,
    patterns: Patterns,
    objects: Vec<Object>,
}

struct Object {
    name: String,
    labels: Vec<Vec<u8>>,
    /// Which attributes there are: bit i for the i-th.
    present: u64,
}

impl Attributes {
    /// The objects of `layout`; nothing is read yet. A pattern of `None` is no restriction.
    pub fn new(root: &Root, layout: &'static Layout, patterns: [Option<Regex>; 2]) -> Attributes {
        let listing = Listing::new(root.dir(layout.directory));
        let patterns = Patterns::new(patterns);
        Attributes { layout, listing, patterns, objects: Vec::new() }
    }

    /// Writes every sample of every object. A directory that is not there has no objects.
    pub fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.list(scrape.errors)?;
        for (at, attribute) in self.layout.attributes.iter().enumerate() {
            out.family(attribute.family);
            for object in self.objects.iter().filter(|object| object.present >> at & 1 == 1) {
                let read = read(&self.listing.dir, object, attribute);
                if let Some(value) = scrape.errors.unless_absent(read) {
                    object.sample(value, out);
                }
            }
        }
        Ok(())
    }

    /// The objects that there are, by name.
    fn list(&mut self, errors: &mut PartialErrors) -> Result<(), Error> {
        match self.listing.has_changed() {
            Err(Error::Absent(_)) => self.objects.clear(),
            changed => {
                if changed? {
                    self.learn(errors);
                }
            }
        }
        Ok(())
    }

    /// The list changed.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let is_wanted = |name: &&str| (self.layout.is_object)(name) && self.patterns.keep(name);
        let names = self.listing.names().filter(is_wanted);
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        names.sort_unstable();
        if let Some(first) = names.get(MAX_OBJECTS) {
            let place = self.layout.directory;
            errors.record(Error::parse(place, "at most 4096 objects", first.as_bytes()));
            names.truncate(MAX_OBJECTS);
        }
        self.objects = names.into_iter().map(|name| self.object(name)).collect();
        self.patterns.rest();
    }

    fn object(&self, name: String) -> Object {
        let label = |from: &LabelFrom| match from {
            LabelFrom::Name(beginning) => {
                name.strip_prefix(beginning).unwrap_or(&name).as_bytes().to_vec()
            }
            LabelFrom::File(file) => {
                let mut text = [0; MAX_TEXT];
                let path = Joined::of(name.as_bytes(), file);
                let read = self.listing.dir.read(path.path(), &mut text);
                read.unwrap_or_default().to_vec()
            }
        };
        let labels = self.layout.labels.iter().take(MAX_LABELS).map(label).collect();
        let mut object = Object { name, labels, present: 0 };
        for (at, attribute) in self.layout.attributes.iter().enumerate().take(64) {
            let is_absent =
                matches!(read(&self.listing.dir, &object, attribute), Err(Error::Absent(_)));
            object.present |= u64::from(!is_absent) << at;
        }
        object
    }
}

impl Object {
    fn sample(&self, value: Value, out: &mut dyn Sink) {
        let mut labels = [Label::of(b""); MAX_LABELS];
        for (to, from) in labels.iter_mut().zip(&self.labels) {
            *to = Label::of(from);
        }
        out.sample(labels.get(..self.labels.len()).unwrap_or_default(), value);
    }
}

/// The number in an attribute file, as a value of its family.
fn read(dir: &Dir, object: &Object, attribute: &Attribute) -> Result<Value, Error> {
    let path = Joined::of(object.name.as_bytes(), attribute.file);
    let mut text = [0; MAX_TEXT];
    let text = dir.read(path.path(), &mut text)?.trim_ascii_start();
    let value = (attribute.form)(attribute.family, text);
    value.ok_or_else(|| Error::parse(dir.place(path.path()), "an integer", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::read::Files;
    use crate::kernel::read::testing::Tree;
    use crate::model::metric::{Buffer, Unit, gauge};
    use std::time::Instant;

    static FAMILIES: [Family; 2] = [
        gauge("zone_temp", Unit::Millis, "T.", &["zone", "type"]),
        gauge("zone_limit", Unit::One, "L.", &["zone", "type"]),
    ];
    static LAYOUT: Layout = Layout {
        directory: "/sys/class/x",
        is_object: |name| name.starts_with("zone"),
        labels: &[LabelFrom::Name("zone"), LabelFrom::File("type")],
        attributes: &[
            Attribute { file: "temp", family: &FAMILIES[0], form: signed },
            Attribute { file: "sub/limit", family: &FAMILIES[1], form: hexadecimal },
        ],
    };

    fn hexadecimal(family: &Family<'static>, text: &[u8]) -> Option<Value> {
        scan::hex(text).map(|raw| family.value(raw))
    }

    fn page(attributes: &mut Attributes, root: &Root) -> (Vec<String>, u64) {
        use crate::outputs::expose::{Format, Lines, Text};
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let (mut files, mut errors) = (Files::new(root), PartialErrors::default());
        let mut text = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
        let (files, errors, textfiles) = (&mut files, &mut errors, &Default::default());
        let mut scrape = Scrape { files, errors, textfiles, now: Instant::now() };
        attributes.collect(&mut scrape, &mut text).unwrap();
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        let kept = text.lines().filter(|l| !l.starts_with('#')).map(str::to_owned);
        (kept.collect(), errors.count())
    }

    #[test]
    fn objects_come_and_go_and_one_bad_file_costs_one_sample() {
        let tree = Tree::new("attributes");
        let root = tree.root();
        let exclude = Regex::new("9$").ok();
        let mut attributes = Attributes::new(&root, &LAYOUT, [None, exclude]);
        assert_eq!(page(&mut attributes, &root), (vec![], 0), "no such directory");
        tree.put("sys/class/x/zone1/temp", "-5500\n");
        tree.put("sys/class/x/zone1/type", "cpu\n");
        tree.put("sys/class/x/zone0/temp", "41000\n");
        tree.put("sys/class/x/zone0/sub/limit", "ff\n");
        tree.put("sys/class/x/zone9/temp", "1\n");
        tree.put("sys/class/x/other/temp", "7\n");
        let expected = [
            r#"node_zone_temp{zone="0",type=""} 41"#,
            r#"node_zone_temp{zone="1",type="cpu"} -5.500"#,
            r#"node_zone_limit{zone="0",type=""} 255"#,
        ];
        for _ in 0..2 {
            assert_eq!(page(&mut attributes, &root), (expected.map(String::from).to_vec(), 0));
        }
        tree.put("sys/class/x/zone1/temp", "hot\n");
        let (lines, errors) = page(&mut attributes, &root);
        assert_eq!((lines.len(), errors), (2, 1));
        tree.remove("sys/class/x/zone0/temp");
        tree.put("sys/class/x/zone2/temp", "2\n");
        let (lines, errors) = page(&mut attributes, &root);
        assert_eq!(lines[0], r#"node_zone_temp{zone="2",type=""} 0.002"#);
        assert_eq!((lines.len(), errors), (2, 1));
    }
}
