use super::*;
use std::os::unix::fs::symlink;
use std::sync::mpsc::channel;
use std::{fs, thread};

#[test]
fn a_file_of_the_same_lines_ends_with_the_last_of_them() {
    let path = std::env::temp_dir().join(format!("sysmetrics-same-{}", std::process::id()));
    let mut source = Source::new("/proc/x", path.clone(), Shape::SameRecords);
    let mut buf = Vec::new();
    for (text, last) in
        [("a 1\nbc 2\n", "bc"), ("a 10\nbc 20\n", "bc"), ("a 1\nbc 3\nd 4\n", "d"), ("", "")]
    {
        fs::write(&path, text).unwrap();
        assert_eq!(source.fill(&mut buf), Ok(text.len()));
        assert_eq!((&buf[..text.len()], &*source.last), (text.as_bytes(), last.as_bytes()));
    }
    assert_eq!(last_word(b"a 1\nbc 2"), None, "a line that is not whole");
    fs::remove_file(&path).unwrap();
}

#[test]
fn no_more_is_read_than_is_wanted() {
    let path = std::env::temp_dir().join(format!("sysmetrics-until-{}", std::process::id()));
    let mut source = Source::new("/proc/x", path.clone(), Shape::SameRecords);
    let mut buf = Vec::new();
    let rest: String = (0..2000).map(|n| format!("key{n} {n}\n")).collect();
    let wanted = "aa 1\nb 2\n";
    let mut read = |head: &str, until| {
        fs::write(&path, [head, &rest].concat()).unwrap();
        let length = source.fill(&mut buf).unwrap();
        source.wants_until(&buf[..length], until);
        (length, buf[..length].starts_with(head.as_bytes()))
    };
    assert_eq!(read(wanted, wanted.len()), (wanted.len() + rest.len(), true));
    let longer = format!("aa 1{}\nb {}\n", "0".repeat(30), "2".repeat(30));
    for head in [wanted, "aa 111\nb 222\n", &longer, wanted] {
        assert_eq!(read(head, head.len()), (head.len(), true), "{head}");
    }
    assert_eq!(read("other 1\n", 0), ("other 1\n".len() + rest.len(), true), "other lines");
    assert_eq!(read(wanted, 0), (wanted.len() + rest.len(), true));
    fs::remove_file(&path).unwrap();
}

#[test]
fn a_parameter_is_read_whole_however_long_it_is() {
    let path = std::env::temp_dir().join(format!("sysmetrics-parameter-{}", std::process::id()));
    let mut source = Source::new("/proc/sys/x", path.clone(), Shape::Whole);
    let mut buf = Vec::new();
    for length in [0, 1, PARAMETER - 1, PARAMETER, PARAMETER + 1, 2 * PARAMETER, 3 * PAGE] {
        let text = "x".repeat(length);
        fs::write(&path, &text).unwrap();
        assert_eq!(source.fill(&mut buf), Ok(length));
        assert_eq!(&buf[..length], text.as_bytes());
    }
    fs::remove_file(&path).unwrap();
    // The kernel returns a number only from its beginning: a second read would give nothing.
    let real = PathBuf::from("/proc/sys/kernel/random/boot_id");
    let mut source = Source::new("/proc/sys/kernel/random/boot_id", real, Shape::Whole);
    assert_eq!(source.fill(&mut buf), Ok(37));
}

#[test]
fn a_kept_file_that_fails_is_opened_anew() {
    let link = std::env::temp_dir().join(format!("sysmetrics-source-{}", std::process::id()));
    let (sender, receiver) = channel();
    let (end, ended) = channel::<()>();
    let other = thread::spawn(move || {
        sender.send(fs::read_link("/proc/thread-self").unwrap()).unwrap();
        ended.recv().unwrap_err();
    });
    symlink(PathBuf::from("/proc").join(receiver.recv().unwrap()).join("stat"), &link).unwrap();
    let mut source = Source::new("/proc/x", link.clone(), Shape::Whole);
    let mut buf = Vec::new();
    assert!(source.fill(&mut buf).is_ok());
    drop(end);
    other.join().unwrap();
    let gone = (0..1000).find(|_| {
        thread::sleep(std::time::Duration::from_millis(5));
        source.fill_from_kept(&mut buf).is_err()
    });
    assert!(gone.is_some(), "the file of a thread that ended fails");
    fs::remove_file(&link).unwrap();
    fs::write(&link, "new\n").unwrap();
    assert_eq!(source.fill(&mut buf), Ok(4));
    assert_eq!(buf[..4], *b"new\n");
    fs::remove_file(&link).unwrap();
}
