//! The names of interfaces by their numbers, for answers that contain only the number.

use super::Links;
use crate::base::sys;
use crate::kernel::read::Names;

/// Names that are found by binary search.
#[derive(Default)]
pub struct LinkNames {
    /// The number of each interface, and the place of its name, sorted.
    places: Vec<(u32, usize)>,
    names: Names,
}

impl LinkNames {
    /// Replaces the names by those of a dump.
    pub fn learn(&mut self, links: &Links) {
        self.places.clear();
        self.names.truncate(0);
        for link in links.iter().flatten() {
            self.places.push((link.index, self.places.len()));
            self.names.push(link.name);
        }
        sys::sort(&mut self.places, Ord::cmp);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// The place of the interface `index` in the dump.
    pub fn place(&self, index: u32) -> Option<usize> {
        let at = self.places.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.places.get(at).map(|(_, place)| *place)
    }

    /// The name at a place.
    pub fn name(&self, place: usize) -> Option<&[u8]> {
        self.names.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{attribute, described};
    use super::*;

    #[test]
    fn a_name_is_found_by_number_wherever_it_stands() {
        let link =
            |index, name: &[u8]| described(index, 1, 0, &[attribute(libc::IFLA_IFNAME, name)]);
        let datagram = [link(7, b"eth0\0"), link(3, b"lo\0"), link(300, b"wg\0")].concat();
        let mut names = LinkNames::default();
        for _ in 0..2 {
            names.learn(&Links::of(&datagram));
            let of = |index| names.place(index).and_then(|place| names.name(place));
            assert_eq!([of(3), of(7), of(300)], [Some(&b"lo"[..]), Some(b"eth0"), Some(b"wg")]);
            assert_eq!((of(0), of(8), names.count(), names.place(7)), (None, None, 3, Some(0)));
        }
        names.learn(&Links::of(&[]));
        assert_eq!((names.count(), names.place(7)), (0, None));
    }
}
