//! Engine for directories of objects with attribute files: `/sys/class/thermal/thermal_zone0/temp`. A
//! collector of this kind is a [`Layout`]: where the objects are, which attributes there are, and how
//! each is written. Objects below objects, such as the ports of a device, are a [`Level`] each.

mod info;
mod layout;
mod object;
mod objects;
#[cfg(test)]
mod tests;

pub use info::{Info, Text, text};
pub use layout::{
    Attribute, Form, LabelFrom, Layout, Level, hexadecimal, leading, signed, unsigned,
};
pub use object::Object;
pub use objects::{MAX_TEXT, Objects};

use super::{PartialErrors, Scrape};
use crate::base::dialect::Dialect;
use crate::base::error::Error;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::Root;
use crate::model::metric::{Family, Sink, Value};

/// The objects of one layout, and the samples that their attributes make.
pub struct Attributes {
    objects: Objects,
    /// Levels and the indices of their attributes, family by family; empty before there are objects.
    order: Vec<(usize, usize)>,
    /// The family of the ages of objects, if drivers answer their attributes.
    age: Option<&'static Family<'static>>,
    /// The dialect whose families are shown; `None` shows all.
    dialect: Option<Dialect>,
    /// Whether a text means that there is no value.
    is_nothing: fn(&[u8]) -> bool,
    /// Error numbers that mean the same.
    nothing: &'static [i32],
}

impl Attributes {
    /// The objects of `layout`; nothing is read yet. A pattern of `None` matches everything.
    pub fn new(root: &Root, layout: &'static Layout, patterns: [Option<Pattern>; 2]) -> Attributes {
        Attributes::of(Objects::new(root, layout, patterns), None)
    }

    /// The same for attributes that drivers answer (`Objects::of_drivers`). `age` is the family of the ages of objects
    /// with texts of earlier scrapes; its labels are those of the lowest level.
    pub fn of_drivers(
        root: &Root,
        layout: &'static Layout,
        patterns: [Option<Pattern>; 2],
        age: &'static Family<'static>,
    ) -> Attributes {
        Attributes::of(Objects::of_drivers(root, layout, patterns), Some(age))
    }

    fn of(objects: Objects, age: Option<&'static Family<'static>>) -> Attributes {
        let order = Vec::new();
        Attributes { objects, order, age, dialect: None, is_nothing: |_| false, nothing: &[] }
    }

    /// Adds objects below them, and others below those.
    pub fn below(mut self, levels: &'static [Level]) -> Attributes {
        self.objects = self.objects.below(levels);
        self
    }

    /// Leaves out the attributes of families that `dialect` lacks.
    pub fn shown_in(mut self, dialect: Dialect) -> Attributes {
        self.dialect = Some(dialect);
        self
    }

    /// Treats a text for which `is_nothing` holds as no value, not as an error.
    pub fn without(mut self, is_nothing: fn(&[u8]) -> bool) -> Attributes {
        self.is_nothing = is_nothing;
        self
    }

    /// Treats a file that fails with one of these error numbers as no value, not as an error.
    pub fn lacking(mut self, errnos: &'static [i32]) -> Attributes {
        self.nothing = errnos;
        self
    }

    /// Writes every sample of every object. A directory that does not exist has no objects.
    pub fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        match self.follow(scrape) {
            Err(Error::Absent(_)) => return Ok(()),
            followed => followed?,
        }
        self.write(scrape.errors, out);
        self.rest();
        Ok(())
    }

    /// Updates the list of objects. If the directory does not exist, an error is returned.
    pub fn follow(&mut self, scrape: &mut Scrape<'_>) -> Result<(), Error> {
        self.objects.follow(scrape.now, scrape.errors)?;
        if self.order.is_empty() && self.objects.of(0).next().is_some() {
            self.order = order(&self.objects, self.dialect);
        }
        Ok(())
    }

    /// Writes every sample of every object that is known.
    pub fn write(&self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let mut last: Option<&'static Family<'static>> = None;
        for (level, at) in &self.order {
            let Some(attribute) = self.objects.attributes(*level).get(*at) else { continue };
            let objects = self.objects.of(*level).filter(|object| object.has(*at));
            let mut objects = objects.peekable();
            if objects.peek().is_none() {
                continue;
            }
            let family = attribute.family;
            if !last.is_some_and(|last| std::ptr::eq(last, family)) {
                out.family(family);
                last = Some(family);
            }
            let keys = family.names().1.len();
            for object in objects {
                if let Some(value) = self.value(object, attribute, errors) {
                    object.sample(keys, value, out);
                }
            }
        }
        if let Some(age) = self.age {
            self.objects.write_ages(age, out);
        }
    }

    /// The objects.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Ends the reading for this scrape.
    pub fn rest(&mut self) {
        self.objects.rest();
    }

    /// The text of an attribute, if there is one.
    pub fn text<'b>(
        &self,
        object: &Object,
        file: &str,
        room: &'b mut [u8],
        errors: &mut PartialErrors,
    ) -> Option<&'b [u8]> {
        let text = match self.objects.read(object, file, room) {
            Err(Error::Read(_, errno)) if self.nothing.contains(&errno) => return None,
            read => errors.unless_absent(read)?,
        };
        Some(text).filter(|text| !(self.is_nothing)(text))
    }

    /// The number in an attribute file, as a value of its family.
    fn value(
        &self,
        object: &Object,
        attribute: &Attribute,
        errors: &mut PartialErrors,
    ) -> Option<Value> {
        let mut room = [0; MAX_TEXT];
        let text = self.text(object, attribute.file, &mut room, errors)?;
        let value = (attribute.form)(attribute.family, text);
        if value.is_none() {
            let place = self.objects.place(object, attribute.file);
            errors.refuse(place, "an integer", text);
        }
        value
    }
}

/// All attributes of all levels, grouped by family, families in the order of their first
/// attribute.
#[cold]
fn order(objects: &Objects, dialect: Option<Dialect>) -> Vec<(usize, usize)> {
    let of_level = |level| (0..objects.attributes(level).len()).map(move |at| (level, at));
    let family = |(level, at): &(usize, usize)| {
        objects.attributes(*level).get(*at).map(|attribute| attribute.family)
    };
    let is_shown = |place: &(usize, usize)| {
        dialect.is_none_or(|dialect| family(place).is_some_and(|f| f.named(dialect).is_some()))
    };
    let all = (0..objects.levels()).flat_map(of_level).filter(is_shown);
    let all: Vec<(usize, usize)> = all.collect();
    let family = |place| family(place).map(std::ptr::from_ref);
    let families: Vec<_> = all.iter().map(family).collect();
    let mut order = Vec::with_capacity(all.len());
    for (i, one) in families.iter().enumerate() {
        if families.iter().position(|other| other == one) == Some(i) {
            let places = all.iter().zip(&families);
            order.extend(places.filter(|(_, other)| *other == one).map(|(place, _)| *place));
        }
    }
    order
}
