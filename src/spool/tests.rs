//! Frames through the queue.

use super::*;
use crate::frame::{FamilyDef, Scale, SeriesDef, Shape, State, Table};
use crate::metric::Kind;
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[path = "../../tests/support/random.rs"]
mod random;
use random::Random;

const HERE: Boot = Boot(*b"0123456789abcdef");
const BOOT_TIME: i64 = 1_800_000_000_250;

/// A directory that is removed.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let name = ["spool-", name, "-", &std::process::id().to_string()].concat();
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Dir(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn bounds(dir: Option<&Path>) -> Bounds {
    Bounds {
        dir: dir.map(Path::to_owned),
        max_bytes: 16 << 20,
        max_memory: 1 << 20,
        max_age: Duration::from_secs(86_400),
        write_budget: 64 << 20,
        boot: HERE,
    }
}

fn open(dir: Option<&Path>) -> Spool {
    Spool::open(bounds(dir), Instant::now())
}

/// Grows a table and changes numbers at random, of every shape and scale.
struct Maker {
    random: Random,
    table: Table,
    states: Vec<State>,
    slots: Vec<u64>,
    since_boot: u64,
}

impl Maker {
    fn new(seed: u64) -> Maker {
        let (random, table) = (Random::new(seed), Table::new(seed));
        // The real clock is ahead of it: no frame is from the future.
        Maker { random, table, states: Vec::new(), slots: Vec::new(), since_boot: 10 }
    }

    fn text(&mut self) -> String {
        let parts = ["a", "node_", "é", "cpu\n", "\"", "", "0123456789", "\u{10ffff}"];
        (0..self.random.below(4)).map(|_| self.random.pick(&parts)).collect()
    }

    fn grow(&mut self) {
        let kinds = [Kind::Counter, Kind::Gauge, Kind::Histogram, Kind::Summary, Kind::Untyped];
        if self.table.families() == 0 || self.random.rarely(3) {
            let (name, help, collector) = (self.text(), self.text(), self.text());
            self.table.add_family(FamilyDef {
                name: &name,
                help: &help,
                kind: kinds[self.random.below(5)],
                is_delta: self.random.rarely(4),
                collector: &collector,
            });
        }
        let scales = [Scale::Int, Scale::Centi, Scale::Milli, Scale::Nano, Scale::Float];
        let list: Vec<f64> = [[0.5, 0.9, f64::NAN], [1.0, 2.0, f64::INFINITY]]
            [self.random.below(2)][..self.random.below(4)]
            .to_vec();
        let shape = match self.random.below(6) {
            0 => Shape::Histogram(&list),
            1 => Shape::Summary(&list),
            _ => Shape::Number(scales[self.random.below(5)]),
        };
        let (family, start) =
            (self.random.below(self.table.families()) as u32, self.random.number() % 3);
        let is_timed = self.random.rarely(5);
        let labels: Vec<_> =
            (0..self.random.below(3)).map(|_| (self.text(), self.text())).collect();
        let def = SeriesDef { family, shape, start, is_timed, slot: 0 };
        let labels = labels.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        self.table.add_series(def, labels);
        self.states.push(State::Absent);
        self.slots.resize(self.table.slots(), 0);
    }

    fn frame(&mut self) -> Frame {
        if self.random.rarely(60) {
            self.table = Table::new(self.table.generation + 1);
            self.states.clear();
            self.slots.clear();
        }
        while self.table.series() < 3 || self.random.rarely(5) {
            self.grow();
        }
        for id in 0..self.table.series() {
            if self.random.rarely(8) || self.states[id] == State::Stale {
                self.states[id] =
                    [State::Absent, State::Live, State::Live, State::Stale][self.random.below(4)];
            }
            let series = self.table.one(id as u32).unwrap();
            let count = series.shape.slots() + usize::from(series.is_timed);
            for slot in &mut self.slots[series.slot as usize..][..count] {
                *slot = match self.random.below(4) {
                    _ if self.states[id] != State::Live => 0,
                    0 => *slot,
                    1 => slot.wrapping_add(self.random.number() >> 40),
                    2 => self.random.number(),
                    _ => (self.random.number() as f64).to_bits(),
                };
            }
        }
        let before = self.since_boot;
        self.since_boot += self.random.number() % 9;
        let boot_time = if self.random.rarely(4) { None } else { Some(BOOT_TIME) };
        Frame {
            table: Arc::new(self.table.clone()),
            moment: Moment { since_boot: self.since_boot, boot_time },
            before,
            states: self.states.clone(),
            slots: self.slots.clone(),
        }
    }
}

/// All that can be told of a frame.
fn told(frame: &Frame) -> String {
    let view = frame.view(BOOT_TIME);
    let mut text = format!("{:?} {} {:?}", frame.moment, frame.before, frame.states);
    for family in view.families() {
        text += &format!("\n{:?}", family.def);
        for series in family.series() {
            let labels: Vec<_> = series.labels().collect();
            let at = series.def.slot as usize;
            let count = series.def.shape.slots() + usize::from(series.def.is_timed);
            let slots = &frame.slots[at..at + count];
            text += &format!("\n{} {:?} {labels:?} {slots:?}", series.id, series.def);
        }
    }
    text
}

/// Takes everything there is.
fn drain(spool: &mut Spool) -> Vec<String> {
    let mut all = Vec::new();
    let now = Instant::now();
    while let Some((frame, boot_time)) = spool.first(Some(BOOT_TIME), now) {
        assert_eq!(boot_time, BOOT_TIME);
        all.push(told(&frame));
        spool.acknowledge(now);
    }
    assert!(spool.is_empty() && spool.levels().frames == 0);
    all
}

fn dropped(spool: &Spool) -> Vec<u64> {
    spool.levels().dropped.iter().map(|(_, n)| *n).collect()
}

#[test]
fn frames_come_out_as_they_went_in() {
    for seed in 0..40 {
        let (mut maker, mut spool) = (Maker::new(seed), open(None));
        let frames: Vec<_> = (0..100).map(|_| maker.frame()).collect();
        let now = Instant::now();
        frames.iter().for_each(|frame| spool.push(frame, now));
        let told: Vec<_> = frames.iter().map(told).collect();
        assert_eq!(drain(&mut spool), told, "{seed}");
        assert_eq!(dropped(&spool), [0; 4]);
    }
}

/// At every step somebody pulls the plug; what was pushed and not acknowledged comes, in order.
#[test]
fn frames_survive_being_killed_at_any_step() {
    for seed in 0..12 {
        let dir = Dir::new(&format!("kill{seed}"));
        let mut maker = Maker::new(seed);
        let mut waiting = VecDeque::new();
        let mut spool = open(Some(&dir.0));
        for _ in 0..60 {
            let now = Instant::now();
            match maker.random.below(5) {
                0 | 1 => {
                    let frame = maker.frame();
                    spool.push(&frame, now);
                    waiting.push_back(told(&frame));
                }
                2 => {
                    drop(spool);
                    spool = open(Some(&dir.0));
                }
                _ => {
                    let first = spool.first(Some(BOOT_TIME), now).map(|(frame, _)| told(&frame));
                    assert_eq!(first, waiting.front().cloned(), "{seed}");
                    if maker.random.rarely(2) {
                        spool.acknowledge(now);
                        waiting.pop_front();
                    }
                }
            }
            let levels = spool.levels();
            assert_eq!((levels.frames, levels.trouble), (waiting.len() as u64, None));
            let copy = Dir::new(&format!("copy{seed}"));
            fs::create_dir(&copy.0).unwrap();
            for entry in fs::read_dir(&dir.0).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), copy.0.join(entry.file_name())).unwrap();
            }
            let mut twin = open(Some(&copy.0));
            assert_eq!(drain(&mut twin), Vec::from(waiting.clone()), "{seed}");
            assert_eq!(dropped(&twin), [0; 4]);
        }
    }
}
