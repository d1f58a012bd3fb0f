//! A simulated peer for tests: it authenticates and answers calls as scripted.

use super::message::{Message, length};
use super::values::{Value, Values};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// The answer to a call.
pub enum Reply {
    /// Types and values.
    Values(&'static str, Body),
    /// An error of this name.
    Error(&'static str),
    /// Nothing, for ever.
    Nothing,
    /// Closes the connection.
    End,
    /// Any bytes.
    Bytes(Vec<u8>),
}

/// The answer to a property.
pub fn variant(kind: &str, write: impl FnOnce(&mut Body)) -> Reply {
    let mut body = Body(vec![1, kind.as_bytes()[0], 0]);
    write(&mut body);
    Reply::Values("v", body)
}

pub fn text(text: &str) -> Reply {
    variant("s", |body| body.text(text))
}

pub fn number(number: u64) -> Reply {
    variant("t", |body| body.uint64(number))
}

pub fn short_number(number: u32) -> Reply {
    variant("u", |body| body.uint32(number))
}

pub fn switch(on: bool) -> Reply {
    variant("b", |body| body.uint32(on.into()))
}

/// Values one after the other.
#[derive(Default)]
pub struct Body(pub Vec<u8>);

impl Body {
    pub fn align(&mut self, size: usize) {
        self.0.resize(self.0.len().next_multiple_of(size), 0);
    }

    pub fn uint32(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    pub fn uint64(&mut self, number: u64) {
        self.align(8);
        self.0.extend(number.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.uint32(text.len() as u32);
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    pub fn double(&mut self, number: f64) {
        self.uint64(number.to_bits());
    }

    /// An array whose elements stand at multiples of `size`.
    pub fn list(&mut self, size: usize, write: impl FnOnce(&mut Body)) {
        self.uint32(0);
        let place = self.0.len();
        self.align(size);
        let start = self.0.len();
        write(self);
        let length = (self.0.len() - start) as u32;
        self.0[place - 4..place].copy_from_slice(&length.to_le_bytes());
    }

    /// A key and a value of this type, of a dictionary `a{sv}`.
    pub fn entry(&mut self, key: &str, kind: &str, write: impl FnOnce(&mut Body)) {
        self.align(8);
        self.text(key);
        self.0.push(kind.len() as u8);
        self.0.extend(kind.as_bytes());
        self.0.push(0);
        write(self);
    }

    /// An array of structures.
    pub fn array<T>(rows: impl IntoIterator<Item = T>, write: impl Fn(&mut Body, T)) -> Body {
        let mut body = Body(vec![0; 8]);
        for row in rows {
            body.align(8);
            write(&mut body, row);
        }
        let length = body.0.len() as u32 - 8;
        body.0[..4].copy_from_slice(&length.to_le_bytes());
        body
    }
}

/// The socket of a simulated peer, which is removed with it.
pub struct Peer(pub PathBuf);

impl Peer {
    /// Answers a call of a method, or for a property, by the path of the object and the name of either.
    pub fn start(name: &str, answer: impl Fn(&str, &str) -> Reply + Send + 'static) -> Peer {
        let name = format!("sysmetrics-dbus-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = serve(stream.unwrap(), &answer);
            }
        });
        Peer(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn serve(mut stream: UnixStream, answer: &dyn Fn(&str, &str) -> Reply) -> Option<()> {
    let mut input = Vec::new();
    let line = |stream: &mut UnixStream, input: &mut Vec<u8>| {
        while !input.ends_with(b"\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            input.push(byte[0]);
        }
        Some(std::mem::take(input))
    };
    assert!(line(&mut stream, &mut input)?.starts_with(b"\0AUTH EXTERNAL 3"));
    stream.write_all(b"OK 0123456789abcdef\r\n").ok()?;
    assert_eq!(line(&mut stream, &mut input)?, b"BEGIN\r\n");
    loop {
        while let Some(length) = length(&input).unwrap().filter(|length| *length <= input.len()) {
            let (serial, path, name) = call(&input[..length])?;
            input.drain(..length);
            match answer(&path, &name) {
                Reply::Values(types, body) => {
                    stream.write_all(&reply(serial, types, &body.0)).ok()?
                }
                Reply::Error(name) => stream.write_all(&error(serial, name)).ok()?,
                Reply::Bytes(bytes) => stream.write_all(&bytes).ok()?,
                Reply::Nothing => {}
                Reply::End => return None,
            }
        }
        let mut piece = [0; 4096];
        let n = stream.read(&mut piece).ok().filter(|n| *n > 0)?;
        input.extend(&piece[..n]);
    }
}

/// Serial number, path, and the method or the property of a call.
fn call(bytes: &[u8]) -> Option<(u32, String, String)> {
    let serial = u32::from_le_bytes(bytes[8..12].try_into().unwrap());
    let mut fields = Values::new(bytes, false);
    (0..3).for_each(|_| assert!(fields.uint32().is_some()));
    let mut fields = fields.array(8)?;
    let (mut path, mut member) = (String::new(), String::new());
    while !fields.is_empty() {
        fields.align(8);
        match (fields.byte()?, fields.variant()?) {
            (1, Value::Text(text)) => path = String::from_utf8(text.to_vec()).unwrap(),
            (3, Value::Text(text)) => member = String::from_utf8(text.to_vec()).unwrap(),
            _ => {}
        }
    }
    if member == "Get" {
        let mut body = Message::parse(bytes)?.body;
        body.text()?;
        member = String::from_utf8(body.text()?.to_vec()).unwrap();
    }
    Some((serial, path, member))
}

/// The answer to the call `serial`.
pub fn reply(serial: u32, types: &str, body: &[u8]) -> Vec<u8> {
    message(2, serial, &[(8, "g", types)], body)
}

fn error(serial: u32, name: &str) -> Vec<u8> {
    message(3, serial, &[(4, "s", name)], b"")
}

fn message(kind: u8, serial: u32, texts: &[(u8, &str, &str)], body: &[u8]) -> Vec<u8> {
    let mut fields = Body::default();
    fields.0.extend([5, 1, b'u', 0]);
    fields.uint32(serial);
    for (field, kind, text) in texts {
        fields.align(8);
        fields.0.extend([*field, 1, kind.as_bytes()[0], 0]);
        if *kind == "g" {
            fields.0.push(text.len() as u8);
            fields.0.extend(text.as_bytes());
            fields.0.push(0);
        } else {
            fields.text(text);
        }
    }
    let mut out = Body(vec![b'l', kind, 1, 1]);
    out.uint32(body.len() as u32);
    out.uint32(1);
    out.uint32(fields.0.len() as u32);
    out.0.extend(fields.0);
    out.align(8);
    out.0.extend(body);
    out.0
}
