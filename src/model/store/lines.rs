//! Checks the lines of a sample without a series against other series: a histogram may coexist with lines of such
//! names, but no line may be there twice.

use super::known::Known;
use super::offered::{NO_BUCKETS, edited, is_whole, replaced};
use super::series::Series;
use super::{Group, Offer, PARTS, Reason, Store};
use crate::model::metric::{Kind, Labels, Point};

/// A line of the exposition that a sample would add.
struct Line<'a> {
    /// The name of the family that may have it.
    name: &'a str,
    labels: &'a [u8],
    /// It is a part of a histogram or summary there.
    is_whole: bool,
    /// Its bound or quantile.
    at: Option<f64>,
}

impl Store {
    /// Checks the lines of `offer`.
    pub(super) fn judge_lines(&self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        if is_whole(offer) { self.judge_whole(offer, now) } else { self.judge_number(offer, now) }
    }

    /// Whether lines of a series that exists have to be checked: the set that is being read may have brought the same
    /// lines in another form than the set before.
    pub(super) fn may_clash(&self, offer: &Offer<'_>, family: Option<u32>) -> bool {
        let is_part = || PARTS.iter().any(|part| offer.name.ends_with(part));
        let has_lines = || {
            let known = family.and_then(|id| self.families.get(id));
            let is_near = |id| self.with_lines(id).iter().flatten().count() > 1;
            known.is_some_and(|known| known.lines != 0) || family.is_some_and(is_near)
        };
        self.groups.is_open(offer.group) && (is_part() || has_lines())
    }

    /// Checks the lines of a histogram or summary against numbers.
    fn judge_whole(&self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let judge = |name: &str, labels: &[u8]| {
            let line = Line { name, labels, is_whole: false, at: None };
            self.judge_line(offer, &line, Reason::Taken, now)
        };
        let (name, labels) = (offer.name, offer.labels);
        for part in ["_sum", "_count"] {
            judge(&[name, part].concat(), labels.text())?;
        }
        let (name, key): (_, &[u8]) = match offer.kind {
            Kind::Histogram => ([name, "_bucket"].concat(), b"le"),
            _ => (name.to_owned(), b"quantile"),
        };
        if self.families.find(&name).is_none() {
            return Ok(());
        }
        // A sample without texts has no lines either.
        let texts = replaced(offer).map_or("", |(_, texts)| texts);
        let (texts, _) = texts.split_once('=').unwrap_or((texts, ""));
        for text in texts.split_terminator(',') {
            // OpenMetrics writes 1 as 1.0.
            for text in [text, text.trim_end_matches(".0"), &[text, ".0"].concat()] {
                let (line, _) = edited(labels, key, Some(text.as_bytes()));
                judge(&name, &line)?;
            }
        }
        Ok(())
    }

    /// Checks a number against histograms and summaries.
    fn judge_number(&self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let judge = |name: &str, labels: &[u8], at: Option<f64>| {
            let line = Line { name, labels, is_whole: true, at };
            self.judge_line(offer, &line, Reason::Twice, now)
        };
        let (name, labels) = (offer.name, offer.labels);
        if let Some(stem) = name.strip_suffix("_sum").or_else(|| name.strip_suffix("_count")) {
            judge(stem, labels.text(), None)?;
        }
        // A summary may have a name that ends like that of a bucket.
        for (stem, key, kind) in [
            (name.strip_suffix("_bucket").unwrap_or_default(), &b"le"[..], Kind::Histogram),
            (name, b"quantile", Kind::Summary),
        ] {
            let known = self.families.find(stem).and_then(|id| self.families.get(id));
            if known.is_some_and(|family| family.kind == kind)
                && let (text, Some(at)) = edited(labels, key, None)
            {
                judge(stem, &text, Some(at))?;
            }
        }
        Ok(())
    }

    /// Checks one line; it is rejected for `reason` if the group's own set has it already. What is shared is no set: it
    /// stays until it expires.
    fn judge_line(
        &self,
        offer: &Offer<'_>,
        line: &Line<'_>,
        reason: Reason,
        now: u64,
    ) -> Result<(), Reason> {
        let known = self.families.find(line.name);
        let labels = Labels::rendered(line.labels);
        let slot = known.and_then(|id| self.find(id, labels, line.is_whole));
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        match old.filter(|series| series.expires > now) {
            Some(old) if !self.has_line(old, line.at) => Ok(()),
            Some(old) if old.owner != offer.group => Err(Reason::Owned),
            Some(_) if offer.group == Group::SHARED => Err(Reason::Taken),
            Some(old) if self.is_in_current_set(offer, old) => Err(reason),
            _ => Ok(()),
        }
    }

    /// Whether a histogram or summary has a line for this bound or quantile.
    fn has_line(&self, series: &Series, at: Option<f64>) -> bool {
        let Some(at) = at else { return true };
        let family = self.families.get(series.family).map(Known::buckets).unwrap_or(NO_BUCKETS);
        match series.point(family) {
            Point::Number(_) => false,
            Point::Histogram(h) => at == f64::INFINITY || h.bounds.contains(&at),
            Point::Summary(s) => s.quantiles.iter().any(|(quantile, _)| *quantile == at),
        }
    }
}
