//! Uninterruptible power supplies, as upsd of Network UPS Tools reports them: `LIST UPS` and `LIST VAR` over
//! TCP (docs/net-protocol.txt of NUT; reading needs no login). `address` switches the collector on. A thread asks, and a
//! scrape waits for it up to `timeout`.
//!
//! `ups.status` is a set of flags: each has a series, 1 if it is set: OL on line, OB on battery, LB and HB battery low and
//! high, RB replace the battery, CHRG, DISCHRG, BYPASS, CAL, OFF, OVER overloaded, TRIM, BOOST, FSD forced shutdown, ALARM.
//! Others are counted in `nut_status_unknown_flags`. A driver without data is a state, not a failure of the
//! collector: `nut_driver_state` shows `data_stale` or `driver_not_connected`, and there are no values. Values that a
//! model does not measure have no sample.

mod client;
mod protocol;
#[cfg(test)]
mod tests;

use super::info::Rows;
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::Background;
use crate::model::metric::{Family, Label, Sink, Unit::*, Value, families, gauge};
use crate::settings::{CollectorOption, Subject, duration, peer};
use client::{Client, PLACE};
use protocol::{FLAGS, NUMBERS, STATES};
use std::time::{Duration, Instant};

pub use protocol::{Ups, upses};

/// The port of upsd.
const PORT: u16 = 3493;

const UPS: &[&str] = &["ups"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4 + NUMBERS.len()] = families![
    gauge("nut_driver_state",         One, "1 for the state of the driver that upsd reports.", &["ups", "state"]).own_prefix(),
    gauge("nut_status",               One, "Whether the flag is set in the status.",           &["ups", "flag"]).own_prefix(),
    gauge("nut_status_unknown_flags", One, "Flags of the status that are not known here.",     UPS).own_prefix(),
    gauge("nut_info",                 One, "Always 1; the labels identify the UPS.",           &["ups", "description", "manufacturer", "model"]).own_prefix(),
    // The variables of the protocol, in their order. Per cent become a ratio.
    gauge("nut_battery_charge_ratio",     One,    "Charge of the battery, 1 if full.",              UPS).own_prefix(),
    gauge("nut_battery_runtime_seconds",  Millis, "Time that the battery lasts with this load.",    UPS).own_prefix(),
    gauge("nut_battery_volts",            Millis, "Voltage of the battery.",                        UPS).own_prefix(),
    gauge("nut_load_ratio",               One,    "Load, 1 for as much as it can bear.",            UPS).own_prefix(),
    gauge("nut_realpower_watts",          Millis, "Power that is drawn from it.",                   UPS).own_prefix(),
    gauge("nut_realpower_nominal_watts",  Millis, "Power that it can bear.",                        UPS).own_prefix(),
    gauge("nut_temperature_celsius",      Millis, "Its temperature.",                               UPS).own_prefix(),
    gauge("nut_input_volts",              Millis, "Voltage of the line.",                           UPS).own_prefix(),
    gauge("nut_input_frequency_hertz",    Millis, "Frequency of the line.",                         UPS).own_prefix(),
    gauge("nut_output_volts",             Millis, "Voltage that it gives.",                         UPS).own_prefix(),
    gauge("nut_battery_charge_low_ratio", One,    "Charge at which the battery is low.",            UPS).own_prefix(),
];

static ADDRESS: CollectorOption<String> = peer(
    "address",
    PORT,
    "host or host:port of upsd, such as localhost; switches the collector on",
)
.default("127.0.0.1:3493")
.enabling();
static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [10, 30_000], "how long a scrape waits for upsd").default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "nut",
        node_name: "",
        on: false,
        help: "UPSes, from upsd of Network UPS Tools",
        options: &[&ADDRESS.row, &TIMEOUT.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let peer = setup.peer(&ADDRESS, PORT, PLACE).map_err(KeptError::from);
    Box::new(Nut {
        client: peer.map(|peer| Background::new("nut", Client::new(peer), Client::ask)),
        patience: setup.settings.get(&TIMEOUT),
        info: Rows::new(4),
    })
}

struct Nut {
    /// The client, or why there is none.
    client: Result<Background<Client>, KeptError>,
    patience: Duration,
    info: Rows,
}

impl Collector for Nut {
    fn begin(&mut self, now: Instant) {
        if let Ok(client) = &mut self.client {
            client.begin(now + self.patience);
        }
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let client = self.client.as_mut().map_err(|error| *error)?;
        let client = client.answer().map_err(|errno| Error::Read(PLACE.into(), errno))?;
        let (all, has_more) = client.answer.as_ref().map_err(|error| *error)?;
        if *has_more {
            scrape.errors.refuse(PLACE, "at most 16 UPSes, of other names each", b"");
        }
        if let Some(refused) = client.refused {
            scrape.errors.record(refused.error());
        }
        write(all, &mut self.info, out);
        Ok(())
    }
}

fn write(all: &[Ups], info: &mut Rows, out: &mut dyn Sink) {
    let [state, status, unknown, about, values @ ..] = &FAMILIES;
    out.family(state);
    for ups in all {
        for (at, (name, _)) in STATES.iter().enumerate() {
            let is_it = u64::from(at == ups.state);
            out.sample(&[Label::from(&*ups.name), Label::from(*name)], Value::Int(is_it));
        }
    }
    out.family(status);
    let statuses = || all.iter().filter_map(|ups| Some((&*ups.name, ups.status?)));
    for (name, (bits, _)) in statuses() {
        for (at, flag) in FLAGS.iter().enumerate() {
            let is_set = u64::from(bits >> at & 1);
            out.sample(&[Label::from(name), Label::from(*flag)], Value::Int(is_set));
        }
    }
    out.family(unknown);
    for (name, (_, count)) in statuses() {
        out.sample(&[Label::from(name)], Value::Int(count));
    }
    info.clear();
    for Ups { name, texts: [description, manufacturer, model], .. } in all {
        info.push(&[name.as_bytes(), description, manufacturer, model]);
    }
    info.write(about, out);
    for (at, family) in values.iter().enumerate() {
        out.family(family);
        for ups in all {
            if let Some(Some(raw)) = ups.numbers.get(at) {
                // Per cent become a ratio.
                let places = if matches!(family.unit(), One) { 5 } else { 3 };
                out.sample(&[Label::from(&*ups.name)], Value::fixed(*raw, places));
            }
        }
    }
}
