//! The manual page and the reference, for the generator of the documents.

use super::catalogue::Catalogue;
use super::help::{ABOUT, EPILOGUE, USAGE, by_section, heading, remarks, spelt};
use super::row::Row;
use super::rows::COLLECTORS;
use super::subject::Subject;

/// The manual page `sysmetrics(1)`, in roff.
pub fn man_page(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = String::from(".TH SYSMETRICS 1\n.SH NAME\n");
    let about = ABOUT.trim_end_matches('.');
    out.push_str(&roff(&["sysmetrics - ", about].concat()));
    out.push_str("\n.SH SYNOPSIS\n.B ");
    out.push_str(&roff(USAGE));
    out.push_str("\n.SH OPTIONS\n");
    for (section, rows) in by_section(&catalogue) {
        out.push_str(&[".SS ", section.title, "\n"].concat());
        for row in rows {
            out.push_str(&[".TP\n.B ", &roff(&heading(row)), "\n"].concat());
            out.push_str(&roff(row.help));
            out.push('\n');
            for remark in remarks(row) {
                out.push_str(&[".br\n", &roff(&remark), "\n"].concat());
            }
        }
    }
    for (title, text) in EPILOGUE {
        out.push_str(&[".SH ", &title.to_ascii_uppercase(), "\n.nf\n"].concat());
        for line in text.lines() {
            out.push_str(&[&roff(line), "\n"].concat());
        }
        out.push_str(".fi\n");
    }
    out
}

/// Text that roff takes as it is.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    match text.starts_with(['.', '\'']) {
        true => ["\\&", &text].concat(),
        false => text,
    }
}

/// The reference of all options, in Markdown.
pub fn reference(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = String::from(
        "# Settings\n\nA flag beats the environment, the environment beats the file, the file \
         beats the defaults.\n",
    );
    for (section, rows) in by_section(&catalogue) {
        out.push_str(&["\n## ", section.title].concat());
        if !section.name.is_empty() {
            out.push_str(&[": `", &section.header(), "`"].concat());
        }
        out.push_str("\n\n| key | flags | environment | default | allowed | meaning |\n");
        out.push_str("|---|---|---|---|---|---|\n");
        for row in rows {
            table_row(&mut out, row);
        }
    }
    out
}

fn table_row(out: &mut String, row: &Row) {
    let key = match row.path {
        ["", ..] => String::new(),
        [COLLECTORS, name, key] if !key.is_empty() => [name, ".", key].concat(),
        _ => row.key().to_owned(),
    };
    let mut variables = vec![row.variable(), row.env.to_owned()];
    variables.retain(|name| !name.is_empty());
    let flags: Vec<String> = row.all_flags().iter().map(|flag| spelt(flag)).collect();
    let [own, node] = row.default;
    let mut default = code(own);
    if own != node {
        let node = if node.is_empty() { "none".to_owned() } else { code(node) };
        default.push_str(&["; with node_exporter's dialect ", &node].concat());
    }
    if row.required {
        default.push_str("required");
    }
    let list = |all: Vec<String>| all.iter().map(|s| code(s)).collect::<Vec<_>>().join(", ");
    let keys = list([key, row.also.to_owned()].into_iter().filter(|key| !key.is_empty()).collect());
    for cell in [keys, list(flags), list(variables), default] {
        out.push_str(&["| ", &cell, " "].concat());
    }
    out.push_str(&["| ", &cell(&row.kind.expects()), " | ", &cell(row.help), " |\n"].concat());
}

fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{}`", cell(text)),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
