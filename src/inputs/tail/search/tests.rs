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

/// What a match may cost is bounded before it begins, whatever the pattern and the line.
#[test]
fn no_match_takes_more_than_its_work() {
    let mut patterns: Vec<String> = [
        "(?P<id>.{1,500})done.{1,500}end",
        "done(?:a?){500}b",
        "(?:(?:a?){30}){30}done",
        r"(?:\w{1,100}\s?){1,20}done",
        r"(?:.*,){20}done",
        "(?i)(?:[a-z0-9_.+-]{1,64}@){1,8}done",
        "(a|ab|b|ba|bab){20}done",
        "^.*done.*$",
    ]
    .map(str::to_owned)
    .into();
    patterns.push("(a?)".repeat(100) + "done");
    patterns.push("a".repeat(2000) + "done");
    for pattern in patterns {
        let search = Search::new(&pattern).unwrap();
        let states = cost::states(&pattern, search.regex.captures_len());
        for line in ["a", "done", "ab done ", "a@", "é", "\u{1F600}", "\r"] {
            let line = line.repeat(65_536 / line.len());
            for at in [0, 100, 30_000, line.len() - 1] {
                let view = search.view(line.as_bytes(), at);
                let chars = view.text.chars().count();
                assert!(states * chars <= cost::WORK, "{pattern}: {states} {chars}");
                assert!(view.text.len() <= 3 * search.most && view.from <= 4);
            }
        }
    }
}

#[test]
fn of_a_long_line_what_is_around_a_text_is_looked_at() {
    let more = |n: usize| "x".repeat(n);
    let count = |pattern: &str, line: &str| {
        let search = Search::new(pattern).unwrap();
        assert!(search.most < 80_000, "{pattern} {}", search.most);
        let mut skipped = 0;
        let line = [line, "\n"].concat();
        (search.count(line.as_bytes(), &mut skipped), skipped)
    };
    let (yes, no, unknown) = ((1, 0), (0, 0), (0, 1));
    for (before, behind) in [(0, 200_000), (200_000, 0), (150_000, 150_000), (40, 300_000)] {
        let line = |text: &str| [&more(before), text, &more(behind)].concat();
        assert_eq!(count("level=(?:a+|b+) ", &line("level=aa ")), yes, "{before} {behind}");
        assert_eq!(count("le+vel=[0-9]+", &line("level=1")), yes);
        assert_eq!(count("le+vel=[0-9]+", &line("level=no")), unknown);
        // These look at what is around them.
        let is_first = if before == 0 { yes } else { unknown };
        assert_eq!(count("^level=1", &line("level=1")), is_first);
        assert_eq!(count("level=1$", &line("level=1")), if behind == 0 { yes } else { unknown });
        assert_eq!(count(r"\blevel=1", &line("level=1")), is_first);
        assert_eq!(count(r"\blevel=1", &line(" level=1")), yes);
    }
    assert_eq!(count("level=1.*", &["level=1", &more(100_000)].concat()), yes);
    assert_eq!(count("level=[0-9]+$", &["level=", &"1".repeat(100_000)].concat()), unknown);
    assert_eq!(count("level=x+y", "level=xx"), no);
    // What is taken is what stands there.
    let rule = |pattern: &str, line: &str| {
        let search = Search::new(pattern).unwrap();
        let view = search.view(line.as_bytes(), line.find("took ").unwrap());
        let found = search.regex.captures_at(&view.text, view.from)?;
        let is_open = view.is_open(&found.get(0)?, true);
        (!is_open).then(|| found.name("n").map_or("", |n| n.as_str()).to_owned())
    };
    let number = r"took (?P<n>\d+)";
    let ended = ["took 123 ", &more(100_000)].concat();
    assert_eq!(rule(number, &ended).as_deref(), Some("123"));
    assert_eq!(rule(number, &["took ", &"1".repeat(100_000)].concat()), None);
    let late = [&more(100_000), "took 5"].concat();
    assert_eq!(rule(number, &late).as_deref(), Some("5"));
    assert_eq!(rule(r"(?P<n>\w+)took 5", &late), None, "its start is not known");
}
