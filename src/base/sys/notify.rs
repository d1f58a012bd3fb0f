//! The service manager's side of sd_notify(3): readiness, reload, stop, and the watchdog.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::{Duration, Instant};

/// The shortest period of the watchdog's messages, whatever it asks for.
const MIN_BEAT: Duration = Duration::from_millis(1);

/// Reports our state to the service manager; does nothing without one.
#[derive(Default)]
pub struct Notify {
    socket: Option<UnixDatagram>,
    /// How often to send to the watchdog: half its timeout.
    beat: Option<Duration>,
    next: Option<Instant>,
}

impl Notify {
    /// From the values of `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub fn new(socket: Option<&OsStr>, usec: Option<&str>, pid: Option<&str>) -> Notify {
        let ours = pid.is_none_or(|p| p.parse() == Ok(std::process::id()));
        let usec = usec.and_then(|u| u.parse::<u64>().ok()).filter(|u| ours && *u > 0);
        let socket = socket.and_then(connect);
        let beat = usec.map(|u| Duration::from_micros(u / 2).max(MIN_BEAT));
        let beat = beat.filter(|_| socket.is_some());
        // The first is due at once: without clients the loop would sleep until one came.
        let next = beat.map(|_| Instant::now());
        Notify { socket, beat, next }
    }

    /// Sends a state line such as `READY=1`.
    pub fn send(&self, state: &str) {
        if let Some(socket) = &self.socket {
            // A manager that does not listen is no reason to stop serving.
            let _ = socket.send(state.as_bytes());
        }
    }

    /// Reports that the settings are being read again; `READY=1` ends it.
    pub fn reloading(&self) {
        // Type=notify-reload matches the message to its signal by this time.
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}", super::monotonic_micros()));
    }

    /// When the next message to the watchdog is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Sends to the watchdog that the loop runs, if it is time.
    pub fn beat(&mut self, now: Instant) {
        let Some(beat) = self.beat else { return };
        if self.next.is_none_or(|next| next <= now) {
            self.send("WATCHDOG=1");
            self.next = Some(now + beat);
        }
    }
}

fn connect(name: &OsStr) -> Option<UnixDatagram> {
    let address = match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name).ok()?,
        _ => SocketAddr::from_pathname(Path::new(name)).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect_addr(&address).ok()?;
    Some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_at_half_the_watchdogs_patience() {
        let address = SocketAddr::from_abstract_name(b"sysmetrics-notify-test").unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let name = OsStr::new("@sysmetrics-notify-test");
        let mut notify = Notify::new(Some(name), Some("2000000"), None);
        let mut received = [0; 64];
        notify.send("READY=1");
        let n = manager.recv(&mut received).unwrap();
        assert_eq!(&received[..n], b"READY=1");
        let now = Instant::now();
        notify.beat(now);
        notify.beat(now + Duration::from_millis(999)); // too early
        notify.beat(now + Duration::from_millis(1000));
        manager.set_nonblocking(true).unwrap();
        for _ in 0..2 {
            let n = manager.recv(&mut received).unwrap();
            assert_eq!(&received[..n], b"WATCHDOG=1");
        }
        assert!(manager.recv(&mut received).is_err());
        assert_eq!(notify.deadline(), Some(now + Duration::from_secs(2)));
    }

    #[test]
    fn is_silent_without_a_manager() {
        let mut notify = Notify::new(None, Some("1000"), None);
        notify.send("READY=1");
        notify.beat(Instant::now());
        assert_eq!(notify.deadline(), None);
        let other = Notify::new(None, Some("1000"), Some("1"));
        assert!(other.beat.is_none(), "the watchdog watches another process");
    }
}
