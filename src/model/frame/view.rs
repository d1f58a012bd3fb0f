//! A frame for encoders: families, their series, each with its sample and time stamps.

use super::{FamilyDef, Frame, Reading, SeriesDef, State, Table};

/// A frame with time stamps.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    frame: &'a Frame,
    boot_time: i64,
}

impl Frame {
    /// Adds time stamps: `boot_time` is when the machine started, in milliseconds since 1970.
    pub fn view(&self, boot_time: i64) -> View<'_> {
        View { frame: self, boot_time }
    }
}

impl<'a> View<'a> {
    /// The frame itself.
    pub fn frame(&self) -> &'a Frame {
        self.frame
    }

    /// When it was taken, in milliseconds since 1970.
    pub fn time(&self) -> i64 {
        self.at(self.frame.moment.since_boot)
    }

    fn at(&self, since_boot: u64) -> i64 {
        self.boot_time.saturating_add(i64::try_from(since_boot).unwrap_or(i64::MAX))
    }

    /// The families with samples, or with series that are newly stale, in the order in which they first came.
    pub fn families(&self) -> impl Iterator<Item = FamilyView<'a>> + use<'a> {
        let view = *self;
        let mut rest = self.frame.table.order();
        std::iter::from_fn(move || {
            loop {
                let table = &view.frame.table;
                let first = table.family_of(*rest.first()?);
                let ends = |id: &u32| table.family_of(*id) != first;
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                let (here, after) = rest.split_at_checked(end)?;
                rest = after;
                if here.iter().any(|id| view.state(*id) != State::Absent) {
                    return Some(FamilyView { view, def: table.family(first)?, ids: here });
                }
            }
        })
    }

    fn state(&self, id: u32) -> State {
        self.frame.states.get(id as usize).copied().unwrap_or_default()
    }
}

/// A family in a frame.
#[derive(Clone, Copy, Debug)]
pub struct FamilyView<'a> {
    view: View<'a>,
    /// Its definition.
    pub def: FamilyDef<'a>,
    ids: &'a [u32],
}

impl<'a> FamilyView<'a> {
    /// The series of it that have a sample or are newly stale.
    pub fn series(&self) -> impl Iterator<Item = SeriesView<'a>> + Clone + use<'a> {
        let (view, is_delta) = (self.view, self.def.is_delta);
        self.ids.iter().filter_map(move |id| {
            let state = view.state(*id);
            let def = view.frame.table.one(*id).filter(|_| state != State::Absent)?;
            let (id, is_stale) = (*id, state == State::Stale);
            let at = def.slot as usize;
            let count = def.shape.slots() + usize::from(def.is_timed);
            let slots = view.frame.slots.get(at..at + count)?;
            Some(SeriesView { view, id, def, slots, is_stale, is_delta })
        })
    }
}

/// A series in a frame.
#[derive(Clone, Copy, Debug)]
pub struct SeriesView<'a> {
    view: View<'a>,
    /// Its number in the table.
    pub id: u32,
    /// Its definition.
    pub def: SeriesDef<'a>,
    slots: &'a [u64],
    /// It is stale since the frame before: there is no sample, all numbers are 0.
    pub is_stale: bool,
    /// It counts since the frame before.
    pub is_delta: bool,
}

impl<'a> SeriesView<'a> {
    /// Its labels, sorted by key; none is empty.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let table: &'a Table = &self.view.frame.table;
        table.labels(self.id)
    }

    /// Its sample.
    pub fn reading(&self) -> Option<Reading<'a>> {
        Reading::of(self.def.shape, self.slots)
    }

    /// When the sample was taken, in milliseconds since 1970.
    pub fn time(&self) -> i64 {
        match self.slots.last() {
            Some(time) if self.def.is_timed && !self.is_stale => *time as i64,
            _ => self.view.time(),
        }
    }

    /// When it started to count, in milliseconds since 1970: constant until it starts again. Series that count
    /// since the machine started have whole seconds, so that clock readings do not move them.
    pub fn start(&self) -> i64 {
        match (self.is_delta, self.def.start) {
            (true, _) => self.view.at(self.view.frame.before),
            (false, 0) => self.view.boot_time.div_euclid(1000) * 1000,
            (false, start) => self.view.at(start),
        }
    }
}
