//! `--help`, and what it shares with the manual page: one entry for each row.

use super::catalogue::Catalogue;
use super::row::{Row, Section};
use super::rows::sections;
use super::subject::Subject;
use super::value::Kind;

/// Where the explanations begin.
const COLUMN: usize = 32;
/// Where lines of the short help end.
const WIDTH: usize = 100;

/// What the program is, for help and the manual page.
pub(super) const ABOUT: &str = "Serves what the kernel knows of this machine to Prometheus.";

/// How to start it.
pub(super) const USAGE: &str = "sysmetrics [FLAG]...";

/// What there is to say besides the options.
pub(super) static EPILOGUE: &[(&str, &str)] = &[
    (
        "Settings file",
        "TOML; /etc/sysmetrics.toml unless --config names another. A flag beats the\n\
         environment, the environment beats the file, the file beats the defaults.\n\
         Texts may name variables: \"${NAME}\"; $${NAME} is that text itself.\n\
         Keys are written here as table.key. A collector is switched by a key of\n\
         [collectors] or by \"enabled\" in a table of its own. [[scrape.targets]], [[logs]]\n\
         and other lists of tables are in the file only. SIGHUP reads it again.",
    ),
    (
        "Environment",
        "Every key of the file is also a variable: APP__SERVER__LISTEN,\n\
         APP__COLLECTORS__DISK, APP__COLLECTORS__DISK__EXCLUDE_PATTERN. SYSMETRICS_ may\n\
         stand for APP__: SYSMETRICS_SERVER_LISTEN. Lists are separated by commas. A\n\
         variable of another table is not looked at.\n\
         OTEL_EXPORTER_OTLP_*, OTEL_METRIC_EXPORT_*, OTEL_SERVICE_NAME and\n\
         OTEL_RESOURCE_ATTRIBUTES fill in what an otlp export of the file does not say; an\n\
         endpoint makes one named otlp if the file has none. OTEL_SDK_DISABLED=true or\n\
         OTEL_METRICS_EXPORTER=none turns that off. What is wrong in these is ignored, and\n\
         the log says so.",
    ),
    (
        "Exit status",
        "0 after what was asked for is done, 1 if it failed, 2 if the settings are wrong;\n\
         ended by SIGALRM if it hung for 8 s when it was told to end.",
    ),
    (
        "Examples",
        "sysmetrics --listen 127.0.0.1:9101 --no-collector.network\n\
         sysmetrics --dialect node_exporter --path.rootfs=/host\n\
         sysmetrics --config ./sysmetrics.toml --check-config\n\
         EXPORTER_PORT=9200 APP__LOG__LEVEL=debug sysmetrics",
    ),
];

/// The text of `--help`, with a newline at the end.
pub fn help(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = format!("{}\n\nUsage: {}\n", ABOUT, USAGE);
    for (section, rows) in by_section(&catalogue) {
        out.push_str(&["\n", section.title, ":\n"].concat());
        for row in rows {
            entry(&mut out, row);
        }
    }
    for (title, text) in EPILOGUE {
        out.push_str(&["\n", title, ":\n"].concat());
        for line in text.lines() {
            out.push_str(&["  ", line, "\n"].concat());
        }
    }
    out
}

/// The text of `-h`, with a newline at the end: the flags, one spelling of each.
pub fn short_help(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = format!("Usage: {}\n", USAGE);
    for (section, rows) in by_section(&catalogue) {
        let mut title = format!("\n{}:\n", section.title);
        for row in rows.filter(|row| !row.all_flags().is_empty()) {
            out.push_str(&std::mem::take(&mut title));
            let left = ["  ", &heading(row)].concat();
            out.push_str(&left);
            let used = left.chars().count();
            let mut column = if used + 2 > COLUMN { WIDTH } else { used };
            for word in row.help.split(' ') {
                let length = word.chars().count();
                if column + 1 + length > WIDTH {
                    out.push('\n');
                    column = 0;
                }
                let blanks = COLUMN.saturating_sub(column).max(1);
                indent(&mut out, blanks);
                out.push_str(word);
                column += blanks + length;
            }
            out.push('\n');
        }
    }
    out
}

/// The tables of the file and the rows of each.
pub(super) fn by_section(
    catalogue: &Catalogue,
) -> impl Iterator<Item = (&'static Section, impl Iterator<Item = &Row>)> {
    sections().map(|section| (section, catalogue.rows_of(section).map(|(_, row)| row)))
}

fn entry(out: &mut String, row: &Row) {
    let left = ["  ", &heading(row)].concat();
    out.push_str(&left);
    let used = left.chars().count();
    if used + 2 > COLUMN {
        out.push('\n');
        indent(out, COLUMN);
    } else {
        indent(out, COLUMN - used);
    }
    out.push_str(row.help);
    out.push('\n');
    for remark in remarks(row) {
        indent(out, COLUMN);
        out.push_str(&remark);
        out.push('\n');
    }
}

fn indent(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// The row's own flag, or its key if it has none.
pub(super) fn heading(row: &Row) -> String {
    let mut out = match row.all_flags().first() {
        Some(flag) if row.kind == Kind::Switch && row.in_file() => ["--[no-]", flag].concat(),
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
pub(super) fn remarks(row: &Row) -> Vec<String> {
    let mut out = Vec::new();
    let others: Vec<String> = row.all_flags().iter().skip(1).map(|flag| spelt(flag)).collect();
    if !others.is_empty() {
        out.push(["also ", &others.join(", ")].concat());
    }
    if !row.env.is_empty() {
        out.push(["environment ", row.env].concat());
    }
    match row.default {
        ["", ""] if row.required => out.push("required".to_owned()),
        ["", ""] => {}
        [own, node] if own == node => out.push(["default ", own].concat()),
        [own, node] => {
            let own = if own.is_empty() { "none" } else { own };
            let node = if node.is_empty() { "none" } else { node };
            out.push(["default ", own].concat());
            out.push(["default with dialect node_exporter ", node].concat());
        }
    }
    out
}

/// A flag with its dashes; one that means the opposite says so.
pub(super) fn spelt(flag: &str) -> String {
    match flag.strip_prefix('!') {
        Some(flag) => format!("--{flag} (the opposite)"),
        None if flag.len() == 1 => ["-", flag].concat(),
        None => ["--", flag].concat(),
    }
}
