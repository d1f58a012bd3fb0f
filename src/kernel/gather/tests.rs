//! A reload.

use super::*;
use crate::base::error::Error;
use crate::kernel::collect::{Collector, Scrape};
use crate::model::metric::Row;
use crate::model::metric::{Label, Unit, Value, gauge};
use crate::settings::{self, Paths};

const COUNT: Row<'static> = gauge("count", Unit::One, "C.", &[]);

/// Counts its scrapes.
struct Counts {
    count: u64,
    outlives: bool,
}

impl Collector for Counts {
    fn outlives_reload(&self) -> bool {
        self.outlives
    }

    fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.count += 1;
        out.single(&COUNT, Value::Int(self.count));
        Ok(())
    }
}

/// Two collectors that are on, of the machine whose procfs is at `procfs`.
fn gather(procfs: &str) -> Gather {
    let subjects: Vec<_> = COLLECTORS.iter().map(|spec| &spec.subject).collect();
    let mut settings: Vec<_> = subjects.iter().map(|s| s.defaults(Dialect::Own)).collect();
    settings.iter_mut().for_each(|one| one.enabled = ["loadavg", "uname"].contains(&one.name));
    let paths: Paths =
        settings::load(&subjects, |_| false, [].into_iter(), [].into_iter()).unwrap().paths;
    let root = Root::at(Paths { procfs: procfs.into(), ..paths });
    let mut gather = Gather::new(Dialect::Own, &root, &settings, false);
    for (member, outlives) in gather.members.iter_mut().zip([true, false]) {
        member.collector = Box::new(Counts { count: 0, outlives });
    }
    gather
}

/// What both counted.
fn counts(gather: &mut Gather) -> Vec<u64> {
    struct Taken(Vec<u64>, bool);
    impl Sink for Taken {
        fn family(&mut self, family: &Family<'_>) {
            self.1 = family.names().0 == "count";
        }
        fn sample(&mut self, _: &[Label<'_>], value: Value) {
            if let (true, Value::Int(count)) = (self.1, value) {
                self.0.push(count);
            }
        }
        fn labelled(
            &mut self,
            _: crate::model::metric::Labels<'_>,
            _: crate::model::metric::Point<'_>,
            _: Option<i64>,
        ) {
        }
        fn mark(&self) -> usize {
            0
        }
        fn rewind(&mut self, _: usize) {}
    }
    let mut taken = Taken(Vec::new(), false);
    gather.scrape(gather.all(), &mut taken);
    taken.0
}

#[test]
fn counts_go_on_over_a_reload() {
    let mut before = gather("/proc");
    assert_eq!(counts(&mut before), [1, 1]);
    let mut after = gather("/proc");
    after.resume(before);
    assert_eq!(counts(&mut after), [2, 1]);
    // Another machine's log is another.
    let mut elsewhere = gather("/nowhere");
    elsewhere.resume(after);
    assert_eq!(counts(&mut elsewhere), [1, 1]);
}
