//! The servers of `/proc/net/ip_vs`, as rows with labels.

use super::super::PartialErrors;
use crate::base::sys;
use crate::kernel::read::{Names, scan};
use crate::model::metric::{Decimal, Family, Label, Sink};
use std::io::Write;
use std::net::{IpAddr, Ipv6Addr};

pub const PATH: &str = "/proc/net/ip_vs";
const EXPECTED: &str = "a service, or a server with weight and connections";

/// The labels that a server may have.
pub const LABELS: [&str; 6] =
    ["local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark"];

/// More servers than any balancer has; what comes after is left out and counted.
const MAX_SERVERS: usize = 65_536;

/// Bytes of an address as a text: one of IPv6 has 45 at most.
const MAX_TEXT: usize = 48;

/// Length of an address of IPv4 in hexadecimal digits.
const V4_DIGITS: usize = 8;

/// The servers by their labels.
pub struct Servers {
    /// Which of `LABELS` are shown.
    chosen: [bool; LABELS.len()],
    /// The values of the labels that are shown, row after row, as in the file.
    texts: Names,
    rows: Vec<Row>,
}

struct Row {
    /// The index of its labels among the texts.
    texts: usize,
    /// Active and inactive connections, and the weight.
    numbers: [u64; 3],
}

/// The service on a line, to which the servers on the lines below belong.
#[derive(Clone, Copy, Default)]
struct Service<'a> {
    protocol: &'a [u8],
    end: Option<End>,
    mark: &'a [u8],
}

/// Address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub ip: IpAddr,
    pub port: u16,
}

impl Servers {
    /// An empty list with these labels.
    pub fn new(chosen: [bool; LABELS.len()]) -> Servers {
        Servers { chosen, texts: Names::default(), rows: Vec::new() }
    }

    /// Replaces the servers by those in the file.
    pub fn read(&mut self, text: &[u8], errors: &mut PartialErrors) {
        self.texts.truncate(0);
        self.rows.clear();
        let mut service = None;
        for line in scan::lines(text) {
            let mut fields = scan::fields(line);
            let taken = match fields.next().unwrap_or_default() {
                // The header of the file.
                b"" | b"IP" | b"Prot" => Some(()),
                b"->" if fields.clone().next() == Some(b"RemoteAddress:Port") => Some(()),
                b"->" => service.and_then(|service| self.push(&service, fields)),
                protocol => {
                    service = Service::of(protocol, fields);
                    service.map(|_| ())
                }
            };
            if taken.is_none() {
                errors.refuse(PATH, EXPECTED, line);
            }
        }
        self.add_up();
    }

    /// Adds the server of a line.
    fn push(&mut self, service: &Service<'_>, mut fields: scan::Fields<'_>) -> Option<()> {
        let remote = End::parse(fields.next()?)?;
        let _forward = fields.next()?;
        let weight = fields.uint()??;
        let (active, inactive) = (fields.uint()??, fields.uint()??);
        if self.rows.len() == MAX_SERVERS {
            return None;
        }
        let texts = self.rows.len() * self.chosen.iter().filter(|is_chosen| **is_chosen).count();
        self.rows.push(Row { texts, numbers: [active, inactive, weight] });
        let port = |end: Option<End>| Decimal::of(end.map_or(0, |end| end.port).into());
        let (mut local_room, mut remote_room) = ([0; MAX_TEXT], [0; MAX_TEXT]);
        let (local_port, remote_port) = (port(service.end), port(Some(remote)));
        let values: [&[u8]; LABELS.len()] = [
            service.end.map(|end| end.text(&mut local_room)).unwrap_or_default(),
            local_port.as_bytes(),
            remote.text(&mut remote_room),
            remote_port.as_bytes(),
            service.protocol,
            service.mark,
        ];
        for (value, _) in values.into_iter().zip(self.chosen).filter(|(_, is_chosen)| *is_chosen) {
            self.texts.push(value);
        }
        Some(())
    }

    /// Sorts the rows, and merges those with the same labels.
    fn add_up(&mut self) {
        let texts = &self.texts;
        let width = self.chosen.iter().filter(|is_chosen| **is_chosen).count();
        let labels = |row: &Row| {
            let first = row.texts;
            (first..first + width).map(|at| texts.get(at).unwrap_or_default())
        };
        sys::sort(&mut self.rows, |a, b| labels(a).cmp(labels(b)));
        self.rows.dedup_by(|later, kept| {
            let is_same = labels(later).eq(labels(kept));
            if is_same {
                let sums = kept.numbers.iter_mut().zip(later.numbers);
                sums.for_each(|(sum, number)| *sum = sum.saturating_add(number));
            }
            is_same
        });
    }

    /// Writes a sample of each row.
    pub fn write(&self, column: usize, family: &Family<'_>, out: &mut dyn Sink) {
        let width = self.chosen.iter().filter(|is_chosen| **is_chosen).count();
        for row in &self.rows {
            let mut labels = [Label::of(b""); LABELS.len()];
            for (at, label) in labels.iter_mut().enumerate().take(width) {
                *label = Label::of(self.texts.get(row.texts + at).unwrap_or_default());
            }
            let number = row.numbers.get(column).copied().unwrap_or_default();
            out.sample(labels.get(..width).unwrap_or_default(), family.value(number));
        }
    }
}

impl<'a> Service<'a> {
    /// Parses the service of a line, of a protocol or of firewall marks.
    fn of(protocol: &'a [u8], mut fields: scan::Fields<'a>) -> Option<Service<'a>> {
        let name = fields.next()?;
        match scan::text(protocol) {
            "FWM" => Some(Service { protocol, end: None, mark: name }),
            "TCP" | "UDP" | "SCTP" => {
                Some(Service { protocol, end: Some(End::parse(name)?), mark: b"" })
            }
            _ => None,
        }
    }
}

impl End {
    /// Parses `C0A80016:0CEA`, or `[2620:0000:0000:0000:0000:0000:0000:0001]:0050`.
    pub fn parse(text: &[u8]) -> Option<End> {
        let (address, port) = text.split_at(memchr::memrchr(b':', text)?);
        let port = u16::try_from(scan::hex(port.get(1..)?)?).ok()?;
        let ip = match address.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]")) {
            Some(digits) => std::str::from_utf8(digits).ok()?.parse::<Ipv6Addr>().ok()?.into(),
            None if address.len() == V4_DIGITS => {
                let number = u32::try_from(scan::hex(address)?).ok()?;
                IpAddr::from(number.to_be_bytes())
            }
            None => return None,
        };
        Some(End { ip, port })
    }

    fn text<'r>(&self, room: &'r mut [u8; MAX_TEXT]) -> &'r [u8] {
        let mut rest = &mut room[..];
        // There is room for every address.
        let _ = write!(rest, "{}", self.ip.to_canonical());
        let length = MAX_TEXT - rest.len();
        room.get(..length).unwrap_or_default()
    }
}
