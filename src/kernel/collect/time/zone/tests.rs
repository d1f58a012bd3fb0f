use super::*;

fn shown(span: Option<Span>) -> String {
    span.map_or_else(String::new, |span| {
        format!("{} {}", String::from_utf8_lossy(span.name()), span.ahead)
    })
}

/// The times of changes are those of zdump(8).
#[test]
fn rules_change_to_the_second() {
    for (rule, at, before, after) in [
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, "CET 3600", "CEST 7200"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, "CEST 7200", "CET 3600"),
        ("EST5EDT,M3.2.0,M11.1.0", 1_772_953_200, "EST -18000", "EDT -14400"),
        ("EST5EDT", 1_772_953_200, "EST -18000", "EDT -14400"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_775_318_400, "AEDT 39600", "AEST 36000"),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 1_775_314_800, "+11 39600", "+1030 37800"),
        ("IST-2IDT,M3.4.4/26,M10.5.0", 1_774_569_600, "IST 7200", "IDT 10800"),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 1_774_746_000, "-02 -7200", "-01 -3600"),
    ] {
        let [was, is] = [at - 1, at].map(|time| of_rule(rule.as_bytes(), time));
        assert_eq!((shown(was), shown(is)), (before.to_owned(), after.to_owned()), "{rule}");
        assert!(was.unwrap().until == at && is.unwrap().from == at, "{rule}");
        assert!(!was.unwrap().contains(at) && is.unwrap().contains(at));
    }
}

#[test]
fn a_clock_that_is_not_set_has_a_zone() {
    for (rule, expected) in
        [("CET-1CEST,M3.5.0,M10.5.0/3", "CET 3600"), ("AEST-10AEDT,M10.1.0,M4.1.0/3", "AEDT 39600")]
    {
        assert_eq!(shown(of_rule(rule.as_bytes(), 0)), expected);
    }
}

#[test]
fn days_are_counted_in_three_ways() {
    // 1 March of a leap year, and of another.
    for (day, at) in [("J60", 1_709_251_200), ("60", 1_709_251_200), ("59", 1_772_323_200)] {
        let rule = format!("AAA0BBB,{day}/0,J300");
        assert_eq!(of_rule(rule.as_bytes(), at).unwrap().from, at, "{day}");
    }
    // Summer all year.
    for time in [1_767_225_599, 1_767_225_600, 1_783_000_000] {
        assert_eq!(shown(of_rule(b"XXX3EDT4,0/0,J365/23", time)), "EDT -14400");
    }
}

#[test]
fn what_is_no_rule_is_refused() {
    for bad in [
        "",
        "CE-1",
        "CET",
        "CET-168",
        "CET-1:60",
        "<CET-1",
        "C\u{e9}T-1",
        "CET-1CEST,",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3-5.0,M10.5.0",
        "CET-1CEST,J366,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0 ",
        "AVERYLONGNAMEOFSIXTEEN-1",
    ] {
        assert_eq!(of_rule(bad.as_bytes(), 1_783_000_000), None, "{bad}");
    }
    assert_eq!(of_rule(b"CET-1CEST,M1.1.0,M12.5.0", i64::MAX), None);
}

/// A change to `B` at 100, and a rule from 200 on.
fn file() -> Vec<u8> {
    let counts = |times: u32| [0, 0, 0, times, 2, 4].map(u32::to_be_bytes).concat();
    let types = [&3600i32.to_be_bytes()[..], &[0, 0], &7200i32.to_be_bytes(), &[1, 2]].concat();
    let first = [b"TZif2".as_slice(), &[0; 15], &counts(0), &types, b"A\0B\0"].concat();
    let times = [100i64, 200].map(i64::to_be_bytes).concat();
    let second = [b"TZif2".as_slice(), &[0; 15], &counts(2), &times, &[1, 0], &types, b"A\0B\0"];
    [&first[..], &second.concat(), b"\nCCC-3\n"].concat()
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let file = file();
    for (time, expected) in
        [(-5, "A 3600"), (99, "A 3600"), (100, "B 7200"), (199, "B 7200"), (200, "CCC 10800")]
    {
        assert_eq!(shown(of_file(&file, time)), expected, "{time}");
    }
    assert_eq!(of_file(&file, 150).map(|span| (span.from, span.until)), Some((100, 200)));
    assert_eq!(of_file(&file, 250).map(|span| span.from), Some(200));
    // Without the rule, the last type stays.
    let end = file.len() - b"CCC-3\n".len();
    assert_eq!(shown(of_file(&file[..end], 250)), "A 3600");
}

#[test]
fn a_damaged_file_is_refused_or_read() {
    let file = file();
    for cut in 0..file.len() {
        let _ = of_file(&file[..cut], 150);
    }
    for at in 0..file.len() {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut bytes = file.clone();
            bytes[at] = value;
            let _ = of_file(&bytes, 150);
        }
    }
    assert_eq!(of_file(&file[..100], 150), None);
}
