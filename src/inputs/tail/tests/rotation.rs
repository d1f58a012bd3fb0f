//! Rotation by rename, files beside a log, and last lines without an end.

use super::copies::{copy, empty};
use super::{LONG, Place, SECOND};
use std::fs::{self, File};

#[test]
fn rotation_by_rename_loses_nothing_and_counts_nothing_twice() {
    for glob in ["web.log", "web.log*"] {
        let mut place = Place::new(glob).started();
        assert_eq!(place.lines(), 0.0, "it is there from the start");
        place.append("web.log", "one\ntwo\n");
        place.step();
        assert_eq!(place.lines(), 2.0);
        place.append("web.log", "three\n");
        place.rename("web.log", "web.log.1");
        place.append("web.log.1", "four\n");
        place.append("web.log", "five\n");
        place.step();
        assert_eq!(place.lines(), 5.0, "{glob}");
        // The writer has not reopened it yet, and ends within a line.
        place.append("web.log.1", "six\nseven");
        place.step();
        assert_eq!(place.lines(), 6.0);
        assert_eq!(place.count("files"), 2.0);
        // It writes elsewhere now, so that the last line counts as it is, and what is left of it does not.
        (0..3).for_each(|_| place.step());
        assert_eq!(place.lines(), 7.0, "{glob}");
        place.append("web.log.1", " and a half\n");
        (0..LONG).for_each(|_| place.step());
        let files = if glob == "web.log" { 1.0 } else { 2.0 };
        assert_eq!((place.count("files"), place.lines()), (files, 7.0), "{glob}");
        place.rename("web.log", "web.log.2");
        place.append("web.log", "eight\n");
        fs::remove_file(place.path("web.log.1")).unwrap();
        (0..LONG).for_each(|_| place.step());
        assert_eq!(place.lines(), 8.0, "{glob}");
        assert_eq!(place.count("read_bytes_total"), 51.0);
        assert_eq!(place.count("rotations_missed_total"), 0.0);
    }
}

#[test]
fn foreign_files_beside_a_log_are_not_read() {
    let place = Place::new("web.log");
    place.append("web.log.1", "old\n");
    place.append("web.log.2", "older\n");
    let mut place = place.started();
    for (name, text) in [
        ("web.log.err", "a\nb\n"),
        ("web.log.7", "c\nd\n"),
        ("web-x.log", "e\n"),
        ("web.log.1", "f\n"),
    ] {
        place.append(name, text);
    }
    place.append("web.log", "one\n");
    (0..3).for_each(|_| place.step());
    place.append("web.log.err", "more\n");
    fs::create_dir(place.path("web.log.8")).unwrap();
    // A copy of which nothing is missing, twice.
    copy(&place, "web.log", "web.log.9");
    copy(&place, "web.log", "web.log.bak");
    place.step();
    empty(&place, "web.log");
    (0..3).for_each(|_| place.step());
    place.append("web.log", "two\n");
    (0..2 * LONG).for_each(|_| place.step());
    // Back where it was read.
    place.append("web.log.bak", "no\n");
    (0..2 * LONG).for_each(|_| place.step());
    // web.log.7 came with the file itself, so that it could have been it.
    assert_eq!(place.count("rotations_missed_total"), 0.0);
    assert_eq!((place.lines(), place.count("files")), (4.0, 1.0));
}

#[test]
fn a_file_that_was_the_log_unseen_is_read_and_counted() {
    for restarts in [false, true] {
        let mut place = Place::new("web.log").started();
        place.append("web.log", "one\n");
        place.step();
        place.tails.finish(&mut place.store);
        place.append("web.log", "two\n");
        std::thread::sleep(std::time::Duration::from_millis(20));
        place.rename("web.log", "web.log.1");
        place.append("web.log", "three\nfour\n");
        place.rename("web.log.1", "web.log.2");
        place.rename("web.log", "web.log.1");
        place.append("web.log", "five\n");
        if restarts {
            place.killed();
        }
        (0..2 * LONG).for_each(|_| place.step());
        assert_eq!(place.count("rotations_missed_total"), 1.0, "{restarts}");
        assert_eq!(place.lines(), if restarts { 4.0 } else { 5.0 });
        assert_eq!(place.value("sysmetrics_tail_errors_total{reason=\"missed\"}"), Some(1.0));
        // Each once.
        place.rename("web.log.2", "web.log.3");
        place.rename("web.log.1", "web.log.2");
        place.rename("web.log", "web.log.1");
        place.append("web.log", "six\n");
        (0..2 * LONG).for_each(|_| place.step());
        assert_eq!(place.count("rotations_missed_total"), 1.0);
        assert_eq!(place.lines(), if restarts { 5.0 } else { 6.0 });
    }
}

#[test]
fn a_log_that_was_compressed_unseen_is_counted() {
    let mut place = Place::new("web.log").started();
    place.append("web.log", "one\n");
    place.step();
    place.rename("web.log", "web.log.2");
    // It was web.log for a while; that was seconds later.
    place.append("web.log.1.gz", b"\x1f\x8b\x08 anything\n");
    let later = fs::metadata(place.path("web.log.2")).unwrap().modified().unwrap()
        + std::time::Duration::from_secs(2);
    File::options()
        .append(true)
        .open(place.path("web.log.1.gz"))
        .unwrap()
        .set_modified(later)
        .unwrap();
    place.append("web.log", "two\n");
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("rotations_missed_total")), (2.0, 1.0));
    // What was seen is compressed: nothing was missed.
    let was = fs::metadata(place.path("web.log.2")).unwrap().modified().unwrap();
    fs::remove_file(place.path("web.log.2")).unwrap();
    place.rename("web.log", "web.log.1");
    place.append("web.log.2.gz", b"\x1f\x8b\x08 anything\n");
    File::options()
        .append(true)
        .open(place.path("web.log.2.gz"))
        .unwrap()
        .set_modified(was)
        .unwrap();
    place.append("web.log", "three\n");
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("rotations_missed_total")), (3.0, 1.0));
}

/// A log that is written until it is rotated and compressed, all between two checks.
#[test]
fn a_log_that_is_compressed_at_once_was_seen() {
    let mut place = Place::new("web.log").started();
    place.append("web.log", "one\n");
    place.step();
    place.append("web.log", "two\n");
    let later = std::time::SystemTime::now() + 3 * SECOND;
    let set = |place: &Place, name: &str| {
        let file = File::options().append(true).open(place.path(name)).unwrap();
        file.set_modified(later).unwrap();
    };
    set(&place, "web.log");
    fs::remove_file(place.path("web.log")).unwrap();
    place.append("web.log.1.gz", b"\x1f\x8b\x08 anything\n");
    set(&place, "web.log.1.gz");
    place.append("web.log", "three\n");
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("rotations_missed_total")), (3.0, 0.0));
}

/// A large file is compressed for seconds, and gets its time at the end.
#[test]
fn a_log_that_is_being_compressed_was_seen() {
    let mut place = Place::new("web.log").started();
    place.append("web.log", "one\n");
    place.step();
    place.rename("web.log", "web.log.1");
    place.append("web.log", "two\n");
    let was = fs::metadata(place.path("web.log.1")).unwrap().modified().unwrap();
    let set = |place: &Place, time: std::time::SystemTime| {
        let file = File::options().append(true).open(place.path("web.log.1.gz")).unwrap();
        file.set_modified(time).unwrap();
    };
    for (at, part) in [&b""[..], b"\x1f\x8b\x08 any", b"thing\n"].into_iter().enumerate() {
        place.append("web.log.1.gz", part);
        set(&place, was + (at as u32 + 3) * SECOND);
        place.step();
    }
    set(&place, was);
    fs::remove_file(place.path("web.log.1")).unwrap();
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("rotations_missed_total")), (2.0, 0.0));
}

#[test]
fn compressed_files_are_no_lines() {
    let packed: [(&str, &[u8]); 4] = [
        ("web.log.1.gz", b"\x1f\x8b\x08\0"),
        ("web.log.2.xz", b"\xfd7zXZ\0\0"),
        ("web.log.3.zst", b"\x28\xb5\x2f\xfd"),
        ("web.log.4.bz2", b"BZh91AY&SY"),
    ];
    for is_later in [false, true] {
        for from_start in [false, true] {
            let place = Place::with("web.log*", from_start);
            let write = |place: &Place| {
                for (name, magic) in packed {
                    place.append(name, [magic, b"one\ntwo\n"].concat());
                    // Whatever it is called.
                    place.append(&format!("web.log-{name}-x"), [magic, b"one\ntwo\n"].concat());
                }
            };
            if !is_later {
                write(&place);
            }
            let mut place = place.started();
            if is_later {
                write(&place);
                // One that is empty at first.
                place.append("web.log.9", "");
                place.step();
                place.append("web.log.9", b"\x1f\x8b\x08\n\n\n");
            }
            place.append("web.log", "BZh is no magic number\n");
            (0..3).for_each(|_| place.step());
            for (name, _) in packed {
                place.append(name, "more\nand more\n");
            }
            (0..LONG).for_each(|_| place.step());
            place.tails.finish(&mut place.store);
            assert_eq!(place.lines(), 1.0, "{is_later} {from_start}");
            place.killed();
            (0..LONG).for_each(|_| place.step());
            assert_eq!(place.lines(), 0.0, "{is_later} {from_start}");
        }
    }
}

#[test]
fn a_last_line_counts_once() {
    // Of a copy, too.
    for glob in ["web.log", "web.log*"] {
        let mut place = Place::new(glob).started();
        place.append("web.log", "one\nand th");
        place.step();
        copy(&place, "web.log", "web.log.1");
        empty(&place, "web.log");
        (0..LONG).for_each(|_| place.step());
        let lines = place.lines();
        place.append("web.log", "two\n");
        (0..LONG).for_each(|_| place.step());
        assert_eq!(place.lines(), 3.0, "{glob} {lines}");
    }
    // A writer that only pauses has not moved on.
    let mut place = Place::new("web.log*").started();
    place.append("web.log", "one\n");
    place.append("web.log.1", "tw");
    place.append("web.logs", "thr");
    place.rename("web.log", "web.log.2");
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!(place.lines(), 1.0);
    place.append("web.log.1", "o\n");
    place.append("web.logs", "ee\n");
    place.step();
    assert_eq!(place.lines(), 3.0);
    // Over a restart.
    place.append("web.log.2", "four");
    place.step();
    place.tails.finish(&mut place.store);
    place.append("web.log", "five\n");
    place.killed();
    (0..LONG).for_each(|_| place.step());
    assert_eq!(place.lines(), 2.0);
}
