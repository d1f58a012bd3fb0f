//! A stored machine and its readers: each collector by itself, and all of them together.
#![allow(dead_code)] // each test takes its part

use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;
use sysmetrics::app;
use sysmetrics::base::error::Error;
use sysmetrics::kernel::collect::{COLLECTORS, Collector, PartialErrors, Scrape, Setup};
use sysmetrics::kernel::gather::Gather;
use sysmetrics::kernel::read::{Files, Root};
use sysmetrics::model::metric::{Buffer, Sink};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings::{self, Dialect, Settings};

pub const DIALECTS: [Dialect; 2] = [Dialect::Own, Dialect::Node];

/// Flags that make the collectors say more than they do by default.
pub const ALL: [&str; 3] =
    ["--collector.stat.softirq", "--collector.netstat.fields=.", "--collector.vmstat.fields=."];

/// The arguments that make the program read the machine in `tree`, with every collector.
pub fn arguments(tree: &Path, dialect: Dialect) -> Vec<OsString> {
    let mut all = vec!["--dialect".into(), dialect.name().into()];
    let off = COLLECTORS.iter().filter(|spec| !spec.subject.is_on(dialect));
    all.extend(off.map(|spec| format!("--collector.{}", spec.subject.name).into()));
    // Netlink tells of the running kernel, wherever the files are.
    all.push("--no-collector.netdev.netlink".into());
    // What the kernel has no files for.
    let stored = [("qdisc.fixtures", "qdisc"), ("wifi.fixtures", "wifi")];
    for (flag, below) in stored.into_iter().filter(|(_, below)| tree.join(below).is_dir()) {
        all.push(format!("--collector.{flag}").into());
        all.push(tree.join(below).into());
    }
    // Nor this machine's services and server.
    all.push("--collector.runit.servicedir".into());
    all.push(tree.join("service").into());
    all.push("--collector.ntp.server-port=1".into());
    // What is kept over starts is read and not written.
    all.push("--collector.disk_written.state-file".into());
    all.push(tree.join("state/disk").into());
    for file in ["dhcp.leases", "odhcpd.leases"] {
        all.push("--collector.dhcp_leases.files".into());
        all.push(tree.join("tmp").join(file).into());
    }
    // They show what they are asked for.
    all.push("--collector.units.pressure".into());
    all.push("--collector.process_groups.groups=(?P<any>^[a-z])".into());
    all.push("--collector.sysctl.include=kernel.threads-max".into());
    let trees = [("procfs", "proc"), ("sysfs", "sys"), ("udev.data", "udev/data"), ("rootfs", "")];
    for (flag, below) in trees {
        all.push(format!("--path.{flag}").into());
        all.push(tree.join(below).into());
    }
    all
}

/// What the program would make of `arguments`; `more` are flags behind them.
pub fn settings(tree: &Path, dialect: Dialect, more: &[&str]) -> Settings {
    let args = arguments(tree, dialect).into_iter().chain(more.iter().map(OsString::from));
    let settings = settings::load(&app::subjects(), |_| false, args, [].into_iter());
    settings.unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// All collectors of one machine, through `gather`.
pub struct Whole {
    dialect: Dialect,
    gather: Gather,
}

impl Whole {
    pub fn open(settings: &Settings) -> Whole {
        let root = Root::at(settings.paths.clone());
        let gather = Gather::new(settings.dialect, &root, &settings.collectors, false);
        Whole { dialect: settings.dialect, gather }
    }

    pub fn read(&mut self, format: Format) -> Vec<u8> {
        text(self.dialect, format, |out| self.gather.scrape(self.gather.all(), out))
    }
}

/// One collector for itself.
pub struct Reader {
    pub name: &'static str,
    dialect: Dialect,
    files: Files,
    collector: Box<dyn Collector>,
}

/// What one reading gave.
pub struct Reading {
    pub text: Vec<u8>,
    pub result: Result<(), Error>,
    pub errors: PartialErrors,
}

impl Reader {
    /// A reader of each collector.
    pub fn all(settings: &Settings) -> Vec<Reader> {
        COLLECTORS.iter().map(|spec| Reader::of(spec.subject.name, settings)).collect()
    }

    /// The reader of the collector `name`.
    pub fn of(name: &'static str, settings: &Settings) -> Reader {
        let root = Root::at(settings.paths.clone());
        let mut each = COLLECTORS.iter().zip(&settings.collectors);
        let (spec, of_this) = each.find(|(spec, _)| spec.subject.name == name).unwrap();
        let (mut files, dialect) = (Files::new(&root), settings.dialect);
        let all = &settings.collectors;
        let mut setup = Setup { root: &root, files: &mut files, settings: of_this, all, dialect };
        let collector = (spec.open)(&mut setup);
        Reader { name, dialect, files, collector }
    }

    pub fn read(&mut self) -> Reading {
        let mut errors = PartialErrors::default();
        let mut result = Ok(());
        let text = text(self.dialect, Format::Prometheus, |out| {
            let mark = out.mark();
            self.files.begin();
            let (files, now) = (&mut self.files, Instant::now());
            let textfiles = &Default::default();
            let mut scrape = Scrape { files, errors: &mut errors, textfiles, now };
            result = self.collector.collect(&mut scrape, out);
            if result.is_err() {
                out.rewind(mark);
            }
        });
        Reading { text, result, errors }
    }
}

fn text(dialect: Dialect, format: Format, write: impl FnOnce(&mut Text<'_>)) -> Vec<u8> {
    let (mut out, mut line) = (Buffer::default(), Lines::default());
    let mut text = Text::new(dialect, format, &mut out, &mut line);
    write(&mut text);
    text.finish();
    out.bytes().to_vec()
}
