//! Queries the space of every mount point. Those of the machine's own disks answer at once. The others
//! may hang in the kernel: each is queried by a child process of its own, all of them first, and then all are
//! awaited together. A child that does not answer in time is kept and not awaited again, so that no
//! mount has two and no scrape but the first waits for it; when it answers, the mount is queried again. An
//! answer of a child is reused for a second: frequent scrapes do not start a process each time.

use super::mounts::Point;
use crate::base::sys::{self, Probe, Ready};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// The error number for a mount that has not answered in time; no call returns it.
pub const NO_ANSWER: i32 = libc::ETIME;

/// Children at the same time, of all mounts.
const MAX_PROBES: usize = 128;

/// The time for which the answer of a child is reused.
const FRESH: Duration = Duration::from_secs(1);

/// Queries mounts that may not answer.
pub struct Queries {
    patience: Duration,
    ready: Vec<Ready>,
}

impl Queries {
    pub fn new(patience: Duration) -> Queries {
        Queries { patience, ready: Vec::new() }
    }

    /// Fills the answers of `points`.
    pub fn ask(&mut self, points: &mut [Point], now: Instant) {
        for point in points.iter_mut() {
            point.begin(now);
        }
        if !points.iter().any(|point| point.is_due) {
            return;
        }
        let deadline = now + self.patience;
        loop {
            start(points);
            self.ready.clear();
            let probes = points.iter().filter_map(Point::awaited);
            self.ready.extend(probes.map(|probe| Ready::wait(probe.pipe().as_fd(), true, false)));
            let left = deadline.saturating_duration_since(Instant::now());
            if self.ready.is_empty() || left.is_zero() {
                return;
            }
            if sys::poll(&mut self.ready, Some(left)).is_err() {
                return;
            }
            let awaited = points.iter_mut().filter(|point| point.awaited().is_some());
            for (point, ready) in awaited.zip(&self.ready) {
                if ready.any() {
                    point.take(Some(now));
                }
            }
        }
    }
}

/// Starts a child for each point that has to be queried, up to the limit.
fn start(points: &mut [Point]) {
    let mut running = points.iter().filter(|point| point.probe.is_some()).count();
    for point in points.iter_mut().filter(|point| point.is_due) {
        if running >= MAX_PROBES {
            return;
        }
        point.is_due = false;
        match Probe::start(&point.path, point.only_mount) {
            Ok(probe) => {
                running += 1;
                point.is_awaited = true;
                point.probe = Some(probe);
            }
            Err(error) => point.answer = Err(error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }
}

impl Point {
    /// Begins a scrape.
    fn begin(&mut self, now: Instant) {
        if !self.may_hang {
            let is_seen = self.is_seen;
            self.answer = if is_seen { errno(sys::statfs(&self.path)) } else { Err(libc::ENOENT) };
            return;
        }
        self.is_awaited = false;
        let is_fresh = |then: Instant| now.saturating_duration_since(then) < FRESH;
        self.is_due = !self.answered.is_some_and(is_fresh);
        if self.is_due {
            self.answer = Err(NO_ANSWER);
            // An answer since the last scrape is shown if no newer one comes in time.
            self.take(None);
            self.is_due = self.probe.is_none();
        }
    }

    /// The child whose answer this scrape waits for.
    fn awaited(&self) -> Option<&Probe> {
        self.probe.as_ref().filter(|_| self.is_awaited)
    }

    /// Reads the answer, if there is one; `now` if the query is of this scrape.
    fn take(&mut self, now: Option<Instant>) {
        if let Some(answer) = self.probe.as_mut().and_then(Probe::answer) {
            self.answer = errno(answer);
            self.answered = now;
            self.probe = None;
        }
    }
}

fn errno<T>(result: std::io::Result<T>) -> Result<T, i32> {
    result.map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
}

/// node_exporter's word for an error of statfs(2), and one word for those that are rare.
pub fn text(errno: i32) -> &'static str {
    match errno {
        NO_ANSWER => "mountpoint timeout",
        libc::EPERM => "operation not permitted",
        libc::ENOENT => "no such file or directory",
        libc::EIO => "input/output error",
        libc::ENXIO => "no such device or address",
        libc::EAGAIN => "resource temporarily unavailable",
        libc::ENOMEM => "cannot allocate memory",
        libc::EACCES => "permission denied",
        libc::ENODEV => "no such device",
        libc::ENOTDIR => "not a directory",
        libc::EINVAL => "invalid argument",
        libc::EMFILE => "too many open files",
        libc::ENAMETOOLONG => "file name too long",
        libc::ENOSYS => "function not implemented",
        libc::ELOOP => "too many levels of symbolic links",
        libc::EOVERFLOW => "value too large for defined data type",
        libc::EOPNOTSUPP => "operation not supported",
        libc::ETIMEDOUT => "connection timed out",
        libc::ECONNABORTED => "software caused connection abort",
        libc::ENOTCONN => "transport endpoint is not connected",
        libc::EHOSTDOWN => "host is down",
        libc::EHOSTUNREACH => "no route to host",
        libc::ESTALE => "stale NFS file handle",
        libc::EREMOTEIO => "remote I/O error",
        _ => "other",
    }
}
