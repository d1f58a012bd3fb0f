//! Age and bytes: what is dropped for them, and what frames cost.

use super::*;

#[test]
fn old_frames_are_dropped() {
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
fn acknowledging_a_dropped_frame_removes_no_other() {
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
