//! What is lost where bytes of a file are.

use super::*;
use std::fs::File;
use std::os::unix::fs::FileExt;

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
    let (whole, all) = (fs::read(&file).unwrap(), frames.iter().map(described).collect::<Vec<_>>());
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
    let (whole, all) = (fs::read(&file).unwrap(), frames.iter().map(described).collect::<Vec<_>>());
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
            // It has what the original had, perhaps without series that the lost one defined.
            let same = rest.find(|f| f.moment == frame.moment && f.before == frame.before);
            let original = described(same.unwrap_or_else(|| panic!("{at}: invented")));
            let original: Vec<_> = original.lines().skip(1).collect();
            assert!(described(&frame).lines().skip(1).all(|line| original.contains(&line)), "{at}");
            spool.acknowledge(now);
        }
        assert!(spool.is_empty());
        fs::remove_file(dir.0.join("ack")).unwrap_or_default();
    }
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
        let mut found = Vec::new();
        for family in frame.view(0).families() {
            assert_eq!((family.def.name, family.def.help), ("n_total", "Help."));
            for series in family.series() {
                found.push(format!("{} {:?}", series.labels().next().unwrap().1, series.reading()));
            }
        }
        match frame.moment.since_boot {
            1 => assert_eq!(found, ["a Some(Number(Int(100)))"]),
            3 => assert_eq!(found, ["a Some(Number(Int(300)))", "c Some(Number(Int(302)))"]),
            4 => assert_eq!(found.len(), 3, "a, c, d"),
            n => panic!("{n}"),
        }
        spool.acknowledge(now);
    }
    assert_eq!(dropped(&spool), [0, 0, 1 + 2, 0], "a record, and b twice");
}

/// The first record of a file that is longer than what is read of it.
#[test]
fn a_damaged_start_of_a_long_file_ends_the_search() {
    let (dir, now) = (Dir::new("long"), Instant::now());
    let mut spool = open(Some(&dir.0));
    spool.push(&plain(1, &["a"], 1, at(1)), now);
    spool.push(&plain(1, &["a"], 2, at(2)), now);
    let file = File::options().write(true).open(dir.0.join("00000001.seg")).unwrap();
    file.write_all_at(b"x", 0).unwrap();
    file.set_len(disk::MAX_FILE + 1).unwrap();
    assert!(spool.first(Some(BOOT_TIME), now).is_none());
    assert_eq!((spool.is_empty(), dropped(&spool)), (true, vec![0, 0, 2, 0]));
}
