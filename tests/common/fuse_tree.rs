//! A tree of attribute files whose server is the test: it answers a reading, or holds it back as a slow driver does.
//! Mounting it needs root and /dev/fuse.

use super::fuse::Fuse;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

/// The mount.
pub struct FuseTree {
    fuse: Fuse,
    state: Arc<Mutex<State>>,
}

/// The files, and which of them are held back. The number of a node is its index plus 1.
struct State {
    server: Arc<File>,
    nodes: Vec<Node>,
    held: Vec<String>,
    /// Readings that were not answered: their numbers and nodes.
    waiting: Vec<(u64, usize)>,
}

struct Node {
    path: String,
    /// `None` for a directory.
    text: Option<String>,
}

impl FuseTree {
    /// A tree of these files; a path is relative to it.
    pub fn of(files: &[(&str, &str)]) -> FuseTree {
        let mut nodes = vec![Node { path: String::new(), text: None }];
        for (file, text) in files {
            for (at, _) in file.match_indices('/') {
                if !nodes.iter().any(|node| node.path == file[..at]) {
                    nodes.push(Node { path: file[..at].to_owned(), text: None });
                }
            }
            nodes.push(Node { path: (*file).to_owned(), text: Some((*text).to_owned()) });
        }
        let fuse = Fuse::mute();
        let server = fuse.server();
        let state = State { server, nodes, held: Vec::new(), waiting: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let its = Arc::clone(&state);
        std::thread::spawn(move || serve(&its));
        FuseTree { fuse, state }
    }

    pub fn path(&self) -> PathBuf {
        self.fuse.path("")
    }

    /// From now on readings of these files are not answered.
    pub fn hold(&self, files: &[&str]) {
        self.lock().held = files.iter().map(|file| (*file).to_owned()).collect();
    }

    /// Answers all readings that were held back, and those that come.
    pub fn release(&self) {
        let mut state = self.lock();
        state.held.clear();
        for (unique, node) in std::mem::take(&mut state.waiting) {
            state.answer_reading(unique, node);
        }
    }

    /// How many readings wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for FuseTree {
    /// Whoever waits for a reading cannot be ended.
    fn drop(&mut self) {
        self.release();
    }
}

fn serve(state: &Mutex<State>) {
    let server = Arc::clone(&state.lock().unwrap().server);
    let mut request = vec![0; 1 << 17];
    while let Ok(n) = (&*server).read(&mut request) {
        state.lock().unwrap().answer(&request[..n]);
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
}

impl State {
    /// Answers one request (linux/fuse.h).
    fn answer(&mut self, request: &[u8]) {
        let (opcode, unique) = (u32_at(request, 4), u64_at(request, 8));
        let (node, body) = (u64_at(request, 16) as usize, &request[40..]);
        let answer = match opcode {
            // FORGET, INTERRUPT, BATCH_FORGET.
            2 | 36 | 42 => return,
            // LOOKUP.
            1 => self.look_up(node, body),
            // GETATTR.
            3 => Ok([&[0; 16][..], &self.attributes(node)].concat()),
            // OPEN and OPENDIR: FOPEN_DIRECT_IO.
            14 | 27 => Ok([0_u64, 1].map(u64::to_ne_bytes).concat()),
            // READ.
            15 => {
                let path = &self.nodes[node - 1].path;
                if self.held.contains(path) {
                    return self.waiting.push((unique, node));
                }
                return self.answer_reading(unique, node);
            }
            // RELEASE, FLUSH, RELEASEDIR.
            18 | 25 | 29 => Ok(Vec::new()),
            // INIT: version 7.31.
            26 => {
                let numbers = [7, 31, 0, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0_u32];
                Ok(numbers.map(u32::to_ne_bytes).concat())
            }
            // READDIR.
            28 => Ok(if u64_at(body, 8) == 0 { self.list(node) } else { Vec::new() }),
            _ => Err(libc::ENOSYS),
        };
        self.send(unique, answer);
    }

    fn answer_reading(&self, unique: u64, node: usize) {
        let text = self.nodes[node - 1].text.as_deref().unwrap_or_default();
        self.send(unique, Ok(text.as_bytes().to_vec()));
    }

    fn send(&self, unique: u64, answer: Result<Vec<u8>, i32>) {
        let (error, body) = match answer {
            Ok(body) => (0, body),
            Err(errno) => (-errno, Vec::new()),
        };
        let length = 16 + body.len() as u32;
        let head = [length.to_ne_bytes(), error.to_ne_bytes()].concat();
        // Who asked may be gone.
        let _ = (&*self.server).write(&[&head[..], &unique.to_ne_bytes(), &body].concat());
    }

    fn look_up(&self, node: usize, name: &[u8]) -> Result<Vec<u8>, i32> {
        let name = std::str::from_utf8(name).unwrap().trim_end_matches('\0');
        let above = &self.nodes[node - 1].path;
        let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
        let at = self.nodes.iter().position(|node| node.path == path).ok_or(libc::ENOENT)?;
        let number = (at as u64 + 1).to_ne_bytes();
        Ok([&number[..], &[0; 32], &self.attributes(at + 1)].concat())
    }

    fn attributes(&self, node: usize) -> Vec<u8> {
        let is_file = self.nodes[node - 1].text.is_some();
        let mode = if is_file { libc::S_IFREG | 0o444 } else { libc::S_IFDIR | 0o555 };
        let numbers = [node as u64, if is_file { 4096 } else { 0 }, 0, 0, 0, 0];
        let rest = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0_u32];
        [numbers.map(u64::to_ne_bytes).concat(), rest.map(u32::to_ne_bytes).concat()].concat()
    }

    fn list(&self, node: usize) -> Vec<u8> {
        let above = &self.nodes[node - 1].path;
        let mut list = Vec::new();
        for (at, other) in self.nodes.iter().enumerate().skip(1) {
            let (of, name) = other.path.rsplit_once('/').unwrap_or(("", &other.path));
            if of == above {
                let kind: u32 = if other.text.is_some() { 8 } else { 4 };
                list.extend([at as u64 + 1, at as u64].map(u64::to_ne_bytes).concat());
                list.extend([name.len() as u32, kind].map(u32::to_ne_bytes).concat());
                list.extend(name.as_bytes());
                list.resize(list.len().next_multiple_of(8), 0);
            }
        }
        list
    }
}
