//! Requests to upsd, on a thread of its own.

use super::protocol::{Refusal, Ups, is_whole, upses};
use crate::base::error::{Error, KeptError};
use crate::kernel::read::stream::{Peer, Stream, connect, failure};
use std::io::{self, ErrorKind};
use std::time::Instant;

/// The place in messages.
pub const PLACE: &str = "upsd";

/// Bytes of one list.
const MAX_ANSWER: usize = 64 << 10;

/// The server, and its last answer.
pub struct Client {
    peer: Peer,
    text: Vec<u8>,
    /// The UPSes, and whether some exceeded the limit.
    pub answer: Result<(Vec<Ups>, bool), KeptError>,
    /// Why nothing is known of one of them.
    pub refused: Option<KeptError>,
}

impl Client {
    /// A client without a request so far.
    pub fn new(peer: Peer) -> Client {
        let answer = Err(Error::Absent(PLACE.into()).keep());
        Client { peer, text: Vec::new(), answer, refused: None }
    }

    /// Requests everything again, until the deadline.
    pub fn ask(&mut self, until: Instant) {
        self.refused = None;
        self.answer = self.exchange(until).map_err(KeptError::from);
        self.text = Vec::new();
    }

    fn exchange(&mut self, until: Instant) -> Result<(Vec<Ups>, bool), Error> {
        let mut stream = connect(&self.peer, until).map_err(|error| failed(&error))?;
        self.list(&mut stream, "LIST UPS\n", until)?;
        let (mut all, has_more) = upses(&self.text).map_err(|refusal| self.refused(&refusal))?;
        for ups in &mut all {
            self.list(&mut stream, &["LIST VAR ", &ups.name, "\n"].concat(), until)?;
            if let Err(refusal) = ups.read(&self.text) {
                ups.drop_values();
                self.refused = Some(self.refused(&refusal).keep());
            }
        }
        // upsd would log a connection that was lost.
        let _ = stream.send(b"LOGOUT\n", until);
        Ok((all, has_more))
    }

    /// Stores the answer to one request in `text`.
    fn list(&mut self, stream: &mut Stream, request: &str, until: Instant) -> Result<(), Error> {
        self.text.clear();
        stream.send(request.as_bytes(), until).map_err(|error| failed(&error))?;
        while !is_whole(&self.text) {
            if self.text.len() > MAX_ANSWER {
                return Err(Error::too_large(PLACE, MAX_ANSWER));
            }
            match stream.receive(&mut self.text, until) {
                Ok(0) => return Err(failed(&ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(failed(&error)),
            }
        }
        Ok(())
    }

    fn refused(&self, refusal: &Refusal) -> Error {
        let expected = match refusal {
            Refusal::State(_) => "a list, not an error",
            Refusal::Broken => "a list of upsd",
        };
        Error::parse(PLACE, expected, &self.text)
    }
}

fn failed(error: &io::Error) -> Error {
    failure(PLACE.into(), error)
}
