//! `--help`, and the parts it shares with the manual page: one entry for each row.

use crate::settings::table::{Catalogue, Row, SECTIONS, Section};
use crate::settings::types::{Kind, Subject};

/// The column of the explanations.
const COLUMN: usize = 32;
/// The width of the short help.
const WIDTH: usize = 100;
/// The long help breaks lines only after sentences.
const UNLIMITED: usize = 10_000;

/// The description of the program, for help and the manual page.
pub const ABOUT: &str = "Serves what the kernel knows of this machine to Prometheus.";

/// The usage line.
pub const USAGE: &str = "sysmetrics [FLAG]...";

/// Further sections besides the options: titles, and below each its lines, which are indented.
#[cfg(feature = "hub")]
pub const EPILOGUE: &str = include_str!("epilogue.txt");
/// The same for the exporter alone.
#[cfg(not(feature = "hub"))]
pub const EPILOGUE: &str = include_str!("epilogue_off.txt");

/// The text of `--help`, with a newline at the end.
pub fn help(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = format!("{ABOUT}\n\nUsage: {USAGE}\n");
    for (section, rows) in by_section(&catalogue) {
        out.push_str(&["\n", section.title, ":\n"].concat());
        for row in rows {
            describe(&mut out, row, UNLIMITED);
            for remark in remarks(row) {
                indent(&mut out, COLUMN);
                out.push_str(&[&remark, "\n"].concat());
            }
        }
    }
    out.push_str(&["\n", EPILOGUE].concat());
    out
}

/// The text of `-h`, with a newline at the end: the flags, one spelling of each.
pub fn short_help(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = format!("Usage: {USAGE}\n");
    for (section, rows) in by_section(&catalogue) {
        let mut title = format!("\n{}:\n", section.title);
        for row in rows.filter(|row| !row.all_flags().is_empty()) {
            out.push_str(&std::mem::take(&mut title));
            describe(&mut out, row, WIDTH);
        }
    }
    out
}

/// The tables of the file and the rows of each.
pub fn by_section(
    catalogue: &Catalogue,
) -> impl Iterator<Item = (&'static Section, impl Iterator<Item = &Row>)> {
    SECTIONS.iter().map(|section| (*section, catalogue.rows_of(section)))
}

/// Writes the flag or key of a row and its help, in lines of at most `width` characters.
fn describe(out: &mut String, row: &Row, width: usize) {
    let left = ["  ", &heading(row)].concat();
    out.push_str(&left);
    let used = left.chars().count();
    let mut column = if used + 2 > COLUMN { width } else { used };
    for word in row.help.split(' ') {
        let length = word.chars().count();
        if column + 1 + length > width {
            out.push('\n');
            column = 0;
        }
        let blanks = COLUMN.saturating_sub(column).max(1);
        indent(out, blanks);
        out.push_str(word);
        column += blanks + length;
    }
    out.push('\n');
}

fn indent(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// The row's own flag, or its key if it has none.
pub fn heading(row: &Row) -> String {
    let mut out = match row.all_flags().first() {
        Some(flag) if row.kind == Kind::Switch => ["--[no-]", flag].concat(),
        Some(flag) => ["--", flag].concat(),
        None => row.dotted(),
    };
    let value = row.kind.metavar();
    if !value.is_empty() {
        out.push(' ');
        out.push_str(&value);
    }
    out
}

/// Other spellings and the default.
pub fn remarks(row: &Row) -> Vec<String> {
    let mut out = Vec::new();
    let others: Vec<String> = row.all_flags().iter().skip(1).map(|flag| spelt(flag)).collect();
    if !others.is_empty() {
        out.push(["also ", &others.join(", ")].concat());
    }
    if !row.env.is_empty() {
        out.push(["environment ", row.env].concat());
    }
    match row.default {
        ["", ""] if row.traits.required => out.push("required".to_owned()),
        ["", ""] => {}
        [own, node] if own == node => out.push(["default ", own].concat()),
        [own, node] => {
            let [own, node] = [own, node].map(|text| if text.is_empty() { "none" } else { text });
            out.push(["default ", own].concat());
            out.push(["default with dialect node_exporter ", node].concat());
        }
    }
    out
}

/// A flag with its dashes; a negated one is marked.
pub fn spelt(flag: &str) -> String {
    match flag.strip_prefix('!') {
        Some(flag) => format!("--{flag} (the opposite)"),
        None if flag.len() == 1 => ["-", flag].concat(),
        None => ["--", flag].concat(),
    }
}
