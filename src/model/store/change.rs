//! What a sample does to its series.

use super::family::Known;
use super::index::NONE;
use super::labels::is_word;
use super::series::{Buckets, NEVER, Parts, Series, amount, time_of};
use super::{Amount, Change, DEFAULT_BUCKETS, Group, Offer, Reason, Store};
use crate::base::float::float;
use crate::model::metric::{Kind, Labels, Point};
use std::time::Instant;

/// What would become of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// So much more there would be, without the family.
    pub more: Amount,
    /// There is no such family yet.
    pub is_new: bool,
    /// Series of the group must go first.
    pub clashes: bool,
}

impl Store {
    /// Takes a sample, or says why not; a refused one changes nothing.
    pub(super) fn change(&mut self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let known = self.family_of(offer, now)?;
        let kind = kind_in(known.and_then(|id| self.families.get(id)), offer);
        let slot = known.and_then(|id| self.find(id, offer.labels, is_whole(offer)));
        let slot = slot.filter(|slot| !self.remove_expired(*slot, now));
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        let value = next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        if slot.is_none() {
            self.judge_lines(offer, now)?;
        }
        let slot = match slot {
            Some(slot) => {
                self.replace_parts(offer, slot, now)?;
                slot
            }
            None => self.make(offer, now)?,
        };
        let generation = self.groups.generation(offer.group);
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let family = self.families.get(series.family);
        series.value = value;
        series.generation = generation;
        series.time = time_of(offer.time, now);
        let ttl = u64::try_from(offer.ttl.as_millis()).unwrap_or(NEVER);
        // What was declared stays.
        let stays = series.expires == NEVER && family.is_some_and(|f| f.declared);
        series.expires = if ttl == 0 || stays { NEVER } else { now.saturating_add(ttl) };
        let Some(parts) = &mut series.parts else { return Ok(()) };
        let bounds = family.map_or(&[][..], |f| &f.buckets);
        match offer.change {
            Change::Observe(values) => values.iter().for_each(|v| parts.observe(bounds, *v, 1)),
            Change::ObserveMany(value, times) => parts.observe(bounds, value, times),
            // They are those of the offer already.
            _ => {}
        }
        Ok(())
    }

    /// How much more there would be if `offer` was taken, or why it would not be. Room is not
    /// looked at. The group replaces its series of that family; all of its series if `is_all`.
    pub fn judge(
        &self,
        offer: &Offer<'_>,
        is_all: bool,
        now: Instant,
    ) -> Result<Judgement, Reason> {
        let now = self.millis(now);
        let id = self.families.find(offer.name);
        let known = id.and_then(|id| self.families.get(id));
        let is_own = known.is_some_and(|family| family.is_only_of(offer.group));
        if !is_own && known.is_some_and(|family| !takes(family, offer)) {
            return Err(Reason::Kind);
        }
        // Its type and help text may be replaced together with all its series.
        let differs = |f: &Known| f.kind != offer.kind || *f.help != *offer.help;
        let clashes = is_own && known.is_some_and(differs);
        let stays = known.filter(|_| !clashes);
        let kind = kind_in(stays, offer);
        if stays.is_none() {
            let without = is_all.then_some(offer.group);
            self.families.judge(offer, &self.bounds, without)?;
        }
        let find = |is_whole| id.and_then(|id| self.find(id, offer.labels, is_whole));
        // What goes may have been of another shape.
        let other = || find(!is_whole(offer)).filter(|_| clashes);
        let slot = find(is_whole(offer)).or_else(other);
        let old = slot.and_then(|slot| self.series.get(slot as usize));
        let old = old.filter(|series| series.expires > now);
        if let Some(old) = old {
            self.judge_owner(offer, old)?;
        }
        if let (None, Some(row)) = (old, known.and_then(|family| family.ours)) {
            self.families.judge_ours(row, offer)?;
        }
        next_value(offer, kind, old.map_or(0.0, |series| series.value))?;
        self.judge_lines(offer, now)?;
        let parts = fresh_parts(offer, stays.map_or(fresh_buckets(offer), Known::buckets));
        let mut more = amount(offer.labels.text(), parts.as_ref());
        more.take(old.map_or(Amount::default(), Series::amount));
        // Parts of a histogram may be in the way that the group has now.
        let is_in_the_way =
            known.is_none() && self.families.judge(offer, &self.bounds, None) == Err(Reason::Taken);
        let clashes = clashes || is_in_the_way;
        Ok(Judgement { more, is_new: known.is_none(), clashes })
    }

    /// The family that takes `offer`; there may be none yet.
    fn family_of(&mut self, offer: &Offer<'_>, now: u64) -> Result<Option<u32>, Reason> {
        let mut known = self.families.look_up(offer.name);
        let other = |store: &Store, id: Option<u32>| {
            id.and_then(|id| store.families.get(id)).is_some_and(|f| !takes(f, offer))
        };
        if other(self, known) {
            // Perhaps all of it is over.
            self.sweep_all(now);
            known = self.families.look_up(offer.name);
            if other(self, known) {
                return Err(Reason::Kind);
            }
        }
        Ok(known)
    }

    /// Whether the sample may change the series that is there.
    fn judge_owner(&self, offer: &Offer<'_>, old: &Series) -> Result<(), Reason> {
        if old.owner != offer.group {
            return Err(Reason::Owned);
        }
        let is_said = matches!(offer.change, Change::Set(_)) || replaced(offer).is_some();
        if is_said && self.is_taken_now(offer, old) {
            return Err(Reason::Twice);
        }
        Ok(())
    }

    /// Whether the series came in the set that is being taken.
    fn is_taken_now(&self, offer: &Offer<'_>, old: &Series) -> bool {
        old.owner == offer.group
            && old.generation == self.groups.generation(offer.group)
            && self.groups.is_open(offer.group)
    }

    /// Whether some line of a sample that has no series yet is another series: a histogram may stand
    /// beside lines of such names, but no line is there twice.
    fn judge_lines(&self, offer: &Offer<'_>, now: u64) -> Result<(), Reason> {
        let judge = |name: &str, labels: &[u8], is_whole: bool, at: Option<f64>, reason| {
            let known = self.families.find(name);
            let slot = known.and_then(|id| self.find(id, Labels::rendered(labels), is_whole));
            let old = slot.and_then(|slot| self.series.get(slot as usize));
            match old.filter(|series| series.expires > now) {
                Some(old) if !self.has_line(old, at) => Ok(()),
                Some(old) if old.owner != offer.group => Err(Reason::Owned),
                Some(old) if self.is_taken_now(offer, old) => Err(reason),
                _ => Ok(()),
            }
        };
        let (name, labels) = (offer.name, offer.labels);
        if is_whole(offer) {
            for part in ["_sum", "_count"] {
                judge(&[name, part].concat(), labels.text(), false, None, Reason::Taken)?;
            }
            let (name, key): (_, &[u8]) = match offer.kind {
                Kind::Histogram => ([name, "_bucket"].concat(), b"le"),
                _ => (name.to_owned(), b"quantile"),
            };
            if self.families.find(&name).is_none() {
                return Ok(());
            }
            // Who gives no texts brings no lines either.
            let texts = replaced(offer).map_or("", |(_, texts)| texts);
            let (texts, _) = texts.split_once('=').unwrap_or((texts, ""));
            for text in texts.split_terminator(',') {
                // OpenMetrics writes 1 as 1.0.
                for text in [text, text.trim_end_matches(".0"), &[text, ".0"].concat()] {
                    let (line, _) = edited(labels, key, Some(text.as_bytes()));
                    judge(&name, &line, false, None, Reason::Taken)?;
                }
            }
            return Ok(());
        }
        if let Some(stem) = name.strip_suffix("_sum").or_else(|| name.strip_suffix("_count")) {
            judge(stem, labels.text(), true, None, Reason::Twice)?;
        }
        let (stem, key, kind): (_, &[u8], _) = match name.strip_suffix("_bucket") {
            Some(stem) => (stem, b"le", Kind::Histogram),
            None => (name, b"quantile", Kind::Summary),
        };
        let known = self.families.find(stem).and_then(|id| self.families.get(id));
        if known.is_none_or(|family| family.kind != kind) {
            return Ok(());
        }
        match edited(labels, key, None) {
            (text, Some(at)) => judge(stem, &text, true, Some(at), Reason::Twice),
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

    /// A series whose time is over is none.
    fn remove_expired(&mut self, slot: u32, now: u64) -> bool {
        let is_over = self.series.get(slot as usize).is_some_and(|s| s.expires <= now);
        if is_over {
            self.remove(slot);
        }
        is_over
    }

    /// A histogram or summary becomes that of the offer; one of another shape takes another place.
    fn replace_parts(&mut self, offer: &Offer<'_>, slot: u32, now: u64) -> Result<(), Reason> {
        let Some((point, texts)) = replaced(offer) else { return Ok(()) };
        let Some(series) = self.series.get_mut(slot as usize) else { return Ok(()) };
        let family = self.families.get(series.family).map_or(NO_BUCKETS, Known::buckets);
        let before = series.amount();
        if series.parts.as_mut().is_some_and(|parts| parts.set(point, texts, family)) {
            return Ok(());
        }
        let Some(parts) = Parts::of(point, texts, family) else { return Ok(()) };
        let account = self.groups.account(series.owner);
        let after = amount(&series.text, Some(&parts));
        let mut more = after;
        more.take(before);
        if self.room(account, more).is_err() {
            self.sweep_all(now);
            self.room(account, more)?;
        }
        self.refund(account, before);
        self.charge(account, after);
        if let Some(series) = self.series.get_mut(slot as usize) {
            series.parts = Some(Box::new(parts));
        }
        Ok(())
    }

    /// Makes a series, and its family where there is none.
    fn make(&mut self, offer: &Offer<'_>, now: u64) -> Result<u32, Reason> {
        // The family may have gone with its last series.
        let known = self.families.look_up(offer.name);
        let of_family = known.and_then(|id| self.families.get(id)).map(Known::buckets);
        let fresh = fresh_buckets(offer);
        let parts = fresh_parts(offer, of_family.unwrap_or(fresh));
        let series = amount(offer.labels.text(), parts.as_ref());
        let more = |is_new: bool| {
            let mut more = series;
            if is_new {
                more.add(offer.of_family());
            }
            more
        };
        if self.room(offer.group, more(known.is_none())).is_err() {
            self.sweep_all(now);
        }
        // Its time may have been over, too.
        let known = known.and_then(|_| self.families.look_up(offer.name));
        match known.and_then(|id| self.families.get(id)) {
            None => self.families.judge(offer, &self.bounds, None)?,
            Some(family) => {
                family.ours.map_or(Ok(()), |row| self.families.judge_ours(row, offer))?;
            }
        }
        self.room(offer.group, more(known.is_none()))?;
        let family = match known {
            Some(id) => id,
            None => self.make_family(offer, fresh.bounds),
        };
        let series = Series {
            text: offer.labels.text().into(),
            value: 0.0,
            time: time_of(None, now),
            expires: NEVER,
            parts: parts.map(Box::new),
            family,
            previous: NONE,
            next: NONE,
            hash: self.hash(family, offer.labels),
            owner: offer.group,
            generation: 0,
        };
        Ok(self.insert(series))
    }
}

/// Those that a family has which `offer` makes.
fn fresh_buckets<'a>(offer: &Offer<'a>) -> Buckets<'a> {
    match (offer.change, replaced(offer)) {
        (_, Some((Point::Histogram(h), texts))) => Buckets { bounds: h.bounds, texts },
        (Change::Observe(_) | Change::ObserveMany(..), _) => DEFAULT,
        _ => NO_BUCKETS,
    }
}

/// Those of a series that is not there yet, in a family with these buckets.
fn fresh_parts(offer: &Offer<'_>, family: Buckets<'_>) -> Option<Parts> {
    match offer.change {
        Change::Replace(point) => Parts::of(point, "", family),
        Change::ReplaceAs(point, texts) => Parts::of(point, texts, family),
        Change::Observe(_) | Change::ObserveMany(..) => {
            Some(Parts::Counts(vec![0; family.bounds.len() + 1].into()))
        }
        Change::Set(_) | Change::Add(_) => None,
    }
}

/// Those of a family that has none, and those where nobody says others.
const NO_BUCKETS: Buckets<'static> = Buckets { bounds: &[], texts: "" };
const DEFAULT: Buckets<'static> = Buckets { bounds: &DEFAULT_BUCKETS, texts: "" };

/// What is replaced as a whole, and how its bounds were written.
fn replaced<'a>(offer: &Offer<'a>) -> Option<(Point<'a>, &'a str)> {
    match offer.change {
        Change::Replace(point) => Some((point, "")),
        Change::ReplaceAs(point, texts) => Some((point, texts)),
        _ => None,
    }
}

/// Whether it is a sample of a histogram or summary.
fn is_whole(offer: &Offer<'_>) -> bool {
    !matches!(offer.change, Change::Set(_) | Change::Add(_))
}

/// The labels without that of this key, or with another value of it, and what number it had.
fn edited(labels: Labels<'_>, key: &[u8], value: Option<&[u8]>) -> (Vec<u8>, Option<f64>) {
    let (mut text, mut number, mut more) = (Vec::new(), None, value);
    let mut put = |key: &[u8], value: &[u8]| {
        let quote: &[u8] = if is_word(key, b"_") { b"" } else { b"\"" };
        let comma: &[u8] = if text.is_empty() { b"" } else { b"," };
        for part in [comma, quote, key, quote, b"=\"", value, b"\""] {
            text.extend_from_slice(part);
        }
    };
    for (label, old) in labels.raw_pairs() {
        if label == key {
            number = str::from_utf8(old).ok().and_then(float);
            continue;
        }
        if let Some(value) = more.take_if(|_| is_word(label, b"_") && label > key) {
            put(key, value);
        }
        put(label, old);
    }
    if let Some(value) = more {
        put(key, value);
    }
    (text, number)
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Counter | Kind::Gauge | Kind::Untyped)
}

/// Whether the family takes such samples: the first type wins, and those who bring what others told
/// them may call a number otherwise, or bring one where others of them have histograms. A family of
/// ours keeps its type, and takes besides what does not say what it is.
fn takes(family: &Known, offer: &Offer<'_>) -> bool {
    let is_told = offer.group != Group::SHARED && is_number(offer.kind);
    let is_typed = family.ours.is_some_and(|row| row.kind != Kind::Untyped);
    let is_vague = offer.kind == Kind::Untyped || !is_typed;
    let is_near = offer.kind == Kind::Untyped || family.owner != Group::SHARED;
    family.kind == offer.kind || is_told && is_vague && (is_near || is_number(family.kind))
}

/// What a sample is in the family that takes it.
fn kind_in(family: Option<&Known>, offer: &Offer<'_>) -> Kind {
    let of_family = family.map_or(offer.kind, |family| family.kind);
    if is_number(offer.kind) && !is_number(of_family) { offer.kind } else { of_family }
}

/// What the series of this kind has after `offer`.
fn next_value(offer: &Offer<'_>, kind: Kind, old: f64) -> Result<f64, Reason> {
    let whole = replaced(offer).map(|(point, _)| point);
    let value = match (whole, offer.change, kind) {
        (Some(Point::Histogram(histogram)), _, Kind::Histogram) => {
            judge_buckets(histogram.bounds, histogram.counts)?;
            histogram.sum
        }
        (Some(Point::Summary(summary)), _, Kind::Summary) => summary.sum,
        (_, Change::Observe(values), Kind::Histogram) => old + values.iter().sum::<f64>(),
        (_, Change::ObserveMany(value, times), Kind::Histogram) => old + value * times as f64,
        (_, Change::Set(value), kind) if is_number(kind) => value,
        (_, Change::Add(more), Kind::Counter) if more < 0.0 => return Err(Reason::Negative),
        (_, Change::Add(more), kind) if is_number(kind) => old + more,
        _ => return Err(Reason::Number),
    };
    // What others computed may well be no number, or a counter below zero: Prometheus keeps both.
    let is_said = whole.is_some() || matches!(offer.change, Change::Set(_));
    if is_said && offer.group != Group::SHARED {
        return Ok(value);
    }
    if !value.is_finite() {
        return Err(Reason::Number);
    }
    if kind == Kind::Counter && value < 0.0 {
        return Err(Reason::Negative);
    }
    Ok(value)
}

/// Whether these are the buckets of a histogram.
fn judge_buckets(bounds: &[f64], counts: &[u64]) -> Result<(), Reason> {
    let ascends = |pair: &[f64]| matches!(pair, [a, b] if a < b);
    let is_one = counts.len() == bounds.len() + 1 && bounds.windows(2).all(ascends);
    let is_sound = is_one && !bounds.iter().any(|b| b.is_nan() || *b == f64::INFINITY);
    if is_sound { Ok(()) } else { Err(Reason::Buckets) }
}
