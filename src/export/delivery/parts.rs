//! Frames that are too large for a receiver go in parts.

use crate::frame::{Frame, State};

/// Parts the families of a frame, so that both have about as many series; `None` where there is one
/// family only.
pub fn halves(frame: &Frame) -> Option<(Frame, Frame)> {
    let counts: Vec<usize> = frame.view(0).families().map(|f| f.series().count()).collect();
    let (all, mut sum) = (counts.iter().sum::<usize>(), 0);
    let reach = |count: &usize| {
        sum += count;
        sum * 2 >= all
    };
    let first = counts.iter().position(reach)? + 1;
    let first = first.min(counts.len() - 1);
    if first == 0 {
        return None;
    }
    let (mut one, mut other) = (frame.clone(), frame.clone());
    for (at, family) in frame.view(0).families().enumerate() {
        let out = if at < first { &mut other } else { &mut one };
        family.series().for_each(|series| leave_out(out, series.id));
    }
    Some((one, other))
}

/// A series that is not in the frame has no numbers there.
fn leave_out(frame: &mut Frame, id: u32) {
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
    use crate::frame::testing::Made;
    use crate::metric::{Kind, Value};

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
        assert!(halves(&a).is_none() && halves(&b).is_none());
    }
}
