//! Zero bytes: holes of writers that do not append, space that is kept, and zero bytes in lines.

use super::copies::{copy, empty};
use super::{LONG, Place};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

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
