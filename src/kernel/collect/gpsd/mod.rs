//! The state of GPS receivers, as gpsd reports it: one connection over TCP, which a thread keeps, and `?WATCH` for JSON
//! (gpsd_json(5), protocol 3). A scrape shows the last report of each receiver, and nothing that is older than 15 s. Without a
//! fix the receiver reports neither errors nor time: then they have no sample. A connection that ends is made again
//! after a second, and after longer pauses up to a minute.
//!
//! `gpsd_time_offset_seconds` is the receiver's time against the clock here when the report came; it lags by the delay
//! of the receiver and the line, up to a second.

mod client;
mod report;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::stream::Peer;
use crate::model::metric::{Family, Label, Sink, Unit::*, Value, counter, families, gauge};
use crate::settings::{CollectorOption, Subject, peer};
use client::{Client, PLACE};
use report::Device;
use std::time::Instant;

pub use report::Reports;

/// The port of gpsd.
const PORT: u16 = 2947;

const DEVICE: &[&str] = &["device"];

/// The last five are the errors of a report, in its order.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 12] = families![
    counter("gpsd_connects_total",          One,    "Connections to gpsd that were made.",                               &[]).own_prefix(),
    gauge("gpsd_report_age_seconds",        Millis, "Time since the receiver reported.",                                 DEVICE).own_prefix(),
    gauge("gpsd_mode",                      One,    "Fix: 0 unknown, 1 none, 2 in two dimensions, 3 in three.",          DEVICE).own_prefix(),
    gauge("gpsd_satellites_seen",           One,    "Satellites that the receiver sees.",                                DEVICE).own_prefix(),
    gauge("gpsd_satellites_used",           One,    "Satellites that the fix is made of.",                               DEVICE).own_prefix(),
    gauge("gpsd_hdop",                      One,    "Dilution of precision in the plane.",                               DEVICE).own_prefix(),
    gauge("gpsd_time_offset_seconds",       Nanos,  "The receiver's clock ahead of the one here.",                       DEVICE).own_prefix(),
    gauge("gpsd_horizontal_error_meters",   One,    "Error of the position in the plane.",                               DEVICE).own_prefix(),
    gauge("gpsd_longitude_error_meters",    One,    "Error of the longitude.",                                           DEVICE).own_prefix(),
    gauge("gpsd_latitude_error_meters",     One,    "Error of the latitude.",                                            DEVICE).own_prefix(),
    gauge("gpsd_vertical_error_meters",     One,    "Error of the height.",                                              DEVICE).own_prefix(),
    gauge("gpsd_time_error_seconds",        One,    "Error of the time.",                                                DEVICE).own_prefix(),
];

static ADDRESS: CollectorOption<String> =
    peer("address", PORT, "host or host:port of gpsd; switches the collector on")
        .default("127.0.0.1:2947")
        .enabling();

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "gpsd",
        node_name: "",
        on: false,
        help: "fix, satellites and time of a GPS receiver, from gpsd",
        options: &[&ADDRESS.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let peer = setup.peer(&ADDRESS, PORT, PLACE).map_err(KeptError::from);
    Box::new(Gpsd { peer, client: None })
}

struct Gpsd {
    /// The address, or why there is none.
    peer: Result<Peer, KeptError>,
    client: Option<Client>,
}

impl Collector for Gpsd {
    fn serving(&mut self, begins: bool) {
        // A failure is reported by a scrape.
        self.client = self.client.take().filter(|_| begins);
        let _ = begins.then(|| self.start());
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let client = self.start()?;
        let mut state = client.state();
        if let Some(error) = state.error {
            return Err(error.error());
        }
        if let Some(refused) = state.refused.take() {
            scrape.errors.record(refused.error());
        }
        let [connects, ..] = &FAMILIES;
        out.family(connects);
        out.sample(&[], Value::Int(state.connects));
        write(&state.reports.devices, Instant::now(), out);
        Ok(())
    }
}

impl Gpsd {
    /// Starts the thread, if there is none.
    fn start(&mut self) -> Result<&Client, Error> {
        if self.client.is_none() {
            let peer = self.peer.clone()?;
            self.client = Some(Client::start(peer).map_err(|error| Error::of(PLACE, &error))?);
        }
        self.client.as_ref().ok_or(Error::Read(PLACE.into(), libc::EAGAIN))
    }
}

fn write(devices: &[Device], now: Instant, out: &mut dyn Sink) {
    let [_, age, mode, seen, used, hdop, offset, errors @ ..] = &FAMILIES;
    type Of<'a> = &'a dyn Fn(&Device) -> Option<Value>;
    let count =
        |at: usize| move |device: &Device| Some(Value::Int(*device.satellites(now)?.get(at)?));
    let rows: [(&Family<'_>, Of<'_>); 6] = [
        (age, &|device| {
            let millis = now.saturating_duration_since(device.at).as_millis();
            Some(age.value(u64::try_from(millis).unwrap_or(u64::MAX)))
        }),
        (mode, &|device| device.fix(now)?.mode.map(Value::Int)),
        (seen, &count(0)),
        (used, &count(1)),
        (hdop, &|device| device.hdop(now).map(Value::Float)),
        (offset, &|device| device.fix(now)?.offset.map(|nanos| offset.signed(nanos))),
    ];
    for (family, value) in rows {
        each(devices, family, value, out);
    }
    for (at, family) in errors.iter().enumerate() {
        let error = |device: &Device| *device.fix(now)?.errors.get(at)?;
        each(devices, family, &|device| error(device).map(Value::Float), out);
    }
}

fn each(
    devices: &[Device],
    family: &Family<'_>,
    value: &dyn Fn(&Device) -> Option<Value>,
    out: &mut dyn Sink,
) {
    out.family(family);
    for device in devices {
        if let Some(value) = value(device) {
            out.sample(&[Label::from(&*device.name)], value);
        }
    }
}
