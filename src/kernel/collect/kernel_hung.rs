//! Tasks that hung: `/proc/sys/kernel/hung_task_detect_count`, one integer: how often a task was found that
//! had been in state D for longer than `hung_task_timeout_secs`, since the start
//! (Documentation/admin-guide/sysctl/kernel.rst, since 6.13). A kernel without CONFIG_DETECT_HUNG_TASK
//! has no such file.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, counter};
use crate::settings::Subject;

const PATH: &str = "/proc/sys/kernel/hung_task_detect_count";

static FAMILIES: [Family; 1] = [counter(
    "kernel_hung_tasks_total",
    Unit::One,
    "Tasks that were found in state D for too long, since the start.",
    &[],
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "kernel_hung",
        node_name: "kernel_hung",
        on: false,
        help: "tasks that hung, from /proc/sys/kernel/hung_task_detect_count",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(KernelHung { file: setup.files.whole(PATH) })
}

struct KernelHung {
    file: FileId,
}

impl Collector for KernelHung {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let text = scrape.files.read(self.file).map_err(Error::of_optional)?;
        let raw = scan::uint(text.trim_ascii());
        let raw = raw.ok_or_else(|| Error::parse(PATH, "an integer", text))?;
        for family in &FAMILIES {
            out.family(family);
            out.sample(&[], family.value(raw));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn a_number_or_an_error() {
        let tree = Tree::new("kernel-hung");
        let mut hung = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(hung.failure(), Some(Error::Unsupported(_))));
        tree.put("proc/sys/kernel/hung_task_detect_count", "42\n");
        let expected = vec!["kernel_hung_tasks_total 42".to_owned()];
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut hung = tree.open(&SPEC, dialect, &[]);
            assert_eq!(scrape(&mut hung, dialect, &["_"]), (expected.clone(), 0));
        }
        for bad in ["", "-1\n", "4 2\n"] {
            tree.put("proc/sys/kernel/hung_task_detect_count", bad);
            assert!(matches!(hung.failure(), Some(Error::Parse(..))), "{bad}");
        }
    }
}
