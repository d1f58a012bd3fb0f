//! The list of mounts. A line of mountinfo is `id parent major:minor root point options [fields…] -
//! type source options`; blanks, tabs, newlines, backslashes and `#` are octal: `\040`. The text is
//! compared with what it was, and parsed only when it differs.

use super::super::PartialErrors;
use super::line::{EXPECTED, Line, below, may_hang, read_only_points, unescaped};
use crate::base::sys::{self, Probe, Space};
use crate::kernel::read::{Patterns, scan};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Instant;

/// The most mounts that are shown; what comes after is left out and counted.
const MAX_MOUNTS: usize = 2048;

/// Which mounts are shown, and how.
pub struct Rules {
    /// The patterns for mount points.
    pub points: Patterns,
    /// The patterns for types.
    pub types: Patterns,
    /// Where the root of the mounts is mounted here.
    pub root: PathBuf,
    /// The mounts are those of the running kernel. Where this process sees none of them (in a container
    /// whose `/host` later mounts do not reach, in a sandbox), the directory below is not queried instead.
    pub is_running: bool,
    /// Whether escapes in the source are resolved, which node_exporter keeps.
    pub is_source_plain: bool,
}

/// One mount point, with whatever is mounted there: the uppermost answers.
pub struct Point {
    pub path: CString,
    /// The length of the part of the path that leads to the root of the mounts.
    root: usize,
    /// The number of the uppermost mount, which distinguishes it from an earlier one.
    id: Vec<u8>,
    /// Whether a query may never return.
    pub may_hang: bool,
    /// Whether this process sees a mount there, too; where a query may hang, the child checks that.
    pub is_seen: bool,
    /// Whether the child has to check that.
    pub only_mount: bool,
    /// The mount is read-only for this process: a sandbox or a container made it so.
    is_read_only_here: bool,
    /// Whether it has to be queried in this scrape.
    pub is_due: bool,
    /// Whether it was queried in this scrape.
    pub is_awaited: bool,
    /// The child that queries it.
    pub probe: Option<Probe>,
    /// When a child gave the answer.
    pub answered: Option<Instant>,
    /// The answer of this scrape, or why there is none.
    pub answer: Result<Space, i32>,
}

impl Point {
    /// The mount point as it is shown, without the leading slash.
    pub fn name(&self) -> &[u8] {
        self.path.to_bytes().get(self.root + 1..).unwrap_or_default()
    }
}

/// One line that is shown.
pub struct Mount {
    /// Device, mount point and type.
    pub labels: [String; 3],
    /// Major and minor number.
    pub number: [String; 2],
    is_read_only: bool,
    /// Another mount covers it, which answers in its place.
    is_hidden: bool,
    /// The index of its point.
    point: usize,
    /// An earlier line has the same labels; the same with the number in place of the type.
    repeats: [bool; 2],
}

/// All mounts that are shown.
pub struct Mounts {
    rules: Rules,
    text: Vec<u8>,
    list: Vec<Mount>,
    pub points: Vec<Point>,
    /// The own list of this process, and which mounts are read-only in it.
    text_here: Vec<u8>,
    read_only_here: Vec<Vec<u8>>,
}

impl Mounts {
    pub fn new(rules: Rules) -> Mounts {
        let (text, list, points) = Default::default();
        let (text_here, read_only_here) = Default::default();
        Mounts { rules, text, list, points, text_here, read_only_here }
    }

    /// The mounts of which samples are shown.
    pub fn shown(&self) -> impl Iterator<Item = &Mount> {
        self.list.iter().filter(|mount| !mount.repeats[0])
    }

    /// The mounts whose device numbers are shown.
    pub fn numbered(&self) -> impl Iterator<Item = &Mount> {
        self.list.iter().filter(|mount| !mount.repeats[1] && self.answer(mount).is_ok())
    }

    /// The space of a mount, or why it is unknown.
    pub fn answer(&self, mount: &Mount) -> Result<Space, i32> {
        self.points.get(mount.point).map_or(Err(libc::ENOENT), |point| point.answer)
    }

    /// Whether a mount cannot be written: because of its options, or because an error made the file system so
    /// meanwhile. For one that is covered, or read-only for this process, only the line counts.
    pub fn is_read_only(&self, mount: &Mount) -> bool {
        let is_answer = !mount.is_hidden && !self.is_read_only_here(mount);
        mount.is_read_only || is_answer && self.answer(mount).is_ok_and(|space| space.read_only)
    }

    fn is_read_only_here(&self, mount: &Mount) -> bool {
        self.points.get(mount.point).is_some_and(|point| point.is_read_only_here)
    }

    /// Notes which mounts are read-only for this process; returns whether some are not so for others. That an error
    /// made one of those read-only is in its line alone.
    pub fn note_read_only_here(&mut self) -> bool {
        for point in &mut self.points {
            let path = point.path.to_bytes();
            // The root of the mounts ends with a slash where it is not the root here.
            let plain = path.strip_suffix(b"/").filter(|path| !path.is_empty()).unwrap_or(path);
            point.is_read_only_here = self.read_only_here.iter().any(|path| path == plain);
        }
        self.list.iter().any(|mount| !mount.is_read_only && self.is_read_only_here(mount))
    }

    /// Takes the own list of this process.
    pub fn learn_here(&mut self, text: &[u8]) {
        if self.text_here != text {
            self.text_here.clear();
            self.text_here.extend_from_slice(text);
            self.read_only_here = read_only_points(text);
        }
    }

    /// Updates the list from the file at `path`.
    pub fn learn(&mut self, path: &'static str, text: &[u8], errors: &mut PartialErrors) {
        if self.text != text {
            self.text.clear();
            self.text.extend_from_slice(text);
            self.parse(path, errors);
        }
    }
}

impl Mounts {
    #[cold]
    fn parse(&mut self, path: &'static str, errors: &mut PartialErrors) {
        let mut lines = Vec::new();
        for line in scan::lines(&self.text) {
            match Line::of(line) {
                Some(line) => lines.push(line),
                None => errors.refuse(path, EXPECTED, line),
            }
        }
        let mut slow: Vec<&[u8]> =
            lines.iter().filter(|line| !line.is_local()).map(|line| &*line.point).collect();
        sys::sort(&mut slow, Ord::cmp);
        let (mut list, mut points) = (Vec::<Mount>::new(), Vec::new());
        for line in &lines {
            let Some((mut mount, path_here)) = self.rules.mount(line) else { continue };
            if list.len() >= MAX_MOUNTS {
                errors.refuse(path, "at most 2048 mounts", &line.point);
                break;
            }
            mount.point = place(&mut points, path_here, line, &slow);
            let below = list.iter_mut().filter(|below| below.point == mount.point);
            below.for_each(|below| below.is_hidden = true);
            mount.note_repeats(&list);
            list.push(mount);
        }
        self.rules.points.rest();
        self.rules.types.rest();
        for point in points.iter_mut().filter(|_| self.rules.is_running) {
            point.is_seen = point.may_hang || sys::is_mount(&point.path);
            point.only_mount = true;
        }
        for point in points.iter_mut().filter(|point| point.may_hang) {
            let same = |old: &&mut Point| old.path == point.path && old.id == point.id;
            point.probe = self.points.iter_mut().find(same).and_then(|old| old.probe.take());
        }
        (self.list, self.points) = (list, points);
    }
}

/// The index of the point `path` among `points`; a new one is added at the end.
fn place(
    points: &mut Vec<Point>,
    (path, root): (CString, usize),
    line: &Line<'_>,
    slow: &[&[u8]],
) -> usize {
    let known = points.iter_mut().position(|point| point.path == path);
    if let Some(point) = known.and_then(|at| points.get_mut(at)) {
        // Later mounts cover earlier ones.
        point.id = line.id.to_vec();
    }
    known.unwrap_or_else(|| {
        points.push(Point {
            path,
            root,
            id: line.id.to_vec(),
            may_hang: may_hang(&line.point, slow),
            is_seen: true,
            only_mount: false,
            is_read_only_here: false,
            is_due: false,
            is_awaited: false,
            probe: None,
            answered: None,
            answer: Err(libc::ENOENT),
        });
        points.len() - 1
    })
}

impl Rules {
    /// The mount on `line`, if it is shown; its path for this process, and how much of
    /// that path leads to the root.
    fn mount(&self, line: &Line<'_>) -> Option<(Mount, (CString, usize))> {
        let root = self.root.as_os_str().as_bytes();
        let root = root.strip_suffix(b"/").unwrap_or(root);
        let point = below(&self.root, &line.point);
        let [shown, kind] = [point, line.kind].map(lossy);
        if !self.points.keep(&shown) || !self.types.keep(&kind) {
            return None;
        }
        let source = if self.is_source_plain { unescaped(line.source) } else { line.source.into() };
        let mount = Mount {
            labels: [lossy(&source), shown, kind],
            number: line.number.map(lossy),
            is_read_only: line.is_read_only(),
            is_hidden: false,
            point: 0,
            repeats: [false; 2],
        };
        Some((mount, (CString::new([root, point].concat()).ok()?, root.len())))
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

impl Mount {
    /// Compares its labels with those of the mounts before it.
    fn note_repeats(&mut self, before: &[Mount]) {
        let [device, point, _] = &self.labels;
        let same = |other: &Mount| &other.labels[0] == device && &other.labels[1] == point;
        self.repeats = [
            before.iter().any(|other| other.labels == self.labels),
            before.iter().any(|other| other.number == self.number && same(other)),
        ];
    }
}
