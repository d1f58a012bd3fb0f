//! Datagrams of UDP: a socket that never blocks, and many datagrams by one call.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// Datagrams received by one call. One at a time, a small one costs twice the CPU (1.4 µs against 0.7
/// with its line and its share of a `poll`); 64 are hardly better than 16, and need four times the room.
const BATCH: usize = 16;

/// Bytes that one call should not exceed while datagrams are as long as those before: with the
/// shortest lines, that many take some 8 ms.
const BYTES: usize = 1 << 18;

/// Room for one datagram: no UDP datagram is longer.
const SLOT: usize = 1 << 16;

/// Size of the receive buffer; the kernel allows less if net.core.rmem_max is lower.
const WAITING: libc::c_int = 4 << 20;

/// Values of SO_MEMINFO: nine numbers (linux/sock_diag.h).
const MEMINFO: usize = 9;

/// The index of the count of dropped datagrams.
const DROPS: usize = libc::SK_MEMINFO_DROPS as usize;

/// Receives at `address`. Also returns the address that it was bound to.
pub fn bind_udp(address: SocketAddr) -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    let bound = socket.local_addr()?;
    let fd = OwnedFd::from(socket);
    let (waiting, size) = (WAITING, libc::socklen_t::try_from(size_of_val(&WAITING)).unwrap_or(4));
    // A smaller buffer will do, too: the kernel counts what does not fit.
    // SAFETY: the option value is an int that lives over the call.
    unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUF,
            (&raw const waiting).cast(),
            size,
        )
    };
    Ok((fd, bound))
}

/// How many datagrams the kernel dropped because too many waited; unknown before Linux 4.12.
pub fn dropped_datagrams(socket: BorrowedFd<'_>) -> Option<u64> {
    let mut numbers = [0u32; MEMINFO];
    let whole = libc::socklen_t::try_from(size_of_val(&numbers)).ok()?;
    let mut size = whole;
    // SAFETY: `numbers` is writable for `size` bytes.
    let result = unsafe {
        let to = numbers.as_mut_ptr().cast();
        let fd = socket.as_raw_fd();
        libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_MEMINFO, to, &raw mut size)
    };
    (result == 0 && size == whole).then(|| numbers.get(DROPS).copied().map(u64::from))?
}

/// Room for the datagrams of one call. The kernel allocates memory only for the pages that are written.
pub struct Datagrams {
    /// INVARIANT: `BATCH` slots.
    bytes: Vec<u8>,
    /// Lengths of the datagrams that came.
    lengths: Vec<usize>,
    /// How many may come with the next call. INVARIANT: 1 to `BATCH`.
    most: usize,
}

impl Default for Datagrams {
    fn default() -> Datagrams {
        Datagrams { bytes: vec![0; BATCH * SLOT], lengths: Vec::with_capacity(BATCH), most: BATCH }
    }
}

impl Datagrams {
    /// Receives the datagrams that wait in `socket`, which does not block, as far as there is room.
    pub fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<()> {
        self.lengths.clear();
        let mut parts = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH];
        // SAFETY: all zeros are a valid mmsghdr: no address, no parts, nothing besides.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
        let slots = self.bytes.chunks_exact_mut(SLOT);
        for ((header, part), slot) in headers.iter_mut().zip(&mut parts).zip(slots) {
            *part = libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: slot.len() };
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: every header has one part, which describes a slot of `bytes`; headers, parts and
        // bytes outlive the call. There are no fewer headers than `most`.
        let count = unsafe {
            let (fd, to) = (socket.as_raw_fd(), headers.as_mut_ptr());
            libc::recvmmsg(fd, to, self.most as libc::c_uint, 0, std::ptr::null_mut())
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error());
        let count = match count {
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            count => count?,
        };
        self.lengths.extend(headers.iter().take(count).map(|header| header.msg_len as usize));
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        self.most = (BYTES / longest.max(1)).clamp(1, BATCH);
        Ok(())
    }

    /// The datagrams of the last call.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let slots = self.bytes.chunks_exact(SLOT).zip(&self.lengths);
        slots.map(|(slot, length)| slot.get(..*length).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::os::fd::AsFd;

    #[test]
    fn datagrams_come_whole_and_many_at_once() {
        let (socket, bound) = bind_udp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut datagrams = Datagrams::default();
        datagrams.receive(socket.as_fd()).unwrap();
        assert_eq!(datagrams.iter().count(), 0);
        let largest = vec![b'x'; 65_507];
        let sent: Vec<Vec<u8>> =
            (0..BATCH + 2).map(|i| i.to_string().into_bytes()).chain([largest, vec![]]).collect();
        for bytes in &sent {
            client.send_to(bytes, bound).unwrap();
        }
        let mut got: Vec<Vec<u8>> = Vec::new();
        for expected in [BATCH, 4, 0] {
            datagrams.receive(socket.as_fd()).unwrap();
            assert_eq!(datagrams.iter().count(), expected);
            got.extend(datagrams.iter().map(<[u8]>::to_vec));
        }
        assert_eq!(got, sent);
    }

    #[test]
    fn of_long_ones_fewer_come_at_once() {
        let (socket, bound) = bind_udp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut datagrams = Datagrams::default();
        let mut receive = |sizes: &[usize]| {
            for size in sizes {
                client.send_to(&vec![b'x'; *size], bound).unwrap();
            }
            datagrams.receive(socket.as_fd()).unwrap();
            datagrams.iter().map(<[u8]>::len).collect::<Vec<_>>()
        };
        assert_eq!(receive(&[60_000]), [60_000]);
        assert_eq!(receive(&[1; 20]), [1; BYTES / 60_000]);
        assert_eq!(receive(&[]), [1; 20 - BYTES / 60_000]);
    }

    #[test]
    fn refused_for_lack_of_room_is_reported() {
        let (socket, bound) = bind_udp((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        // It was introduced with Linux 4.12.
        let Some(0) = dropped_datagrams(socket.as_fd()) else { return };
        let mut sent = 0;
        while dropped_datagrams(socket.as_fd()) == Some(0) {
            client.send_to(&[b'x'; 1000], bound).unwrap();
            sent += 1;
        }
        let (mut datagrams, mut got) = (Datagrams::default(), 0);
        loop {
            datagrams.receive(socket.as_fd()).unwrap();
            match datagrams.iter().count() {
                0 => break,
                n => got += n as u64,
            }
        }
        assert_eq!(got + dropped_datagrams(socket.as_fd()).unwrap(), sent);
    }
}
