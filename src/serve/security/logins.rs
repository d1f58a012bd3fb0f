//! Users and their passwords. bcrypt takes a tenth of a second on purpose, so a worker checks passwords,
//! and the results are cached under a keyed hash: a scraper pays once.
//!
//! Good ones are cached separately, so that guesses do not evict valid logins.

use crate::base::sys::Ready;
use crate::base::text::words::quoted;
use crate::workers::{Hash, Queue, Results, Worker};
use ring::hmac::{Context, HMAC_SHA256, Key};
use ring::rand::SystemRandom;
use std::collections::VecDeque;
use std::hint::black_box;
use std::io;
use std::os::fd::AsFd;

/// The most users.
const MAX_USERS: usize = 1000;

/// Bytes of a name.
const MAX_NAME: usize = 256;

/// Passwords that wait for a check.
const MAX_WAITING: usize = 16;

/// Cached results of each kind, good and bad.
const MAX_CACHED: usize = 128;

/// The greatest cost that exporter-toolkit's own examples have: 16 seconds on a fast machine. Above 16 the first request
/// gets 503 and has to be repeated, as no scraper waits for so long.
const MAX_COST: u32 = 18;

/// The cache key of a name, a hash and a password.
type CacheKey = [u8; 32];

/// The result of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Name and password are right.
    Good,
    /// No such user, or another password.
    Bad,
    /// The check runs; `take` returns its number when it is done.
    Later(u64),
    /// Too many checks wait.
    Busy,
    /// Requests come more often than is allowed.
    Often,
}

struct Job {
    number: u64,
    hash: Hash,
    password: Vec<u8>,
}

/// A user.
struct User {
    name: String,
    /// The hash as written, which is part of the cache key.
    text: String,
    hash: Hash,
}

/// The users who may log in.
pub struct Logins {
    users: Vec<User>,
    /// As costly as the users' own, so that an unknown name takes the same time.
    decoy: Hash,
    secret: Key,
    good: VecDeque<CacheKey>,
    bad: VecDeque<CacheKey>,
    waiting: Vec<(u64, CacheKey, bool)>,
    next: u64,
    worker: Worker<Job>,
    results: Results<(u64, bool)>,
}

/// Parses names and hashes.
fn users(pairs: &[(String, String)]) -> io::Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    let refused = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    let wrong = |name: &str, what: &str| refused(["the user ", &quoted(name), what].concat());
    if pairs.len() > MAX_USERS {
        return refused(format!("more than {MAX_USERS} users"));
    }
    for (name, text) in pairs {
        let Some(hash) = Hash::parse(text) else {
            let what = ": expected a hash of bcrypt such as $2y$10$..., found something else; make one \
                        with htpasswd -nBC 10";
            return wrong(name, what);
        };
        if hash.cost() > MAX_COST {
            let what = " has a hash that costs more than 18, which takes minutes to check; \
                        make one with htpasswd -nBC 10";
            return wrong(name, what);
        }
        if name.len() > MAX_NAME {
            return wrong(name, " has a name of more than 256 bytes");
        }
        users.push(User { name: name.clone(), text: text.clone(), hash });
    }
    Ok(users)
}

impl Logins {
    /// Creates it for these names and hashes; starts the worker.
    ///
    /// # Errors
    ///
    /// A hash is not valid bcrypt, or the system has no resources for a thread.
    pub fn new(pairs: &[(String, String)]) -> io::Result<Logins> {
        let users = users(pairs)?;
        let secret = Key::generate(HMAC_SHA256, &SystemRandom::new());
        let secret = secret.map_err(|_| io::Error::other("the kernel gives no random numbers"))?;
        let results = Results::new(MAX_WAITING)?;
        let slot = results.slot();
        let worker = Worker::start("logins", MAX_WAITING, move |jobs: &Queue<Job>| {
            while let Some(Job { number, hash, password }) = jobs.next() {
                if !slot.send((number, hash.is_of(&password))) {
                    return;
                }
            }
        })?;
        Ok(Logins {
            decoy: decoy(&users),
            users,
            secret,
            good: VecDeque::new(),
            bad: VecDeque::new(),
            waiting: Vec::new(),
            next: 0,
            worker,
            results,
        })
    }

    /// Replaces the users; cached results stay for users who did not change.
    ///
    /// # Errors
    ///
    /// A hash is not valid bcrypt; nothing is changed.
    pub fn replace(&mut self, pairs: &[(String, String)]) -> io::Result<()> {
        self.users = users(pairs)?;
        self.decoy = decoy(&self.users);
        Ok(())
    }

    /// Checks a name and a password.
    pub fn judge(&mut self, name: &[u8], password: &[u8]) -> Verdict {
        let user = self.users.iter().find(|user| user.name.as_bytes() == name);
        let (text, hash) = user.map_or(("", &self.decoy), |user| (&*user.text, &user.hash));
        let key = cache_key(&self.secret, [name, text.as_bytes(), password]);
        if user.is_some() && has(&self.good, &key) {
            return Verdict::Good;
        }
        if has(&self.bad, &key) {
            return Verdict::Bad;
        }
        if let Some((number, ..)) = self.waiting.iter().find(|(_, known, _)| is_same(known, &key)) {
            return Verdict::Later(*number);
        }
        let number = self.next;
        let job = Job { number, hash: hash.clone(), password: password.to_vec() };
        if self.waiting.len() >= MAX_WAITING || self.worker.try_send(job).is_err() {
            return Verdict::Busy;
        }
        self.next += 1;
        self.waiting.push((number, key, user.is_some()));
        Verdict::Later(number)
    }

    /// The number of the next finished check.
    pub fn take(&mut self) -> Option<u64> {
        // No check is pending: this saves a system call.
        if self.waiting.is_empty() {
            return None;
        }
        let (number, is_good) = self.results.take()?;
        if let Some(at) = self.waiting.iter().position(|(known, ..)| *known == number) {
            let (_, key, is_user) = self.waiting.swap_remove(at);
            let list = if is_good && is_user { &mut self.good } else { &mut self.bad };
            if list.len() >= MAX_CACHED {
                list.pop_front();
            }
            list.push_back(key);
        }
        Some(number)
    }

    /// Adds the descriptor that wakes the serving thread.
    pub fn wait_on(&self, ready: &mut Vec<Ready>) {
        if !self.waiting.is_empty() {
            ready.push(Ready::wait(self.results.as_fd(), true, false));
        }
    }
}

fn decoy(users: &[User]) -> Hash {
    Hash::decoy(users.iter().map(|user| user.hash.cost()).max().unwrap_or(10))
}

fn cache_key(secret: &Key, parts: [&[u8]; 3]) -> CacheKey {
    let mut context = Context::with_key(secret);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let mut key = [0; 32];
    key.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    key
}

/// All are compared completely, in constant time.
fn has(list: &VecDeque<CacheKey>, key: &CacheKey) -> bool {
    list.iter().fold(false, |any, known| any | is_same(known, key))
}

fn is_same(a: &CacheKey, b: &CacheKey) -> bool {
    black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

#[cfg(test)]
mod tests;
