//! The lines of one mount in `/proc/self/mountstats`, and its line in mountinfo.

use crate::kernel::read::scan;

/// One mount of NFS.
pub struct Mount<'a> {
    pub export: &'a [u8],
    pub point: &'a [u8],
    /// The lines below the first.
    lines: &'a [u8],
}

/// Each mount with the lines below it.
pub fn blocks(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let is_end =
            |at: &usize| text.get(at + 1..).is_some_and(|rest| rest.starts_with(b"device "));
        let end = memchr::memchr_iter(b'\n', text).find(is_end).map_or(text.len(), |at| at + 1);
        let (block, rest) = text.split_at(end);
        text = rest;
        (!block.is_empty()).then_some(block)
    })
}

impl<'a> Mount<'a> {
    /// The mount of a block; `Some(None)` if it is of another kind, `None` if the block is not valid.
    pub fn of(block: &'a [u8]) -> Option<Option<Mount<'a>>> {
        let end = memchr::memchr(b'\n', block).unwrap_or(block.len());
        let (line, lines) = block.split_at(end);
        let mut fields = scan::fields(line);
        let mut word = || fields.next();
        let [device, export, mounted, on] = [word()?, word()?, word()?, word()?];
        let [point, with, fstype, kind] = [word()?, word()?, word()?, word()?];
        let is_mount = [device, mounted, on, with, fstype]
            == [&b"device"[..], b"mounted", b"on", b"with", b"fstype"];
        // NFS statistics have a version.
        let is_nfs = is_nfs(kind) && word().is_some();
        is_mount.then_some(is_nfs.then_some(Mount { export, point, lines }))
    }

    /// The rest of the first line that begins with `key`.
    pub fn line(&self, key: &str) -> Option<&'a [u8]> {
        self.keyed(key).next()
    }

    fn keyed(&self, key: &str) -> impl Iterator<Item = &'a [u8]> {
        let lines = scan::lines(self.lines);
        lines.filter_map(move |line| line.trim_ascii_start().strip_prefix(key.as_bytes()))
    }

    /// The rest of the line of each transport after `xprt:`.
    pub fn transports(&self) -> impl Iterator<Item = &'a [u8]> {
        self.keyed("xprt:")
    }

    /// The line of each operation.
    pub fn operations(&self) -> impl Iterator<Item = &'a [u8]> {
        let lines = scan::lines(self.lines);
        let below = lines.skip_while(|line| !line.trim_ascii_start().starts_with(b"per-op"));
        below.skip(1).take_while(|line| !line.trim_ascii().is_empty())
    }
}

fn is_nfs(kind: &[u8]) -> bool {
    kind == b"nfs" || kind == b"nfs4"
}

/// Mount point, export and server's address of a line of mountinfo that is of NFS.
pub fn address(line: &[u8]) -> Option<[&[u8]; 3]> {
    let mut fields = scan::fields(line);
    let point = fields.nth(4)?;
    let kind = fields.by_ref().skip_while(|field| *field != b"-").nth(1)?;
    let [export, options] = [fields.next()?, fields.next()?];
    let mut options = options.split(|byte| *byte == b',');
    let address = options.find_map(|option| option.strip_prefix(b"addr="));
    is_nfs(kind).then_some([point, export, address.unwrap_or_default()])
}
