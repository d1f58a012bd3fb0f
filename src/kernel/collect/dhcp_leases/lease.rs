//! One line of a file of leases.

use crate::kernel::read::scan;

/// A number below this is not a time since 1970, but the duration of the lease.
const MIN_TIME: u64 = 100_000_000;

/// The time of odhcpd for a lease that never ends.
const NEVER: i64 = -1;

/// The contents of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A lease.
    Lease(Lease<'a>),
    /// Another line that is valid in these files.
    Other,
    /// A line that is not valid.
    Broken,
}

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<'a> {
    /// The interface, which only odhcpd reports.
    pub interface: Option<&'a [u8]>,
    pub is_ipv6: bool,
    pub ends: End,
}

/// When a lease runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It has run out.
    Over,
    /// At this time, in seconds since 1970.
    At(u64),
    /// Never, or unknown.
    Open,
}

/// Parses `line` at the time `now`, in seconds since 1970.
pub fn line(line: &[u8], now: u64) -> Line<'_> {
    let mut fields = scan::fields(line);
    let lease = match fields.next() {
        None | Some(b"duid") => return Line::Other,
        Some(b"#") => odhcpd(fields, now),
        // A host name, for a name server.
        Some(first) if first.iter().any(|byte| b".:".contains(byte)) => return Line::Other,
        Some(first) => dnsmasq(first, fields, now),
    };
    lease.map_or(Line::Broken, Line::Lease)
}

/// Parses interface, DUID or MAC, IAID or `ipv4`, name, time, identifier, length, addresses.
fn odhcpd<'a>(mut fields: impl Iterator<Item = &'a [u8]>, now: u64) -> Option<Lease<'a>> {
    let (interface, _, iaid) = (fields.next()?, fields.next()?, fields.next()?);
    let until = scan::int(fields.nth(1)?)?;
    fields.nth(1)?;
    let ends = match u64::try_from(until) {
        Ok(until) if until > now => End::At(until),
        Err(_) if until == NEVER => End::Open,
        _ => End::Over,
    };
    Some(Lease { interface: Some(interface), is_ipv6: iaid != b"ipv4", ends })
}

/// Parses time, MAC or IAID, address, name, identifier.
fn dnsmasq<'a>(
    until: &[u8],
    mut fields: impl Iterator<Item = &'a [u8]>,
    now: u64,
) -> Option<Lease<'a>> {
    let until = scan::uint(until)?;
    let address = fields.nth(1)?;
    fields.nth(1)?;
    let is_ipv6 = address.contains(&b':');
    if !is_ipv6 && !address.contains(&b'.') {
        return None;
    }
    // 0 never ends. Where dnsmasq has no clock it writes how long a lease lasts, and drops it itself.
    let ends = match until {
        ..MIN_TIME => End::Open,
        _ if until > now => End::At(until),
        _ => End::Over,
    };
    Some(Lease { interface: None, is_ipv6, ends })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_both_servers() {
        let now = 1_800_000_000;
        let of = |text: &'static str| match line(text.as_bytes(), now) {
            Line::Lease(lease) => {
                let interface = String::from_utf8_lossy(lease.interface.unwrap_or(b"-"));
                let family = if lease.is_ipv6 { "ipv6" } else { "ipv4" };
                format!("{interface} {family} {:?}", lease.ends)
            }
            other => format!("{other:?}"),
        };
        for (text, expected) in [
            ("1800000001 06-aa:bb:cc:dd:ee:ff 192.0.2.7 host 01:aa", "- ipv4 At(1800000001)"),
            ("1800000000 aa:bb:cc:dd:ee:ff 192.0.2.7 * *", "- ipv4 Over"),
            ("0 aa:bb:cc:dd:ee:ff 192.0.2.7 * *", "- ipv4 Open"),
            ("43200 aa:bb:cc:dd:ee:ff 192.0.2.7 * *", "- ipv4 Open"),
            ("duid 00:01:00:01:2c", "Other"),
            ("1800000001 T12345 2001:db8::7 host 00:01", "- ipv6 At(1800000001)"),
            ("1799999999 12345 2001:db8::7 host 00:01", "- ipv6 Over"),
            ("# lan 0001aa 7f host 1800000001 2f 128 2001:db8::2f/128", "lan ipv6 At(1800000001)"),
            ("# lan 0001aa 7f broken\\x20a 1800000000 2f 128", "lan ipv6 Over"),
            ("# lan 0001aa 7f - -1 2f 62 2001:db8:0:4::/62", "lan ipv6 Open"),
            ("# lan 0001aa 7f - 0 2f 128", "lan ipv6 Over"),
            (
                "# guest aabbccddeeff ipv4 - 1800000001 c0000207 32 192.0.2.7/32",
                "guest ipv4 At(1800000001)",
            ),
            ("192.0.2.7\thost.lan\thost", "Other"),
            ("2001:db8::2f\thost", "Other"),
            ("", "Other"),
            ("# lan 0001aa 7f host soon 2f 128", "Broken"),
            ("# a comment", "Broken"),
            ("-1 aa:bb:cc:dd:ee:ff 192.0.2.7 * *", "Broken"),
            ("1800000001 aa:bb:cc:dd:ee:ff 192.0.2.7 *", "Broken"),
            ("1800000001 aa:bb:cc:dd:ee:ff here * *", "Broken"),
            ("words", "Broken"),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
