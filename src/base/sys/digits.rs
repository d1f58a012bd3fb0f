//! Eight decimal digits in one word, as the numbers 0 to 9, a byte each, the first in the lowest byte: a number
//! of the kernel's text becomes such a word, and the word text again, without the number being computed.

/// "00000000", a character in each byte.
pub const ZEROS: u64 = ONES * b'0' as u64;

/// The numbers that eight digits can write.
pub const BLOCK: u64 = 100_000_000;

const ONES: u64 = u64::MAX / 255;

/// The digits at the start of `text`, after leading zeros, and how many there are.
#[inline(always)] // for every number
pub fn leading(text: &[u8; 8]) -> (u64, usize) {
    // A digit becomes its number; anything else is above 9.
    let numbers = u64::from_le_bytes(*text) ^ ZEROS;
    let others = (numbers.wrapping_add(ONES * (0x80 - 10)) | numbers) & (ONES * 0x80);
    let count = others.trailing_zeros() / 8;
    // The digits go to the end. If there are none, nothing is shifted, and the word is of no use.
    (numbers << (64u32.wrapping_sub(8 * count) & 63), count as usize)
}

/// The value of eight digits: computed in one word, pairs, then fours, then eight.
#[inline(always)]
pub fn number(eight: u64) -> u64 {
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    let low = (pairs & 0xff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let high = (pairs >> 16 & 0xff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}

/// The eight digits of `n`, which is below `BLOCK`: halves, then quarters, then single digits are split by
/// multiplication, all at once in one word.
#[inline(always)]
pub fn of(n: u64) -> u64 {
    let halves = (n / 10_000) | ((n % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let quarters = hundreds | ((halves - hundreds * 100) << 16);
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((quarters - tens * 10) << 8)
}

/// Like `of`, for `n` below ten thousand, in fewer steps.
#[inline(always)]
pub fn of_four(n: u64) -> u64 {
    let hundreds = (n * 5243) >> 19;
    let halves = hundreds | ((n - hundreds * 100) << 16);
    let tens = ((halves * 103) >> 10) & 0x000f_000f;
    (tens | ((halves - tens * 10) << 8)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_and_written_like_a_naive_twin_does() {
        let mut seed = 1u64;
        for i in 0..200_000u32 {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let n = (seed >> 33) % 10u64.pow(i % 9);
            let text = format!("{n:08}");
            assert_eq!((of(n) | ZEROS).to_le_bytes(), text.as_bytes());
            assert_eq!(number(of(n)), n);
            let text = n.to_string();
            let mut room = (seed | 1 << 63).to_le_bytes();
            room[..text.len()].copy_from_slice(text.as_bytes());
            let count = room.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let naive: u64 = std::str::from_utf8(&room[..count]).unwrap().parse().unwrap();
            assert_eq!(leading(&room), (of(naive), count));
        }
        assert!((0..10_000).all(|n| of_four(n) == of(n)));
        assert_eq!(leading(b"00070000"), (of(70_000), 8));
        assert_eq!(leading(b"/0000000").1, 0);
        assert_eq!(leading(b":0000000").1, 0);
    }
}
