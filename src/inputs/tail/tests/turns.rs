//! How many files there may be, and how much a turn reads of them.

use super::*;

#[test]
fn more_files_than_are_open_at_a_time() {
    let mut place = Place::new("*.log").started();
    let count = 3 * read::MAX_OPEN;
    for round in 1..4 {
        for at in 0..count {
            place.append(&format!("{at}.log"), "one\ntwo\n");
        }
        place.step();
        assert_eq!(place.lines(), (2 * count * round) as f64);
        let open = |place: &Place| {
            place.tails.entries.iter().flat_map(|e| &e.files).filter(|f| f.is_open()).count()
        };
        assert_eq!(open(&place), read::MAX_OPEN);
    }
    // All are renamed, also those that are not open.
    for at in 0..count {
        place.append(&format!("{at}.log"), "three\n");
        place.rename(&format!("{at}.log"), &format!("{at}.old"));
    }
    (0..20 * LONG).for_each(|_| place.step());
    assert_eq!(place.lines(), (7 * count) as f64);
    assert_eq!(place.count("files"), 0.0);
}

#[test]
fn more_files_than_are_followed() {
    let mut place = Place::new("*.log");
    for at in 0..scan::MAX_FILES + 5 {
        place.append(&format!("{at}.log"), "one\n");
    }
    place.apply();
    place.step();
    assert_eq!(place.lines(), scan::MAX_FILES as f64);
    assert_eq!(place.value("sysmetrics_tail_errors_total{reason=\"too_many\"}"), Some(1.0));
}

#[test]
fn what_is_no_file_is_not_opened() {
    let mut place = Place::new("*.log");
    fs::create_dir(place.path("d.log")).unwrap();
    let socket = place.path("p.log");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink("/dev/null", place.path("n.log")).unwrap();
    std::os::unix::fs::symlink("loop.log", place.path("loop.log")).unwrap();
    place.apply();
    (0..3).for_each(|_| place.step());
    assert_eq!(place.value("sysmetrics_tail_errors_total{reason=\"irregular\"}"), Some(3.0));
    assert_eq!(place.count("files"), 0.0);
    fs::remove_file(&socket).unwrap();
    place.append("p.log", "1\n");
    place.step();
    assert_eq!(place.lines(), 1.0);
}

#[test]
fn a_turn_is_bounded_and_nobody_starves() {
    let mut place = Place::new("*.log");
    place.append("a.log", "flood\n".repeat(500_000));
    place.append("b.log", "flood\n".repeat(500_000));
    place.append("c.log", "calm\n");
    place.logs[0].rules.push(rule("calm_total", "calm", &[]));
    place.apply();
    place.now += SECOND;
    let (mut before, mut turns, mut calm) = (0.0, 0, None);
    loop {
        place.tails.turn(true, &mut place.store, place.now);
        turns += 1;
        let read = place.count("read_bytes_total");
        assert!(read - before <= read::TURN as f64, "{}", read - before);
        before = read;
        if calm.is_none() && place.value("calm_total") == Some(1.0) {
            calm = Some(read);
        }
        if place.tails.backlog.is_none() {
            break;
        }
    }
    assert_eq!(place.lines(), 1_000_001.0);
    assert!(calm.unwrap() <= 3.0 * read::TURN as f64, "it waited for the floods: {calm:?}");
    // The clock may end a turn that only looked.
    let counted = place.count("turns_total");
    assert!(counted <= f64::from(turns) && counted >= 6_000_005.0 / read::TURN as f64);
}

#[test]
fn lines_of_any_length_and_any_bytes() {
    let mut place = Place::new("web.log");
    place.settings.max_line_bytes = 200_000; // more than is read at once
    place.logs[0].rules = vec![rule("end_total", "END$", &[]), rule("lines_total", "", &[])];
    let mut place = place.started();
    let long = |n: usize, end: &str| ["x".repeat(n).as_str(), end, "\r\n"].concat();
    place.append("web.log", long(150_000, "END"));
    place.append("web.log", long(199_990, "END"));
    place.append("web.log", long(199_998, "END"));
    place.append("web.log", long(900_000, "END"));
    place.append("web.log", b"\xff\xfe\0END\n\n\0\0\0");
    place.step();
    assert_eq!(place.value("end_total"), Some(3.0));
    assert_eq!(place.lines(), 6.0);
    assert_eq!(place.count("lines_cut_total"), 2.0);
    place.append("web.log", "END");
    place.step();
    assert_eq!(place.value("end_total"), Some(3.0), "it waits for its end");
    place.append("web.log", "\n");
    place.step();
    assert_eq!(place.value("end_total"), Some(4.0));
}

#[test]
fn a_shorter_bound_after_a_longer_one() {
    let mut place = Place::new("web.log");
    place.settings.max_line_bytes = 1 << 20;
    let mut place = place.started();
    place.append("web.log", "x".repeat(300_000));
    place.step();
    place.settings.max_line_bytes = 1000;
    place.apply();
    place.append("web.log", format!("{}\n{}", "x".repeat(300_000), "y\n".repeat(100_000)));
    place.step();
    assert_eq!((place.lines(), place.count("lines_cut_total")), (100_001.0, 1.0));
}
