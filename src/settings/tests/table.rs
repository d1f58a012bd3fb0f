//! Properties of all rows.

use crate::settings::table::{Catalogue, Role};
use crate::settings::tests::support::SUBJECTS;
use std::collections::HashSet;

#[test]
fn rows_are_unique_and_well_formed() {
    let (mut paths, mut flags) = (HashSet::new(), HashSet::new());
    for row in Catalogue::new(&[]).rows {
        assert!(row.help.ends_with('.'), "{}", row.dotted());
        assert!(!row.in_file() || paths.insert(row.dotted()), "{} twice", row.dotted());
        assert!(row.in_file() || !row.flags.is_empty(), "{}: unreachable", row.help);
        for flag in row.flags {
            assert!(flags.insert(*flag), "--{flag} twice");
        }
        for default in row.default.iter().filter(|d| !d.is_empty()) {
            let value = row.kind.read(default);
            assert!(value.is_ok_and(|v| v.text() == *default), "{}: {default}", row.dotted());
        }
    }
}

#[test]
fn a_flag_is_found_without_a_list_of_all() {
    let catalogue = Catalogue::new(SUBJECTS);
    let flags = catalogue.flags();
    assert!(flags.iter().any(|flag| flag.name.starts_with("no-collector.")));
    for flag in &flags {
        let first = flags.iter().find(|first| first.name == flag.name).unwrap();
        let found = catalogue.flag(&flag.name).unwrap();
        assert!(found.0 == first.row && found.1 == first.negative, "{}", flag.name);
        for other in [&flag.name[1..], &[&flag.name, "s"].concat(), &["no-", &flag.name].concat()] {
            let is_flag = flags.iter().any(|flag| flag.name == *other);
            assert_eq!(catalogue.flag(other).is_some(), is_flag, "{other}");
        }
    }
}

#[test]
fn a_role_has_one_row() {
    let catalogue = Catalogue::new(&[]);
    for row in catalogue.rows.iter().filter(|row| !row.is(Role::None)) {
        let others = catalogue.rows.iter().filter(|other| other.is(row.traits.role));
        assert_eq!(others.count(), 1, "{}", row.help);
    }
}
