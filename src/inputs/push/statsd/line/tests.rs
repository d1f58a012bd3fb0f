use super::*;
use std::collections::HashSet;

fn tags(text: &str) -> Vec<Option<(&str, &str)>> {
    Line::parse(text).unwrap().tags_from_last().collect()
}

#[test]
fn lines_are_taken_apart() {
    let plain = Line {
        name: ["a.b", ""],
        kind: Type::Counter,
        values: "1",
        rate: None,
        tags: None,
        time: None,
    };
    assert_eq!(Line::parse("a.b:1|c"), Ok(plain));
    for (text, kind) in
        [("g", Type::Gauge), ("ms", Type::Timer), ("h", Type::Histogram), ("d", Type::Histogram)]
    {
        assert_eq!(Line::parse(&format!("a.b:1|{text}")), Ok(Line { kind, ..plain }));
    }
    let all = Line::parse("a:1:-2:x|ms|#k:v:w,|@0.25|T17|c:in-5|card:low|e:").unwrap();
    assert_eq!(all.values().collect::<Vec<_>>(), ["1", "-2", "x"]);
    assert_eq!((all.rate(), all.time()), (0.25, Some(17)));
    assert_eq!(all.tags_from_last().collect::<Vec<_>>(), [Some(("k", "v:w"))]);
    assert_eq!((plain.rate(), plain.time(), plain.tags_from_last().count()), (1.0, None, 0));
}

#[test]
fn tags_come_in_four_styles() {
    let both = [Some(("l", "w")), Some(("k", "v"))];
    for text in [
        "a:1|c|#k:v,l:w",
        "a,k=v,l=w:1|c",
        "a#k=v,l=w:1|c",
        "a:1|c|#k:v,#l:w",
        "a[k=v,l=w]:1|c",
        "[k=v,l=w]a:1|c",
        "a[k=v,l=w,]b:1|c",
    ] {
        assert_eq!(tags(text), both, "{text}");
    }
    assert_eq!(tags("a:1|c|#"), []);
    assert_eq!(tags("a,:1|c"), []);
    assert_eq!(tags("a[]:1|c"), []);
    assert_eq!(tags("a[k,l=,m=n=o]:1|c"), [Some(("m", "n=o")), None, None]);
    assert_eq!(tags("a:1|c|#k,:v,k:,,k:v"), [Some(("k", "v")), None, None, None, None]);
}

#[test]
fn each_fault_has_its_reason() {
    let (kind, time) = (Refused::Sample(Reason::Type), Refused::Sample(Reason::Time));
    for (text, refused) in [
        ("", Refused::Line),
        ("a", Refused::Line),
        ("a:1", Refused::Line),
        (":1|c", Refused::Line),
        (",k=v:1|c", Refused::Line),
        ("a:1|", kind),
        ("a:1|x", kind),
        ("a:1|c:2|c", kind),
        ("a:1|C", kind),
        ("a:1|s", Refused::Set),
        ("[k=v]:1|c", Refused::Line),
        ("a[k=v:1|c", Refused::Brackets),
        ("ak=v]:1|c", Refused::Brackets),
        ("a]k=v[:1|c", Refused::Brackets),
        ("a[k=v:w]:1|c", Refused::Brackets),
        ("a[k=v][l=w]:1|c", Refused::Brackets),
        ("a[k=[v]]:1|c", Refused::Brackets),
        ("a[k=v]]:1|c", Refused::Brackets),
        ("a[k=v],l=w:1|c", Refused::Brackets),
        ("a#l=w[k=v]:1|c", Refused::Brackets),
        ("a[k=v]:1|c|#l:w", Refused::Field),
        ("a:1|c|", Refused::Field),
        ("a:1|c|!", Refused::Field),
        ("a:1|c|é", Refused::Field),
        ("a:1|c|@0.5|@0.5", Refused::Field),
        ("a:1|c|#a:b|#a:b", Refused::Field),
        ("a,k=v:1|c|#a:b", Refused::Field),
        ("a:1|c|T1|T1", Refused::Field),
        ("a:1|c|@", Refused::Rate),
        ("a:1|c|@0", Refused::Rate),
        ("a:1|c|@-0.1", Refused::Rate),
        ("a:1|c|@1.01", Refused::Rate),
        ("a:1|c|@1e-7", Refused::Rate),
        ("a:1|c|@nan", Refused::Rate),
        ("a:1|c|T", time),
        ("a:1|c|T-1", time),
        ("_e{1,1}:a|b", Refused::Event),
        ("_sc|a|0", Refused::ServiceCheck),
    ] {
        assert_eq!(Line::parse(text).unwrap_err(), refused, "{text}");
    }
}

#[test]
fn numbers_are_finite() {
    for (text, value) in [("1", 1.0), ("+1", 1.0), ("-1.5e3", -1500.0), (".5", 0.5)] {
        assert_eq!(number(text), Ok(value));
    }
    for text in ["", " 1", "1 ", "0x1", "1,5", "inf", "NaN", "1e999", "--1"] {
        assert_eq!(number(text), Err(Refused::Sample(Reason::Number)), "{text}");
    }
}

#[test]
fn names_become_those_of_prometheus() {
    for (name, expected) in [
        ("a.b-c d/e", "a_b_c_d_e"),
        (" 1", "_1"),
        ("1st", "_1st"),
        ("a--b---c_-d", "a_b_c__d"),
        ("é\u{fffd}x", "__x"),
        ("a__b", "a__b"),
        ("-", "_"),
    ] {
        let mut out = String::new();
        put_name(&mut out, [name, ""]);
        assert_eq!(out, expected, "{name}");
        // However it is parted.
        for (at, _) in name.char_indices() {
            let mut parted = String::new();
            put_name(&mut parted, [&name[..at], &name[at..]]);
            assert_eq!(parted, expected, "{name} {at}");
        }
    }
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let others = Reason::ALL.map(Refused::Sample);
    let words: HashSet<_> =
        Refused::OWN.iter().chain(&others).map(|refused| refused.text().0).collect();
    assert_eq!(words.len(), Refused::OWN.len() + Reason::ALL.len());
}
