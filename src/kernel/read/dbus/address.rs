//! Addresses of a bus: `unix:path=/run/dbus/system_bus_socket`, several with `;` between them, each with a
//! transport and pairs of key and value, in which `%XX` stands for a byte.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Sockets that are tried, one after the other.
const MAX_SOCKETS: usize = 8;

/// The system bus if the environment names none.
const SYSTEM: &[u8] = b"/var/run/dbus/system_bus_socket";

/// The address of a service: the first socket that exists is used.
pub struct Address {
    /// Empty if the address has no supported transport.
    pub sockets: Vec<Socket>,
}

/// A Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// A path, or a zero byte and an abstract name.
    pub name: Vec<u8>,
    /// Whether it is a bus, which needs a Hello, rather than the service itself.
    pub is_bus: bool,
}

impl Address {
    /// The system bus; `variable` is `DBUS_SYSTEM_BUS_ADDRESS`.
    pub fn system(variable: Option<&OsStr>) -> Address {
        let names = match variable.filter(|text| !text.is_empty()) {
            Some(text) => parse(text.as_bytes()),
            None => vec![SYSTEM.to_vec()],
        };
        let socket = |name| Socket { name, is_bus: true };
        Address { sockets: names.into_iter().map(socket).collect() }
    }

    /// Whether any of the sockets may exist.
    pub fn is_there(&self) -> bool {
        let is_there = |socket: &Socket| match socket.name.first() {
            Some(0) => true,
            _ => Path::new(OsStr::from_bytes(&socket.name)).exists(),
        };
        self.sockets.iter().any(is_there)
    }

    /// The service itself, without a bus.
    pub fn peer(path: &str) -> Address {
        Address { sockets: Vec::new() }.or_peer(path)
    }

    /// Adds the service itself, for systems without a bus.
    pub fn or_peer(mut self, path: &str) -> Address {
        self.sockets.push(Socket { name: path.into(), is_bus: false });
        self
    }
}

/// The Unix sockets of an address; other transports are left out.
fn parse(text: &[u8]) -> Vec<Vec<u8>> {
    text.split(|byte| *byte == b';').filter_map(socket).take(MAX_SOCKETS).collect()
}

fn socket(one: &[u8]) -> Option<Vec<u8>> {
    let pairs = one.strip_prefix(b"unix:")?;
    pairs.split(|byte| *byte == b',').find_map(|pair| {
        if let Some(path) = pair.strip_prefix(b"path=") {
            return unescape(path, Vec::new());
        }
        unescape(pair.strip_prefix(b"abstract=")?, vec![0])
    })
}

/// Decodes `%XX`; `None` if one is incomplete.
fn unescape(text: &[u8], mut out: Vec<u8>) -> Option<Vec<u8>> {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' {
            let mut digit = || char::from(*bytes.next()?).to_digit(16);
            let value = digit()? << 4 | digit()?;
            out.push(u8::try_from(value).ok()?);
        } else {
            out.push(*byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sockets(text: &str) -> Vec<String> {
        let sockets = Address::system(Some(OsStr::new(text))).sockets;
        sockets.iter().map(|socket| socket.name.escape_ascii().to_string()).collect()
    }

    #[test]
    fn unix_sockets_of_all_forms_are_found() {
        assert_eq!(sockets("unix:path=/a"), ["/a"]);
        assert_eq!(sockets("unix:guid=1,path=/a%20b%2c;unix:abstract=x"), ["/a b,", "\\x00x"]);
        assert_eq!(sockets("tcp:host=x,port=1;unix:path=/b,guid=2"), ["/b"]);
        for none in ["unix:", "unix:path=%4", "unix:path=%zz", "unix:tmpdir=/tmp", "x", ";;"] {
            assert_eq!(sockets(none), [""; 0], "{none}");
        }
        assert_eq!(sockets(&"unix:path=/a;".repeat(99)).len(), MAX_SOCKETS);
        let usual = [Socket { name: SYSTEM.to_vec(), is_bus: true }];
        assert_eq!(Address::system(None).sockets, usual);
        assert_eq!(Address::system(Some(OsStr::new(""))).sockets, usual);
        let [_, peer] = &Address::system(None).or_peer("/p").sockets[..] else { panic!() };
        assert_eq!((&peer.name[..], peer.is_bus), (&b"/p"[..], false));
    }
}
