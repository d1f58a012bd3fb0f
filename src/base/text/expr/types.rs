//! The parts of a condition.

use crate::base::sys;
use regex_lite::Regex;
use std::time::Duration;

/// A condition that was parsed and checked.
#[derive(Clone, Debug, Default)]
pub struct Expr {
    /// The series that it needs.
    pub series: Vec<Selector>,
    /// The steps of its evaluation; the last step compares.
    pub steps: Vec<Step>,
}

/// One step: pops its arguments from a stack, and pushes its result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Pushes a number.
    Number(f64),
    /// Pushes the values of the series at this index.
    Series(usize),
    /// Pops two, pushes the result.
    Calculate(Operator),
    /// Pops two, pushes those of the first for which the comparison holds.
    Compare(Comparison),
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // their names say it
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// A comparison of two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // their names say it
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

/// Selects series.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The name of the metric.
    pub name: String,
    /// All of them must match.
    pub matchers: Vec<Matcher>,
    /// What to compute from each.
    pub want: Want,
}

/// What to compute from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Its value.
    Value,
    /// Its increase per second over a window.
    Rate(Duration),
    /// Its increase over a window.
    Increase(Duration),
    /// 1 if there is no such series.
    Absent,
}

/// A condition on one label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Its name; a series without the label has it with an empty value.
    pub label: String,
    /// What its value is compared with.
    pub value: Sample,
    /// The comparison is negated.
    pub negated: bool,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Sample {
    /// A text.
    Text(String),
    /// A pattern for the whole of it.
    Pattern(Regex),
}

impl Operator {
    /// Calculates the result.
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Operator::Add => left + right,
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
        }
    }
}

impl Comparison {
    /// Whether the comparison holds.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
        }
    }
}

impl Matcher {
    /// Whether a label with this value matches.
    pub fn takes(&self, value: &[u8]) -> bool {
        let is_it = match &self.value {
            Sample::Text(text) => text.as_bytes() == value,
            Sample::Pattern(pattern) => {
                std::str::from_utf8(value).is_ok_and(|value| pattern.is_match(value))
            }
        };
        is_it != self.negated
    }
}

impl Selector {
    /// The labels of `absent` if there is no such series, sorted: those that all matchers of a label agree on, as
    /// in PromQL. The first `=` of a label sets its value, and any later matcher of it removes it.
    pub fn absent_labels(&self) -> Vec<(String, String)> {
        let mut labels: Vec<(&str, &str)> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for Matcher { label, value, negated } in &self.matchers {
            match value {
                Sample::Text(text) if !negated && !seen.contains(&label.as_str()) => {
                    seen.push(label);
                    labels.push((label, text));
                }
                _ => labels.retain(|(name, _)| name != label),
            }
        }
        sys::sort(&mut labels, Ord::cmp);
        labels.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }
}
