//! TLS 1.3 and 1.2 (RFC 8446, RFC 5246) by rustls. Here for clients: trusted authorities, our identity, and the
//! connection; for servers in `server` and `session`. Certificates of peers are always checked; no switch
//! disables that.
//!
//! Revocation is not checked. The clock has to be about right: on a machine that starts in
//! 1970, certificates are rejected as not valid yet until its clock is set.

mod clients;
mod failure;
mod files;
mod san;
mod server;
mod session;

pub use failure::refused;
pub use san::names as certificate_names;
pub use server::server_config;
pub use session::{Handshake, Session};

use super::failure::{Failure, broken, is_hung_up, late};
use rustls::client::{ClientConfig, ClientConnection, Resumption};
use rustls::pki_types::ServerName;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sessions that are kept, so that a new connection costs less. A client has one peer or a few.
const SESSIONS: usize = 4;

const SENDING: &str = "sending the request";
const RECEIVING: &str = "waiting for the answer";
const GREETING: &str = "the TLS handshake";

/// How the two sides of a connection authenticate each other.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ClientConfig>,
    /// The name in the peer's certificate; `None` for that of the URL.
    name: Option<ServerName<'static>>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never prints a key.
        f.write_str("Tls")
    }
}

impl Tls {
    /// Reads the configured files, or the system's authorities.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or is not what it should be; the text contains its name.
    pub fn read(settings: &crate::settings::Tls) -> io::Result<Tls> {
        let roots = files::authorities(settings.ca_file.as_deref())?;
        let ours = files::identity(settings.cert_file.as_deref(), settings.key_file.as_deref())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let invalid = |text: &str| io::Error::new(ErrorKind::InvalidInput, text);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| invalid(&error.to_string()))?
            .with_root_certificates(roots);
        let mut config = match ours {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
                let name = |path: &Option<std::path::PathBuf>| {
                    path.as_deref().unwrap_or("".as_ref()).display().to_string()
                };
                files::no_pair(&name(&settings.cert_file), &name(&settings.key_file), &error)
            })?,
        };
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        let name = match &*settings.server_name {
            "" => None,
            name => Some(server_name(name).ok_or_else(|| {
                invalid(&["server_name ", name, ": expected a host name or an address"].concat())
            })?),
        };
        Ok(Tls { config: Arc::new(config), name })
    }

    /// The same configuration, for peers that speak `protocol` (ALPN, RFC 7301).
    #[cfg(feature = "grpc")]
    pub fn speaking(&self, protocol: &[u8]) -> Tls {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![protocol.to_vec()];
        Tls { config: Arc::new(config), name: self.name.clone() }
    }

    /// Does the handshake and checks the peer's identity. `host` may be an IPv6 address in brackets.
    pub fn open(&self, tcp: TcpStream, host: &str, deadline: Instant) -> Result<Stream, Failure> {
        let unbracketed = host.trim_start_matches('[').trim_end_matches(']');
        let name =
            self.name.clone().or_else(|| server_name(unbracketed)).ok_or_else(|| Failure {
                reason: "tls",
                text: ["no certificate can be for the name ", unbracketed].concat(),
            })?;
        let connection = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| refused(&error))?;
        let mut stream = Stream { tcp, connection };
        stream.handshake(deadline)?;
        Ok(stream)
    }
}

fn server_name(text: &str) -> Option<ServerName<'static>> {
    ServerName::try_from(text.to_owned()).ok()
}

/// A connection with TLS.
pub struct Stream {
    /// The socket below.
    pub tcp: TcpStream,
    /// The state of TLS.
    pub connection: ClientConnection,
}

impl Stream {
    fn handshake(&mut self, deadline: Instant) -> Result<(), Failure> {
        while self.connection.is_handshaking() {
            self.deliver(deadline)?;
            if self.connection.is_handshaking() && self.fill(deadline, GREETING)? == 0 {
                let text = "the peer closed in the TLS handshake".to_owned();
                return Err(Failure { reason: "connect", text });
            }
        }
        self.deliver(deadline)
    }

    /// Sends the handshake's pending data. A peer that hangs up meanwhile may have sent the reason.
    fn deliver(&mut self, deadline: Instant) -> Result<(), Failure> {
        let done = self.flush(deadline);
        if done.as_ref().is_err_and(is_hung_up) {
            while self.fill(deadline, GREETING)? > 0 {}
        }
        done.map_err(|error| broken(&error, GREETING))
    }

    /// Whether the peer neither closed nor sent anything unasked: messages of TLS itself, such
    /// as tickets for the next session, do not count.
    pub fn is_silent(&mut self) -> bool {
        if self.tcp.set_nonblocking(true).is_err() {
            return false;
        }
        let is_silent = loop {
            match self.connection.read_tls(&mut self.tcp) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => break true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(1..) => match self.connection.process_new_packets() {
                    Ok(state)
                        if state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() => {}
                    _ => break false,
                },
                _ => break false,
            }
        };
        is_silent && self.tcp.set_nonblocking(false).is_ok()
    }

    /// Like `super::stream::Stream::send`.
    pub fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), Failure> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.connection.writer().write(rest);
            let taken = taken.map_err(|error| broken(&error, SENDING))?;
            rest = rest.get(taken..).unwrap_or_default();
            match self.flush(deadline) {
                Err(error) if is_hung_up(&error) => break,
                done => done.map_err(|error| broken(&error, SENDING))?,
            }
        }
        Ok(())
    }

    /// Like `super::stream::Stream::receive`.
    pub fn receive(&mut self, piece: &mut [u8], deadline: Instant) -> Result<usize, Failure> {
        loop {
            match self.connection.reader().read(piece) {
                Ok(n) => return Ok(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.fill(deadline, RECEIVING)?;
                }
                // Anybody on the way can close a connection, but only the peer can end TLS.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    let text = "the peer closed without the end of TLS: its answer may be cut off";
                    return Err(Failure { reason: "connect", text: text.to_owned() });
                }
                Err(error) => return Err(broken(&error, RECEIVING)),
            }
        }
    }

    /// Reads received data; 0 when the peer closed.
    fn fill(&mut self, deadline: Instant, doing: &str) -> Result<usize, Failure> {
        let n = loop {
            match self.connection.read_tls(&mut Timed { tcp: &self.tcp, deadline }) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => break done.map_err(|error| broken(&error, doing))?,
            }
        };
        let processed = self.connection.process_new_packets();
        // An alert, or a reply to a change of keys: its loss is no failure.
        let flushed = self.flush(deadline);
        processed.map_err(|error| refused(&error))?;
        match flushed {
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut) => Err(late(doing)),
            _ => Ok(n),
        }
    }

    /// Sends TLS' pending data.
    fn flush(&mut self, deadline: Instant) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Timed { tcp: &self.tcp, deadline }) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => drop(done?),
            }
        }
        Ok(())
    }
}

/// A socket whose operations time out at the deadline.
struct Timed<'a> {
    tcp: &'a TcpStream,
    deadline: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.left()?)?;
        self.tcp.read(to)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.left()?)?;
        self.tcp.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
