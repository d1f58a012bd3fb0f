//! The files and the peers that settings name, whichever option names them: the sandbox allows
//! no others. Which options name them follows from their kind, so that no new option is forgotten.

use crate::base::address::Listen;
use crate::base::wire::Url;
use crate::settings::resolve::resolved::Resolved;
use crate::settings::table::COLLECTORS;
use crate::settings::types::{Kind, Settings};
use std::path::PathBuf;

/// The root is a prefix of other paths, and a URL is for readers of messages. Where the program writes
/// and listens has rules of its own.
const OTHER: [&str; 6] =
    ["rootfs", "external_url", "spool.dir", "state_file", "memory_file", "listen"];

/// The state that a collector keeps over a restart.
const STATE: &str = "state_file";

/// Records them all, except those of collectors that are off.
pub fn named(resolved: &[Resolved<'_>], settings: &mut Settings) {
    for one in resolved {
        let (section, [collector, _]) = (one.row.section.name, one.row.path);
        let is_off = |name| settings.collectors.iter().any(|c| c.name == name && !c.enabled);
        if !names(one) || section == COLLECTORS && is_off(collector) {
            continue;
        }
        let sandbox = &mut settings.sandbox;
        if section == COLLECTORS && one.row.key() == STATE {
            // The default is in a directory that a package creates.
            let files = one.value.texts.iter().map(PathBuf::from);
            let is_usable = |file: &PathBuf| {
                one.origin.is_some() || file.parent().is_some_and(|parent| parent.is_dir())
            };
            sandbox.state_files.extend(files.filter(is_usable));
        }
        if OTHER.contains(&one.row.key()) {
            continue;
        }
        let texts = one.value.texts.iter().filter(|text| !text.is_empty());
        match one.row.kind {
            Kind::Path | Kind::PathOrNone | Kind::Glob | Kind::Globs => {
                sandbox.named_paths.extend(texts.cloned());
            }
            Kind::Url | Kind::Urls | Kind::Remote | Kind::Endpoint => {
                sandbox.named_ports.extend(texts.filter_map(|text| port(text)));
            }
            Kind::Peer(default) => {
                sandbox.named_ports.extend(texts.map(|text| port(text).unwrap_or(default)));
            }
            Kind::Text if section == COLLECTORS => {
                let texts = texts.filter(|text| text.starts_with("http"));
                sandbox.named_ports.extend(texts.filter_map(|text| port(text)));
            }
            _ => {}
        }
    }
}

/// Whether its kind may name a file or a peer.
fn names(one: &Resolved<'_>) -> bool {
    !matches!(one.row.kind, Kind::Switch | Kind::Pattern | Kind::Count(..) | Kind::Time(..))
}

/// The port of a URL or of `HOST:PORT`.
fn port(text: &str) -> Option<u16> {
    match Url::parse(text) {
        Ok(url) => Some(url.port),
        Err(_) => match Listen::parse(text)? {
            Listen::Tcp(_, port) => Some(port),
            Listen::Unix(_) | Listen::Vsock(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_that_of_the_scheme_if_none_is_named() {
        for (text, expected) in [
            ("http://collector/v1", Some(80)),
            ("http://[::1]:4318/v1", Some(4318)),
            ("relay:25", Some(25)),
            ("unix:/run/x", None),
            ("no", None),
            ("::1", None),
        ] {
            assert_eq!(port(text), expected, "{text}");
        }
    }
}
