//! NVMe controllers and their namespaces: `/sys/class/nvme/nvmeN` with `model`, `serial`, `firmware_rev`,
//! `state` and `cntlid`, and `nvmeNnM` with `size` in units of 512 bytes, `nuse` in logical blocks and
//! `queue/logical_block_size` in bytes (drivers/nvme/host, since 4.4; `nuse` since 6.8). Where the kernel
//! joins several paths to a namespace, namespaces are not below their controllers and are not shown.
//! The kernel asks the drive for `nuse`: a scrape does not wait for one that is slow, and shows the last value and
//! `nvme_namespace_age_seconds`.
//!
//! node_exporter multiplies `size` by the size of a logical block, so for drives with blocks of 4096
//! bytes its namespaces are eight times too large; with its names, ours are as well.

use super::attributes::{Info, LabelFrom, Layout, Level, MAX_TEXT, Object, Objects, text};
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::model::metric::{
    Family, Label, Sink, Unit::Millis, Unit::One, Unit::Sectors, Value, families, gauge,
};
use crate::settings::Subject;

const NAMESPACE: &[&str] = &["device", "nsid"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 8] = families![
    gauge("nvme_info", One, "Always 1; the labels describe the controller.",     &["device", "firmware_revision", "model", "serial", "state", "cntlid"]),
    gauge("nvme_namespace_info", One, "Always 1; the labels have the states of its paths.",               &["device", "nsid", "ana_state"]),
    gauge("nvme_namespace_capacity_bytes",           One,     "Size of the namespace, for blocks of 512 bytes.", NAMESPACE).only_node(),
    gauge("nvme_namespace_size_bytes",               One,     "Size of the namespace, for blocks of 512 bytes.", NAMESPACE).only_node(),
    gauge("nvme_namespace_size_bytes",               Sectors, "Size of the namespace.",                          NAMESPACE).only_own(),
    gauge("nvme_namespace_used_bytes",               One,     "What is used of the namespace.",                  NAMESPACE),
    gauge("nvme_namespace_logical_block_size_bytes", One,     "Size of a logical block of the namespace.",       NAMESPACE),
    gauge("nvme_namespace_age_seconds",              Millis,  "Time since the drive was asked, if not in this scrape.", NAMESPACE).only_own(),
];

static CONTROLLERS: Layout = Layout {
    directory: "/sys/class/nvme",
    is_object: |name| name.starts_with("nvme"),
    labels: &[LabelFrom::Name("")],
    attributes: &[],
};

static NAMESPACES: [Level; 1] = [Level {
    directory: "",
    object: |name| number_of_namespace(name).map(|_| name),
    join: "/",
    labels: &[
        LabelFrom::Above(0),
        LabelFrom::NameBy(|name| number_of_namespace(name).unwrap_or_default()),
    ],
    attributes: &[],
}];

static INFO: Info = Info {
    family: &FAMILIES[0],
    texts: &[text("firmware_rev"), text("model"), text("serial"), text("state"), text("cntlid")],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "nvme",
        node_name: "nvme",
        on: true,
        help: "NVMe controllers and namespaces, from /sys/class/nvme",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let objects = Objects::of_drivers(setup.root, &CONTROLLERS, [None, None]).below(&NAMESPACES);
    Box::new(Nvme { objects, numbers: Vec::new() })
}

struct Nvme {
    objects: Objects,
    /// The values of the namespaces in this scrape, in their order.
    numbers: Vec<Numbers>,
}

/// The numbers of a namespace; `None` where one could not be read.
struct Numbers {
    size: Option<u64>,
    used: Option<u64>,
    block: Option<u64>,
}

impl Collector for Nvme {
    fn asks_drivers(&self) -> bool {
        true
    }

    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Nvme { objects, numbers } = self;
        objects.follow(scrape.now, scrape.errors).map_err(Error::of_optional)?;
        let [_, info, capacity, node_size, size, used, block, age] = &FAMILIES;
        INFO.write(objects, scrape.errors, out);
        write_states(info, objects, scrape.errors, out);
        numbers.clear();
        numbers.extend(objects.of(1).map(|namespace| read(objects, namespace, scrape.errors)));
        let in_blocks = |count: Option<u64>, block: Option<u64>| {
            Some(Value::times(count?, u32::try_from(block?).ok()?))
        };
        let mut write = |family: &'static Family<'static>, value: &ReadNumber<'_>| {
            out.family(family);
            for (namespace, numbers) in objects.of(1).zip(&*numbers) {
                if let Some(value) = value(numbers) {
                    namespace.sample(NAMESPACE.len(), value, out);
                }
            }
        };
        write(capacity, &|numbers| in_blocks(numbers.size, numbers.block));
        write(node_size, &|numbers| in_blocks(numbers.size, numbers.block));
        write(size, &|numbers| Some(size.value(numbers.size?)));
        write(used, &|numbers| in_blocks(numbers.used, numbers.block));
        write(block, &|numbers| Some(block.value(numbers.block?)));
        objects.write_ages(age, out);
        objects.rest();
        Ok(())
    }
}

/// Returns the value of a family from the numbers of a namespace.
type ReadNumber<'a> = dyn Fn(&Numbers) -> Option<Value> + 'a;

fn read(objects: &Objects, namespace: &Object, errors: &mut PartialErrors) -> Numbers {
    let mut uint = |file| errors.unless_absent(objects.uint(namespace, file));
    Numbers { size: uint("size"), used: uint("nuse"), block: uint("queue/logical_block_size") }
}

/// Writes how each namespace can be reached; `unknown` where the controller does not report it.
fn write_states(
    family: &'static Family<'static>,
    objects: &Objects,
    errors: &mut PartialErrors,
    out: &mut dyn Sink,
) {
    out.family(family);
    for namespace in objects.of(1) {
        let mut room = [0; MAX_TEXT];
        let state = errors.unless_absent(objects.read(namespace, "ana_state", &mut room));
        let [device, number] = [namespace.label(0), namespace.label(1)].map(Label::of);
        out.sample(&[device, number, Label::of(state.unwrap_or(b"unknown"))], Value::Int(1));
    }
}

/// The number of the namespace whose device has this name: `1` of `nvme0n1`.
fn number_of_namespace(name: &str) -> Option<&str> {
    let (controller, namespace) = name.strip_prefix("nvme")?.split_once('n')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (is_number(controller) && is_number(namespace)).then_some(namespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        for (file, text) in [
            ("nvme0/firmware_rev", "1B2QEXP7"),
            ("nvme0/model", "Disk 970 PRO 512GB"),
            ("nvme0/serial", "S680HF8N"),
            ("nvme0/state", "live"),
            ("nvme0/cntlid", "1997"),
            ("nvme0/hwmon1/name", "nvme"),
            ("nvme0/nvme0n2/size", "3000"),
            ("nvme0/nvme0n2/nuse", "70"),
            ("nvme0/nvme0n2/queue/logical_block_size", "4096"),
            ("nvme0/nvme0n2/ana_state", "optimized"),
            ("nvme0/nvme0c0n3/size", "1"),
        ] {
            tree.put(&format!("sys/class/nvme/{file}"), &format!("{text}\n"));
        }
        tree
    }

    const INFO: &str = r#"nvme_info{device="nvme0",firmware_revision="1B2QEXP7",model="Disk 970 PRO 512GB",serial="S680HF8N",state="live",cntlid="1997"} 1"#;

    #[test]
    fn controllers_and_namespaces_in_both_dialects() {
        let tree = machine("nvme");
        let space = r#"{device="nvme0",nsid="2"}"#;
        let of = |name: &str, value: &str| format!("nvme_namespace_{name}_bytes{space} {value}");
        let state = r#"nvme_namespace_info{device="nvme0",nsid="2",ana_state="optimized"} 1"#;
        let mut nvme = tree.open(&SPEC, Dialect::Own, &[]);
        let ends = [of("used", "286720"), of("logical_block_size", "4096")];
        let mut expected = vec![INFO.to_owned(), state.to_owned(), of("size", "1536000")];
        expected.extend(ends.clone());
        for _ in 0..2 {
            assert_eq!(scrape(&mut nvme, Dialect::Own, &["nvme"]), (expected.clone(), 0));
        }
        let mut nvme = tree.open(&SPEC, Dialect::Node, &[]);
        expected.truncate(2);
        expected.extend([of("capacity", "12288000"), of("size", "12288000")]);
        expected.extend(ends);
        assert_eq!(scrape(&mut nvme, Dialect::Node, &["nvme"]), (expected, 0));
    }

    #[test]
    fn unreadable_values_are_left_out() {
        let tree = machine("nvme-bad");
        tree.put("sys/class/nvme/nvme0/nvme0n2/size", "many\n");
        tree.remove("sys/class/nvme/nvme0/nvme0n2/nuse");
        tree.remove("sys/class/nvme/nvme0/nvme0n2/ana_state");
        tree.remove("sys/class/nvme/nvme0/state");
        let mut nvme = tree.open(&SPEC, Dialect::Own, &[]);
        let expected = [
            &INFO.replace("live", ""),
            r#"nvme_namespace_info{device="nvme0",nsid="2",ana_state="unknown"} 1"#,
            r#"nvme_namespace_logical_block_size_bytes{device="nvme0",nsid="2"} 4096"#,
        ];
        let expected = expected.map(String::from).to_vec();
        assert_eq!(scrape(&mut nvme, Dialect::Own, &["nvme"]), (expected, 1));
        let nothing = Tree::new("nvme-none");
        nothing.put("sys/class/net/lo/mtu", "65536\n");
        let absent = nothing.open(&SPEC, Dialect::Own, &[]).failure();
        assert!(matches!(absent, Some(Error::Unsupported(_))));
    }
}
