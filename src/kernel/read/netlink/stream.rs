//! Answers of any length, read part by part into one buffer that is kept: a box may have a hundred thousand sockets
//! or routes. The socket is opened for each request, so that it contains nothing of an answer that
//! was given up, and no descriptor stays open.

use super::message::{HEADER, part, request_header};
use crate::base::error::Error;
use crate::base::sys;
use std::os::fd::AsFd;

/// The most bytes that the kernel fills at once.
const MAX_PART: usize = 32 << 10;

/// A longer answer than any box gives: two million sockets, as many routes.
const MAX_ANSWER: usize = 256 << 20;

/// The longest request.
const MAX_REQUEST: usize = 128;

/// A socket is opened for each request, so one number serves all.
const SEQUENCE: u32 = 7;

/// A request to the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// `NETLINK_ROUTE` or `NETLINK_INET_DIAG`.
    pub protocol: libc::c_int,
    /// The kind of the request, such as `RTM_GETROUTE`.
    pub kind: u16,
    /// The kind of the messages of the answer.
    pub answer: u16,
    /// The name for errors.
    pub path: &'static str,
}

/// The buffer for parts of answers.
#[derive(Default)]
pub struct Stream {
    buffer: Vec<u8>,
}

impl Stream {
    /// Sends a request, with `body` after the header, and passes each message of the answer to `each`. If a change
    /// disturbed the answer, the result is an error (EINTR), whatever was passed on.
    pub fn ask(
        &mut self,
        query: &Query,
        body: &[u8],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::of(query.path, &error);
        let socket = sys::netlink_socket(query.protocol).map_err(failed)?;
        let mut request = [0; MAX_REQUEST];
        let length = compose(&mut request, query.kind, body);
        let request = request.get(..length).unwrap_or_default();
        sys::send(socket.as_fd(), request).map_err(failed)?;
        self.buffer.resize(MAX_PART, 0);
        let (mut all, mut whole) = (0, true);
        while all < MAX_ANSWER {
            let length =
                sys::receive_from_kernel(socket.as_fd(), &mut self.buffer).map_err(failed)?;
            let datagram = self.buffer.get(..length).unwrap_or_default();
            let part = query.part(datagram, each)?;
            all += length;
            whole &= part.whole;
            if part.last && whole {
                return Ok(());
            }
            if part.last {
                return Err(Error::Read(query.path.into(), libc::EINTR));
            }
        }
        Err(Error::too_large(query.path, MAX_ANSWER))
    }
}

impl Query {
    /// Reads one datagram of the answer, and passes its messages to `each`.
    fn part(
        &self,
        datagram: &[u8],
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<super::message::Part, Error> {
        part(datagram, SEQUENCE, self.path, self.answer, each)
    }

    /// Passes each message of a stored answer to `each`; its sequence number is 7.
    pub fn stored(&self, datagram: &[u8], each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.part(datagram, each).map(|_| ())
    }
}

/// Writes a request for a dump, and returns its length.
fn compose(request: &mut [u8; MAX_REQUEST], kind: u16, body: &[u8]) -> usize {
    let length = (HEADER + body.len()).min(MAX_REQUEST);
    let header = request_header(kind, length, SEQUENCE).map(u32::to_ne_bytes);
    let bytes = header.as_flattened().iter().chain(body);
    request.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_header_and_a_body() {
        let mut request = [0xEE; MAX_REQUEST];
        let length = compose(&mut request, 18, &[1, 2, 3, 4]);
        assert_eq!((length, &request[16..20]), (20, &[1, 2, 3, 4][..]));
        assert_eq!(request[..4], 20u32.to_ne_bytes());
        assert_eq!(request[4..6], 18u16.to_ne_bytes());
        assert_eq!(compose(&mut request, 18, &[9; 999]), MAX_REQUEST);
    }

    /// Requests interfaces, by a request of another kind than that of `Dump`.
    #[test]
    fn the_running_kernel_answers_every_request() {
        let query = Query {
            protocol: libc::NETLINK_ROUTE,
            kind: libc::RTM_GETLINK,
            answer: libc::RTM_NEWLINK,
            path: "netlink",
        };
        let mut stream = Stream::default();
        let mut count = || {
            let mut count = 0;
            stream.ask(&query, &[0; 16], &mut |_| count += 1).unwrap();
            count
        };
        assert!(count() > 0 && count() > 0);
        let unknown = Query { kind: 0xffff, ..query };
        assert!(matches!(stream.ask(&unknown, &[0; 16], &mut |_| {}), Err(Error::Read(..))));
    }
}
