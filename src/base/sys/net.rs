//! Sockets: listening, accepting, sending, and the addresses of both ends.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// The first file descriptor that a service manager hands over (sd_listen_fds(3)).
const FIRST_INHERITED: RawFd = 3;

/// How many connections may wait to be accepted; the kernel may allow fewer (net.core.somaxconn).
const BACKLOG: libc::c_int = 1024;

/// The most listeners that are taken over from a service manager.
const MAX_INHERITED: u32 = 16;

/// Listens on `address`, without blocking in `accept`. Accepted
/// connections inherit TCP_NODELAY.
pub fn listen_tcp(address: SocketAddr) -> io::Result<(OwnedFd, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let bound = listener.local_addr()?;
    let fd = OwnedFd::from(listener);
    set_no_delay(&fd)?;
    deepen(&fd)?;
    Ok((fd, bound))
}

/// Lets `BACKLOG` connections wait, instead of the 128 of the standard library: a client that finds no
/// place tries again only after a second.
pub(super) fn deepen(fd: &OwnedFd) -> io::Result<()> {
    // SAFETY: listen on an open socket; calling it again only changes the backlog.
    let result = unsafe { libc::listen(fd.as_raw_fd(), BACKLOG) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn set_no_delay(fd: &OwnedFd) -> io::Result<()> {
    switch_on(fd.as_fd(), libc::TCP_NODELAY)
}

/// Acknowledges what was received, and what comes next, at once. A peer that writes an answer in pieces may wait for
/// that before it sends the second, by default 40 ms.
#[cfg(feature = "hub")]
pub fn acknowledge(stream: &TcpStream) -> io::Result<()> {
    switch_on(stream.as_fd(), libc::TCP_QUICKACK)
}

fn switch_on(socket: BorrowedFd<'_>, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: the option value is an int that lives over the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            option,
            (&raw const on).cast(),
            size,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Reads an option of a socket that is an int.
fn option(fd: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int) -> io::Result<libc::c_int> {
    let mut value: libc::c_int = 0;
    let mut size = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
    // SAFETY: `value` is writable for an int, and `size` says so.
    let result = unsafe {
        libc::getsockopt(fd.as_raw_fd(), level, name, (&raw mut value).cast(), &raw mut size)
    };
    if result == 0 { Ok(value) } else { Err(io::Error::last_os_error()) }
}

/// Whether a listener on every address of IPv6 leaves out IPv4, as net.ipv6.bindv6only sets it.
pub fn is_ipv6_only(listener: &OwnedFd) -> bool {
    option(listener.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_V6ONLY).is_ok_and(|on| on != 0)
}

/// Whether there is a Unix socket at `path`.
pub fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket())
}

/// Listens on the Unix socket `path`. A socket file without a listener is replaced.
pub fn listen_unix(path: &Path) -> io::Result<OwnedFd> {
    let stale = is_socket(path)
        && UnixStream::connect(path).is_err_and(|e| e.kind() == ErrorKind::ConnectionRefused);
    if stale {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    let fd = OwnedFd::from(listener);
    deepen(&fd)?;
    Ok(fd)
}

/// The listeners that a service manager opened for this process: `LISTEN_FDS` of them, if
/// `LISTEN_PID` is us (sd_listen_fds(3)). Call once, before anything else opens a file.
pub fn inherited_listeners(pid: Option<&str>, count: Option<&str>) -> io::Result<Vec<OwnedFd>> {
    let ours = pid.and_then(|p| p.parse().ok()) == Some(std::process::id());
    let count = count.and_then(|n| n.parse::<u32>().ok()).filter(|_| ours).unwrap_or(0);
    let mut listeners = Vec::new();
    for fd in (FIRST_INHERITED..).take(count.min(MAX_INHERITED) as usize) {
        // SAFETY: fcntl on a number that is no descriptor fails with EBADF, nothing more.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
        if flags < 0
            // SAFETY: as above; sets flags of a descriptor that is ours alone.
            || unsafe { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0
            // SAFETY: as above.
            || unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } < 0
        {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is open (F_GETFL) and handed over to us by the protocol.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        if option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_ACCEPTCONN).unwrap_or(0) == 0 {
            // poll would report it as ready for ever, and accept would never return a connection.
            let text = format!("descriptor {fd} is no stream socket that listens");
            return Err(io::Error::new(ErrorKind::InvalidInput, text));
        }
        // Not for Unix sockets, which need none.
        let _ = set_no_delay(&socket);
        listeners.push(socket);
    }
    Ok(listeners)
}

/// The next waiting connection, set not to block.
pub fn accept(listener: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: null addresses are allowed; the descriptor is open.
    let fd = unsafe {
        libc::accept4(listener.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut(), flags)
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: accept4 returned a descriptor that is ours alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether `accept` failed because of missing descriptors or memory: it will fail again at once.
pub fn is_exhaustion(error: &io::Error) -> bool {
    let errno = error.raw_os_error().unwrap_or(0);
    matches!(errno, libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
}

/// The other end's name, for the log.
pub fn peer_name(socket: BorrowedFd<'_>) -> String {
    name(socket, |s| s.peer_addr())
}

/// The address of a listener that was handed over, for the log.
pub fn local_name(socket: BorrowedFd<'_>) -> String {
    name(socket, |s| s.local_addr())
}

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The other end is on this machine: a Unix socket, a loopback address, or our own one.
    pub is_local: bool,
    /// Our address; a Unix socket has none.
    pub address: Option<IpAddr>,
}

impl Ends {
    /// The ends with these addresses; a Unix socket has none.
    pub fn of(ours: Option<IpAddr>, theirs: Option<IpAddr>) -> Ends {
        let [address, theirs] = [ours, theirs].map(|ip| ip.map(|ip| ip.to_canonical()));
        Ends { is_local: theirs == address || theirs.is_some_and(|ip| ip.is_loopback()), address }
    }

    /// The ends of a connected socket.
    pub fn of_socket(socket: BorrowedFd<'_>) -> Ends {
        let addresses = addresses(socket);
        let (ours, theirs) = addresses.unwrap_or((Some(Ipv6Addr::UNSPECIFIED.into()), None));
        Ends::of(ours, theirs)
    }
}

/// Our address and that of the other end; a Unix socket has none.
fn addresses(socket: BorrowedFd<'_>) -> io::Result<(Option<IpAddr>, Option<IpAddr>)> {
    let stream = socket.try_clone_to_owned().map(TcpStream::from)?;
    match stream.local_addr() {
        Ok(ours) => Ok((Some(ours.ip()), Some(stream.peer_addr()?.ip()))),
        Err(_) if is_unix(socket) => Ok((None, None)),
        Err(error) => Err(error),
    }
}

/// The address of the other end; a Unix socket's has none.
pub fn peer_ip(socket: BorrowedFd<'_>) -> io::Result<Option<IpAddr>> {
    Ok(addresses(socket)?.1.map(|ip| ip.to_canonical()))
}

fn name(socket: BorrowedFd<'_>, of: fn(&TcpStream) -> io::Result<SocketAddr>) -> String {
    let stream = socket.try_clone_to_owned().map(TcpStream::from);
    match stream.and_then(|s| of(&s)) {
        Ok(address) => address.to_string(),
        Err(_) if is_unix(socket) => "unix".to_owned(),
        Err(_) => "vsock".to_owned(),
    }
}

fn is_unix(socket: BorrowedFd<'_>) -> bool {
    option(socket, libc::SOL_SOCKET, libc::SO_DOMAIN).is_ok_and(|domain| domain == libc::AF_UNIX)
}

/// Reads from `socket`; 0 means that the other side closed.
pub fn receive(socket: BorrowedFd<'_>, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: pointer and length describe the slice.
    let n = unsafe { libc::recv(socket.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), 0) };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

/// Sends as much of `from` as the socket accepts, without SIGPIPE.
pub fn send(socket: BorrowedFd<'_>, from: &[u8]) -> io::Result<usize> {
    // SAFETY: pointer and length describe the slice.
    let n = unsafe {
        libc::send(socket.as_raw_fd(), from.as_ptr().cast(), from.len(), libc::MSG_NOSIGNAL)
    };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

/// Closes our side for writing.
pub fn shut_write(socket: BorrowedFd<'_>) {
    // SAFETY: shutdown on an open descriptor; its failure (already gone) changes nothing.
    unsafe { libc::shutdown(socket.as_raw_fd(), libc::SHUT_WR) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn ends_are_local_at_loopback_at_the_same_address_and_without_one() {
        let ip = |text: &str| Some(text.parse().unwrap());
        for (ours, theirs, is_local) in [
            (None, None, true),
            (ip("127.0.0.1"), ip("127.0.0.9"), true),
            (ip("::ffff:10.0.0.5"), ip("10.0.0.5"), true),
            (ip("fd00::5"), ip("fd00::5"), true),
            (ip("10.0.0.5"), ip("10.0.0.6"), false),
            (ip("10.0.0.5"), None, false),
        ] {
            assert_eq!(Ends::of(ours, theirs).is_local, is_local, "{ours:?} {theirs:?}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let ends = Ends::of_socket(client.as_fd());
        assert!(ends.is_local && ends.address == ip("127.0.0.1"));
        assert!(!Ends::of_socket(listener.as_fd()).is_local, "nobody is there");
    }

    #[test]
    fn who_listens_on_both_families_knows() {
        let (ipv4, _) = listen_tcp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        assert!(!is_ipv6_only(&ipv4));
        let Ok((ipv6, bound)) = listen_tcp((Ipv6Addr::UNSPECIFIED, 0).into()) else { return };
        let other = listen_tcp((Ipv4Addr::UNSPECIFIED, bound.port()).into());
        assert_eq!(is_ipv6_only(&ipv6), other.is_ok(), "the port is taken for both families");
    }
}
