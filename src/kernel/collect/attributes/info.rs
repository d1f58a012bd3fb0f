//! A sample that is always 1, whose labels describe an object. They are read at every scrape, because
//! some of them change: the state of a port, whether a battery is charged.

use super::super::PartialErrors;
use super::objects::{MAX_TEXT, Objects};
use crate::model::metric::{Family, Label, Sink, Value};

/// The most labels after the first.
const MAX_TEXTS: usize = 11;

/// A family of such samples, one for each object of a layout.
pub struct Info {
    /// Its first label is the name of the object.
    pub family: &'static Family<'static>,
    /// Where the values of the other labels come from.
    pub texts: &'static [Text],
}

/// A label that is the text of a file; empty where it cannot be read.
pub struct Text {
    /// The file below the object.
    pub file: &'static str,
    /// The prefix of the text that is left out.
    pub without: &'static str,
}

/// The whole text of a file.
pub const fn text(file: &'static str) -> Text {
    Text { file, without: "" }
}

impl Info {
    /// Writes a sample for each object of the layout.
    pub fn write(&self, objects: &Objects, errors: &mut PartialErrors, out: &mut dyn Sink) {
        out.family(self.family);
        for object in objects.of(0) {
            let waiting = objects.waiting();
            let mut rooms = [[0; MAX_TEXT]; MAX_TEXTS];
            let mut labels = [Label::of(b""); 1 + MAX_TEXTS];
            let [name, texts @ ..] = &mut labels;
            *name = object.name.as_str().into();
            for ((label, text), room) in texts.iter_mut().zip(self.texts).zip(&mut rooms) {
                let read = objects.read(object, text.file, room);
                let value = errors.unless_absent(read).unwrap_or_default();
                let without = value.strip_prefix(text.without.as_bytes());
                *label = Label::of(without.unwrap_or(value));
            }
            // With a text that a driver has not answered yet it would be another series.
            if objects.waiting() > waiting {
                continue;
            }
            let keys = 1 + self.texts.len();
            out.sample(labels.get(..keys).unwrap_or_default(), Value::Int(1));
        }
    }
}
