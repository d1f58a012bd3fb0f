//! Round trips of templates, with another decompressor.

use super::*;
use crate::base::wire::deflate::Deflater;
use crate::base::wire::deflate::tests::Noise;
use miniz_oxide::inflate::decompress_to_vec;

/// A text with its words.
#[derive(Clone, Default)]
struct Made {
    text: Vec<u8>,
    words: Vec<u32>,
}

impl Made {
    fn word(&mut self, marks: u32, value: u64) {
        self.words.push(self.text.len() as u32 | marks);
        self.text.extend(value.to_le_bytes());
    }

    fn set(&mut self, index: usize, value: u64) {
        let at = (self.words[index] & !MOVES) as usize;
        self.text[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// Samples as in a request: labels, a time, a value, some with a start.
    fn samples(count: usize, noise: &mut Noise) -> Made {
        let mut made = Made::default();
        for i in 0..count {
            let head =
                format!("\n\x2a:\x0a\nattribute{}\x12\x06\n\x04disk{}", i % 7, noise.next(9));
            made.text.extend(head.as_bytes());
            if i % 3 == 0 {
                made.text.push(0x11);
                made.word(0, 1_800_000_000_000_000_000);
            }
            made.text.push(0x19);
            made.word(0, 1_800_000_005_250_000_000);
            made.text.push(0x31);
            // A tenth are 0, and stay 0.
            let value = 20 + noise.next(1000) as u64;
            made.word(MOVES, if i % 10 == 0 { 0 } else { value });
        }
        made.text.extend(b"the end");
        made
    }
}

/// Compresses it, by a template or from scratch; returns the number of bytes.
fn round(template: &mut Template, made: &Made) -> usize {
    let mut out = b"before".to_vec();
    template.append(&made.text, &made.words, &mut out);
    let deflated = out.strip_prefix(b"before").unwrap();
    let again = decompress_to_vec(deflated).unwrap();
    assert!(again == made.text, "{} bytes", again.len());
    deflated.len()
}

fn pieces(template: &Template) -> Option<*const u8> {
    template.0.as_ref().map(|plan| plan.pieces.as_ptr())
}

#[test]
fn only_words_change() {
    let mut noise = Noise(1);
    for count in [200, 3000] {
        let mut made = Made::samples(count, &mut noise);
        let mut template = Template::default();
        round(&mut template, &made);
        let kept = pieces(&template);
        for turn in 1..20 {
            for index in 0..made.words.len() {
                let before = word(&made.text, (made.words[index] & !MOVES) as usize);
                let value = match u64::from_le_bytes(before) {
                    0 => 0,
                    _ if made.words[index] & MOVES != 0 => 20 + noise.next(1000) as u64,
                    // Starts stay, times go on.
                    start @ 1_800_000_000_000_000_000 => start,
                    _ => 1_800_000_005_250_000_000 + (turn << 32),
                };
                made.set(index, value);
            }
            round(&mut template, &made);
            assert_eq!(pieces(&template), kept, "{count} samples are not taken apart anew");
        }
    }
}

/// Whatever changes, in the words or in the whole text: the text is decoded correctly.
#[test]
fn whatever_the_words_are() {
    let mut noise = Noise(2);
    let mut template = Template::default();
    for _ in 0..400 {
        let mut made = Made::default();
        for _ in 0..noise.next(60) {
            match noise.next(4) {
                0 => made.text.extend((0..noise.next(20)).map(|i| i as u8 / 3)),
                1 => made.word(MOVES, noise.next(3) as u64),
                2 => made.word(0, noise.next(2) as u64 * 0x0101_0101_0101_0101),
                _ => made.text.extend(vec![0; noise.next(600)]),
            }
        }
        if noise.next(3) > 0 {
            template.forget();
        }
        for _ in 0..4 {
            round(&mut template, &made);
            for _ in 0..noise.next(4) {
                if !made.words.is_empty() {
                    let index = noise.next(made.words.len());
                    made.set(index, noise.next(3) as u64 * 0x0101_0101_0101_0101);
                }
            }
        }
    }
}

/// A time that equals the others only at first is written as it is.
#[test]
fn steady_words_that_part() {
    let mut noise = Noise(3);
    let mut made = Made::samples(50, &mut noise);
    let mut template = Template::default();
    round(&mut template, &made);
    let kept = pieces(&template);
    made.set(31, 77);
    round(&mut template, &made);
    assert_ne!(pieces(&template), kept);
}

#[test]
fn places_that_make_no_sense_do_no_harm() {
    let mut noise = Noise(4);
    let sane = Made::samples(20, &mut noise);
    for odd in [&[u32::MAX][..], &[5, 2], &[3, 6, 9 | MOVES], &[0, 0], &[700, MOVES | 30]] {
        let made = Made { words: odd.to_vec(), ..sane.clone() };
        let mut out = Vec::new();
        Template::default().append(&made.text, &made.words, &mut out);
        assert_eq!(decompress_to_vec(&out).unwrap(), made.text, "{odd:?}");
    }
}

/// Random values of a few bytes suit it least.
#[test]
fn is_hardly_longer_than_what_is_made_anew() {
    let mut noise = Noise(5);
    let made = Made::samples(1000, &mut noise);
    let mut out = Vec::new();
    Deflater::default().append(&made.text, &mut out);
    let (ours, theirs) = (round(&mut Template::default(), &made), out.len());
    assert!(ours <= theirs + theirs / 32, "{ours} bytes, {theirs} anew");
}

/// A number that grew keeps its room when it gets small again.
#[test]
fn the_room_of_a_number_only_grows() {
    let (mut made, mut noise) = (Made::default(), Noise(6));
    // Long enough that growth of the result does not cause a new plan.
    made.text.extend((0..2000).map(|_| b'0' + noise.next(64) as u8));
    made.word(MOVES, 0);
    let mut template = Template::default();
    let mut rooms = Vec::new();
    for value in [0, 1, 0, 255, 256, 0, 65_535, 65_536, 1 << 63, 7, u64::MAX] {
        made.set(0, value);
        round(&mut template, &made);
        rooms.extend(template.0.as_ref().map(|plan| plan.steps[0] >> BITS));
    }
    assert_eq!(rooms, [0, 1, 1, 1, 2, 2, 2, 3, 8, 8, 8]);
}

/// `cargo test --lib how_long_a_plan -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn how_long_a_plan_takes() {
    let made = Made::samples(1000, &mut Noise(7));
    let (start, mut out) = (std::time::Instant::now(), Vec::new());
    for _ in 0..20 {
        out.clear();
        Template::default().append(&made.text, &made.words, &mut out);
    }
    println!("{:?} for {} bytes", start.elapsed() / 20, made.text.len());
    let start = std::time::Instant::now();
    for _ in 0..20 {
        out.clear();
        Deflater::default().append(&made.text, &mut out);
    }
    println!("{:?} without a template", start.elapsed() / 20);
}
