//! A thread that asks for a collector what may block: a message bus, another program's socket. A
//! scrape waits for it until a deadline. Whoever is not back by then is not waited for again; while it
//! is away every scrape fails at once, and there is never a second thread.

use crate::base::sys::spawn_thread;
use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of the thread's stack. Only what it touches is memory.
const STACK: usize = 128 << 10;

/// Who keeps to the time ends by then itself; so much more lets it say why.
const GRACE: Duration = Duration::from_millis(50);

/// Asks, until the time that it is given, and leaves what it heard in its argument.
type Work<T> = fn(&mut T, Instant);

/// What asks, with its answer: it goes to the thread with each question and comes back, so that what it
/// holds is used again.
pub struct Background<T> {
    // The code is the same for all types: only `Asking` knows the type.
    thread: Thread,
    asks: PhantomData<T>,
}

struct Asking<T> {
    asks: T,
    work: Work<T>,
}

trait Question: Any + Send {
    fn ask(&mut self, until: Instant);
}

impl<T: Send + 'static> Question for Asking<T> {
    fn ask(&mut self, until: Instant) {
        (self.work)(&mut self.asks, until);
    }
}

impl<T: Send + 'static> Background<T> {
    /// The thread `name` is started when it is first needed.
    pub fn new(name: &'static str, idle: T, work: Work<T>) -> Background<T> {
        let idle = Box::new(Asking { asks: idle, work });
        Background { thread: Thread::new(name, idle), asks: PhantomData }
    }

    /// Has the thread ask, and waits until then for its answer.
    ///
    /// # Errors
    ///
    /// An errno: ETIMEDOUT if there is no answer in time, or that of pthread_create(3).
    pub fn ask(&mut self, until: Instant) -> Result<&mut T, i32> {
        let answered: &mut dyn Any = self.thread.ask(until)?;
        let answered = answered.downcast_mut::<Asking<T>>();
        answered.map(|answered| &mut answered.asks).ok_or(libc::ETIMEDOUT)
    }
}

struct Thread {
    name: &'static str,
    post: Arc<Post>,
    /// `None` while the thread has it.
    idle: Option<Box<dyn Question>>,
    is_running: bool,
}

struct Post {
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    /// There is nothing to do, or the thread is at work.
    Empty,
    Asked(Box<dyn Question>, Instant),
    Answered(Box<dyn Question>),
    /// Nobody asks any more.
    Over,
}

impl Post {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    fn new(name: &'static str, idle: Box<dyn Question>) -> Thread {
        let post = Post { state: Mutex::new(State::Empty), changed: Condvar::new() };
        Thread { name, post: Arc::new(post), idle: Some(idle), is_running: false }
    }

    fn ask(&mut self, until: Instant) -> Result<&mut dyn Question, i32> {
        let mut state = self.post.lock();
        if let Some(late) = take_answer(&mut state) {
            self.idle = Some(late);
        }
        let Some(asks) = self.idle.take() else { return Err(libc::ETIMEDOUT) };
        *state = State::Asked(asks, until);
        drop(state);
        if !self.is_running {
            self.start()?;
        }
        self.post.changed.notify_all();
        self.idle = self.wait(until + GRACE);
        self.idle.as_deref_mut().ok_or(libc::ETIMEDOUT)
    }

    fn start(&mut self) -> Result<(), i32> {
        let post = Arc::clone(&self.post);
        let started = spawn_thread(self.name, STACK, Box::new(move || answer(&post)));
        if let Err(error) = started {
            if let State::Asked(asks, _) = std::mem::replace(&mut *self.post.lock(), State::Empty) {
                self.idle = Some(asks);
            }
            return Err(error.raw_os_error().unwrap_or(libc::EAGAIN));
        }
        self.is_running = true;
        Ok(())
    }

    fn wait(&self, until: Instant) -> Option<Box<dyn Question>> {
        let mut state = self.post.lock();
        loop {
            if let Some(answered) = take_answer(&mut state) {
                return Some(answered);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.post.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn take_answer(state: &mut State) -> Option<Box<dyn Question>> {
    match std::mem::replace(state, State::Empty) {
        State::Answered(answered) => Some(answered),
        other => {
            *state = other;
            None
        }
    }
}

/// The thread: takes questions until nobody asks any more.
fn answer(post: &Post) {
    let mut state = post.lock();
    loop {
        match std::mem::replace(&mut *state, State::Empty) {
            State::Asked(mut asks, until) => {
                drop(state);
                asks.ask(until);
                state = post.lock();
                if matches!(*state, State::Over) {
                    return;
                }
                *state = State::Answered(asks);
                post.changed.notify_all();
            }
            State::Over => return,
            other => {
                *state = other;
                state = post.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Drop for Thread {
    /// The thread ends on its own time.
    fn drop(&mut self) {
        *self.post.lock() = State::Over;
        self.post.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn what_asks_comes_back_with_the_answer() {
        let mut doubled = Background::new("test", 1, |n, _| *n *= 2);
        let answers: Vec<i32> = (0..10).map(|_| *doubled.ask(soon()).unwrap()).collect();
        assert_eq!(answers, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    }

    #[test]
    fn who_is_late_is_not_waited_for_again_and_goes_on_later() {
        let (go, wait): (Sender<()>, Receiver<()>) = channel();
        let (told, tells) = channel();
        let mut slow = Background::new("test", (wait, told), |(wait, told), _| {
            let _ = wait.recv();
            let _ = told.send(());
        });
        let first = slow.ask(Instant::now() + Duration::from_millis(20)).err();
        assert_eq!(first, Some(libc::ETIMEDOUT));
        assert_eq!(slow.ask(soon()).err(), Some(libc::ETIMEDOUT), "at once");
        go.send(()).unwrap();
        tells.recv().unwrap();
        go.send(()).unwrap();
        while slow.ask(soon()).is_err() {} // until the first answer is there
        drop(slow);
        assert!(tells.recv().is_ok());
        assert!(tells.recv().is_err(), "the thread has ended");
    }
}
