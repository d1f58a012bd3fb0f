//! A directory that goes and comes back while the program runs.

use super::*;

pub(super) const MINUTE: Duration = Duration::from_secs(61);

/// Pushes frames of these times.
pub(super) fn push(spool: &mut Spool, times: std::ops::Range<u64>, now: Instant) {
    times.for_each(|n| spool.push(&many(n, n), now));
}

/// Takes a number of frames; gives their times.
pub(super) fn take(spool: &mut Spool, most: usize) -> Vec<u64> {
    let now = Instant::now();
    let next = |_| {
        let (frame, _) = spool.first(Some(BOOT_TIME), now)?;
        spool.acknowledge(now);
        Some(frame.moment.since_boot)
    };
    (0..most).map_while(next).collect()
}

fn moved(dir: &Dir) -> PathBuf {
    dir.0.with_extension("moved")
}

#[test]
fn deleted_frames_are_counted_and_new_ones_wait_in_memory() {
    let (dir, now) = (Dir::new("deleted"), Instant::now());
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..4, now);
    assert_eq!(take(&mut spool, 1), [1]);
    let samples = spool.levels().frames * many(1, 1).len() as u64;
    fs::remove_dir_all(&dir.0).unwrap();
    push(&mut spool, 4..6, now);
    let levels = spool.levels();
    assert!(levels.trouble.is_some_and(|why| why.contains("wait in memory")));
    assert_eq!((levels.frames, levels.disk_bytes), (2, 0));
    assert_eq!(dropped(&spool).iter().sum::<u64>(), samples, "2 and 3");
    push(&mut spool, 6..7, now + MINUTE);
    assert_eq!((spool.levels().trouble, spool.levels().memory_bytes), (None, 0));
    drop(spool);
    assert_eq!(take(&mut open(Some(&dir.0)), 9), [4, 5, 6]);
}

/// As when a file system is unmounted and mounted again.
#[test]
fn frames_of_a_returned_directory_are_sent_once_and_in_order() {
    let (dir, now) = (Dir::new("moved"), Instant::now());
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..6, now);
    assert_eq!(take(&mut spool, 1), [1]);
    // One is on its way when the directory goes.
    let (frame, _) = spool.first(Some(BOOT_TIME), now).unwrap();
    assert_eq!(frame.moment.since_boot, 2);
    fs::rename(&dir.0, moved(&dir)).unwrap();
    push(&mut spool, 6..9, now);
    spool.acknowledge(now);
    assert_eq!((spool.levels().frames, dropped(&spool)), (3, vec![0; 4]));
    assert_eq!(take(&mut spool, 2), [6, 7]);
    fs::rename(moved(&dir), &dir.0).unwrap();
    push(&mut spool, 9..10, now + MINUTE);
    assert_eq!((spool.levels().trouble, spool.levels().memory_bytes), (None, 0));
    assert_eq!(take(&mut spool, 9), [3, 4, 5, 8, 9]);
    assert_eq!((spool.is_empty(), dropped(&spool)), (true, vec![0; 4]));
    drop(spool);
    assert_eq!(take(&mut open(Some(&dir.0)), 9), [0; 0]);
}

#[test]
fn a_frame_that_was_not_accepted_is_sent_again() {
    let (dir, now) = (Dir::new("again"), Instant::now());
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..3, now);
    assert!(spool.first(Some(BOOT_TIME), now).is_some());
    fs::rename(&dir.0, moved(&dir)).unwrap();
    push(&mut spool, 3..4, now);
    assert_eq!(take(&mut spool, 1), [3]);
    spool.acknowledge(now);
    fs::rename(moved(&dir), &dir.0).unwrap();
    spool.turn(now + MINUTE);
    assert_eq!(take(&mut spool, 9), [1, 2]);
}

/// It is seen when it is read, too, and an end saves what is in memory.
#[test]
fn a_reader_notices_it_and_closing_makes_the_directory() {
    let (dir, now) = (Dir::new("reader"), Instant::now());
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..4, now);
    fs::remove_dir_all(&dir.0).unwrap();
    assert_eq!(take(&mut spool, 9), [0; 0]);
    assert!(spool.levels().trouble.is_some() && spool.is_empty());
    assert!(dropped(&spool).iter().sum::<u64>() > 0);
    push(&mut spool, 4..6, now);
    assert_eq!(spool.levels().disk_bytes, 0);
    spool.close(now);
    drop(spool);
    assert_eq!(take(&mut open(Some(&dir.0)), 9), [4, 5]);
}

/// A disk that can be read only: what is there leaves, and none of it comes again when it can be written.
#[test]
fn a_disk_that_cannot_be_written_is_still_read() {
    let (dir, now) = (Dir::new("read-only"), Instant::now());
    let mut spool = open(Some(&dir.0));
    push(&mut spool, 1..4, now);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    spool.writer.as_mut().unwrap().file = Some(full());
    push(&mut spool, 4..6, now);
    assert_eq!(take(&mut spool, 2), [1, 2]);
    // Nothing of it is open, so that it can be unmounted and mounted again.
    let is_open =
        |file: &fs::DirEntry| fs::read_link(file.path()).is_ok_and(|to| to.starts_with(&dir.0));
    assert!(!fs::read_dir("/proc/self/fd").unwrap().any(|file| is_open(&file.unwrap())));
    assert_eq!(take(&mut spool, 2), [3, 4]);
    push(&mut spool, 6..7, now + MINUTE);
    assert_eq!(spool.levels().trouble, None);
    assert_eq!((take(&mut spool, 9), dropped(&spool)), (vec![5, 6], vec![0; 4]));
}
