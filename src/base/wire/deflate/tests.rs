//! Round trips, with another decompressor.

use super::*;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;

pub fn round(deflater: &mut Deflater, text: &[u8]) -> usize {
    let mut out = b"before".to_vec();
    deflater.append(text, &mut out);
    let deflated = out.strip_prefix(b"before").unwrap();
    let again = decompress_to_vec(deflated).unwrap();
    assert!(again == text, "{} bytes of {}", again.len(), text.len());
    deflated.len()
}

/// Pseudo-random numbers, the same each time.
pub struct Noise(pub u32);

impl Noise {
    pub fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % below
    }
}

/// A page of `lines` lines with random values.
fn page(lines: usize, noise: &mut Noise) -> Vec<u8> {
    let line = |i: usize| {
        let (cpu, value) = (i / 8, noise.next(100_000_000));
        let mode = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"][i % 8];
        format!("cpu_seconds_total{{cpu=\"{cpu}\",mode=\"{mode}\"}} {value}\n")
    };
    (0..lines).map(line).collect::<String>().into_bytes()
}

#[test]
fn short_texts_and_noise() {
    let mut noise = Noise(1);
    let mut deflater = Deflater::default();
    for size in
        (0..40).chain([255, 256, 257, 258, 259, 260, 32_767, 32_768, 32_769, 65_536, 300_000])
    {
        let chance: Vec<u8> = (0..size).map(|_| noise.next(256) as u8).collect();
        let deflated = round(&mut deflater, &chance);
        assert!(deflated <= size + size / 50 + 200, "{size}: {deflated}");
        round(&mut deflater, &vec![b'x'; size]);
        let few: Vec<u8> = (0..size).map(|_| b'a' + noise.next(2) as u8).collect();
        round(&mut deflater, &few);
    }
}

/// A text that is repeated at exactly the width of the window, one byte less and one more.
#[test]
fn the_ends_of_the_window() {
    let mut noise = Noise(2);
    for distance in [32_760, 32_767, 32_768, 32_769, 32_800, 65_535, 65_536, 65_537] {
        let mut text: Vec<u8> = (0..300).map(|_| noise.next(256) as u8).collect();
        let start = text.clone();
        // Eight bytes that do not repeat, so that the entries of the beginning stay.
        text.resize(distance, 0);
        text.extend(&start);
        round(&mut Deflater::default(), &text);
    }
}

/// Series that come and go and values of all lengths, with codes of an earlier page.
#[test]
fn pages_from_time_to_time() {
    let mut noise = Noise(3);
    let mut deflater = Deflater::default();
    for lines in [400, 401, 399, 2, 3000, 0, 1, 400, 20_000, 400] {
        round(&mut deflater, &page(lines, &mut noise));
    }
    let pieces: [&[u8]; 6] = [b"# HELP a b\n", b" 1\n", b"{x=\"", b"\xff\xfe\x00", b"0.125", b"e"];
    for _ in 0..300 {
        let count = noise.next(200);
        let text: Vec<u8> = (0..count).flat_map(|_| pieces[noise.next(6)]).copied().collect();
        round(&mut deflater, &text);
    }
}

#[test]
fn a_page_is_smaller_than_by_level_1() {
    let mut noise = Noise(4);
    let mut deflater = Deflater::default();
    for lines in [300, 1000, 5000] {
        let text = page(lines, &mut noise);
        round(&mut deflater, &text);
        let (ours, theirs) =
            (round(&mut deflater, &page(lines, &mut noise)), compress_to_vec(&text, 1).len());
        assert!(ours < theirs, "{lines} lines: {ours}, {theirs} by level 1");
    }
}

/// Another kind of text gets new codes, the same kind keeps them.
#[test]
fn codes_are_kept_while_they_suit() {
    let mut noise = Noise(5);
    let mut deflater = Deflater::default();
    round(&mut deflater, &page(500, &mut noise));
    let made_of = |deflater: &Deflater| deflater.kept.as_ref().unwrap().size.deflated;
    let first = made_of(&deflater);
    for _ in 0..20 {
        round(&mut deflater, &page(500, &mut noise));
        assert_eq!(made_of(&deflater), first);
    }
    let other: Vec<u8> = (0..20_000).map(|_| 0x80 | noise.next(64) as u8).collect();
    let deflated = round(&mut deflater, &other);
    assert!(deflated < 20_000 * 6 / 8 + 300, "{deflated}");
    assert_ne!(made_of(&deflater), first);
}
