//! What the elements of the file's lists of tables mean: in the order of the document each begins,
//! its rows are set from what was said in it or from their defaults, and then it is looked at as a
//! whole.

use super::catalogue::Catalogue;
use super::mean::{Answer, Checked, answer};
use super::problem::{Origin, Refusal, quoted};
use super::row::{List, Section};
use super::subject::Dialect;
use super::types::Settings;
use std::ptr;

/// A table of a list, as the file has it.
pub(super) struct Element {
    pub(super) section: &'static Section,
    pub(super) list: &'static List,
    /// The element it stands in.
    pub(super) above: Option<usize>,
    pub(super) origin: Origin,
    /// Something in it was refused; what it lacks may be just that.
    pub(super) spoilt: bool,
}

impl Element {
    /// They are in the same list.
    fn is_beside(&self, other: &Element) -> bool {
        ptr::eq(self.section, other.section) && self.above == other.above
    }
}

/// What an element is set to: rows and answers.
pub(super) struct Told {
    pub(super) section: &'static Section,
    pub(super) answers: Vec<(usize, Answer)>,
}

/// Sets all elements.
pub(super) fn settle(
    catalogue: &Catalogue,
    elements: &[Element],
    checked: Vec<Checked>,
    dialect: Dialect,
    (settings, refusal): (&mut Settings, &mut Refusal),
) -> Vec<Told> {
    let mut said: Vec<Vec<Checked>> = elements.iter().map(|_| Vec::new()).collect();
    for one in checked {
        if let Some(all) = one.element.and_then(|element| said.get_mut(element)) {
            all.push(one);
        }
    }
    let mut all: Vec<Told> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (i, (element, said)) in elements.iter().zip(&said).enumerate() {
        while open.last().copied() != element.above {
            let Some(done) = open.pop() else { break };
            finish(elements, &all, done, settings, refusal);
        }
        (element.list.begin)(settings);
        let mut answers = Vec::new();
        for (row, spec) in catalogue.rows_of(element.section) {
            let said: Vec<&Checked> = said.iter().filter(|one| one.row == row).collect();
            match answer(spec, &said, dialect, settings) {
                Some(answer) if !spec.required || !answer.is_empty() => answers.push((row, answer)),
                _ if spec.required && !element.spoilt => {
                    let (header, expects) = (element.section.header(), spec.kind.expects());
                    let text = [&header, ": ", spec.key(), " is missing; expected ", &expects];
                    refusal.add(element.origin.clone(), text.concat());
                }
                _ => {}
            }
        }
        all.push(Told { section: element.section, answers });
        unique(catalogue, elements, &all, i, refusal);
        open.push(i);
    }
    while let Some(done) = open.pop() {
        finish(elements, &all, done, settings, refusal);
    }
    all
}

/// Refuses the value of an earlier element where each has its own.
fn unique(
    catalogue: &Catalogue,
    elements: &[Element],
    all: &[Told],
    i: usize,
    refusal: &mut Refusal,
) {
    let (Some(element), Some(told)) = (elements.get(i), all.get(i)) else { return };
    for (row, answer) in &told.answers {
        let Some(spec) = catalogue.rows.get(*row).filter(|spec| spec.unique) else { continue };
        let beside = elements.iter().zip(all).take(i).filter(|(other, _)| other.is_beside(element));
        let first = beside
            .flat_map(|(_, told)| &told.answers)
            .find(|(other, first)| other == row && first.value.text == answer.value.text);
        if let (Some((_, Answer { origin: Some(first), .. })), Some(origin)) =
            (first, &answer.origin)
        {
            let (value, first) = (quoted(&answer.value.text), first.text(&refusal.file));
            let text = [&spec.dotted(), ": ", &value, " is taken already by ", &first];
            refusal.add(origin.clone(), text.concat());
        }
    }
}

/// Looks at an element as a whole.
fn finish(
    elements: &[Element],
    all: &[Told],
    done: usize,
    settings: &mut Settings,
    refusal: &mut Refusal,
) {
    let (Some(element), Some(told)) = (elements.get(done), all.get(done)) else { return };
    // What was refused may be what the others need.
    let within = |e: &Element| e.spoilt && e.above == Some(done);
    if element.spoilt || elements.iter().any(within) {
        return;
    }
    if let Err((key, text)) = (element.section.check)(settings) {
        let answer = told.answers.iter().map(|(_, answer)| answer).find(|a| a.key == key);
        let origin = answer.and_then(|a| a.origin.as_ref()).unwrap_or(&element.origin);
        refusal.add(origin.clone(), [element.section.name, ".", key, ": ", &text].concat());
    }
}
