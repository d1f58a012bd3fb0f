//! The lines of `/proc/self/mountstats` as rows of numbers with labels.

use super::super::PartialErrors;
use super::mount::{Mount, address, blocks};
use super::rows::Rows;
use crate::kernel::read::{Names, SeenLabels, scan};
use crate::model::metric::{Decimal, Family, Label, Sink, Value};

pub const PATH: &str = "/proc/self/mountstats";

/// More NFS mounts than any box has; what comes after is left out and counted.
const MAX_MOUNTS: usize = 4096;

/// The longest address of a server.
const MAX_ADDRESS: usize = 64;

/// Numbers of the lines `bytes:` and `events:`, and of the events the one that is not shown (how often a
/// writer waited for congestion).
const BYTES: usize = 8;
const EVENTS: usize = 27;
const CONGESTION: usize = 18;

/// The number of values of a mount, of a transport and of an operation.
pub const STATS: usize = 1 + BYTES + EVENTS - 1;
pub const TRANSPORT: usize = 10;
pub const OPERATION: usize = 9;

/// The positions of a transport's numbers after its protocol: binds, connections, idle time, sends,
/// receives, bad ids, backlog, slots, sending and pending queue. UDP has no connections, and RDMA no
/// queues.
type Layout = [Option<usize>; TRANSPORT];
#[rustfmt::skip]
const TCP: Layout =
    [Some(1), Some(2), Some(4), Some(5), Some(6), Some(7), Some(9), Some(10), Some(11), Some(12)];
#[rustfmt::skip]
const UDP: Layout =
    [Some(1), None, None, Some(2), Some(3), Some(4), Some(6), Some(7), Some(8), Some(9)];
#[rustfmt::skip]
const RDMA: Layout =
    [Some(1), Some(2), Some(4), Some(5), Some(6), Some(7), Some(9), None, None, None];

/// Times and errors are shown up to this.
const MANTISSA: u64 = 1 << 53;

/// The columns of a transport and of an operation that are cut so.
const IDLE: usize = 2;
const FIRST_TIME: usize = 5;

/// All mounts of one reading.
pub struct Mounts {
    /// Values that the kernel does not have are shown as 0.
    fills: bool,
    /// Mount point, export and server's address of each NFS mount in mountinfo.
    addresses: Names,
    /// How many of these belong to earlier mounts.
    used: usize,
    seen: SeenLabels,
    /// Four labels of each mount point.
    points: Names,
    pub stats: Rows<3, STATS>,
    pub transports: Rows<4, TRANSPORT>,
    pub operations: Rows<4, OPERATION>,
}

impl Mounts {
    pub fn new(fills: bool) -> Mounts {
        Mounts {
            fills,
            addresses: Names::default(),
            used: 0,
            seen: SeenLabels::default(),
            points: Names::default(),
            stats: Rows::default(),
            transports: Rows::default(),
            operations: Rows::default(),
        }
    }

    /// Begins a reading; `info` is the text of mountinfo.
    pub fn begin(&mut self, info: &[u8]) {
        self.addresses.truncate(0);
        self.points.truncate(0);
        self.used = 0;
        self.seen.begin();
        self.stats.clear();
        self.transports.clear();
        self.operations.clear();
        for label in scan::lines(info).filter_map(address).flatten() {
            self.addresses.push(label);
        }
    }

    /// Reads every mount of the file.
    pub fn take(&mut self, text: &[u8], errors: &mut PartialErrors) {
        let mut count = 0;
        for block in blocks(text) {
            let first = scan::lines(block).next().unwrap_or_default();
            let Some(mount) = Mount::of(block) else {
                if !first.trim_ascii().is_empty() && !first.starts_with(b"no device ") {
                    errors.refuse(PATH, "device … mounted on …", first);
                }
                continue;
            };
            count += usize::from(mount.is_some());
            match mount {
                Some(_) if count > MAX_MOUNTS => {
                    return errors.refuse(PATH, "at most 4096 mounts", first);
                }
                Some(mount) => self.push(&mount, errors),
                None => {}
            }
        }
    }

    /// Adds a mount, once for each protocol of its transports, as node_exporter does.
    fn push(&mut self, mount: &Mount<'_>, errors: &mut PartialErrors) {
        let place = self.place(mount);
        // Copied, as the list must not be borrowed while rows are added.
        let mut room = [0; MAX_ADDRESS];
        let address = place.and_then(|at| self.addresses.get(at)).unwrap_or_default();
        let length = address.len().min(MAX_ADDRESS);
        room.iter_mut().zip(address).for_each(|(to, from)| *to = *from);
        let address = room.get(..length).unwrap_or_default();
        for transport in mount.transports() {
            let protocol = scan::fields(transport).next().unwrap_or_default();
            if layout(protocol).is_none() {
                errors.refuse(PATH, "tcp, udp or rdma", transport);
                continue;
            }
            let labels = [mount.export, protocol, address];
            if self.seen.is_new(&[mount.export, protocol, address, mount.point]) {
                labels.into_iter().chain([mount.point]).for_each(|label| self.points.push(label));
            }
            if !self.seen.is_new(&labels) {
                break;
            }
            self.push_stats(mount, labels, errors);
            for (index, transport) in mount.transports().enumerate() {
                self.push_transport(transport, index, labels, errors);
            }
            for operation in mount.operations() {
                self.push_operation(operation, labels, errors);
            }
        }
    }

    /// The index of the address of a mount; both files have the mounts in one order. A mount that was added between
    /// the two readings has the address of another mount of its export.
    fn place(&mut self, mount: &Mount<'_>) -> Option<usize> {
        let all = &self.addresses;
        let find = |first: usize, column: usize, text: &[u8]| {
            let mut known = (first..).map_while(|at| all.get(3 * at + column));
            Some(first + known.position(|known| known == text)?)
        };
        if let Some(at) = find(self.used, 0, mount.point) {
            self.used = at + 1;
            return Some(3 * at + 2);
        }
        find(0, 1, mount.export).map(|at| 3 * at + 2)
    }

    fn push_stats(&mut self, mount: &Mount<'_>, labels: [&[u8]; 3], errors: &mut PartialErrors) {
        let mut numbers = [None; STATS];
        let (age, rest) = numbers.split_at_mut(1);
        let (bytes, events) = rest.split_at_mut(BYTES);
        let is_shown = |at: &usize| *at != CONGESTION;
        for (key, count, to) in
            [("age:", 1, age), ("bytes:", BYTES, bytes), ("events:", EVENTS, events)]
        {
            let line = mount.line(key).unwrap_or_default();
            if scan::fields(line).count() != count {
                errors.refuse(PATH, "all numbers of a line", line);
                continue;
            }
            let is_shown = if count == EVENTS { is_shown } else { |_: &usize| true };
            let fields = scan::fields(line).enumerate().filter(|(at, _)| is_shown(at));
            for (to, (_, field)) in to.iter_mut().zip(fields) {
                *to = number(field, errors);
            }
        }
        self.stats.push(labels, numbers);
    }

    fn push_transport(
        &mut self,
        line: &[u8],
        index: usize,
        [export, protocol, address]: [&[u8]; 3],
        errors: &mut PartialErrors,
    ) {
        let mut fields = scan::fields(line);
        let Some((layout, least)) = fields.next().and_then(layout) else { return };
        if fields.count() < least {
            return errors.refuse(PATH, "all numbers of a transport", line);
        }
        let at = |place: usize| fields.into_iter().nth(place);
        let mut numbers = layout.map(|place| match place.and_then(at) {
            Some(field) => number(field, errors),
            None => self.fills.then_some(0),
        });
        if let Some(Some(idle)) = numbers.get_mut(IDLE) {
            *idle %= MANTISSA;
        }
        let index = Decimal::of(index as u64);
        self.transports.push([export, protocol, address, index.as_bytes()], numbers);
    }

    fn push_operation(
        &mut self,
        line: &[u8],
        [export, protocol, address]: [&[u8]; 3],
        errors: &mut PartialErrors,
    ) {
        let mut fields = scan::fields(line);
        let name = fields.next().unwrap_or_default();
        if fields.count() < OPERATION - 1 {
            return errors.refuse(PATH, "eight numbers of an operation", line);
        }
        let mut numbers: [Option<u64>; OPERATION] = std::array::from_fn(|_| match fields.next() {
            Some(field) => number(field, errors),
            None => None,
        });
        for number in numbers.iter_mut().skip(FIRST_TIME).flatten() {
            *number %= MANTISSA;
        }
        let name = name.strip_suffix(b":").unwrap_or(name);
        // The labels of a mount are three: these are not a mount's.
        if !self.seen.is_new(&[export, protocol, address, b"operation", name]) {
            return errors.refuse(PATH, "every operation once", line);
        }
        self.operations.push([export, protocol, address, name], numbers);
    }

    /// Writes where exports are mounted.
    pub fn write_points(&self, family: &Family<'_>, out: &mut dyn Sink) {
        out.family(family);
        let text = |at| self.points.get(at);
        for first in (0..).step_by(4).take_while(|first| text(*first).is_some()) {
            let label = |at| Label::of(text(first + at).unwrap_or_default());
            out.sample(&[label(0), label(1), label(2), label(3)], Value::Int(1));
        }
    }
}

/// The layout of a transport's numbers, and how many there are at least: before version 1.1 the last three
/// did not exist.
fn layout(protocol: &[u8]) -> Option<(Layout, usize)> {
    match scan::text(protocol) {
        "tcp" => Some((TCP, 10)),
        "udp" => Some((UDP, 7)),
        "rdma" => Some((RDMA, 10)),
        _ => None,
    }
}

fn number(field: &[u8], errors: &mut PartialErrors) -> Option<u64> {
    let number = scan::uint(field);
    if number.is_none() {
        errors.refuse(PATH, "an integer", field);
    }
    number
}
