//! What is requested of a registry, and one family of it.

use super::cell::{Cell, Counter, Gauge, Sort};
use super::histogram::Histogram;
use super::shape::Shape;
use crate::model::metric::{self, Kind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The metric that is requested.
pub enum MetricRequest<'a> {
    Counter,
    Gauge,
    /// With this shape if it is the first of its family, otherwise with that of its family; `None` uses the
    /// shape of its name.
    Histogram(Option<&'a Shape>),
}

impl MetricRequest<'_> {
    /// A cell of that kind that is not exposed.
    pub fn hidden_cell(&self) -> Cell {
        match self {
            MetricRequest::Counter => Cell::Counter(Counter::default()),
            MetricRequest::Gauge => Cell::Gauge(Gauge::default()),
            MetricRequest::Histogram(_) => {
                Cell::Histogram(Histogram::new(&Shape::buckets(&[]), Arc::default()))
            }
        }
    }

    #[inline]
    pub fn sort(&self) -> Sort {
        match self {
            MetricRequest::Counter => Sort::Counter,
            MetricRequest::Gauge => Sort::Gauge,
            MetricRequest::Histogram(_) => Sort::Histogram,
        }
    }

    /// Whether a family of that kind satisfies the request.
    pub fn is(&self, kind: Kind) -> bool {
        match self {
            MetricRequest::Counter => kind == Kind::Counter,
            MetricRequest::Gauge => kind == Kind::Gauge,
            MetricRequest::Histogram(_) => matches!(kind, Kind::Histogram | Kind::Summary),
        }
    }
}

/// One family.
#[derive(Clone)]
pub struct Family {
    pub name: Box<str>,
    /// The name with unit and `_total`, where it differs.
    pub(super) exposed: Option<Box<str>>,
    pub kind: Kind,
    pub(super) help: Box<str>,
    /// The shape of a histogram or summary.
    pub(super) shape: Option<Shape>,
    pub(super) stamp: u32,
    pub(super) is_openmetrics_unknown: bool,
}

impl Family {
    /// The name on pages.
    pub(super) fn exposed(&self) -> &str {
        self.exposed.as_deref().unwrap_or(&self.name)
    }

    /// As sinks know families.
    pub fn row(&self) -> metric::Row<'_> {
        let row = metric::Family::made(self.kind, self.exposed(), &self.help, self.stamp);
        let row = if self.is_openmetrics_unknown { row.openmetrics_unknown() } else { row };
        if self.help.is_empty() { row.undescribed() } else { row }
    }

    /// The number of lines per series.
    pub fn weight(&self) -> usize {
        self.shape.as_ref().map_or(1, Shape::weight)
    }

    /// Whether its series have labels of their own.
    pub fn has_parts(&self) -> bool {
        self.shape.is_some()
    }

    pub fn new_cell(&self, left_out: &Arc<AtomicU64>) -> Cell {
        match (&self.shape, self.kind) {
            (Some(shape), _) => Cell::Histogram(Histogram::new(shape, Arc::clone(left_out))),
            (None, Kind::Counter) => Cell::Counter(Counter::default()),
            _ => Cell::Gauge(Gauge::default()),
        }
    }
}
