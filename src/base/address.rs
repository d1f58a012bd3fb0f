//! Addresses to listen on.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

/// Bytes of a socket's path that the kernel accepts (`sun_path` without its NUL).
const MAX_SOCKET_PATH: usize = 107;
/// How an address of vsock(7) begins; which machine it is need not be named.
const VSOCK: &str = "vsock://:";
/// Bytes of a host name.
const MAX_HOST: usize = 253;

/// Who may connect to Unix sockets, besides their owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketAccess {
    /// The mode of the file; without one the umask decides.
    pub mode: Option<u32>,
    /// Name or number of its group; empty for the group of the process.
    pub group: String,
}

/// An address to listen on, not resolved yet. `Display` writes it as the settings have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// TCP: a host name or an IP address without brackets, empty for every address of the
    /// machine; and the port, 0 for one that the kernel picks.
    Tcp(String, u16),
    /// A stream socket at this absolute path.
    Unix(PathBuf),
    /// A port of vsock(7), for the host of this virtual machine.
    Vsock(u32),
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Listen {
        let host = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("{}%{}", v6.ip(), v6.scope_id()),
            _ => address.ip().to_string(),
        };
        Listen::Tcp(host, address.port())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Listen::Tcp(host, port) => write!(f, "{host}:{port}"),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
            Listen::Vsock(port) => write!(f, "{VSOCK}{port}"),
        }
    }
}

impl Listen {
    /// Reads `HOST:PORT`, `:PORT`, `[IPV6]:PORT`, `unix:/PATH` or `vsock://:PORT`.
    pub fn parse(text: &str) -> Option<Listen> {
        if let Some(path) = text.strip_prefix("unix:") {
            let fits = path.len() <= MAX_SOCKET_PATH && !path.contains('\0');
            return (fits && path.starts_with('/')).then(|| Listen::Unix(path.into()));
        }
        if let Some(port) = text.strip_prefix(VSOCK) {
            return Some(Listen::Vsock(number(port)?));
        }
        let (name, port) = text.rsplit_once(':')?;
        if name.contains(':') && !name.starts_with('[') {
            return None;
        }
        let name = if name.is_empty() { name } else { host(name)? };
        Some(Listen::Tcp(name.to_owned(), number(port)?.try_into().ok()?))
    }
}

/// The number of a port, in digits only.
fn number(port: &str) -> Option<u32> {
    port.parse().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Parses a host name or an IP address and strips its brackets.
pub fn host(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let name = inner.unwrap_or(text);
    if inner.is_some() || name.contains(':') {
        let (address, zone) = name.split_once('%').unwrap_or((name, "0"));
        let known = address.parse::<Ipv6Addr>().is_ok() && is_name(zone);
        return known.then_some(name);
    }
    is_name(name).then_some(name)
}

fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    !text.is_empty() && text.len() <= MAX_HOST && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_were() {
        for good in [
            ":9100",
            "0.0.0.0:9101",
            "localhost:0",
            "[::]:9100",
            "[fe80::1%eth0]:65535",
            "my-host.example:1",
            "unix:/run/sysmetrics.sock",
            "vsock://:9100",
            "vsock://:4294967295",
        ] {
            assert_eq!(Listen::parse(good).map(|l| l.to_string()).as_deref(), Some(good));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "9100",
            "localhost",
            "localhost:",
            ":",
            ":+1",
            ":65536",
            ":-1",
            "::1:9100",
            "[::1]",
            "[::1",
            "[localhost]:1",
            "[fe80::1%]:1",
            "[]:1",
            "a b:1",
            "http://x:1",
            "unix:",
            "unix:run/x",
            "tcp:1:2",
            "vsock://",
            "vsock://:",
            "vsock://:+1",
            "vsock://:4294967296",
            "vsock://2:9100",
        ] {
            assert_eq!(Listen::parse(bad), None, "{bad}");
        }
        assert_eq!(Listen::parse(&["unix:/", &"x".repeat(MAX_SOCKET_PATH)].concat()), None);
    }

    #[test]
    fn hosts_may_have_brackets() {
        assert_eq!(host("[::1]"), Some("::1"));
        assert_eq!(host("::"), Some("::"));
        assert_eq!(host("0.0.0.0"), Some("0.0.0.0"));
        assert_eq!(host("localhost:1"), None);
        assert_eq!(host(""), None);
    }
}
