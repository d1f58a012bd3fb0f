//! Frames through the queue.

mod gone;

use super::*;
use crate::model::frame::{FamilyDef, Scale, SeriesDef, Shape, State, Table};
use crate::model::metric::Kind;
use std::fs;
use std::path::Path;
use std::sync::Arc;

#[path = "../../../tests/support/random.rs"]
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
            moment: Timestamp { since_boot: self.since_boot, boot_time },
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
fn what_is_behind_the_oldest_can_be_looked_at_and_nothing_changes() {
    let dir = Dir::new("second");
    for place in [None, Some(dir.0.as_path())] {
        let mut bounds = bounds(place);
        // Small segments: the second is in another one at times.
        (bounds.max_bytes, bounds.max_memory) = (1 << 20, 256 << 10);
        let mut spool = Spool::open(bounds, Instant::now());
        let mut maker = Maker::new(7);
        let frames: Vec<Frame> = (0..300).map(|_| maker.frame()).collect();
        frames.iter().for_each(|frame| spool.push(frame, Instant::now()));
        assert!(spool.segments.len() > 1);
        for (at, frame) in frames.iter().enumerate() {
            for n in [0, 1, 2, 17, 250].into_iter().filter(|n| at % 10 == 0 || *n < 2) {
                let (first, _) = spool.first(Some(BOOT_TIME), Instant::now()).unwrap();
                assert_eq!(told(&first), told(frame));
                let found = spool.behind(n).map(|(frame, _)| told(&frame));
                assert_eq!(found, frames.get(at + n).map(told), "{n} behind {at}");
            }
            spool.acknowledge(Instant::now());
        }
        assert!(spool.behind(0).is_none());
        assert_eq!(dropped(&spool), [0; 4]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn files_are_private_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = Dir::new("private");
    // As an earlier version left it.
    fs::create_dir_all(dir.0.join("out")).unwrap();
    fs::write(dir.0.join("out/ack"), "").unwrap();
    for path in ["out", "out/ack"] {
        fs::set_permissions(dir.0.join(path), PermissionsExt::from_mode(0o755)).unwrap();
    }
    for out in [dir.0.join("out"), dir.0.join("new/deep")] {
        let mut spool = open(Some(&out));
        let mut maker = Maker::new(3);
        spool.push(&maker.frame(), Instant::now());
        assert_eq!(mode(&out), 0o700);
        let files: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{file:?}"));
    }
    assert_eq!(mode(&dir.0.join("new")), 0o700);
    let victim = dir.0.join("victim");
    fs::write(&victim, "kept").unwrap();
    for name in ["lock", "ack", "00000001.seg"] {
        let out = dir.0.join(["by-", name].concat());
        fs::create_dir(&out).unwrap();
        symlink(&victim, out.join(name)).unwrap();
        let mut spool = open(Some(&out));
        spool.push(&Maker::new(3).frame(), Instant::now());
        let is_kept = spool.levels().trouble.is_none();
        assert!(is_kept == (name == "00000001.seg"), "{name}: {:?}", spool.levels().trouble);
        assert_eq!(fs::read(&victim).unwrap(), b"kept", "{name}");
        assert!(spool.first(Some(BOOT_TIME), Instant::now()).is_some(), "{name}: it waits");
    }
}

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
            assert_eq!(waiting, drain(&mut twin), "{seed}");
            assert_eq!(dropped(&twin), [0; 4]);
        }
    }
}

/// A directory with twelve frames in one segment, and those.
fn twelve(name: &str) -> (Dir, PathBuf, Vec<Frame>) {
    let dir = Dir::new(name);
    let mut maker = Maker::new(7);
    maker.frame();
    let mut frames: Vec<_> = (0..12).map(|_| maker.frame()).collect();
    let mut spool = open(Some(&dir.0));
    let generation = frames[0].table.generation;
    frames.retain(|frame| frame.table.generation == generation);
    assert!(frames.len() > 4);
    frames.iter().for_each(|frame| spool.push(frame, Instant::now()));
    let file = dir.0.join("00000001.seg");
    (dir, file, frames)
}

#[test]
fn a_torn_tail_is_cut_and_nothing_before_it() {
    let (dir, file, frames) = twelve("tail");
    let (whole, all) = (fs::read(&file).unwrap(), frames.iter().map(told).collect::<Vec<_>>());
    let mut ends = Vec::new();
    while let (0, Some(record)) = record::next(&whole, ends.last().copied().unwrap_or(0)) {
        ends.push(record.end);
    }
    assert_eq!(ends.len(), frames.len());
    for cut in 0..whole.len() {
        fs::write(&file, &whole[..cut]).unwrap();
        let mut spool = open(Some(&dir.0));
        let kept = ends.iter().filter(|end| **end <= cut).count();
        let is_torn = cut != 0 && !ends.contains(&cut);
        assert_eq!(dropped(&spool), [0, 0, u64::from(is_torn), 0], "{cut}");
        let length = fs::metadata(&file).map_or(0, |meta| meta.len());
        assert_eq!(length, ends[..kept].last().copied().unwrap_or(0) as u64, "{cut}");
        assert_eq!(drain(&mut spool), all[..kept], "{cut}");
        fs::remove_file(dir.0.join("ack")).unwrap_or_default();
    }
}

#[test]
fn a_flipped_bit_costs_one_record() {
    let (dir, file, frames) = twelve("flip");
    let (whole, all) = (fs::read(&file).unwrap(), frames.iter().map(told).collect::<Vec<_>>());
    let key = record::next(&whole, 0).1.unwrap().end;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&file, &bytes).unwrap();
        let mut spool = open(Some(&dir.0));
        let waiting = spool.levels().frames as usize;
        assert_eq!(waiting, if at < key { 0 } else { all.len() - 1 }, "{at}");
        let damaged = dropped(&spool)[2];
        let samples: usize = frames[1..].iter().map(Frame::len).sum();
        assert_eq!(damaged, if at < key { 1 + samples as u64 } else { 1 }, "{at}");
        let now = Instant::now();
        let mut rest = frames.iter();
        while let Some((frame, _)) = spool.first(Some(BOOT_TIME), now) {
            // What it tells, the original told; it may lack series that the lost one defined.
            let same = rest.find(|f| f.moment == frame.moment && f.before == frame.before);
            let original = told(same.unwrap_or_else(|| panic!("{at}: invented")));
            let original: Vec<_> = original.lines().skip(1).collect();
            assert!(told(&frame).lines().skip(1).all(|line| original.contains(&line)), "{at}");
            spool.acknowledge(now);
        }
        assert!(spool.is_empty());
        fs::remove_file(dir.0.join("ack")).unwrap_or_default();
    }
}

/// A family of `names`, each `value`.
fn plain(generation: u64, names: &[&str], value: u64, moment: Timestamp) -> Frame {
    let mut table = Table::new(generation);
    let name = "n_total";
    let (kind, help, is_delta, collector) = (Kind::Counter, "Help.", false, "c");
    let family = table.add_family(FamilyDef { name, help, kind, is_delta, collector });
    for label in names {
        let shape = Shape::Number(Scale::Int);
        let def = SeriesDef { family, shape, start: 0, is_timed: false, slot: 0 };
        table.add_series(def, [("k", *label)]);
    }
    let states = vec![State::Live; names.len()];
    let slots = (0..names.len() as u64).map(|i| value + i).collect();
    Frame { table: Arc::new(table), moment, before: 1, states, slots }
}

fn at(since_boot: u64) -> Timestamp {
    Timestamp { since_boot, boot_time: Some(BOOT_TIME) }
}

#[test]
fn series_whose_definition_is_lost_are_counted_and_others_keep_their_numbers() {
    let dir = Dir::new("defined");
    let mut spool = open(Some(&dir.0));
    let names = ["a", "b", "c", "d"];
    for n in 1..=4 {
        spool.push(&plain(1, &names[..n], 100 * n as u64, at(n as u64)), Instant::now());
    }
    drop(spool);
    let file = dir.0.join("00000001.seg");
    let mut bytes = fs::read(&file).unwrap();
    let second = record::next(&bytes, 0).1.unwrap().end;
    bytes[second + record::HEADER + 3] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (mut spool, now) = (open(Some(&dir.0)), Instant::now());
    while let Some((frame, _)) = spool.first(Some(BOOT_TIME), now) {
        let mut told = Vec::new();
        for family in frame.view(0).families() {
            assert_eq!((family.def.name, family.def.help), ("n_total", "Help."));
            for series in family.series() {
                told.push(format!("{} {:?}", series.labels().next().unwrap().1, series.reading()));
            }
        }
        match frame.moment.since_boot {
            1 => assert_eq!(told, ["a Some(Number(Int(100)))"]),
            3 => assert_eq!(told, ["a Some(Number(Int(300)))", "c Some(Number(Int(302)))"]),
            4 => assert_eq!(told.len(), 3, "a, c, d"),
            n => panic!("{n}"),
        }
        spool.acknowledge(now);
    }
    assert_eq!(dropped(&spool), [0, 0, 1 + 2, 0], "a record, and b twice");
}

#[test]
fn frames_are_stamped_as_late_as_can_be() {
    let (dir, now) = (Dir::new("stamp"), Instant::now());
    let other = Boot([9; 16]);
    let unknown = |n| Timestamp { since_boot: n, boot_time: None };
    let moments = |spool: &mut Spool, boot_time| {
        let mut all = Vec::new();
        while let Some((frame, time)) = spool.first(boot_time, now) {
            all.push((frame.moment.since_boot, time - BOOT_TIME));
            spool.acknowledge(now);
        }
        all
    };
    let mut spool = Spool::open(Bounds { boot: other, ..bounds(Some(&dir.0)) }, now);
    let known = Timestamp { since_boot: 3, boot_time: Some(BOOT_TIME - 500_000) };
    for moment in [unknown(1), unknown(2), known, unknown(4)] {
        spool.push(&plain(1, &["a"], 1, moment), now);
    }
    drop(spool);
    let mut spool = Spool::open(Bounds { boot: Boot([8; 16]), ..bounds(Some(&dir.0)) }, now);
    spool.push(&plain(1, &["a", "b", "c"], 1, unknown(5)), now);
    drop(spool);
    let mut spool = open(Some(&dir.0));
    let slewed = Timestamp { since_boot: 7, boot_time: Some(BOOT_TIME + 1999) };
    let jumped = Timestamp { since_boot: 8, boot_time: Some(BOOT_TIME + 2000) };
    for moment in [unknown(6), slewed, jumped, at(9)] {
        spool.push(&plain(1, &["a"], 1, moment), now);
    }
    let before = [(1, -500_000), (2, -500_000), (3, -500_000), (4, -500_000)];
    assert_eq!(moments(&mut spool, None), before);
    assert_eq!(dropped(&spool), [0, 0, 0, 3], "nobody will ever know when that was");
    assert!(!spool.is_empty(), "it waits for the clock");
    assert_eq!(moments(&mut spool, Some(BOOT_TIME)), [(6, 0), (7, 1999), (8, 0), (9, 0)]);
    assert!(spool.is_empty());
    assert!(!dir.0.join("00000001.seg").exists());
}

#[test]
fn what_is_too_old_is_dropped() {
    let (dir, now) = (Dir::new("age"), Instant::now());
    let max_age = Duration::from_millis(5000);
    let with = |boot| Bounds { max_age, boot, ..bounds(Some(&dir.0)) };
    let mut spool = Spool::open(with(Boot([9; 16])), now);
    let old = |n| Timestamp { since_boot: n, boot_time: Some(BOOT_TIME - 100_000) };
    spool.push(&plain(1, &["a", "b"], 1, old(105_999)), now);
    spool.push(&plain(1, &["a", "b"], 1, old(108_000)), now);
    drop(spool);
    let mut spool = Spool::open(with(HERE), now);
    spool.push(&plain(1, &["a"], 1, at(11_000)), now);
    spool.turn(now);
    assert_eq!(spool.levels().frames, 2);
    assert_eq!(dropped(&spool), [0, 2, 0, 0]);
    let first = spool.first(Some(BOOT_TIME), now).unwrap();
    assert_eq!(first.0.moment.since_boot, 108_000);
    assert!(spool.deadline().unwrap() > now + Duration::from_millis(2000));
    let later = now + Duration::from_millis(2001);
    let first = spool.first(Some(BOOT_TIME), later).unwrap();
    assert_eq!(first.0.moment.since_boot, 11_000);
    assert_eq!(dropped(&spool), [0, 4, 0, 0]);
    spool.turn(later);
    spool.acknowledge(later);
    assert!(spool.is_empty(), "what was given was not dropped");
    spool.push(&plain(1, &["a"], 1, at(20_000)), later);
    assert!(spool.first(Some(BOOT_TIME), later).is_some());
    spool.turn(later + Duration::from_millis(5001));
    spool.acknowledge(later);
    assert_eq!((spool.is_empty(), dropped(&spool)), (true, vec![0, 5, 0, 0]));
}

/// Names enough that a key is about a kilobyte and a half.
fn many(value: u64, n: u64) -> Frame {
    let names: Vec<String> = (0..400).map(|i| i.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut frame = plain(1, &names, 0, at(n));
    let mut random = Random::new(value);
    frame.slots.iter_mut().for_each(|slot| *slot = random.number());
    frame
}

#[test]
fn caps_hold_and_drop_the_oldest() {
    for is_disk in [true, false] {
        let dir = Dir::new(&format!("caps{is_disk}"));
        let max_bytes = 300 << 10;
        let memory = if is_disk { 0 } else { max_bytes };
        let place = is_disk.then_some(dir.0.as_path());
        let bounds = Bounds { max_bytes, max_memory: memory, ..bounds(place) };
        let mut spool = Spool::open(bounds, Instant::now());
        for n in 1..=500 {
            spool.push(&many(n, n), Instant::now());
            let levels = spool.levels();
            let bytes = if is_disk { levels.disk_bytes } else { levels.memory_bytes };
            assert!(bytes <= max_bytes && levels.disk_bytes + levels.memory_bytes == bytes);
            if is_disk {
                let files = fs::read_dir(&dir.0).unwrap().map(|e| e.unwrap());
                let segments = files.filter(|e| e.path().extension().is_some());
                let there: u64 = segments.map(|e| e.metadata().unwrap().len()).sum();
                assert_eq!(there, bytes);
            }
        }
        let levels = spool.levels();
        let lost = dropped(&spool)[0] / 400;
        assert!(lost > 100 && levels.frames > 50, "{levels:?}");
        assert_eq!(lost + levels.frames, 500);
        let mut next = lost;
        while let Some((frame, _)) = spool.first(Some(BOOT_TIME), Instant::now()) {
            next += 1;
            assert_eq!((frame.moment.since_boot, frame.slots), (next, many(next, next).slots));
            spool.acknowledge(Instant::now());
        }
        assert_eq!(next, 500);
    }
}

#[test]
fn a_frame_that_was_given_and_then_dropped_takes_no_other_along() {
    let mut spool = Spool::open(Bounds { max_memory: 40 << 10, ..bounds(None) }, Instant::now());
    let now = Instant::now();
    spool.push(&many(1, 1), now);
    assert!(spool.first(Some(BOOT_TIME), now).is_some());
    for n in 2..100 {
        spool.push(&many(n, n), now);
    }
    let frames = spool.levels().frames;
    spool.acknowledge(now);
    assert_eq!(spool.levels().frames, frames);
}

#[test]
fn a_second_process_waits_in_memory_and_joins_when_the_first_is_gone() {
    let (dir, now) = (Dir::new("lock"), Instant::now());
    let mut first = open(Some(&dir.0));
    first.push(&plain(1, &["a"], 1, at(1)), now);
    let mut second = Spool::open(bounds(Some(&dir.0)), now);
    let trouble = second.levels().trouble.unwrap();
    let (name, rest) = trouble.split_once(": ").unwrap();
    assert_eq!(Path::new(name), dir.0);
    assert!(rest.contains("another process uses it"), "{rest}");
    for n in 2..5 {
        second.push(&plain(1, &["a", "b"], n, at(n)), now);
    }
    assert!(second.first(Some(BOOT_TIME), now).is_some());
    second.acknowledge(now);
    assert_eq!(second.levels().disk_bytes, 0);
    first.push(&plain(1, &["a"], 1, at(6)), now);
    drop(first);
    second.turn(now + Duration::from_secs(59));
    assert!(second.levels().trouble.is_some());
    assert_eq!(second.deadline(), Some(now + Duration::from_secs(60)));
    second.turn(now + Duration::from_secs(60));
    let levels = second.levels();
    assert_eq!((levels.trouble, levels.memory_bytes), (None, 0));
    second.push(&plain(1, &["a", "b"], 5, at(5)), now);
    let twin = |spool: &mut Spool| {
        let mut all = Vec::new();
        while let Some((frame, _)) = spool.first(Some(BOOT_TIME), now) {
            all.push(frame.moment.since_boot);
            spool.acknowledge(now);
        }
        all
    };
    drop(second);
    // What was on the disk comes first; the one that was sent from memory comes once more.
    assert_eq!(twin(&mut open(Some(&dir.0))), [1, 6, 2, 3, 4, 5]);
}

#[test]
fn a_directory_that_cannot_be_made_is_said_and_tried_again() {
    let (dir, now) = (Dir::new("made"), Instant::now());
    fs::write(&dir.0, "in the way").unwrap();
    let below = dir.0.join("queue");
    let mut spool = open(Some(&below));
    let said = spool.levels().trouble.unwrap();
    assert!(said.starts_with(&*below.to_string_lossy()) && said.contains("remove it"), "{said}");
    spool.push(&plain(1, &["a"], 1, at(1)), now);
    fs::remove_file(&dir.0).unwrap();
    spool.close(now);
    assert_eq!(spool.levels().trouble, None);
    spool.push(&plain(1, &["a"], 2, at(2)), now);
    drop(spool);
    assert_eq!(open(Some(&below)).levels().frames, 2);
}

#[test]
fn files_of_others_stay() {
    let dir = Dir::new("others");
    fs::create_dir(&dir.0).unwrap();
    let names = ["00000007.seg", "notes.txt", "1.seg", "0000000x.seg", "99999999999.seg"];
    for name in names {
        fs::write(dir.0.join(name), "somebody's").unwrap();
    }
    let mut spool = open(Some(&dir.0));
    spool.push(&plain(1, &["a"], 1, at(1)), Instant::now());
    assert!(dir.0.join("00000008.seg").exists());
    assert_eq!(drain(&mut spool).len(), 1);
    for name in names {
        assert_eq!(fs::read_to_string(dir.0.join(name)).unwrap(), "somebody's");
    }
}

/// As many series as an ordinary box has, of which most counters move: packets and bytes, CPU time in
/// hundredths and billionths, sizes of memory that go up and down.
struct Box500 {
    table: Arc<Table>,
    slots: Vec<u64>,
    random: Random,
}

impl Box500 {
    const SERIES: u64 = 550;

    fn new() -> Box500 {
        let mut table = Table::new(1);
        for n in 0..Box500::SERIES {
            if n % 3 == 0 {
                let name = format!("node_network_receive_part_{n}_bytes_total");
                let help = "Bytes that came in on the interface, as the kernel counts them.";
                let kind = if n % 5 == 0 { Kind::Gauge } else { Kind::Counter };
                let collector = "network";
                let def = FamilyDef { name: &name, help, kind, is_delta: false, collector };
                table.add_family(def);
            }
            let scale = [Scale::Int, Scale::Centi, Scale::Int, Scale::Nano][(n % 4) as usize];
            let (shape, family) = (Shape::Number(scale), n as u32 / 3);
            let def = SeriesDef { family, shape, start: 0, is_timed: false, slot: 0 };
            let (device, mode) = (format!("eth{}", n % 3), format!("mode{}", n % 7));
            table.add_series(def, [("device", &*device), ("mode", &*mode)]);
        }
        let slots = (0..Box500::SERIES).map(|n| n * 1_000_003).collect();
        Box500 { table: Arc::new(table), slots, random: Random::new(5) }
    }

    fn frame(&mut self, n: u64) -> Frame {
        for (id, slot) in self.slots.iter_mut().enumerate() {
            let up = match id % 8 {
                0 | 4 => 0,
                1 | 5 => self.random.below(1500),
                2 => self.random.below(40_000),
                3 => self.random.below(2_000_000_000),
                6 => self.random.below(300),
                _ => self.random.below(8_000_000),
            };
            *slot += up as u64;
        }
        let (table, slots) = (Arc::clone(&self.table), self.slots.clone());
        let states = vec![State::Live; slots.len()];
        Frame { table, moment: at(15_000 * n), before: 15_000 * n - 15_000, states, slots }
    }
}

#[test]
fn a_day_fits() {
    let (dir, now) = (Dir::new("day"), Instant::now());
    let (mut made, mut spool) = (Box500::new(), open(Some(&dir.0)));
    for n in 1..=5760 {
        spool.push(&made.frame(n), now);
    }
    let levels = spool.levels();
    assert_eq!((levels.frames, dropped(&spool)), (5760, vec![0; 4]));
    assert!(levels.disk_bytes <= 12 << 20, "{} bytes a frame", levels.disk_bytes / 5760);
    let key = record::next(&fs::read(dir.0.join("00000001.seg")).unwrap(), 0).1.unwrap().end;
    assert!(key <= 15_000, "{key}");
}

/// What it costs: `cargo test --release --lib spool::tests::costs -- --ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn costs() {
    let dir = Dir::new("costs");
    let (mut made, mut spool) = (Box500::new(), open(Some(&dir.0)));
    let frames: Vec<_> = (1..=2000).map(|n| made.frame(n)).collect();
    let start = Instant::now();
    frames.iter().for_each(|frame| spool.push(frame, start));
    let pushed = start.elapsed();
    let bytes = spool.levels().disk_bytes;
    drop(spool);
    let start = Instant::now();
    let mut spool = open(Some(&dir.0));
    let opened = start.elapsed();
    let start = Instant::now();
    for _ in 0..2000 {
        assert!(spool.first(Some(BOOT_TIME), start).is_some());
        spool.acknowledge(start);
    }
    let taken = start.elapsed();
    let key = std::mem::size_of::<Segment>();
    println!(
        "push {:?}, first and acknowledge {:?}, {} bytes a frame, open {opened:?}, segment {key}",
        pushed / 2000,
        taken / 2000,
        bytes / 2000
    );
}

#[test]
fn a_full_disk_is_waited_for_in_memory_and_order_is_kept() {
    let (dir, now) = (Dir::new("full"), Instant::now());
    let mut spool = open(Some(&dir.0));
    spool.push(&many(1, 1), now);
    spool.push(&many(2, 2), now);
    // From here on every write fails as on a disk without room.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    spool.writer.as_mut().unwrap().file = Some(full);
    for n in 3..6 {
        spool.push(&many(n, n), now);
    }
    let levels = spool.levels();
    let trouble = levels.trouble.unwrap();
    assert!(trouble.contains("No space left") && trouble.contains("max_bytes"), "{trouble}");
    assert!(levels.memory_bytes > 0 && levels.disk_bytes > 0);
    assert_eq!((levels.frames, dropped(&spool)), (5, vec![0; 4]));
    let first = spool.first(Some(BOOT_TIME), now).unwrap();
    assert_eq!(first.0.moment.since_boot, 1);
    spool.acknowledge(now);
    spool.push(&many(6, 6), now + Duration::from_secs(61));
    assert_eq!((spool.levels().trouble, spool.levels().memory_bytes), (None, 0));
    drop(spool);
    let mut spool = open(Some(&dir.0));
    for n in 2..=6 {
        let (frame, _) = spool.first(Some(BOOT_TIME), now).unwrap();
        assert_eq!((frame.moment.since_boot, frame.slots), (n, many(n, n).slots));
        spool.acknowledge(now);
    }
    assert!(spool.is_empty());
    assert_eq!(dropped(&spool), [0; 4]);
}

/// However long the segment is, of its file only what comes next is in memory; and frames of this program come back
/// under the table that they were made of.
#[test]
fn a_long_queue_takes_little_memory() {
    let (dir, now) = (Dir::new("window"), Instant::now());
    let bounds = Bounds { max_bytes: 8 << 20, ..bounds(Some(&dir.0)) };
    let (mut made, mut spool) = (Box500::new(), Spool::open(bounds, now));
    (1..=60).for_each(|n| spool.push(&made.frame(n), now));
    // The 30th is lost; the key is longer than what is read at once, the others are not.
    let file = dir.0.join("00000001.seg");
    let (mut bytes, mut start) = (fs::read(&file).unwrap(), 0);
    for _ in 1..30 {
        start = record::next(&bytes, start).1.unwrap().end;
    }
    bytes[start + record::HEADER + 9] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let mut seen = Vec::new();
    while let Some((frame, _)) = spool.first(Some(BOOT_TIME), now) {
        assert!(Arc::ptr_eq(&frame.table, &made.table));
        let reader = spool.reader.as_ref().unwrap();
        assert!(reader.bytes.capacity() <= 8 << 10, "{}", reader.bytes.capacity());
        seen.push(frame.moment.since_boot / 15_000);
        spool.acknowledge(now);
    }
    let expected: Vec<u64> = (1..=60).filter(|n| *n != 30).collect();
    assert_eq!(seen, expected);
    assert!(spool.table.is_none() && spool.reader.is_none());
}

/// Numbers of series mean the same in tables of the same generation, also of frames that waited elsewhere.
#[test]
fn tables_of_other_queues_are_others() {
    let (one, other, now) = (Dir::new("one"), Dir::new("other"), Instant::now());
    let frames = [(&one, "a"), (&other, "b")].map(|(dir, name)| {
        open(Some(&dir.0)).push(&plain(1, &[name], 1, at(1)), now);
        open(Some(&dir.0)).first(Some(BOOT_TIME), now).unwrap().0
    });
    let mut fallback = open(None);
    frames.iter().for_each(|frame| fallback.push(frame, now));
    for name in ["a", "b"] {
        let (frame, _) = fallback.first(Some(BOOT_TIME), now).unwrap();
        assert_eq!(frame.table.labels(0).next().unwrap().1, name);
        fallback.acknowledge(now);
    }
}
