//! Networks of clients that are allowed: `10.0.0.0/8`, `fd00::/8`, or one address.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network: all addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// The number of bits that are the same.
    prefix: u32,
}

/// The text that is not a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadNetwork(String);

impl fmt::Display for BadNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadNetwork(found) = self;
        write!(
            f,
            "expected an address or a network such as 10.0.0.0/8 or fd00::/8, found \"{found}\""
        )
    }
}

impl Error for BadNetwork {}

impl Network {
    /// Whether `ip` is in the network. An IPv4 address also matches in its IPv6 form.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ((own, width), (other, its)) = (bits(self.address), bits(ip.to_canonical()));
        width == its && (own ^ other).checked_shr(width - self.prefix).unwrap_or(0) == 0
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Network, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let (_, width) = bits(address);
        let prefix = match prefix {
            Some(digits) if digits.starts_with('+') => return Err(bad()),
            Some(digits) => digits.parse().ok().filter(|n| *n <= width).ok_or_else(bad)?,
            None => width,
        };
        // An IPv4-mapped IPv6 address.
        let plain = address.to_canonical();
        match prefix.checked_sub(width - bits(plain).1) {
            Some(prefix) => Ok(Network { address: plain, prefix }),
            None => Ok(Network { address, prefix }),
        }
    }
}

/// An address as a number, and its number of bits.
fn bits(ip: IpAddr) -> (u128, u32) {
    match ip {
        IpAddr::V4(ip) => (ip.to_bits().into(), u32::BITS),
        IpAddr::V6(ip) => (ip.to_bits(), u128::BITS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        for (network, inside, outside) in [
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.1.2", "::ffff:10.1.1.1"][..],
                &["11.0.0.0", "::1"][..],
            ),
            ("10.9.8.7/8", &["10.0.0.0"], &["9.255.255.255"]),
            ("127.0.0.1", &["127.0.0.1", "::ffff:127.0.0.1"], &["127.0.0.2", "::1"]),
            ("192.168.1.128/25", &["192.168.1.128", "192.168.1.255"], &["192.168.1.127"]),
            ("0.0.0.0/0", &["1.2.3.4", "255.255.255.255"], &["::"]),
            ("::/0", &["::1", "fe80::1"], &["1.2.3.4"]),
            ("fd00::/8", &["fd12::1"], &["fe00::1", "253.0.0.1"]),
            ("::1/128", &["::1"], &["::2", "0.0.0.1"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3"], &["11.0.0.0"]),
        ] {
            let network: Network = network.parse().unwrap();
            let contains = |ip: &&str| network.contains(ip.parse().unwrap());
            assert!(inside.iter().all(contains), "{network:?}");
            assert!(!outside.iter().any(contains), "{network:?}");
        }
    }

    #[test]
    fn invalid_networks_are_refused() {
        for bad in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0/8",
            "::/129",
            "/8",
            "1.1.1.1/8/8",
        ] {
            let error = bad.parse::<Network>().unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {bad:?}")), "{error}");
        }
    }
}
