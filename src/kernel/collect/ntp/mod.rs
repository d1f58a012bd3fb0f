//! The state of an NTP server as it reports it, and how far the clock here is from the server's: one request per
//! scrape over UDP (RFC 5905). node_exporter calls its collector of this name deprecated: `timex` shows
//! how the kernel's clock is disciplined, without asking a server.
//!
//! A thread asks, at the start and in each scrape, which waits for it a little longer than the last answer
//! took, at most `timeout`: what is shown is the answer of this scrape, or nothing. After a server did not
//! answer, it gets only a moment, until it answers in time.
//!
//! The server should be this machine's own. Another may be named with `server_is_local`, and then `ip_ttl`
//! has to be as large as the path is long. `sanity` is 1 if a client may trust the answer: stratum 1 to
//! 15, synchronised, set within 36 hours and not after it was sent, with a distance to the reference clock
//! within `max_distance`, and with times that contradict those here by `local_offset_tolerance` at most,
//! or a second more on the day of a leap second and the day after.

mod client;
mod packet;

use super::{Collector, Scrape, Setup, Spec};
use crate::base::address::host;
use crate::base::error::Error;
use crate::kernel::read::Background;
use crate::model::metric::{Family, Sink, Unit::*, families, gauge};
use crate::settings::{CollectorOption, Rule, Subject, count, duration, switch, text};
use client::{Client, PATH};
use packet::Answer;
use std::net::IpAddr;
use std::time::{Duration, Instant};

const NONE: &[&str] = &[];

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The longest time between two requests that the protocol allows, and the largest distance that is of use
/// at all (MAXPOLL and MAXDISP of RFC 5905).
const MAX_AGE: i64 = (1 << 17) * SECOND;
const MAX_DISPERSION: i64 = 16 * SECOND;

/// From this stratum on a server is not synchronised.
const MAX_STRATUM: u8 = 16;

/// Values of the two bits about leap seconds.
const ADDS_SECOND: u8 = 1;
const DROPS_SECOND: u8 = 2;
const NOT_SYNCHRONISED: u8 = 3;

/// In the order of `values`.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge("ntp_stratum",                     One,   "Steps of the server from a reference clock.",                NONE),
    gauge("ntp_leap",                        One,   "Leap second of this day: 0 none, 1 one more, 2 one less; 3 if not synchronised.", NONE),
    gauge("ntp_rtt_seconds",                 Nanos, "Time to the server and back.",                               NONE),
    gauge("ntp_offset_seconds",              Nanos, "The server's clock ahead of the one here.",                  NONE),
    gauge("ntp_reference_timestamp_seconds", Nanos, "When the server's clock was set last, since 1970; 0 if it never was.", NONE),
    gauge("ntp_root_delay_seconds",          Nanos, "Time from the server to its reference clock and back.",      NONE),
    gauge("ntp_root_dispersion_seconds",     Nanos, "Largest error of the server against its reference clock.",   NONE),
    gauge("ntp_sanity",                      One,   "Whether a client may go by the answer.",                     NONE),
];

static SERVER: CollectorOption<String> =
    text("server", "server: an address of this machine").default("127.0.0.1").rule(&Rule {
        expects: "a loopback address such as 127.0.0.1; with server_is_local \
                      (--collector.ntp.server-is-local) any address or host name, without a port",
        holds: |settings| {
            let server = settings.get(&SERVER);
            is_loopback(&server) || settings.get(&IS_LOCAL) && host(&server).is_some()
        },
        only_warns: false,
    });
static PORT: CollectorOption<u64> =
    count("server_port", [1, 65535], "the server's UDP port").default("123");
static VERSION: CollectorOption<u64> =
    count("protocol_version", [2, 4], "version of the protocol").default("4");
static IS_LOCAL: CollectorOption<bool> =
    switch("server_is_local", "ask the server although its address is not a loopback address");
static TTL: CollectorOption<u64> =
    count("ip_ttl", [0, 255], "TTL of requests; 0 for the system's default").default("1");
static MAX_DISTANCE: CollectorOption<Duration> = duration(
    "max_distance",
    [0, 3_600_000],
    "largest distance to the reference clock that is sane",
)
.default("3466ms");
static TOLERANCE: CollectorOption<Duration> = duration(
    "local_offset_tolerance",
    [0, 3_600_000],
    "largest difference between both clocks that is sane",
)
.default("1ms");
static TIMEOUT: CollectorOption<Duration> =
    duration("timeout", [10, 30_000], "how long a scrape waits for the answer at most")
        .default("1s");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "ntp",
        node_name: "ntp",
        on: false,
        help: "state of an NTP server, and the offset of this clock",
        options: &[
            &SERVER.row,
            &PORT.row,
            &VERSION.row,
            &IS_LOCAL.row,
            &TTL.row,
            &MAX_DISTANCE.row,
            &TOLERANCE.row,
            &TIMEOUT.row,
        ],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let settings = setup.settings;
    let server = settings.get(&SERVER);
    let port = u16::try_from(settings.get(&PORT)).unwrap_or_default();
    let version = u8::try_from(settings.get(&VERSION)).unwrap_or_default();
    let ttl = u32::try_from(settings.get(&TTL)).unwrap_or_default();
    let client = Client::new(server, port, version, ttl);
    Box::new(Ntp {
        client: Background::new("ntp", client, Client::ask).patient(!setup.root.is_procfs()),
        patience: settings.get(&TIMEOUT),
        limits: Limits {
            distance: nanos(settings.get(&MAX_DISTANCE)),
            tolerance: nanos(settings.get(&TOLERANCE)),
            leap: None,
        },
    })
}

fn is_loopback(server: &str) -> bool {
    server.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

struct Ntp {
    client: Background<Client>,
    patience: Duration,
    limits: Limits,
}

impl Collector for Ntp {
    fn serving(&mut self, begins: bool) {
        if begins {
            self.client.begin(Instant::now() + self.patience);
        }
    }

    fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        // No request ahead: the serving thread has to leave the CPU to the thread that measures the times.
        let client = self.client.ask(Instant::now() + self.patience);
        let answer = client.map_err(|errno| Error::Read(PATH.into(), errno))?.answer?;
        for (family, value) in FAMILIES.iter().zip(values(&answer, &mut self.limits)) {
            out.single(family, family.signed(value));
        }
        Ok(())
    }
}

/// The values in the order and the units of the families.
fn values(answer: &Answer, limits: &mut Limits) -> [i64; FAMILIES.len()] {
    [
        answer.stratum.into(),
        answer.leap.into(),
        answer.rtt,
        answer.offset,
        answer.reference,
        answer.root_delay,
        answer.root_dispersion,
        limits.is_sane(answer).into(),
    ]
}

/// The limits of a sane answer, in nanoseconds.
struct Limits {
    distance: i64,
    tolerance: i64,
    /// The end of the last day for which a leap second was announced.
    leap: Option<i64>,
}

impl Limits {
    fn is_sane(&mut self, answer: &Answer) -> bool {
        let tolerance = self.tolerance_of(answer);
        let age = answer.time.saturating_sub(answer.reference);
        let dispersion = (answer.root_delay / 2).saturating_add(answer.root_dispersion);
        (1..MAX_STRATUM).contains(&answer.stratum)
            && answer.leap != NOT_SYNCHRONISED
            && (0..=MAX_AGE).contains(&age)
            && dispersion <= MAX_DISPERSION
            && answer.root_distance() <= self.distance
            && answer.least_error <= tolerance
    }

    /// Around a leap second clocks may be a second apart: some spread it over the day. The server stops
    /// announcing it when it is over.
    fn tolerance_of(&mut self, answer: &Answer) -> i64 {
        if let ADDS_SECOND | DROPS_SECOND = answer.leap {
            self.leap = Some(answer.time - answer.time.rem_euclid(DAY) + DAY);
        }
        let is_near = self.leap.is_some_and(|leap| (answer.time - leap).abs() < DAY);
        self.tolerance.saturating_add(if is_near { SECOND } else { 0 })
    }
}

#[cfg(test)]
mod tests;
