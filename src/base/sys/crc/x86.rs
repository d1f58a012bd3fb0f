//! CRC-32 by folding: sixty-four bytes at a time are replaced by as many that are congruent modulo the
//! polynomial, at the place of the next ones. Gopal and others, "Fast CRC Computation for Generic
//! Polynomials Using PCLMULQDQ Instruction", Intel 2009; the constants are from there.

use processor::{
    __cpuid, __m128i, _mm_and_si128, _mm_clmulepi64_si128, _mm_cvtsi32_si128, _mm_cvtsi128_si32,
    _mm_set_epi64x, _mm_srli_si128, _mm_xor_si128,
};
#[cfg(target_arch = "x86")]
use std::arch::x86 as processor;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64 as processor;
use std::sync::OnceLock;

/// The bit of CPUID's leaf 1, in ECX, for carry-less multiplication.
const PCLMULQDQ: u32 = 1 << 1;

/// Whether the processor can do this. `is_x86_feature_detected!` would query all features, in 1.6 KB.
#[allow(unused_unsafe)] // Newer compilers call it safe.
pub(super) fn has_multiplication() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    // SAFETY: every processor that Rust knows as i686 or x86_64 has CPUID.
    *HAS.get_or_init(|| unsafe { __cpuid(1) }.ecx & PCLMULQDQ != 0)
}

/// The register after all of `bytes` except fewer than 16 at the end; fewer than 64 are not processed.
#[target_feature(enable = "pclmulqdq")]
pub(super) fn folded(register: u32, bytes: &[u8]) -> (u32, &[u8]) {
    let (blocks, rest) = bytes.as_chunks::<16>();
    let (fours, blocks) = blocks.as_chunks::<4>();
    let Some(([a, b, c, d], fours)) = fours.split_first() else { return (register, bytes) };
    let (mut a, mut b, mut c, mut d) = (load(a), load(b), load(c), load(d));
    a = _mm_xor_si128(a, _mm_cvtsi32_si128(register.cast_signed()));
    let by_four = _mm_set_epi64x(0x1_c6e4_1596, 0x1_5444_2bd4);
    for [e, f, g, h] in fours {
        (a, b) = (fold(a, by_four, load(e)), fold(b, by_four, load(f)));
        (c, d) = (fold(c, by_four, load(g)), fold(d, by_four, load(h)));
    }
    let by_one = _mm_set_epi64x(0x0_ccaa_009e, 0x1_7519_97d0);
    let mut sum = fold(fold(fold(a, by_one, b), by_one, c), by_one, d);
    for block in blocks {
        sum = fold(sum, by_one, load(block));
    }
    (reduced(sum, by_one), rest)
}

#[target_feature(enable = "pclmulqdq")]
fn load(block: &[u8; 16]) -> __m128i {
    let block = u128::from_le_bytes(*block);
    _mm_set_epi64x((block >> 64) as i64, block as i64)
}

/// `sum` moved ahead by as many blocks as `keys` are for, combined with the block there.
#[target_feature(enable = "pclmulqdq")]
fn fold(sum: __m128i, keys: __m128i, block: __m128i) -> __m128i {
    let low = _mm_clmulepi64_si128::<0x00>(sum, keys);
    let high = _mm_clmulepi64_si128::<0x11>(sum, keys);
    _mm_xor_si128(_mm_xor_si128(low, high), block)
}

/// The remainder of `sum`: from 128 bits to 64, to 32 with zeros after them, and the last step by Barrett's
/// reduction, with the polynomial's inverse.
#[target_feature(enable = "pclmulqdq")]
fn reduced(sum: __m128i, by_one: __m128i) -> u32 {
    let low = _mm_set_epi64x(0, 0xffff_ffff);
    let by_word = _mm_set_epi64x(0, 0x1_63cd_6124);
    let inverse_and_polynomial = _mm_set_epi64x(0x1_f701_1641, 0x1_db71_0641);
    let sum = _mm_xor_si128(_mm_clmulepi64_si128::<0x10>(sum, by_one), _mm_srli_si128::<8>(sum));
    let product = _mm_clmulepi64_si128::<0x00>(_mm_and_si128(sum, low), by_word);
    let sum = _mm_xor_si128(product, _mm_srli_si128::<4>(sum));
    let times = _mm_clmulepi64_si128::<0x10>(_mm_and_si128(sum, low), inverse_and_polynomial);
    let multiple = _mm_clmulepi64_si128::<0x00>(_mm_and_si128(times, low), inverse_and_polynomial);
    _mm_cvtsi128_si32(_mm_srli_si128::<4>(_mm_xor_si128(sum, multiple))).cast_unsigned()
}
