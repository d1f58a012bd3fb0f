//! How far the first segment was read. Of its file only what comes next is in memory: a queue that waits for
//! hours is not to take more of it than one that is empty.

use super::disk::{Disk, MAX_FILE};
use super::payload::Decoder;
use super::record;
use std::io;

/// Bytes of a file that are read at once, unless a record is longer.
const WINDOW: u64 = 8 << 10;

/// How far the first segment was read.
pub struct Reader {
    pub number: u32,
    /// What its file holds from `start` on.
    pub bytes: Vec<u8>,
    pub start: usize,
    /// Where the first record begins that waits.
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
            if (self.bytes.len() as u64) < most {
                // That is all there is.
                break;
            }
            // One that is damaged hides how far it is to the next.
            let claimed = record::claim(&self.bytes, 0) as u64;
            most = if claimed > most { claimed } else { MAX_FILE };
        }
        Ok(())
    }

    /// Gives back what a long record took, which was read.
    pub fn trim(&mut self) {
        if self.bytes.len() as u64 > WINDOW {
            self.bytes = Vec::new();
        }
    }
}
