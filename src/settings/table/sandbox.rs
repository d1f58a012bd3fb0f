//! The options of how the program locks itself in.

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
    TableRow::new("landlock", Kind::Choice(&words(&ENFORCE)), "auto", "Reach no file and no TCP port but those that the settings need: where the kernel has Landlock, or not at all, or else refuse to start.")
        .set(|s, v| choose(&ENFORCE, v, &mut s.sandbox.landlock)),
    TableRow::new("seccomp", Kind::Choice(&words(&ENFORCE)), "auto", "Make no system call but those that the program needs; the same.")
        .set(|s, v| choose(&ENFORCE, v, &mut s.sandbox.seccomp)),
    TableRow::new("read", Kind::Globs, "", "Directories and files that may be read besides, such as those that a reload will name."),
    TableRow::new("write", Kind::Globs, "", "Directories that may be written besides.")
        .set(|s, v| s.sandbox.write = v.texts.iter().map(Into::into).collect()),
    TableRow::new("connect_ports", Kind::Ports, "", "TCP ports that may be connected to besides.")
        .set(|s, v| s.sandbox.connect_ports = ports(v)),
    TableRow::new("bind_ports", Kind::Ports, "", "TCP ports that may be listened on besides.")
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
