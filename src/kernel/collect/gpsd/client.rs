//! The connection to gpsd, kept by a thread of its own: each `?WATCH` would keep the receiver powered for itself.

use super::report::Reports;
use crate::base::clock::WallClock;
use crate::base::error::{Error, KeptError};
use crate::base::sys::spawn_thread;
use crate::kernel::read::stream::{Peer, Stream, connect, failure};
use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The place in messages.
pub const PLACE: &str = "gpsd";

/// Bytes of the thread's stack. Only touched pages use memory.
const STACK: usize = 128 << 10;

/// Bytes of a line; gpsd's own have at most 10 KB.
const MAX_LINE: usize = 64 << 10;

const WATCH: &[u8] = b"?WATCH={\"enable\":true,\"json\":true};\n";

/// The request that checks whether gpsd is still there.
const VERSION: &[u8] = b"?VERSION;\n";

/// The time for connecting and asking.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the thread waits at a time: it outlives its collector by at most this.
const TURN: Duration = Duration::from_secs(1);

/// How long gpsd may be silent before it is polled, and as much again before the connection is closed.
const SILENCE: Duration = Duration::from_secs(60);

/// How long after a failure it is tried again; twice as long each time.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The thread's end of the shared state.
struct Shared {
    state: Mutex<State>,
    over: Condvar,
}

/// What was received so far.
#[derive(Default)]
pub struct State {
    pub reports: Reports,
    /// Connections that were made.
    pub connects: u64,
    /// Why there is no connection; `None` while there is one, or before the first attempt is over.
    pub error: Option<KeptError>,
    /// Lines that could not be read, since the last scrape.
    pub refused: Option<KeptError>,
    is_over: bool,
}

/// The connection; it ends with this.
pub struct Client {
    shared: Arc<Shared>,
}

impl Client {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// A thread could not be started.
    pub fn start(peer: Peer) -> io::Result<Client> {
        let shared = Arc::new(Shared { state: Mutex::default(), over: Condvar::new() });
        let state = Arc::clone(&shared);
        spawn_thread(PLACE, STACK, Box::new(move || state.run(&peer)))?;
        Ok(Client { shared })
    }

    /// Returns what was received so far.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.over.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects again and again.
    fn run(&self, peer: &Peer) {
        let mut pause = MIN_PAUSE;
        loop {
            let mut has_reported = false;
            match self.session(peer, &mut has_reported) {
                Ok(()) => return,
                Err(error) => self.lock().error = Some(error.keep()),
            }
            pause = if has_reported { MIN_PAUSE } else { pause };
            let waited = self.over.wait_timeout_while(self.lock(), pause, |state| !state.is_over);
            if waited.unwrap_or_else(PoisonError::into_inner).0.is_over {
                return;
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Reads the reports of gpsd; returns `Ok` when they are no longer needed.
    fn session(&self, peer: &Peer, has_reported: &mut bool) -> Result<(), Error> {
        let until = Instant::now() + PATIENCE;
        let connected = connect(peer, until).and_then(|mut stream| {
            stream.send(WATCH, until)?;
            Ok(stream)
        });
        let mut stream = connected.map_err(|error| failed(&error))?;
        let mut state = self.lock();
        (state.error, state.connects) = (None, state.connects + 1);
        drop(state);
        self.listen(&mut stream, has_reported)
    }

    fn listen(&self, stream: &mut Stream, has_reported: &mut bool) -> Result<(), Error> {
        let (mut text, mut last_data, mut is_polled) = (Vec::new(), Instant::now(), false);
        while !self.lock().is_over {
            match stream.receive(&mut text, Instant::now() + TURN) {
                Ok(0) => return Err(failed(&ErrorKind::UnexpectedEof.into())),
                Ok(_) => (last_data, is_polled) = (Instant::now(), false),
                Err(error) if error.raw_os_error() == Some(libc::ETIMEDOUT) => {
                    let silence = last_data.elapsed();
                    if silence > 2 * SILENCE {
                        return Err(failed(&error));
                    }
                    if silence > SILENCE && !is_polled {
                        is_polled = true;
                        let sent = stream.send(VERSION, Instant::now() + PATIENCE);
                        sent.map_err(|error| failed(&error))?;
                    }
                }
                Err(error) => return Err(failed(&error)),
            }
            *has_reported |= self.take_lines(&mut text);
            if text.len() > MAX_LINE {
                return Err(Error::too_large(PLACE, MAX_LINE));
            }
        }
        Ok(())
    }

    /// Reads the complete lines; returns whether gpsd wrote any of them.
    fn take_lines(&self, text: &mut Vec<u8>) -> bool {
        let Some(end) = memchr::memrchr(b'\n', text) else { return false };
        let (now, wall) = (Instant::now(), WallClock::now());
        let mut state = self.lock();
        let mut has_reported = false;
        for line in text.get(..end).unwrap_or_default().split(|byte| *byte == b'\n') {
            match state.reports.take(line.trim_ascii(), now, wall) {
                Ok(()) => has_reported = true,
                Err(expected) => {
                    state.refused = Some(Error::parse(PLACE, expected, line).keep());
                }
            }
        }
        text.drain(..=end);
        has_reported
    }
}

fn failed(error: &io::Error) -> Error {
    failure(PLACE.into(), error)
}
