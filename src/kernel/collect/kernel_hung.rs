//! Tasks that hang: `/proc/sys/kernel/hung_task_detect_count`, how often a task was found that had been in
//! uninterruptible sleep for longer than `hung_task_timeout_secs`
//! (Documentation/admin-guide/sysctl/kernel.rst, since 6.13). Kernels without the detector lack the file.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{FileId, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families};
use crate::settings::Subject;

const PATH: &str = "/proc/sys/kernel/hung_task_detect_count";

static FAMILIES: &[Family; 1] =
    families![counter("kernel_hung_tasks_total", Unit::One, "Tasks that were found to hang.", &[])];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "kernel_hung",
        node_name: "kernel_hung",
        on: true,
        help: "tasks that hang, from /proc/sys/kernel/hung_task_detect_count",
        options: &[],
    },
    families: FAMILIES,
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
        let count = scan::uint(text.trim_ascii_end());
        let count = count.ok_or_else(|| Error::parse(PATH, "an integer", text))?;
        let [family] = &FAMILIES;
        out.single(family, family.value(count));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn the_count_is_shown_if_the_kernel_has_it() {
        let tree = Tree::new("kernel-hung");
        let mut hung = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(hung.error(), Some(Error::Unsupported(_))));
        tree.put("proc/sys/kernel/hung_task_detect_count", "42\n");
        let expected = (vec!["kernel_hung_tasks_total 42".to_owned()], 0);
        assert_eq!(scrape(&mut hung, Dialect::Own, &["hung"]), expected);
        tree.put("proc/sys/kernel/hung_task_detect_count", "many\n");
        assert!(matches!(hung.error(), Some(Error::Parse(..))));
    }
}
