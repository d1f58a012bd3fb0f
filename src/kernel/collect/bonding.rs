//! Bonds of network interfaces: `/sys/class/net/bonding_masters` names them,
//! `/sys/class/net/BOND/bonding/slaves` the interfaces of one, and
//! `BOND/lower_INTERFACE/bonding_slave/mii_status` (before 3.9: `slave_INTERFACE`) is `up` while the
//! link of an interface is (Documentation/networking/bonding.rst, since 2.6.14 and 3.14). The kernel
//! ends a list that is longer than a page with `++more++`: such a bond has no samples.

use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, FileId, Filter, scan};
use crate::model::metric::{Family, Label, Sink, Unit::One, Value, families, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/class/net";
const MASTERS: &str = "/sys/class/net/bonding_masters";

/// The mark in a list for names that did not fit.
const MORE: &[u8] = b"++more++";

/// The longest list that the kernel writes: a page.
const MAX_LIST: usize = 4096;

/// The longest state of a link.
const MAX_STATE: usize = 16;

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 2] = families![
    gauge("bonding_slaves", One, "Interfaces of the bond.",               &["master"]),
    gauge("bonding_active", One, "Interfaces of the bond with link up.",  &["master"]),
];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "bonding",
        node_name: "bonding",
        on: true,
        help: "bonds of network interfaces, from /sys/class/net",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let (masters, dir) = (setup.files.whole(MASTERS), setup.root.dir(DIRECTORY));
    Box::new(Bonding { masters, dir, once: Filter::new(None, None), bonds: Vec::new() })
}

struct Bonding {
    masters: FileId,
    dir: Dir,
    /// Bonds that were listed already.
    once: Filter,
    /// The state of the bonds in this scrape, in the order of the list.
    bonds: Vec<Option<Bond>>,
}

struct Bond {
    slaves: u64,
    /// `None` where the state of one could not be read.
    active: Option<u64>,
}

impl Collector for Bonding {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Scrape { files, errors, .. } = scrape;
        let masters = files.read(self.masters).map_err(Error::of_optional)?.trim_ascii_end();
        self.bonds.clear();
        if masters.is_empty() {
            return Ok(());
        }
        self.dir.open()?;
        self.once.begin();
        for master in scan::fields(masters) {
            let is_first = self.once.keep(master);
            if !is_first {
                errors.refuse(MASTERS, "a bond that comes once", master);
            }
            self.bonds.push(is_first.then(|| bond(&self.dir, master, errors)).flatten());
        }
        self.dir.close();
        let counts: [fn(&Bond) -> Option<u64>; 2] = [|bond| Some(bond.slaves), |bond| bond.active];
        for (family, count) in FAMILIES.iter().zip(counts) {
            out.family(family);
            for (master, bond) in scan::fields(masters).zip(&self.bonds) {
                if let Some(count) = bond.as_ref().and_then(count) {
                    out.sample(&[Label::of(master)], Value::Int(count));
                }
            }
        }
        Ok(())
    }
}

/// Reads one bond.
fn bond(dir: &Dir, master: &[u8], errors: &mut PartialErrors) -> Option<Bond> {
    if !is_interface(master) {
        errors.refuse(MASTERS, "the names of all bonds", master);
        return None;
    }
    let path = Joined::of(master, "bonding/slaves");
    let mut room = [0; MAX_LIST];
    let slaves = dir.read(path.path(), &mut room);
    let slaves = slaves.map_err(|error| errors.record(error)).ok()?;
    if let Some(bad) = scan::fields(slaves).find(|slave| !is_interface(slave)) {
        errors.refuse(dir.place(path.path()), "the names of all interfaces", bad);
        return None;
    }
    let mut bond = Bond { slaves: 0, active: Some(0) };
    for slave in scan::fields(slaves) {
        bond.slaves += 1;
        let is_up = is_up(dir, master, slave).map_err(|error| errors.record(error)).ok();
        bond.active = bond.active.zip(is_up).map(|(active, is_up)| active + u64::from(is_up));
    }
    Some(bond)
}

/// Whether this is a valid name of an interface, as it becomes part of a path.
fn is_interface(name: &[u8]) -> bool {
    !matches!(name, b"." | b".." | MORE) && memchr::memchr(b'/', name).is_none()
}

/// Whether the link of an interface of a bond is up.
fn is_up(dir: &Dir, master: &[u8], slave: &[u8]) -> Result<bool, Error> {
    let mut room = [0; MAX_STATE];
    let mut read = |beginning: &[u8]| {
        let path = Joined::parts(&[master, beginning, slave, b"/bonding_slave/mii_status"]);
        dir.read(path.path(), &mut room).map(|state| state == b"up")
    };
    match read(b"/lower_") {
        Err(Error::Absent(_)) => read(b"/slave_"),
        read => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn put(tree: &Tree, file: &str, text: &str) {
        tree.put(&format!("sys/class/net/{file}"), &format!("{text}\n"));
    }

    #[test]
    fn links_of_either_name_are_counted() {
        let tree = Tree::new("bonding");
        for (file, text) in [
            ("bonding_masters", "bond0 dmz"),
            ("bond0/bonding/slaves", ""),
            ("dmz/bonding/slaves", "eth0 eth4 eth5"),
            ("dmz/lower_eth0/bonding_slave/mii_status", "up"),
            ("dmz/slave_eth4/bonding_slave/mii_status", "up"),
            ("dmz/lower_eth5/bonding_slave/mii_status", "down"),
        ] {
            put(&tree, file, text);
        }
        let mut bonding = tree.open(&SPEC, Dialect::Node, &[]);
        let expected = [
            r#"bonding_slaves{master="bond0"} 0"#,
            r#"bonding_slaves{master="dmz"} 3"#,
            r#"bonding_active{master="bond0"} 0"#,
            r#"bonding_active{master="dmz"} 2"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for _ in 0..2 {
            assert_eq!(scrape(&mut bonding, Dialect::Node, &["bonding"]), (expected.clone(), 0));
        }
    }

    #[test]
    fn an_unreadable_value_is_not_zero() {
        let tree = Tree::new("bonding-bad");
        let mut bonding = tree.open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(bonding.failure(), Some(Error::Unsupported(_))));
        for (file, text) in [
            ("bonding_masters", "gone long sick ../net/sick ++more++"),
            ("long/bonding/slaves", "eth0 ++more++"),
            ("sick/bonding/slaves", "eth0 eth1"),
            ("sick/lower_eth0/bonding_slave/mii_status", "up"),
            ("sick/lower_eth1/bonding_slave/mii_status/x", "reading it is EISDIR"),
        ] {
            put(&tree, file, text);
        }
        let expected = vec![r#"bonding_slaves{master="sick"} 2"#.to_owned()];
        assert_eq!(scrape(&mut bonding, Dialect::Own, &["bonding"]), (expected, 5));
        put(&tree, "bonding_masters", "sick sick");
        let (samples, errors) = scrape(&mut bonding, Dialect::Own, &["bonding"]);
        assert_eq!((samples.len(), errors), (1, 2));
        put(&tree, "bonding_masters", "");
        assert_eq!(scrape(&mut bonding, Dialect::Own, &["bonding"]), (vec![], 0));
    }
}
