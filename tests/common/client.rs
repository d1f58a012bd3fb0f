//! A strict client: it checks the head line by line, the body by its stated length, and that nothing follows a
//! response that ends the connection.

use super::PATIENCE;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// One answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    /// Connects to `HOST:PORT` or `unix:/PATH`.
    pub fn connect(address: &str) -> Client {
        Client::try_connect(address).unwrap_or_else(|e| panic!("{address}: {e}"))
    }

    pub fn try_connect(address: &str) -> std::io::Result<Client> {
        let stream = match address.strip_prefix("unix:") {
            // The calls on a stream are the same, whatever it is.
            Some(path) => TcpStream::from(OwnedFd::from(UnixStream::connect(path)?)),
            None => TcpStream::connect(address)?,
        };
        Ok(Client::over(stream))
    }

    pub fn over(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
        self
    }

    /// A GET on a connection that stays.
    pub fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")).answer()
    }

    /// The next answer.
    pub fn answer(&mut self) -> Answer {
        self.try_answer(true).unwrap()
    }

    /// The next answer, to HEAD: whatever length it states, no body.
    pub fn answer_to_head(&mut self) -> Answer {
        self.try_answer(false).unwrap()
    }

    /// The next answer, if the connection lasts for it.
    pub fn try_answer(&mut self, has_body: bool) -> std::io::Result<Answer> {
        let status_line = self.line()?;
        let (version, rest) = status_line.split_once(' ').unwrap();
        assert!(matches!(version, "HTTP/1.1" | "HTTP/1.0"), "{status_line}");
        let (status, reason) = rest.split_once(' ').unwrap();
        assert!(status.len() == 3 && !reason.is_empty(), "{status_line}");
        let mut headers: Vec<(String, String)> = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
            let known = headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
            assert!(!known && !name.contains(' '), "{line:?}");
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut answer = Answer { status: status.parse().unwrap(), headers, body: Vec::new() };
        assert!(answer.header("Date").is_some() && answer.header("Transfer-Encoding").is_none());
        let length = answer.header("Content-Length").expect("a length").parse().unwrap();
        if has_body {
            answer.body.resize(length, 0);
            self.stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// One line of a head, without its end.
    fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        self.stream.by_ref().take(8192).read_until(b'\n', &mut line)?;
        let Some(text) = line.strip_suffix(b"\r\n") else {
            return Err(ErrorKind::UnexpectedEof.into());
        };
        Ok(String::from_utf8(text.to_vec()).unwrap())
    }

    /// The server ends the connection, orderly and without another byte.
    pub fn assert_end(&mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "trailing: {:?}", String::from_utf8_lossy(&rest));
    }

    /// The server ends the connection, be it with a reset.
    pub fn assert_gone(&mut self) {
        match self.stream.read(&mut [0; 64]) {
            Ok(0) => {}
            Err(e) if e.kind() == ErrorKind::ConnectionReset => {}
            other => panic!("still there: {other:?}"),
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |n: &str| n.eq_ignore_ascii_case(name);
        self.headers.iter().find(|(n, _)| is(n)).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// It is `status` with one plain sentence, which is returned.
    pub fn sentence(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("Content-Type"), Some("text/plain; charset=utf-8"));
        let text = self.text().strip_suffix('\n').unwrap();
        assert!(text.ends_with('.') && !text.contains('\n'), "{text:?}");
        text
    }

    /// The body of a gzip answer (RFC 1952), head and check sum compared.
    #[cfg(feature = "gzip")]
    pub fn inflated(&self) -> String {
        assert_eq!(self.header("Content-Encoding"), Some("gzip"));
        assert_eq!(self.body[..4], [0x1f, 0x8b, 8, 0], "gzip, deflate, no flags");
        let (deflated, check) = self.body[10..].split_at(self.body.len() - 18);
        let plain = miniz_oxide::inflate::decompress_to_vec(deflated).unwrap();
        assert_eq!(check[..4], crc32fast::hash(&plain).to_le_bytes());
        assert_eq!(check[4..], u32::try_from(plain.len()).unwrap().to_le_bytes());
        String::from_utf8(plain).unwrap()
    }
}

/// GET on a connection of its own.
pub fn get(address: &str, target: &str) -> Answer {
    get_with(address, target, "")
}

/// GET with more header lines, each with its end, on a connection of its own.
pub fn get_with(address: &str, target: &str, headers: &str) -> Answer {
    let mut client = Client::connect(address);
    let head = format!("GET {target} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n");
    let answer = client.send(head).answer();
    client.assert_end();
    answer
}
