//! A family whose lines were written before: how it is recognized, and where its parts are.

use crate::base::sys::Place;
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

/// Identifies a family. Families are distinguished by their addresses: tables of the program do not move, and
/// families that are made at run time have a stamp.
#[derive(Clone, Copy, Debug)]
pub struct Id {
    place: Place,
    traits: (Kind, u16),
    /// Whether its name is quoted if it may be one that is.
    quotes: bool,
}

impl Id {
    pub fn of(family: &Family<'_>, quotes: bool) -> Id {
        Id { place: family.place(), traits: family.traits(), quotes }
    }

    #[inline(always)] // for every family
    pub fn is(&self, family: &Family<'_>, quotes: bool) -> bool {
        family.is_at(&self.place)
            && self.traits == family.traits()
            && (self.quotes == quotes || !family.must_escape())
    }
}
