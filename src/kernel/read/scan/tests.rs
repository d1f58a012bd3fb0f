//! Fields and numbers, compared with naive twins.

use super::*;

#[test]
fn fields_end_at_the_first_blank_wherever_it_stands() {
    for length in 0..40 {
        for (blank, at) in [b' ', b'\t'].iter().flat_map(|b| (0..length).map(move |at| (*b, at))) {
            let mut line = vec![b'!'; length];
            line[at] = blank;
            for (near, byte) in [(at.wrapping_sub(1), 0x21), (at + 1, 0x0a), (at + 2, 0xa0)] {
                line.get_mut(near).into_iter().for_each(|b| *b = byte);
            }
            let expected = line.split(|b| matches!(b, b' ' | b'\t')).filter(|f| !f.is_empty());
            assert!(fields(&line).eq(expected), "{line:?}");
        }
    }
}

#[test]
fn agrees_with_naive_twins_on_any_bytes() {
    let mut seed = 1u64;
    let mut next = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    for _ in 0..50_000 {
        let text: Vec<u8> = (0..next(60)).map(|_| b" \t\n0123456789-x\xff\0"[next(17)]).collect();
        let naive = text.split(|b| *b == b'\n').map(<[u8]>::to_vec);
        let mut naive: Vec<_> = naive.collect();
        if naive.last().is_some_and(Vec::is_empty) {
            naive.pop();
        }
        assert_eq!(lines(&text).map(<[u8]>::to_vec).collect::<Vec<_>>(), naive);
        for line in lines(&text) {
            let words = line.split(|b| matches!(b, b' ' | b'\t')).filter(|w| !w.is_empty());
            let words: Vec<_> = words.collect();
            assert_eq!(fields(line).collect::<Vec<_>>(), words);
            let mut by_number = fields(line);
            for word in words {
                let naive = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok());
                assert_eq!(by_number.uint(), Some(naive), "{:?}", word.escape_ascii());
            }
            assert_eq!(by_number.uint(), None);
        }
    }
}

#[test]
fn numbers_of_other_forms_agree_with_naive_twins() {
    let mut seed = 3u64;
    let mut next = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    for _ in 0..200_000 {
        let text: Vec<u8> = (0..next(22)).map(|_| b"-.0019273456fFxX "[next(17)]).collect();
        let word = std::str::from_utf8(&text).unwrap();
        let is_plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let unsigned = word.strip_prefix('-').unwrap_or(word);
        let naive = is_plain(unsigned).then(|| word.parse().ok()).flatten();
        assert_eq!(int(&text), naive, "{word}");
        let digits = word.strip_prefix("0x").unwrap_or(word);
        assert_eq!(hex(&text), u64::from_str_radix(digits, 16).ok(), "{word}");
        assert_eq!(octal(&text), u64::from_str_radix(word, 8).ok(), "{word}");
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let sound = is_plain(whole) && is_plain(fraction) && fraction.len() <= 3;
        let naive = sound.then(|| format!("{whole}{fraction:0<3}").parse::<i64>().ok());
        let naive = naive.flatten().map(|n| if word.starts_with('-') { -n } else { n });
        assert_eq!(decimal(&text, 3), naive, "{word}");
    }
    assert_eq!(int(b"-9223372036854775808"), Some(i64::MIN));
    assert_eq!(int(b"9223372036854775808"), None);
}

#[test]
fn lists_are_ascending_ranges() {
    assert_eq!(list(b"", 9), Some(vec![]));
    assert_eq!(list(b"1,3-5,9", 9), Some(vec![1, 3, 4, 5, 9]));
    assert_eq!(list(b"0-8191", 8192).unwrap().len(), 8192);
    for bad in ["x", "1,", "-1", "1-", "3-1", "3,3", "1-3,2", "0-8192", "1-2-3", "4294967296"] {
        assert_eq!(list(bad.as_bytes(), 8192), None, "{bad}");
    }
}

#[test]
fn eight_columns_agree_with_a_naive_twin() {
    let mut seed = 7u64;
    let mut next = |n: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % n
    };
    for _ in 0..400_000 {
        let mut text = [b' '; 8];
        let blanks = next(9);
        text.iter_mut().skip(blanks).for_each(|byte| *byte = b"0123456789"[next(10)]);
        if next(3) == 0 {
            text[next(8)] = b" !')*/:\t\0@09\xb0\xa0\n"[next(15)];
        }
        let naive = std::str::from_utf8(&text).ok().map(|text| text.trim_start_matches(' '));
        let naive = naive.filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let naive = naive.and_then(|number| number.parse().ok()).map(digits::of);
        assert_eq!(columns(&text), naive, "{:?}", text.escape_ascii());
    }
}

#[test]
fn reads_integers_up_to_the_last_and_no_further() {
    for (text, value) in [
        ("0", Some(0)),
        ("18446744073709551615", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("00000000000000000000007", Some(7)),
        ("-1", None),
        ("1.5", None),
        ("7x", None),
    ] {
        assert_eq!(fields(text.as_bytes()).uint(), Some(value), "{text}");
    }
}
