//! Slow clients.

use super::{Agent, Client, wait_until};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A client with next to no receive buffer that has asked for the metrics `count` times in one go
/// and reads nothing yet: more than the kernel takes on its way.
pub fn reader(agent: &Agent, count: usize) -> Client {
    let mut client = Client::over(with_small_buffer(&agent.address()));
    client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n".repeat(count));
    client
}

/// Until the agent has got rid of all that it can: the readers have something to read, and it
/// sleeps though more was asked for.
pub fn wait_until_stalled(agent: &Agent, clients: &mut [Client]) {
    for client in clients {
        wait_until("the first answer", || queued(client.stream()) > 0);
    }
    let mut asleep = 0;
    wait_until("the agent to wait for its readers", || {
        asleep = if agent.is_asleep() { asleep + 1 } else { 0 };
        asleep > 10
    });
}

/// How many bytes wait to be read.
fn queued(stream: &TcpStream) -> i32 {
    let mut count = 0;
    // SAFETY: FIONREAD writes one int.
    assert_eq!(unsafe { libc::ioctl(stream.as_raw_fd(), libc::FIONREAD, &raw mut count) }, 0);
    count
}

fn with_small_buffer(address: &str) -> TcpStream {
    let SocketAddr::V4(address) = address.parse().unwrap() else { panic!("{address}") };
    // SAFETY: plain socket calls; option and address are values that live over the call.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        assert!(fd >= 0);
        let stream = TcpStream::from(OwnedFd::from_raw_fd(fd));
        set_option(&stream, libc::SO_RCVBUF, &4096);
        let mut to: libc::sockaddr_in = std::mem::zeroed();
        to.sin_family = libc::AF_INET as libc::sa_family_t;
        to.sin_port = address.port().to_be();
        to.sin_addr.s_addr = u32::from(*address.ip()).to_be();
        let length = size_of_val(&to) as libc::socklen_t;
        assert_eq!(libc::connect(fd, (&raw const to).cast(), length), 0);
        stream
    }
}

/// Closing the stream resets the connection, whatever is under way.
pub fn reset_on_close(stream: &TcpStream) {
    set_option(stream, libc::SO_LINGER, &libc::linger { l_onoff: 1, l_linger: 0 });
}

fn set_option<T>(stream: &TcpStream, option: libc::c_int, value: &T) {
    let length = size_of::<T>() as libc::socklen_t;
    let (fd, value) = (stream.as_raw_fd(), std::ptr::from_ref(value).cast());
    // SAFETY: pointer and length describe `value`.
    assert_eq!(unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, option, value, length) }, 0);
}
