//! Messages about keys of the settings file that are unknown, or set twice.

use crate::base::text::words::{meant, quoted};
use crate::settings::sources::file::place;
use crate::settings::sources::tree::{Fault, Node, Shape, Tree};
use crate::settings::table::{COLLECTORS, Catalogue};

/// The message about an unknown key or table, with the nearest known one.
pub fn unknown(catalogue: &Catalogue, path: &[&str], node: &Node) -> String {
    let (name, above) = path.split_last().map_or(("", [].as_slice()), |(n, above)| (*n, above));
    let known = catalogue.names(above);
    let what = match (above, node.shape.is_table() || node.shape == Shape::Tables) {
        ([], true) => "table",
        _ => "key",
    };
    let place = match (above, catalogue.list(above)) {
        ([], _) => String::new(),
        (_, Some(section)) => [" in ", &section.header()].concat(),
        (above, None) => [" in [", &above.join("."), "]"].concat(),
    };
    let meant = match catalogue.own_name(name).filter(|_| above == [COLLECTORS]) {
        Some(own) => format!("; did you mean {}?", quoted(own)),
        None => meant(name, &mut known.iter().copied(), ""),
    };
    let meant = if is_of_tls(path) {
        "; TLS and users are not built in: take a binary that is not -tiny".to_owned()
    } else {
        meant
    };
    let known = known.join(", ");
    format!("unknown {what} {}{place}{meant}; known are {known}", quoted(name))
}

/// Whether a key is one that builds with TLS have, and this one lacks.
fn is_of_tls(path: &[&str]) -> bool {
    let of_tls = matches!(path, ["server", "tls" | "users_file" | "web_config_file", ..]);
    of_tls && !cfg!(feature = "tls")
}

/// The message about a fault of the document, with the line of the earlier key if there are two.
pub fn clash(tree: &Tree, fault: &Fault, text: &str) -> String {
    let Some((i, node)) = fault.first.and_then(|i| Some((i, tree.nodes.get(i)?))) else {
        return fault.text.clone();
    };
    let (line, _) = place(text, node.key.at);
    let mut out = [&fault.text, " in line ", &line.to_string()].concat();
    if let [COLLECTORS, name] = *tree.path(i).as_slice()
        && fault.table != node.shape.is_table()
    {
        let name = ["collectors.", name].concat();
        out.push_str("; TOML has no key that is both a value and a table: keep the table [");
        out.push_str(&name);
        out.push_str("] and write the switch in it as \"enabled = true\" or \"enabled = false\"");
    }
    out
}
