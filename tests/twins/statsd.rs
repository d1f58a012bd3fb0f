//! The parser of statsd lines against its naive twin.

use crate::naive::statsd::{line, real};
use crate::random::Random;

const NAMES: [&str; 14] = [
    "a",
    "a.b-c",
    "1x",
    "x--y",
    "é",
    "",
    "n,k=v",
    "n#k=v,l=",
    "n[k=v,l=w]",
    "n-[k=v,]-1",
    "[k]1",
    "n[k=v",
    "n[k=v],l=w",
    "_e{1,1}",
];
const VALUES: [&str; 7] = ["1", "-2.5", "+3", "1:2:3", "", "x", "1e400"];
const TYPES: [&str; 8] = ["c", "g", "ms", "h", "d", "s", "", "cc"];
const FIELDS: [&str; 14] = [
    "@0.5",
    "@1",
    "@0",
    "@",
    "@nan",
    "#k:v,l:w",
    "#k,:v,#m:n,",
    "#",
    "T17",
    "T-1",
    "c:in-5",
    "",
    "!",
    "é",
];

/// A line that could be, more or less.
fn make(random: &mut Random) -> String {
    let mut text = [random.pick(&NAMES), ":", random.pick(&VALUES), "|"].concat();
    text.push_str(random.pick(&TYPES));
    for _ in 0..random.below(4) {
        text.push('|');
        text.push_str(random.pick(&FIELDS));
    }
    text
}

#[test]
fn statsd_lines() {
    let mut random = Random::new(8125);
    let mut taken = 0;
    for round in 0..50_000 {
        let mut text = make(&mut random);
        if round % 3 == 0 {
            text = String::from_utf8_lossy(&random.damage(text.as_bytes())).into_owned();
        }
        let actual = real(&text);
        assert_eq!(actual, line(&text), "{text:?}");
        taken += usize::from(actual.is_ok());
    }
    assert!(taken > 5_000, "{taken}");
}
