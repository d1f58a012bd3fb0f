//! The state of the clock as chronyd reports it: one request for the tracking report per scrape, over UDP to its
//! command port (candm.h of chrony). No privilege is needed on the same machine; `cmdport 0` in chrony.conf forbids
//! it. A thread sends it, and a scrape waits for it up to `timeout`.
//!
//! `chrony_correction_seconds` is what is still to be added to the clock: above zero it is slow. Above zero in
//! `chrony_frequency_ratio` it would be fast without correction. `chrony_leap_status` 3 and stratum 0 mean that
//! there is no reference; times of a reference are then absent.

mod packet;
#[cfg(test)]
mod tests;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::Background;
use crate::kernel::read::datagram::{address, connect, receive};
use crate::kernel::read::stream::Peer;
use crate::model::metric::{Family, Label, Sink, Unit::*, Value, families, gauge};
use crate::settings::{CollectorOption, Subject, duration, text};
use packet::{LENGTH, Refusal, request};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::{Duration, Instant};

pub use packet::Tracking;

/// The place in messages.
const PLACE: &str = "chronyd";

/// The port of chronyd's commands.
const PORT: u16 = 323;

/// Packets that do not answer the request; after this many it is given up.
const MAX_FOREIGN: usize = 64;

const NONE: &[&str] = &[];

/// One part per million.
const MILLIONTH: f64 = 1e-6;

/// The rows from the fifth on are the numbers of an answer, in its order.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 13] = families![
    gauge("chrony_stratum",                     One,   "Steps from a reference clock; 0 if nobody is followed.",           NONE).own_prefix(),
    gauge("chrony_leap_status",                 One,   "Leap second of this day: 0 none, 1 one more, 2 one less; 3 if not synchronised.", NONE).own_prefix(),
    gauge("chrony_reference_info",              One,   "Always 1; the labels identify the reference.",                     &["reference", "address"]).own_prefix(),
    gauge("chrony_reference_timestamp_seconds", Nanos, "When the reference was measured last, since 1970.",                NONE).own_prefix(),
    gauge("chrony_correction_seconds",          One,   "What is still to be added to the clock.",                          NONE).own_prefix(),
    gauge("chrony_last_offset_seconds",         One,   "Offset of the clock at the last update.",                          NONE).own_prefix(),
    gauge("chrony_rms_offset_seconds",          One,   "Mean of the offsets for a long time.",                             NONE).own_prefix(),
    gauge("chrony_frequency_ratio",             One,   "How much the clock would be fast if nobody corrected it.",         NONE).own_prefix(),
    gauge("chrony_residual_frequency_ratio",    One,   "How much the reference differs from that.",                        NONE).own_prefix(),
    gauge("chrony_skew_ratio",                  One,   "Largest error of the frequency.",                                  NONE).own_prefix(),
    gauge("chrony_root_delay_seconds",          One,   "Time to the reference clock and back.",                            NONE).own_prefix(),
    gauge("chrony_root_dispersion_seconds",     One,   "Largest error against the reference clock.",                       NONE).own_prefix(),
    gauge("chrony_update_interval_seconds",     One,   "Time between the last two updates.",                               NONE).own_prefix(),
];

static ADDRESS: CollectorOption<String> =
    text("address", "host or host:port of chronyd's command port; switches the collector on")
        .default("127.0.0.1:323")
        .enabling();
static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [10, 30_000], "how long a scrape waits for chronyd").default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "chrony",
        node_name: "",
        on: false,
        help: "state of the clock, from chronyd",
        options: &[&ADDRESS.row, &TIMEOUT.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let client = match setup.peer(&ADDRESS, PORT, PLACE) {
        Ok(Peer::Tcp(host, port)) => Ok(Client::new(host, port)),
        Ok(Peer::Unix(_)) => Err(Error::Unsupported(PLACE.into())),
        Err(error) => Err(error),
    };
    let client = client.map(|client| Background::new("chrony", client, Client::ask));
    Box::new(Chrony {
        client: client.map_err(KeptError::from),
        patience: setup.settings.get(&TIMEOUT),
    })
}

struct Chrony {
    /// The client, or why there is none.
    client: Result<Background<Client>, KeptError>,
    patience: Duration,
}

impl Collector for Chrony {
    fn begin(&mut self, now: Instant) {
        if let Ok(client) = &mut self.client {
            client.begin(now + self.patience);
        }
    }

    fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let client = self.client.as_mut().map_err(|error| *error)?;
        let client = client.answer().map_err(|errno| Error::Read(PLACE.into(), errno))?;
        let tracking = client.answer?;
        write(&tracking, out);
        Ok(())
    }
}

fn write(tracking: &Tracking, out: &mut dyn Sink) {
    let [stratum, leap, info, time, numbers @ ..] = &FAMILIES;
    for (family, value) in [(stratum, tracking.stratum), (leap, tracking.leap)] {
        out.family(family);
        out.sample(&[], Value::Int(value.into()));
    }
    if tracking.stratum > 0 {
        let reference = format!("{:08X}", tracking.reference);
        let address = tracking.address.map(|address| address.to_string()).unwrap_or_default();
        out.family(info);
        out.sample(&[Label::from(&*reference), Label::from(&*address)], Value::Int(1));
    }
    if let Some(nanos) = tracking.time {
        out.family(time);
        out.sample(&[], time.signed(nanos));
    }
    for (at, (family, number)) in numbers.iter().zip(tracking.floats).enumerate() {
        // Frequencies are in parts per million.
        let scale = if (3..6).contains(&at) { MILLIONTH } else { 1.0 };
        out.family(family);
        out.sample(&[], Value::Float(number * scale));
    }
}

/// Asks chronyd, on a thread of its own.
struct Client {
    host: String,
    port: u16,
    random: RandomState,
    requests: u64,
    answer: Result<Tracking, KeptError>,
}

impl Client {
    fn new(host: String, port: u16) -> Client {
        let answer = Err(Error::Absent(PLACE.into()).keep());
        Client { host, port, random: RandomState::new(), requests: 0, answer }
    }

    /// Sends one request, and waits until then.
    fn ask(&mut self, until: Instant) {
        self.requests = self.requests.wrapping_add(1);
        let [a, b, c, d, ..] = self.random.hash_one(self.requests).to_ne_bytes();
        let answer = self.exchange(u32::from_ne_bytes([a, b, c, d]), until);
        self.answer = answer.map_err(KeptError::from);
    }

    fn exchange(&self, sequence: u32, until: Instant) -> Result<Tracking, Error> {
        let failed = |error: io::Error| Error::of(PLACE, &error);
        let unknown = || Error::parse(PLACE, "a name that is known", self.host.as_bytes());
        let server = address(&self.host, self.port).ok_or_else(unknown)?;
        let socket = connect(server, 0).map_err(failed)?;
        socket.send(&request(sequence)).map_err(failed)?;
        let mut room = [0; 4 * LENGTH];
        for _ in 0..MAX_FOREIGN {
            let packet = receive(&socket, &mut room, until).map_err(failed)?;
            match Tracking::of(packet, sequence) {
                Ok(tracking) => return Ok(tracking),
                Err(Refusal::Foreign) => {}
                Err(Refusal::Broken(expected)) => {
                    return Err(Error::parse(PLACE, expected, packet));
                }
            }
        }
        Err(Error::parse(PLACE, "an answer to the question", b""))
    }
}
