//! How the files of a chip are named (Documentation/hwmon/sysfs-interface.rst), and which metric each
//! becomes: `temp1_crit` is the element `crit` of the sensor `temp1`, in thousandths of a degree Celsius.
//! node_exporter gives every element of a kind the kind's unit, alarms and switches too; our own names
//! have no unit for those, and spell units out.

use super::super::keyed::NewFamily;
use crate::model::metric::{Kind, Unit};

/// The kinds of sensors that are shown.
const KINDS: [&str; 14] = [
    "beep_enable",
    "cpu",
    "curr",
    "energy",
    "fan",
    "freq",
    "humidity",
    "in",
    "intrusion",
    "power",
    "pwm",
    "temp",
    "update_interval",
    "vrm",
];

/// Elements that are not numbers.
const TEXTS: [&str; 3] = ["model_number", "oem_info", "serial_number"];

/// Suffixes of elements that are switches, alarms or codes, whatever unit their sensor has.
const UNITLESS: [&str; 6] = ["alarm", "beep", "enable", "fault", "pwm", "type"];

const KELVIN: char = '\u{212a}';
const DOTTED_I: char = '\u{130}';

/// Kind, number and element of a file; `None` if it is not a sensor's. `pwm1` has no element.
pub fn split(file: &str) -> Option<(&'static str, u32, &str)> {
    let digits = file.find(|c: char| c.is_ascii_digit()).unwrap_or(file.len());
    let (kind, rest) = file.split_at(digits);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, rest) = rest.split_at(end);
    let number = if number.is_empty() { 0 } else { number.parse().ok()? };
    let element = if rest.is_empty() { rest } else { rest.strip_prefix('_')? };
    let kind = KINDS.into_iter().find(|known| *known == kind)?;
    (rest != "_").then_some((kind, number, element))
}

/// `text` in node_exporter's form for a part of a name: in lower case, with `_` for other characters than
/// letters and digits.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        match c {
            'a'..='z' | '0'..='9' | ':' => clean.push(c),
            // The only others whose lower case is ASCII. A table of lower-case letters is 11 KB.
            KELVIN => clean.push('k'),
            DOTTED_I => clean.push_str("i_"),
            _ => clean.push('_'),
        }
    }
    clean.trim_matches('_').to_owned()
}

/// The metric of an element, and the factor of its number. `is_input` is
/// whether the input needs its name because there is a file without an element, too.
pub fn new_family(
    is_node: bool,
    kind: &str,
    element: &str,
    is_input: bool,
) -> Option<(NewFamily, i64)> {
    if let ("vrm", "") = (kind, element) {
        return Some((gauge("hwmon_voltage_regulator_version", Unit::One), 1));
    }
    let (suffix, unit, factor) = unit(is_node, kind, element)?;
    let is_unprefixed = element.is_empty() || (element == "input" && !is_input);
    let part = if is_unprefixed { String::new() } else { ["_", &clean(element)].concat() };
    let mut family = gauge(&["hwmon_", kind, &part, suffix].concat(), unit);
    if kind == "energy" && suffix.ends_with("total") {
        family.kind = Kind::Counter;
    }
    family.help = ["Sensor ", kind, &part.replace('_', " "), "."].concat();
    Some((family, factor))
}

/// The suffix of an element's metric, the unit of its number, and a factor; `None` if it is not a number.
fn unit(is_node: bool, kind: &str, element: &str) -> Option<(&'static str, Unit, i64)> {
    let is_unitless = !is_node && UNITLESS.into_iter().any(|end| element.ends_with(end));
    let own = |own, node| if is_node { node } else { own };
    let (suffix, unit) = match (kind, element) {
        ("beep_enable", "") => ("d", Unit::One),
        ("update_interval", "") => ("_seconds", Unit::Millis),
        ("beep_enable" | "update_interval" | "vrm", _) => return None,
        (_, element) if TEXTS.contains(&element) => return None,
        (_, "fault" | "alarm") => ("", Unit::One),
        (_, "beep") => ("_enabled", Unit::One),
        _ if is_unitless => ("", Unit::One),
        ("in" | "cpu", _) => ("_volts", Unit::Millis),
        ("temp", element) if element != "type" => ("_celsius", Unit::Millis),
        ("curr", _) => (own("_amperes", "_amps"), Unit::Millis),
        ("energy", _) => (own("_joules_total", "_joule_total"), Unit::Micros),
        ("power", "accuracy") => (own("_ratio", ""), Unit::Micros),
        ("power", element) if element.starts_with("average_interval") => ("_seconds", Unit::Millis),
        ("power", _) => (own("_watts", "_watt"), Unit::Micros),
        // The kernel writes thousandths of a per cent; node_exporter treats them as millionths.
        ("humidity", _) if is_node => ("", Unit::Micros),
        ("humidity", _) => return Some(("_ratio", Unit::Micros, 10)),
        ("fan", "input" | "min" | "max" | "target") => ("_rpm", Unit::One),
        ("freq", "input") if is_node => ("_freq_mhz", Unit::Micros),
        ("freq", "input") => ("_hertz", Unit::One),
        ("pwm", element) if !is_node && element.ends_with("_temp") => ("_celsius", Unit::Millis),
        _ => ("", Unit::One),
    };
    Some((suffix, unit, 1))
}

fn gauge(name: &str, unit: Unit) -> NewFamily {
    NewFamily { kind: Kind::Gauge, unit, name: name.to_owned(), help: "Of the board.".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sensor_files_are_split() {
        for (file, expected) in [
            ("temp1_input", Some(("temp", 1, "input"))),
            ("pwm2", Some(("pwm", 2, ""))),
            ("pwm1_auto_point1_temp", Some(("pwm", 1, "auto_point1_temp"))),
            ("temp007_max", Some(("temp", 7, "max"))),
            ("beep_enable", Some(("beep_enable", 0, ""))),
            ("power", Some(("power", 0, ""))),
            ("temp99999999999_input", None),
            ("temp1_", None),
            ("temp1x", None),
            ("bogus1_input", None),
            ("name", None),
            ("", None),
        ] {
            assert_eq!(split(file), expected, "{file}");
        }
        assert_eq!(clean("Physical id 0\n"), "physical_id_0");
        assert_eq!(clean("0000:05:00.0"), "0000:05:00_0");
        assert_eq!(clean("__Ä!"), "");
    }

    #[test]
    fn every_character_is_cleaned_as_its_small_letters_are() {
        for c in '\0'..=char::MAX {
            let kept = |c| matches!(c, 'a'..='z' | '0'..='9' | ':');
            let small = c.to_lowercase().map(|c| if kept(c) { c } else { '_' });
            assert_eq!(
                clean(&format!("x{c}x")),
                format!("x{}x", small.collect::<String>()),
                "{c:?}"
            );
        }
    }

    #[test]
    fn every_element_has_its_unit_in_both_dialects() {
        for (kind, element, node, own) in [
            ("temp", "input", "temp_celsius Millis", "temp_celsius Millis"),
            ("temp", "", "temp_celsius Millis", "temp_celsius Millis"),
            ("temp", "crit_alarm", "temp_crit_alarm_celsius Millis", "temp_crit_alarm One"),
            ("temp", "type", "temp_type One", "temp_type One"),
            ("in", "min", "in_min_volts Millis", "in_min_volts Millis"),
            ("in", "enable", "in_enable_volts Millis", "in_enable One"),
            ("cpu", "vid", "cpu_vid_volts Millis", "cpu_vid_volts Millis"),
            ("fan", "input", "fan_rpm One", "fan_rpm One"),
            ("fan", "alarm", "fan_alarm One", "fan_alarm One"),
            ("fan", "beep", "fan_beep_enabled One", "fan_beep_enabled One"),
            ("fan", "div", "fan_div One", "fan_div One"),
            ("curr", "input", "curr_amps Millis", "curr_amperes Millis"),
            ("energy", "input", "energy_joule_total Micros", "energy_joules_total Micros"),
            ("power", "average", "power_average_watt Micros", "power_average_watts Micros"),
            ("power", "accuracy", "power_accuracy Micros", "power_accuracy_ratio Micros"),
            (
                "power",
                "average_interval_max",
                "power_average_interval_max_seconds Millis",
                "power_average_interval_max_seconds Millis",
            ),
            ("humidity", "input", "humidity Micros", "humidity_ratio Micros10"),
            ("freq", "input", "freq_freq_mhz Micros", "freq_hertz One"),
            ("pwm", "", "pwm One", "pwm One"),
            (
                "pwm",
                "auto_point1_temp",
                "pwm_auto_point1_temp One",
                "pwm_auto_point1_temp_celsius Millis",
            ),
            ("vrm", "", "voltage_regulator_version One", "voltage_regulator_version One"),
            (
                "update_interval",
                "",
                "update_interval_seconds Millis",
                "update_interval_seconds Millis",
            ),
            ("beep_enable", "", "beep_enabled One", "beep_enabled One"),
        ] {
            for (is_node, expected) in [(true, node), (false, own)] {
                let (made, factor) = new_family(is_node, kind, element, false).unwrap();
                let factor = if factor == 1 { String::new() } else { factor.to_string() };
                let name = made.name.strip_prefix("hwmon_").unwrap();
                assert_eq!(format!("{name} {:?}{factor}", made.unit), expected);
                assert_eq!(made.kind == Kind::Counter, name.ends_with("_total"));
            }
        }
        assert_eq!(
            new_family(true, "temp", "input", true).unwrap().0.name,
            "hwmon_temp_input_celsius"
        );
        assert!(new_family(true, "vrm", "x", false).is_none());
        assert!(new_family(true, "power", "serial_number", false).is_none());
    }
}
