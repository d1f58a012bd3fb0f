use super::*;
use crate::base::dialect::Dialect;
use crate::kernel::collect::testing::{self, Tree, outcome, scrape};

/// Whether this process may count at all.
fn may_count() -> bool {
    PerfCounter::open(PerfEvent { kind: 1, config: 3 }, 0).is_ok()
}

fn live(dialect: Dialect, set: &[(&str, &str)]) -> testing::Opened {
    testing::open(&Root::of_this_machine(), &SPEC, dialect, set)
}

#[test]
fn software_events_are_counted_on_each_cpu() {
    let set = [("disable-hardware-profilers", "true"), ("disable-cache-profilers", "true")];
    let mut perf = live(Dialect::Node, &set);
    if !may_count() {
        assert!(matches!(outcome(&mut perf), Err(Error::Read(..))));
        return;
    }
    let cpus = sys::allowed_cpus().unwrap();
    let count = |line: &String| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    let (first, errors) = scrape(&mut perf, Dialect::Node, &["perf_"]);
    assert_eq!((first.len(), errors), (5 * cpus.len(), 0), "{first:#?}");
    assert!(first[0].starts_with(&format!("perf_page_faults_total{{cpu=\"{}\"}} ", cpus[0])));
    let (second, _) = scrape(&mut perf, Dialect::Node, &["perf_"]);
    assert!(first.iter().zip(&second).all(|(a, b)| count(a) <= count(b)));
}

#[test]
fn only_what_was_chosen_is_counted() {
    let set = [
        ("disable-hardware-profilers", "true"),
        ("disable-cache-profilers", "true"),
        ("software-profilers", "ContextSwitch"),
        ("cpus", "0"),
    ];
    if may_count() {
        let mut perf = live(Dialect::Own, &set);
        let (samples, errors) = scrape(&mut perf, Dialect::Own, &["perf_"]);
        assert_eq!((samples.len(), errors), (1, 0));
        assert!(samples[0].starts_with("perf_context_switches_total{cpu=\"0\"} "));
    }
    let mut perf = live(Dialect::Own, &[("cpus", "0-x")]);
    assert_eq!(outcome(&mut perf).unwrap_err().expected(), EXPECTED_CPUS);
    let off = ["hardware", "software", "cache"].map(|group| format!("disable-{group}-profilers"));
    let off = off.each_ref().map(|key| (&**key, "true"));
    let mut perf = live(Dialect::Own, &off);
    assert_eq!(outcome(&mut perf), Err(Error::Unsupported(CALL.into())));
}

#[test]
fn tracepoints_have_the_numbers_of_their_files() {
    let tree = Tree::new("perf-tracepoints");
    let mut stored = tree.open(&SPEC, Dialect::Own, &[]);
    assert_eq!(outcome(&mut stored), Err(Error::Unsupported(CALL.into())));
    tree.put("sys/kernel/debug/tracing/events/sched/sched_switch/id", "316\n");
    tree.put("sys/kernel/tracing/events/bad/one/id", "x\n");
    let perf = Perf {
        can_count: true,
        cpus: String::new(),
        wanted: [Group::Hardware, Group::Software, Group::Cache].map(|group| Wanted {
            group,
            is_off: true,
            names: vec![],
        }),
        tracepoints: vec![],
        root: tree.root(),
        opened: Opened::default(),
    };
    let (made, event) = perf.tracepoint("sched:sched_switch").unwrap();
    assert_eq!(event, PerfEvent { kind: 2, config: 316 });
    let family = made.family();
    let (name, keys) = family.named(Dialect::Node).unwrap();
    assert_eq!((name, keys.collect::<Vec<_>>()), ("perf_sched_sched_switch", vec!["cpu"]));
    assert_eq!(family.named(Dialect::Own).unwrap().0, "perf_sched_sched_switch_total");
    assert!(matches!(perf.tracepoint("sched:none"), Err(Error::Absent(_))));
    assert!(matches!(perf.tracepoint("sched"), Err(Error::Parse(..))));
    assert!(perf.tracepoint("bad:one").is_err());
}
