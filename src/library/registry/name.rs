//! Names in the form of Prometheus. In the names that a program gives to metrics and labels, each invalid
//! character becomes `_`, and so does a digit at the start. Two names that differ only in these
//! are one.

/// The suffixes of counters, histograms and summaries: a unit is put before them.
const ENDINGS: [&str; 4] = ["_sum", "_count", "_bucket", "_total"];

/// The label of every bucket or quantile, and its replacement in a program's own labels.
const RESERVED: [(&str, &str); 2] = [("le", "exported_le"), ("quantile", "exported_quantile")];

/// Whether the whole text is valid in a name: letters, digits, `_` and `more`, no digit first. It reads
/// every byte, as compilers vectorize that.
#[inline(never)]
pub fn is_fit(name: &[u8], more: u8) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() | (*b == b'_') | (*b == more);
    let is_led_well = name.first().is_some_and(|first| !first.is_ascii_digit());
    name.iter().fold(is_led_well, |fit, byte| fit & fits(byte))
}

/// Whether histograms and summaries have this label of their own.
pub fn is_reserved(label: &[u8]) -> bool {
    RESERVED.iter().any(|(reserved, _)| reserved.as_bytes() == label)
}

/// The name of a metric: letters, digits, `_` and `:`.
pub fn metric(name: &str) -> String {
    without_digit_first(rest_of_metric(name))
}

fn without_digit_first(name: String) -> String {
    match name.strip_prefix(|c: char| c.is_ascii_digit()) {
        Some(rest) => ["_", rest].concat(),
        None => name,
    }
}

/// The same for the part of a name after its first character.
pub fn rest_of_metric(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | ':') { c } else { '_' };
    name.chars().map(fit).collect()
}

/// The name of a label: letters, digits and `_`, without `__` at the start, as such labels are
/// Prometheus' own. `has_parts` if histograms and summaries have labels of their own.
pub fn label(name: &str, has_parts: bool) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut fit = without_digit_first(name.chars().map(fit).collect());
    while fit.starts_with("__") {
        fit.remove(0);
    }
    match RESERVED.iter().find(|(reserved, _)| has_parts && *reserved == fit) {
        Some((_, exported)) => (*exported).to_owned(),
        None => fit,
    }
}

/// `name` with `unit` at its end, or before `_total` and the like, unless it is there.
pub fn with_unit(name: &str, unit: &str) -> String {
    let ending = ENDINGS.iter().find(|ending| name.ends_with(**ending)).copied().unwrap_or("");
    let stem = name.strip_suffix(ending).unwrap_or(name);
    if unit.is_empty() || stem.ends_with(unit) {
        return name.to_owned();
    }
    [stem, "_", unit, ending].concat()
}

/// The name of a counter with `_total` at its end, unless it has it.
pub fn with_total(name: String) -> String {
    if name.ends_with("total") { name } else { name + "_total" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sanitized() {
        for (name, fit) in [
            ("a.b-c/d", "a_b_c_d"),
            ("1foo", "_foo"),
            ("a:b", "a:b"),
            ("føø bar", "f___bar"),
            ("123", "_23"),
            ("", ""),
        ] {
            assert_eq!(metric(name), fit);
        }
        for (name, fit) in
            [("a:b", "a_b"), ("1x", "_x"), ("__name__", "_name__"), ("øhno", "_hno"), ("le", "le")]
        {
            assert_eq!(label(name, false), fit);
        }
        assert_eq!(label("le", true), "exported_le");
        assert_eq!(label("quantile", true), "exported_quantile");
    }

    #[test]
    fn units_come_before_the_suffix_of_a_part() {
        for (name, unit, full) in [
            ("wait", "seconds", "wait_seconds"),
            ("wait_seconds", "seconds", "wait_seconds"),
            ("sent_total", "bytes", "sent_bytes_total"),
            ("sent_bytes_total", "bytes", "sent_bytes_total"),
            ("load", "", "load"),
        ] {
            assert_eq!(with_unit(name, unit), full);
        }
        assert_eq!(with_total("sent".into()), "sent_total");
        assert_eq!(with_total("sent_total".into()), "sent_total");
    }
}
