//! A simulated ubusd for tests.

use super::blob::{Attributes, write};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The answer to a request.
pub enum Reply {
    /// The object has this number.
    Object(u32),
    /// A table.
    Table(Vec<u8>),
    /// A status alone.
    Status(u32),
    /// Any bytes.
    Bytes(Vec<u8>),
}

/// Its socket; it ends with the test.
pub struct Served {
    pub path: PathBuf,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens, and answers all clients.
pub fn serve(name: &str, answer: impl Fn(&str, Option<&str>) -> Reply + Send + 'static) -> Served {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Relaxed));
    let path = std::env::temp_dir().join(format!("{name}-{process}-{count}.sock"));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = serve_client(stream, &answer);
        }
    });
    Served { path }
}

fn message(kind: u8, sequence: [u8; 2], attributes: &[u8]) -> Vec<u8> {
    let mut message = vec![0, kind, sequence[0], sequence[1], 0, 0, 0, 9];
    write(&mut message, 0, attributes);
    message
}

/// Answers the requests of one client.
fn serve_client(
    mut stream: UnixStream,
    answer: &dyn Fn(&str, Option<&str>) -> Reply,
) -> std::io::Result<()> {
    stream.write_all(&message(0, [0, 0], b""))?;
    let mut object = String::new();
    loop {
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes(head[8..].try_into().unwrap()) as usize & 0xff_ffff;
        let mut data = vec![0; length - 4];
        stream.read_exact(&mut data)?;
        let text = |id| {
            let data = Attributes(&data).get(id)?;
            Some(String::from_utf8(data.strip_suffix(b"\0").unwrap().to_vec()).unwrap())
        };
        let sequence = [head[2], head[3]];
        let method = match head[1] {
            4 => {
                object = text(2).unwrap();
                None
            }
            _ => text(4),
        };
        let (data, status) = match answer(&object, method.as_deref()) {
            Reply::Bytes(bytes) => {
                stream.write_all(&bytes)?;
                continue;
            }
            Reply::Object(number) => (Some((3, number.to_be_bytes().to_vec())), 0),
            Reply::Table(table) => (Some((7, table)), 0),
            Reply::Status(status) => (None, status),
        };
        // In pieces, as a socket may deliver it.
        for piece in messages(sequence, data, status).chunks(1000) {
            stream.write_all(piece)?;
        }
    }
}

/// The answer: a message of data, if there is any, and one of status.
fn messages(sequence: [u8; 2], data: Option<(u8, Vec<u8>)>, status: u32) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some((id, data)) = data {
        let mut attributes = Vec::new();
        write(&mut attributes, id, &data);
        out = message(2, sequence, &attributes);
    }
    let mut attributes = Vec::new();
    write(&mut attributes, 1, &status.to_be_bytes());
    out.extend(message(1, sequence, &attributes));
    out
}

/// A table, value by value.
#[derive(Default)]
pub struct Written(pub Vec<u8>);

impl Written {
    fn put(&mut self, name: &str, kind: u8, data: &[u8]) {
        let mut named = (name.len() as u16).to_be_bytes().to_vec();
        named.extend(name.as_bytes());
        named.push(0);
        named.resize(named.len().next_multiple_of(4), 0);
        named.extend(data);
        let start = self.0.len();
        write(&mut self.0, kind, &named);
        self.0[start] |= 0x80;
    }

    pub fn text(&mut self, name: &str, text: &str) {
        self.put(name, 3, &[text.as_bytes(), b"\0"].concat());
    }

    /// Adds a number of a type.
    pub fn int(&mut self, name: &str, kind: u8, data: &[u8]) {
        self.put(name, kind, data);
    }

    pub fn short(&mut self, name: &str, number: u32) {
        self.put(name, 5, &number.to_be_bytes());
    }

    pub fn switch(&mut self, name: &str, on: bool) {
        self.put(name, 7, &[on.into()]);
    }

    pub fn float(&mut self, name: &str, number: f64) {
        self.put(name, 8, &number.to_bits().to_be_bytes());
    }

    pub fn table(&mut self, name: &str, fill: impl FnOnce(&mut Written)) {
        let mut inner = Written::default();
        fill(&mut inner);
        self.put(name, 2, &inner.0);
    }
}
