//! The listening sockets: those a service manager hands over, or those of the
//! settings. After a change of the settings, unchanged sockets stay open. Access to a Unix
//! socket is controlled by its file.

mod access;

pub use access::check;

use crate::base::address::{Listen, SocketAccess};
use crate::base::log;
use crate::base::sys;
use access::grant;
use std::env;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often an address in use is tried again at the start, and the wait between. A program
/// that was just killed has its sockets until the kernel has cleaned it up.
const TRIES: u32 = 25;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

const NO_SOCKET: &str = "--web.systemd-socket: no socket was handed over (LISTEN_FDS); leave the flag out \
                         to listen at the addresses of the settings";

/// One open socket.
pub struct Listener {
    socket: OwnedFd,
    /// The address in the settings; `None` if a service manager handed the socket over.
    wanted: Option<Listen>,
    /// The address as it was bound, with the port that the kernel picked.
    bound: String,
    /// Device and inode of the file of a Unix socket of the settings.
    file: Option<[u64; 2]>,
}

impl Listener {
    fn new(socket: OwnedFd, wanted: Option<Listen>, bound: String) -> Listener {
        let file = match &wanted {
            Some(Listen::Unix(path)) => identity(path),
            _ => None,
        };
        Listener { socket, wanted, bound, file }
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.bound
    }

    /// Whether it is a Unix socket, whose file controls access.
    #[cfg(feature = "tls")]
    pub fn is_unix(&self) -> bool {
        self.bound.starts_with("unix")
    }

    /// The socket, for `accept`.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Sets the group and mode of a Unix socket of the settings.
    fn grant(&self, access: &SocketAccess) -> io::Result<()> {
        match &self.wanted {
            Some(Listen::Unix(path)) => grant(path, access),
            _ => Ok(()),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Removes a Unix socket's file, unless another program's is there by now.
impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(Listen::Unix(path)) = &self.wanted
            && self.file.is_some()
            && self.file == identity(path)
        {
            // It may be gone already, which does no harm.
            let _ = fs::remove_file(path);
        }
    }
}

/// Device and inode of a file.
fn identity(path: &Path) -> Option<[u64; 2]> {
    fs::symlink_metadata(path).ok().map(|about| [about.dev(), about.ino()])
}

/// Opens the sockets that the service manager hands over (`LISTEN_FDS`), or else every address in `wanted`, unless
/// only the former are to be served.
pub fn open(
    wanted: &[Listen],
    access: &SocketAccess,
    only_inherited: bool,
) -> io::Result<Vec<Listener>> {
    let text = |name| env::var(name).ok();
    let (pid, count) = (text("LISTEN_PID"), text("LISTEN_FDS"));
    let inherited = sys::inherited_listeners(pid.as_deref(), count.as_deref());
    let inherited =
        inherited.map_err(|e| io::Error::other(format!("cannot use LISTEN_FDS: {e}")))?;
    let inherited = inherited.into_iter().map(|socket| {
        let bound = sys::local_name(socket.as_fd());
        Listener::new(socket, None, bound)
    });
    let mut listeners: Vec<_> = inherited.collect();
    if listeners.is_empty() && only_inherited {
        return Err(io::Error::other(NO_SOCKET));
    }
    if listeners.is_empty() {
        for _ in 0..TRIES {
            match change(&mut listeners, wanted, access) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    thread::sleep(BETWEEN_TRIES)
                }
                result => return result.map(|()| listeners),
            }
        }
        change(&mut listeners, wanted, access)?;
    }
    Ok(listeners)
}

/// Opens the new addresses in `wanted` and closes those that are not in it; on an error all stay as they
/// were. Sockets of a service manager stay in any case.
pub fn change(
    listeners: &mut Vec<Listener>,
    wanted: &[Listen],
    access: &SocketAccess,
) -> io::Result<()> {
    if listeners.iter().any(|l| l.wanted.is_none()) {
        return Ok(());
    }
    let missing = missing(listeners, wanted);
    let is_wanted = |l: &Listener| l.wanted.as_ref().is_some_and(|w| wanted.contains(w));
    let mut closed = Vec::new();
    let mut bound = bind_all(&missing, access);
    // A socket that will be closed may be in the way: one on every address conflicts
    // with one on a single address at the same port.
    if bound.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::AddrInUse)
        && !listeners.iter().all(is_wanted)
    {
        let (kept, unwanted) = std::mem::take(listeners).into_iter().partition(is_wanted);
        *listeners = kept;
        closed.extend((unwanted as Vec<Listener>).into_iter().map(Closed::of));
        bound = bind_all(&missing, access);
    }
    let granted = bound.and_then(|fresh| {
        listeners.iter().filter(|l| is_wanted(l)).try_for_each(|l| l.grant(access))?;
        Ok(fresh)
    });
    match granted {
        Ok(fresh) => {
            listeners.retain(is_wanted);
            listeners.extend(fresh);
            Ok(())
        }
        Err(error) => {
            listeners.extend(closed.into_iter().filter_map(|closed| closed.reopen(access)));
            Err(error)
        }
    }
}

/// The addresses in `wanted` that are not open, each once.
fn missing<'a>(listeners: &[Listener], wanted: &'a [Listen]) -> Vec<&'a Listen> {
    let is_known = |l: &Listen| listeners.iter().any(|old| old.wanted.as_ref() == Some(l));
    let mut missing: Vec<&Listen> = Vec::new();
    for address in wanted.iter().filter(|l| !is_known(l)) {
        if !missing.contains(&address) {
            missing.push(address);
        }
    }
    missing
}

/// A closed listener, with the data to open it again.
struct Closed {
    wanted: Option<Listen>,
    bound: String,
}

impl Closed {
    fn of(mut listener: Listener) -> Closed {
        Closed { wanted: listener.wanted.clone(), bound: std::mem::take(&mut listener.bound) }
    }

    /// Opens it again at the same port, even one that the kernel had picked.
    fn reopen(self, access: &SocketAccess) -> Option<Listener> {
        let socket = match (&self.wanted, self.bound.parse()) {
            (Some(Listen::Unix(path)), _) => listen_unix(path, access),
            (Some(Listen::Vsock(port)), _) => sys::listen_vsock(*port),
            (_, Ok(address)) => sys::listen_tcp(address).map(|(socket, _)| socket),
            (_, Err(_)) => Err(io::ErrorKind::InvalidInput.into()),
        };
        match socket {
            Ok(socket) => Some(Listener::new(socket, self.wanted, self.bound)),
            Err(e) => {
                let fields: [log::Field<'_>; 2] = [("address", &self.bound), ("error", &e)];
                log::error("an address that was listened on is lost", &fields);
                None
            }
        }
    }
}

fn bind_all(wanted: &[&Listen], access: &SocketAccess) -> io::Result<Vec<Listener>> {
    let mut fresh = Vec::new();
    for address in wanted {
        bind(address, access, &mut fresh).map_err(|e| {
            let advice = advice(address, e.kind());
            io::Error::new(e.kind(), format!("cannot listen on {address}: {e}{advice}"))
        })?;
    }
    Ok(fresh)
}

/// What to do about an error.
fn advice(address: &Listen, kind: io::ErrorKind) -> &'static str {
    match (kind, address) {
        (io::ErrorKind::PermissionDenied, Listen::Tcp(_, 1..1024)) => {
            "; take a port from 1024 on, or give the service CAP_NET_BIND_SERVICE"
        }
        (io::ErrorKind::AddrInUse, Listen::Unix(path)) if !sys::is_socket(path) => {
            "; the file there is not a socket: remove it, or name another path"
        }
        (io::ErrorKind::AddrInUse, _) => {
            "; is another program, another sysmetrics, or another address of server.listen there?"
        }
        (io::ErrorKind::NotFound, Listen::Unix(_)) => "; its directory has to exist",
        (io::ErrorKind::AddrNotAvailable, _) => "; no interface has this address, at least not yet",
        _ => "",
    }
}

fn bind(wanted: &Listen, access: &SocketAccess, to: &mut Vec<Listener>) -> io::Result<()> {
    match wanted {
        Listen::Unix(path) => {
            let socket = listen_unix(path, access)?;
            to.push(Listener::new(socket, Some(wanted.clone()), wanted.to_string()));
        }
        Listen::Vsock(port) => {
            let socket = sys::listen_vsock(*port)?;
            to.push(Listener::new(socket, Some(wanted.clone()), wanted.to_string()));
        }
        Listen::Tcp(host, port) if host.is_empty() => {
            let any = |ip: IpAddr| bind_tcp(wanted, SocketAddr::new(ip, *port));
            // Both families at once; or IPv4 alone if the kernel has no IPv6.
            let listener = any(Ipv6Addr::UNSPECIFIED.into())
                .or_else(|e| any(Ipv4Addr::UNSPECIFIED.into()).map_err(|_| e))?;
            let port = listener.bound.parse().map_or(*port, |bound: SocketAddr| bound.port());
            let is_alone = sys::is_ipv6_only(&listener.socket);
            to.push(listener);
            if is_alone {
                to.push(bind_tcp(wanted, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port))?);
            }
        }
        Listen::Tcp(host, port) => {
            for address in sys::resolve(host, *port)? {
                to.push(bind_tcp(wanted, address)?);
            }
        }
    }
    Ok(())
}

fn listen_unix(path: &Path, access: &SocketAccess) -> io::Result<OwnedFd> {
    let socket = sys::listen_unix(path)?;
    grant(path, access).inspect_err(|_| drop(fs::remove_file(path)))?;
    Ok(socket)
}

fn bind_tcp(wanted: &Listen, address: SocketAddr) -> io::Result<Listener> {
    let (socket, bound) = sys::listen_tcp(address)?;
    Ok(Listener::new(socket, Some(wanted.clone()), bound.to_string()))
}

#[cfg(test)]
mod tests;
