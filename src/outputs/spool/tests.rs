//! Frames through the queue.

mod bounded;
mod damage;
mod directory;
mod gone;
mod maker;
mod unread;

use super::*;
use crate::model::frame::{FamilyDef, Frame, Scale, SeriesDef, Shape, State, Table};
use crate::model::metric::Kind;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use maker::{BOOT_TIME, Maker, Random};

const HERE: Boot = Boot(*b"0123456789abcdef");

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
        // Longer than any machine runs that runs tests: frames have times soon after its start.
        max_age: Duration::from_secs(100 * 365 * 86_400),
        write_budget: 64 << 20,
        boot: HERE,
    }
}

fn open(dir: Option<&Path>) -> Spool {
    Spool::open(bounds(dir), Instant::now())
}

/// Everything that a frame contains, as text.
fn described(frame: &Frame) -> String {
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
        all.push(described(&frame));
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
        let texts: Vec<_> = frames.iter().map(described).collect();
        assert_eq!(drain(&mut spool), texts, "{seed}");
        assert_eq!(dropped(&spool), [0; 4]);
    }
}

#[test]
fn frames_behind_the_oldest_can_be_read_without_changes() {
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
                assert_eq!(described(&first), described(frame));
                let found = spool.behind(n).map(|(frame, _)| described(&frame));
                assert_eq!(found, frames.get(at + n).map(described), "{n} behind {at}");
            }
            spool.acknowledge(Instant::now());
        }
        assert!(spool.behind(0).is_none());
        assert_eq!(dropped(&spool), [0; 4]);
    }
}

/// The process is killed at every step; what was pushed and not acknowledged comes, in order.
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
                    waiting.push_back(described(&frame));
                }
                2 => {
                    drop(spool);
                    spool = open(Some(&dir.0));
                }
                _ => {
                    let first =
                        spool.first(Some(BOOT_TIME), now).map(|(frame, _)| described(&frame));
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
    let known = |n, before| Timestamp { since_boot: n, boot_time: Some(BOOT_TIME - before) };
    // The clock was set while the second frame waited.
    for moment in [unknown(1), known(2, 900_000), known(3, 500_000), unknown(4)] {
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
    assert_eq!(dropped(&spool), [0, 0, 0, 3], "their time will never be known");
    assert!(!spool.is_empty(), "it waits for the clock");
    assert_eq!(moments(&mut spool, Some(BOOT_TIME)), [(6, 0), (7, 1999), (8, 0), (9, 0)]);
    assert!(spool.is_empty());
    assert!(!dir.0.join("00000001.seg").exists());
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

/// Names enough that a key is about a kilobyte and a half.
fn many(value: u64, n: u64) -> Frame {
    let names: Vec<String> = (0..400).map(|i| i.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut frame = plain(1, &names, 0, at(n));
    let mut random = Random::new(value);
    frame.slots.iter_mut().for_each(|slot| *slot = random.number());
    frame
}
