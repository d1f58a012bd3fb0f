//! How observations are kept: which histograms have which buckets, and which are summaries.

use super::name;
use super::sketch::Window;
use crate::model::store::DEFAULT_BUCKETS;
use std::sync::Arc;

/// The most buckets of a histogram, and the most quantiles of a summary.
pub const MAX_PARTS: usize = 1000;

/// The default quantiles.
pub const DEFAULT_QUANTILES: [f64; 7] = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0];

/// What a histogram keeps.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Shape {
    /// The number of observations up to each bound.
    Buckets(Arc<[f64]>),
    /// These quantiles of recent observations.
    Quantiles(Arc<[f64]>, Window),
}

impl Shape {
    /// Buckets of these bounds, in any order; NaN and infinity are left out.
    pub fn buckets(bounds: &[f64]) -> Shape {
        let mut sorted: Vec<f64> = Vec::new();
        for bound in bounds.iter().filter(|bound| bound.is_finite()).take(MAX_PARTS) {
            let at = sorted.partition_point(|known| known < bound);
            if sorted.get(at) != Some(bound) {
                sorted.insert(at, *bound);
            }
        }
        Shape::Buckets(sorted.into())
    }

    /// These quantiles, each between 0 and 1.
    pub fn quantiles(quantiles: &[f64], window: Window) -> Shape {
        let quantiles = quantiles.iter().filter(|q| !q.is_nan()).take(MAX_PARTS);
        Shape::Quantiles(quantiles.map(|q| q.clamp(0.0, 1.0)).collect(), window)
    }

    /// The number of lines when it is written.
    pub(super) fn weight(&self) -> usize {
        match self {
            Shape::Buckets(bounds) => bounds.len() + 3,
            Shape::Quantiles(quantiles, _) => quantiles.len() + 2,
        }
    }
}

impl Default for Shape {
    fn default() -> Shape {
        Shape::Buckets(DEFAULT_BUCKETS.into())
    }
}

/// Selects metrics. Where several match, `Full` comes before `Prefix` before `Suffix`,
/// and of those of one kind the first in the order of their texts.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Matcher {
    /// The metric of this name.
    Full(String),
    /// Metrics whose names begin with this.
    Prefix(String),
    /// Metrics whose names end with this.
    Suffix(String),
}

impl Matcher {
    /// The same for names in the form of Prometheus.
    fn sanitized(self) -> Matcher {
        match self {
            Matcher::Full(text) => Matcher::Full(name::metric(&text)),
            Matcher::Prefix(text) => Matcher::Prefix(name::metric(&text)),
            // It may start with a digit.
            Matcher::Suffix(text) => Matcher::Suffix(name::rest_of_metric(&text)),
        }
    }

    /// Whether it matches the metric `name`.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Matcher::Full(text) => name == text,
            Matcher::Prefix(text) => name.starts_with(text),
            Matcher::Suffix(text) => name.ends_with(text),
        }
    }
}

/// The shapes of all histograms.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// The shape of those that no matcher selects.
    pub other: Shape,
    /// In the order in which they are tried.
    matched: Vec<(Matcher, Shape)>,
}

impl From<Shape> for Shapes {
    /// The same shape for all.
    fn from(other: Shape) -> Shapes {
        Shapes { other, matched: Vec::new() }
    }
}

impl Shapes {
    /// Sets the shape for metrics that `matcher` selects; an earlier one of the same matcher is replaced.
    pub fn set(&mut self, matcher: Matcher, shape: Shape) {
        let matcher = matcher.sanitized();
        match self.matched.binary_search_by(|(known, _)| known.cmp(&matcher)) {
            Ok(at) => {
                if let Some(place) = self.matched.get_mut(at) {
                    place.1 = shape;
                }
            }
            Err(at) => self.matched.insert(at, (matcher, shape)),
        }
    }

    /// The shape of the metric `name`.
    pub fn of(&self, name: &str) -> &Shape {
        let matched = self.matched.iter().find(|(matcher, _)| matcher.matches(name));
        matched.map_or(&self.other, |(_, shape)| shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_comes_before_its_beginning_before_its_end() {
        let mut shapes = Shapes::default();
        shapes.set(Matcher::Suffix("_seconds".into()), Shape::buckets(&[3.0]));
        shapes.set(Matcher::Full("a.seconds".into()), Shape::buckets(&[9.0]));
        shapes.set(Matcher::Prefix("a_".into()), Shape::buckets(&[2.0]));
        shapes.set(Matcher::Full("a_seconds".into()), Shape::buckets(&[1.0]));
        for (name, first) in
            [("a_seconds", 1.0), ("a_bytes", 2.0), ("b_seconds", 3.0), ("b", DEFAULT_BUCKETS[0])]
        {
            let Shape::Buckets(bounds) = shapes.of(name) else { panic!("{name}") };
            assert_eq!(bounds[0], first, "{name}");
        }
    }

    #[test]
    fn bounds_ascend_and_quantiles_are_fractions() {
        let odd = [2.0, f64::INFINITY, -1.0, 2.0, f64::NAN];
        let Shape::Buckets(bounds) = Shape::buckets(&odd) else { panic!() };
        assert_eq!(*bounds, [-1.0, 2.0]);
        let Shape::Quantiles(quantiles, _) = Shape::quantiles(&odd, Window::default()) else {
            panic!()
        };
        assert_eq!(*quantiles, [1.0, 1.0, 0.0, 1.0]);
    }
}
