//! Logs that are named through a symbolic link.

use super::{LONG, Place, SECOND};
use std::fs;
use std::os::unix::fs::symlink;

/// Sets the link as programs do: another is renamed onto it.
fn set_link(place: &Place, target: &str) {
    symlink(place.path(target), place.path("links/new")).unwrap();
    place.rename("links/new", "links/web.log");
}

/// An agent that follows a link, whose target has been read.
fn linked(target: &str) -> Place {
    let mut place = Place::new("links/web.log");
    place.settings.poll_interval = 1000 * SECOND;
    fs::create_dir(place.path("links")).unwrap();
    place.append(target, "old\n");
    set_link(&place, target);
    let mut place = place.started();
    assert_eq!(place.lines(), 1.0);
    place.look_at_events();
    place
}

/// All lines and missed rotations, once files that are not written to any more were read to their end.
fn rest(place: &mut Place) -> (f64, f64) {
    place.settings.poll_interval = SECOND;
    place.apply();
    (0..2 * LONG).for_each(|_| place.step());
    (place.lines(), place.count("rotations_missed_total"))
}

#[test]
fn the_target_that_a_link_had_for_a_moment_is_read_and_counted() {
    for names in [["web-1.log", "web-2.log", "web-3.log"], ["a.9", "a.10", "a.11"]] {
        let [a, b, c] = names.map(|name| ["data/", name].concat());
        let mut place = linked(&a);
        place.append(&a, "one\n");
        place.append(&b, "two\nthree");
        set_link(&place, &b);
        place.append(&c, "four\n");
        set_link(&place, &c);
        place.append("data/other-2.log", "no\n");
        place.look_at_events();
        assert_eq!(place.count("rotations_missed_total"), 1.0);
        assert_eq!(rest(&mut place), (5.0, 1.0), "{names:?}");
        assert_eq!(place.count("files"), 1.0);
        // One at a time is not missed.
        place.append("data/web-4.log", "five\n");
        set_link(&place, "data/web-4.log");
        assert_eq!(rest(&mut place), (6.0, 1.0), "{names:?}");
    }
}

#[test]
fn a_target_that_cannot_be_found_is_counted() {
    let mut place = linked("data/blue");
    place.append("data/green", "lost\n");
    set_link(&place, "data/green");
    place.append("data/red", "two\n");
    set_link(&place, "data/red");
    place.look_at_events();
    assert_eq!(rest(&mut place), (2.0, 1.0));
    assert_eq!(place.value("sysmetrics_tail_errors_total{reason=\"missed\"}"), Some(1.0));
    // The same target again is no rotation.
    set_link(&place, "data/red");
    set_link(&place, "data/red");
    place.look_at_events();
    assert_eq!(rest(&mut place), (2.0, 1.0));
}
