//! Work that may block never runs on the serving thread: a network peer, DNS, mail. Each destination
//! has a courier, a named thread with a small stack that runs plain blocking code. Jobs come to it
//! through a bounded mailbox; what it brings back lies on a desk, which wakes the serving thread.

mod answer;
mod client;
mod inflate;
mod url;

pub use answer::{Read, Reading};
pub use client::{Answer, Call, Client, Failure, connect};
pub use inflate::gunzip;
pub use url::{Url, basic};

use crate::sys::Wake;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

/// Bytes of a courier's stack. Only what it touches is memory.
const STACK: usize = 128 << 10;

/// A thread that works through its mailbox. It ends, on its own time, when this is dropped.
pub struct Courier<J> {
    mailbox: SyncSender<J>,
}

impl<J: Send + 'static> Courier<J> {
    /// Starts the thread `name`, which runs `work`; so many jobs may wait.
    ///
    /// # Errors
    ///
    /// There is no room for another thread.
    pub fn start(
        name: &str,
        waiting: usize,
        work: impl FnOnce(&Receiver<J>) + Send + 'static,
    ) -> io::Result<Courier<J>> {
        let (mailbox, jobs) = sync_channel(waiting);
        thread::Builder::new()
            .name(name.to_owned())
            .stack_size(STACK)
            .spawn(move || work(&jobs))?;
        Ok(Courier { mailbox })
    }

    /// Hands over a job; a full mailbox gives it back.
    pub fn give(&self, job: J) -> Result<(), J> {
        self.mailbox.try_send(job).map_err(|error| match error {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        })
    }
}

/// Where couriers lay down what they bring back.
pub struct Desk<R> {
    results: Receiver<R>,
    slot: Slot<R>,
}

/// A courier's way to the desk.
pub struct Slot<R> {
    sender: SyncSender<R>,
    wake: Arc<Wake>,
}

impl<R> Clone for Slot<R> {
    fn clone(&self) -> Slot<R> {
        Slot { sender: self.sender.clone(), wake: Arc::clone(&self.wake) }
    }
}

impl<R> Slot<R> {
    /// Lays down a result; waits while the desk is full. False if there is no desk any more.
    pub fn lay(&self, result: R) -> bool {
        let laid = self.sender.send(result).is_ok();
        self.wake.wake();
        laid
    }
}

impl<R> Desk<R> {
    /// One with room for so many results.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn new(room: usize) -> io::Result<Desk<R>> {
        let (sender, results) = sync_channel(room);
        Ok(Desk { results, slot: Slot { sender, wake: Arc::new(Wake::new()?) } })
    }

    /// A way for another courier.
    pub fn slot(&self) -> Slot<R> {
        self.slot.clone()
    }

    /// There is more to do with what was taken: the descriptor is ready once more.
    pub fn nudge(&self) {
        self.slot.wake.wake();
    }

    /// The next result; `None` when all were taken, and the descriptor sleeps again.
    pub fn take(&self) -> Option<R> {
        let taken = self.results.try_recv().ok();
        if taken.is_some() {
            return taken;
        }
        // What is laid down between the two is seen by the second look or wakes again.
        self.slot.wake.clear();
        self.results.try_recv().ok()
    }
}

/// Ready when something lies on the desk.
impl<R> AsFd for Desk<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.slot.wake.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{Ready, poll};

    #[test]
    fn jobs_go_out_and_results_come_back() {
        let desk = Desk::new(2).unwrap();
        let slot = desk.slot();
        let courier = Courier::start("test", 1, move |jobs: &Receiver<u32>| {
            for job in jobs {
                slot.lay(job * 2);
            }
        })
        .unwrap();
        let (mut given, mut sum, mut count) = (0, 0, 0);
        while count < 100 {
            while given < 100 && courier.give(given).is_ok() {
                given += 1;
            }
            let mut ready = vec![Ready::wait(desk.as_fd(), true, false)];
            poll(&mut ready, None).unwrap();
            while let Some(result) = desk.take() {
                sum += result;
                count += 1;
            }
        }
        assert_eq!(sum, 9900);
        drop(courier);
    }

    #[test]
    fn a_full_mailbox_gives_back() {
        let (go, wait) = sync_channel::<()>(0);
        let courier = Courier::start("test", 1, move |jobs: &Receiver<u32>| {
            let _ = wait.recv();
            jobs.iter().for_each(drop);
        })
        .unwrap();
        assert_eq!(courier.give(1), Ok(()));
        assert_eq!(courier.give(2), Err(2));
        go.send(()).unwrap();
    }
}
