//! gzip (RFC 1952) at level 1, of answers and of what is sent. The compressor's state is a third of
//! a megabyte: made at the first use, then kept. It is made on a stack before it gets to the heap: on
//! a worker's there is no room for it, and what a stack has touched stays memory for ever. So a
//! thread of its own makes it there, and goes with its stack.

use super::crc::crc32;
use crate::base::sys::spawn_thread;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use std::sync::{Arc, Mutex, PoisonError};

const LEVEL: i32 = 1;
/// Raw deflate: gzip has its own head and check sum.
const RAW: i32 = -15;

/// The least room that is made for output at a time.
const ROOM: usize = 256;

/// Bytes of the stack on which a compressor is made, several times its size: without optimisation it
/// is moved about.
const MAKING: usize = 2 << 20;

/// A compressor that is kept.
#[derive(Default)]
pub struct Gzip {
    state: Option<Box<CompressorOxide>>,
}

impl Gzip {
    /// ID, deflate, no flags, no time, fastest, Unix.
    pub const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3];

    /// What stands behind the deflated data: check sum and length.
    pub fn tail(plain: &[u8]) -> [u8; 8] {
        let length = plain.len() as u32; // modulo 2^32, as specified
        (u64::from(length) << 32 | u64::from(crc32(plain))).to_le_bytes()
    }

    /// Begins to deflate something new.
    pub fn begin(&mut self) -> Deflate<'_> {
        let flags = create_comp_flags_from_zip_params(LEVEL, RAW, 0);
        let state = self.state.get_or_insert_with(|| Box::new(CompressorOxide::new(flags)));
        state.reset();
        Deflate(state)
    }

    /// Makes the compressor on a stack that goes again.
    fn make_aside(&mut self) {
        let made: Arc<Mutex<Option<Box<CompressorOxide>>>> = Arc::default();
        let to = Arc::clone(&made);
        let work = Box::new(move || {
            let flags = create_comp_flags_from_zip_params(LEVEL, RAW, 0);
            let state = Box::new(CompressorOxide::new(flags));
            *to.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
        });
        if let Ok(thread) = spawn_thread("gzip", MAKING, work) {
            thread.join();
            self.state = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    /// Appends all of `plain`, compressed, with head and tail. If there is no compressor, or it gives
    /// up, it is false and `out` as it was. A small stack is enough.
    pub fn append(&mut self, plain: &[u8], out: &mut Vec<u8>) -> bool {
        if self.state.is_none() {
            self.make_aside();
        }
        let Some(state) = &mut self.state else { return false };
        state.reset();
        let start = out.len();
        out.extend_from_slice(&Gzip::HEAD);
        let (mut deflate, mut rest) = (Deflate(state), plain);
        loop {
            let end = out.len();
            out.resize(end + rest.len().max(ROOM), 0);
            let step = deflate.step(rest, out.get_mut(end..).unwrap_or_default());
            let Some((read, written, is_done)) = step else {
                out.truncate(start);
                return false;
            };
            out.truncate(end + written);
            rest = rest.get(read..).unwrap_or_default();
            if is_done {
                out.extend_from_slice(&Gzip::tail(plain));
                return true;
            }
        }
    }
}

/// Deflated data that is not whole yet.
pub struct Deflate<'a>(&'a mut CompressorOxide);

impl Deflate<'_> {
    /// Deflates all of `from` to `to`: how much of both was used, and whether that was all; `None` if
    /// the compressor gives up.
    pub fn step(&mut self, from: &[u8], to: &mut [u8]) -> Option<(usize, usize, bool)> {
        let (status, read, written) = compress(self.0, from, to, TDEFLFlush::Finish);
        match status {
            TDEFLStatus::Done => Some((read, written, true)),
            TDEFLStatus::Okay if written > 0 => Some((read, written, false)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_comes_back() {
        let mut gzip = Gzip::default();
        // The last kind does not get smaller.
        let mut noise = 1u32;
        for size in [0usize, 1, 100, 5000, 300_000] {
            let plain: Vec<u8> = (0..size)
                .map(|i| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if size % 1000 == 0 && size > 5000 { (noise >> 24) as u8 } else { i as u8 / 7 }
                })
                .collect();
            let mut out = b"before".to_vec();
            assert!(gzip.append(&plain, &mut out));
            let member = out.strip_prefix(b"before").unwrap();
            let deflated = member.strip_prefix(&Gzip::HEAD).unwrap();
            let (deflated, tail) = deflated.split_at(deflated.len() - 8);
            assert_eq!(miniz_oxide::inflate::decompress_to_vec(deflated).unwrap(), plain);
            assert_eq!(tail[..4], crc32fast::hash(&plain).to_le_bytes());
            assert_eq!(tail[4..], (size as u32).to_le_bytes());
        }
    }
}
