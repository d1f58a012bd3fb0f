//! What is known of a family whose lines were written before: how to tell that it is the same, and where
//! its parts lie.

use crate::base::sys::TAIL;
use crate::model::metric::Family;

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
    /// How many blocks that takes.
    pub header_blocks: u32,
    pub name_length: u32,
    pub head_length: u32,
    /// What a line may take at most.
    pub room: u32,
    pub is_quoted: bool,
}

/// Places in heads and tails.
#[derive(Clone, Copy, Default)]
pub struct Ends {
    pub head: u32,
    pub tail: u32,
}

/// What stands between two label values: `",`, a key and `="`. A test holds the tables to the room.
pub struct Tail {
    pub text: [u8; TAIL],
    pub length: usize,
}

/// What must be the same for a family to be the same. Texts are told apart by where they are: tables
/// of the program stay where they are, and families that are made at run time bear a stamp.
#[derive(Clone, Copy, Debug)]
pub struct Id {
    places: [usize; 4],
    /// Stamp, kind, whether its name may be one that is quoted, and is, and whether it has words.
    rest: u64,
}

impl Id {
    #[inline(always)]
    pub fn of(family: &Family<'_>, quotes: bool) -> Id {
        let quoted = quotes && family.must_escape();
        let flags = u64::from(quoted) | u64::from(family.has_words()) << 1;
        let rest = u64::from(family.stamp) << 32 | flags << 8 | family.kind as u64;
        Id { places: family.places(), rest }
    }

    /// Word by word: as slices they would be compared by a call.
    #[inline(always)]
    pub fn is(&self, other: &Id) -> bool {
        let [a, b, c, d] = self.places;
        let [e, f, g, h] = other.places;
        a == e && b == f && c == g && d == h && self.rest == other.rest
    }
}
