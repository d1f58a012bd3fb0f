//! Sockets between a virtual machine and its host (vsock(7)).

use super::net::deepen;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Listens at `port` for the host of this virtual machine, and on a host for its guests.
///
/// # Errors
///
/// Those of socket(2) and bind(2): EAFNOSUPPORT without the kernel's module, EACCES below port 1024.
pub fn listen_vsock(port: u32) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: socket has no memory preconditions.
    let fd = unsafe { libc::socket(libc::AF_VSOCK, kind, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: socket returned a descriptor that is ours alone.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: a sockaddr_vm of zeros is valid: its fields are numbers.
    let mut address: libc::sockaddr_vm = unsafe { MaybeUninit::zeroed().assume_init() };
    address.svm_family = libc::AF_VSOCK as libc::sa_family_t;
    address.svm_cid = libc::VMADDR_CID_ANY;
    address.svm_port = port;
    let length = size_of::<libc::sockaddr_vm>() as libc::socklen_t;
    // SAFETY: `address` lives over the call and has `length` bytes.
    let failed = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    deepen(&socket)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sys::{Ends, local_name};
    use std::os::fd::AsFd;

    #[test]
    fn its_clients_are_not_of_this_machine() {
        let socket = match listen_vsock(19_117) {
            Ok(socket) => socket,
            // A kernel without it.
            Err(error) => return assert_eq!(error.raw_os_error(), Some(libc::EAFNOSUPPORT)),
        };
        assert_eq!(local_name(socket.as_fd()), "vsock");
        assert!(!Ends::of_socket(socket.as_fd()).is_local);
        let error = listen_vsock(19_117).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
