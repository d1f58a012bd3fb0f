//! Units in UCUM from the suffixes of Prometheus names ("Converting from full words to abbreviations";
//! "ratio" is "1"; "foo_per_bar" is "foo/bar": compatibility/prometheus_and_openmetrics.md).

/// Suffixes after the unit in a name.
const SUFFIXES: [&str; 4] = ["_total", "_bucket", "_sum", "_count"];

/// Words and their units; the first that matches counts.
#[rustfmt::skip]
const UNITS: [(&str, &str); 27] = [
    ("bytes_per_second", "By/s"),
    ("bits_per_second",  "bit/s"),
    ("seconds",      "s"),
    ("milliseconds", "ms"),
    ("microseconds", "us"),
    ("nanoseconds",  "ns"),
    ("minutes",      "min"),
    ("hours",        "h"),
    ("days",         "d"),
    ("bytes",        "By"),
    ("kibibytes",    "KiBy"),
    ("mebibytes",    "MiBy"),
    ("bits",         "bit"),
    ("celsius",      "Cel"),
    ("kelvin",       "K"),
    ("ratio",        "1"),
    ("percent",      "%"),
    ("volts",        "V"),
    ("amperes",      "A"),
    ("watts",        "W"),
    ("joules",       "J"),
    ("hertz",        "Hz"),
    ("meters",       "m"),
    ("grams",        "g"),
    ("pascals",      "Pa"),
    ("ohms",         "Ohm"),
    ("lux",          "lx"),
];

/// The unit of a family of that name; empty if the name has none.
pub fn of(name: &str) -> &'static str {
    let stem = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    let fits =
        |word: &str| stem.strip_suffix(word).is_some_and(|s| s.is_empty() || s.ends_with('_'));
    UNITS.iter().find(|(word, _)| fits(word)).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_at_the_end_of_names() {
        for (name, unit) in [
            ("node_cpu_seconds_total", "s"),
            ("node_memory_MemTotal_bytes", "By"),
            ("net_speed_bytes_per_second", "By/s"),
            ("x_latency_milliseconds_bucket", "ms"),
            ("hwmon_temp_celsius", "Cel"),
            ("used_ratio", "1"),
            ("seconds", "s"),
            ("split_seconds_left", ""),
            ("megabytes", ""),
            ("load1", ""),
            ("_total", ""),
            ("", ""),
        ] {
            assert_eq!(of(name), unit, "{name}");
        }
    }
}
