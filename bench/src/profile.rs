//! Where the instructions of a scrape go: callgrind's file, summed up by source file, by function
//! and by line. Inlined code counts where it was written, not where it landed.
//! (<https://valgrind.org/docs/manual/cl-format.html>)

use std::collections::HashMap;
use std::fmt::Write;

/// How many functions and lines are shown.
const SHOWN: usize = 25;

#[derive(Default)]
struct Costs {
    files: HashMap<String, u64>,
    functions: HashMap<String, u64>,
    lines: HashMap<(String, u64), u64>,
    total: u64,
}

/// A table out of callgrind's `text`, for `scrapes` scrapes.
pub fn report(text: &str, scrapes: u64) -> String {
    let costs = sum(text);
    let mut out = format!("instructions a scrape: {}\n", costs.total / scrapes);
    let mut table = |title: &str, rows: Vec<(String, u64)>| {
        let _ = writeln!(out, "\n{title}");
        for (name, cost) in rows.into_iter().take(SHOWN).filter(|(_, c)| *c >= scrapes) {
            let share = cost as f64 * 100.0 / costs.total as f64;
            let _ = writeln!(out, "{:>9}  {share:5.1} %  {name}", cost / scrapes);
        }
    };
    table("by source file", sorted(costs.files.into_iter().collect()));
    table(
        "by function (what was inlined into it included)",
        sorted(costs.functions.into_iter().collect()),
    );
    let lines = costs.lines.into_iter().map(|((file, line), c)| (format!("{file}:{line}"), c));
    table("by line", sorted(lines.collect()));
    out
}

fn sorted(mut rows: Vec<(String, u64)>) -> Vec<(String, u64)> {
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    rows
}

fn sum(text: &str) -> Costs {
    let mut costs = Costs::default();
    let (mut file_names, mut function_names) = (HashMap::new(), HashMap::new());
    let (mut file, mut function) = (String::new(), String::new());
    let (mut position, mut skip) = (0u64, false);
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=') {
            match key {
                "fl" | "fi" | "fe" => file = short(&name(&mut file_names, value)),
                "fn" => function = name(&mut function_names, value),
                "cfi" | "cfl" => drop(name(&mut file_names, value)),
                "cfn" => drop(name(&mut function_names, value)),
                // The next line is what the callee cost, counted there already.
                "calls" => skip = true,
                _ => {}
            }
            continue;
        }
        let mut fields = line.split_whitespace();
        let (Some(at), Some(cost)) = (fields.next(), fields.next()) else { continue };
        let Ok(cost) = cost.parse::<u64>() else { continue };
        let Some(at) = place(at, position) else { continue };
        position = at;
        if std::mem::take(&mut skip) {
            continue;
        }
        costs.total += cost;
        *costs.files.entry(file.clone()).or_default() += cost;
        *costs.functions.entry(function.clone()).or_default() += cost;
        *costs.lines.entry((file.clone(), at)).or_default() += cost;
    }
    costs
}

/// Positions are given whole, or relative to the one before.
fn place(text: &str, before: u64) -> Option<u64> {
    match text.split_at_checked(1)? {
        ("*", _) => Some(before),
        ("+", more) => Some(before + more.parse::<u64>().ok()?),
        ("-", less) => before.checked_sub(less.parse().ok()?),
        _ => text.parse().ok(),
    }
}

/// `(12) name` the first time, `(12)` from then on.
fn name(names: &mut HashMap<String, String>, text: &str) -> String {
    let (id, rest) = text.split_once(')').unwrap_or((text, ""));
    if rest.trim().is_empty() {
        return names.get(id).cloned().unwrap_or_default();
    }
    names.insert(id.to_owned(), rest.trim().to_owned());
    rest.trim().to_owned()
}

/// `…/library/core/src/str/mod.rs` as `core/src/str/mod.rs`; our own from `src/` on.
fn short(path: &str) -> String {
    for root in ["/library/", "/registry/src/"] {
        if let Some((_, rest)) = path.split_once(root) {
            let rest =
                if root == "/library/" { rest } else { rest.split_once('/').map_or(rest, |r| r.1) };
            return rest.to_owned();
        }
    }
    path.rsplit_once("/src/").map_or_else(|| path.to_owned(), |(_, rest)| format!("src/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_not_counted_twice_and_names_are_remembered() {
        let text = "fl=(1) /a/src/x.rs\nfn=(1) f\n10 100\n+2 5\ncfn=(2) g\ncalls=3 20\n* 1000\n\
                    fi=(2) /b/library/core/src/num.rs\n7 4\nfn=(2)\nfl=(1)\n20 1000\n";
        let costs = sum(text);
        assert_eq!(costs.total, 1109);
        assert_eq!(costs.files["src/x.rs"], 1105);
        assert_eq!(costs.files["core/src/num.rs"], 4);
        assert_eq!(costs.functions["g"], 1000);
        assert_eq!(costs.lines[&("src/x.rs".to_owned(), 12)], 5);
    }
}
