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
fn a_password_is_checked_once_and_then_cached() {
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
            panic!("{name} is cached before it was checked");
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
fn guesses_are_bounded_and_evict_no_valid_login() {
    let mut logins = Logins::new(&[pair("ann", FIRST)]).unwrap();
    logins.judge(b"ann", b"first");
    wait(&mut logins);
    let mut busy = 0;
    for guess in 0..4 * MAX_CACHED {
        match logins.judge(b"ann", guess.to_string().as_bytes()) {
            Verdict::Later(_) => {}
            Verdict::Busy => {
                busy += 1;
                wait(&mut logins);
            }
            other => panic!("{other:?}"),
        }
        assert!(logins.waiting.len() <= MAX_WAITING && logins.bad.len() <= MAX_CACHED);
        assert_eq!(logins.judge(b"ann", b"first"), Verdict::Good);
    }
    assert!(busy > MAX_CACHED, "{busy}");
}

#[test]
fn invalid_users_are_refused_with_advice() {
    for (hash, part) in [("secret", "htpasswd"), (&FIRST.replace("04", "19"), "more than 18")] {
        let error = Logins::new(&[pair("ann", hash)]).err().unwrap().to_string();
        assert!(error.contains(part) && error.contains("\"ann\""), "{error}");
        assert!(!error.contains(hash), "{error}");
    }
    assert!(Logins::new(&[pair("bob", &FIRST.replace("04", "18"))]).is_ok());
}
