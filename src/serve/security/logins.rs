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
const WAITING: usize = 16;

/// Cached results of each kind, good and bad.
const REMEMBERED: usize = 128;

/// The greatest cost that exporter-toolkit's own examples have: 16 seconds on a fast machine. Above 16 the first request
/// is told to come again, as no scraper waits for so long.
const MAX_COST: u32 = 18;

/// The cache key of a name and a password.
type Mark = [u8; 32];

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
    key: Key,
    good: VecDeque<Mark>,
    bad: VecDeque<Mark>,
    waiting: Vec<(u64, Mark, bool)>,
    next: u64,
    worker: Worker<Job>,
    results: Results<(u64, bool)>,
}

/// Parses names and hashes.
fn users(said: &[(String, String)]) -> io::Result<Vec<User>> {
    let mut users: Vec<User> = Vec::new();
    let wrong =
        |name: &str, what: &str| Err(io::Error::other(["the user ", &quoted(name), what].concat()));
    if said.len() > MAX_USERS {
        return Err(io::Error::other(format!("more than {MAX_USERS} users")));
    }
    for (name, text) in said {
        let Some(hash) = Hash::parse(text) else {
            let what = ": expected a hash of bcrypt such as $2y$10$..., found something else; make one \
                        with htpasswd -nBC 10";
            return wrong(name, what);
        };
        if hash.cost() > MAX_COST {
            let what = " has a hash that costs more than 18, which takes minutes to look at; \
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
    pub fn new(said: &[(String, String)]) -> io::Result<Logins> {
        let users = users(said)?;
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new());
        let key = key.map_err(|_| io::Error::other("the kernel gives no random numbers"))?;
        let results = Results::new(WAITING)?;
        let slot = results.slot();
        let worker = Worker::start("logins", WAITING, move |jobs: &Queue<Job>| {
            while let Some(Job { number, hash, password }) = jobs.next() {
                if !slot.send((number, hash.is_of(&password))) {
                    return;
                }
            }
        })?;
        Ok(Logins {
            decoy: decoy(&users),
            users,
            key,
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
    pub fn replace(&mut self, said: &[(String, String)]) -> io::Result<()> {
        self.users = users(said)?;
        self.decoy = decoy(&self.users);
        Ok(())
    }

    /// Checks a name and a password.
    pub fn judge(&mut self, name: &[u8], password: &[u8]) -> Verdict {
        let user = self.users.iter().find(|user| user.name.as_bytes() == name);
        let (text, hash) = user.map_or(("", &self.decoy), |user| (&*user.text, &user.hash));
        let mark = mark(&self.key, [name, text.as_bytes(), password]);
        if user.is_some() && has(&self.good, &mark) {
            return Verdict::Good;
        }
        if has(&self.bad, &mark) {
            return Verdict::Bad;
        }
        if let Some((number, ..)) = self.waiting.iter().find(|(_, known, _)| is_same(known, &mark))
        {
            return Verdict::Later(*number);
        }
        let number = self.next;
        let job = Job { number, hash: hash.clone(), password: password.to_vec() };
        if self.waiting.len() >= WAITING || self.worker.try_send(job).is_err() {
            return Verdict::Busy;
        }
        self.next += 1;
        self.waiting.push((number, mark, user.is_some()));
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
            let (_, mark, is_user) = self.waiting.swap_remove(at);
            let list = if is_good && is_user { &mut self.good } else { &mut self.bad };
            if list.len() >= REMEMBERED {
                list.pop_front();
            }
            list.push_back(mark);
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

fn mark(key: &Key, parts: [&[u8]; 3]) -> Mark {
    let mut context = Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let mut mark = [0; 32];
    mark.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    mark
}

/// All are compared completely, in constant time.
fn has(list: &VecDeque<Mark>, mark: &Mark) -> bool {
    list.iter().fold(false, |any, known| any | is_same(known, mark))
}

fn is_same(a: &Mark, b: &Mark) -> bool {
    black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sys::poll;

    /// The hashes of the passwords "first" and "U*U".
    const FIRST: &str = "$2y$04$abcdefghijklmnopqrstuuvybHXQqehXl2NdtAhT6BAmwe6EZ8HOi";
    const SECOND: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

    fn pair(name: &str, hash: &str) -> (String, String) {
        (name.to_owned(), hash.to_owned())
    }

    /// Waits for one check; returns its number.
    fn wait(logins: &mut Logins) -> u64 {
        loop {
            let mut ready = Vec::new();
            logins.wait_on(&mut ready);
            assert_eq!(ready.len(), 1);
            poll(&mut ready, None).unwrap();
            if let Some(number) = logins.take() {
                return number;
            }
        }
    }

    #[test]
    fn a_password_is_looked_at_once_and_then_known() {
        let mut logins = Logins::new(&[pair("ann", FIRST), pair("bob", SECOND)]).unwrap();
        for (name, password, verdict) in [
            ("ann", "first", Verdict::Good),
            ("bob", "U*U", Verdict::Good),
            ("ann", "U*U", Verdict::Bad),
            ("bob", "first", Verdict::Bad),
            ("eve", "first", Verdict::Bad),
            ("", "", Verdict::Bad),
        ] {
            let Verdict::Later(number) = logins.judge(name.as_bytes(), password.as_bytes()) else {
                panic!("{name} is known before it was looked at");
            };
            // An equal request meanwhile waits for the same check.
            let again = logins.judge(name.as_bytes(), password.as_bytes());
            assert_eq!(again, Verdict::Later(number));
            assert_eq!(wait(&mut logins), number);
            assert_eq!(logins.judge(name.as_bytes(), password.as_bytes()), verdict, "{name}");
        }
        assert_eq!(logins.take(), None);
        // A cache key depends on one name, one hash and one password.
        logins.replace(&[pair("ann", SECOND), pair("annf", FIRST)]).unwrap();
        assert!(matches!(logins.judge(b"ann", b"first"), Verdict::Later(_)));
        assert!(matches!(logins.judge(b"annf", b"irst"), Verdict::Later(_)));
        assert!(matches!(logins.judge(b"bob", b"U*U"), Verdict::Later(_)), "no user any more");
    }

    #[test]
    fn guesses_are_bounded_and_push_nobody_out() {
        let mut logins = Logins::new(&[pair("ann", FIRST)]).unwrap();
        logins.judge(b"ann", b"first");
        wait(&mut logins);
        let mut busy = 0;
        for guess in 0..4 * REMEMBERED {
            match logins.judge(b"ann", guess.to_string().as_bytes()) {
                Verdict::Later(_) => {}
                Verdict::Busy => {
                    busy += 1;
                    wait(&mut logins);
                }
                other => panic!("{other:?}"),
            }
            assert!(logins.waiting.len() <= WAITING && logins.bad.len() <= REMEMBERED);
            assert_eq!(logins.judge(b"ann", b"first"), Verdict::Good);
        }
        assert!(busy > REMEMBERED, "{busy}");
    }

    #[test]
    fn what_cannot_be_a_user_is_refused_with_what_to_do() {
        for (hash, part) in [("secret", "htpasswd"), (&FIRST.replace("04", "19"), "more than 18")] {
            let error = Logins::new(&[pair("ann", hash)]).err().unwrap().to_string();
            assert!(error.contains(part) && error.contains("\"ann\""), "{error}");
            assert!(!error.contains(hash), "{error}");
        }
        assert!(Logins::new(&[pair("bob", &FIRST.replace("04", "18"))]).is_ok());
    }
}
