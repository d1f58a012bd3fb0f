//! Sockets to the kernel (netlink(7)); `sys::send` sends to them.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// A socket for requests of one netlink protocol: `NETLINK_ROUTE`, `NETLINK_INET_DIAG`.
pub fn netlink_socket(protocol: libc::c_int) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: socket has no preconditions.
    let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, protocol) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: socket returned a descriptor that is ours alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Reads one datagram from the kernel, without waiting: a dump's next part is made ready before the
/// call that asks for it returns. Datagrams of other processes are dropped. EMSGSIZE if the
/// datagram is longer than `into`.
pub fn receive_from_kernel(socket: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    loop {
        let mut from = MaybeUninit::<libc::sockaddr_nl>::zeroed();
        let mut size = libc::socklen_t::try_from(size_of::<libc::sockaddr_nl>()).unwrap_or(0);
        // SAFETY: pointers and lengths describe `into` and `from`; all zeros are a valid
        // sockaddr_nl, and so is what the kernel writes there.
        let (n, from) = unsafe {
            let (fd, to) = (socket.as_raw_fd(), into.as_mut_ptr().cast());
            let n =
                libc::recvfrom(fd, to, into.len(), flags, from.as_mut_ptr().cast(), &raw mut size);
            (n, from.assume_init())
        };
        let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
        if from.nl_pid != 0 {
            continue;
        }
        return if n <= into.len() { Ok(n) } else { Err(too_long()) };
    }
}

#[cold]
fn too_long() -> io::Error {
    io::Error::from_raw_os_error(libc::EMSGSIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    /// RTM_GETLINK for interface 1, not a dump.
    fn question() -> Vec<u8> {
        let mut message = Vec::new();
        message.extend(32u32.to_ne_bytes());
        message.extend(libc::RTM_GETLINK.to_ne_bytes());
        message.extend(1u16.to_ne_bytes()); // NLM_F_REQUEST
        message.extend(7u32.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(1i32.to_ne_bytes());
        message.extend([0; 8]);
        message
    }

    #[test]
    fn the_kernel_answers_at_once_or_not_at_all() {
        let socket = netlink_socket(libc::NETLINK_ROUTE).unwrap();
        let mut buffer = [0; 16384];
        let nothing = receive_from_kernel(socket.as_fd(), &mut buffer).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        crate::base::sys::send(socket.as_fd(), &question()).unwrap();
        let n = receive_from_kernel(socket.as_fd(), &mut buffer).unwrap();
        assert_eq!(u32::from_ne_bytes(buffer[..4].try_into().unwrap()) as usize, n);
        assert_eq!(buffer[8..12], 7u32.to_ne_bytes());
        crate::base::sys::send(socket.as_fd(), &question()).unwrap();
        let cut = receive_from_kernel(socket.as_fd(), &mut buffer[..40]).unwrap_err();
        assert_eq!(cut.raw_os_error(), Some(libc::EMSGSIZE));
    }
}
