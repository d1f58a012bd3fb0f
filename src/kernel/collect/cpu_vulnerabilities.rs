//! Weaknesses of the CPUs: `/sys/devices/system/cpu/vulnerabilities`, a file for each that the kernel knows,
//! with one line: `Not affected`, `Vulnerable`, `Mitigation: …` or `Unknown: …`
//! (Documentation/ABI/testing/sysfs-devices-system-cpu, since 4.15). Behind the state may be words about it.
//! A line that begins with none of these, such as `KVM: Mitigation: VMX disabled`, is of state unknown and
//! kept whole. Architectures without such reports have no directory.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::kernel::read::{Listing, dir};
use crate::model::metric::{Family, Label, Sink, Unit, Value, gauge};
use crate::settings::Subject;
use std::ffi::CString;

const DIRECTORY: &str = "/sys/devices/system/cpu/vulnerabilities";

/// More weaknesses than any kernel knows; what comes after is left out and counted.
const MAX_FILES: usize = 256;

/// The longest line that is shown whole.
const MAX_TEXT: usize = 1024;

/// How a line begins, and the state that it tells.
const STATES: [(&[u8], Label); 4] = [
    (b"Not affected", Label::of(b"not affected")),
    (b"Vulnerable", Label::of(b"vulnerable")),
    (b"Mitigation", Label::of(b"mitigation")),
    (b"Unknown", UNKNOWN),
];
const UNKNOWN: Label = Label::of(b"unknown");

static FAMILIES: [Family; 1] = [gauge(
    "cpu_vulnerabilities_info",
    Unit::One,
    "A weakness of the CPUs, and what the kernel does about it; always 1.",
    &["codename", "state", "mitigation"],
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cpu_vulnerabilities",
        node_name: "cpu_vulnerabilities",
        on: false,
        help: "weaknesses of the CPUs, from /sys/devices/system/cpu/vulnerabilities",
        options: &[],
    },
    families: &FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    Box::new(Vulnerabilities {
        listing: Listing::new(setup.root.dir(DIRECTORY)),
        files: Vec::new(),
        text: vec![0; MAX_TEXT],
    })
}

struct Vulnerabilities {
    listing: Listing,
    /// The names in the directory, sorted.
    files: Vec<CString>,
    text: Vec<u8>,
}

impl Collector for Vulnerabilities {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let errors = &mut *scrape.errors;
        if self.listing.has_changed().map_err(Error::of_optional)? {
            self.files = self.listing.names().map(|name| dir::name(&[name])).collect();
            self.files.sort_unstable();
            if let Some(first) = self.files.get(MAX_FILES) {
                errors.record(Error::parse(DIRECTORY, "at most 256 files", first.to_bytes()));
                self.files.truncate(MAX_FILES);
            }
        }
        for family in &FAMILIES {
            out.family(family);
            for file in &self.files {
                let read = self.listing.dir.read(file, &mut self.text);
                let Some(text) = errors.unless_absent(read) else { continue };
                if text.is_empty() {
                    let place = self.listing.dir.place(file);
                    errors.record(Error::parse(place, "a state", text));
                    continue;
                }
                let (state, mitigation) = parse(text);
                let labels = [Label::of(file.to_bytes()), state, Label::of(mitigation)];
                out.sample(&labels, Value::Int(1));
            }
        }
        Ok(())
    }
}

/// The state that a line tells, and what is done about it.
fn parse(text: &[u8]) -> (Label<'static>, &[u8]) {
    let parts = |(beginning, state)| Some((state, text.strip_prefix(beginning)?));
    let Some((state, mut rest)) = STATES.into_iter().find_map(parts) else {
        return (UNKNOWN, text);
    };
    while let [b':' | b';' | b',' | b' ', behind @ ..] = rest {
        rest = behind;
    }
    (state, if text.starts_with(b"Not affected") { b"" } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn the_state_and_what_is_done() {
        for (text, state, mitigation) in [
            ("Not affected", "not affected", ""),
            ("Vulnerable", "vulnerable", ""),
            ("Vulnerable: Safe RET, no microcode", "vulnerable", "Safe RET, no microcode"),
            ("Vulnerable, IBPB: disabled", "vulnerable", "IBPB: disabled"),
            ("Mitigation; PTI: on", "mitigation", "PTI: on"),
            ("Unknown: No mitigations", "unknown", "No mitigations"),
            ("KVM: Mitigation: VMX disabled", "unknown", "KVM: Mitigation: VMX disabled"),
            ("Processor vulnerable", "unknown", "Processor vulnerable"),
        ] {
            let (told, about) = parse(text.as_bytes());
            assert_eq!((told.raw(), about), (state.as_bytes(), mitigation.as_bytes()), "{text}");
        }
    }

    #[test]
    fn each_file_is_a_weakness() {
        let tree = Tree::new("vulnerabilities");
        let mut all = tree.open(&SPEC, Dialect::Node, &[]);
        assert!(matches!(all.failure(), Some(Error::Unsupported(_))));
        tree.put("sys/devices/system/cpu/vulnerabilities/mds", "Vulnerable; SMT \"on\"\n");
        tree.put("sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
        tree.put("sys/devices/system/cpu/vulnerabilities/torn", "");
        let expected = [
            r#"cpu_vulnerabilities_info{codename="l1tf",state="not affected",mitigation=""} 1"#,
            r#"cpu_vulnerabilities_info{codename="mds",state="vulnerable",mitigation="SMT \"on\""} 1"#,
        ];
        let expected = expected.map(String::from).to_vec();
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut all = tree.open(&SPEC, dialect, &[]);
            assert_eq!(scrape(&mut all, dialect, &["_"]), (expected.clone(), 1));
        }
        tree.remove("sys/devices/system/cpu/vulnerabilities/torn");
        assert_eq!(scrape(&mut all, Dialect::Node, &["_"]), (expected, 0));
    }
}
