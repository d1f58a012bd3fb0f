//! Paths to NVMe subsystems: `/sys/class/nvme-subsystem/nvme-subsysN` with `subsysnqn`, `model`,
//! `serial` and `iopolicy`, and an entry for each controller (`nvme0`, a path, with state and
//! `transport`) and each namespace (`nvme0n1`; drivers/nvme/host, since 4.15). An unknown state is
//! `unknown`; a controller that is deleted while nothing can reach it any more (`deleting (no IO)`) is
//! `deleting`, as in node_exporter.

use super::attributes::{Info, LabelFrom, Layout, Level, MAX_TEXT, Object, Objects, text};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{Family, Label, Sink, Unit::One, Value, families, gauge};
use crate::settings::Subject;

/// The states of a controller, and one for others.
const STATES: [&str; 7] = ["new", "live", "connecting", "resetting", "deleting", "dead", "unknown"];

/// The kernel's suffix to `deleting`.
const NO_IO: &[u8] = b" (no IO)";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 5] = families![
    gauge("nvmesubsystem_info",           One, "Always 1; the labels describe the subsystem.",                &["subsystem", "nqn", "model", "serial", "iopolicy"]),
    gauge("nvmesubsystem_namespace_info", One, "Always 1; the labels say which namespaces the subsystem has.",  &["subsystem", "device"]),
    gauge("nvmesubsystem_path_state",     One, "1 for the state that the path is in, 0 for others.",          &["subsystem", "controller", "transport", "state"]),
    gauge("nvmesubsystem_paths",          One, "Paths to the subsystem.",                                     &["subsystem"]),
    gauge("nvmesubsystem_paths_live",     One, "Paths to the subsystem that are live.",                       &["subsystem"]),
];

static SUBSYSTEMS: Layout = Layout {
    directory: "/sys/class/nvme-subsystem",
    is_object: |name| name.starts_with("nvme-subsys"),
    labels: &[LabelFrom::Name("")],
    attributes: &[],
};

/// Controllers and namespaces, the levels below a subsystem.
static BELOW: [Level; 1] = [Level {
    directory: "",
    object: |name| Some(name).filter(|name| is_controller(name) || is_namespace(name)),
    join: "/",
    labels: &[LabelFrom::Above(0), LabelFrom::Name(""), LabelFrom::File("transport")],
    attributes: &[],
}];

static INFO: Info = Info {
    family: &FAMILIES[0],
    texts: &[text("subsysnqn"), text("model"), text("serial"), text("iopolicy")],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "nvmesubsystem",
        node_name: "nvmesubsystem",
        on: false,
        help: "paths to NVMe subsystems, from /sys/class/nvme-subsystem",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let objects = Objects::new(setup.root, &SUBSYSTEMS, [None, None]).below(&BELOW);
    Box::new(NvmeSubsystem { objects, paths: Vec::new() })
}

struct NvmeSubsystem {
    objects: Objects,
    /// The paths of each subsystem in this scrape.
    paths: Vec<Paths>,
}

#[derive(Clone, Copy, Default)]
struct Paths {
    count: u64,
    live: u64,
    /// Paths whose state could not be read.
    unread: u64,
}

impl Collector for NvmeSubsystem {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        self.objects.follow(scrape.now, scrape.errors).map_err(Error::of_optional)?;
        let [_, namespaces, state, count, live] = &FAMILIES;
        INFO.write(&self.objects, scrape.errors, out);
        out.family(namespaces);
        for namespace in self.objects.of(1).filter(|entry| is_namespace(&entry.name)) {
            namespace.sample(2, Value::Int(1), out);
        }
        out.family(state);
        self.write_states(scrape.errors, out);
        let subsystems = || self.objects.of(0).zip(&self.paths);
        out.family(count);
        for (subsystem, paths) in subsystems() {
            subsystem.sample(1, Value::Int(paths.count), out);
        }
        out.family(live);
        for (subsystem, paths) in subsystems().filter(|(_, paths)| paths.unread == 0) {
            subsystem.sample(1, Value::Int(paths.live), out);
        }
        self.objects.rest();
        Ok(())
    }
}

impl NvmeSubsystem {
    /// Writes which state each path is in, and counts the paths.
    fn write_states(&mut self, errors: &mut PartialErrors, out: &mut dyn Sink) {
        let NvmeSubsystem { objects, paths } = self;
        paths.clear();
        for subsystem in objects.of(0) {
            let mut of_subsystem = Paths::default();
            let entries = objects.of_object(subsystem);
            for controller in entries.filter(|entry| is_controller(&entry.name)) {
                let mut room = [0; MAX_TEXT];
                let state = state(objects, controller, &mut room);
                let state = state.map_err(|error| errors.record(error)).ok();
                of_subsystem.add(state, controller, out);
            }
            paths.push(of_subsystem);
        }
    }
}

/// Reads the state of a controller; an empty one is an error.
fn state<'b>(objects: &Objects, path: &Object, room: &'b mut [u8]) -> Result<&'b [u8], Error> {
    let state = objects.read(path, "state", room)?;
    if state.is_empty() {
        return Err(Error::parse(objects.place(path, "state"), "a state", state));
    }
    Ok(state)
}

impl Paths {
    /// Counts a path, and writes which state it is in.
    fn add(&mut self, state: Option<&[u8]>, controller: &Object, out: &mut dyn Sink) {
        self.count += 1;
        let Some(state) = state else {
            self.unread += 1;
            return;
        };
        let state = state.strip_suffix(NO_IO).unwrap_or(state);
        let is_known = STATES.iter().any(|one| one.as_bytes() == state);
        let state = if is_known { state } else { b"unknown" };
        let [subsystem, name, transport] = [0, 1, 2].map(|at| Label::of(controller.label(at)));
        for one in STATES {
            let is_it = one.as_bytes() == state;
            self.live += u64::from(is_it && one == "live");
            let labels = [subsystem, name, transport, one.into()];
            out.sample(&labels, Value::Int(is_it.into()));
        }
    }
}

/// Whether the name is like `nvme0`.
fn is_controller(name: &str) -> bool {
    name.strip_prefix("nvme").is_some_and(is_number)
}

/// Whether the name is like `nvme0n1`.
fn is_namespace(name: &str) -> bool {
    let parts = name.strip_prefix("nvme").and_then(|rest| rest.split_once('n'));
    parts.is_some_and(|(subsystem, namespace)| is_number(subsystem) && is_number(namespace))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn subsystems_namespaces_and_paths() {
        let tree = Tree::new("nvmesubsystem");
        for (file, text) in [
            ("nvme-subsys1/subsysnqn", "nqn.2014-08.org"),
            ("nvme-subsys1/model", "Store"),
            ("nvme-subsys1/serial", "SN1"),
            ("nvme-subsys1/iopolicy", "round-robin"),
            ("nvme-subsys1/nvme0/state", "live"),
            ("nvme-subsys1/nvme0/transport", "fc"),
            ("nvme-subsys1/nvme2/state", "deleting (no IO)"),
            ("nvme-subsys1/nvme2/transport", "tcp"),
            ("nvme-subsys1/nvme3/state", "asleep"),
            ("nvme-subsys1/nvme4/state", "new"),
            ("nvme-subsys1/nvme0n1/size", "1"),
            ("nvme-subsys1/nvme0c1n1/size", "1"),
            ("nvme-subsys10/nvme5/state/x", "reading it is EISDIR"),
            ("other/model", "x"),
        ] {
            tree.put(&format!("sys/class/nvme-subsystem/{file}"), &format!("{text}\n"));
        }
        let mut subsystems = tree.open(&SPEC, Dialect::Node, &[]);
        let path = |controller, transport, state: &str, value| {
            let labels = format!(r#"controller="{controller}",transport="{transport}""#);
            format!(r#"path_state{{subsystem="nvme-subsys1",{labels},state="{state}"}} {value}"#)
        };
        let of = |controller, transport, is| {
            STATES.map(|state| path(controller, transport, state, u64::from(state == is)))
        };
        let mut expected = vec![
            r#"info{subsystem="nvme-subsys1",nqn="nqn.2014-08.org",model="Store",serial="SN1",iopolicy="round-robin"} 1"#.to_owned(),
            r#"info{subsystem="nvme-subsys10",nqn="",model="",serial="",iopolicy=""} 1"#.to_owned(),
            r#"namespace_info{subsystem="nvme-subsys1",device="nvme0n1"} 1"#.to_owned(),
        ];
        expected.extend(of("nvme0", "fc", "live"));
        expected.extend(of("nvme2", "tcp", "deleting"));
        expected.extend(of("nvme3", "", "unknown"));
        expected.extend(of("nvme4", "", "new"));
        expected.push(r#"paths{subsystem="nvme-subsys1"} 4"#.to_owned());
        expected.push(r#"paths{subsystem="nvme-subsys10"} 1"#.to_owned());
        expected.push(r#"paths_live{subsystem="nvme-subsys1"} 1"#.to_owned());
        let expected: Vec<_> = expected.iter().map(|l| format!("nvmesubsystem_{l}")).collect();
        for _ in 0..2 {
            let got = scrape(&mut subsystems, Dialect::Node, &["nvme"]);
            assert_eq!(got, (expected.clone(), 1));
        }
        let mut none = Tree::new("nvmesubsystem-none").open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(none.failure(), Some(Error::Unsupported(_))));
    }
}
