//! Rotations that leave files which no path names, holes, and last lines without an end.

use super::{LONG, Place, SECOND};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

fn copy(place: &Place, from: &str, to: &str) {
    fs::copy(place.path(from), place.path(to)).unwrap();
}

fn empty(place: &Place, name: &str) {
    OpenOptions::new().write(true).open(place.path(name)).unwrap().set_len(0).unwrap();
}

#[test]
fn a_copy_that_no_path_names_has_the_rest() {
    for to in ["web.log.1", "web.log-20261128", "web-20261128.log", "web.log.bak"] {
        // Whether it is seen before the file is emptied makes no difference.
        for (looks_between, is_open) in [(false, true), (true, true), (false, false)] {
            let mut place = Place::new("web.log").started();
            place.append("web.log", "one\ntwo\n");
            place.step();
            place.append("web.log", "three\nfour\n");
            copy(&place, "web.log", to);
            if looks_between {
                place.append("other", ""); // the copy alone tells nothing
                place.step();
            }
            empty(&place, "web.log");
            if !is_open {
                place.tails.files_mut().for_each(|file| file.close());
            }
            place.append("web.log", "five is longer than all that was before\n");
            (0..3).for_each(|_| place.step());
            assert_eq!(place.lines(), 5.0, "{to} {looks_between} {is_open}");
            (0..2 * LONG).for_each(|_| place.step());
            assert_eq!((place.lines(), place.count("files")), (5.0, 1.0), "{to}");
            assert_eq!(place.count("rotations_missed_total"), 0.0);
        }
    }
}

/// Nobody waits for the next look at all files.
#[test]
fn a_copy_is_looked_for_at_once() {
    let mut place = Place::new("web.log");
    place.settings.poll_interval = 1000 * SECOND;
    let mut place = place.started();
    place.append("web.log", "one\n");
    place.look_at_events();
    copy(&place, "web.log", "web.log.9");
    place.look_at_events();
    fs::remove_file(place.path("web.log.9")).unwrap();
    place.append("web.log", "two\n");
    place.rename("web.log", "other");
    copy(&place, "other", "web.log.1");
    place.rename("other", "web.log");
    empty(&place, "web.log");
    place.look_at_events();
    assert_eq!(place.lines(), 2.0);
}

#[test]
fn a_copy_has_the_rest_over_a_restart() {
    let mut place = Place::with("web.log", false).started();
    place.append("web.log.3", "old\n");
    place.append("web.log", "one\ntwo\n");
    place.step();
    place.tails.finish(&mut place.store);
    place.append("web.log", "three\n");
    copy(&place, "web.log", "web.log.1");
    empty(&place, "web.log");
    place.append("web.log", "four\nfive\n");
    place.killed();
    (0..3).for_each(|_| place.step());
    assert_eq!(place.lines(), 3.0);
    (0..2 * LONG).for_each(|_| place.step());
    place.tails.finish(&mut place.store);
    place.killed();
    (0..3).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (0.0, 1.0));
}

/// As logrotate does it with five that it keeps, more often than anybody looks.
#[test]
fn many_copies_between_few_looks_lose_nothing() {
    for (path, looks) in
        [("web.log", 1), ("web.log", 2), ("web.log", 3), ("*.log", 2), ("web.log*", 1)]
    {
        let mut place = Place::new(path).started();
        let mut written = 0;
        for round in 0..60 {
            for _ in 0..round % 7 {
                place.append("web.log", format!("{written} and so on\n"));
                written += 1;
            }
            if round % (looks + 1) != 0 || round % 5 == 0 {
                place.step();
            }
            place.append("web.log", format!("{written} the last\n"));
            written += 1;
            // Files keep the time of their last change; each round has its own.
            std::thread::sleep(std::time::Duration::from_millis(5));
            for n in (1..5).rev() {
                let _ = fs::rename(
                    place.path(&format!("web.log.{n}")),
                    place.path(&format!("web.log.{}", n + 1)),
                );
            }
            copy(&place, "web.log", "web.log.1");
            empty(&place, "web.log");
            if round % looks == 0 {
                place.step();
            }
        }
        (0..LONG).for_each(|_| place.step());
        assert_eq!(place.lines(), f64::from(written), "{path} {looks}");
        let has_missed = place.count("rotations_missed_total") > 0.0;
        assert_eq!(has_missed, looks > 1, "{path} {looks}");
    }
}

#[test]
fn what_lies_beside_is_not_read_if_it_is_somebody_elses() {
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
fn what_was_the_file_unseen_is_read_and_told() {
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
fn what_was_compressed_unseen_is_told() {
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

/// A log that is written until it is rotated and compressed, all between two looks.
#[test]
fn what_is_compressed_at_once_was_seen() {
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
fn what_is_being_compressed_was_seen() {
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

/// A writer without O_APPEND goes on where it was when its file is emptied.
struct Writer {
    file: File,
    at: u64,
}

impl Writer {
    fn new(place: &Place, name: &str) -> Writer {
        Writer { file: File::create(place.path(name)).unwrap(), at: 0 }
    }

    fn write(&mut self, text: &str) {
        self.file.write_all_at(text.as_bytes(), self.at).unwrap();
        self.at += text.len() as u64;
    }
}

#[test]
fn a_hole_costs_nothing_but_itself() {
    for size in [5, 100, 5000, 70_000, 1 << 20, 5 << 30] {
        for looks_between in [false, true] {
            let mut place = Place::new("web.log").started();
            place.logs[0].rules.push(super::tests::rule("starts_total", "^line", &[]));
            place.apply();
            let mut writer = Writer::new(&place, "web.log");
            writer.write("line one\n");
            place.step();
            // Its last line had no end: that comes behind the hole, as a line of its own.
            for round in 1..4u32 {
                let from = writer.at;
                writer.at = from.max(size);
                if writer.at > from {
                    place.step();
                }
                writer.file.set_len(0).unwrap();
                if looks_between {
                    place.step();
                }
                writer.write("line two\nline three\n");
                place.step();
                let expected = f64::from(1 + 2 * round);
                assert_eq!(place.lines(), expected, "{size} {looks_between} {round}");
                assert_eq!(place.value("starts_total"), Some(expected));
                writer.write("line f");
                place.step();
                assert_eq!(place.lines(), expected);
                writer.at -= 6;
            }
            assert_eq!(place.count("lines_cut_total"), 0.0);
            assert_eq!(place.count("truncations_total"), 3.0);
            let read = place.count("read_bytes_total");
            assert!(read < 500_000.0, "{read}");
        }
    }
}

/// As logrotate copies what is sparse: a hole at the start stays one.
fn sparse_copy(from: &Path, to: &Path) {
    let bytes = fs::read(from).unwrap();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap();
    File::create(to).unwrap().write_all_at(&bytes[start..], start as u64).unwrap();
}

/// The rest of what was emptied under such a writer is in the copy, at its place.
#[test]
fn a_copy_with_a_hole_has_the_rest() {
    let mut place = Place::new("web.log").started();
    let mut writer = Writer::new(&place, "web.log");
    let mut lines = 0;
    for round in 0..5 {
        for _ in 0..300 {
            writer.write("a line of no great length\n");
            lines += 1;
        }
        writer.write(&format!("line {round}\n"));
        lines += 1;
        place.step();
        writer.write("unread\n");
        lines += 1;
        std::thread::sleep(std::time::Duration::from_millis(5));
        let to = place.path(&format!("web.log.{}", 9 - round));
        sparse_copy(&place.path("web.log"), &to);
        assert_eq!(fs::metadata(&to).unwrap().size(), writer.at);
        writer.file.set_len(0).unwrap();
        writer.write("behind the hole\n");
        lines += 1;
        (0..2).for_each(|_| place.step());
        assert_eq!(place.lines(), f64::from(lines), "{round}");
    }
    assert_eq!(place.count("rotations_missed_total"), 0.0);
}

#[test]
fn space_that_is_kept_for_lines_is_none_yet() {
    let mut place = Place::new("web.log").started();
    let mut writer = Writer::new(&place, "web.log");
    writer.write("one\n");
    writer.file.set_len(10 << 20).unwrap();
    (0..3).for_each(|_| place.step());
    writer.write("two\n");
    place.step();
    assert_eq!((place.lines(), place.count("lines_cut_total")), (2.0, 0.0));
    // Zero bytes that were written, as a power failure leaves them.
    place.append("other.log", "");
    place.append("web.log.x", [vec![0; 200_000], b"one\n".to_vec()].concat());
    place.rename("web.log.x", "web.log");
    place.step();
    assert_eq!((place.lines(), place.count("lines_cut_total")), (3.0, 0.0));
    place.append("web.log", [b"par", &[0; 5000][..], b"two\n"].concat());
    place.step();
    // What was there before them has no end any more.
    assert_eq!((place.lines(), place.count("lines_cut_total")), (5.0, 1.0));
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

/// Every file of such a writer begins alike up to the zero byte.
#[test]
fn a_zero_byte_in_the_first_line_does_not_count_lines_twice() {
    for is_open in [true, false] {
        let mut place = Place::new("web.log").started();
        place.append("web.log", "start\0 of day 1\none\n");
        place.step();
        copy(&place, "web.log", "web.log.1");
        empty(&place, "web.log");
        // Longer than before, so that the size does not show that it was emptied.
        place.append("web.log", "start\0 of day 2\none\ntwo\n");
        if !is_open {
            place.tails.files_mut().for_each(|file| file.close());
        }
        (0..2 * LONG).for_each(|_| place.step());
        assert_eq!((place.lines(), place.count("truncations_total")), (5.0, 1.0), "{is_open}");
        assert_eq!(place.count("rotations_missed_total"), 0.0);
    }
}
