use super::kinds::KINDS;
use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::Tree;
use std::os::unix::fs::symlink;
use std::time::Instant;

/// A device at `parent` below `/sys/devices`, with its files.
fn device(tree: &Tree, number: u32, parent: &str, files: &[(&str, &str)]) {
    let entry = format!("iio:device{number}");
    let place = format!("sys/devices/{parent}/{entry}");
    for (file, text) in files {
        tree.put(&format!("{place}/{file}"), &format!("{text}\n"));
    }
    let list = tree.0.join("sys/bus/iio/devices");
    std::fs::create_dir_all(&list).unwrap();
    symlink(tree.0.join(&place), list.join(entry)).unwrap();
}

fn scraped(tree: &Tree) -> (Vec<String>, u64) {
    let mut iio = tree.open(&SPEC, Dialect::Own, &[]);
    let (lines, errors) = iio.scrape_at(Instant::now(), Dialect::Own, &["{"]);
    let bare = |line: &String| line.strip_prefix("iio_").unwrap().to_owned();
    (lines.iter().map(bare).collect(), errors)
}

#[test]
fn values_come_from_inputs_and_from_raw_numbers() {
    let tree = Tree::new("iio");
    let bme = [
        ("name", "bme280"),
        ("in_temp_input", "-2800"),
        ("in_temp_raw", "99"),
        ("in_temp_scale", "98"),
        ("in_humidityrelative_input", "12129"),
        ("in_pressure_input", "101.435281250"),
        ("in_timestamp", "17"),
    ];
    device(&tree, 1, "platform/i2c-1/1-0076", &bme);
    let adc = [
        ("name", "ads1015"),
        ("in_voltage0_raw", "1000"),
        ("in_voltage0_scale", "2"),
        ("in_voltage1_raw", "700"),
        ("in_voltage1_offset", "-200"),
        ("in_voltage_scale", "0.5"),
        ("in_voltage0-voltage1_raw", "-300"),
        ("in_voltage-voltage_scale", "3.000000000"),
        ("in_illuminance_raw", "41"),
        ("in_capacitance0_raw", "-250"),
        ("in_capacitance_scale", "0.000000488"),
        ("in_velocity_root_sum_squared_x_y_z_input", "3"),
    ];
    device(&tree, 0, "platform/i2c-1/1-0048", &adc);
    let line = |family: &str, adc: bool, channel: &str, value: &str| {
        let (at, chip) = if adc { ("1-0048", "ads1015") } else { ("1-0076", "bme280") };
        format!(
            r#"{family}{{device="platform/i2c-1/{at}",chip="{chip}",channel="{channel}"}} {value}"#
        )
    };
    let expected = [
        line("temperature_celsius", false, "temp", "-2.8"),
        line("humidity_ratio", false, "humidityrelative", "0.12129"),
        line("pressure_pascals", false, "pressure", "101435.28125"),
        line("voltage_volts", true, "voltage0", "2"),
        line("voltage_volts", true, "voltage0-voltage1", "-0.9"),
        line("voltage_volts", true, "voltage1", "0.25"),
        line("illuminance_lux", true, "illuminance", "41"),
        line("capacitance_farads", true, "capacitance0", "-1.22e-13"),
        line("velocity_meters_per_second", true, "velocity_root_sum_squared_x_y_z", "3"),
    ];
    assert_eq!(scraped(&tree), (expected.to_vec(), 0));
}

#[rustfmt::skip] // a table: a channel, the raw number in it, its metric, and the value in its unit
const EVERY_KIND: [(&str, u32, &str, &str); 27] = [
    ("temp",                   101, "temperature_celsius",                      "0.101"),
    ("humidityrelative",       102, "humidity_ratio",                           "0.00102"),
    ("pressure",               103, "pressure_pascals",                         "103000"),
    ("voltage0",               104, "voltage_volts",                            "0.104"),
    ("altvoltage0",            105, "voltage_volts",                            "0.105"),
    ("current",                106, "current_amperes",                          "0.106"),
    ("altcurrent",             107, "current_amperes",                          "0.107"),
    ("power",                  108, "power_watts",                              "0.108"),
    ("energy",                 109, "energy_joules",                            "109"),
    ("resistance",             110, "resistance_ohms",                          "110"),
    ("illuminance",            111, "illuminance_lux",                          "111"),
    ("intensity_both",         112, "intensity",                                "112"),
    ("uvindex",                113, "uv_index",                                 "113"),
    ("concentration_co2",      114, "concentration_ratio",                      "1.14"),
    ("massconcentration_pm1",  115, "mass_concentration_grams_per_cubic_meter", "0.000115"),
    ("ph",                     116, "ph",                                       "116"),
    ("electricalconductivity", 117, "conductivity_siemens_per_meter",           "117"),
    ("distance",               118, "distance_meters",                          "118"),
    ("proximity0",             119, "proximity",                                "119"),
    ("accel_x",                120, "acceleration_meters_per_second_squared",   "120"),
    ("gravity_x",              121, "acceleration_meters_per_second_squared",   "121"),
    ("anglvel_x",              122, "angular_velocity_radians_per_second",      "122"),
    ("angl",                   123, "angle_radians",                            "123"),
    ("incli_x",                124, "inclination_degrees",                      "124"),
    ("magn_x",                 125, "magnetic_flux_density_teslas",             "0.0125"),
    ("capacitance",            126, "capacitance_farads",                       "0.000000126"),
    ("velocity_x",             127, "velocity_meters_per_second",               "127"),
];

#[test]
fn every_kind_goes_to_its_family_in_its_unit() {
    let tree = Tree::new("iio-kinds");
    let file =
        |(channel, n, ..): (&str, u32, &str, &str)| (format!("in_{channel}_input"), n.to_string());
    let files = EVERY_KIND.map(file);
    let files: Vec<_> = files.iter().map(|(file, text)| (&**file, &**text)).collect();
    device(&tree, 0, "platform/all", &files);
    let line = |(channel, _, name, value): (&str, u32, &str, &str)| {
        let labels = format!(r#"device="platform/all",chip="",channel="{channel}""#);
        format!("{name}{{{labels}}} {value}")
    };
    let (mut lines, errors) = scraped(&tree);
    let mut expected = EVERY_KIND.map(line);
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!((lines, errors), (expected.to_vec(), 0));
}

#[test]
fn bad_numbers_have_no_sample() {
    let tree = Tree::new("iio-broken");
    let files = [
        ("in_temp_input", ""),
        ("in_voltage0_raw", "1 2"),
        ("in_voltage1_raw", "3"),
        ("in_voltage1_scale", "much"),
        ("in_voltage2_raw", "9223372036854775807"),
        ("in_voltage2_scale", "99999999999999"),
        ("in_voltage3_raw/x", "a directory"),
        ("in_voltage4_raw", "5"),
        ("in_rot_quaternion_raw", "1 2 3 4"),
    ];
    device(&tree, 3, "platform/adc", &files);
    let line = r#"voltage_volts{device="platform/adc",chip="",channel="voltage4"} 0.005"#;
    assert_eq!(scraped(&tree), (vec![line.to_owned()], 5));
    let none = Tree::new("iio-none");
    none.put("sys/bus/iio/devices/trigger0/name", "x\n");
    for tree in [&none, &Tree::new("iio-missing")] {
        assert_eq!(scraped(tree), (vec![], 0));
    }
}

#[test]
fn the_names_of_kinds_are_unique() {
    for (at, kind) in KINDS.iter().enumerate() {
        assert!(KINDS.iter().skip(at + 1).all(|other| other.beginning != kind.beginning));
    }
    assert_eq!(
        FAMILIES.len() - 1,
        KINDS
            .iter()
            .map(|kind| kind.family.names().0)
            .fold(Vec::new(), |mut names, name| {
                if !names.contains(&name) {
                    names.push(name);
                }
                names
            },)
            .len(),
        "every family has a kind"
    );
}

#[test]
fn what_is_beyond_the_limits_is_counted() {
    let tree = Tree::new("iio-many");
    let files: Vec<_> = (0..=MAX_CHANNELS).map(|n| (format!("in_voltage{n}_input"), "1")).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (&**name, *text)).collect();
    for n in 0..=9 {
        device(&tree, n, &format!("platform/{n}"), if n < 9 { &files } else { &[] });
    }
    // Of each of nine devices a channel, and of all 1152 that are left those beyond 1024, up to 64 errors.
    let (lines, errors) = scraped(&tree);
    assert_eq!((lines.len(), errors), (1024, 64));
    let tree = Tree::new("iio-devices");
    for n in 0..=u32::try_from(MAX_DEVICES).unwrap() {
        device(&tree, n, &format!("platform/{n}"), &[("in_temp_input", "1")]);
    }
    let (lines, errors) = scraped(&tree);
    assert_eq!((lines.len(), errors), (MAX_DEVICES, 1));
}
