//! Small deterministic generators: numbers, valid kernel files, and damage to them.
#![allow(dead_code)] // each test takes its part

/// Numbers that look random and come again with the same seed.
pub struct Random(u64);

/// Words that readers stumble over.
const ODD: [&[u8]; 20] = [
    b"-1",
    b"+5",
    b"0x20",
    b"52.5",
    b"1e3",
    b"abc",
    b"18446744073709551615",
    b"18446744073709551616",
    b"00007",
    b"0",
    b":",
    b"\xff\xfe",
    b"\0",
    b"\r",
    b"\t",
    b"\"",
    b"\\",
    b"kB",
    b"cpu",
    b"\xe2\x82",
];

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn rarely(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Of any length, up to `u64`'s largest.
    pub fn number(&mut self) -> u64 {
        let shift = self.below(64);
        self.next() >> shift
    }

    /// A number, now and then something else.
    pub fn word(&mut self) -> Vec<u8> {
        if self.rarely(40) { self.pick(&ODD).to_vec() } else { self.number().to_string().into() }
    }

    /// One to four kinds of damage.
    pub fn damage(&mut self, text: &[u8]) -> Vec<u8> {
        let mut text = text.to_vec();
        for _ in 0..1 + self.below(4) {
            self.damage_once(&mut text);
        }
        text
    }

    fn damage_once(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        match self.below(7) {
            0 => text.truncate(at),
            1 => drop(text.splice(at..at, self.pick(&ODD).iter().copied())),
            2 => {
                let end = (at + self.below(20)).min(text.len());
                text.drain(at..end);
            }
            3 | 4 => {
                let mut lines: Vec<_> = text.split_inclusive(|b| *b == b'\n').collect();
                let line = self.below(lines.len());
                if let Some(copy) = lines.get(line).copied() {
                    let to = self.below(lines.len() + 1);
                    lines.insert(to, copy);
                    *text = lines.concat();
                }
            }
            _ => {
                let flip = 1 << self.below(8);
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= flip;
                }
            }
        }
    }
}
