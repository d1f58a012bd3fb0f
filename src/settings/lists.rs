//! What the elements of the file's lists of tables mean: in the order of the document, but each with
//! what belongs to it right behind it, each begins, its rows are set from what was said in it or from
//! their defaults, and, when all that belongs to it is set, it is looked at as a whole.

use super::basic::Dialect;
use super::catalogue::Catalogue;
use super::mean::{Answer, Checked, answer};
use super::problem::{Origin, Refusal, quoted};
use super::row::{List, Section};
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
    element: usize,
    pub(super) section: &'static Section,
    pub(super) answers: Vec<(usize, Answer)>,
    /// It has all that is required, and nothing of it was refused.
    is_whole: bool,
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
    // Places in `all`.
    let mut open: Vec<usize> = Vec::new();
    for i in in_depth(elements) {
        let (Some(element), Some(said)) = (elements.get(i), said.get(i)) else { continue };
        while open.last().and_then(|at| all.get(*at)).map(|told| told.element) != element.above {
            let Some(told) = open.pop().and_then(|at| all.get(at)) else { break };
            finish(elements, told, settings, refusal);
        }
        (element.list.begin)(settings);
        let (answers, is_whole) = answers(catalogue, element, said, dialect, (settings, refusal));
        all.push(Told { element: i, section: element.section, answers, is_whole });
        unique(catalogue, elements, &all, refusal);
        open.push(all.len() - 1);
    }
    while let Some(told) = open.pop().and_then(|at| all.get(at)) {
        finish(elements, told, settings, refusal);
    }
    all
}

/// Each element with those that stand in it right behind it.
fn in_depth(elements: &[Element]) -> Vec<usize> {
    let path = |i: &usize| {
        let above = |i: &usize| elements.get(*i).and_then(|element| element.above);
        let mut path: Vec<usize> = std::iter::successors(Some(*i), above).collect();
        path.reverse();
        path
    };
    let mut order: Vec<usize> = (0..elements.len()).collect();
    order.sort_by_cached_key(path);
    order
}

/// Sets the rows of an element; tells whether it has all that is required and nothing of it was refused.
fn answers(
    catalogue: &Catalogue,
    element: &Element,
    said: &[Checked],
    dialect: Dialect,
    (settings, refusal): (&mut Settings, &mut Refusal),
) -> (Vec<(usize, Answer)>, bool) {
    let (mut answers, mut known) = (Vec::new(), !element.spoilt);
    for (row, spec) in catalogue.rows_of(element.section) {
        let said: Vec<&Checked> = said.iter().filter(|one| one.row == row).collect();
        let misfit = (element.list.misfit)(settings, spec.key());
        if let Some(text) = misfit.filter(|_| known) {
            if let Some(first) = said.first() {
                refusal.add(first.origin.clone(), [&spec.dotted(), ": ", &text].concat());
            }
            continue;
        }
        match answer(spec, &said, dialect, settings) {
            Some(answer) if !spec.required || !answer.is_empty() => answers.push((row, answer)),
            _ if spec.required && !element.spoilt => {
                let (header, expects) = (element.section.header(), spec.kind.expects());
                let text = [&header, ": ", spec.key(), " is missing; expected ", &expects];
                refusal.add(element.origin.clone(), text.concat());
                known = false;
            }
            _ => {}
        }
    }
    (answers, known)
}

/// Refuses the value of an earlier element where each has its own; the element is the last.
fn unique(catalogue: &Catalogue, elements: &[Element], all: &[Told], refusal: &mut Refusal) {
    let Some((told, before)) = all.split_last() else { return };
    let Some(element) = elements.get(told.element) else { return };
    for (row, answer) in &told.answers {
        let Some(spec) = catalogue.rows.get(*row).filter(|spec| spec.unique) else { continue };
        let is_beside = |other: &&Told| {
            elements.get(other.element).is_some_and(|other| other.is_beside(element))
        };
        let beside = before.iter().filter(is_beside).flat_map(|told| &told.answers);
        let is_same = |(other, first): &&(usize, Answer)| {
            other == row && first.value.text == answer.value.text
        };
        let first = beside.into_iter().find(is_same).and_then(|(_, first)| first.origin.as_ref());
        if let (Some(first), Some(origin)) = (first, &answer.origin) {
            let (value, first) = (quoted(&answer.value.text), first.text(&refusal.file));
            let text = [&spec.dotted(), ": ", &value, " is taken already by ", &first];
            refusal.add(origin.clone(), text.concat());
        }
    }
}

/// Looks at an element as a whole.
fn finish(elements: &[Element], told: &Told, settings: &mut Settings, refusal: &mut Refusal) {
    let Some(element) = elements.get(told.element) else { return };
    // What was refused may be what the others need.
    let is_within = |e: &Element| e.spoilt && e.above == Some(told.element);
    if !told.is_whole || elements.iter().any(is_within) {
        return;
    }
    if let Err((key, text)) = (element.section.check)(settings) {
        let answer = told.answers.iter().map(|(_, answer)| answer).find(|a| a.key == key);
        let origin = answer.and_then(|a| a.origin.as_ref()).unwrap_or(&element.origin);
        refusal.add(origin.clone(), format!("{}.{key}: {text}", element.section.name));
    }
}
