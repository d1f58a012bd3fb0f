//! Parts of the readers against naive twins: which names are kept, and which cells.

use crate::random::Random;
use sysmetrics::base::text::pattern::Pattern;
use sysmetrics::kernel::read::{Filter, Table, scan};

/// A filter that remembers its verdicts judges as one that never saw a name before, whatever comes
/// and goes between two readings.
#[test]
fn a_filter_that_remembers() {
    const NAMES: [&[u8]; 9] =
        [b"sda", b"sdb", b"sdb1", b"loop0", b"a\xff", b"a\xfe", b"", b"sd\xc3\xa9", b"xsda"];
    let mut random = Random::new(7);
    for (include, exclude) in [(None, None), (Some("^sd"), Some("[0-9]$")), (None, Some("^(a|$)"))]
    {
        let mut filter = Filter::new(include.map(Pattern::new), exclude.map(Pattern::new));
        let mut names: Vec<&[u8]> = NAMES.to_vec();
        for _ in 0..3000 {
            let at = random.below(names.len() + 1);
            match random.below(4) {
                0 => names.insert(at.min(names.len()), random.pick(&NAMES)),
                1 if at < names.len() => drop(names.remove(at)),
                2 if at < names.len() => names.swap(0, at),
                _ => {}
            }
            names.truncate(30);
            let mut seen = Vec::new();
            filter.begin();
            for name in &names {
                let text = String::from_utf8_lossy(name).into_owned();
                let matches = match (include, exclude) {
                    (Some(_), Some(_)) => text.starts_with("sd") && !text.ends_with('1'),
                    (None, Some(_)) => !text.starts_with('a') && !text.is_empty(),
                    _ => true,
                };
                let keep = matches && !seen.contains(&text);
                assert_eq!(filter.keep(name), keep, "{text:?} of {names:?}");
                seen.push(text);
            }
        }
    }
}

#[test]
fn a_table_of_any_rows() {
    const WIDTH: usize = 5;
    let mut random = Random::new(8);
    let mut table = Table::<WIDTH>::default();
    for _ in 0..3000 {
        table.clear();
        let mut naive: Vec<Vec<(Vec<u8>, u64)>> = vec![Vec::new(); WIDTH];
        for row in 0..random.below(6) {
            let words: Vec<_> = (0..random.below(8)).map(|_| random.word()).collect();
            let line = words.join(&b' ');
            let name = format!("row{row}").into_bytes();
            let few: &[usize] = if random.rarely(3) { &[4, 2, 0] } else { &[] };
            let is_few = scan::fields(&line).count() == few.len();
            let fields: Vec<_> = scan::fields(&line).take(WIDTH).map(<[u8]>::to_vec).collect();
            let numbers: Vec<Option<u64>> = fields.iter().map(|f| scan::uint(f)).collect();
            for (i, number) in numbers.iter().enumerate() {
                if let Some(number) = number {
                    let column = if is_few { few[i] } else { i };
                    naive[column].push((name.clone(), *number));
                }
            }
            let whole = table.push(&name, few, scan::fields(&line)).is_some();
            assert_eq!(whole, numbers.iter().all(Option::is_some), "{}", line.escape_ascii());
        }
        for (i, naive) in naive.iter().enumerate() {
            let cells: Vec<_> =
                table.column(i).map(|(name, cell)| (name.raw().to_vec(), cell)).collect();
            assert_eq!(&cells, naive);
        }
    }
}
