//! A directory whose entries come and go. Sysfs does not report changes, so the directory is listed at
//! every scrape and compared with the previous list, without an allocation.

use super::{Absence, Dir, Names};
use crate::base::error::Error;

/// A directory, and the names that were in it when it was last listed.
pub struct Listing {
    /// The directory, for files below it.
    pub dir: Dir,
    listed: Listed,
    /// The absence of anything that is used in it.
    absence: Absence,
}

impl Listing {
    /// An empty list of `dir`.
    pub fn new(dir: Dir) -> Listing {
        let absence = dir.absence();
        Listing { dir, listed: Listed::default(), absence }
    }

    /// Lists the directory, and returns whether the names have changed. If the directory is
    /// missing, returns the error, and the list is empty.
    pub fn has_changed(&mut self) -> Result<bool, Error> {
        let Listing { dir, listed, absence } = self;
        if absence.is_known() {
            return Ok(false);
        }
        let has_changed = listed.has_changed(|each| dir.list(each));
        if !matches!(has_changed, Ok(false)) {
            dir.forget();
        }
        has_changed
    }

    /// No entry is used: the directory is closed, and for a few seconds assumed not to
    /// change.
    pub fn rest(&mut self) {
        self.dir.close();
        self.absence.note();
    }

    /// The last list, in the kernel's order; a name that is not UTF-8 is left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.listed.names()
    }
}

/// The names that a directory had when it was last listed.
#[derive(Default)]
pub struct Listed(Names);

impl Listed {
    /// Stores the names that `list` returns, and returns whether they have changed. If the
    /// directory is missing, returns the error, and the list is empty.
    pub fn has_changed(
        &mut self,
        list: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let (mut at, mut is_same) = (0, true);
        let names = &mut self.0;
        let done = list(&mut |name| {
            is_same &= names.get(at) == Some(name);
            if !is_same {
                names.truncate(at);
                names.push(name);
            }
            at += 1;
        });
        if matches!(done, Err(Error::Absent(_))) {
            names.truncate(0);
        }
        done?;
        let has_changed = !is_same || names.get(at).is_some();
        names.truncate(at);
        Ok(has_changed)
    }

    /// The names, in the kernel's order; one that is not UTF-8 is left out.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..).map_while(|at| self.0.get(at)).filter_map(|name| std::str::from_utf8(name).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::read::testing::Tree;
    use std::time::Duration;

    #[test]
    fn absent_or_unused_directories_are_listed_some_seconds_later() {
        let tree = Tree::new("listing-absent");
        let root = tree.root();
        let at = |second| root.begin(Duration::from_secs(second));
        let mut listing = Listing::new(root.dir("/sys/x"));
        at(0);
        assert!(matches!(listing.has_changed(), Err(Error::Absent(_))));
        tree.put("sys/x/a", "");
        at(7);
        assert!(matches!(listing.has_changed(), Err(Error::Absent(_))), "not looked for");
        at(8);
        assert_eq!(listing.has_changed(), Ok(true));
        tree.put("sys/x/b", "");
        assert_eq!(listing.has_changed(), Ok(true));
        for second in 8..16 {
            at(second);
            listing.rest();
            tree.put(&format!("sys/x/c{second}"), "");
            assert_eq!(listing.has_changed(), Ok(false));
            assert_eq!(listing.names().count(), 2);
        }
        at(16);
        assert_eq!(listing.has_changed(), Ok(true));
        assert_eq!(listing.names().count(), 10);
    }

    #[test]
    fn a_change_is_seen_once() {
        let tree = Tree::new("listing");
        let mut listing = Listing::new(tree.root().dir("/sys/x"));
        assert!(matches!(listing.has_changed(), Err(Error::Absent(_))));
        let mut names = |expected: &[&str], has_changed| {
            assert_eq!(listing.has_changed(), Ok(has_changed), "{expected:?}");
            let mut names: Vec<_> = listing.names().collect();
            names.sort_unstable();
            assert_eq!(names, expected);
        };
        tree.put("sys/x/b", "");
        names(&["b"], true);
        names(&["b"], false);
        tree.put("sys/x/a", "");
        names(&["a", "b"], true);
        tree.remove("sys/x/b");
        names(&["a"], true);
        tree.remove("sys/x/a");
        names(&[], true);
        names(&[], false);
    }
}
