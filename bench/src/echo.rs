//! What serving costs without anything to serve: the same kind of poll loop as the agent's (a
//! signal descriptor's worth of entries, the listener, the connections), one `recv`, one `send` of a
//! head and a body of constant bytes. `GET /4711` answers with a body of 4711 bytes.

use crate::sys::wait_readable;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

/// Serves until it is killed.
pub fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    // Stands for the agent's signal descriptor: polled, never ready.
    let (signals, _writer) = io::pipe()?;
    let mut connections: Vec<TcpStream> = Vec::new();
    let mut ready: Vec<libc::pollfd> = Vec::new();
    let (mut request, mut answer) = ([0; 8192], Answer::default());
    loop {
        let wait = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        ready.clear();
        ready.extend([wait(signals.as_raw_fd()), wait(listener.as_raw_fd())]);
        ready.extend(connections.iter().map(|c| wait(c.as_raw_fd())));
        wait_readable(&mut ready);
        for at in (0..connections.len()).rev() {
            if ready[at + 2].revents == 0 {
                continue;
            }
            let connection = &mut connections[at];
            let n = match connection.read(&mut request) {
                Ok(n) => n,
                Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
                Err(_) => 0,
            };
            if n == 0 || !say(connection, &request[..n], &mut answer) {
                connections.swap_remove(at);
            }
        }
        if ready[1].revents != 0 {
            let (connection, _) = listener.accept()?;
            connection.set_nonblocking(true)?;
            connection.set_nodelay(true)?;
            connections.push(connection);
        }
    }
}

/// The bytes that are sent, made when another size is asked for.
#[derive(Default)]
struct Answer {
    size: usize,
    bytes: Vec<u8>,
}

fn say(connection: &mut TcpStream, request: &[u8], answer: &mut Answer) -> bool {
    let path = request.split(|b| *b == b' ').nth(1).unwrap_or_default();
    let digits = path.iter().skip(1).filter(|b| b.is_ascii_digit());
    let size = digits.fold(0, |n, b| n * 10 + usize::from(b - b'0'));
    if answer.bytes.is_empty() || answer.size != size {
        answer.size = size;
        answer.bytes = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
        answer.bytes.resize(answer.bytes.len() + size, b'x');
    }
    connection.write_all(&answer.bytes).is_ok()
}
