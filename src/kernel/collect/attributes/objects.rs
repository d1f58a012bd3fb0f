//! The list of objects. Their directory is listed at every scrape, and so are those of objects below
//! objects, since sysfs does not report changes; an object's name and which files it has is
//! looked up when a list changes, and from time to time besides.

use super::super::PartialErrors;
use super::layout::{Attribute, LabelFrom, Layout, Level};
use super::object::{MAX_LABELS, Object};
use crate::base::error::{Error, Place};
use crate::base::sys;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listed, Listing, Patterns, Root, scan};
use crate::model::metric::{Family, Sink};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// More objects than any box has, those below objects included; what comes after is left out and
/// counted.
const MAX_OBJECTS: usize = 4096;

/// The longest text of an attribute.
pub const MAX_TEXT: usize = 256;

/// After this time files are looked up again even if no object was added or removed.
const LEARN_AGAIN: Duration = Duration::from_secs(600);

/// The objects of one layout, and those below them.
pub struct Objects {
    layout: &'static Layout,
    levels: &'static [Level],
    listing: Listing,
    patterns: Patterns,
    objects: Vec<Object>,
    learned_at: Option<Instant>,
}

impl Objects {
    /// The objects of `layout`; nothing is read yet. A pattern of `None` matches everything.
    pub fn new(root: &Root, layout: &'static Layout, patterns: [Option<Pattern>; 2]) -> Objects {
        Objects::in_dir(root.dir(layout.directory), layout, patterns)
    }

    /// The same for attributes that drivers answer: a scrape does not wait for one that is slow, which is read by a
    /// thread. One that has not answered yet counts as absent.
    pub fn of_drivers(
        root: &Root,
        layout: &'static Layout,
        patterns: [Option<Pattern>; 2],
    ) -> Objects {
        Objects::in_dir(root.driver_dir(layout.directory), layout, patterns)
    }

    fn in_dir(dir: Dir, layout: &'static Layout, patterns: [Option<Pattern>; 2]) -> Objects {
        let listing = Listing::new(dir);
        let patterns = Patterns::new(patterns);
        Objects { layout, levels: &[], listing, patterns, objects: Vec::new(), learned_at: None }
    }

    /// Adds objects below them, and others below those.
    pub fn below(mut self, levels: &'static [Level]) -> Objects {
        self.levels = levels;
        self
    }

    /// Updates the list of objects, and returns whether they were looked up again. If the directory does
    /// not exist, an error is returned.
    pub fn follow(&mut self, now: Instant, errors: &mut PartialErrors) -> Result<bool, Error> {
        let has_changed = self.listing.has_changed().inspect_err(|_| {
            self.objects.clear();
            self.learned_at = None;
        })?;
        let is_recent = |then| now.saturating_duration_since(then) < LEARN_AGAIN;
        let is_known = !has_changed && self.learned_at.is_some_and(is_recent);
        if is_known && !self.has_changed_below(errors) {
            return Ok(false);
        }
        self.learn(errors);
        self.learned_at = Some(now);
        Ok(true)
    }

    /// Ends the reading for this scrape: a directory without objects is closed and not opened for a
    /// few seconds, and one is also closed when others have used up the descriptors that may stay open.
    pub fn rest(&mut self) {
        if self.objects.is_empty() {
            self.listing.rest();
        }
        self.listing.dir.rest();
    }

    /// Closes the directory until it is followed again.
    #[cfg(feature = "hub")]
    pub fn close(&mut self) {
        self.listing.dir.close();
    }

    /// The objects of a level, by name.
    pub fn of(&self, level: usize) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(move |object| object.level == level)
    }

    /// Those below `above`, of the next level.
    pub fn of_object<'a>(&'a self, above: &'a Object) -> impl Iterator<Item = &'a Object> {
        self.of(above.level + 1).filter(|object| object.path.starts_with(&above.path))
    }

    /// The number of levels.
    pub fn levels(&self) -> usize {
        1 + self.levels.len()
    }

    /// The attributes of each object of a level.
    pub fn attributes(&self, level: usize) -> &'static [Attribute] {
        let below = level.checked_sub(1).map(|at| self.levels.get(at).map(|l| l.attributes));
        below.map_or(self.layout.attributes, Option::unwrap_or_default)
    }

    /// The text of an attribute, as far as it fits into `into`, without blanks around it.
    pub fn read<'b>(
        &self,
        object: &Object,
        file: &str,
        into: &'b mut [u8],
    ) -> Result<&'b [u8], Error> {
        let dir = &self.listing.dir;
        let text = dir.read(Joined::parts(&[&object.path, file.as_bytes()]).path(), into)?;
        if let Some(age) = dir.age() {
            object.age.set(age.max(object.age.get()));
        }
        Ok(text.trim_ascii_start())
    }

    /// How many attributes were not answered in time in this scrape.
    pub fn waiting(&self) -> u32 {
        self.listing.dir.waiting()
    }

    /// Writes the age of each object of the lowest level some of whose texts are of earlier scrapes.
    pub fn write_ages(&self, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        for object in self.of(self.levels.len()).filter(|object| !object.age.get().is_zero()) {
            let millis = u64::try_from(object.age.take().as_millis()).unwrap_or(u64::MAX);
            object.sample(family.names().1.len(), family.value(millis), out);
        }
    }

    /// The unsigned integer in an attribute.
    pub fn uint(&self, object: &Object, file: &str) -> Result<u64, Error> {
        let mut room = [0; MAX_TEXT];
        let text = self.read(object, file, &mut room)?;
        scan::uint(text).ok_or_else(|| Error::parse(self.place(object, file), "an integer", text))
    }

    /// An attribute, for messages.
    pub fn place(&self, object: &Object, file: &str) -> Place {
        self.listing.dir.place(Joined::parts(&[&object.path, file.as_bytes()]).path())
    }

    /// Whether the objects below the known ones have changed.
    fn has_changed_below(&mut self, errors: &mut PartialErrors) -> bool {
        let Objects { levels, listing, objects, .. } = self;
        let mut has_changed = false;
        for Object { level, path, below, .. } in objects {
            if let Some(level) = levels.get(*level) {
                has_changed |= list_below(&listing.dir, path, level, below, errors);
            }
        }
        has_changed
    }

    /// Looks up all objects after a list changed.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        let Objects { layout, listing, patterns, .. } = &*self;
        let is_wanted = |name: &&str| {
            (layout.is_object)(name) && patterns.keep(name) && listing.dir.is_directory(name)
        };
        let mut names: Vec<&str> = listing.names().filter(is_wanted).collect();
        sys::sort(&mut names, Ord::cmp);
        let mut objects = Vec::new();
        for name in names {
            let path = [name, "/"].concat().into_bytes();
            self.add(&mut objects, (name, path), None, errors);
        }
        self.objects = objects;
        self.patterns.rest();
    }

    /// Adds an object and those below it.
    fn add(
        &self,
        objects: &mut Vec<Object>,
        (name, path): (&str, Vec<u8>),
        above: Option<usize>,
        errors: &mut PartialErrors,
    ) {
        if objects.len() >= MAX_OBJECTS {
            let place = self.layout.directory;
            return errors.refuse(place, "at most 4096 objects", name.as_bytes());
        }
        let above = above.and_then(|at| objects.get(at));
        let level = above.map_or(0, |above| above.level + 1);
        let labels = match level.checked_sub(1).and_then(|at| self.levels.get(at)) {
            Some(level) => level.labels,
            None => self.layout.labels,
        };
        let label = |from: &LabelFrom| self.label(*from, name, &path, above);
        let labels = labels.iter().take(MAX_LABELS).map(label).collect();
        let present = self.present(level, &path);
        let mut below = Listed::default();
        let next = self.levels.get(level);
        if let Some(next) = next {
            list_below(&self.listing.dir, &path, next, &mut below, errors);
        }
        let (start, age) = (path.clone(), Cell::default());
        objects.push(Object { name: name.to_owned(), level, labels, path, present, below, age });
        if let Some(next) = next {
            self.add_below(objects, &start, next, errors);
        }
    }

    /// Adds the objects below the one that was added last.
    fn add_below(
        &self,
        objects: &mut Vec<Object>,
        start: &[u8],
        next: &Level,
        errors: &mut PartialErrors,
    ) {
        let above = objects.len().checked_sub(1);
        let entries = objects.last().into_iter().flat_map(|object| object.below.names());
        let mut names: Vec<String> = entries.filter_map(next.object).map(str::to_owned).collect();
        sys::sort(&mut names, Ord::cmp);
        names.dedup();
        for name in names {
            let slash = if next.directory.is_empty() { "" } else { "/" };
            let parts = [next.directory, slash, &name, next.join].concat();
            let path = [start, parts.as_bytes()].concat();
            self.add(objects, (&name, path), above, errors);
        }
    }

    fn label(&self, from: LabelFrom, name: &str, path: &[u8], above: Option<&Object>) -> Vec<u8> {
        let mut room = [0; MAX_TEXT];
        let mut text = |file: &str| {
            let path = Joined::parts(&[path, file.as_bytes()]);
            let text = self.listing.dir.read_now(path.path(), &mut room);
            text.map(|text| text.trim_ascii_start().to_vec())
        };
        match from {
            LabelFrom::Name(beginning) => name.strip_prefix(beginning).unwrap_or(name).into(),
            LabelFrom::NameBy(show) => show(name).into(),
            LabelFrom::File(file) => text(file).unwrap_or_default(),
            LabelFrom::FileBy(file, show) => show(text(file).ok().as_deref()),
            LabelFrom::Above(at) => {
                above.and_then(|above| above.labels.get(at)).cloned().unwrap_or_default()
            }
            LabelFrom::Text(text) => text.into(),
        }
    }

    /// Which attributes there are.
    fn present(&self, level: usize, path: &[u8]) -> u64 {
        let mut present = 0;
        for (at, attribute) in self.attributes(level).iter().enumerate().take(64) {
            let file = Joined::parts(&[path, attribute.file.as_bytes()]);
            present |= u64::from(self.listing.dir.has(file.path())) << at;
        }
        present
    }
}

/// Lists the objects that are below the one at `path`, and returns whether they changed.
fn list_below(
    dir: &Dir,
    path: &[u8],
    level: &Level,
    below: &mut Listed,
    errors: &mut PartialErrors,
) -> bool {
    let path = Joined::parts(&[path, level.directory.as_bytes()]);
    let is_object =
        |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| (level.object)(name).is_some());
    let changed = below.has_changed(|each| {
        dir.list_below(path.path(), &mut |name| {
            if is_object(name) {
                each(name);
            }
        })
    });
    errors.unless_absent(changed).unwrap_or_default()
}
