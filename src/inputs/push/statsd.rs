//! statsd lines over UDP: counters, gauges, timers and histograms, with the extensions of DogStatsD.
//! `line` describes their format.
//!
//! A counter is added, divided by its sample rate. A gauge is set, or changed where its value has a
//! sign; for less than zero it is set to 0 first. A timer is observed in seconds; it and a histogram
//! count 1 / rate times, rounded. Sets, events and service checks are counted and thrown away.

pub mod line;
mod lines;

use super::Rules;
use crate::base::log::{self, Limiter};
use crate::base::sys::{self, Datagrams};
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::model::store::Store;
use crate::settings;
pub use lines::Lines;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// Receives statsd lines.
#[derive(Default)]
pub struct Statsd {
    receiver: Option<Receiver>,
    lines: Lines,
    /// Datagrams lost by sockets that are closed by now.
    dropped_before: u64,
    limiter: Limiter,
}

/// A socket, and its receive buffer.
struct Receiver {
    socket: OwnedFd,
    /// The address as in the settings.
    wanted: String,
    /// The bound address, with the port that the kernel assigned.
    bound: SocketAddr,
    datagrams: Datagrams,
}

/// The change that is to be made to the socket.
pub struct Bound(Change);

enum Change {
    /// It stays as it is.
    None,
    /// It is replaced by another, or closed.
    To(Option<Receiver>),
}

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 1] = families![
    counter("statsd_datagrams_dropped_total", Unit::One, "Datagrams that the kernel dropped because too many waited.", &[]).only_own(),
];

/// The families about statsd, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    lines::FAMILIES.iter().chain(FAMILIES)
}

impl Statsd {
    /// Binds the address in `settings`, unless it is bound already.
    ///
    /// # Errors
    ///
    /// The address cannot be bound; the error names it.
    pub fn prepare(&self, settings: &settings::Statsd) -> io::Result<Bound> {
        let wanted = settings.listen.as_deref();
        let change = match wanted {
            wanted if wanted == self.receiver.as_ref().map(|r| r.wanted.as_str()) => Change::None,
            None => Change::To(None),
            Some(wanted) => Change::To(Some(Receiver::bind(wanted, self.receiver.as_ref())?)),
        };
        Ok(Bound(change))
    }

    /// Applies what was prepared.
    pub fn apply(&mut self, Bound(change): Bound) {
        let Change::To(receiver) = change else { return };
        self.dropped_before = self.dropped().unwrap_or(self.dropped_before);
        if let Some(Receiver { bound, .. }) = &receiver {
            log::info("receiving statsd lines", &[("listen", bound)]);
            if !bound.ip().to_canonical().is_loopback() {
                let message = "anyone who reaches statsd.listen can send: lines carry no token";
                log::warn(message, &[("listen", bound)]);
            }
        }
        self.receiver = receiver;
    }

    /// Ready when a datagram is there.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.receiver.as_ref().map(|receiver| receiver.socket.as_fd())
    }

    /// Reads one batch of datagrams from the kernel, so that a flood cannot starve other work.
    pub fn turn(&mut self, rules: &Rules, store: &mut Store, now: Instant) {
        let Some(receiver) = &mut self.receiver else { return };
        if let Err(error) = receiver.datagrams.receive(receiver.socket.as_fd()) {
            if let Some(held_back) = self.limiter.pass(now) {
                let fields: [log::Field<'_>; 3] =
                    [("listen", &receiver.wanted), ("error", &error), ("repeated", &held_back)];
                log::error("cannot receive statsd lines", &fields);
            }
            return;
        }
        for datagram in receiver.datagrams.iter() {
            self.lines.take(datagram, rules, store, now);
        }
    }

    /// The number of lost datagrams, where the kernel reports it.
    fn dropped(&self) -> Option<u64> {
        let now = self.receiver.as_ref().map(|r| sys::dropped_datagrams(r.socket.as_fd()))?;
        Some(self.dropped_before + now?)
    }

    /// Writes the metrics about the lines; nothing where none are received.
    pub fn write_self_metrics(&self, out: &mut dyn Sink) {
        if self.receiver.is_none() {
            return;
        }
        self.lines.write_self_metrics(out);
        let [dropped] = &FAMILIES;
        out.family(dropped);
        if let Some(count) = self.dropped() {
            out.sample(&[], dropped.value(count));
        }
    }
}

/// The first address of `wanted` that can be received on.
fn bind(wanted: &str) -> io::Result<(OwnedFd, SocketAddr)> {
    let parts = wanted.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| io::Error::other("expected host:port"))?;
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in sys::resolve(host.trim_start_matches('[').trim_end_matches(']'), port)? {
        match sys::bind_udp(address) {
            Ok(bound) => return Ok(bound),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Receiver {
    /// `old` is the receiver that is to be replaced.
    fn bind(wanted: &str, old: Option<&Receiver>) -> io::Result<Receiver> {
        let (socket, bound) = bind(wanted).map_err(|e| {
            let port = |old: &Receiver| [":", &old.bound.port().to_string()].concat();
            let is_old = |old: &Receiver| wanted.ends_with(&port(old));
            let advice = match e.kind() {
                io::ErrorKind::AddrInUse if old.is_some_and(is_old) => {
                    "; the address that is received on now is in the way: end and start anew"
                }
                io::ErrorKind::AddrInUse => "; is another program receiving there?",
                _ => "",
            };
            let text = ["cannot receive on statsd.listen ", wanted, ": ", &e.to_string(), advice];
            io::Error::new(e.kind(), text.concat())
        })?;
        let datagrams = Datagrams::default();
        Ok(Receiver { socket, wanted: wanted.to_owned(), bound, datagrams })
    }
}

#[cfg(test)]
mod tests;
