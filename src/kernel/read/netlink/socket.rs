//! TCP sockets by sock_diag(7): a SOCK_DIAG_BY_FAMILY dump gives for each a `struct inet_diag_msg`
//! (include/uapi/linux/inet_diag.h, since 3.3).

use super::message::{field, number};
use super::{Query, Stream};
use crate::base::error::Error;

/// The name for messages.
pub const PATH: &str = "netlink SOCK_DIAG_BY_FAMILY";

/// From include/uapi/linux/sock_diag.h; the answer's kind is the same.
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// Size of `struct inet_diag_req_v2`.
const REQUEST: usize = 56;

/// Size of `struct inet_diag_msg`.
const ANSWER: usize = 72;

/// One bit for each of the states that a program can see (net/tcp_states.h); the kernel reports sockets that
/// wait for the third packet of their handshake as SYN_RECV.
const STATES: u32 = 0xfff;

const QUERY: Query = Query {
    protocol: libc::NETLINK_INET_DIAG,
    kind: SOCK_DIAG_BY_FAMILY,
    answer: SOCK_DIAG_BY_FAMILY,
    path: PATH,
};

/// One socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its state, TCP_*.
    pub state: u8,
    /// Bytes that wait to be read, or connections that wait to be accepted.
    pub receive_queue: u32,
    /// Bytes that were not acknowledged, or the limit of connections that wait to be accepted.
    pub transmit_queue: u32,
}

impl Socket {
    /// The socket that a message describes.
    pub fn of(payload: &[u8]) -> Option<Socket> {
        let payload = payload.get(..ANSWER)?;
        let [_family, state] = field(payload, 0)?;
        let (receive_queue, transmit_queue) = (number(payload, 56)?, number(payload, 60)?);
        Some(Socket { state, receive_queue, transmit_queue })
    }
}

/// Passes every TCP socket of a family (AF_INET, AF_INET6) to `each`; `None` for a message that is too short.
pub fn each(
    stream: &mut Stream,
    family: u8,
    each: &mut dyn FnMut(Option<Socket>),
) -> Result<(), Error> {
    let mut body = [0; REQUEST];
    let head = [family, libc::IPPROTO_TCP as u8, 0, 0];
    let bytes = head.into_iter().chain(STATES.to_ne_bytes());
    body.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    stream.ask(&QUERY, &body, &mut |payload| each(Socket::of(payload)))
}

/// Like `each`, from a stored answer.
pub fn stored(datagram: &[u8], each: &mut dyn FnMut(Option<Socket>)) -> Result<(), Error> {
    QUERY.stored(datagram, &mut |payload| each(Socket::of(payload)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{done, message};
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn every_field_is_found_and_any_changed_byte_is_handled() {
        let mut payload = vec![0xEE; 100];
        payload[1] = 10;
        payload[56..60].copy_from_slice(&4711u32.to_ne_bytes());
        payload[60..64].copy_from_slice(&815u32.to_ne_bytes());
        let answer = [message(20, 2, 7, &payload), message(20, 2, 7, &[1; 71]), done()].concat();
        let mut all = Vec::new();
        stored(&answer, &mut |socket| all.push(socket)).unwrap();
        let socket = Socket { state: 10, receive_queue: 4711, transmit_queue: 815 };
        assert_eq!(all, [Some(socket), None]);
        for at in 0..answer.len() {
            for value in [0, 1, 3, 4, 15, 16, 17, 0x7f, 0x80, 0xff] {
                let mut lie = answer.clone();
                lie[at] = value;
                let mut count = 0;
                let _ = stored(&lie, &mut |_| count += 1);
                assert!(count <= 2, "{value} at {at}");
            }
        }
    }

    #[test]
    fn the_running_kernel_reports_our_own_sockets() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut stream, mut states) = (Stream::default(), [0; 256]);
        let mut seen = |socket: Option<Socket>| states[usize::from(socket.unwrap().state)] += 1;
        each(&mut stream, libc::AF_INET as u8, &mut seen).unwrap();
        assert!(states[1] >= 2 && states[10] >= 1, "established and listening: {states:?}");
    }
}
