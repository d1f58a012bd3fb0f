//! Directories that others hold, that cannot be used, and that are full.

use super::*;

#[cfg(target_os = "linux")]
#[test]
fn files_are_private_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = Dir::new("private");
    // As an earlier version left it.
    fs::create_dir_all(dir.0.join("out")).unwrap();
    fs::write(dir.0.join("out/ack"), "").unwrap();
    for path in ["out", "out/ack"] {
        fs::set_permissions(dir.0.join(path), PermissionsExt::from_mode(0o755)).unwrap();
    }
    for out in [dir.0.join("out"), dir.0.join("new/deep")] {
        let mut spool = open(Some(&out));
        let mut maker = Maker::new(3);
        spool.push(&maker.frame(), Instant::now());
        assert_eq!(mode(&out), 0o700);
        let files: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
    }
    assert_eq!(mode(&dir.0.join("new")), 0o700);
    let victim = dir.0.join("victim");
    fs::write(&victim, "kept").unwrap();
    for name in ["lock", "ack", "00000001.seg"] {
        let out = dir.0.join(["by-", name].concat());
        fs::create_dir(&out).unwrap();
        symlink(&victim, out.join(name)).unwrap();
        let mut spool = open(Some(&out));
        spool.push(&Maker::new(3).frame(), Instant::now());
        let is_kept = spool.levels().trouble.is_none();
        assert!(is_kept == (name == "00000001.seg"), "{name}: {:?}", spool.levels().trouble);
        assert_eq!(fs::read(&victim).unwrap(), b"kept", "{name}");
        assert!(spool.first(Some(BOOT_TIME), Instant::now()).is_some(), "{name}: it waits");
    }
}

#[test]
fn a_second_process_uses_memory_until_the_first_has_ended() {
    let (dir, now) = (Dir::new("lock"), Instant::now());
    let mut first = open(Some(&dir.0));
    first.push(&plain(1, &["a"], 1, at(1)), now);
    let mut second = Spool::open(bounds(Some(&dir.0)), now);
    let trouble = second.levels().trouble.unwrap();
    let (name, rest) = trouble.split_once(": ").unwrap();
    assert_eq!(Path::new(name), dir.0);
    assert!(rest.contains("another process uses it"), "{rest}");
    for n in 2..5 {
        second.push(&plain(1, &["a", "b"], n, at(n)), now);
    }
    assert!(second.first(Some(BOOT_TIME), now).is_some());
    second.acknowledge(now);
    assert_eq!(second.levels().disk_bytes, 0);
    first.push(&plain(1, &["a"], 1, at(6)), now);
    drop(first);
    second.turn(now + Duration::from_secs(59));
    assert!(second.levels().trouble.is_some());
    assert_eq!(second.deadline(), Some(now + Duration::from_secs(60)));
    second.turn(now + Duration::from_secs(60));
    let levels = second.levels();
    assert_eq!((levels.trouble, levels.memory_bytes), (None, 0));
    second.push(&plain(1, &["a", "b"], 5, at(5)), now);
    let twin = |spool: &mut Spool| {
        let mut all = Vec::new();
        while let Some((frame, _)) = spool.first(Some(BOOT_TIME), now) {
            all.push(frame.moment.since_boot);
            spool.acknowledge(now);
        }
        all
    };
    drop(second);
    // What was on the disk comes first; the one that was sent from memory comes once more.
    assert_eq!(twin(&mut open(Some(&dir.0))), [1, 6, 2, 3, 4, 5]);
}

#[test]
fn a_directory_that_cannot_be_made_is_reported_and_retried() {
    let (dir, now) = (Dir::new("made"), Instant::now());
    fs::write(&dir.0, "in the way").unwrap();
    let below = dir.0.join("queue");
    let mut spool = open(Some(&below));
    let trouble = spool.levels().trouble.unwrap();
    assert!(
        trouble.starts_with(&*below.to_string_lossy()) && trouble.contains("remove it"),
        "{trouble}"
    );
    spool.push(&plain(1, &["a"], 1, at(1)), now);
    fs::remove_file(&dir.0).unwrap();
    spool.close(now);
    assert_eq!(spool.levels().trouble, None);
    spool.push(&plain(1, &["a"], 2, at(2)), now);
    drop(spool);
    assert_eq!(open(Some(&below)).levels().frames, 2);
}

#[test]
fn files_of_others_stay() {
    let dir = Dir::new("others");
    fs::create_dir(&dir.0).unwrap();
    let names = [
        "00000007.seg",
        "notes.txt",
        "1.seg",
        "0000000x.seg",
        "4294967295.seg", // the last number that there is
        "99999999999.seg",
    ];
    for name in names {
        fs::write(dir.0.join(name), "somebody's").unwrap();
    }
    let mut spool = open(Some(&dir.0));
    for generation in [1, 2] {
        spool.push(&plain(generation, &["a"], 1, at(generation)), Instant::now());
    }
    assert!(dir.0.join("00000008.seg").exists());
    assert_eq!(drain(&mut spool).len(), 2);
    for name in names {
        assert_eq!(fs::read_to_string(dir.0.join(name)).unwrap(), "somebody's");
    }
}

#[test]
fn frames_wait_in_memory_for_a_full_disk_in_order() {
    let (dir, now) = (Dir::new("full"), Instant::now());
    let mut spool = open(Some(&dir.0));
    spool.push(&many(1, 1), now);
    spool.push(&many(2, 2), now);
    // From here on every write fails as on a disk without room.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    spool.writer.as_mut().unwrap().file = Some(full);
    for n in 3..6 {
        spool.push(&many(n, n), now);
    }
    let levels = spool.levels();
    let trouble = levels.trouble.unwrap();
    assert!(trouble.contains("No space left") && trouble.contains("max_bytes"), "{trouble}");
    assert!(levels.memory_bytes > 0 && levels.disk_bytes > 0);
    assert_eq!((levels.frames, dropped(&spool)), (5, vec![0; 4]));
    let first = spool.first(Some(BOOT_TIME), now).unwrap();
    assert_eq!(first.0.moment.since_boot, 1);
    spool.acknowledge(now);
    spool.push(&many(6, 6), now + Duration::from_secs(61));
    assert_eq!((spool.levels().trouble, spool.levels().memory_bytes), (None, 0));
    drop(spool);
    let mut spool = open(Some(&dir.0));
    for n in 2..=6 {
        let (frame, _) = spool.first(Some(BOOT_TIME), now).unwrap();
        assert_eq!((frame.moment.since_boot, frame.slots), (n, many(n, n).slots));
        spool.acknowledge(now);
    }
    assert!(spool.is_empty());
    assert_eq!(dropped(&spool), [0; 4]);
}

#[test]
fn a_segment_that_cannot_be_forced_to_disk_is_reported() {
    let (dir, now) = (Dir::new("force"), Instant::now());
    let mut spool = open(Some(&dir.0));
    spool.push(&plain(1, &["a"], 1, at(1)), now);
    // It cannot be synced.
    let null = fs::File::options().write(true).open("/dev/null").unwrap();
    spool.writer.as_mut().unwrap().file = Some(null);
    spool.push(&plain(2, &["a"], 2, at(2)), now);
    let levels = spool.levels();
    assert!(levels.trouble.is_some(), "{levels:?}");
    assert_eq!((levels.frames, levels.memory_bytes > 0), (2, true));
    assert_eq!(drain(&mut spool).len(), 2);
}
