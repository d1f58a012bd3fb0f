//! What is known of a family whose lines were written before: how to recognize it, and where
//! its parts are.

use crate::model::metric::{Family, Kind};

/// One family.
#[derive(Clone, Copy)]
pub struct Known {
    pub id: Id,
    pub shape: Shape,
}

/// How its lines are written.
#[derive(Clone, Copy, Default)]
pub struct Shape {
    pub ends: Ends,
    pub header_length: u32,
    /// The number of blocks of the header. The text before the first label value begins after them; without labels it
    /// follows the header at once, as it does in the text.
    pub header_blocks: u32,
    pub name_length: u32,
    pub head_length: u32,
    /// The most bytes of a line.
    pub room: u32,
    pub is_quoted: bool,
}

/// Positions in heads and tails.
#[derive(Clone, Copy, Default)]
pub struct Ends {
    pub head: u32,
    pub tail: u32,
}

/// The longest text between two label values.
pub const TAIL: usize = 32;

/// The text between two label values: `",`, a key and `="`. A test checks that the tables fit.
pub struct Tail {
    pub text: [u8; TAIL],
    pub length: usize,
}

/// What identifies a family. Texts are compared by address: tables
/// of the program stay where they are, and families that are made at run time have a stamp.
#[derive(Clone, Copy, Debug)]
pub struct Id {
    places: [usize; 4],
    traits: (u32, Kind, u16),
    /// Whether its name is quoted where that is supported.
    quotes: bool,
}

impl Id {
    pub fn of(family: &Family<'_>, quotes: bool) -> Id {
        Id { places: family.places(), traits: family.traits(), quotes }
    }

    /// Word by word: as slices they would be compared by a call.
    #[inline(always)] // for every family
    pub fn is(&self, family: &Family<'_>, quotes: bool) -> bool {
        let [a, b, c, d] = self.places;
        let [e, f, g, h] = family.places();
        let is_same = a == e && b == f && c == g && d == h;
        is_same
            && self.traits == family.traits()
            && (self.quotes == quotes || !family.must_escape())
    }
}
