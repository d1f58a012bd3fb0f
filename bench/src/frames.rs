//! What a frame costs beside a page: both with the reading of the kernel's files, in this process,
//! without sockets.

use crate::agent;
use crate::found::Found;
use crate::inside;
use crate::stats::Summary;
use crate::sys;
use crate::targets::{self, write};
use std::hint::black_box;
use std::io;
use sysmetrics::base::clock::Timestamp;
use sysmetrics::base::wire::Gzip;
use sysmetrics::kernel::gather::Gather;
use sysmetrics::model::frame::{Frame, FrameBuilder, Wanted};
use sysmetrics::model::metric::Buffer;
use sysmetrics::outputs::export::{influx, otlp, remote_write};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings::{Dialect, RemoteWriteVersion};

/// When the machine of the frames started.
pub const BOOT_TIME: i64 = 1_800_000_000_000;

/// Made so many times in a block that is timed.
const BLOCK: usize = 50;

/// What is made of the samples.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Text, as a plain scrape gets it.
    Page,
    /// A frame, of which nothing is made.
    Frame,
    Otlp,
    RemoteWrite,
    Influx,
}

/// Each with its name, and what is said of its cost beside that of a page.
const WAYS: [(Way, &str, &str); 5] = [
    (Way::Page, "page", ""),
    (Way::Frame, "frame", ""),
    (Way::Otlp, "otlp", "an OTLP frame (gather, encode, gzip)"),
    (Way::RemoteWrite, "remote_write", "a frame of remote write (gather, encode, snappy)"),
    (Way::Influx, "influx", ""),
];

/// Nanoseconds of each step.
#[derive(Clone, Copy, Default)]
struct Steps {
    gather: u64,
    encode: u64,
    compress: u64,
}

/// An agent that makes only one thing.
struct Maker {
    way: Way,
    gather: Gather,
    page: Buffer,
    lines: Lines,
    recorder: FrameBuilder,
    otlp: otlp::Writer,
    remote: remote_write::Writer,
    gzip: Gzip,
    plain: Vec<u8>,
    packed: Vec<u8>,
    labels: Vec<(String, String)>,
    seconds: u64,
    samples: usize,
}

impl Maker {
    fn new(way: Way, arguments: &[&str]) -> io::Result<Maker> {
        let pairs = |all: [(&str, &str); 2]| all.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let resource = pairs([("service.name", "sysmetrics"), ("host.name", "box")]);
        Ok(Maker {
            way,
            gather: agent::gather(&agent::settings(arguments)?),
            page: Buffer::default(),
            lines: Lines::default(),
            recorder: FrameBuilder::new(Wanted::default()),
            otlp: otlp::Writer::new(resource.to_vec()),
            remote: remote_write::Writer::default(),
            gzip: Gzip::default(),
            plain: Vec::new(),
            packed: Vec::new(),
            labels: pairs([("instance", "box"), ("job", "sysmetrics")]).to_vec(),
            seconds: 0,
            samples: 0,
        })
    }

    /// Makes one; how many bytes it has.
    fn make(&mut self, steps: &mut Steps) -> usize {
        if self.way == Way::Page {
            self.page.truncate(0);
            let page = &mut self.page;
            let mut text = Text::new(Dialect::Own, Format::Prometheus, page, &mut self.lines);
            self.gather.scrape(self.gather.all(), &mut text);
            text.finish();
            return black_box(self.page.bytes()).len();
        }
        let start = sys::own_cpu_nanos();
        self.seconds += 1;
        self.recorder.begin(moment(self.seconds * 1000));
        self.gather.scrape(self.gather.all(), &mut self.recorder);
        let frame = self.recorder.finish();
        let gathered = sys::own_cpu_nanos();
        self.samples = frame.len();
        self.plain.clear();
        self.encode(&frame);
        let encoded = sys::own_cpu_nanos();
        self.packed.clear();
        match self.way {
            Way::Otlp => self.otlp.compress(&mut self.gzip, &mut self.packed),
            Way::Influx => self.gzip.append(&self.plain, &mut self.packed),
            _ => {}
        }
        steps.gather += gathered - start;
        steps.encode += encoded - gathered;
        steps.compress += sys::own_cpu_nanos() - encoded;
        match black_box(&self.packed).len() {
            0 => black_box(&self.plain).len(),
            packed => packed,
        }
    }

    fn encode(&mut self, frame: &Frame) {
        let (view, out) = (frame.view(BOOT_TIME), &mut self.plain);
        match self.way {
            Way::Page | Way::Frame => {}
            Way::Otlp => drop(self.otlp.encode(&view)),
            Way::RemoteWrite => {
                self.remote.encode(RemoteWriteVersion::Two, &view, &self.labels, out);
            }
            Way::Influx => drop(influx::encode(&view, false, &self.labels, out)),
        }
    }
}

/// An instant of a machine whose clock is set.
pub fn moment(since_boot: u64) -> Timestamp {
    Timestamp { since_boot, boot_time: Some(BOOT_TIME) }
}

/// All of them in turns.
pub fn measure(repeats: usize, found: &mut Found) -> io::Result<()> {
    let mut makers = Vec::new();
    for (way, name, what) in WAYS.into_iter().filter(|(way, ..)| *way != Way::Frame) {
        makers.push((Maker::new(way, &[])?, name, what, Vec::new(), Steps::default(), 0));
    }
    for repeat in 0..=repeats {
        for (maker, _, _, all, steps, bytes) in &mut makers {
            // The first block only warms up.
            if repeat == 1 {
                *steps = Steps::default();
            }
            let start = sys::own_cpu_nanos();
            for _ in 0..BLOCK {
                *bytes = maker.make(steps);
            }
            if repeat > 0 {
                all.push((sys::own_cpu_nanos() - start) as f64 / BLOCK as f64);
            }
        }
    }
    let page = makers.first().map_or(0.0, |(_, _, _, all, ..)| Summary::of(all).median);
    found.facts.push(format!("a page: {:.0} µs", page / 1e3));
    for (maker, name, what, all, steps, bytes) in makers.iter().skip(1) {
        let whole = Summary::of(all).median;
        if !what.is_empty() {
            let what = format!("CPU of {what} / of a page (gather, write)");
            found.at_most(&what, whole / page, targets::EXPORT, write::ratio);
        }
        let each = |nanos: u64| nanos as f64 / (repeats * BLOCK) as f64 / 1e3;
        found.facts.push(format!(
            "a frame for {name}, {} samples: {:.0} µs, of which gathering {:.0}, encoding {:.0}, \
             gzip {:.0}; {bytes} bytes",
            maker.samples,
            whole / 1e3,
            each(steps.gather),
            each(steps.encode),
            each(steps.compress),
        ));
    }
    Ok(())
}

/// `count` of what `name` says, of the trees at `fixture`, for callgrind; returns its bytes.
pub fn frames(fixture: &str, name: &str, count: usize) -> io::Result<usize> {
    let known = WAYS.iter().find(|(_, known, _)| *known == name);
    let (way, ..) = known.ok_or_else(|| io::Error::other(format!("nothing is called {name}")))?;
    let (procfs, sysfs) = (format!("{fixture}/proc"), format!("{fixture}/sys"));
    let mut maker = Maker::new(*way, &["--path.procfs", &procfs, "--path.sysfs", &sysfs])?;
    let mut steps = Steps::default();
    for _ in 0..3 {
        maker.make(&mut steps);
    }
    Ok(inside::steady(count, &mut || maker.make(&mut steps)))
}
