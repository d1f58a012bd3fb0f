//! Sorting in place. The standard library's sort is compiled once for each type, which is 300 bytes each; this
//! is one function that moves bytes, and each type brings its comparison.
//!
//! It is a Shell sort: what is nearly in order takes little time, and a few dozen elements take half the
//! comparisons of a heap sort. Equal elements may change places.

use std::cmp::Ordering;
use std::ptr::swap_nonoverlapping;

/// Sorts `items` by `order`.
#[inline]
pub fn sort<T>(items: &mut [T], order: impl Fn(&T, &T) -> Ordering) {
    // SAFETY: `shell` hands over addresses of elements of `items`, which nothing else refers to.
    let is_behind = |a: *const u8, b: *const u8| unsafe { order(&*a.cast(), &*b.cast()).is_gt() };
    // SAFETY: there are so many elements of that size there, and they are swapped as a whole: each is still
    // there once, even where `order` panics.
    unsafe { shell(items.as_mut_ptr().cast(), items.len(), size_of::<T>(), &is_behind) }
}

/// # Safety
///
/// At `base` are `len` elements of `size` bytes, which may be moved.
unsafe fn shell(
    base: *mut u8,
    len: usize,
    size: usize,
    is_behind: &dyn Fn(*const u8, *const u8) -> bool,
) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_the_standard_library_does() {
        let mut random = 1_u64;
        for len in (0..200).chain([5000]) {
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
