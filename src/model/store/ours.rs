//! The families that the agent serves itself. Series of others may be in them, too, if they have a
//! label that ours lack: then no two are ever the same, whatever values come. Without such a label the
//! name is reserved.

use super::labels::escaped;
use crate::base::dialect::Dialect;
use crate::base::sys::List;
use crate::model::metric::{Family, Kind, Labels, Row};
use std::cell::OnceCell;
use std::cmp::Ordering;

/// The prefix of the names that Prometheus makes itself when it scrapes, and one whole name.
const MADE: &str = "scrape_";
const UP: &str = "up";

/// What those are, and what is named by the kernel: numbers of any type, without labels of their own.
static WITHOUT_LABELS: Row<'static> = Family::made(Kind::Untyped, UP, "", 0);

/// The families that are served besides the store.
#[derive(Default)]
pub struct Ours {
    pub(super) dialect: Dialect,
    given: Vec<&'static Family<'static>>,
    /// Those of the dialect, sorted by their whole names at the first look-up: a box without metrics of others
    /// does not need it.
    sorted: OnceCell<Vec<&'static Family<'static>>>,
    /// The prefixes of names that collectors derive from the kernel's names.
    dynamic: Vec<String>,
    /// Further labels that any of ours may have.
    pub(super) labels: Vec<(String, String)>,
}

/// Compares the name of two parts with another.
pub fn compare(prefix: &str, name: &str, other: &str) -> Ordering {
    let other = other.as_bytes();
    let (start, rest) = other.split_at_checked(prefix.len()).unwrap_or((other, b""));
    prefix.as_bytes().cmp(start).then_with(|| name.as_bytes().cmp(rest))
}

impl Ours {
    /// The families of `rows` in `dialect`; exports add `labels` to them.
    pub fn new(
        dialect: Dialect,
        rows: &[&'static Family<'static>],
        dynamic: &[&'static str],
        labels: &[(String, String)],
    ) -> Ours {
        let dynamic = dynamic.iter().map(|name| [dialect.prefix(), name].concat()).collect();
        Ours {
            dialect,
            given: rows.to_vec(),
            sorted: OnceCell::new(),
            dynamic,
            labels: labels.to_vec(),
        }
    }

    fn rows(&self) -> &[&'static Family<'static>] {
        self.sorted.get_or_init(|| {
            let mut sorted = Vec::with_capacity(self.given.len());
            for row in &self.given {
                let Some((name, _)) = row.named(self.dialect) else { continue };
                let name = [row.prefix(self.dialect), name].concat();
                if let Err(at) = self.place(&sorted, &name) {
                    sorted.insert(at, *row);
                }
            }
            sorted
        })
    }

    fn place(&self, rows: &[&'static Family<'static>], name: &str) -> Result<usize, usize> {
        rows.binary_search_by(|row| {
            let own = row.named(self.dialect).map_or("", |(own, _)| own);
            compare(row.prefix(self.dialect), own, name)
        })
    }

    /// The family of ours, or of Prometheus', with this name.
    pub fn find(&self, name: &str) -> Option<&'static Family<'static>> {
        let is_made = name == UP || name.starts_with(MADE);
        let is_dynamic = || self.dynamic.iter().any(|start| name.starts_with(&**start));
        let row = if is_made { None } else { self.served(name) };
        row.or_else(|| (is_made || is_dynamic()).then_some(&*WITHOUT_LABELS))
    }

    /// The family of ours with this name.
    pub fn served(&self, name: &str) -> Option<&'static Family<'static>> {
        let rows = self.rows();
        rows.get(self.place(rows, name).ok()?).copied()
    }

    /// Whether no series of `row` can have these labels.
    pub fn are_apart(&self, row: &Family<'_>, labels: Labels<'_>) -> bool {
        let keys = row.named(self.dialect).map_or(List::default(), |(_, keys)| keys);
        labels.pairs().any(|(key, value)| {
            // If names in UTF-8 are escaped, it may become one of ours.
            let key = str::from_utf8(&key).unwrap_or_default();
            let is = |own: &str| escaped(key, '_').eq(own.bytes());
            let is_key = { keys }.any(&is);
            let is_constant = |(k, v): &(String, String)| is(k) && v.as_bytes() == &*value;
            !is_key && !self.labels.iter().any(is_constant)
        })
    }
}
