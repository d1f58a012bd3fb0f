//! Rotation by copying and truncating: the rest of a log is in its copy.

use super::{LONG, Place, SECOND};
use std::fs::{self, OpenOptions};

pub fn copy(place: &Place, from: &str, to: &str) {
    fs::copy(place.path(from), place.path(to)).unwrap();
}

pub fn empty(place: &Place, name: &str) {
    OpenOptions::new().write(true).open(place.path(name)).unwrap().set_len(0).unwrap();
}

#[test]
fn copy_and_truncate() {
    for glob in ["web.log", "web.log*"] {
        let mut place = Place::new(glob).started();
        for round in 0..5 {
            place.append("web.log", format!("{round} one\ntwo\n"));
            place.step();
            place.append("web.log", "three\n");
            if round % 2 == 0 {
                // The third is read of the copy, if that is looked for.
                fs::copy(place.path("web.log"), place.path(&format!("web.log.{round}"))).unwrap();
                place.step();
            } else {
                place.step();
                fs::copy(place.path("web.log"), place.path(&format!("web.log.{round}"))).unwrap();
            }
            fs::write(place.path("web.log"), "").unwrap();
            if round % 2 == 0 {
                place.step();
            }
            // Longer than it was.
            place.append("web.log", "four and so on and so on and so on and so on\n");
            place.step();
            place.step();
            assert_eq!(place.lines(), 4.0 * f64::from(round + 1), "{glob} {round}");
            assert_eq!(place.count("truncations_total"), f64::from(round + 1) * 2.0 - 1.0);
            fs::write(place.path("web.log"), "").unwrap();
            place.step();
        }
    }
}

#[test]
fn what_was_not_read_before_it_was_emptied_is_read_of_the_copy() {
    let mut place = Place::new("web.log*").started();
    place.append("web.log", "one\ntwo\n");
    place.step();
    place.append("web.log", "three\nfour\n");
    fs::copy(place.path("web.log"), place.path("web.log.1")).unwrap();
    fs::write(place.path("web.log"), "five\n").unwrap();
    place.step();
    place.step();
    assert_eq!(place.lines(), 5.0);
    // What is no copy only looks like one for a while.
    place.append("web.log-b", "fi");
    place.step();
    place.append("web.log-b", "sh\n");
    place.step();
    assert_eq!(place.lines(), 6.0);
    // A copy of which the original stays is not read.
    fs::copy(place.path("web.log"), place.path("web.log.bak")).unwrap();
    (0..3).for_each(|_| place.step());
    assert_eq!(place.lines(), 6.0);
    fs::remove_file(place.path("web.log.bak")).unwrap();
    place.append("web.log", "six\n");
    (0..3).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (7.0, 3.0));
}

#[test]
fn copies_that_go_or_are_short_are_not_read_again() {
    let mut place = Place::new("web.log*").started();
    let first = ["x".repeat(300), "\n".to_owned()].concat();
    place.append("web.log", [&first, "two\nthree\n"].concat());
    place.step();
    let copy = |place: &Place, to: &str| {
        fs::copy(place.path("web.log"), place.path(to)).unwrap();
    };
    copy(&place, "web.log.a");
    copy(&place, "web.log.b");
    place.append("web.log.short", [&first, "t"].concat());
    place.step();
    fs::remove_file(place.path("web.log.a")).unwrap();
    (0..LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (3.0, 3.0));
    fs::remove_file(place.path("web.log")).unwrap();
    (0..2 * LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (3.0, 2.0));
    place.append("web.log.b", "four\n");
    place.append("web.log.short", "five\n");
    place.step();
    assert_eq!(place.lines(), 5.0);
}

#[test]
fn a_copy_is_empty_at_first() {
    let mut place = Place::new("web.log*").started();
    place.append("web.log", "one\ntwo\n");
    place.append("web.log.new", "");
    place.append("web.log.1", "");
    (0..3).for_each(|_| place.step());
    fs::copy(place.path("web.log"), place.path("web.log.1")).unwrap();
    place.step();
    fs::write(place.path("web.log"), "three\n").unwrap();
    (0..3).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (3.0, 3.0));
    // What is empty is known to be so over a restart.
    place.tails.finish(&mut place.store);
    place.append("web.log.new", "four\n");
    place.logs[0].from_start = false;
    place.killed();
    assert_eq!(place.lines(), 1.0);
    // And goes.
    place.append("web.log.x", "");
    place.step();
    fs::remove_file(place.path("web.log.x")).unwrap();
    (0..LONG).for_each(|_| place.step());
    assert_eq!(place.count("files"), 3.0);
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
                place.append("other", ""); // the copy alone is no reason to scan
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

/// It is not left to the next check of all files.
#[test]
fn a_copy_is_searched_at_once() {
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

/// As logrotate does it with five that it keeps, more often than it is checked.
#[test]
fn many_copies_between_few_checks_lose_nothing() {
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
