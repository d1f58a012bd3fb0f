//! A bounded queue between threads. The standard library's channels do the same at 10 KB of code for
//! every type that goes through them, as each brings three kinds of queue.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One end of a queue; all ends are equal.
pub struct Queue<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Signals that an item was added or removed, or that the queue ended.
    changed: Condvar,
    room: usize,
}

struct State<T> {
    /// The first is the next; there are only a few.
    items: Vec<T>,
    closed: bool,
}

/// The result of waiting.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// The next item.
    Item(T),
    /// No item came in time.
    Late,
    /// No more items will come.
    End,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Queue<T> {
        Queue(Arc::clone(&self.0))
    }
}

impl<T> Queue<T> {
    /// An empty queue with room for `room` items.
    pub fn new(room: usize) -> Queue<T> {
        let state = Mutex::new(State { items: Vec::new(), closed: false });
        Queue(Arc::new(Shared { state, changed: Condvar::new(), room }))
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends an item; returns it if there is no room, or if the queue has ended.
    pub fn offer(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.closed || state.items.len() >= self.0.room {
            return Err(item);
        }
        state.items.push(item);
        drop(state);
        self.0.changed.notify_all();
        Ok(())
    }

    /// Like `offer`, but waits for room. False if the queue has ended.
    pub fn put(&self, item: T) -> bool {
        let mut state = self.lock();
        while !state.closed && state.items.len() >= self.0.room {
            state = self.wait(state);
        }
        if state.closed {
            return false;
        }
        state.items.push(item);
        drop(state);
        self.0.changed.notify_all();
        true
    }

    /// The next item, if there is one.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        if state.items.is_empty() {
            return None;
        }
        let item = state.items.remove(0);
        drop(state);
        self.0.changed.notify_all();
        Some(item)
    }

    /// The next item, as soon as there is one; `None` at the end.
    pub fn next(&self) -> Option<T> {
        loop {
            if let Some(item) = self.take() {
                return Some(item);
            }
            let state = self.lock();
            if state.closed {
                return None;
            }
            if state.items.is_empty() {
                drop(self.wait(state));
            }
        }
    }

    /// The next item, if it comes before `until`; without a time, whenever it comes.
    pub fn next_before(&self, until: Option<Instant>) -> Next<T> {
        loop {
            if let Some(item) = self.take() {
                return Next::Item(item);
            }
            let state = self.lock();
            if !state.items.is_empty() {
                continue;
            }
            if state.closed {
                return Next::End;
            }
            let Some(until) = until else {
                drop(self.wait(state));
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Late;
            }
            drop(self.0.changed.wait_timeout(state, left));
        }
    }

    /// The number of items.
    pub fn waiting(&self) -> usize {
        self.lock().items.len()
    }

    /// Sleeps; false if the queue ended before.
    pub fn sleep(&self, time: Duration) -> bool {
        let (start, mut state) = (Instant::now(), self.lock());
        loop {
            if state.closed {
                return false;
            }
            let left = time.saturating_sub(start.elapsed());
            if left.is_zero() {
                return true;
            }
            let waited = self.0.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Accepts no more items; those in it can still be taken.
    pub fn finish(&self) {
        self.lock().closed = true;
        self.0.changed.notify_all();
    }

    /// Ends it for all; items in it are dropped.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let rest = std::mem::take(&mut state.items);
        drop(state);
        drop(rest);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn nothing_is_lost_and_nothing_overtakes() {
        let queue = Queue::new(3);
        let threads: Vec<_> = (0..4u64)
            .map(|who| {
                let queue = queue.clone();
                thread::spawn(move || (0..1000).all(|i| queue.put(who << 32 | i)))
            })
            .collect();
        let mut next = [0; 4];
        for _ in 0..4000 {
            let item = queue.next().unwrap();
            let (who, i) = ((item >> 32) as usize, item & 0xffff_ffff);
            assert_eq!(i, next[who]);
            next[who] += 1;
        }
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn waiting_has_an_end_and_what_was_put_before_is_taken() {
        let queue = Queue::new(2);
        assert_eq!(queue.next_before(Some(Instant::now())), Next::<u8>::Late);
        let other = queue.clone();
        let taking = thread::spawn(move || other.next_before(None));
        queue.offer(1).unwrap();
        assert_eq!(taking.join().unwrap(), Next::Item(1));
        queue.offer(2).unwrap();
        queue.offer(3).unwrap();
        queue.finish();
        assert_eq!((queue.offer(4), queue.waiting()), (Err(4), 2));
        assert_eq!(queue.next_before(Some(Instant::now())), Next::Item(2));
        assert_eq!(queue.next_before(None), Next::Item(3));
        assert_eq!(queue.next_before(None), Next::End);
    }

    #[test]
    fn a_full_one_gives_back_and_a_closed_one_lets_everybody_go() {
        let queue = Queue::new(1);
        assert_eq!(queue.offer(1), Ok(()));
        assert_eq!(queue.offer(2), Err(2));
        let (full, other) = (queue.clone(), Queue::<u8>::new(1));
        let waiting = thread::spawn(move || full.put(3));
        let (empty, asleep) = (other.clone(), other.clone());
        let taking = thread::spawn(move || empty.next());
        let sleeping = thread::spawn(move || asleep.sleep(Duration::from_secs(1000)));
        assert!(other.sleep(Duration::from_millis(1)));
        queue.close();
        other.close();
        assert!(!waiting.join().unwrap());
        assert_eq!(taking.join().unwrap(), None);
        assert!(!sleeping.join().unwrap());
        assert_eq!(queue.offer(4), Err(4));
    }
}
