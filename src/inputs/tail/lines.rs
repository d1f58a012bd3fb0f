//! Splits bytes into lines, a stretch of whole lines at a time: where a line begins and ends is looked up only
//! for the few lines with a match. However the bytes are split into pieces, the lines are the
//! same. A line that is longer than the bound is cut there; its rest is skipped.
//!
//! Zero bytes at the start of a line are not part of it: a writer without O_APPEND leaves them where its
//! file was emptied, and a power failure leaves them, too. They end a line that is too long.

/// What comes next in the bytes of a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'a> {
    /// Whole lines, each with its newline.
    Lines(&'a [u8]),
    /// The start of a line that is too long.
    Cut(&'a [u8]),
    /// This many bytes are the rest of a line that was cut.
    Rest(usize),
    /// The start of a line, or nothing.
    Wait,
}

/// The next piece, of lines of at most `most` bytes, about `stretch` bytes of them. `skips` is set while
/// a line that was cut has not ended; the caller keeps it along with the offset in the file.
pub fn next<'a>(bytes: &'a [u8], most: usize, stretch: usize, skips: &mut bool) -> Next<'a> {
    if *skips {
        let end = memchr::memchr(b'\n', bytes);
        *skips = end.is_none();
        return match end.map_or(bytes.len(), |end| end + 1) {
            0 => Next::Wait,
            n => Next::Rest(n),
        };
    }
    if bytes.first() == Some(&0) {
        let zeros = bytes.iter().position(|byte| *byte != 0);
        match zeros.unwrap_or(bytes.len()) {
            // What is written here later may replace them.
            n if n == bytes.len() && n <= most => return Next::Wait,
            n => return Next::Rest(n),
        }
    }
    // No line within is longer than allowed.
    let window = bytes.get(..stretch.min(most + 1)).unwrap_or(bytes);
    if let Some(end) = memchr::memrchr(b'\n', window) {
        return Next::Lines(bytes.get(..=end).unwrap_or_default());
    }
    let allowed = bytes.get(..=most).unwrap_or(bytes);
    let rest = allowed.get(window.len()..).unwrap_or_default();
    if let Some(end) = memchr::memchr(b'\n', rest) {
        return Next::Lines(bytes.get(..=window.len() + end).unwrap_or_default());
    }
    match bytes.get(..most) {
        Some(cut) if bytes.len() > most => {
            let zeros = cut.iter().rev().take_while(|byte| **byte == 0).count();
            match cut.get(..most - zeros) {
                Some(line) if zeros > 0 && bytes.get(most) == Some(&0) => Next::Cut(line),
                _ => {
                    *skips = true;
                    Next::Cut(cut)
                }
            }
        }
        _ => Next::Wait,
    }
}

/// A line without its line ending and without zero bytes before it.
pub fn text(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [0, rest @ ..] = line {
        line = rest;
    }
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines, whether they were cut, and what is left over, when bytes come `size` at a time.
    fn split(bytes: &[u8], [most, stretch, size]: [usize; 3]) -> (Vec<(Vec<u8>, bool)>, Vec<u8>) {
        let (mut lines, mut at, mut skips) = (Vec::new(), 0, false);
        let mut known = size.min(bytes.len());
        loop {
            let here = &bytes[at..known];
            match next(here, most, stretch, &mut skips) {
                Next::Lines(found) => {
                    assert!(found.len() <= stretch.max(most + 1) && found[0] != 0);
                    let whole = found.split_inclusive(|b| *b == b'\n');
                    lines.extend(whole.map(|line| (text(line).to_vec(), false)));
                    at += found.len();
                }
                Next::Cut(cut) => {
                    lines.push((text(cut).to_vec(), true));
                    at += cut.len();
                }
                Next::Rest(n) => at += n,
                Next::Wait if known == bytes.len() => break,
                Next::Wait => known = (known + size).min(bytes.len()),
            }
        }
        assert!(!skips || at == bytes.len());
        // How many zero bytes are left over depends on the pieces, and makes no difference.
        let zeros = bytes[at..].iter().take_while(|b| **b == 0).count();
        (lines, bytes[at + zeros..].to_vec())
    }

    fn naive(bytes: &[u8], most: usize) -> (Vec<(Vec<u8>, bool)>, Vec<u8>) {
        let mut lines = Vec::new();
        let mut all: Vec<_> = bytes.split_inclusive(|b| *b == b'\n').collect();
        let waits = all.pop_if(|last| !last.ends_with(b"\n")).unwrap_or_default();
        for line in all {
            assert!(
                naive_line(line.strip_suffix(b"\n").unwrap(), most, true, &mut lines).is_empty()
            );
        }
        let waits = naive_line(waits, most, false, &mut lines);
        (lines, waits)
    }

    /// A line without its newline; the bytes that are left over if it has none.
    fn naive_line(
        line: &[u8],
        most: usize,
        has_end: bool,
        lines: &mut Vec<(Vec<u8>, bool)>,
    ) -> Vec<u8> {
        let zeros = line.iter().take_while(|b| **b == 0).count();
        let line = &line[zeros..];
        if line.len() <= most {
            if has_end {
                lines.push((text(line).to_vec(), false));
                return Vec::new();
            }
            return line.to_vec();
        }
        let cut = &line[..most];
        let kept = cut.len() - cut.iter().rev().take_while(|b| **b == 0).count();
        lines.push((text(&cut[..kept]).to_vec(), true));
        if kept < most && line[most] == 0 {
            return naive_line(&line[kept..], most, has_end, lines);
        }
        if kept < most {
            lines.last_mut().unwrap().0 = text(cut).to_vec();
        }
        Vec::new()
    }

    #[test]
    fn lines_are_the_same_in_whatever_pieces_they_come() {
        let mut seed = 1u64;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) as usize % n
        };
        for round in 0..3000 {
            let length = if round % 100 == 0 { 40_000 } else { 60 };
            let bytes: Vec<u8> =
                (0..random(length)).map(|_| b"ab\n\r\n\0\xffx"[random(8)]).collect();
            let sparse: Vec<u8> = bytes
                .iter()
                .map(|b| if *b == b'\n' && random(9) > 0 { b'z' } else { *b })
                .collect();
            for bytes in [bytes, sparse] {
                let most = [1, 2, 7, 100, 20_000][random(5)];
                let expected = naive(&bytes, most);
                for size in [1 + random(9), most + 1, bytes.len().max(1)] {
                    let by = [most, [1, 3, 1000, 8192][random(4)], size];
                    assert_eq!(split(&bytes, by), expected, "{bytes:?} {by:?}");
                }
            }
        }
    }
}
