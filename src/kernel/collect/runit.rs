//! Services under runit: below the service directory, `<service>/supervise/status` is 20 bytes of runsv(8): a
//! TAI64N label of the last change, eight bytes of seconds and four of nanoseconds; the process, four
//! bytes; whether it is paused; what is wanted, `u` or `d`; whether it got TERM; and 0 for down, 1 for up,
//! 2 while `finish` runs. A service with a file `down` is not started automatically. A directory without such a
//! file does not count as a service, such as one that runsv never ran.

use super::{Collector, Scrape, Setup, Spec};
use crate::base::error::{Error, Place};
use crate::base::sys;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Listing};
use crate::model::metric::{Family, Sink, Unit::One, families, gauge};
use crate::settings::{CollectorOption, Subject, path};
use std::path::PathBuf;

/// The place in messages.
const PATH: &str = "runit.servicedir";
const EXPECTED: &str = "20 bytes of runsv";

/// More services than any box has; what comes after is left out and counted.
const MAX_SERVICES: usize = 4096;

/// Bytes of a status, and the offsets of its fields.
const STATUS: usize = 20;
const WANT: usize = 17;
const STATE: usize = 19;

/// 1970 as a TAI64 label, with the ten seconds by which TAI was ahead then.
const EPOCH: i64 = (1 << 62) + 10;

const KEYS: &[&str] = &["service", "supervisor"];

/// In the order of `Status::values`.
#[rustfmt::skip] // a table: one row is all there is to know about one metric
static FAMILIES: &[Family; 4] = families![
    gauge("service_state",                               One, "0 down, 1 up, 2 while it finishes.",             KEYS),
    gauge("service_desired_state",                       One, "Whether the service is wanted up.",              KEYS),
    gauge("service_state_last_change_timestamp_seconds", One, "When the state last changed, since 1970.",       KEYS),
    gauge("service_normal_state",                        One, "Whether the service is started by itself.",      KEYS),
];

static DIRECTORY: CollectorOption<PathBuf> = path("servicedir", "directory of the services")
    .flags(&["collector.runit.servicedir"])
    .default("/etc/service");

pub const SPEC: Spec = Spec {
    subject: Subject {
        name: "runit",
        node_name: "runit",
        on: false,
        help: "services under runit",
        options: &[&DIRECTORY.row],
    },
    families: FAMILIES,
    dynamic: &[],
    open,
};

fn open(setup: &mut Setup<'_>) -> Box<dyn Collector> {
    let directory = setup.root.dir_at(PATH, setup.settings.get(&DIRECTORY));
    Box::new(Runit { listing: Listing::new(directory), names: Vec::new(), services: Vec::new() })
}

struct Runit {
    listing: Listing,
    /// The names that were last listed, sorted.
    names: Vec<String>,
    /// The index of each service's name, and its status.
    services: Vec<(usize, Status)>,
}

/// In the order of the families; `None` for what could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status([Option<i64>; FAMILIES.len()]);

impl Collector for Runit {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        if self.listing.has_changed()? {
            self.names = self.listing.names().map(str::to_owned).collect();
            sys::sort(&mut self.names, Ord::cmp);
        }
        if let Some(first) = self.names.get(MAX_SERVICES) {
            scrape.errors.refuse(PATH, "at most 4096 services", first.as_bytes());
        }
        self.services.clear();
        for (at, name) in self.names.iter().enumerate().take(MAX_SERVICES) {
            let read = Status::read(&self.listing.dir, name);
            let Some((status, down)) = scrape.errors.unless_absent(read) else { continue };
            let normal = scrape.errors.unless_absent(down);
            self.services.push((at, status.with_normal(normal)));
        }
        for (column, family) in FAMILIES.iter().enumerate() {
            out.family(family);
            for (at, Status(values)) in &self.services {
                let name = self.names.get(*at).map(String::as_str).unwrap_or_default();
                if let Some(value) = values.get(column).copied().flatten() {
                    out.sample(&[name.into(), "runit".into()], family.signed(value));
                }
            }
        }
        Ok(())
    }
}

impl Status {
    /// Reads the status of a service, and whether it is started automatically.
    fn read(dir: &Dir, name: &str) -> Result<(Status, Result<bool, Error>), Error> {
        let mut room = [0; STATUS + 1];
        let path = Joined::of(name.as_bytes(), "supervise/status");
        let bytes = dir.read(path.path(), &mut room)?;
        let place = || Place::below(PATH, path.path().to_bytes());
        let status = Status::of(bytes).ok_or_else(|| Error::parse(place(), EXPECTED, bytes))?;
        let normal = match dir.read(Joined::of(name.as_bytes(), "down").path(), &mut [0; 1]) {
            Err(Error::Absent(_)) => Ok(true),
            down => down.map(|_| false),
        };
        Ok((status, normal))
    }

    /// Parses a status.
    fn of(bytes: &[u8]) -> Option<Status> {
        let bytes = <[u8; STATUS]>::try_from(bytes).ok()?;
        let seconds = bytes.first_chunk().map(|label| i64::from_be_bytes(*label))?;
        let is_wanted = bytes.get(WANT) == Some(&b'u');
        let state = bytes.get(STATE).copied().filter(|state| *state <= 2)?;
        let changed = seconds.checked_sub(EPOCH);
        Some(Status([Some(state.into()), Some(is_wanted.into()), changed, None]))
    }

    fn with_normal(self, is_normal: Option<bool>) -> Status {
        let Status([state, wanted, changed, _]) = self;
        Status([state, wanted, changed, is_normal.map(i64::from)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::collect::testing::{Opened, Tree, outcome, scrape};
    use std::fs;

    fn put(tree: &Tree, service: &str, status: &[u8]) {
        let directory = tree.0.join(format!("{service}/supervise"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("status"), status).unwrap();
    }

    fn status(seconds: u64, want: u8, state: u8) -> Vec<u8> {
        let mut bytes = ((1 << 62) + 10 + seconds).to_be_bytes().to_vec();
        bytes.extend([0, 1, 2, 3, 0x22, 0x11, 0, 0, 0, want, 0, state]);
        bytes
    }

    fn opened(tree: &Tree, dialect: Dialect) -> Opened {
        let directory = tree.0.join("service");
        tree.open(&SPEC, dialect, &[("servicedir", directory.to_str().unwrap())])
    }

    #[test]
    fn services_are_directories_and_links_to_them() {
        let tree = Tree::new("runit");
        put(&tree, "service/web", &status(1_694_498_816, b'd', 1));
        put(&tree, "elsewhere/ssh", &status(1_700_000_000, b'u', 2));
        tree.put("elsewhere/ssh/down", "");
        tree.put("service/README", "no service");
        tree.put("service/new/run", "#!/bin/sh");
        std::os::unix::fs::symlink(tree.0.join("elsewhere/ssh"), tree.0.join("service/ssh"))
            .unwrap();
        let ssh = "{service=\"ssh\",supervisor=\"runit\"}";
        let web = "{service=\"web\",supervisor=\"runit\"}";
        let expected = [
            format!("service_state{ssh} 2"),
            format!("service_state{web} 1"),
            format!("service_desired_state{ssh} 1"),
            format!("service_desired_state{web} 0"),
            format!("service_state_last_change_timestamp_seconds{ssh} 1700000000"),
            format!("service_state_last_change_timestamp_seconds{web} 1694498816"),
            format!("service_normal_state{ssh} 0"),
            format!("service_normal_state{web} 1"),
        ];
        for dialect in [Dialect::Own, Dialect::Node] {
            let samples = scrape(&mut opened(&tree, dialect), dialect, &["service"]);
            assert_eq!(samples, (expected.to_vec(), 0));
        }
    }

    #[test]
    fn a_broken_status_drops_its_service() {
        let tree = Tree::new("runit-broken");
        assert!(matches!(outcome(&mut opened(&tree, Dialect::Own)), Err(Error::Absent(_))));
        put(&tree, "service/good", &status(1, b'u', 1));
        put(&tree, "service/short", &status(1, b'u', 1)[..19]);
        put(&tree, "service/long", &[&status(1, b'u', 1)[..], &[1]].concat());
        put(&tree, "service/odd", &status(1, b'u', 3));
        put(&tree, "service/empty", b"");
        put(&tree, "service/old", &[[0; 16], [0; 16]].concat()[..20]);
        let (samples, errors) =
            scrape(&mut opened(&tree, Dialect::Own), Dialect::Own, &["service_state{"]);
        let state = |name: &str, value| {
            format!("service_state{{service=\"{name}\",supervisor=\"runit\"}} {value}")
        };
        assert_eq!((samples, errors), (vec![state("good", 1), state("old", 0)], 4));
    }
}
