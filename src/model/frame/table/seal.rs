//! Completes a table after series were added: their order, and the memory that it keeps.

use super::{FamilyRow, SeriesRow, Span, Table, room};

impl Table {
    /// Sorts the series of `push_series` into their places: each after those of its family. It
    /// counts them per family first, so that it takes linear time.
    pub fn seal(&mut self) {
        let known = self.order.len();
        if known == self.series.len() {
            return;
        }
        self.order.extend(known as u32..self.series.len() as u32);
        self.trim();
        let tail = self.order.get(known.saturating_sub(1)..).unwrap_or_default();
        if tail.is_sorted_by_key(|id| self.family_of(*id)) {
            return;
        }
        let mut places = vec![0u32; self.families.len() + 1];
        for row in &self.series {
            let place = places.get_mut(row.family as usize + 1);
            place.into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        for place in &mut places {
            sum += *place;
            *place = sum;
        }
        for (id, row) in (0u32..).zip(&self.series) {
            let Some(place) = places.get_mut(row.family as usize) else { continue };
            if let Some(here) = self.order.get_mut(*place as usize) {
                *here = id;
            }
            *place += 1;
        }
    }

    /// Frees memory that is not likely to be needed.
    fn trim(&mut self) {
        self.text.shrink_to(room(self.text.len()));
        self.numbers.shrink_to(room(self.numbers.len()));
        self.families.shrink_to(room(self.families.len()));
        self.series.shrink_to(room(self.series.len()));
        self.labels.shrink_to(room(self.labels.len()));
        self.order.shrink_to(room(self.order.len()));
    }

    /// The approximate memory of the table, in bytes.
    pub fn size(&self) -> usize {
        self.text.capacity()
            + self.numbers.capacity() * size_of::<f64>()
            + self.families.capacity() * size_of::<FamilyRow>()
            + self.series.capacity() * size_of::<SeriesRow>()
            + self.labels.capacity() * size_of::<[Span; 2]>()
            + self.order.capacity() * size_of::<u32>()
    }
}
