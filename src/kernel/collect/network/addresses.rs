//! The addresses of interfaces, as samples of one family: device, address, length of the prefix, scope.

use super::super::PartialErrors;
use crate::kernel::read::Files;
use crate::kernel::read::netlink::{self, Address};
use crate::model::metric::{Decimal, Label, Sink, Value};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

/// Addresses that are shown; more are counted as one error.
const MAX_ADDRESSES: usize = 16_384;

/// Bytes of an address as a text: one of IPv6 has 45 at most.
const MAX_TEXT: usize = 48;

/// Writes the addresses of the interfaces that are shown.
pub fn write(
    files: &mut Files,
    is_shown: &dyn Fn(&[u8]) -> bool,
    errors: &mut PartialErrors,
    out: &mut dyn Sink,
) {
    let mut count = 0;
    let passed = files.addresses(&mut |name, Address { ip, prefix, .. }| {
        let is_shown = is_shown(name);
        count += usize::from(is_shown);
        if !is_shown || count > MAX_ADDRESSES {
            return;
        }
        let mut text = [0; MAX_TEXT];
        let mut rest = &mut text[..];
        // There is room for every address.
        let _ = write!(rest, "{ip}");
        let length = MAX_TEXT - rest.len();
        let ip_text = text.get(..length).unwrap_or_default();
        let prefix = Decimal::of(prefix.into());
        let labels = [name, ip_text, prefix.as_bytes(), scope(ip).as_bytes()];
        out.sample(&labels.map(Label::of), Value::Int(1));
    });
    passed.unwrap_or_else(|error| errors.record(error));
    if count > MAX_ADDRESSES {
        errors.refuse(netlink::ADDRESSES, "at most 16384 addresses", b"");
    }
}

/// The scope of an address, in node_exporter's words.
fn scope(ip: IpAddr) -> &'static str {
    let is_linked = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let is_wide = !ip.is_multicast() && !ip.is_unspecified() && ip != Ipv4Addr::BROADCAST;
    match (is_linked || ip.is_loopback(), is_wide) {
        (true, _) => "link-local",
        (_, true) => "global",
        _ => "",
    }
}
