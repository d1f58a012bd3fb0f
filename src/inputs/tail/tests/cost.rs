//! What slow patterns and many rules may cost.

use super::{Place, SECOND, rule};
use crate::settings::LogRule;
use std::fs;

const NASTY: &str = "(?P<id>.{1,500})done.{1,500}end";

fn skipped(place: &mut Place, reason: &str) -> f64 {
    let series = format!("sysmetrics_tail_lines_skipped_total{{reason=\"{reason}\"}}");
    place.value(&series).unwrap_or(0.0)
}

/// Turns until some rules had lines that others had not.
fn turn_until_half(place: &mut Place) -> bool {
    place.now += SECOND;
    for _ in 0..100_000 {
        place.tails.turn(true, &mut place.store, place.now);
        if place.tails.files_mut().any(|file| file.half.is_some()) {
            return true;
        }
        if place.tails.backlog.is_none() {
            break;
        }
    }
    false
}

/// All rules get every line once, however many there are: also if they end, or others come, between two
/// of them.
#[test]
fn a_turn_ends_between_two_rules() {
    const RULES: usize = 60;
    let mut place = Place::new("*.log");
    place.settings.max_line_bytes = 610;
    let slow = |n: usize| rule(&format!("slow{n}_total"), r"(\w+ ){3,20}$", &[]);
    place.logs[0].rules.extend((0..RULES).map(slow));
    let mut place = place.started();
    let line = ["and so on ".repeat(60), "\n".to_owned()].concat();
    place.append("a.log", line.repeat(20));
    place.append("b.log", ["short of it \n", &line].concat());
    let all = |place: &mut Place, count: f64| {
        let text = place.text();
        let values = text.lines().filter(|line| line.starts_with("slow"));
        let values: Vec<f64> =
            values.map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(values, vec![count; RULES]);
    };
    assert!(turn_until_half(&mut place), "it takes more than a turn");
    let halves = place.tails.files_mut().filter(|file| file.half.is_some()).count();
    assert_eq!(halves, 1);
    // More of the same file changes nothing of the lines that some rules had.
    place.append("a.log", &line);
    assert!(turn_until_half(&mut place));
    // A reload, with a rule that goes.
    place.logs[0].rules.push(rule("more_total", "so", &[]));
    place.apply();
    assert!(place.tails.files_mut().all(|file| file.half.is_none()));
    assert!(turn_until_half(&mut place));
    place.tails.finish(&mut place.store);
    assert!(place.tails.files_mut().all(|file| file.half.is_none()));
    place.step();
    assert_eq!((place.lines(), skipped(&mut place, "long")), (23.0, 0.0));
    all(&mut place, 23.0);
    // What is emptied then goes on in the copy, with the rules that had not these lines yet.
    for to in ["a.log.1", "a-2.log"] {
        place.append("a.log", line.repeat(20));
        assert!(turn_until_half(&mut place));
        fs::copy(place.path("a.log"), place.path(to)).unwrap();
        fs::File::options().write(true).open(place.path("a.log")).unwrap().set_len(0).unwrap();
        (0..3).for_each(|_| place.step());
    }
    all(&mut place, 63.0);
    assert_eq!(place.lines(), 63.0);
    // A line that is cut, and a last one.
    place.append("a.log", ["and so on ".repeat(70), "\nand so on ".to_owned()].concat());
    place.rename("a.log", "gone");
    (0..20).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("lines_cut_total")), (65.0, 1.0));
    all(&mut place, 65.0);
}

#[test]
fn lines_that_are_too_long_for_a_pattern_are_counted_and_logged_once() {
    let mut place = Place::new("web.log");
    place.settings.max_line_bytes = 65_536;
    let word =
        LogRule { labels: vec![("id".into(), "$id".into())], ..rule("nasty_total", NASTY, &[]) };
    place.logs[0].rules = vec![word, rule("lines_total", "", &[])];
    let mut place = place.started();
    // Within the part that is matched: as before.
    place.append("web.log", "me done to the end\n");
    place.step();
    assert_eq!(place.value("nasty_total{id=\"me \"}"), Some(1.0));
    let hostile = [&"done".repeat(10_000), "\n"].concat();
    for _ in 0..20 {
        place.append("web.log", &hostile);
    }
    place.step();
    let (long, busy) = (skipped(&mut place, "long"), skipped(&mut place, "busy"));
    assert_eq!((long + busy, place.lines()), (20.0, 21.0));
    assert!(long > 0.0);
}

/// However many there are, their cost in a second is bounded.
#[test]
fn costly_rules_share_a_time() {
    let mut place = Place::new("web.log");
    let costly = |n: usize| rule(&format!("costly{n}_total"), r"(?:\w{1,100} ?){1,20}d", &[]);
    place.logs[0].rules.extend((0..3).map(costly));
    let mut place = place.started();
    // The faster the build, the more lines take it the time that there is.
    let (mut count, mut lines, mut rounds, mut sum) = (3000, 0, 0, 0.0);
    while rounds < 3 || (sum == 0.0 && rounds < 10) {
        place.append("web.log", format!("{} d\n", "a".repeat(60)).repeat(count));
        place.step();
        (lines, rounds) = (lines + count, rounds + 1);
        sum = skipped(&mut place, "busy");
        count *= if sum == 0.0 { 2 } else { 1 };
    }
    assert!(sum > 0.0, "nothing was skipped of {lines} lines");
    for n in 0..3 {
        let matched = place.value(&format!("costly{n}_total")).unwrap();
        assert!(matched >= 1.0, "each second anew");
        sum += matched;
    }
    // All that is lost is counted, and the other rule has all lines.
    sum += skipped(&mut place, "long");
    assert_eq!((sum, place.lines()), (3.0 * lines as f64, lines as f64));
}
