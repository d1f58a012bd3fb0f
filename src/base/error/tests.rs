//! The texts of errors.

use super::*;

#[test]
fn an_error_has_the_file_the_expectation_and_the_finding() {
    let text = |error: Error| error.to_string();
    let error = Error::parse("/proc/stat", "ten integers", b"cpu0 1 2 x\xff");
    assert_eq!(text(error), "/proc/stat: expected ten integers, found \"cpu0 1 2 x\\xff\"");
    let whole = text(Error::parse("/proc/stat", "a short line", &[b'a'; 24]));
    assert!(whole.ends_with("aaaa\""), "{whole}");
    let long = text(Error::parse("/proc/stat", "a short line", &[b'a'; 999]));
    assert!(long.ends_with("aaaa…\""), "{long}");
    let below = Place::below("/sys/class/hwmon", b"hwmon3/temp1_input");
    let error = text(Error::Read(below.into(), libc::ENODATA));
    assert!(error.starts_with("/sys/class/hwmon/hwmon3/temp1_input: No data"));
    assert_eq!(Place::below("/sys", &[b'x'; 99]).name().len(), 48);
    assert!(text(Error::Read("/proc/stat".into(), libc::EIO)).contains("os error 5"));
    assert_eq!(text(Error::too_large("/proc/stat", 9)), "/proc/stat: more than 9 bytes");
}

#[test]
fn an_error_never_shows_the_details_of_another() {
    let first = Error::Read("/first".into(), libc::EIO);
    for n in 1..=3 * MAX_DETAILS {
        let error = Error::parse(Place::below("/sys", n.to_string().as_bytes()), "x", b"y");
        assert_eq!(error.keep().to_string(), format!("/sys/{n}: expected x, found \"y\""));
        let place = first.keep().place();
        let expected = if n < MAX_DETAILS { "/first" } else { FORGOTTEN.place.base() };
        assert_eq!((place.base(), first.errno()), (expected, libc::EIO), "{n}");
    }
}

#[test]
fn what_is_kept_lasts() {
    let kept = Error::parse("/first", "a number", &[b'x'; 99]).keep();
    (0..99).for_each(|_| _ = Error::Absent("/other".into()));
    assert_eq!(kept.error().keep(), kept);
    let elsewhere = std::thread::spawn(move || kept.error().keep()).join().unwrap();
    assert_eq!(elsewhere, kept);
}
