//! Statistics of a mounted btrfs: ioctls on one of its directories (include/uapi/linux/btrfs.h, since 3.3).

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// The longest answer: a struct of 4096 bytes. All fields are numbers of 64 bits, except for some that are
/// bytes.
const WORDS: usize = 512;

/// Bytes of a path, and how many numbers precede it.
const PATH: usize = 1024;
const PATH_AT: usize = 384;

/// Errors of a device, of five kinds.
pub const BTRFS_ERRORS: usize = 5;

/// How the number of an ioctl encodes that the caller reads, or reads and writes, and at which bit
/// (include/uapi/asm-generic/ioctl.h; arch/{mips,powerpc,sparc}/include/uapi/asm/ioctl.h).
const IS_OTHER: bool = cfg!(any(
    target_arch = "mips",
    target_arch = "mips64",
    target_arch = "powerpc",
    target_arch = "powerpc64",
    target_arch = "sparc",
    target_arch = "sparc64"
));
const READS: u32 = 2;
const WRITES: u32 = if IS_OTHER { 4 } else { 1 };
const PLACE: u32 = if IS_OTHER { 29 } else { 30 };

/// BTRFS_IOC_FS_INFO, BTRFS_IOC_DEV_INFO and BTRFS_IOC_GET_DEV_STATS.
const FS_INFO: u32 = number(READS, 31, 1024);
const DEV_INFO: u32 = number(READS | WRITES, 30, 4096);
const DEV_STATS: u32 = number(READS | WRITES, 52, 1032);

/// The number of an ioctl of btrfs with a struct of `size` bytes.
const fn number(direction: u32, of: u32, size: u32) -> u32 {
    direction << PLACE | size << 16 | 0x94 << 8 | of
}

/// A file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BtrfsInfo {
    /// The highest number of a device, and how many devices there are.
    pub last: u64,
    pub count: u64,
    /// Its UUID.
    pub id: [u8; 16],
}

/// A device of a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BtrfsDevice {
    /// Its UUID.
    pub id: [u8; 16],
    /// Bytes in use, and bytes in total.
    pub used: u64,
    pub size: u64,
}

/// Queries file systems.
pub struct Btrfs {
    words: [u64; WORDS],
    path: [u8; PATH],
}

impl Default for Btrfs {
    fn default() -> Btrfs {
        Btrfs { words: [0; WORDS], path: [0; PATH] }
    }
}

impl Btrfs {
    /// The file system of `directory`. An error, such as ENOTTY, if that is no btrfs.
    pub fn info(&mut self, directory: &File) -> io::Result<BtrfsInfo> {
        self.query(directory, FS_INFO, [0; 2])?;
        let [last, count, ..] = self.words;
        Ok(BtrfsInfo { last, count, id: self.bytes(2) })
    }

    /// The device with that number, and the path that it was found at. ENODEV if there is no such device.
    pub fn device(&mut self, directory: &File, number: u64) -> io::Result<(BtrfsDevice, &[u8])> {
        // Without a UUID it is found by its number.
        self.query(directory, DEV_INFO, [number, 0])?;
        let [_, _, _, used, size, ..] = self.words;
        let id = self.bytes(1);
        self.path = self.bytes(PATH_AT);
        let path = self.path.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok((BtrfsDevice { id, used, size }, path))
    }

    /// The error counters of that device: writing, reading, flushing, corruption and generations. Waits while the
    /// file system writes its superblocks.
    pub fn errors(&mut self, directory: &File, number: u64) -> io::Result<[u64; BTRFS_ERRORS]> {
        self.query(directory, DEV_STATS, [number, BTRFS_ERRORS as u64])?;
        let [_, _, _, a, b, c, d, e, ..] = self.words;
        Ok([a, b, c, d, e])
    }

    /// Calls the ioctl with a struct of zeros that begins with `begin`.
    fn query(&mut self, directory: &File, number: u32, begin: [u64; 2]) -> io::Result<()> {
        self.words.fill(0);
        self.words.iter_mut().zip(begin).for_each(|(word, number)| *word = number);
        // SAFETY: the kernel reads and writes as many bytes as the number of the ioctl says, at most
        // 4096, which there are. Any bytes are numbers.
        let done =
            unsafe { libc::ioctl(directory.as_raw_fd(), number as _, self.words.as_mut_ptr()) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// The bytes after `first` numbers.
    fn bytes<const N: usize>(&self, first: usize) -> [u8; N] {
        let mut bytes = [0; N];
        let words = self.words.iter().skip(first).flat_map(|word| word.to_ne_bytes());
        bytes.iter_mut().zip(words).for_each(|(to, from)| *to = from);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_header() {
        // Figures printed by a program in C.
        if !IS_OTHER {
            assert_eq!([FS_INFO, DEV_INFO, DEV_STATS], [0x8400_941f, 0xd000_941e, 0xc408_9434]);
        }
    }

    #[test]
    fn what_is_no_btrfs_refuses() {
        let mut btrfs = Btrfs::default();
        let directory = File::open("/proc").unwrap();
        assert_eq!(btrfs.info(&directory).unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        assert_eq!(btrfs.device(&directory, 1).unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        assert_eq!(btrfs.errors(&directory, 1).unwrap_err().raw_os_error(), Some(libc::ENOTTY));
    }

    #[test]
    fn structs_are_read_as_the_kernel_writes_them() {
        let mut btrfs = Btrfs::default();
        let id = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        let [low, high] = id.as_chunks::<8>().0 else { panic!() };
        btrfs.words[1] = u64::from_ne_bytes(*low);
        btrfs.words[2] = u64::from_ne_bytes(*high);
        btrfs.words[PATH_AT] = u64::from_ne_bytes(*b"/dev/sda");
        assert_eq!(btrfs.bytes::<16>(1), id);
        assert_eq!(btrfs.bytes::<10>(PATH_AT), *b"/dev/sda\0\0");
        assert_eq!(PATH_AT * 8 + PATH, WORDS * 8, "the path ends the struct");
    }
}
