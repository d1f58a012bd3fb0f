//! Connections to Unix sockets with a timeout, and the user of this process.

use std::io;
use std::mem::{MaybeUninit, offset_of};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Connects to the stream socket `name`, a path, or a zero byte and an abstract name. Neither connecting
/// nor a later read or write waits longer than `timeout`; the standard library's connect waits as
/// long as the peer does not accept.
///
/// # Errors
///
/// The errors of connect(2); ETIMEDOUT if the peer does not accept in time.
pub fn connect_unix(name: &[u8], timeout: Duration) -> io::Result<UnixStream> {
    // SAFETY: a sockaddr_un of zeros is valid: its fields are numbers.
    let mut address: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
    let is_abstract = name.first() == Some(&0);
    if name.is_empty() || name.len() >= address.sun_path.len() {
        return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
    }
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    for (to, from) in address.sun_path.iter_mut().zip(name) {
        *to = *from as libc::c_char;
    }
    // A path ends with a zero byte, which is already there.
    let length = offset_of!(libc::sockaddr_un, sun_path) + name.len() + usize::from(!is_abstract);
    // SAFETY: socket has no memory preconditions.
    let fd = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: socket returned a descriptor that is ours alone.
    let stream = UnixStream::from(unsafe { OwnedFd::from_raw_fd(fd) });
    // SO_SNDTIMEO also bounds connect(2).
    stream.set_write_timeout(Some(timeout))?;
    stream.set_read_timeout(Some(timeout))?;
    // SAFETY: `address` lives over the call and has `length` bytes: the name is shorter than its room.
    let failed = unsafe {
        libc::connect(stream.as_raw_fd(), (&raw const address).cast(), length as libc::socklen_t)
    };
    if failed == 0 {
        return Ok(stream);
    }
    let error = io::Error::last_os_error();
    let is_late = error.kind() == io::ErrorKind::WouldBlock;
    Err(if is_late { io::Error::from_raw_os_error(libc::ETIMEDOUT) } else { error })
}

/// The effective user of this process.
pub fn effective_user() -> u32 {
    // SAFETY: geteuid has no preconditions and cannot fail.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};
    use std::time::Instant;

    #[test]
    fn connects_by_path_and_by_abstract_name() {
        let path = std::env::temp_dir().join(format!("sysmetrics-unix-{}", std::process::id()));
        let name = format!("sysmetrics-unix-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listeners = [UnixListener::bind(&path), UnixListener::bind_addr(&address)];
        let names = [path.to_str().unwrap().to_owned(), format!("\0{name}")];
        for (listener, name) in listeners.into_iter().zip(names) {
            let listener = listener.unwrap();
            let mut stream = connect_unix(name.as_bytes(), Duration::from_secs(5)).unwrap();
            let (mut other, _) = listener.accept().unwrap();
            other.write_all(b"x").unwrap();
            assert_eq!(stream.read(&mut [0; 2]).unwrap(), 1);
        }
        let error = connect_unix(path.to_str().unwrap().as_bytes(), Duration::from_secs(5));
        assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::ECONNREFUSED));
        std::fs::remove_file(&path).unwrap();
        for name in [&b""[..], &[b'x'; 108]] {
            let error = connect_unix(name, Duration::from_secs(5)).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::ENAMETOOLONG));
        }
    }

    #[test]
    fn a_peer_that_accepts_no_connection_is_not_waited_for() {
        let name = format!("sysmetrics-unix-full-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let _listener = UnixListener::bind_addr(&address).unwrap();
        let (start, mut kept) = (Instant::now(), Vec::new());
        let name = format!("\0{name}");
        let error = loop {
            match connect_unix(name.as_bytes(), Duration::from_millis(50)) {
                Ok(stream) => kept.push(stream),
                Err(error) => break error,
            }
            assert!(kept.len() < 10_000);
        };
        assert_eq!(error.raw_os_error(), Some(libc::ETIMEDOUT));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
