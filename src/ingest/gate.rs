//! Who may push: whoever has one of the tokens; without any, programs on this machine.

use crate::wire;
use std::io;
use std::path::Path;
use std::{fmt, fs};

/// The longest body where nobody says otherwise.
const MAX_BODY: usize = 1 << 20;

/// Why somebody may not push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token, or a wrong one.
    Token,
    /// There are no tokens, and it is another machine.
    Remote,
}

/// What a client needs to push.
#[derive(Clone, PartialEq, Eq)]
pub struct Gate {
    /// The longest body that is taken.
    pub max_body: usize,
    /// Any of them opens. None: only programs on this machine may push.
    pub tokens: Option<Vec<String>>,
}

impl Default for Gate {
    fn default() -> Gate {
        Gate { max_body: MAX_BODY, tokens: None }
    }
}

/// Tokens are not for the log.
impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

/// Bytes of a file of tokens.
const MAX_FILE: u64 = 64 << 10;

impl Gate {
    /// The tokens in a file, one a line.
    ///
    /// # Errors
    ///
    /// There is no such file, it is too large, or there is none in it.
    pub fn read(file: &Path) -> io::Result<Vec<String>> {
        let fault = |what: &str| {
            let text = format!("push.token_file {}: {what}", file.display());
            io::Error::other(text)
        };
        let about = fs::metadata(file).map_err(|e| fault(&e.to_string()))?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(fault("not a file of at most 64 KiB"));
        }
        let text = fs::read_to_string(file).map_err(|e| fault(&e.to_string()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<String> = lines.map(str::to_owned).collect();
        if tokens.is_empty() {
            return Err(fault("expected a token a line, found none"));
        }
        Ok(tokens)
    }

    /// Whether a client may push that sent this Authorization header (empty: none).
    pub fn judge(&self, authorization: &str, is_local: bool) -> Result<(), Denied> {
        match &self.tokens {
            None if is_local => Ok(()),
            None => Err(Denied::Remote),
            Some(tokens) => {
                let said = said(authorization).unwrap_or_default();
                // Every token is compared to the end: how long it takes tells nothing.
                let is_one = |any, token: &String| any | is_same(token.as_bytes(), &said);
                let opens = tokens.iter().fold(false, is_one);
                if opens { Ok(()) } else { Err(Denied::Token) }
            }
        }
    }
}

/// The token: that of Bearer, or the password of Basic.
fn said(authorization: &str) -> Option<Vec<u8>> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let rest = rest.trim();
    if wire::same(scheme, "bearer") {
        return Some(rest.as_bytes().to_vec());
    }
    if !wire::same(scheme, "basic") {
        return None;
    }
    let pair = base64(rest, [b'+', b'/'])?;
    let colon = pair.iter().position(|b| *b == b':')?;
    pair.get(colon + 1..).map(<[u8]>::to_vec)
}

/// The same time for any two texts of these lengths.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differ = a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differ) == 0
}

/// What `text` says in base64 (RFC 4648), with or without padding; `last` are the two characters in
/// which its alphabets differ.
pub fn base64(text: &str, last: [u8; 2]) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            byte => 62 + last.iter().position(|other| *other == byte)? as u8,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    // One character alone says nothing.
    (count < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_and_nothing_else() {
        let tokens = Some(vec!["first".to_owned(), "open sesame".to_owned()]);
        let gate = Gate { tokens, ..Gate::default() };
        for good in [
            "Bearer first",
            "bearer  first ",
            "Bearer open sesame",
            "Basic dXNlcjpmaXJzdA==",
            "basic OmZpcnN0",
        ] {
            assert_eq!(gate.judge(good, false), Ok(()), "{good}");
        }
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer firs",
            "Bearer firstt",
            "Bearer FIRST",
            "first",
            "Basic first",
            "Basic !",
            "Basic dXNlcg==",
            "Basic Zmlyc3Q6dXNlcg==",
            "Digest first",
        ] {
            assert_eq!(gate.judge(bad, true), Err(Denied::Token), "{bad}");
        }
        assert_eq!(Gate::default().judge("", true), Ok(()));
        assert_eq!(Gate::default().judge("Bearer x", false), Err(Denied::Remote));
    }
}
