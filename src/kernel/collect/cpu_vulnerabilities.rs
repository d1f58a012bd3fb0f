//! Hardware vulnerabilities of the CPUs: `/sys/devices/system/cpu/vulnerabilities`, a file for each that the
//! kernel knows (Documentation/ABI/testing/sysfs-devices-system-cpu, since 4.15): `Not affected`, `Vulnerable`,
//! `Mitigation: ...` or `Unknown: ...`; any other text is `unknown` with its whole text.

use super::info::Rows;
use super::{Collector, PartialErrors, Scrape, Setup, Spec};
use crate::base::error::Error;
use crate::base::sys;
use crate::kernel::read::{Listing, dir};
use crate::model::metric::{Family, Sink, Unit, families, gauge};
use crate::settings::Subject;

const DIRECTORY: &str = "/sys/devices/system/cpu/vulnerabilities";

/// More vulnerabilities than any kernel knows; what comes after is left out and counted.
const MAX_VULNERABILITIES: usize = 256;

/// The longest text that is shown; the rest is cut off.
const MAX_TEXT: usize = 512;

const KEYS: &[&str] = &["codename", "state", "mitigation"];

static FAMILIES: &[Family; 1] = families![gauge(
    "cpu_vulnerabilities_info",
    Unit::One,
    "Always 1; the labels are the state of a vulnerability and what is done about it.",
    KEYS,
)];

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "cpu_vulnerabilities",
        node_name: "cpu_vulnerabilities",
        on: false,
        help: "vulnerabilities of the CPUs, from /sys/devices/system/cpu/vulnerabilities",
        options: &[],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let listing = Listing::new(setup.root.dir(DIRECTORY));
    Box::new(CpuVulnerabilities { listing, names: Vec::new(), info: Rows::new(KEYS.len()) })
}

struct CpuVulnerabilities {
    listing: Listing,
    /// The names of the files, sorted.
    names: Vec<String>,
    info: Rows,
}

impl Collector for CpuVulnerabilities {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        match self.listing.has_changed() {
            Err(Error::Absent(_)) => return Ok(()),
            changed => {
                if changed? {
                    self.learn(scrape.errors);
                }
            }
        }
        self.info.clear();
        for name in &self.names {
            let mut text = [0; MAX_TEXT];
            let path = dir::Joined::of(b".", name);
            let read = self.listing.dir.read(path.path(), &mut text);
            let Some(text) = scrape.errors.unless_absent(read) else { continue };
            if text.is_empty() {
                let place = self.listing.dir.place(path.path());
                scrape.errors.refuse(place, "a state", text);
                continue;
            }
            let (state, mitigation) = state(text.trim_ascii());
            self.info.push(&[name.as_bytes(), state, mitigation]);
        }
        let [family] = &FAMILIES;
        self.info.write(family, out);
        Ok(())
    }
}

impl CpuVulnerabilities {
    /// Looks up the files after the list changed.
    #[cold]
    fn learn(&mut self, errors: &mut PartialErrors) {
        self.names = self.listing.names().map(str::to_owned).collect();
        sys::sort(&mut self.names, Ord::cmp);
        let expected = "at most 256 vulnerabilities";
        errors.limit(&mut self.names, MAX_VULNERABILITIES, DIRECTORY, expected);
    }
}

/// The state that a text begins with, and the rest.
fn state(text: &[u8]) -> (&'static [u8], &[u8]) {
    const STATES: [(&[u8], &[u8]); 4] = [
        (b"Not affected", b"not affected"),
        (b"Vulnerable", b"vulnerable"),
        (b"Mitigation", b"mitigation"),
        (b"Unknown", b"unknown"),
    ];
    for (word, state) in STATES {
        if let Some(mut rest) = text.strip_prefix(word) {
            // `Mitigation: …`, `Vulnerable; SMT vulnerable`, `Vulnerable, IBPB: …`
            while let [b':' | b';' | b',' | b' ', behind @ ..] = rest {
                rest = behind;
            }
            return (state, rest);
        }
    }
    (b"unknown", text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Tree, scrape};

    #[test]
    fn each_file_is_a_state_and_a_mitigation() {
        let tree = Tree::new("vulnerabilities");
        let mut vulnerabilities = tree.open(&SPEC, Dialect::Own, &[]);
        assert_eq!(scrape(&mut vulnerabilities, Dialect::Own, &["vulnerabilities"]), (vec![], 0));
        for (name, text) in [
            ("a", "Not affected\n"),
            ("b", "Vulnerable\n"),
            ("c", "Vulnerable: no microcode\n"),
            ("d", "Mitigation: Retpolines; STIBP: off\n"),
            ("e", "Unknown: No mitigations\n"),
            ("f", "KVM: Mitigation: Split huge pages\n"),
            ("g/is_a_directory", ""),
            ("h", "\n"),
        ] {
            tree.put(&format!("sys/devices/system/cpu/vulnerabilities/{name}"), text);
        }
        let row = |name, state, rest| {
            let labels = format!("codename=\"{name}\",state=\"{state}\",mitigation=\"{rest}\"");
            ["cpu_vulnerabilities_info{", &labels, "} 1"].concat()
        };
        let expected = vec![
            row("a", "not affected", ""),
            row("b", "vulnerable", ""),
            row("c", "vulnerable", "no microcode"),
            row("d", "mitigation", "Retpolines; STIBP: off"),
            row("e", "unknown", "No mitigations"),
            row("f", "unknown", "KVM: Mitigation: Split huge pages"),
        ];
        let samples = scrape(&mut vulnerabilities, Dialect::Own, &["vulnerabilities"]);
        assert_eq!(samples, (expected, 2));
    }
}
