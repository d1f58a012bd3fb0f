//! Files that cannot be read: for a moment, or for ever.

use super::gone::{MINUTE, push, take};
use super::*;
use std::fs::File;

/// Makes a file unreadable until the result is dropped.
fn hide(spool: &mut Spool, dir: &Dir, name: &str) -> File {
    // The file must not be open otherwise, nor its next record be in memory, as after a long one.
    let _ = spool.seal();
    spool.reader.iter_mut().for_each(|reader| reader.bytes.clear());
    let file = File::open(dir.0.join(name)).unwrap();
    sys::deny_open(&file);
    file
}

fn opened(dir: &Dir) -> Spool {
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..4, Instant::now());
    spool
}

#[test]
fn frames_that_cannot_be_read_for_a_moment_are_not_lost() {
    let (dir, now) = (Dir::new("moment"), Instant::now());
    let mut spool = opened(&dir);
    assert_eq!(take(&mut spool, 1), [1]);
    let hidden = hide(&mut spool, &dir, "00000001.seg");
    assert_eq!(take(&mut spool, 9), [0; 0]);
    assert!(spool.levels().trouble.is_some());
    push(&mut spool, 4..5, now);
    assert_eq!((spool.levels().frames, dropped(&spool)), (3, vec![0; 4]));
    drop(hidden);
    assert_eq!(take(&mut spool, 1), [2], "before the disk is written again");
    spool.turn(now + MINUTE);
    assert_eq!((take(&mut spool, 9), dropped(&spool)), (vec![3, 4], vec![0; 4]));
    assert_eq!(spool.levels().trouble, None);
}

#[test]
fn frames_that_can_never_be_read_hold_up_others_for_a_minute() {
    let (dir, now) = (Dir::new("never"), Instant::now());
    let mut spool = opened(&dir);
    let _hidden = hide(&mut spool, &dir, "00000001.seg");
    assert_eq!(take(&mut spool, 9), [0; 0]);
    push(&mut spool, 4..6, now);
    spool.turn(now + MINUTE);
    assert_eq!(take(&mut spool, 9), [4, 5]);
    let samples: usize = (1..4).map(|n| many(n, n).len()).sum();
    assert_eq!(dropped(&spool), [0, 0, samples as u64, 0]);
}

#[test]
fn frames_that_cannot_be_read_at_the_start_come_with_the_next_try() {
    let (dir, now) = (Dir::new("start"), Instant::now());
    let hidden = hide(&mut opened(&dir), &dir, "00000001.seg");
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 4..6, now);
    assert!(spool.levels().trouble.is_some());
    drop(hidden);
    spool.turn(now + MINUTE);
    assert_eq!((take(&mut spool, 9), dropped(&spool)), (vec![1, 2, 3, 4, 5], vec![0; 4]));
}

#[test]
fn a_file_that_can_never_be_read_does_not_keep_the_disk_from_being_used() {
    let (dir, now) = (Dir::new("unreadable"), Instant::now());
    let _hidden = hide(&mut opened(&dir), &dir, "00000001.seg");
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 4..6, now);
    spool.turn(now + MINUTE);
    assert_eq!((spool.levels().trouble, dropped(&spool)), (None, vec![0, 0, 1, 0]));
    assert_eq!(take(&mut spool, 9), [4, 5]);
}

/// A frame that was accepted is done, even if the file cannot be read just then.
#[test]
fn what_was_sent_is_not_sent_again() {
    let (dir, now) = (Dir::new("sent"), Instant::now());
    let mut spool = opened(&dir);
    let (frame, _) = spool.first(Some(BOOT_TIME), now).unwrap();
    assert_eq!(frame.moment.since_boot, 1);
    let hidden = hide(&mut spool, &dir, "00000001.seg");
    spool.acknowledge(now);
    drop(hidden);
    assert_eq!(take(&mut spool, 9), [2, 3]);
}

/// A directory that cannot be written yet is tried each minute: its damage counts once.
#[test]
fn damage_is_counted_once() {
    let (dir, now) = (Dir::new("once"), Instant::now());
    drop(opened(&dir));
    let file = dir.0.join("00000001.seg");
    let mut bytes = fs::read(&file).unwrap();
    let key = record::next(&bytes, 0).1.unwrap().end;
    bytes[key + record::HEADER] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let second = dir.0.join("00000002.seg");
    fs::copy(&file, &second).unwrap();
    let second = File::open(second).unwrap();
    sys::deny_open(&second);
    let mut spool = open(Some(&dir.0));
    assert_eq!(dropped(&spool), [0; 4]);
    drop(second);
    spool.turn(now + MINUTE);
    assert_eq!(dropped(&spool), [0, 0, 2, 0], "in both files");
}

/// The oldest frame there is too old: nothing can be done about it until the file can be read.
#[test]
fn a_file_that_cannot_be_read_keeps_nothing_busy() {
    let (dir, now) = (Dir::new("busy"), Instant::now());
    let max_age = Duration::from_secs(10);
    let mut spool = Spool::open(Bounds { max_age, ..bounds(Some(&dir.0)) }, now);
    for time in [1000, 9000] {
        spool.push(&many(time, time), now);
    }
    let hidden = hide(&mut spool, &dir, "00000001.seg");
    let later = now + Duration::from_secs(5);
    spool.turn(later);
    assert!(spool.deadline().unwrap() > later, "{:?}", spool.levels().trouble);
    drop(hidden);
    spool.turn(now + MINUTE);
    assert!(spool.is_empty(), "all are too old");
}
