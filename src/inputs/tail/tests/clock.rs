//! Clocks that were set: which state is newer, and which rotations are new.

use super::restart::{set_mtime, with_copy};
use super::*;

#[test]
fn the_newer_state_counts_whatever_the_clock_was_set_to() {
    let Some((memory, mut place)) = with_copy("clock") else { return };
    for _ in 0..25 {
        place.append("web.log", "1\n");
        place.step();
    }
    set_mtime(&memory.join("offsets"), 7);
    place.killed();
    assert_eq!(place.lines(), 5.0, "what came after the copy");
    place.append("web.log", "2\n");
    place.step();
    place.tails.finish(&mut place.store);
    set_mtime(&place.path("offsets"), 7);
    place.killed();
    assert_eq!(place.lines(), 0.0);
    // A file that was damaged is older than any copy.
    place.append("web.log", "3\n");
    (0..20).for_each(|_| place.step());
    fs::write(place.path("offsets"), [0; 8192]).unwrap();
    place.killed();
    assert_eq!(place.lines(), 0.0);
    fs::remove_dir_all(&memory).unwrap();
}

/// Without a clock that keeps the time, files of today may look older than those of yesterday.
#[test]
fn rotations_while_the_agent_is_stopped_are_found_whatever_the_clock_was_set_to() {
    for [state, log] in [[0, 7], [7, 0], [7, 7], [0, 0]] {
        let place = Place::with("web.log", false);
        place.append("web.log.3", "old\n");
        let mut place = place.started();
        place.append("web.log", "1\n");
        (0..2 * LONG).for_each(|_| place.step());
        place.append("web.log.4", "not a rotation\n");
        (0..2 * LONG).for_each(|_| place.step());
        let before = (place.lines(), place.count("rotations_missed_total"));
        assert_eq!(before.1, 0.0);
        place.tails.finish(&mut place.store);
        set_mtime(&place.path("offsets"), state);
        place.append("web.log", "2\n");
        place.rename("web.log", "web.log.2");
        place.append("web.log.1", "3\n4\n");
        set_mtime(&place.path("web.log.1"), log);
        place.append("web.log", "5\n");
        place.killed();
        (0..2 * LONG).for_each(|_| place.step());
        let missed = place.count("rotations_missed_total");
        assert_eq!((place.lines(), missed), (4.0, 1.0), "{state} {log}");
        place.tails.finish(&mut place.store);
        place.killed();
        (0..2 * LONG).for_each(|_| place.step());
        let missed = place.count("rotations_missed_total");
        assert_eq!((place.lines(), missed), (0.0, 0.0), "{state} {log}");
    }
}
