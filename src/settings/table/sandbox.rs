//! The options of the sandbox.

use crate::settings::table::checks::{Check, wrong};
use crate::settings::table::held::{Table, length, texts};
use crate::settings::table::row::{Section, TableRow, choose, words};
use crate::settings::types::{Enforce, Kind, Settings, Value};

pub static SANDBOX: Section =
    Section::new("sandbox", "What the program may do", &[SANDBOX_TABLE.rows()]).check(check);

const ENFORCE: [(&str, Enforce); 3] =
    [("off", Enforce::Off), ("auto", Enforce::Auto), ("require", Enforce::Require)];

static SANDBOX_TABLE: Table<{ SANDBOX_ROWS.len() }> =
    Table::of(SANDBOX_ROWS, &texts::<{ length(SANDBOX_ROWS) }>(SANDBOX_ROWS));
#[rustfmt::skip] // a table: a row is all there is to know about one option
const SANDBOX_ROWS: &[TableRow] = &[
    TableRow::new("landlock", Kind::Choice(&words(&ENFORCE)), "auto", "Allow access only to the files and TCP ports that the settings need: auto if the kernel has Landlock, off never, require or the program does not start.")
        .set(|s, v| choose(&ENFORCE, v, &mut s.sandbox.landlock)),
    TableRow::new("seccomp", Kind::Choice(&words(&ENFORCE)), "auto", "Allow only the system calls that the program needs; values as for landlock.")
        .set(|s, v| choose(&ENFORCE, v, &mut s.sandbox.seccomp)),
    TableRow::new("read", Kind::Globs, "", "Additional directories and files that may be read, such as those that a reload will name."),
    TableRow::new("write", Kind::Globs, "", "Additional directories that may be written.")
        .set(|s, v| s.sandbox.write = v.texts.iter().map(Into::into).collect()),
    TableRow::new("connect_ports", Kind::Ports, "", "Additional TCP ports that may be connected to.")
        .set(|s, v| s.sandbox.connect_ports = ports(v)),
    TableRow::new("bind_ports", Kind::Ports, "", "Additional TCP ports that may be listened on.")
        .set(|s, v| s.sandbox.bind_ports = ports(v)),
];

fn ports(value: &Value) -> Vec<u16> {
    value.texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn check(settings: &mut Settings) -> Check {
    if settings.sandbox.seccomp == Enforce::Require && settings.alerting.starts_program() {
        return wrong("seccomp", &[PROGRAM]);
    }
    Ok(())
}

const PROGRAM: &str = "\"require\" does not go together with alerting.sendmail, a program with \
                       system calls of its own; name a relay in alerting.smtp";
