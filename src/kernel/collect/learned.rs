//! Families whose names come from the kernel's files, of many objects that have the same ones: each is
//! made when its key first appears, and kept.

use super::keyed::{NewFamily, is_name};
use crate::model::metric::{Family, Row, fresh_stamp};

/// More keys than any kernel has; what comes after is not shown.
const MAX_KEYS: usize = 1024;

/// The families of one collector, by key.
#[derive(Default)]
pub struct Learned {
    keys: Vec<Key>,
}

struct Key {
    key: Box<[u8]>,
    /// Its family, unless it is not shown.
    family: Option<(NewFamily, u32)>,
}

impl Learned {
    /// The number of the family of `key`, which is probably number `hint`. `make` is called when the key
    /// is new; `None` is not shown, nor is a name that came before.
    pub fn place(
        &mut self,
        key: &[u8],
        hint: usize,
        make: &dyn Fn(&str) -> Option<NewFamily>,
    ) -> Option<usize> {
        let is_it = |known: &Key| *known.key == *key;
        let at = match self.keys.get(hint) {
            Some(known) if is_it(known) => hint,
            _ => match self.keys.iter().position(is_it) {
                Some(at) => at,
                None => self.learn(key, make)?,
            },
        };
        self.keys.get(at)?.family.as_ref().map(|_| at)
    }

    #[cold]
    fn learn(&mut self, key: &[u8], make: &dyn Fn(&str) -> Option<NewFamily>) -> Option<usize> {
        if self.keys.len() >= MAX_KEYS {
            return None;
        }
        let is_known = |family: &NewFamily| {
            let mut all = self.keys.iter().filter_map(|known| known.family.as_ref());
            all.any(|(known, _)| known.name == family.name)
        };
        // The part after a bar would be our own name.
        let text = std::str::from_utf8(key).ok().filter(|text| !text.contains('|'));
        let family = text.and_then(make);
        let family = family.filter(|family| is_name(&family.name) && !is_known(family));
        let family = family.map(|family| (family, fresh_stamp()));
        self.keys.push(Key { key: key.into(), family });
        Some(self.keys.len() - 1)
    }

    /// The key of the family with this number.
    pub fn key(&self, at: usize) -> &[u8] {
        self.keys.get(at).map(|known| &*known.key).unwrap_or_default()
    }

    /// The family with this number, without label keys.
    pub fn family(&self, at: usize) -> Option<Row<'_>> {
        let (family, stamp) = self.keys.get(at)?.family.as_ref()?;
        Some(Family::dynamic(family.kind, family.unit, &family.name, &family.help, *stamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::metric::{Kind, Unit};

    #[test]
    fn a_key_keeps_its_number_and_no_name_comes_twice() {
        let mut learned = Learned::default();
        let make = |key: &str| {
            let name = format!("x_{}", key.replace('-', "_"));
            let family =
                NewFamily { kind: Kind::Untyped, unit: Unit::One, name, help: "X.".to_owned() };
            (key != "hidden").then_some(family)
        };
        for _ in 0..2 {
            assert_eq!(learned.place(b"a-b", 0, &make), Some(0));
            assert_eq!(learned.place(b"hidden", 0, &make), None);
            assert_eq!(learned.place(b"a_b", 0, &make), None, "the same name");
            assert_eq!(learned.place(b"bad name", 0, &make), None);
            assert_eq!(learned.place(b"c", 9, &make), Some(4));
            assert_eq!(learned.place(b"d|e", 9, &make), None);
        }
        assert_eq!(learned.family(4).unwrap().names().0, "x_c");
        assert!(learned.family(1).is_none());
        for at in 0..2 * MAX_KEYS {
            learned.place(format!("k{at}").as_bytes(), 0, &make);
        }
        assert_eq!(learned.keys.len(), MAX_KEYS);
    }
}
