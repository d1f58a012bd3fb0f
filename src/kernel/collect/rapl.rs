//! Energy that parts of the processor used, as the processor counts it (RAPL, "running average power
//! limit"): `/sys/class/powercap/ZONE` with `name` and `energy_uj` in millionths of a joule
//! (Documentation/power/powercap/powercap.rst, since 3.13). A zone is a package (`package-0`), its
//! `core`, `uncore` or `dram`. A number at the end of the name becomes the label `index`; zones without
//! one are counted by name. The counters wrap when they reach `max_energy_range_uj`.
//!
//! Since 5.10 only root may read `energy_uj`, since it could reveal what others compute: without root
//! there is no data.

use super::attributes::{LabelFrom, Layout, Object, Objects};
use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::model::metric::{Family, Label, Sink, Unit::Micros, counter, families, fresh_stamp};
use crate::settings::{CollectorOption, Dialect, Subject, switch};
use std::path::PathBuf;

const DIRECTORY: &str = "/sys/class/powercap";

/// The errors without permission to read the counters.
const FORBIDDEN: [i32; 2] = [libc::EACCES, libc::EPERM];

/// The keys of the families whose names come from the zones.
const ZONE: &[&str] = &["index", "path"];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 1] = families![
    counter("rapl_joules_total", Micros, "Energy that the zone took.", &["index", "path", "rapl_zone"]),
];

static ENABLE_ZONE_LABEL: CollectorOption<bool> = switch(
    "enable_zone_label",
    "one family with the zone as a label, in place of one for each name",
)
.flags(&["collector.rapl.enable-zone-label"])
.defaults("true", "false");

static ZONES: Layout = Layout {
    directory: DIRECTORY,
    is_object: |_| true,
    labels: &[LabelFrom::FileBy("name", |text| text.unwrap_or_default().trim_ascii().to_vec())],
    attributes: &[],
};

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "rapl",
        node_name: "rapl",
        on: true,
        help: "energy that parts of the processor used, from /sys/class/powercap",
        options: &[&ENABLE_ZONE_LABEL.row],
    },
    families: FAMILIES,
    dynamic: &["rapl_"],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let objects = Objects::new(setup.root, &ZONES, [None, None]);
    let has_zone_label = setup.settings.get(&ENABLE_ZONE_LABEL);
    let directory = match setup.dialect {
        Dialect::Own => PathBuf::from(DIRECTORY),
        Dialect::Node => setup.root.real(DIRECTORY),
    };
    Box::new(Rapl { objects, directory, has_zone_label, zones: Vec::new() })
}

struct Rapl {
    objects: Objects,
    /// The directory for the label: the kernel's path, or where it is found, as node_exporter
    /// does.
    directory: PathBuf,
    has_zone_label: bool,
    /// Sorted by name.
    zones: Vec<Zone>,
}

/// A zone with a known name.
struct Zone {
    /// The index of its object.
    at: usize,
    name: String,
    index: String,
    path: String,
    /// The name of its family, its help, and a stamp that identifies it; the same for zones of the same
    /// name.
    family: (String, String, u32),
}

impl Collector for Rapl {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.objects.follow(scrape.now, scrape.errors).map_err(Error::of_optional)? {
            self.learn();
        }
        let mut last = None;
        for zone in &self.zones {
            let [labelled] = &FAMILIES;
            let (name, help, stamp) = &zone.family;
            let dynamic = Family::dynamic(labelled.kind, Micros, name, help, *stamp).keyed(ZONE);
            let family = if self.has_zone_label { labelled } else { &dynamic };
            if last != Some(family.stamp()) {
                last = Some(family.stamp());
                out.family(family);
            }
            let Some(object) = self.objects.of(0).nth(zone.at) else { continue };
            let energy = match self.objects.uint(object, "energy_uj") {
                Err(Error::Read(place, errno)) if FORBIDDEN.contains(&errno) => {
                    self.objects.rest();
                    return Err(Error::Unsupported(place));
                }
                read => scrape.errors.unless_absent(read),
            };
            let Some(energy) = energy else { continue };
            let labels = [&zone.index, &zone.path, &zone.name].map(|text| Label::from(&**text));
            let keys = if self.has_zone_label { labels.len() } else { ZONE.len() };
            out.sample(labels.get(..keys).unwrap_or_default(), family.value(energy));
        }
        self.objects.rest();
        Ok(())
    }
}

impl Rapl {
    /// Looks up the zones after some were added or removed.
    #[cold]
    fn learn(&mut self) {
        self.zones.clear();
        let mut used: Vec<(String, u64)> = Vec::new();
        for (at, object) in self.objects.of(0).enumerate() {
            let Some((name, number)) = name_of(object) else { continue };
            let known = used.iter_mut().find(|(known, _)| *known == name);
            let index = number.unwrap_or(known.as_ref().map_or(0, |(_, next)| *next));
            match known {
                Some((_, next)) => *next = index.saturating_add(1),
                None => used.push((name.clone(), index.saturating_add(1))),
            }
            let path = self.directory.join(&object.name).to_string_lossy().into_owned();
            let family = family_of(&name);
            self.zones.push(Zone { at, name, index: index.to_string(), path, family });
        }
        sys::sort(&mut self.zones, |a, b| (&a.family.0, a.at).cmp(&(&b.family.0, b.at)));
        let mut before: Option<(String, u32)> = None;
        for Zone { family: (name, _, stamp), .. } in &mut self.zones {
            match &before {
                Some((known, same)) if known == name => *stamp = *same,
                _ => before = Some((name.clone(), *stamp)),
            }
        }
    }
}

/// The name of a zone, and the number at its end: `package` and 0 of `package-0`. A text with more than one
/// hyphen is a name as a whole.
fn name_of(object: &Object) -> Option<(String, Option<u64>)> {
    let whole = std::str::from_utf8(object.label(0)).ok().filter(|name| !name.is_empty())?;
    let mut parts = whole.split('-');
    Some(match (parts.next(), parts.next().map(str::parse), parts.next()) {
        (Some(name), Some(Ok(number)), None) => (name.to_owned(), Some(number)),
        _ => (whole.to_owned(), None),
    })
}

/// The family of a zone: its name, its help, and a stamp that identifies it.
fn family_of(zone: &str) -> (String, String, u32) {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let clean: String = zone.chars().map(letter).collect();
    let help = ["Energy that the zone ", zone, " took."].concat();
    (["rapl_", &clean, "_joules_total"].concat(), help, fresh_stamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::collect::testing::{Tree, scrape};

    fn machine(name: &str) -> Tree {
        let tree = Tree::new(name);
        for (zone, name, energy) in [
            ("intel-rapl:0", "package-0", "240422366267"),
            ("intel-rapl:0:0", "core", "118821284256"),
            ("intel-rapl:1", "package-1", "3"),
            ("intel-rapl:1:0", "core", "4000000"),
            ("intel-rapl:2", "package-0-die-1", "5"),
        ] {
            tree.put(&format!("sys/class/powercap/{zone}/name"), &format!("{name}\n"));
            tree.put(&format!("sys/class/powercap/{zone}/energy_uj"), &format!("{energy}\n"));
        }
        tree.put("sys/class/powercap/intel-rapl/enabled", "1\n");
        tree
    }

    #[test]
    fn a_family_for_each_name() {
        let tree = machine("rapl");
        let mut rapl = tree.open(&SPEC, Dialect::Node, &[]);
        let path = tree.0.join("sys/class/powercap/intel-rapl").display().to_string();
        let expected = [
            format!(r#"rapl_core_joules_total{{index="0",path="{path}:0:0"}} 118821.284256"#),
            format!(r#"rapl_core_joules_total{{index="1",path="{path}:1:0"}} 4"#),
            format!(r#"rapl_package_0_die_1_joules_total{{index="0",path="{path}:2"}} 0.000005"#),
            format!(r#"rapl_package_joules_total{{index="0",path="{path}:0"}} 240422.366267"#),
            format!(r#"rapl_package_joules_total{{index="1",path="{path}:1"}} 0.000003"#),
        ];
        for _ in 0..2 {
            assert_eq!(scrape(&mut rapl, Dialect::Node, &["rapl"]), (expected.to_vec(), 0));
        }
    }

    #[test]
    fn one_family_with_the_zone_as_a_label() {
        let tree = machine("rapl-label");
        tree.put("sys/class/powercap/intel-rapl:0/energy_uj", "much\n");
        tree.remove("sys/class/powercap/intel-rapl:2/name");
        tree.remove("sys/class/powercap/intel-rapl:1/energy_uj");
        let mut rapl = tree.open(&SPEC, Dialect::Own, &[]);
        let core = |index, zone, value| {
            format!(
                r#"rapl_joules_total{{index="{index}",path="/sys/class/powercap/intel-rapl:{zone}",rapl_zone="core"}} {value}"#
            )
        };
        let expected = vec![core(0, "0:0", "118821.284256"), core(1, "1:0", "4")];
        assert_eq!(scrape(&mut rapl, Dialect::Own, &["rapl"]), (expected, 1));
        let mut none = Tree::new("rapl-none").open(&SPEC, Dialect::Own, &[]);
        assert!(matches!(none.failure(), Some(Error::Unsupported(_))));
    }
}
