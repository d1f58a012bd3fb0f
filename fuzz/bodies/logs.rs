//! Log files, and what is kept of them.

/// A file of offsets: read whole or refused; what was read is written the same.
#[cfg(feature = "hub")]
pub fn tail_state(bytes: &[u8]) {
    use sysmetrics::inputs::tail::state;
    if let Ok(mut state) = state::parse(bytes) {
        let written = *state.written.get_or_insert_default();
        let places: Vec<_> = state.places.iter().collect();
        let again = state::render(written, &places, &state.beside);
        assert_eq!(state::parse(&again), Ok(state));
    }
}

/// A pattern, a bound and a log: the lines that are found by their texts first, in pieces of any size,
/// are those that the regular expression finds line by line.
#[cfg(feature = "hub")]
pub fn tail_lines(bytes: &[u8]) {
    use regex_lite::RegexBuilder;
    use sysmetrics::inputs::tail::{Search, lines, lines::Next};
    let Some((pattern, log)) =
        bytes.split_at_checked(bytes.iter().position(|b| *b == 0).unwrap_or(0))
    else {
        return;
    };
    let [_, most, size, log @ ..] = log else { return };
    let (most, size) = (1 + usize::from(*most), 1 + usize::from(*size));
    let Ok(pattern) = std::str::from_utf8(pattern) else { return };
    // Zero bytes are for the tests; a line is shorter than what is looked at of it.
    let log: Vec<u8> = log.iter().map(|byte| (*byte).max(1)).collect();
    // Large ones only take long.
    let regex = RegexBuilder::new(pattern).size_limit(1 << 14).build();
    let (Ok(regex), true) = (regex, pattern.len() < 100) else { return };
    let search = Search::new(pattern).unwrap();
    let (mut found, mut cut, mut at, mut known, mut skips) = (0, 0, 0, 0, false);
    loop {
        match lines::next(&log[at..known], most, 3 * size, &mut skips) {
            Next::Lines(stretch) => {
                found += search.count(stretch, &mut 0);
                at += stretch.len();
            }
            Next::Cut(start) => {
                found += search.count(start, &mut 0);
                cut += 1;
                at += start.len();
            }
            Next::Rest(n) => at += n,
            Next::Wait if known == log.len() => break,
            Next::Wait => known = (known + size).min(log.len()),
        }
    }
    let mut all: Vec<_> = log.split(|byte| *byte == b'\n').collect();
    let waits = all.pop_if(|last| last.len() <= most).unwrap_or_default();
    assert!(skips || log[at..] == *waits);
    let texts = all.iter().map(|line| {
        let text = lines::text(&line[..line.len().min(most)]);
        String::from_utf8_lossy(text).into_owned()
    });
    assert_eq!(found, texts.filter(|text| regex.is_match(text)).count() as u64, "{pattern:?}");
    assert_eq!(cut, all.iter().filter(|line| line.len() > most).count());
}

/// Without the hub no logs are read.
#[cfg(not(feature = "hub"))]
pub fn tail_state(_: &[u8]) {}

/// Without the hub no logs are read.
#[cfg(not(feature = "hub"))]
pub fn tail_lines(_: &[u8]) {}
