//! Parses the alternative names in a certificate (RFC 5280, section 4.2.1.6) from its DER (X.690).

use std::net::IpAddr;

/// Names of one certificate that are read.
const MAX_NAMES: usize = 256;

// Tags of DER.
const INTEGERS: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The version, at the start of the signed part.
const VERSION: u8 = 0xa0;
/// The extensions, at its end.
const EXTENSIONS: u8 = 0xa3;

/// subjectAltName, 2.5.29.17.
const ALTERNATIVE: &[u8] = &[0x55, 0x1d, 0x11];

// Kinds of names.
const MAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const ADDRESS: u8 = 0x87;

/// The names, addresses, mail addresses and URIs, as Go writes them. Empty for an invalid certificate.
pub fn names(certificate: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let Some(list) = alternative(certificate) else { return names };
    let mut rest = list;
    while let Some((tag, value)) = next(&mut rest)
        && names.len() < MAX_NAMES
    {
        match tag {
            MAIL | DNS | URI => names.extend(str::from_utf8(value).map(str::to_owned)),
            ADDRESS => names.extend(address(value)),
            _ => {}
        }
    }
    names
}

fn address(bytes: &[u8]) -> Option<String> {
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
    };
    Some(ip.to_canonical().to_string())
}

/// The content of the extension.
fn alternative(certificate: &[u8]) -> Option<&[u8]> {
    let mut rest = certificate;
    let mut rest = expect(&mut rest, SEQUENCE)?;
    let mut signed = expect(&mut rest, SEQUENCE)?;
    let mut extensions = loop {
        match next(&mut signed)? {
            (EXTENSIONS, value) => break value,
            (VERSION | INTEGERS | SEQUENCE | 0x81..=0x82 | 0xa1..=0xa2, _) => {}
            _ => return None,
        }
    };
    let mut all = expect(&mut extensions, SEQUENCE)?;
    while let Some((SEQUENCE, mut extension)) = next(&mut all) {
        if expect(&mut extension, OBJECT)? != ALTERNATIVE {
            continue;
        }
        // A critical flag may be in between.
        let mut value = loop {
            match next(&mut extension)? {
                (OCTETS, value) => break value,
                _ => continue,
            }
        };
        return expect(&mut value, SEQUENCE);
    }
    None
}

fn expect<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    next(rest).filter(|(found, _)| *found == tag).map(|(_, value)| value)
}

/// The next tag and its value.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [tag, first, after @ ..] = *rest else { return None };
    let (length, after) = match *first {
        short @ ..=0x7f => (usize::from(short), after),
        // As many bytes of length; three are more than any certificate has.
        long @ 0x81..=0x83 => {
            let (bytes, after) = after.split_at_checked(usize::from(long & 0x0f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), after)
        }
        _ => return None,
    };
    let (value, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((*tag, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        let length = value.len();
        match u8::try_from(length) {
            Ok(short @ ..0x80) => [&[tag, short], &*value].concat(),
            _ => [&[tag, 0x82, (length >> 8) as u8, length as u8], &*value].concat(),
        }
    }

    fn certificate(names: &[&[u8]], critical: &[u8]) -> Vec<u8> {
        let list = der(SEQUENCE, names);
        let usage = der(SEQUENCE, &[&der(OBJECT, &[&[0x55, 0x1d, 0x0f]]), &der(OCTETS, &[&[3]])]);
        let alternative = [&der(OBJECT, &[ALTERNATIVE]), critical, &der(OCTETS, &[&list])].concat();
        let extensions = der(SEQUENCE, &[&usage, &der(SEQUENCE, &[&alternative])]);
        let signed = der(
            SEQUENCE,
            &[
                &der(VERSION, &[&[2, 1, 2]]),
                &der(INTEGERS, &[&[7; 20]]),
                &der(SEQUENCE, &[&[5, 0]]),
                &der(SEQUENCE, &[&[0x55; 200]]),
                &der(EXTENSIONS, &[&extensions]),
            ],
        );
        der(SEQUENCE, &[&signed, &der(SEQUENCE, &[]), &der(0x03, &[&[0; 64]])])
    }

    #[test]
    fn certificate_names_are_those_that_go_prints() {
        let all: [&[u8]; 6] = [
            &der(DNS, &[b"box.example"]),
            &der(0xa0, &[b"other"]),
            &der(MAIL, &[b"ops@example"]),
            &der(URI, &[b"spiffe://a/b"]),
            &der(ADDRESS, &[&[10, 0, 0, 7]]),
            &der(ADDRESS, &[&[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]),
        ];
        let expected = ["box.example", "ops@example", "spiffe://a/b", "10.0.0.7", "fd00::1"];
        assert_eq!(names(&certificate(&all, &[])), expected);
        assert_eq!(names(&certificate(&all, &[1, 1, 0xff])), expected, "critical");
        assert_eq!(names(&certificate(&[], &[])), [""; 0]);
    }

    #[test]
    fn what_is_cut_or_damaged_is_read_to_no_end() {
        let whole = certificate(&[&der(DNS, &[b"box.example"])], &[]);
        for end in 0..whole.len() {
            assert_eq!(names(&whole[..end]), [""; 0], "{end}");
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut other = whole.clone();
                other[at] = byte;
                assert!(names(&other).len() <= MAX_NAMES);
            }
        }
        let many: Vec<Vec<u8>> = (0..2000).map(|_| der(DNS, &[b"a"])).collect();
        let many: Vec<&[u8]> = many.iter().map(|name| &**name).collect();
        assert_eq!(names(&certificate(&many, &[])).len(), MAX_NAMES);
    }
}
