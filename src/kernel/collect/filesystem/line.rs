//! A line of mountinfo.

use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::{Root, scan};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The path of the list, and the alternative.
pub const PATH: &str = "/proc/1/mountinfo";
pub const OWN_PATH: &str = "/proc/self/mountinfo";

pub const EXPECTED: &str =
    "id, parent, major:minor, root, mount point, options, -, type, source, options";

/// Types for which the kernel answers by itself: disks, flash and memory. Others, among
/// them all of networks, FUSE and autofs, may not answer.
const LOCAL: &str = "\
    bcachefs bdev befs binfmt_misc bpf btrfs cgroup cgroup2 configfs cramfs debugfs devpts \
    devtmpfs efivarfs efs erofs exfat ext2 ext3 ext4 f2fs fusectl hfs hfsplus hpfs hugetlbfs \
    iso9660 jffs2 jfs minix mqueue msdos nilfs2 nsfs ntfs3 omfs proc pstore ramfs reiserfs \
    resctrl romfs rootfs rpc_pipefs securityfs selinuxfs smackfs squashfs sysfs sysv tmpfs \
    tracefs ubifs udf ufs vfat xfs zfs zonefs";

/// A line, its mount point unescaped.
pub struct Line<'a> {
    pub id: &'a [u8],
    pub number: [&'a [u8]; 2],
    pub point: Vec<u8>,
    options: [&'a [u8]; 2],
    pub kind: &'a [u8],
    pub source: &'a [u8],
}

impl<'a> Line<'a> {
    pub fn of(line: &'a [u8]) -> Option<Line<'a>> {
        // A single blank separates two fields: a source may be empty.
        let mut fields = line.split(|byte| *byte == b' ');
        let (id, _parent) = (fields.next()?, fields.next()?);
        let number = fields.next()?;
        let (_root, point, options) = (fields.next()?, fields.next()?, fields.next()?);
        fields.find(|field| *field == b"-")?;
        let (kind, source) = (fields.next()?, fields.next()?);
        let (major, minor) = number.split_at(number.iter().position(|byte| *byte == b':')?);
        let number = [major, minor.get(1..)?];
        number.iter().try_for_each(|part| scan::uint(part).map(|_| ()))?;
        let point = unescaped(point);
        let is_valid = point.starts_with(b"/") && !point.contains(&0) && !kind.is_empty();
        let options = [options, fields.next()?];
        is_valid.then_some(Line { id, number, point, options, kind, source })
    }

    /// Whether the kernel answers by itself. The overlay of a container is as local as its disk.
    pub fn is_local(&self) -> bool {
        let is_root = self.point == b"/" && self.kind == b"overlay";
        is_root || LOCAL.split(' ').any(|kind| kind.as_bytes() == self.kind)
    }

    /// Whether the mount is read-only, whatever its file system is.
    fn is_read_only_mount(&self) -> bool {
        let [of_mount, _] = self.options;
        of_mount.split(|byte| *byte == b',').any(|option| option == b"ro")
    }

    /// Whether the mount or its file system is read-only; ext4 becomes so after an error.
    pub fn is_read_only(&self) -> bool {
        let mut options = self.options.iter().flat_map(|all| all.split(|byte| *byte == b','));
        options.any(|option| matches!(option, b"ro" | b"emergency_ro"))
    }
}

/// The points of this list whose mounts are read-only.
pub fn read_only_points(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = scan::lines(text).filter_map(Line::of);
    lines.filter(Line::is_read_only_mount).map(|line| line.point).collect()
}

/// `text` with `\ooo` replaced by the byte.
pub fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        let code = after.get(..3).filter(|_| *byte == b'\\').and_then(scan::octal);
        let code = code.and_then(|code| u8::try_from(code).ok());
        plain.push(code.unwrap_or(*byte));
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    plain
}

/// Whether `point`, or a point on the way to it, is one of `slow`, which are sorted.
pub fn may_hang(point: &[u8], slow: &[&[u8]]) -> bool {
    let is_slow = |path: &[u8]| slow.binary_search(&path).is_ok();
    let mut ends = point.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    is_slow(b"/") || is_slow(point) || ends.any(|(at, _)| point.get(..at).is_some_and(is_slow))
}

/// Passes the mounts of a type to `each`: their path for this process, and their source. Mounts whose path may
/// hang are left out.
pub fn mounts_of(root: &Root, kind: &str, each: &mut dyn FnMut(&Path, &[u8])) -> Result<(), Error> {
    let first = if root.lacks_root() { OWN_PATH } else { PATH };
    let text = root.read(first).or_else(|_| root.read(OWN_PATH))?;
    let lines = || scan::lines(&text).filter_map(Line::of);
    let mut slow: Vec<Vec<u8>> =
        lines().filter(|line| !line.is_local()).map(|line| line.point).collect();
    sys::sort(&mut slow, Ord::cmp);
    let slow: Vec<&[u8]> = slow.iter().map(Vec::as_slice).collect();
    let base = root.real("/");
    for line in lines().filter(|line| line.kind == kind.as_bytes()) {
        if !may_hang(&line.point, &slow) {
            let below = below(&base, &line.point);
            let below = below.strip_prefix(b"/").unwrap_or(below);
            each(&base.join(OsStr::from_bytes(below)), line.source);
        }
    }
    Ok(())
}

/// A mount point as seen below the root of the mounts.
pub fn below<'a>(root: &Path, point: &'a [u8]) -> &'a [u8] {
    let root = root.as_os_str().as_bytes();
    let root = root.strip_suffix(b"/").unwrap_or(root);
    match point.strip_prefix(root) {
        Some([]) => b"/",
        Some(rest @ [b'/', ..]) => rest,
        _ => point,
    }
}
