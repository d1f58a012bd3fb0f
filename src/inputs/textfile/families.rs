//! Families of several text files: those of one name become one, and those that contradict an earlier file are left
//! out.

use super::failure::Failure;
use super::hash;
use super::load::{Load, PART};
use crate::base::sys;
use crate::inputs::push::exposition::Family;
use std::ops::Range;
use std::path::Path;

/// The reason for families whose help texts differ.
const HELP: &str = "help";

impl Load<'_> {
    /// Compares the families of the file that was checked last with those before; families that contradict them
    /// are left out.
    pub fn join(&mut self, path: &Path, of: Range<usize>) {
        let own: Vec<Family> = self.strict.families().copied().collect();
        let refused: Vec<Option<&'static str>> = own.iter().map(|f| self.conflict(f)).collect();
        for (family, reason) in own.iter().zip(&refused) {
            let Some(reason) = *reason else { continue };
            let text = match reason {
                HELP => "an earlier file has another help text for the metric ",
                _ => "an earlier file has another type for the metric ",
            };
            self.report.has_error |= reason == HELP;
            let name = String::from_utf8_lossy(family.name.of(&self.text));
            let failure = Failure::of(reason, &[text, &name].concat());
            self.count(reason, 1);
            self.log(PART, path, &failure);
        }
        if refused.iter().all(Option::is_none) {
            return;
        }
        let mut lines = Vec::new();
        // It was checked before.
        let _ = self.strict.check(&self.text, of, &mut |family, line| {
            if refused.get(family as usize).is_some_and(Option::is_some) {
                lines.push(line);
            }
        });
        for line in lines {
            self.text.get_mut(line).unwrap_or_default().fill(b' ');
        }
    }

    /// Why a family of a file is refused, if it is.
    fn conflict(&mut self, own: &Family) -> Option<&'static str> {
        if !own.is_used {
            return None;
        }
        let id = self.families.place(&self.text, own.name);
        let text = &self.text;
        let known = self.families.get_mut(id)?;
        if !std::mem::replace(&mut known.is_used, true) {
            (known.kind, known.help) = (own.kind, own.help);
            return None;
        }
        let (help, before) = (own.help.of(text), known.help.of(text));
        if help.is_empty() || before.is_empty() {
            known.help = if before.is_empty() { own.help } else { known.help };
        } else if help != before || known.is_disputed {
            // As in node_exporter, a third that agrees with the first is refused, too.
            known.is_disputed = true;
            return Some(HELP);
        }
        (known.kind != own.kind).then_some("type")
    }

    /// Whether the type or the help text of some family has changed.
    pub fn has_other_shapes(&mut self) -> bool {
        let text = &self.text;
        let shape = |family: &Family| {
            let name = hash(self.hasher, [family.name.of(text), b""]);
            (name, hash(self.hasher, [&[family.kind as u8], family.help.of(text)]) as usize)
        };
        let mut shapes: Vec<(u64, usize)> = self.families.all().map(shape).collect();
        sys::sort(&mut shapes, Ord::cmp);
        let before = std::mem::take(&mut self.memory.shapes);
        let is_other = |(name, shape): &(u64, usize)| {
            let at = before.binary_search_by_key(name, |(name, _)| *name);
            at.ok().and_then(|at| before.get(at)).is_some_and(|(_, old)| old != shape)
        };
        let is_any = shapes.iter().any(is_other);
        self.memory.shapes = shapes;
        is_any
    }
}
