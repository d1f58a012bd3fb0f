//! What says who may ask over https: the web configuration file, and certificates.

use std::fmt::Write;
use std::path::Path;
use sysmetrics::settings::{Pem, ServerTls, parse_web_config};
use sysmetrics::workers::{certificate_names, server_config};

/// A key whose certificate is not there: the settings are refused, whatever the certificate is.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
    -----END PRIVATE KEY-----\n";

/// What is wrong has a line that is there; what is taken is bounded, and means the same when it is written in
/// another way.
pub fn web_config(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let config = match parse_web_config(text, Path::new("/etc")) {
        Ok(config) => config,
        Err((line, what)) => {
            assert!((1..=text.lines().count().max(1)).contains(&line), "{line}: {what}");
            return;
        }
    };
    let size: usize = config.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(config.users.len() <= 1000 && size <= 1024);
    assert!(config.headers.iter().all(|(_, value)| !value.contains(char::is_control)));
    let mut again = String::from("---\nbasic_auth_users: # of all\n");
    for (name, hash) in &config.users {
        writeln!(again, "    {}: {}", quoted(name), quoted(hash)).unwrap();
    }
    again.push_str("'http_server_config':\n  headers:\n");
    for (name, value) in &config.headers {
        writeln!(again, "     {name} : '{}' # so", value.replace('\'', "''")).unwrap();
    }
    let same = parse_web_config(&again, Path::new("")).unwrap();
    assert_eq!((same.users, same.headers), (config.users, config.headers), "{again:?}");
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// Names are those that a reader of whole lists finds; and whatever stands in PEM, it is judged.
pub fn certificate(bytes: &[u8]) {
    let names = certificate_names(bytes);
    assert!(
        names.len() <= 256
            && names.iter().map(String::len).sum::<usize>() <= 256 * 39 + bytes.len()
    );
    if let Some(expected) = naive_names(bytes) {
        assert_eq!(names, expected);
    }
    let cert = Pem::Text(String::from_utf8_lossy(bytes).into_owned());
    let tls = ServerTls { client_ca: cert.clone(), cert, ..ServerTls::default() };
    assert!(server_config(&ServerTls { key: Pem::Text(KEY.to_owned()), ..tls.clone() }).is_err());
    let _ = server_config(&ServerTls { key: tls.cert.clone(), ..tls });
}

/// Tags and values of a whole list, or nothing.
fn list(bytes: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let first = usize::from(*bytes.get(at + 1)?);
        let long = first.saturating_sub(128);
        if first == 128 || long > 3 {
            return None;
        }
        let mut length = if long == 0 { first } else { 0 };
        for byte in bytes.get(at + 2..at + 2 + long)? {
            length = 256 * length + usize::from(*byte);
        }
        let start = at + 2 + long;
        found.push((bytes[at], bytes.get(start..start + length)?.to_vec()));
        at = start + length;
    }
    Some(found)
}

/// The list that the first element is.
fn first(bytes: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let found = list(bytes)?;
    let (tag, value) = found.first()?;
    (*tag == 0x30).then(|| list(value))?
}

/// None where a list is not whole, or a certificate is not as they are.
fn naive_names(bytes: &[u8]) -> Option<Vec<String>> {
    let certificate = first(bytes)?;
    let (0x30, signed) = certificate.first()? else { return None };
    let signed = list(signed)?;
    let place = signed.iter().position(|(tag, _)| *tag == 0xa3)?;
    let usual = |tag: &u8| [0xa0, 0x02, 0x30, 0x81, 0x82, 0xa1, 0xa2].contains(tag);
    if !signed[..place].iter().all(|(tag, _)| usual(tag)) {
        return None;
    }
    for (tag, extension) in first(&signed[place].1)? {
        let parts = (tag == 0x30).then(|| list(&extension))??;
        let (0x06, id) = parts.first()? else { return None };
        if id != &[0x55, 0x1d, 0x11] {
            continue;
        }
        let (_, value) = parts[1..].iter().find(|(tag, _)| *tag == 0x04)?;
        return Some(first(value)?.into_iter().take(300).filter_map(name).take(256).collect());
    }
    Some(Vec::new())
}

fn name((tag, value): (u8, Vec<u8>)) -> Option<String> {
    match (tag, value.len()) {
        (0x81 | 0x82 | 0x86, _) => String::from_utf8(value).ok(),
        (0x87, 4) => Some(format!("{}.{}.{}.{}", value[0], value[1], value[2], value[3])),
        (0x87, 16) => {
            let ip = std::net::Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?);
            Some(ip.to_ipv4_mapped().map_or(ip.to_string(), |ip| ip.to_string()))
        }
        _ => None,
    }
}
