//! What holds of every row.

use crate::settings::table::{Catalogue, Role};
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
fn a_role_has_one_row() {
    let catalogue = Catalogue::new(&[]);
    for row in catalogue.rows.iter().filter(|row| !row.is(Role::None)) {
        let others = catalogue.rows.iter().filter(|other| other.is(row.traits.role));
        assert_eq!(others.count(), 1, "{}", row.help);
    }
}
