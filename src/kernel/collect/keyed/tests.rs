use super::*;
use crate::base::dialect::Dialect;
use std::cell::Cell;

fn name(keyed: &mut Keyed, parts: [&str; 2], calls: &Cell<u32>) -> Option<String> {
    let family = keyed.family(parts.map(str::as_bytes), &|first, second| {
        calls.set(calls.get() + 1);
        (first != "hidden").then(|| NewFamily {
            kind: Kind::Untyped,
            unit: Unit::One,
            name: format!("x_{first}{second}"),
            help: "X.".to_owned(),
        })
    });
    family.map(|family| family.named(Dialect::Node).unwrap().0.to_owned())
}

#[test]
fn a_family_is_made_once_while_its_key_keeps_its_position() {
    let (mut keyed, calls) = (Keyed::default(), Cell::new(0));
    let readings: [(&[[&str; 2]], u32); 4] = [
        (&[["a", ""], ["b", "c"], ["hidden", ""], ["bc", ""]], 4),
        (&[["a", ""], ["b", "c"], ["hidden", ""], ["bc", ""]], 4),
        (&[["a", ""], ["new", ""], ["b", "c"], ["hidden", ""]], 7),
        (&[["b", "ad name"]], 8),
    ];
    for (reading, made) in readings {
        keyed.begin();
        for parts in reading {
            let expected = format!("x_{}{}", parts[0], parts[1]);
            // "bc" would be the name that "b" and "c" make.
            let is_shown = parts[0] != "hidden" && parts[0] != "bc" && !expected.contains(' ');
            let expected = is_shown.then_some(expected);
            assert_eq!(name(&mut keyed, *parts, &calls), expected);
        }
        assert_eq!(calls.get(), made);
    }
}

#[test]
fn hidden_keys_are_skipped_while_the_keys_stay_the_same() {
    let (mut keyed, calls) = (Keyed::default(), Cell::new(0));
    let mut skipped = |keys: [&str; 3]| {
        keyed.begin();
        keys.map(|key| {
            let skips = keyed.skips();
            if !skips {
                name(&mut keyed, [key, ""], &calls);
            }
            skips
        })
    };
    let keys = ["hidden", "a", "hidden"];
    assert_eq!([skipped(keys), skipped(keys)], [[false; 3]; 2]);
    assert_eq!([skipped(keys), skipped(keys)], [[true, false, true]; 2]);
    assert_eq!(skipped(["a", "hidden", "b"]), [true, false, false], "it is noticed");
    assert_eq!(skipped(["a", "hidden", "b"]), [false; 3], "so all are looked at");
    assert_eq!(skipped(["a", "hidden", "b"]), [false; 3]);
    assert!(keyed.is_complete());
    keyed.begin();
    assert!(keyed.family([b"a", b""], &|_, _| None).is_some() && !keyed.is_complete(), "cut");
}
