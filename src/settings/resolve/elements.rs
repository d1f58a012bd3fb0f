//! Sets the elements of the file's lists of tables, in the order of the document, each followed by the
//! elements within it: an element begins, its rows are set from the file or from their
//! defaults, then those within, and in the end it is checked as a whole.

use crate::base::dialect::Dialect;
use crate::base::text::words::quoted;
use crate::settings::problem::Refusal;
use crate::settings::resolve::resolved::Resolved;
use crate::settings::sources::raw::Element;
use crate::settings::table::Catalogue;
use crate::settings::types::Settings;

/// Sets elements.
pub struct Elements<'a, 'b> {
    pub catalogue: &'a Catalogue,
    pub elements: &'b [Element],
    pub parsed: &'b [Resolved<'a>],
    pub dialect: Dialect,
    pub settings: &'b mut Settings,
    pub resolved: &'b mut Vec<Resolved<'a>>,
    pub refusal: &'b mut Refusal,
}

impl Elements<'_, '_> {
    /// Sets the elements within the element `above`, and those within them.
    pub fn set_within(&mut self, above: Option<usize>) {
        for (i, element) in self.elements.iter().enumerate() {
            if element.above != above {
                continue;
            }
            (element.section.begin)(self.settings);
            let is_whole = self.set_rows(i, element);
            self.refuse_repeated(i, element);
            self.set_within(Some(i));
            // A rejected element may be what the others need.
            let is_within = |e: &Element| e.is_rejected && e.above == Some(i);
            if is_whole && !self.elements.iter().any(is_within) {
                self.check(i, element);
            }
        }
    }

    /// Sets the rows of an element; returns whether it has all required rows and none was
    /// rejected.
    fn set_rows(&mut self, i: usize, element: &Element) -> bool {
        let mut is_whole = !element.is_rejected;
        for row in self.catalogue.rows_of(element.section) {
            let why = (element.section.inapplicable)(self.settings, row);
            if let Some(why) = why.filter(|_| is_whole) {
                let is_first = |one: &&Resolved<'_>| one.row == row && one.element == Some(i);
                let first = self.parsed.iter().find(is_first);
                if let Some(origin) = first.and_then(|one| one.origin.clone()) {
                    self.refusal.add(origin, [&row.dotted(), ": ", &why].concat());
                }
                continue;
            }
            match Resolved::set(row, self.parsed, Some(i), self.dialect, self.settings) {
                Some(one) if !row.traits.required || !one.value.is_empty() => {
                    self.resolved.push(one);
                }
                _ if row.traits.required && !element.is_rejected => {
                    let (header, expects) = (element.section.header(), row.kind.expects());
                    let text = [&header, ": ", row.key(), " is missing; expected ", &expects];
                    self.refusal.add(element.origin.clone(), text.concat());
                    is_whole = false;
                }
                _ => {}
            }
        }
        is_whole
    }

    /// Rejects a value of an earlier element if it has to be unique.
    fn refuse_repeated(&mut self, i: usize, element: &Element) {
        let beside = |other: &Resolved<'_>| {
            let other = other.element.filter(|other| *other != i);
            other.and_then(|at| self.elements.get(at)).is_some_and(|e| e.is_beside(element))
        };
        for one in self.resolved.iter().filter(|one| one.element == Some(i)) {
            let is_same = |other: &&Resolved<'_>| {
                other.row == one.row && other.value.text() == one.value.text() && beside(other)
            };
            let first = self.resolved.iter().find(is_same).filter(|_| one.row.traits.unique);
            let first = first.and_then(|first| first.origin.as_ref());
            if let (Some(first), Some(origin)) = (first, &one.origin) {
                let (value, first) = (quoted(one.value.text()), first.text(&self.refusal.file));
                let name = one.row.dotted();
                let text = [&name, ": ", &value, " is taken already by ", &first].concat();
                self.refusal.add(origin.clone(), text);
            }
        }
    }

    /// Checks an element as a whole.
    fn check(&mut self, i: usize, element: &Element) {
        if let Err((key, text)) = (element.section.check)(self.settings) {
            let is_it = |one: &&Resolved<'_>| one.element == Some(i) && one.row.key() == key;
            let origin = self.resolved.iter().find(is_it).and_then(|one| one.origin.as_ref());
            let origin = origin.unwrap_or(&element.origin).clone();
            self.refusal.add(origin, [element.section.name, ".", key, ": ", &text].concat());
        }
    }
}
