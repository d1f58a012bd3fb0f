//! The names of the running system: uname(2), which every kernel answers, also where the trees are those
//! of another machine. Node and domain name are those of the UTS namespace.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::model::metric::{Family, Label, Sink, Unit, Value, families, gauge};
use crate::settings::Subject;

const CALL: &str = "uname(2)";

#[rustfmt::skip] // in the order in which uname(2) gives them
const KEYS: &[&str] = &["sysname", "release", "version", "machine", "nodename", "domainname"];

static FAMILIES: &[Family; 1] = families![gauge(
    "uname_info",
    Unit::One,
    "Always 1; the labels are the names that uname(2) gives.",
    KEYS,
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "uname",
        node_name: "uname",
        on: true,
        help: "names of the system, from uname(2)",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open: |_: &mut Setup<'_>| Box::new(Uname),
};

struct Uname;

impl Collector for Uname {
    fn collect(&mut self, _: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let names = sys::system_names().map_err(|e| Error::of(CALL, &e))?;
        let [family] = &FAMILIES;
        out.family(family);
        out.sample(&names.all().map(Label::of), Value::Int(1));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn the_running_kernel_whatever_the_tree() {
        let tree = Tree::new("uname");
        tree.put("proc/sys/kernel/hostname", "another\n");
        let (samples, errors) =
            scrape(&mut tree.open(&SPEC, Dialect::Node, &[]), Dialect::Node, &["uname"]);
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        assert_eq!((samples.len(), errors), (1, 0));
        assert!(samples[0].starts_with("uname_info{sysname=\"Linux\",release="), "{samples:?}");
        assert!(samples[0].contains(&format!("nodename=\"{}\",domainname=", host.trim())));
    }
}
