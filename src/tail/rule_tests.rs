use super::*;

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// A pattern that could be, in few letters, so that it matches now and then.
    fn pattern(&mut self, depth: usize) -> String {
        const PLAIN: [&str; 22] = [
            "a", "b", "ab", "=", "é", ".", r"\.", "[ab]", "[^a]", "[]b]", r"\w", r"\d", "^", "$",
            r"\b", "b=", r"\+", "aa", r"\x61", r"[\]a]", r"\n", r"\s",
        ];
        const TIMES: [&str; 12] =
            ["", "", "", "", "+", "*", "?", "+?", "??", "{2}", "{0,1}", "{1,}?"];
        let mut all = String::new();
        for _ in 0..1 + self.below(4) {
            if depth > 0 && self.below(3) == 0 {
                let open = self.pick(&["(", "(?:", "(?P<n>", "(?<n>", "(?i:", "(?i)("]);
                let inner = self.pattern(depth - 1);
                all.push_str(&[open, &inner, ")"].concat());
            } else {
                all.push_str(self.pick(&PLAIN));
            }
            all.push_str(self.pick(&TIMES));
            if self.below(6) == 0 {
                all.push('|');
            }
        }
        all
    }

    fn line(&mut self) -> Vec<u8> {
        const BYTES: [&[u8]; 10] =
            [b"a", b"b", b"a", b"=", "é".as_bytes(), b".", b"+", b"A", b"\xff", b"\r"];
        (0..self.below(9)).flat_map(|_| BYTES[self.below(BYTES.len())].to_vec()).collect()
    }
}

/// Lines of `stretch` that the pattern matches, each tried.
fn naive(regex: &Regex, stretch: &[u8]) -> u64 {
    let mut lines: Vec<_> = stretch.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let text = |line: &&[u8]| String::from_utf8_lossy(lines::text(line)).into_owned();
    lines.iter().map(text).filter(|line| regex.is_match(line)).count() as u64
}

#[test]
fn looking_for_texts_first_finds_the_same_lines() {
    let mut random = Random(7);
    let (mut with, mut alone, mut matches) = (0, 0, 0);
    for _ in 0..6000 {
        let pattern = random.pattern(2);
        let (Ok(search), Ok(regex)) = (Search::new(&pattern), Regex::new(&pattern)) else {
            continue;
        };
        with += usize::from(!search.literals.is_empty());
        alone += usize::from(search.suffices);
        for _ in 0..4 {
            let lines = (0..random.below(12)).map(|_| [&random.line()[..], b"\n"].concat());
            let mut stretch = lines.collect::<Vec<_>>().concat();
            if random.below(3) == 0 {
                stretch.extend(random.line()); // the start of one that was cut
            }
            let count = search.count(&stretch, &mut 0);
            assert_eq!(count, naive(&regex, &stretch), "{pattern} in {}", stretch.escape_ascii());
            matches += count;
        }
    }
    assert!(with > 1000 && alone > 50 && matches > 1000, "{with} {alone} {matches}");
}

#[test]
fn values_are_cut_between_characters() {
    assert_eq!(cut("aéb", 10), "aéb");
    assert_eq!(cut("aéb", 3), "aé");
    assert_eq!(cut("aéb", 2), "a");
    assert_eq!(cut("é", 1), "");
    assert_eq!(cut("", 0), "");
}
