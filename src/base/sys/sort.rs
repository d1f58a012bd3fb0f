//! Sorting in place. The standard library's sort is compiled once for each type, which is 300 bytes each; this
//! is one function that moves bytes, with a comparison for each type.
//!
//! Up to `FEW` elements it is a Shell sort: it is fast on input that is nearly sorted, and a few dozen elements take
//! half the comparisons of a heap sort. A longer input may come from outside, in an order that makes a Shell sort slow,
//! and gets a heap sort. The sort is not stable.

use std::cmp::Ordering;
use std::ptr::swap_nonoverlapping;

/// The most elements for a Shell sort; at worst it compares some 10 000 times.
const FEW: usize = 256;

/// Sorts `items` by `order`.
#[inline]
pub fn sort<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    // SAFETY: `shell` passes addresses of elements of `items`, to which there is no other reference.
    let is_behind = |a: *const u8, b: *const u8| unsafe { order(&*a.cast(), &*b.cast()).is_gt() };
    let sort = if items.len() <= FEW { shell } else { heap };
    // SAFETY: there are `len` elements of that size, and they are swapped as a whole: each is still
    // there once, even where `order` panics.
    unsafe { sort(items.as_mut_ptr().cast(), items.len(), size_of::<T>(), &is_behind) }
}

/// Whether the first of two elements goes after the second.
type IsBehind<'o> = dyn Fn(*const u8, *const u8) -> bool + 'o;

/// # Safety
///
/// At `base` are `len` elements of `size` bytes, which may be moved.
unsafe fn shell(base: *mut u8, len: usize, size: usize, is_behind: &IsBehind<'_>) {
    let mut gap = len;
    while gap > 1 {
        gap = (gap * 4 / 9).max(1);
        for from in gap..len {
            let mut at = from;
            while at >= gap {
                // SAFETY: both are below `len`, and `gap` is not 0, so they do not overlap.
                unsafe {
                    let (one, other) = (base.add((at - gap) * size), base.add(at * size));
                    if !is_behind(one, other) {
                        break;
                    }
                    swap_nonoverlapping(one, other, size);
                }
                at -= gap;
            }
        }
    }
}

/// # Safety
///
/// As for `shell`.
unsafe fn heap(base: *mut u8, len: usize, size: usize, is_behind: &IsBehind<'_>) {
    // First the elements become a heap, from its last parent up; then its top is put after the rest, again and
    // again.
    for step in (0..len + len / 2).rev() {
        let (mut at, end) = if step < len { (0, step) } else { (step - len, len) };
        // SAFETY: all places are below `end`, which is at most `len`, except `end` itself where it is below `len`;
        // two that are swapped are never the same.
        unsafe {
            if at == 0 && 0 < end && end < len {
                swap_nonoverlapping(base, base.add(end * size), size);
            }
            loop {
                let mut child = 2 * at + 1;
                if child >= end {
                    break;
                }
                let other = child + 1;
                child += usize::from(
                    other < end && is_behind(base.add(other * size), base.add(child * size)),
                );
                let (parent, larger) = (base.add(at * size), base.add(child * size));
                if !is_behind(larger, parent) {
                    break;
                }
                swap_nonoverlapping(parent, larger, size);
                at = child;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut random = 1_u64;
        for len in (0..300).chain([5000]) {
            let mut numbers: Vec<(u8, u32)> = (0..len)
                .map(|at| {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((random >> 60) as u8, at)
                })
                .collect();
            let mut texts: Vec<String> = numbers.iter().map(|pair| format!("{pair:?}")).collect();
            let mut twins = (numbers.clone(), texts.clone());
            for _ in 0..2 {
                sort(&mut numbers, Ord::cmp);
                sort(&mut texts, |a, b| b.cmp(a));
                twins.0.sort();
                twins.1.sort_by(|a, b| b.cmp(a));
                assert_eq!((&numbers, &texts), (&twins.0, &twins.1), "{len}");
                numbers.reverse();
                twins.0.reverse();
            }
        }
        sort(&mut [(); 9], Ord::cmp);
    }
}
