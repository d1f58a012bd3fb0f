//! Series in the form of both versions: one number each. Histograms are `_bucket` with `le`, `_sum`
//! and `_count`, summaries are their own name with `quantile`, `_sum` and `_count`.

use crate::base::sys::Pen;
use crate::model::frame::{FamilyView, Reading, SeriesView};
use crate::model::metric::Value;

/// The label of the metric's name.
pub const NAME: &str = "__name__";

/// The NaN that marks the end of a series.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The NaN that is a value.
const NAN: u64 = 0x7ff8_0000_0000_0001;

/// A number as the value of a label, as text exposition writes it.
struct Bound([u8; Value::ROOM], usize);

impl Bound {
    fn of(n: f64) -> Bound {
        let mut text = [0; Value::ROOM];
        let mut pen = Pen::new(&mut text);
        pen = Value::Float(n).write(pen);
        let length = Value::ROOM - pen.left();
        Bound(text, length)
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or_default()
    }
}

/// One number of one series.
pub struct Part<'a, 's> {
    /// The series that it belongs to.
    pub series: &'s SeriesView<'a>,
    /// The suffix of its name.
    pub suffix: &'static str,
    /// An extra label.
    pub extra: Option<(&'static str, f64)>,
    /// Labels that are added if its series has none of that name: `instance` and `job`, which come
    /// between `__name__` and `extra`.
    pub labels: &'s [(String, String)],
    /// The bits of the value, a float.
    pub bits: u64,
}

impl Part<'_, '_> {
    /// Its labels in the order of their bytes, without the name: at its position, `name` is called
    /// instead.
    #[inline]
    pub fn each<T>(
        &self,
        to: &mut T,
        name: impl Fn(&mut T),
        label: impl Fn(&mut T, &str, &[u8], bool),
    ) {
        let bound = self.extra.map(|(key, bound)| (key, Bound::of(bound)));
        let extra = bound.as_ref().map(|(key, bound)| (*key, bound.as_bytes()));
        let (mut is_named, mut rest, mut more) = (false, extra, self.labels);
        for (key, value) in self.series.labels() {
            if !is_named && key >= NAME {
                name(to);
                is_named = true;
            }
            while let Some(((own, value), after)) = more.split_first()
                && own.as_str() <= key
            {
                if own != key {
                    label(to, own, value.as_bytes(), true);
                }
                more = after;
            }
            if let Some((own, bound)) = rest.take_if(|(own, _)| *own <= key) {
                // `__name__` comes before all of these.
                label(to, own, bound, false);
            }
            if key != NAME && extra.is_none_or(|(own, _)| own != key) {
                label(to, key, value.as_bytes(), true);
            }
        }
        if !is_named {
            name(to);
        }
        for (own, value) in more {
            label(to, own, value.as_bytes(), true);
        }
        if let Some((own, bound)) = rest {
            label(to, own, bound, false);
        }
    }
}

/// Calls `write` for every number of a family's series, which get `labels`.
pub fn each<'a>(
    family: &FamilyView<'a>,
    labels: &[(String, String)],
    write: &mut dyn FnMut(Part<'a, '_>),
) {
    for series in family.series() {
        if series.is_stale && series.def.is_timed {
            continue;
        }
        let series = &series;
        let bits = |value: f64| match value {
            _ if series.is_stale => STALE,
            value if value.is_nan() => NAN,
            value => value.to_bits(),
        };
        let mut put = |suffix, extra, value| {
            write(Part { series, suffix, extra, labels, bits: bits(value) });
        };
        match series.reading() {
            None => {}
            Some(Reading::Number(value)) => put("", None, value.as_f64()),
            Some(Reading::Histogram(histogram)) => {
                let mut count = 0u64;
                let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
                for (bound, within) in bounds.zip(histogram.counts) {
                    count = count.saturating_add(*within);
                    put("_bucket", Some(("le", bound)), count as f64);
                }
                put("_sum", None, histogram.sum);
                put("_count", None, count as f64);
            }
            Some(Reading::Summary(summary)) => {
                for (quantile, value) in summary.iter() {
                    put("", Some(("quantile", quantile)), value);
                }
                put("_sum", None, summary.sum);
                put("_count", None, summary.count as f64);
            }
        }
    }
}
