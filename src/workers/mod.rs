//! Work that may block never runs on the serving thread: a network peer, DNS, mail. Each destination
//! has a worker, a named thread with a small stack that runs plain blocking code. It receives jobs
//! through a bounded mailbox; its results go to a queue, which wakes the serving thread.

mod answer;
#[cfg(feature = "tls")]
mod bcrypt;
mod client;
mod failure;
#[cfg(feature = "grpc")]
mod grpc;
mod head;
mod headers;
#[cfg_attr(not(feature = "gzip"), path = "inflate/absent.rs")]
mod inflate;
mod queue;
mod stream;
#[cfg_attr(not(feature = "tls"), path = "tls/absent.rs")]
mod tls;

pub use answer::{Answer, Read, Reading};
#[cfg(feature = "tls")]
pub use bcrypt::Hash;
pub use client::{Call, Client, call_over, connect};
pub use failure::Failure;
#[cfg(feature = "grpc")]
pub use grpc::{Grpc, GrpcAnswer, GrpcCall};
#[cfg(feature = "gzip")]
pub use inflate::gunzip;
pub use queue::{Next, Queue};
pub use tls::Tls;
#[cfg(feature = "tls")]
pub use tls::{Handshake, Session, certificate_names, server_config};

use crate::base::sys::{Wake, spawn_thread};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a worker's stack. Only what it touches is memory.
const STACK: usize = 128 << 10;

/// A thread that processes its mailbox. It ends, by itself, after this is dropped.
pub struct Worker<J> {
    mailbox: Queue<J>,
}

/// Starts a thread like those of workers.
///
/// # Errors
///
/// The system has no resources for another thread.
pub fn spawn(name: &str, stack: usize, work: Box<dyn FnOnce() + Send>) -> io::Result<()> {
    spawn_thread(name, stack, work).map(drop)
}

impl<J: Send + 'static> Worker<J> {
    /// Starts the thread `name`, which runs `work`; at most `waiting` jobs may wait.
    ///
    /// # Errors
    ///
    /// The system has no resources for another thread.
    pub fn start(
        name: &str,
        waiting: usize,
        work: impl FnOnce(&Queue<J>) + Send + 'static,
    ) -> io::Result<Worker<J>> {
        let mailbox = Queue::new(waiting);
        let jobs = mailbox.clone();
        spawn(name, STACK, Box::new(move || work(&jobs)))?;
        Ok(Worker { mailbox })
    }

    /// Sends a job; a full mailbox returns it.
    pub fn try_send(&self, job: J) -> Result<(), J> {
        self.mailbox.offer(job)
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        self.mailbox.close();
    }
}

/// The results of workers; they wake the serving thread.
pub struct Results<R>(Slot<R>);

/// The sending side of a worker's results.
pub struct Slot<R> {
    results: Queue<R>,
    wake: Arc<Wake>,
}

impl<R> Clone for Slot<R> {
    fn clone(&self) -> Slot<R> {
        Slot { results: self.results.clone(), wake: Arc::clone(&self.wake) }
    }
}

impl<R> Slot<R> {
    /// Sends a result; waits while there is no room. False if the receiver is gone.
    pub fn send(&self, result: R) -> bool {
        let sent = self.results.put(result);
        self.wake.wake();
        sent
    }
}

impl<R> Results<R> {
    /// A queue with room for `room` results.
    ///
    /// # Errors
    ///
    /// There is no descriptor left.
    pub fn new(room: usize) -> io::Result<Results<R>> {
        Ok(Results(Slot { results: Queue::new(room), wake: Arc::new(Wake::new()?) }))
    }

    /// Another sender.
    pub fn slot(&self) -> Slot<R> {
        self.0.clone()
    }

    /// Makes the descriptor ready once more, if there is more to do with the last result.
    pub fn nudge(&self) {
        self.0.wake.wake();
    }

    /// The next result; `None` if there is none, and the descriptor is cleared.
    pub fn take(&self) -> Option<R> {
        let taken = self.0.results.take();
        if taken.is_some() {
            return taken;
        }
        // A result that is sent between the two checks is seen by the second one or wakes again.
        self.0.wake.clear();
        self.0.results.take()
    }
}

impl<R> Drop for Results<R> {
    fn drop(&mut self) {
        self.0.results.close();
    }
}

/// Ready if there are results.
impl<R> AsFd for Results<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.wake.as_fd()
    }
}

/// An unpredictable number: callers that failed together must not retry together.
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Between half and all of `pause`, in milliseconds: callers that failed together do not retry together.
pub fn spread(pause: Duration, random: u32) -> Duration {
    let half = pause / 2;
    let millis = u64::try_from(half.as_millis()).unwrap_or(u64::MAX);
    half + Duration::from_millis(millis.saturating_mul(random.into()) / u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sys::{Ready, poll};

    #[test]
    fn jobs_go_out_and_results_come_back() {
        let results = Results::new(2).unwrap();
        let slot = results.slot();
        let worker = Worker::start("test", 1, move |jobs: &Queue<u32>| {
            while let Some(job) = jobs.next() {
                slot.send(job * 2);
            }
        })
        .unwrap();
        let (mut given, mut sum, mut count) = (0, 0, 0);
        while count < 100 {
            while given < 100 && worker.try_send(given).is_ok() {
                given += 1;
            }
            let mut ready = vec![Ready::wait(results.as_fd(), true, false)];
            poll(&mut ready, None).unwrap();
            while let Some(result) = results.take() {
                sum += result;
                count += 1;
            }
        }
        assert_eq!(sum, 9900);
        drop(worker);
    }

    #[test]
    fn a_full_mailbox_gives_back() {
        let go = Queue::new(1);
        let wait = go.clone();
        let worker = Worker::start("test", 1, move |jobs: &Queue<u32>| {
            let () = wait.next().unwrap();
            while jobs.next().is_some() {}
        })
        .unwrap();
        assert_eq!(worker.try_send(1), Ok(()));
        assert_eq!(worker.try_send(2), Err(2));
        go.offer(()).unwrap();
    }
}
