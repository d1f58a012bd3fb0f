//! Basic authentication (RFC 7617).

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of an Authorization header for basic authentication (RFC 7617).
pub fn basic(user: &str, password: &str) -> String {
    let plain = [user, ":", password].concat();
    let mut out = String::from("Basic ");
    for three in plain.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = BASE64.get((bits >> shift & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_is_base64() {
        for (user, password, expected) in [
            ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("a", "", "Basic YTo="),
            ("ab", "", "Basic YWI6"),
            ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ] {
            assert_eq!(basic(user, password), expected);
        }
    }
}
