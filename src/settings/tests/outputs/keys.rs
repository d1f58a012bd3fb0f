//! Each key of exports: it is set, printed and read again for its types, and refused for all others.

use super::{least, round_trip};
use crate::settings::table::{Catalogue, Row};
use crate::settings::tests::support::{SUBJECTS, load, sample};

const NAMES: [&str; 4] = ["otlp", "influx", "remote_write", "stdout"];

/// Each key is set, printed and read again where it applies, and refused everywhere else.
#[test]
fn each_key_belongs_to_its_types() {
    let catalogue = Catalogue::new(SUBJECTS);
    let section = catalogue.list(&["export"]).unwrap();
    for row in catalogue.rows_of(section) {
        let key = row.key();
        if ["type", "name", "endpoint"].contains(&key) {
            continue;
        }
        let types = if row.traits.only == 0 { 15 } else { row.traits.only };
        let is_tls = ["ca_file", "cert_file", "key_file", "server_name"].contains(&key);
        for kind in 0..NAMES.len() {
            let file = file_without(key, kind);
            let with = format!("{file}{key} = {}\n", value(row));
            if types & 1 << kind == 0 {
                check_refusal(&with, key, kind, types);
            } else if is_tls && !cfg!(feature = "tls") {
                let refusal = load(&with, "", &[]).unwrap_err();
                let expected = "TLS is not built in: take a binary that is not -tiny, or build with the feature tls";
                assert!(refusal.contains(&format!("export.{key}: {expected}")), "{refusal}");
            } else {
                let set = round_trip(&with, &[]);
                assert!(load(&file, "", &[]).map_or(true, |s| s.exports != set), "{with}");
            }
        }
    }
}

/// A file with one export of a type, with all that `key` needs and without `key` itself.
fn file_without(key: &str, kind: usize) -> String {
    let file = least(kind);
    let needed = match key {
        "username" => "password_file = '/p'\n",
        "password_file" => "username = 'u'\n",
        "retention_policy" => "database = 'd'\n",
        "cert_file" => "key_file = '/k'\n",
        "key_file" => "cert_file = '/k'\n",
        "measurement" if NAMES[kind] == "stdout" => "format = 'influx'\n",
        "spool.max_bytes" | "spool.max_age" | "spool.write_budget" if kind < 3 => {
            "spool.dir = '/d'\n"
        }
        "fallback" => return format!("[[export]]\ntype = 'stdout'\nname = 'word'\n{file}"),
        _ => "",
    };
    let file = [file, needed].concat();
    match key {
        "database" | "retention_policy" | "bucket" => file.replace("bucket = 'b'\n", ""),
        _ => file,
    }
}

/// A value other than the default, in the file's syntax.
fn value(row: &Row) -> String {
    match row.key() {
        "protocol" => "'http/json'".to_owned(),
        "order" => "'fresh_first'".to_owned(),
        "version" => "'1.0'".to_owned(),
        "retry.initial_ms" => "501".to_owned(),
        _ => sample(row).0,
    }
}

/// Checks that a key in the last line of `file` is refused, and that the error names the types it belongs to.
fn check_refusal(file: &str, key: &str, kind: usize, types: u8) {
    let refusal = load(file, "", &[]).unwrap_err();
    let of: Vec<&str> = (0..4).filter(|i| types & 1 << i != 0).map(|i| NAMES[i]).collect();
    let end = format!(
        "export.{key}: not for type = \"{}\"; it belongs to {}",
        NAMES[kind],
        of.join(", ")
    );
    let front = format!("FILE:{}:", file.lines().count());
    let is_it = |line: &str| line.starts_with(&front) && line.ends_with(&end);
    assert!(refusal.lines().any(is_it), "{file}{refusal}");
}
