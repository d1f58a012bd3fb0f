//! Compares two slices of bytes, which Rust does by the C library's `bcmp`: known names,
//! known lines, known families, some thousand times a scrape. musl's compares byte by byte,
//! which was an eighth of all instructions of a scrape.

use std::ffi::c_int;

/// `bcmp` of the C library: returns 0 if the `n` bytes at `a` and at `b` are the same, another number if not.
///
/// # Safety
///
/// Both pointers are valid for reading `n` bytes.
#[cfg_attr(all(not(test), target_env = "musl", feature = "exporter"), unsafe(no_mangle))]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, n: usize) -> c_int {
    // SAFETY: every stretch that is read lies within the `n` bytes.
    let differ = unsafe {
        if n >= 8 {
            let (mut at, last) = (0, n - 8);
            while at < last && eight(a.add(at)) == eight(b.add(at)) {
                at += 8;
            }
            let at = at.min(last);
            eight(a.add(at)) != eight(b.add(at))
        } else if n >= 4 {
            let four = |from: *const u8| from.cast::<u32>().read_unaligned();
            let last = n - 4;
            (four(a) ^ four(b)) | (four(a.add(last)) ^ four(b.add(last))) != 0
        } else if n > 0 {
            // The first, the middle and the last, which may be the same.
            let (middle, last) = (n / 2, n - 1);
            (*a ^ *b) | (*a.add(middle) ^ *b.add(middle)) | (*a.add(last) ^ *b.add(last)) != 0
        } else {
            false
        }
    };
    differ.into()
}

/// Compares two slices; inlined for callers that do so for each part of a page.
#[inline(always)]
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    // SAFETY: both are valid for reading their own length.
    a.len() == b.len() && unsafe { bcmp(a.as_ptr(), b.as_ptr(), a.len()) } == 0
}

/// # Safety
///
/// `from` is valid for reading eight bytes.
#[inline(always)]
unsafe fn eight(from: *const u8) -> u64 {
    // SAFETY: the caller guarantees it.
    unsafe { from.cast::<u64>().read_unaligned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts_and_none_beyond() {
        let one: Vec<u8> = (0..80).collect();
        for n in 0..=64 {
            for start in 0..3 {
                let mut other = one.clone();
                let differ = |other: &[u8]| {
                    // SAFETY: start + n <= 67, and both have 80 bytes.
                    unsafe { bcmp(one.as_ptr().add(start), other.as_ptr().add(start), n) != 0 }
                };
                for at in 0..other.len() {
                    other[at] ^= 0x80;
                    assert_eq!(differ(&other), (start..start + n).contains(&at), "{at} of {n}");
                    other[at] ^= 0x80;
                }
                assert!(!differ(&other));
                assert!(is_same(&one[start..start + n], &other[start..start + n]));
                assert!(!is_same(&one[start..start + n], &other[start..start + n + 1]));
                assert!(n == 0 || !is_same(&one[..n], &other[1..=n]));
            }
        }
    }
}
