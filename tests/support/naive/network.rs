//! `/proc/net/dev`.

use super::{line, lines, number, words};
use sysmetrics::settings::Dialect;

const COLUMNS: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"];

pub fn samples(text: &[u8], dialect: Dialect) -> Vec<String> {
    let (mut seen, mut samples) = (Vec::<String>::new(), Vec::new());
    for text in lines(text).iter().skip(2) {
        let Some((name, numbers)) = text.rsplit_once(':') else { continue };
        let (name, words) =
            (name.trim_start_matches(|c: char| c.is_ascii_whitespace()), words(numbers));
        let hidden = dialect == Dialect::Own && name == "lo";
        if name.is_empty() || words.len() < 16 || hidden || seen.iter().any(|n| n == name) {
            continue;
        }
        seen.push(name.to_owned());
        for (i, word) in words.iter().enumerate().take(16) {
            let Some(raw) = number(word) else { continue };
            let direction = if i < 8 { "receive" } else { "transmit" };
            let what = match (i, dialect) {
                (13, _) => "colls",
                (14, _) => "carrier",
                (15, _) => "compressed",
                (2 | 10, Dialect::Own) => "errors",
                _ => COLUMNS[i % 8],
            };
            let key = if dialect == Dialect::Own { "interface" } else { "device" };
            let family = format!("network_{direction}_{what}_total");
            samples.push(line(dialect, &family, &[(key, name)], &raw.to_string()));
        }
    }
    samples
}
