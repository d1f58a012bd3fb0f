//! What a condition is made of.

use crate::base::sys;
use regex_lite::Regex;
use std::time::Duration;

/// A condition that was found to be right.
#[derive(Clone, Debug, Default)]
pub struct Expr {
    /// What it asks for.
    pub series: Vec<Selector>,
    /// What is done with it; the last step compares.
    pub steps: Vec<Step>,
}

/// One step: takes what it needs from those before it, and leaves its result to those after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Leaves a number.
    Number(f64),
    /// Leaves what is there of the series at this place.
    Series(usize),
    /// Takes two, leaves what comes out.
    Calculate(Operator),
    /// Takes two, leaves those of the first that compare so.
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

/// How two numbers may compare.
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

/// Which series are asked for.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The name of the metric.
    pub name: String,
    /// All of them must hold.
    pub matchers: Vec<Matcher>,
    /// What is wanted of each.
    pub want: Want,
}

/// What is wanted of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Its value.
    Value,
    /// By how much it grew in a window, a second.
    Rate(Duration),
    /// By how much it grew in a window.
    Increase(Duration),
    /// 1 if there is none.
    Absent,
}

/// What is asked of one label.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// Its name; a series without the label has it with an empty value.
    pub label: String,
    /// What its value is held against.
    pub value: Sample,
    /// It must not be so.
    pub negated: bool,
}

/// What a value is held against.
#[derive(Clone, Debug)]
pub enum Sample {
    /// A text.
    Text(String),
    /// A pattern for the whole of it.
    Pattern(Regex),
}

impl Operator {
    /// Does it.
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
    /// Whether it holds.
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
    /// Whether a label with this value is asked for.
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
    /// The labels of `absent` where there is none, sorted: what all matchers of a label say, as it is
    /// in PromQL. The first that wants a text says it, and any behind it unsays it.
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
