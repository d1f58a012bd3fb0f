//! Splits frames that a receiver does not accept at once.

use crate::model::frame::{Frame, SeriesView, State};

/// Splits the families of a frame, or the series of the only one, so that both parts have about as many
/// series; `None` where there is only one series.
pub fn halves(frame: &Frame) -> Option<(Frame, Frame)> {
    let counts: Vec<usize> = frame.view(0).families().map(|f| f.series().count()).collect();
    let (all, mut first) = (counts.iter().sum::<usize>(), 0);
    match counts.split_last() {
        Some((one, [])) => first = one / 2,
        Some((_, rest)) => {
            for count in rest {
                first += count;
                if first * 2 >= all {
                    break;
                }
            }
        }
        None => {}
    }
    let mut at = 0;
    (first > 0).then(|| {
        divided(frame, &mut |_| {
            at += 1;
            at <= first
        })
    })
}

/// Splits a frame into series with the frame's time and series with times of their own; `None` where one of
/// the two is empty.
pub fn by_stamp(frame: &Frame) -> Option<(Frame, Frame)> {
    split(frame, |series| series.def.is_timed).filter(|(own, _)| !own.is_empty())
}

/// Splits a frame into others and increments; `None` where there are none.
pub fn by_delta(frame: &Frame) -> Option<(Frame, Frame)> {
    split(frame, |series| series.is_delta)
}

/// The series for which `is_second` does not hold, and the others; `None` where there are none.
fn split(frame: &Frame, is_second: fn(&SeriesView<'_>) -> bool) -> Option<(Frame, Frame)> {
    let mut all = frame.view(0).families().flat_map(|family| family.series());
    all.any(|series| is_second(&series)).then(|| divided(frame, &mut |series| !is_second(series)))
}

/// The series for which `is_first` holds, and the others. It is called for each in their order.
fn divided(frame: &Frame, is_first: &mut dyn FnMut(&SeriesView<'_>) -> bool) -> (Frame, Frame) {
    let (mut one, mut other) = (frame.clone(), frame.clone());
    for family in frame.view(0).families() {
        for series in family.series() {
            let out = if is_first(&series) { &mut other } else { &mut one };
            leave_out(out, series.id);
        }
    }
    (one, other)
}

/// Removes the numbers of a series from the frame.
pub fn leave_out(frame: &mut Frame, id: u32) {
    if let Some(state) = frame.states.get_mut(id as usize) {
        *state = State::Absent;
    }
    if let Some(def) = frame.table.one(id) {
        let (at, count) = (def.slot as usize, def.shape.slots() + usize::from(def.is_timed));
        let slots = frame.slots.get_mut(at..at + count);
        slots.into_iter().for_each(|slots| slots.fill(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frame::testing::Made;
    use crate::model::metric::{Kind, Value};

    fn names(frame: &Frame) -> Vec<(String, usize)> {
        let families = frame.view(0).families();
        families.map(|f| (f.def.name.to_owned(), f.series().count())).collect()
    }

    #[test]
    fn families_stay_whole_and_none_is_lost() {
        let mut made = Made::new();
        for (family, series) in [("a", 1), ("b", 5), ("c", 2), ("d", 1)] {
            made.family(family, Kind::Gauge, "");
            for n in 0..series {
                made.number(&[("n", &n.to_string())], Value::Int(n));
            }
        }
        let frame = made.frame();
        let (one, other) = halves(&frame).unwrap();
        assert_eq!(names(&one), [("a".to_owned(), 1), ("b".to_owned(), 5)]);
        assert_eq!(names(&other), [("c".to_owned(), 2), ("d".to_owned(), 1)]);
        assert_eq!((one.moment, other.slots.len()), (frame.moment, frame.slots.len()));
        let (a, b) = halves(&one).unwrap();
        assert_eq!((names(&a).len(), names(&b).len()), (1, 1));
        assert!(halves(&a).is_none());
        // A family that is too large on its own is split, too.
        let (c, d) = halves(&b).unwrap();
        assert_eq!((names(&c), names(&d)), (vec![("b".to_owned(), 2)], vec![("b".to_owned(), 3)]));
    }
}
