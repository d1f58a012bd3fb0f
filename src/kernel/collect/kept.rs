//! Engine for attributes that change slowly, such as the wear of flash. Objects are looked up and their
//! attributes read every minute or less often; in between, a scrape writes the last values and makes no
//! system call. No directory stays open.

use super::attributes::{Attribute, Layout, MAX_TEXT, Object, Objects};
use super::gathered::Gathered;
use super::{PartialErrors, Scrape};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::Root;
use crate::model::metric::{Family, Sink, Value};
use std::time::{Duration, Instant};

/// How often objects are looked up and read.
const PERIOD: Duration = Duration::from_secs(60);

/// The objects of one layout, and their last values.
pub struct Kept {
    pub objects: Objects,
    pub samples: Gathered,
    /// When to read again, and the result of the last reading.
    due: Option<Instant>,
    found: Result<(), KeptError>,
}

impl Kept {
    /// The objects of `layout`; nothing is read yet.
    pub fn new(root: &Root, layout: &'static Layout) -> Kept {
        Kept {
            objects: Objects::new(root, layout, [None, None]),
            samples: Gathered::new(layout.directory),
            due: None,
            found: Ok(()),
        }
    }

    /// Reads every attribute of every object if it is time, and writes all values.
    pub fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.look_up(scrape)? {
            self.read(scrape.errors);
        }
        self.write(scrape.errors, out);
        Ok(())
    }

    /// Looks up objects if it is time, and returns whether it was: then the last values are dropped.
    /// Without the directory there are no values.
    pub fn look_up(&mut self, scrape: &mut Scrape<'_>) -> Result<bool, Error> {
        if self.due.is_some_and(|due| scrape.now < due) {
            self.found?;
            return Ok(false);
        }
        self.due = Some(scrape.now + PERIOD);
        self.samples.begin();
        let found = self.objects.follow(scrape.now, scrape.errors).map(|_| ());
        self.found = found.map_err(|error| error.of_optional().keep());
        self.found?;
        Ok(true)
    }

    /// Reads every attribute of every object.
    pub fn read(&mut self, errors: &mut PartialErrors) {
        let Kept { objects, samples, .. } = self;
        objects.of(0).for_each(|object| read(objects, object, samples, errors));
    }

    /// Writes the last values.
    pub fn write(&mut self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        self.objects.close();
        self.samples.write_rows(errors, out);
    }
}

/// Reads the attributes of one object.
pub fn read(
    objects: &Objects,
    object: &Object,
    samples: &mut Gathered,
    errors: &mut PartialErrors,
) {
    for (at, Attribute { file, family, form }) in objects.attributes(0).iter().enumerate() {
        if object.has(at) {
            let form = |text: &[u8]| form(family, text).map(Some);
            add(objects, object, (file, family), &form, samples, errors);
        }
    }
}

/// Reads one file of an object. `form` parses its text: `None` where it is not valid, and
/// `Some(None)` where it means that there is no value.
pub fn add(
    objects: &Objects,
    object: &Object,
    (file, family): (&str, &'static Family<'static>),
    form: &dyn Fn(&[u8]) -> Option<Option<Value>>,
    samples: &mut Gathered,
    errors: &mut PartialErrors,
) {
    let mut room = [0; MAX_TEXT];
    let text = objects.read(object, file, &mut room);
    let Some(text) = errors.unless_absent(text) else { return };
    match form(text) {
        Some(Some(value)) => push(object, family, value, samples),
        Some(None) => {}
        None => errors.refuse(objects.place(object, file), "an integer", text),
    }
}

/// Adds a sample with as many of the object's labels as the family has keys.
pub fn push(
    object: &Object,
    family: &'static Family<'static>,
    value: Value,
    samples: &mut Gathered,
) {
    let mut labels: [&[u8]; 8] = [b""; 8];
    for (at, label) in labels.iter_mut().enumerate() {
        *label = object.label(at);
    }
    let keys = family.names().1.len();
    samples.push(family, labels.get(..keys).unwrap_or_default(), value);
}
