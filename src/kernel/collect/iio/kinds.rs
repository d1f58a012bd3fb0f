//! The quantities of channels: families, and how the kernel's units become base units.

use crate::model::metric::{Family, Unit::*, families, gauge};

const CHANNEL: &[&str] = &["device", "chip", "channel"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 25] = families![
    gauge("iio_temperature_celsius",       One,    "Temperature.",                               CHANNEL).own_prefix(),
    gauge("iio_humidity_ratio",            One,    "Relative humidity.",                         CHANNEL).own_prefix(),
    gauge("iio_pressure_pascals",          One,    "Pressure.",                                  CHANNEL).own_prefix(),
    gauge("iio_voltage_volts",             One,    "Voltage.",                                   CHANNEL).own_prefix(),
    gauge("iio_current_amperes",           One,    "Current.",                                   CHANNEL).own_prefix(),
    gauge("iio_power_watts",               One,    "Power.",                                     CHANNEL).own_prefix(),
    gauge("iio_energy_joules",             One,    "Energy.",                                    CHANNEL).own_prefix(),
    gauge("iio_resistance_ohms",           One,    "Resistance.",                                CHANNEL).own_prefix(),
    gauge("iio_illuminance_lux",           One,    "Illuminance.",                               CHANNEL).own_prefix(),
    gauge("iio_intensity",                 One,    "Intensity of light, without a unit.",        CHANNEL).own_prefix(),
    gauge("iio_uv_index",                  One,    "Ultraviolet index.",                         CHANNEL).own_prefix(),
    gauge("iio_concentration_ratio",       One,    "Concentration of a substance.",              CHANNEL).own_prefix(),
    gauge("iio_mass_concentration_grams_per_cubic_meter", One, "Mass of particles in the air.",  CHANNEL).own_prefix(),
    gauge("iio_ph",                        One,    "Acidity.",                                   CHANNEL).own_prefix(),
    gauge("iio_conductivity_siemens_per_meter", One, "Electrical conductivity.",                 CHANNEL).own_prefix(),
    gauge("iio_distance_meters",           One,    "Distance.",                                  CHANNEL).own_prefix(),
    gauge("iio_proximity",                 One,    "Nearness, in meters or without a unit.",     CHANNEL).own_prefix(),
    gauge("iio_acceleration_meters_per_second_squared", One, "Acceleration.",                    CHANNEL).own_prefix(),
    gauge("iio_angular_velocity_radians_per_second",    One, "Angular velocity.",                CHANNEL).own_prefix(),
    gauge("iio_angle_radians",             One,    "Angle.",                                     CHANNEL).own_prefix(),
    gauge("iio_inclination_degrees",       One,    "Inclination.",                               CHANNEL).own_prefix(),
    gauge("iio_magnetic_flux_density_teslas", One, "Magnetic flux density.",                     CHANNEL).own_prefix(),
    gauge("iio_capacitance_farads",        One,    "Capacitance.",                               CHANNEL).own_prefix(),
    gauge("iio_velocity_meters_per_second", One,   "Velocity.",                                  CHANNEL).own_prefix(),
    gauge("iio_age_seconds",               Millis, "Time since the sensors were all read.",      &[]).own_prefix(),
];

/// A quantity: the prefix of its channels, the family, and how many places the point of the kernel's
/// unit has to move to the left for the base unit.
pub struct Kind {
    pub beginning: &'static str,
    pub family: &'static Family<'static>,
    pub places: i8,
}

const fn kind(beginning: &'static str, family: &'static Family<'static>, places: i8) -> Kind {
    Kind { beginning, family, places }
}

/// A kind whose name is the beginning of another's comes after that one. The kernel counts in mV, mA, mW,
/// thousandths of a degree and of a per cent, kPa, per cent, µg/m³, Gauss and nF.
pub static KINDS: [Kind; 27] = [
    kind("temp", &FAMILIES[0], 3),
    kind("humidityrelative", &FAMILIES[1], 5),
    kind("pressure", &FAMILIES[2], -3),
    kind("voltage", &FAMILIES[3], 3),
    kind("altvoltage", &FAMILIES[3], 3),
    kind("current", &FAMILIES[4], 3),
    kind("altcurrent", &FAMILIES[4], 3),
    kind("power", &FAMILIES[5], 3),
    kind("energy", &FAMILIES[6], 0),
    kind("resistance", &FAMILIES[7], 0),
    kind("illuminance", &FAMILIES[8], 0),
    kind("intensity", &FAMILIES[9], 0),
    kind("uvindex", &FAMILIES[10], 0),
    kind("concentration", &FAMILIES[11], 2),
    kind("massconcentration", &FAMILIES[12], 6),
    kind("ph", &FAMILIES[13], 0),
    kind("electricalconductivity", &FAMILIES[14], 0),
    kind("distance", &FAMILIES[15], 0),
    kind("proximity", &FAMILIES[16], 0),
    kind("accel", &FAMILIES[17], 0),
    kind("gravity", &FAMILIES[17], 0),
    kind("anglvel", &FAMILIES[18], 0),
    kind("angl", &FAMILIES[19], 0),
    kind("incli", &FAMILIES[20], 0),
    kind("magn", &FAMILIES[21], 4),
    kind("capacitance", &FAMILIES[22], 9),
    kind("velocity", &FAMILIES[23], 0),
];
