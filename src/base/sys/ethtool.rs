//! Statistics of drivers of network interfaces: SIOCETHTOOL of netdevice(7) (include/uapi/linux/ethtool.h).

use std::ffi::c_char;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// From include/uapi/linux/sockios.h.
const SIOCETHTOOL: u32 = 0x8946;

/// Sends requests to drivers.
pub struct Ethtool {
    socket: OwnedFd,
    room: Room,
}

impl Ethtool {
    /// Opens the socket for requests about any interface.
    pub fn new() -> io::Result<Ethtool> {
        // SAFETY: socket has no preconditions.
        let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: socket returned a descriptor that is ours alone.
        let socket = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Ethtool { socket, room: Room::new(1)? })
    }

    /// Passes `request` and zeros up to `length` bytes to the driver of `interface`, and returns what it wrote
    /// there. May take as long as the driver takes.
    pub fn ask(&mut self, interface: &[u8], request: &[u8], length: usize) -> io::Result<&[u8]> {
        if self.room.length < length {
            self.room = Room::new(length)?;
        }
        let bytes = self.room.bytes();
        let zeros = std::iter::repeat_n(&0, length.saturating_sub(request.len()));
        bytes.iter_mut().zip(request.iter().chain(zeros)).for_each(|(to, from)| *to = *from);
        // SAFETY: all zeros are a valid ifreq.
        let mut about: libc::ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
        // The last byte stays NUL.
        let places = about.ifr_name.iter_mut().take(libc::IFNAMSIZ - 1);
        places.zip(interface).for_each(|(to, from)| *to = *from as c_char);
        about.ifr_ifru.ifru_data = bytes.as_mut_ptr().cast();
        // SAFETY: the name ends with a NUL. The kernel reads and writes from `ifru_data` on, by its own
        // count of bytes: what exceeds the room is in pages that nobody may write, and the call
        // fails with EFAULT.
        let done =
            unsafe { libc::ioctl(self.socket.as_raw_fd(), SIOCETHTOOL as _, &raw mut about) };
        if done < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(self.room.bytes().get(..length).unwrap_or_default())
    }
}

/// Bytes after the room that nobody may touch. A driver may return more than it announced before: the
/// kernel copies it in one go, from the beginning on, and is stopped here.
const GUARD: usize = 64 << 10;

/// Memory with guard pages after it.
struct Room {
    /// INVARIANT: `length` bytes that may be read and written, then `GUARD` that may not, mapped by
    /// mmap(2), and of this room alone.
    start: *mut u8,
    length: usize,
}

// SAFETY: the memory is the room's alone, and mappings belong to no thread.
unsafe impl Send for Room {}

impl Room {
    /// Maps at least `length` bytes, in whole pages.
    fn new(length: usize) -> io::Result<Room> {
        let page = usize::try_from(super::page_size()).unwrap_or(4096);
        let length = length.max(1).next_multiple_of(page);
        let all = length.saturating_add(GUARD.next_multiple_of(page));
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping of no file touches no other memory.
        let start = unsafe { libc::mmap(ptr::null_mut(), all, libc::PROT_NONE, kind, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let room = Room { start: start.cast(), length };
        // SAFETY: the first `length` bytes of the new mapping, whole pages.
        if unsafe { libc::mprotect(start, length, libc::PROT_READ | libc::PROT_WRITE) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(room)
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: `length` bytes are mapped, are zeros or what was written, and lent only by this room.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let page = usize::try_from(super::page_size()).unwrap_or(4096);
        // SAFETY: this was mapped by `new`, and no reference to it is left.
        unsafe { libc::munmap(self.start.cast(), self.length + GUARD.next_multiple_of(page)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET_DRIVER: [u8; 4] = 3u32.to_ne_bytes();

    #[test]
    fn drivers_answer_or_refuse() {
        let mut ethtool = Ethtool::new().unwrap();
        let none = ethtool.ask(b"no-such-one", &GET_DRIVER, 196).unwrap_err();
        assert_eq!(none.raw_os_error(), Some(libc::ENODEV));
        for entry in std::fs::read_dir("/sys/class/net").unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            match ethtool.ask(name.as_bytes(), &GET_DRIVER, 196) {
                Ok(answer) => assert_eq!((answer.len(), &answer[..4]), (196, &GET_DRIVER[..])),
                Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EOPNOTSUPP), "{name}"),
            }
        }
    }

    #[test]
    fn a_buffer_ends_before_a_protected_page() {
        let mut room = Room::new(5000).unwrap();
        let length = room.bytes().len();
        assert!(length >= 5000 && length.is_multiple_of(4096));
        room.bytes().fill(7);
        let file = std::fs::File::open("/dev/zero").unwrap();
        // SAFETY: the kernel writes up to the end of the room; the guard is not ours to write.
        let read = unsafe {
            let end = room.start.add(length - 16);
            libc::read(file.as_raw_fd(), end.cast(), 4096)
        };
        assert!(read <= 16, "{read}");
        assert_eq!(room.bytes()[length - 17], 7);
    }
}
