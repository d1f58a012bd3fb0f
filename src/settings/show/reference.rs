//! The reference, for the generator of the documents.

use crate::settings::show::help::{by_section, spelt};
use crate::settings::table::{Catalogue, Row};
use crate::settings::types::Subject;

/// The reference of all options, in Markdown.
pub fn reference(subjects: &[&Subject]) -> String {
    let catalogue = Catalogue::new(subjects);
    let mut out = String::from(
        "# Settings\n\nFlags override the environment, which overrides the file, which overrides the \
         defaults.\n",
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
        [name, option] if !option.is_empty() => [name, ".", option].concat(),
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
    if row.traits.required {
        default.push_str("required");
    }
    let list = |all: Vec<String>| all.iter().map(|s| code(s)).collect::<Vec<_>>().join(", ");
    let keys =
        list([key, row.names.also.to_owned()].into_iter().filter(|key| !key.is_empty()).collect());
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
