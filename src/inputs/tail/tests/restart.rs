//! Offsets over a restart: the file of them, and its copy in memory.

use super::*;
use crate::inputs::tail::state::Written;
use crate::settings::MEMORY_FILE;

#[test]
fn a_restart_goes_on_where_it_was() {
    let place = Place::with("web.log", false);
    place.append("web.log", "0\n");
    let mut place = place.started();
    place.append("web.log", "1\n2\n");
    place.step();
    place.tails.finish(&mut place.store);
    place.append("web.log", "3\n4\n");
    place.killed();
    assert_eq!(place.lines(), 2.0);
    // Renamed meanwhile, and new.
    place.append("web.log", "5\n");
    place.tails.finish(&mut place.store);
    place.rename("web.log", "web.log.1");
    place.append("web.log.1", "6\n");
    place.append("web.log", "7\n");
    place.killed();
    assert_eq!(place.lines(), 3.0);
    (0..LONG).for_each(|_| place.step());
    assert_eq!((place.lines(), place.count("files")), (3.0, 1.0));
    // Emptied meanwhile.
    place.tails.finish(&mut place.store);
    fs::write(place.path("web.log"), "eight\nnine\n").unwrap();
    place.killed();
    assert_eq!(place.lines(), 2.0);
    // Another file of its name, and the old one nowhere.
    place.tails.finish(&mut place.store);
    fs::remove_file(place.path("web.log")).unwrap();
    place.append("other", "");
    place.append("web.log", "ten\n");
    place.killed();
    assert_eq!(place.lines(), 1.0);
    // Killed within a line that was cut.
    place.append("web.log", "x".repeat(3000));
    place.step();
    assert_eq!(place.count("lines_cut_total"), 1.0);
    place.tails.finish(&mut place.store);
    place.append("web.log", "y\neleven\n");
    place.killed();
    assert_eq!(place.lines(), 1.0);
}

#[test]
fn a_restart_finds_copies_whose_original_was_emptied() {
    let mut place = Place::with("web.log*", false).started();
    place.append("web.log", "1\n2\n");
    place.step();
    place.tails.finish(&mut place.store);
    place.append("web.log", "3\n");
    fs::copy(place.path("web.log"), place.path("web.log.1")).unwrap();
    fs::write(place.path("web.log"), "four\n").unwrap();
    place.killed();
    assert_eq!(place.lines(), 2.0);
    // The first turn, after which the offsets are written, may end between the two files.
    place.step();
    place.killed();
    assert_eq!(place.lines(), 0.0);
}

#[test]
fn an_offset_beyond_all_is_that_of_a_file_that_was_emptied() {
    let mut place = Place::with("web.log", false).started();
    place.append("web.log", "1\n");
    place.step();
    place.tails.finish(&mut place.store);
    let mut file = Slots::new(place.path("offsets"));
    let mut kept = state::read(&mut file).unwrap();
    kept.places[0].offset = u64::MAX;
    file.write(&state::render(kept.written.unwrap(), &[&kept.places[0]], &[])).unwrap();
    place.killed();
    assert_eq!((place.lines(), place.count("truncations_total")), (1.0, 1.0));
}

/// The offset in a file of them.
fn kept(place: &Place, name: &str) -> u64 {
    state::read(&mut Slots::new(place.path(name))).unwrap().places[0].offset
}

#[test]
fn offsets_are_written_now_and_then() {
    let mut place = Place::new("web.log");
    place.settings.state_interval = 10 * SECOND;
    let mut place = place.started();
    place.append("web.log", "1\n");
    place.step();
    let first = fs::read(place.path("offsets")).unwrap();
    for _ in 0..8 {
        place.append("web.log", "2\n");
        place.step();
        assert_eq!(fs::read(place.path("offsets")).unwrap(), first);
    }
    (0..3).for_each(|_| place.step());
    let second = fs::read(place.path("offsets")).unwrap();
    assert_ne!(second, first);
    // Nothing new, nothing written.
    fs::remove_file(place.path("offsets")).unwrap();
    (0..30).for_each(|_| place.step());
    assert!(!place.path("offsets").exists());
    // At a reload at once.
    place.append("web.log", "3\n");
    place.step();
    place.append("web.log", "4\n");
    place.step();
    place.apply();
    assert_eq!(kept(&place, "offsets"), 22);
}

#[test]
fn an_interval_that_wears_flash_is_warned_of() {
    let of = |file: &str, minutes: u32| {
        let state_file = Some(file.into()).filter(|_| !file.is_empty());
        let state_interval = 60 * minutes * SECOND;
        warn_of_flash(&Tail { state_file, state_interval, ..Tail::default() })
    };
    let disk = "/proc/no-memory/offsets";
    assert_eq!([of(disk, 60), of(disk, 59), of("", 1), of("/dev/shm/offsets", 1)], [0, 1, 0, 0]);
}

#[test]
fn a_copy_that_would_not_be_in_memory_is_warned_of() {
    let of = |file: &str, copy: &str| {
        let [state_file, memory_file] =
            [file, copy].map(|path| Some(path.into()).filter(|_| !path.is_empty()));
        let state_interval = 3600 * SECOND;
        warn_of_copy(&Tail { state_file, memory_file, state_interval, ..Tail::default() })
    };
    let (disk, memory) = ("/proc/no-memory/offsets", "/dev/shm/offsets");
    assert_eq!([of(disk, disk), of(disk, "/nonexistent/a/b"), of(disk, memory)], [1, 1, 0]);
    assert_eq!([of("", disk), of(memory, disk), of(disk, ""), of(disk, MEMORY_FILE)], [0; 4]);
}

/// The copy is in memory, the file once an hour on flash.
#[test]
fn a_killed_agent_goes_on_where_the_copy_says() {
    if is_in_memory(&std::env::temp_dir().join("x")) {
        return;
    }
    let memory = Path::new("/dev/shm").join(format!("sysmetrics-tail-{}", std::process::id()));
    let mut place = Place::new("web.log");
    place.settings.state_interval = 3600 * SECOND;
    place.settings.memory_file = Some(memory.join("offsets"));
    place.append("web.log", "0\n");
    let mut place = place.started();
    for _ in 0..25 {
        place.append("web.log", "1\n");
        place.step();
    }
    let copy = Slots::new(memory.join("offsets"));
    let copied = |mut copy: Slots| state::read(&mut copy).unwrap().places[0].offset;
    assert_eq!((kept(&place, "offsets"), copied(copy)), (2, 42), "every ten seconds");
    place.killed();
    assert_eq!(place.lines(), 5.0, "what came after the copy");
    // The machine lost its power, and with it the copy.
    place.append("web.log", "2\n");
    place.step();
    fs::remove_dir_all(&memory).unwrap();
    place.killed();
    assert_eq!(place.lines(), 1.0, "what came after the last start");
    // A copy that is older than the file is of no use.
    place.append("web.log", "3\n");
    place.step();
    let older = fs::read(memory.join("offsets")).unwrap();
    place.tails.finish(&mut place.store);
    fs::write(memory.join("offsets"), older).unwrap();
    place.killed();
    assert_eq!(place.lines(), 0.0, "written later, but of an earlier write");
    // On a disk there is none; it would wear what it is to spare.
    place.settings.memory_file = Some(place.path("copy"));
    place.killed();
    place.append("web.log", "4\n");
    (0..20).for_each(|_| place.step());
    assert!(!place.path("copy").exists());
    fs::remove_dir_all(&memory).unwrap();
}

/// A directory in memory, and an agent with its copy of the offsets there.
pub fn with_copy(name: &str) -> Option<(PathBuf, Place)> {
    if is_in_memory(&std::env::temp_dir().join("x")) {
        return None;
    }
    let memory = Path::new("/dev/shm").join(format!("sysmetrics-{name}-{}", std::process::id()));
    let mut place = Place::new("web.log");
    place.settings.state_interval = 3600 * SECOND;
    place.settings.memory_file = Some(memory.join("offsets"));
    place.append("web.log", "0\n");
    Some((memory, place.started()))
}

/// A clock that was set back makes what is written later look older.
pub fn set_mtime(path: &Path, hours_ago: u32) {
    let time = std::time::SystemTime::now() - 3600 * hours_ago * SECOND;
    OpenOptions::new().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_copy_of_another_file_does_not_count() {
    let Some((memory, mut place)) = with_copy("other") else { return };
    for _ in 0..25 {
        place.append("web.log", "1\n");
        place.step();
    }
    place.tails.finish(&mut place.store);
    let copy = fs::read(memory.join("offsets")).unwrap();
    // An agent whose state lies elsewhere, and has nothing yet; then one with state of its own.
    place.settings.state_file = Some(place.path("elsewhere/offsets"));
    fs::create_dir(place.path("elsewhere")).unwrap();
    place.killed();
    assert_eq!(place.lines(), 26.0, "from the start, as nothing is known");
    place.append("web.log", "2\n");
    place.step();
    place.tails.finish(&mut place.store);
    fs::write(memory.join("offsets"), copy).unwrap();
    place.killed();
    assert_eq!(place.lines(), 0.0, "as its own file says");
    fs::remove_dir_all(&memory).unwrap();
}

#[test]
fn offsets_of_the_format_before_are_read() {
    let Some((memory, mut place)) = with_copy("format") else { return };
    let as_before = |path: PathBuf, lines: u64| {
        let mut file = Slots::new(path);
        let mut kept = state::read(&mut file).unwrap();
        kept.places[0].offset = 2 * lines;
        let text = state::render(Written::default(), &[&kept.places[0]], &[]);
        let text = String::from_utf8(text).unwrap().replacen("2\n0 0 0\n", "1\n", 1);
        file.write(text.as_bytes()).unwrap();
    };
    place.append("web.log", "1\n2\n3\n");
    (0..12).for_each(|_| place.step());
    for (hours_ago, again) in [(1, 2.0), (0, 1.0)] {
        as_before(place.path("offsets"), 2);
        as_before(memory.join("offsets"), 3);
        set_mtime(&memory.join("offsets"), hours_ago);
        place.killed();
        assert_eq!(place.lines(), again, "what was written last counts");
    }
    fs::remove_dir_all(&memory).unwrap();
}

#[test]
fn a_state_file_that_cannot_be_read_is_counted_and_kept_if_it_is_not_ours() {
    for (text, survives) in
        [("", false), ("sysmetrics log offsets 1\nx\n", false), ("root:x\n", true)]
    {
        let place = Place::with("web.log", false);
        place.append("web.log", "1\n");
        place.append("offsets", text);
        let mut place = place.started();
        assert_eq!(place.value("sysmetrics_tail_errors_total{reason=\"state\"}"), Some(1.0));
        place.append("web.log", "2\n");
        place.step();
        place.tails.finish(&mut place.store);
        assert_eq!(place.lines(), 1.0);
        assert_eq!(fs::read_to_string(place.path("offsets")).unwrap() == text, survives);
    }
    let mut place = Place::new("web.log");
    place.settings.state_file = Some(place.path("no/such/offsets"));
    place.append("web.log", "1\n");
    let mut place = place.started();
    assert_eq!(place.lines(), 1.0, "it goes on");
    assert!(place.value("sysmetrics_tail_errors_total{reason=\"state\"}") >= Some(1.0));
}
