//! Histograms and summaries, which have several lines.

use super::line::Raw;
use super::text::{sample_text, unescaped};

/// A histogram or summary in the making.
#[derive(Default)]
pub struct Whole {
    pub family: String,
    pub is_summary: bool,
    pub labels: Raw,
    /// Each with the text of its bound or quantile.
    pub cells: Vec<(f64, String, f64)>,
    pub sum: Option<f64>,
    pub count: Option<f64>,
    pub time: Option<i64>,
    pub is_done: bool,
}

pub fn texts_of(whole: &Whole, help: &str) -> Vec<String> {
    let (name, mut out) = (unescaped(&whole.family), Vec::new());
    let mut cells: Vec<(f64, String, f64)> = Vec::new();
    let mut all = whole.cells.clone();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for cell in all {
        match cells.last().is_some_and(|last| last.0.to_bits() == cell.0.to_bits()) {
            true => out.push(format!("{name} series_twice")),
            false => cells.push(cell),
        }
    }
    let kind = if whole.is_summary { "summary" } else { "histogram" };
    if let Some(point) = point(whole, &cells) {
        let mut texts: String = cells.iter().map(|(_, text, _)| format!("{text},")).collect();
        let last = cells.last().map(|(_, _, value)| *value);
        if !whole.is_summary && last != whole.count {
            texts += &format!("={}", whole.count.unwrap() as u64);
        }
        out.push(sample_text(
            &name,
            kind,
            help,
            &whole.labels,
            &format!("{point} {texts}"),
            whole.time,
        ));
        return out;
    }
    out.push(format!("{name} unassembled"));
    let mut line = |suffix: &str, extra: Option<(String, String)>, value: f64| {
        let labels: Raw = whole.labels.iter().cloned().chain(extra).collect();
        let (name, point) = ([&name, suffix].concat(), format!("{value:?}"));
        out.push(sample_text(&name, "untyped", help, &labels, &point, whole.time));
    };
    let (suffix, key) = if whole.is_summary { ("", "quantile") } else { ("_bucket", "le") };
    for (_, text, value) in &cells {
        line(suffix, Some((key.to_owned(), text.clone())), *value);
    }
    whole.sum.into_iter().for_each(|sum| line("_sum", None, sum));
    whole.count.into_iter().for_each(|count| line("_count", None, count));
    out
}

pub fn point(whole: &Whole, cells: &[(f64, String, f64)]) -> Option<String> {
    // The count of a histogram that is another than that of its buckets is told with the texts.
    let is_count = |n: f64| (0.0..=9_007_199_254_740_992.0).contains(&n) && n.trunc() == n;
    let count = whole.count.filter(|n| is_count(*n))? as u64;
    let sum = whole.sum?;
    for (before, after) in cells.iter().zip(cells.iter().skip(1)) {
        if before.0.partial_cmp(&after.0) != Some(std::cmp::Ordering::Less) {
            return None;
        }
    }
    if whole.is_summary {
        let in_range = cells.iter().all(|(at, ..)| *at >= 0.0 && *at <= 1.0);
        let cells: Vec<_> = cells.iter().map(|(at, _, value)| (*at, *value)).collect();
        return in_range.then(|| format!("{cells:?} {sum:?} {count}"));
    }
    let (last, ..) = cells.last()?;
    if *last != f64::INFINITY || !cells.iter().all(|(_, _, n)| is_count(*n)) {
        return None;
    }
    let (mut before, mut counts, mut bounds) = (0, Vec::new(), Vec::new());
    for (bound, _, up_to) in cells {
        counts.push((*up_to as u64).checked_sub(before)?);
        before = *up_to as u64;
        bounds.push(*bound);
    }
    bounds.pop();
    Some(format!("{bounds:?} {counts:?} {sum:?}"))
}
