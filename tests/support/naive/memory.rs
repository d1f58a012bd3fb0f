//! `/proc/meminfo`.

use super::{line, lines, number, words};
use sysmetrics::settings::Dialect;

/// What the collector takes at most.
const MAX_LINES: usize = 256;
const MAX_KEY: usize = 100;

/// In our own dialect: every name that can be made. Of node_exporter's, which knows a fixed set of
/// names, all that it might show.
pub fn samples(text: &[u8], dialect: Dialect) -> Vec<String> {
    let (mut taken, mut samples) = (vec!["memory_used_bytes".to_owned()], Vec::new());
    let parsed: Vec<_> = lines(text).iter().filter_map(|line| parsed(line)).collect();
    let mut shown = Vec::new();
    for (key, kibibytes, raw) in &parsed[..parsed.len().min(MAX_LINES)] {
        let Some([own, node]) = names(key, *kibibytes) else { continue };
        if taken.contains(&own) || taken.contains(&node) {
            continue;
        }
        let value = u128::from(*raw) * if *kibibytes { 1024 } else { 1 };
        let name = if dialect == Dialect::Own { &own } else { &node };
        samples.push(line(dialect, name, &[], &value.to_string()));
        taken.extend([own, node]);
        shown.push((key, *kibibytes, *raw));
    }
    // A line whose name came before is no part of a sum either.
    let of =
        |name: &str| shown.iter().find(|(key, kb, _)| *key == name && *kb).map(|(.., raw)| *raw);
    let parts = (of("MemTotal"), of("MemFree"), of("Buffers"), of("Cached"));
    if let ((Some(total), Some(free), Some(buffers), Some(cached)), Dialect::Own) = (parts, dialect)
    {
        let rest = i128::from(total) - i128::from(free) - i128::from(buffers) - i128::from(cached);
        if rest >= 0 {
            samples.push(line(dialect, "memory_used_bytes", &[], &(rest * 1024).to_string()));
        }
    }
    samples
}

fn parsed(line: &str) -> Option<(String, bool, u64)> {
    let (key, value) = line.split_once(':')?;
    match words(value)[..] {
        [raw] => Some((key.to_owned(), false, number(raw)?)),
        [raw, "kB"] => Some((key.to_owned(), true, number(raw)?)),
        _ => None,
    }
}

/// Our own name and node_exporter's.
fn names(key: &str, kibibytes: bool) -> Option<[String; 2]> {
    if key.len() > MAX_KEY {
        return None;
    }
    let trimmed = key.trim();
    let node = trimmed.strip_suffix(')').unwrap_or(trimmed).replace('(', "_");
    let words = node.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !words || !node.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let bare = match node.strip_prefix("Mem") {
        Some(rest) if rest.starts_with(|c: char| c.is_uppercase()) => rest,
        _ => &node,
    };
    let letters: Vec<char> = bare.chars().collect();
    let mut own = String::new();
    for (i, letter) in letters.iter().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() && letters[i - 1].is_ascii_lowercase() {
            own.push('_');
        }
        own.push(letter.to_ascii_lowercase());
    }
    let own = if node == "SecPageTables" { "secondary_page_tables".to_owned() } else { own };
    let suffix = if kibibytes { "_bytes" } else { "" };
    Some([format!("memory_{own}{suffix}"), format!("memory_{node}{suffix}")])
}
