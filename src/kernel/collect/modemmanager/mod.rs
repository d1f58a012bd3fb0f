//! Modems of ModemManager, over D-Bus: `GetManagedObjects`, and properties of their bearers
//! (org.freedesktop.ModemManager1), on the system bus, which `DBUS_SYSTEM_BUS_ADDRESS` may name. It needs no privilege.
//! A request does not start ModemManager; where it does not run the collector has no data.
//!
//! `modem_state`: -1 failed, 0 unknown, 1 initializing, 2 locked, 3 disabled, 4 disabling, 5 enabling, 6 enabled, 7 searching,
//! 8 registered, 9 disconnecting, 10 connecting, 11 connected. `modem_registration_state`: 0 idle, 1 home, 2 searching, 3 denied,
//! 4 unknown, 5 roaming; above that MMModem3gppRegistrationState has the rest.
//!
//! RSSI, RSRP, RSRQ and SNR exist only after a program let the modem measure them, and no more once it was plugged in
//! or ModemManager started again: `mmcli -m any --signal-setup=30`, or `signal_interval`, which needs the right
//! org.freedesktop.ModemManager1.Device.Control of polkit. `modem_signal_interval_seconds` 0 means that no program did.
//!
//! Traffic of the connections of a modem is added up from the start of the agent, as connections come and go.
//! ModemManager itself asks the modem for it every half minute or so. A modem is identified by its port and model;
//! numbers of device, card and subscriber are not read.

mod modem;
mod requests;
#[cfg(test)]
mod tests;

use super::info::Rows;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::Background;
use crate::kernel::read::dbus::Address;
use crate::model::metric::{Family, Label, Sink, Unit::*, Value, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, duration};
use modem::TECHNOLOGIES;
use requests::{Modems, PLACE};
use std::env;
use std::time::{Duration, Instant};

pub use modem::{Bearer, Modem, modems};

/// How long a scrape waits without a setting, as in a library.
const PATIENCE: Duration = Duration::from_secs(1);

const MODEM: &[&str] = &["port", "model"];
const TECHNOLOGY: &[&str] = &["port", "model", "technology"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 19] = families![
    gauge(  "modem_devices",                          One,   "Modems that ModemManager knows.",                          &[]).own_prefix(),
    gauge(  "modem_info",                             One,   "Always 1; the labels identify the modem.",                 &["port", "model", "manufacturer", "operator"]).own_prefix(),
    gauge(  "modem_state",                            One,   "State, from -1 failed to 11 connected.",                   MODEM).own_prefix(),
    gauge(  "modem_registration_state",               One,   "Registration with the network: 1 home, 5 roaming.",        MODEM).own_prefix(),
    gauge(  "modem_signal_quality_ratio",             Centi, "Quality of the signal, 1 is best.",                        MODEM).own_prefix(),
    gauge(  "modem_signal_interval_seconds",          One,   "How often levels are measured; 0 is never.",               MODEM).own_prefix(),
    gauge(  "modem_connections",                      One,   "Connections that are up.",                                 MODEM).own_prefix(),
    gauge(  "modem_technology_in_use",                One,   "Whether the modem uses the technology.",                   TECHNOLOGY).own_prefix(),
    // Levels, in their order.
    gauge(  "modem_rssi_dbm",                         One,   "Strength of all that is received, in dBm.",                TECHNOLOGY).own_prefix(),
    gauge(  "modem_rsrp_dbm",                         One,   "Power of reference signals, in dBm.",                      TECHNOLOGY).own_prefix(),
    gauge(  "modem_rsrq_db",                          One,   "Quality of reference signals, in dB.",                     TECHNOLOGY).own_prefix(),
    gauge(  "modem_snr_db",                           One,   "Signal over noise, in dB.",                                TECHNOLOGY).own_prefix(),
    gauge(  "modem_rscp_dbm",                         One,   "Power of the pilot's code, in dBm.",                       TECHNOLOGY).own_prefix(),
    gauge(  "modem_ecio_db",                          One,   "Pilot over all that is received, in dB.",                  TECHNOLOGY).own_prefix(),
    // Traffic, in its order.
    counter("modem_receive_bytes_total",              One,   "Bytes received.",                                          MODEM).own_prefix(),
    counter("modem_transmit_bytes_total",             One,   "Bytes sent.",                                              MODEM).own_prefix(),
    counter("modem_connected_seconds_total",          One,   "Time connected, of all connections together.",             MODEM).own_prefix(),
    counter("modem_connection_attempts_total",        One,   "Attempts to connect.",                                     MODEM).own_prefix(),
    counter("modem_failed_connection_attempts_total", One,   "Attempts to connect that failed.",                         MODEM).own_prefix(),
];

/// MMModemState from which on it has a network.
const REGISTERED: i32 = 8;

/// Where levels and traffic begin among them.
const LEVELS: usize = 8;
const TRAFFIC: usize = 14;

static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [1, 60_000], "how long a scrape waits for ModemManager's answers at most")
        .default("1s");
static SIGNAL_INTERVAL: CollectorOption<Duration> = duration(
    "signal_interval",
    [0, 3_600_000],
    "how often modems measure their signal; 0 leaves their setting unchanged",
)
.default("0s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "modemmanager",
        node_name: "",
        on: false,
        help: "state, signal and traffic of modems, from ModemManager over D-Bus",
        options: &[&TIMEOUT.row, &SIGNAL_INTERVAL.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let address = Address::system(env::var_os("DBUS_SYSTEM_BUS_ADDRESS").as_deref());
    let modems = Modems::new(address, setup.settings.get(&SIGNAL_INTERVAL));
    let timeout = setup.settings.get(&TIMEOUT);
    Box::new(ModemManager {
        modems: Background::new("modemmanager", modems, Modems::ask),
        patience: if timeout.is_zero() { PATIENCE } else { timeout },
        is_machine: setup.root.is_procfs(),
        is_requested: false,
        info: Rows::new(4),
    })
}

struct ModemManager {
    modems: Background<Modems>,
    patience: Duration,
    /// Whether the tree is not a stored one, which has no bus.
    is_machine: bool,
    /// There is a bus, and the thread has a request.
    is_requested: bool,
    info: Rows,
}

impl Collector for ModemManager {
    fn begin(&mut self, now: Instant) {
        let is_there = |modems: &mut Modems| modems.has_bus();
        self.is_requested = self.is_machine && self.modems.at_rest().is_none_or(is_there);
        if self.is_requested {
            self.modems.begin(now + self.patience);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if !self.is_requested {
            return Err(Error::Unsupported(PLACE.into()));
        }
        let answer = self.modems.answer();
        let modems = answer.map_err(|errno| Error::Read(PLACE.into(), errno))?;
        modems.result?;
        if let Some(error) = modems.error.take() {
            scrape.errors.record(error.error());
        }
        let [devices, info, ..] = &FAMILIES;
        out.single(devices, Value::Int(modems.all.len() as u64));
        self.info.clear();
        for modem in &modems.all {
            self.info.push(&[&modem.port, &modem.model, &modem.manufacturer, &modem.operator]);
        }
        self.info.write(info, out);
        write_states(modems, out);
        write_levels(&modems.all, out);
        for (column, family) in FAMILIES.iter().skip(TRAFFIC).enumerate() {
            let sum = |modem: &Modem| *modems.traffic(modem)?.sums.sums.get(column)?;
            each(modems, family, &|modem| i64::try_from(sum(modem)?).ok(), out);
        }
        Ok(())
    }
}

fn labels(modem: &Modem) -> [Label<'_>; 2] {
    [Label::of(&modem.port), Label::of(&modem.model)]
}

/// Writes a sample for each modem that has the value.
#[inline(never)] // it has several callers
fn each(
    modems: &Modems,
    family: &Family<'_>,
    value: &dyn Fn(&Modem) -> Option<i64>,
    out: &mut dyn Sink,
) {
    out.family(family);
    for modem in &modems.all {
        if let Some(value) = value(modem) {
            out.sample(&labels(modem), family.signed(value));
        }
    }
}

fn write_states(modems: &Modems, out: &mut dyn Sink) {
    let [_, _, state, registration, quality, interval, connections, ..] = &FAMILIES;
    each(modems, state, &|modem| modem.state.map(i64::from), out);
    each(modems, registration, &|modem| modem.registration.map(i64::from), out);
    each(modems, quality, &|modem| quality_of(modem).map(i64::from), out);
    each(modems, interval, &|modem| modem.interval.map(i64::from), out);
    let connected = |modem: &Modem| modems.traffic(modem).map(|traffic| traffic.connected);
    each(modems, connections, &|modem| i64::try_from(connected(modem)?).ok(), out);
}

/// A modem that is not registered reports 0.
fn quality_of(modem: &Modem) -> Option<u32> {
    modem.quality.filter(|quality| *quality > 0 || modem.state >= Some(REGISTERED))
}

fn write_levels(modems: &[Modem], out: &mut dyn Sink) {
    let [_, _, _, _, _, _, _, in_use, ..] = &FAMILIES;
    out.family(in_use);
    for modem in modems {
        let Some(bits) = modem.technologies else { continue };
        for (_, name, bit) in TECHNOLOGIES {
            let [port, model] = labels(modem);
            let is_used = u64::from(bits & bit != 0);
            out.sample(&[port, model, Label::from(name)], Value::Int(is_used));
        }
    }
    let families = FAMILIES.iter().take(TRAFFIC).skip(LEVELS).enumerate();
    for (column, family) in families {
        out.family(family);
        for modem in modems {
            for ((_, name, _), levels) in TECHNOLOGIES.iter().zip(&modem.levels) {
                if let Some(Some(level)) = levels.get(column) {
                    let [port, model] = labels(modem);
                    out.sample(&[port, model, Label::from(*name)], Value::Float(*level));
                }
            }
        }
    }
}
