//! Evaluates the steps of a condition. Two sides with labels are matched where their labels are equal, as
//! in PromQL without `on` and `ignoring`. One series without labels matches everything: a series
//! that exists once per machine needs no `group_left`.

use super::samples::Span;
use crate::base::text::expr::{Comparison, Expr, Operator, Step};
use std::cmp::Ordering;

/// A number and its labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Where the labels are in the text.
    pub labels: Span,
    /// The number.
    pub value: f64,
}

/// The result of a step.
#[derive(Clone, Copy, Debug)]
enum Operand {
    Number(f64),
    /// The entries from here on, sorted by labels.
    Entries(usize),
}

/// The operation on two sides.
#[derive(Clone, Copy)]
enum BinaryOperation {
    Calculate(Operator),
    Compare(Comparison),
}

impl BinaryOperation {
    /// The result; of a comparison that holds, `kept`.
    fn result(self, left: f64, right: f64, kept: f64) -> Option<f64> {
        match self {
            BinaryOperation::Calculate(operator) => Some(operator.apply(left, right)),
            BinaryOperation::Compare(comparison) => comparison.holds(left, right).then_some(kept),
        }
    }
}

/// Buffers for the results of steps, kept from one condition to the next.
#[derive(Default)]
pub struct Evaluator {
    left: Vec<Operand>,
    entries: Vec<Entry>,
    out: Vec<Entry>,
}

impl Evaluator {
    /// The series for which the condition holds, sorted by labels, with the value of its left side.
    /// `series` appends the series of the selector with this index, sorted by labels; `labels` reads
    /// them.
    pub fn evaluate<'t>(
        &mut self,
        expr: &Expr,
        mut series: impl FnMut(usize, &mut Vec<Entry>),
        labels: impl Fn(Span) -> &'t [u8],
    ) -> &[Entry] {
        self.left.clear();
        self.entries.clear();
        for step in &expr.steps {
            let left = match *step {
                Step::Number(number) => Operand::Number(number),
                Step::Series(at) => {
                    let start = self.entries.len();
                    series(at, &mut self.entries);
                    Operand::Entries(start)
                }
                Step::Calculate(operator) => {
                    self.apply(BinaryOperation::Calculate(operator), &labels)
                }
                Step::Compare(comparison) => {
                    self.apply(BinaryOperation::Compare(comparison), &labels)
                }
            };
            self.left.push(left);
        }
        match self.left.last() {
            Some(Operand::Entries(start)) => self.entries.get(*start..).unwrap_or_default(),
            _ => &[],
        }
    }

    /// Takes two sides off the stack and applies the operation.
    fn apply<'t>(
        &mut self,
        operation: BinaryOperation,
        labels: &impl Fn(Span) -> &'t [u8],
    ) -> Operand {
        let (right, left) = (self.left.pop(), self.left.pop());
        let (Some(left), Some(right)) = (left, right) else { return Operand::Number(f64::NAN) };
        match (left, right) {
            (Operand::Number(l), Operand::Number(r)) => {
                Operand::Number(operation.result(l, r, l).unwrap_or(f64::NAN))
            }
            (Operand::Entries(start), Operand::Number(r)) => {
                self.each(start, |l| operation.result(l, r, l))
            }
            (Operand::Number(l), Operand::Entries(start)) => {
                self.each(start, |r| operation.result(l, r, r))
            }
            (Operand::Entries(start), Operand::Entries(middle)) => {
                self.pairs(start, middle, operation, labels);
                Operand::Entries(start)
            }
        }
    }

    /// Applies the same to every entry from `start` on.
    fn each(&mut self, start: usize, result: impl Fn(f64) -> Option<f64>) -> Operand {
        self.out.clear();
        for entry in self.entries.drain(start..) {
            self.out.extend(result(entry.value).map(|value| Entry { value, ..entry }));
        }
        self.entries.append(&mut self.out);
        Operand::Entries(start)
    }

    /// Matches the entries from `start` with those from `middle` on.
    fn pairs<'t>(
        &mut self,
        start: usize,
        middle: usize,
        operation: BinaryOperation,
        labels: &impl Fn(Span) -> &'t [u8],
    ) {
        self.out.clear();
        let (left, right) = self.entries.split_at_checked(middle).unwrap_or_default();
        let left = left.get(start..).unwrap_or_default();
        let is_scalar = |side: &[Entry]| matches!(side, [one] if labels(one.labels).is_empty());
        let (mut at, mut against) = (left.iter().peekable(), right.iter().peekable());
        while let (Some(l), Some(r)) = (at.peek(), against.peek()) {
            let order = match (is_scalar(left), is_scalar(right)) {
                (false, false) => labels(l.labels).cmp(labels(r.labels)),
                _ => Ordering::Equal,
            };
            if order == Ordering::Equal {
                let labels = if is_scalar(left) { r.labels } else { l.labels };
                let value = operation.result(l.value, r.value, l.value);
                self.out.extend(value.map(|value| Entry { labels, value }));
            }
            // The one side that matches everything stays where it is.
            let stays = |is_scalar: bool, other: &[Entry]| is_scalar && other.len() > 1;
            if order != Ordering::Greater && !stays(is_scalar(left), right) {
                at.next();
            }
            if order != Ordering::Less && !stays(is_scalar(right), left) {
                against.next();
            }
        }
        self.entries.truncate(start);
        self.entries.append(&mut self.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for the given series `a`, `b`, …: labels and values.
    fn evaluated(text: &str, given: &[(&str, &[(&str, f64)])]) -> Vec<(String, f64)> {
        let expr = Expr::parse(text).unwrap();
        let mut all = String::new();
        let mut known = Vec::new();
        for (name, series) in given {
            for (labels, value) in *series {
                let start = all.len() as u32;
                all.push_str(labels);
                known.push((*name, Entry { labels: Span(start, all.len() as u32), value: *value }));
            }
        }
        let read = |span: Span| &all.as_bytes()[span.0 as usize..span.1 as usize];
        let mut evaluator = Evaluator::default();
        let series = |at: usize, out: &mut Vec<Entry>| {
            let name = &expr.series[at].name;
            out.extend(known.iter().filter(|(n, _)| n == name).map(|(_, entry)| *entry));
        };
        // Twice: the rest of the first evaluation must not matter.
        evaluator.evaluate(&expr, series, read);
        let entries = evaluator.evaluate(&expr, series, read);
        let text = |span| String::from_utf8(read(span).to_vec()).unwrap();
        entries.iter().map(|entry| (text(entry.labels), entry.value)).collect()
    }

    fn owned(entries: &[(&str, f64)]) -> Vec<(String, f64)> {
        entries.iter().map(|(labels, value)| ((*labels).to_owned(), *value)).collect()
    }

    const A: (&str, &[(&str, f64)]) =
        ("a", &[("x=\"1\"", 1.0), ("x=\"2\"", 2.0), ("x=\"4\"", 4.0)]);
    const B: (&str, &[(&str, f64)]) =
        ("b", &[("x=\"2\"", 8.0), ("x=\"3\"", 9.0), ("x=\"4\"", 2.0)]);
    const ONE: (&str, &[(&str, f64)]) = ("one", &[("", 2.0)]);
    const NONE: (&str, &[(&str, f64)]) = ("none", &[]);

    #[test]
    fn numbers_and_series_are_combined() {
        for (text, expected) in [
            ("a > 1", &[("x=\"2\"", 2.0), ("x=\"4\"", 4.0)][..]),
            ("1 < a", &[("x=\"2\"", 2.0), ("x=\"4\"", 4.0)]),
            ("a == 2", &[("x=\"2\"", 2.0)]),
            ("10 - a * 2 <= 6", &[("x=\"2\"", 6.0), ("x=\"4\"", 2.0)]),
            ("a / b > 1", &[("x=\"4\"", 2.0)]),
            ("a < b", &[("x=\"2\"", 2.0)]),
            ("b - a != 6", &[("x=\"4\"", -2.0)]),
            ("a / one >= 1", &[("x=\"2\"", 1.0), ("x=\"4\"", 2.0)]),
            ("one / a > 1", &[("x=\"1\"", 2.0)]),
            ("one > a", &[("x=\"1\"", 2.0)]),
            ("one / one == 1", &[("", 1.0)]),
            ("100 * (1 - one / (one + 6)) > 70", &[("", 75.0)]),
            ("1 + 2 < one + 2", &[("", 4.0)]),
            ("a - none < 5", &[]),
            ("none > 0", &[]),
            ("one / 0 > 1e300", &[("", f64::INFINITY)]),
        ] {
            assert_eq!(evaluated(text, &[A, B, ONE, NONE]), owned(expected), "{text}");
        }
        assert!(evaluated("one * 0 / 0 > 0", &[ONE]).is_empty(), "no number is larger than NaN");
    }
}
