//! Values of the sources, not checked yet.

use crate::settings::problem::{Origin, Refusal};
use crate::settings::sources::tree::Shape;
use crate::settings::table::{Catalogue, Row, Section};
use std::ffi::OsString;
use std::ptr;

/// One value of a source for a row. A list is several, of one row and one layer.
#[derive(Clone)]
pub struct RawValue<'a> {
    pub row: &'a Row,
    pub text: String,
    /// How the file wrote it; the other sources have only text.
    pub shape: Option<Shape>,
    pub origin: Origin,
    /// In lists of tables, the index of its element.
    pub element: Option<usize>,
}

/// A table of a list, as the file has it.
pub struct Element {
    pub section: &'static Section,
    /// The element that it is part of.
    pub above: Option<usize>,
    pub origin: Origin,
    /// A part of it was rejected; a missing key may be that part.
    pub is_rejected: bool,
}

impl Element {
    /// Whether they are in the same list.
    pub fn is_beside(&self, other: &Element) -> bool {
        ptr::eq(self.section, other.section) && self.above == other.above
    }
}

/// The values of all sources, and the problems with them.
pub struct Sources<'a, 'e> {
    pub catalogue: &'a Catalogue,
    pub env: &'e [(OsString, OsString)],
    pub values: Vec<RawValue<'a>>,
    pub elements: Vec<Element>,
    pub warnings: Vec<String>,
    /// Flags of node_exporter's that were given again, which it rejects.
    pub repeated: Vec<String>,
    pub refusal: Refusal,
}

impl<'a, 'e> Sources<'a, 'e> {
    /// No values yet.
    pub fn new(catalogue: &'a Catalogue, env: &'e [(OsString, OsString)]) -> Sources<'a, 'e> {
        Sources {
            catalogue,
            env,
            values: Vec::new(),
            elements: Vec::new(),
            warnings: Vec::new(),
            repeated: Vec::new(),
            refusal: Refusal::default(),
        }
    }

    /// Adds a value of the environment or the command line.
    pub fn push(&mut self, row: &'a Row, text: String, origin: Origin) {
        self.values.push(RawValue { row, text, shape: None, origin, element: None });
    }
}
