//! The reading position in the first segment. Of its file only the next bytes are in memory: a queue that waits for
//! hours must not use more memory than one that is empty.

use super::disk::{Disk, MAX_FILE};
use super::payload::{Decoder, RecordHeader};
use super::record;
use crate::base::clock::Boot;
use std::io;

/// Bytes of a file that are read at once, unless a record is longer.
const WINDOW: u64 = 8 << 10;

/// The record at the head of the queue.
#[derive(Clone, Copy)]
pub struct Head {
    pub brief: RecordHeader,
    pub sequence: u64,
    pub boot: Boot,
    /// The position of its payload, and its end.
    pub start: usize,
    pub end: usize,
}

/// The reading position in the first segment.
pub struct Reader {
    pub number: u32,
    /// The contents of its file from `start` on.
    pub bytes: Vec<u8>,
    pub start: usize,
    /// The position of the first record that waits.
    pub at: usize,
    pub decoder: Decoder,
}

impl Reader {
    /// Makes sure that the next record is in memory, if the file has one.
    pub fn fill(&mut self, disk: &Disk) -> io::Result<()> {
        let mut most = WINDOW;
        while record::at(&self.bytes, self.at.saturating_sub(self.start)).is_none() {
            self.start = self.at;
            disk.read(self.number, self.at as u64, most, &mut self.bytes)?;
            if (self.bytes.len() as u64) < most || most >= MAX_FILE {
                // This is the end of the file, or of what is read of it.
                break;
            }
            // A damaged record hides the distance to the next.
            let claimed = record::claim(&self.bytes, 0) as u64;
            most = if claimed > most { claimed } else { MAX_FILE };
        }
        Ok(())
    }

    /// Releases the memory of a long record that was read.
    pub fn trim(&mut self) {
        if self.bytes.len() as u64 > WINDOW {
            self.bytes = Vec::new();
        }
    }
}
