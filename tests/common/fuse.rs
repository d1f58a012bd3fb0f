//! A file system in user space whose server is the test: it answers, or receives requests and never answers.
//! Mounting it needs root and /dev/fuse.

use super::Temp;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How large it says that it is, in blocks of 4096 bytes: all, free, available; files and free ones.
pub const BLOCKS: [u64; 5] = [1001, 502, 203, 94, 35];

/// What the server has to do.
#[derive(Default)]
struct State {
    is_held: bool,
    /// Requests that were read and not answered.
    held: Vec<(u32, u64)>,
}

/// The mount. Whoever waits for it when it goes gets an error.
pub struct Fuse {
    dir: Temp,
    server: Option<Arc<File>>,
    state: Arc<Mutex<State>>,
}

fn mount(source: &str, at: &Path, kind: &str, options: &str) {
    let text = |bytes: &[u8]| [bytes, b"\0"].concat();
    let (source, kind, options) =
        (text(source.as_bytes()), text(kind.as_bytes()), text(options.as_bytes()));
    let path = text(at.as_os_str().as_bytes());
    // SAFETY: all texts end with a NUL and live over the call.
    let done = unsafe {
        libc::mount(
            source.as_ptr().cast(),
            path.as_ptr().cast(),
            kind.as_ptr().cast(),
            0,
            options.as_ptr().cast(),
        )
    };
    let error = std::io::Error::last_os_error();
    assert_eq!(done, 0, "mounting needs root, and FUSE /dev/fuse: {error}");
}

fn unmount(at: &Path) {
    let path = [at.as_os_str().as_bytes(), b"\0"].concat();
    // SAFETY: the path ends with a NUL and lives over the call.
    unsafe { libc::umount2(path.as_ptr().cast(), libc::MNT_FORCE | libc::MNT_DETACH) };
}

impl Fuse {
    /// One whose server never reads a request: whoever asks can be ended.
    pub fn mute() -> Fuse {
        let dir = Temp::new();
        let server = fs::OpenOptions::new().read(true).write(true).open("/dev/fuse").unwrap();
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
        mount("hung", &dir.path(""), "fuse", &options);
        Fuse { dir, server: Some(Arc::new(server)), state: Arc::default() }
    }

    /// One whose server answers.
    pub fn serving() -> Fuse {
        let fuse = Fuse::mute();
        let server = fuse.server();
        let state = Arc::clone(&fuse.state);
        std::thread::spawn(move || {
            let mut request = vec![0; 1 << 17];
            while let Ok(n) = (&*server).read(&mut request) {
                let number =
                    |at: usize| u32::from_ne_bytes(request[at..at + 4].try_into().unwrap());
                let unique = u64::from_ne_bytes(request[8..16].try_into().unwrap());
                assert!(n >= 40);
                let mut state = state.lock().unwrap();
                if state.is_held {
                    state.held.push((number(4), unique));
                } else {
                    answer(&server, number(4), unique);
                }
            }
        });
        fuse
    }

    /// The server's end.
    pub fn server(&self) -> Arc<File> {
        Arc::clone(self.server.as_ref().unwrap())
    }

    /// From now on requests are read and not answered: whoever asks cannot even be killed.
    pub fn hold(&self) {
        self.state.lock().unwrap().is_held = true;
    }

    /// How many wait.
    pub fn held(&self) -> usize {
        self.state.lock().unwrap().held.len()
    }

    /// Answers all that were held, and those that come.
    pub fn release(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_held = false;
        for (opcode, unique) in state.held.drain(..) {
            answer(self.server.as_ref().unwrap(), opcode, unique);
        }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path(name)
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        self.server = None;
        unmount(&self.dir.path(""));
    }
}

/// Answers one request (linux/fuse.h).
fn answer(mut server: &File, opcode: u32, unique: u64) {
    const STATFS: u32 = 17;
    const INIT: u32 = 26;
    const FORGET: [u32; 2] = [2, 42];
    let mut body = Vec::new();
    let mut put = |number: u32| body.extend_from_slice(&number.to_ne_bytes());
    match opcode {
        opcode if FORGET.contains(&opcode) => return,
        // Version 7.31; no features, writes of 4096 bytes at most.
        INIT => [7, 31, 0, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0].into_iter().for_each(put),
        STATFS => {
            for number in BLOCKS {
                [number as u32, (number >> 32) as u32].into_iter().for_each(&mut put);
            }
            [4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0].into_iter().for_each(put);
        }
        _ => {}
    }
    let error = if body.is_empty() { -libc::ENOSYS } else { 0 };
    let length = 16 + body.len() as u32;
    let head = [length.to_ne_bytes(), error.to_ne_bytes()].concat();
    // Who asked may be gone.
    let _ = server.write(&[&head[..], &unique.to_ne_bytes(), &body].concat());
}

/// A file system in memory, for its line in the table of mounts.
pub struct Memory(Temp);

impl Memory {
    pub fn mount(source: &str) -> Memory {
        let memory = Memory(Temp::new());
        mount(source, &memory.0.path(""), "tmpfs", "size=64k");
        memory
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.0.path("")
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        unmount(&self.0.path(""));
    }
}
