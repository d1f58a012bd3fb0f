//! Who may push: a client that has one of the tokens; without tokens, programs on this machine.
//!
//! A browser on this machine is such a program, and runs what any web page likes; so is a proxy, which
//! passes on what others send. Hence without tokens nothing is accepted that a page or a proxy sends, nor
//! what was meant for another host: a page may give the name of its own host our address (DNS
//! rebinding), and then has the same origin.

use crate::base::address::Listen;
use crate::base::sys::{self, Ends};
use crate::base::wire;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::{fmt, fs};

/// The longest body unless the settings have another limit.
const MAX_BODY: usize = 1 << 20;

/// Why a client may not push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token, or a wrong one.
    Token,
    /// There are no tokens, and the client is on another machine.
    Remote,
    /// There are no tokens, and the client is a web page of another origin.
    Page,
    /// There are no tokens, and a proxy forwards the request.
    Relayed,
    /// There are no tokens, and the request is for a host of another name.
    Host,
}

impl Denied {
    /// The message for the client.
    pub fn text(self) -> &'static str {
        match self {
            Denied::Token => "Pushing takes a token.",
            Denied::Remote => {
                "Only programs on this machine may push; with push.token_file others may."
            }
            Denied::Page => {
                "Web pages may not push (Origin, Sec-Fetch-Site); with push.token_file those may \
                 that have a token."
            }
            Denied::Relayed => {
                "A proxy may not pass on what others push (X-Forwarded-For, Forwarded, Via); with \
                 push.token_file it may."
            }
            Denied::Host => {
                "The Host header names another machine: push to localhost, an address or the name \
                 of this one, or a name in server.listen; with push.token_file any name will do."
            }
        }
    }
}

/// Who sends a request, as far as the request shows it.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Both ends of the connection.
    pub ends: Ends,
    /// The Host header; empty without one.
    pub host: &'a str,
    /// The sender is a browser, for a page of another origin.
    pub is_of_page: bool,
    /// The sender is a proxy.
    pub is_relayed: bool,
}

/// What a client needs to push.
#[derive(Clone, PartialEq, Eq)]
pub struct PushAuth {
    /// The longest body that is accepted.
    pub max_body: usize,
    /// Any one of them is enough. None: only programs on this machine may push.
    pub tokens: Option<Vec<String>>,
    /// Names of this machine, besides those that every machine has.
    pub names: Vec<String>,
}

impl Default for PushAuth {
    fn default() -> PushAuth {
        PushAuth { max_body: MAX_BODY, tokens: None, names: Vec::new() }
    }
}

/// Tokens must not appear in logs.
impl fmt::Debug for PushAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushAuth").field("max_body", &self.max_body).finish_non_exhaustive()
    }
}

/// Bytes of a file of tokens.
const MAX_FILE: u64 = 64 << 10;

impl PushAuth {
    /// The tokens in a file, one a line.
    ///
    /// # Errors
    ///
    /// There is no such file, it is too large, or it has no tokens.
    pub fn read(file: &Path) -> io::Result<Vec<String>> {
        let fault = |what: &str| {
            let text = format!("push.token_file {}: {what}", file.display());
            io::Error::other(text)
        };
        let about = fs::metadata(file).map_err(|e| fault(&e.to_string()))?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(fault("not a file of at most 64 KiB"));
        }
        let text = sys::read_text(file, MAX_FILE).map_err(|e| fault(&e.to_string()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let tokens: Vec<String> = lines.map(str::to_owned).collect();
        if tokens.is_empty() {
            return Err(fault("expected a token a line, found none"));
        }
        Ok(tokens)
    }

    /// The names of a machine that calls itself `host` and listens at these addresses.
    pub fn names(host: &str, listen: &[Listen]) -> Vec<String> {
        let short = host.split('.').next().unwrap_or_default();
        let mut names = vec![host.to_owned(), short.to_owned()];
        for address in listen {
            if let Listen::Tcp(name, _) = address {
                names.push(name.clone());
            }
        }
        names.retain(|name| !name.is_empty());
        names
    }

    /// Whether `sender` may push with this Authorization header (empty if there is no header).
    pub fn judge(&self, authorization: &str, sender: &Sender<'_>) -> Result<(), Denied> {
        match &self.tokens {
            None if !sender.ends.is_local => Err(Denied::Remote),
            None if sender.is_of_page => Err(Denied::Page),
            None if sender.is_relayed => Err(Denied::Relayed),
            None if !self.is_here(sender) => Err(Denied::Host),
            None => Ok(()),
            Some(tokens) => {
                let given = token(authorization).unwrap_or_default();
                // Every token is compared to the end, so that the time of a comparison reveals nothing.
                let is_one = |any, token: &String| any | is_same(token.as_bytes(), &given);
                let opens = tokens.iter().fold(false, is_one);
                if opens { Ok(()) } else { Err(Denied::Token) }
            }
        }
    }

    /// Whether the host that the request names is this machine. Over a Unix socket only local programs come,
    /// whatever host they name.
    fn is_here(&self, sender: &Sender<'_>) -> bool {
        let Some(ours) = sender.ends.address else { return true };
        let host = bare_host(sender.host.trim());
        let ip = host.split('%').next().and_then(|ip| ip.parse::<IpAddr>().ok());
        let is_ours = |ip: IpAddr| ip.is_loopback() || ip == ours;
        let (_, last) = host.rsplit_once('.').unwrap_or(("", host));
        sender.host.is_empty()
            || wire::same(last, "localhost")
            || ip.is_some_and(|ip| is_ours(ip.to_canonical()))
            || self.names.iter().any(|name| wire::same(name, host))
    }
}

/// The host without its port, brackets, and the dot at its end.
fn bare_host(text: &str) -> &str {
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) if rest.is_empty() || rest.starts_with(':') => host,
        // No name has brackets.
        Some(_) => text,
        None => {
            let host = text.split_once(':').map_or(text, |(host, _)| host);
            host.strip_suffix('.').unwrap_or(host)
        }
    }
}

/// The token in an Authorization header: that of Bearer, or the password of Basic.
fn token(authorization: &str) -> Option<Vec<u8>> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let rest = rest.trim();
    if wire::same(scheme, "bearer") {
        return Some(rest.as_bytes().to_vec());
    }
    if !wire::same(scheme, "basic") {
        return None;
    }
    let pair = wire::base64(rest, [b'+', b'/'])?;
    let colon = pair.iter().position(|b| *b == b':')?;
    pair.get(colon + 1..).map(<[u8]>::to_vec)
}

/// Compares in constant time for texts of these lengths.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differ = a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differ) == 0
}

#[cfg(test)]
mod tests;
