//! Reads one interface of a netlink dump, in the words and numbers of the files in sysfs.

use super::super::PartialErrors;
use super::rows::*;
use crate::kernel::read::Dir;
use crate::kernel::read::netlink::Link;

/// The longest address (MAX_ADDR_LEN of include/linux/netdevice.h).
const MAX_ADDRESS: usize = 32;

/// The columns that netlink does not have.
const ONLY_FILES: [usize; 4] = [ADDRESS_TYPE, DEVICE_ID, NAME_TYPE, SPEED];

/// IF_OPER_* of include/uapi/linux/if.h in the words of the kernel's file.
const OPERSTATES: [&str; 7] =
    ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"];

/// The values from one interface's files.
pub struct Kept {
    numbers: [Option<u64>; ONLY_FILES.len()],
    duplex: [u8; 8],
}

impl Kept {
    /// Reads the files of the interface `name` below `dir`.
    pub fn read(dir: &Dir, name: &[u8], errors: &mut PartialErrors) -> Kept {
        let numbers = ONLY_FILES.map(|column| number(dir, name, column, errors));
        let (mut room, mut duplex) = ([0; MAX_TEXT], [0; 8]);
        let text = text(dir, name, "duplex", &mut room, errors).unwrap_or_default();
        duplex.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        Kept { numbers, duplex }
    }
}

/// Adds the values of an interface from netlink and the files.
pub fn push(rows: &mut Rows, link: &Link<'_>, kept: &Kept, ignore_speed: bool) {
    let attributes = &link.attributes;
    let mut cells = cells_of(link);
    for (column, number) in ONLY_FILES.into_iter().zip(kept.numbers) {
        cells.set(column, number);
    }
    let operstate = attributes.number(libc::IFLA_OPERSTATE);
    let operstate = operstate.and_then(|state| OPERSTATES.get(state as usize));
    let operstate = operstate.map(|state| state.as_bytes());
    cells.finish(operstate.map(|state| state == b"up"), ignore_speed);
    rows.numbers.push_cells(link.name, &cells.numbers, cells.known);
    for kind in [libc::IFLA_ADDRESS, libc::IFLA_BROADCAST] {
        let mut room = [0; 3 * MAX_ADDRESS];
        rows.texts.push(address(attributes.bytes(kind).unwrap_or_default(), &mut room));
    }
    rows.texts.push(until_nul(&kept.duplex));
    rows.texts.push(operstate.unwrap_or_default());
    let alias = attributes.bytes(libc::IFLA_IFALIAS).unwrap_or_default();
    rows.texts.push(until_nul(alias).trim_ascii());
}

/// The values of an interface from netlink, in the form of the files.
fn cells_of(link: &Link<'_>) -> Cells {
    let mut cells = Cells::default();
    let is_up = link.flags & libc::IFF_UP as u32 != 0;
    let number = |kind| link.attributes.number(kind).map(u64::from);
    let is_dormant = u64::from(link.flags & IFF_DORMANT != 0);
    for (column, number) in [
        (CARRIER, number(libc::IFLA_CARRIER).filter(|_| is_up)),
        (CHANGES, number(libc::IFLA_CARRIER_CHANGES)),
        (UPS, number(IFLA_CARRIER_UP_COUNT)),
        (DOWNS, number(IFLA_CARRIER_DOWN_COUNT)),
        (DORMANT, is_up.then_some(is_dormant)),
        (FLAGS, Some(flags_of(link).into())),
        (INDEX, Some(link.index.into())),
        (LINK, number(libc::IFLA_LINK).or(Some(link.index.into()))),
        (LINK_MODE, number(libc::IFLA_LINKMODE)),
        (MTU, number(libc::IFLA_MTU)),
        (GROUP, number(libc::IFLA_GROUP)),
        (QUEUE, number(libc::IFLA_TXQLEN)),
        (HARDWARE, Some(link.hardware.into())),
    ] {
        cells.set(column, number);
    }
    cells
}

/// From include/uapi/linux/if_link.h, since 4.16 and 6.0; libc lacks them.
const IFLA_CARRIER_UP_COUNT: u16 = 47;
const IFLA_CARRIER_DOWN_COUNT: u16 = 48;
const IFLA_ALLMULTI: u16 = 61;

/// From include/uapi/linux/if.h.
const IFF_LOWER_UP: u32 = 1 << 16;
const IFF_DORMANT: u32 = 1 << 17;

/// The flags in the form of the file: without those that the kernel adds for the message, and with two
/// that it hides there unless an administrator has set them (dev_get_flags in net/core/dev.c).
fn flags_of(link: &Link<'_>) -> u32 {
    let mut flags = link.flags & !(libc::IFF_RUNNING as u32 | IFF_LOWER_UP | IFF_DORMANT);
    for (kind, flag) in
        [(libc::IFLA_PROMISCUITY, libc::IFF_PROMISC), (IFLA_ALLMULTI, libc::IFF_ALLMULTI)]
    {
        match link.attributes.number(kind) {
            Some(0) => flags &= !(flag as u32),
            Some(_) => flags |= flag as u32,
            None => {}
        }
    }
    flags
}

/// Hashes everything about an interface with which the contents of its files may change.
pub fn state_of(mut state: u64, link: Link<'_>) -> u64 {
    let attributes = &link.attributes;
    let number = |kind| attributes.number(kind).unwrap_or_default().to_ne_bytes();
    let numbers = [
        link.index.to_ne_bytes(),
        link.flags.to_ne_bytes(),
        number(libc::IFLA_CARRIER_CHANGES),
        number(libc::IFLA_OPERSTATE),
    ];
    let address = attributes.bytes(libc::IFLA_ADDRESS).unwrap_or_default();
    for byte in numbers.as_flattened().iter().chain(link.name).chain(address) {
        // FNV-1a
        state = (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    state.wrapping_add(1)
}

/// An address in the form of the kernel's file: bytes in hexadecimal with colons between.
fn address<'a>(bytes: &[u8], room: &'a mut [u8; 3 * MAX_ADDRESS]) -> &'a [u8] {
    let digit = |n: u8| b"0123456789abcdef".get(usize::from(n)).copied().unwrap_or_default();
    for (to, byte) in room.chunks_exact_mut(3).zip(bytes) {
        to.copy_from_slice(&[digit(byte >> 4), digit(byte & 15), b':']);
    }
    let length = (3 * bytes.len()).saturating_sub(1).min(room.len() - 1);
    room.get(..length).unwrap_or_default()
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}
