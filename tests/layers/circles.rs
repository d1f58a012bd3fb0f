//! Circles: files that name each other, directly or through others.

use crate::tree::Edge;
use std::collections::{BTreeMap, BTreeSet};

/// The sets of files that lie on circles, in the order of their names.
pub fn circles(edges: &[Edge]) -> Vec<BTreeSet<&str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().insert(&edge.to);
    }
    let reached: BTreeMap<_, _> = next.keys().map(|file| (*file, reachable(file, &next))).collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (file, ahead) in reached.iter().filter(|(file, ahead)| ahead.contains(*file)) {
        if !circles.iter().any(|circle| circle.contains(file)) {
            let is_back = |other: &&&str| reached.get(**other).is_some_and(|of| of.contains(file));
            circles.push(ahead.iter().filter(is_back).copied().collect());
        }
    }
    circles
}

fn reachable<'a>(from: &str, next: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for to in next.get(file).into_iter().flatten() {
            if seen.insert(*to) {
                open.push(to);
            }
        }
    }
    seen
}

/// What each file of a circle names of the others: once per pair, with its line.
pub fn describe(dir: &str, circle: &BTreeSet<&str>, edges: &[Edge]) -> String {
    let mut text = format!("{dir}: {} files name each other in a circle:", circle.len());
    let mut pairs = BTreeSet::new();
    for Edge { from, line, name, to, .. } in edges {
        let is_inside = circle.contains(&**from) && circle.contains(&**to);
        if is_inside && pairs.insert((from, to)) {
            text.push_str(&format!("\n    {dir}/{from}:{line}: names {name} ({to})"));
        }
    }
    text
}
