//! Whole turns over real files, under a clock of the tests' own.

mod clock;
mod copies;
mod cost;
mod day;
mod holes;
mod links;
mod restart;
mod rotation;
mod turns;
mod values;

use super::*;
use crate::base::state::{Slots, is_in_memory};
use crate::model::metric::Buffer;
use crate::model::store::Bounds;
use crate::outputs::expose::{Format, Lines, Text};
use crate::settings::{Dialect, LogRule, RuleKind};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

pub(super) struct Place {
    dir: PathBuf,
    pub tails: Tails,
    pub store: Store,
    pub now: Instant,
    pub settings: Tail,
    pub logs: Vec<LogFiles>,
}

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Longer than `GRACE`, in steps.
pub(super) const LONG: usize = 15;

pub(super) fn rule(metric: &str, pattern: &str, labels: &[(&str, &str)]) -> LogRule {
    let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let (metric, pattern) = (metric.to_owned(), pattern.to_owned());
    LogRule { metric, pattern, labels, help: "Lines.".to_owned(), ..LogRule::default() }
}

impl Place {
    /// All that is below the new directory by this glob is followed, from its beginning, and its lines
    /// are counted.
    pub fn new(glob: &str) -> Place {
        Place::with(glob, true)
    }

    /// A second passes, which is the pause after the last time; then the kernel's events are taken, until
    /// nothing is left to read.
    pub fn look_at_events(&mut self) {
        self.now += SECOND;
        self.tails.turn(true, &mut self.store, self.now);
        while self.tails.backlog.is_some() {
            self.tails.turn(false, &mut self.store, self.now);
        }
    }

    pub fn with(glob: &str, from_start: bool) -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("sysmetrics-tail-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let now = Instant::now();
        let settings = Tail {
            state_file: Some(dir.join("offsets")),
            memory_file: None,
            state_interval: SECOND,
            poll_interval: SECOND,
            max_line_bytes: 1000,
            max_value_bytes: 10,
            max_series: 3,
        };
        let path = dir.join(glob).display().to_string();
        let logs = vec![LogFiles { path, from_start, rules: vec![rule("lines_total", "^", &[])] }];
        let (tails, store) = (Tails::default(), Store::new(Bounds::default(), now));
        Place { dir, tails, store, now, settings, logs }
    }

    pub fn apply(&mut self) {
        self.tails.apply(&self.settings, &self.logs, &[], &mut self.store, self.now);
    }

    pub fn started(mut self) -> Place {
        self.apply();
        self.step();
        self
    }

    /// The program ends without a word, and starts again.
    pub fn killed(&mut self) {
        self.tails = Tails::default();
        self.store = Store::new(Bounds::default(), self.now);
        self.apply();
        self.step();
    }

    /// A second, and all there is to do in it.
    pub fn step(&mut self) {
        self.now += SECOND;
        for turn in 0.. {
            self.tails.turn(true, &mut self.store, self.now);
            assert!(turn < 100_000, "it never ends");
            if self.tails.backlog.is_none() {
                break;
            }
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub fn text(&mut self) -> String {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        self.store.write(self.now, &mut text);
        self.tails.write_self_metrics(&mut text);
        text.finish();
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    /// The sample that begins so; labels included where there are any.
    pub fn value(&mut self, series: &str) -> Option<f64> {
        let text = self.text();
        let line = text
            .lines()
            .find(|line| line.strip_prefix(series).is_some_and(|r| r.starts_with([' ', '{'])))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    pub fn lines(&mut self) -> f64 {
        self.value("lines_total").unwrap()
    }

    pub fn count(&mut self, family: &str) -> f64 {
        self.value(&format!("sysmetrics_tail_{family}")).unwrap_or(0.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[test]
fn files_come_go_and_come_again() {
    let mut place = Place::new("*/web.log").started();
    for round in 1..4 {
        place.append("later/web.log", "one\n");
        place.step();
        assert_eq!(place.lines(), f64::from(round));
        fs::remove_dir_all(place.path("later")).unwrap();
        (0..LONG).for_each(|_| place.step());
        assert_eq!(place.count("files"), 0.0);
    }
    // Another behind the same link.
    fs::create_dir(place.path("x")).unwrap();
    place.append("a", "one\n");
    place.append("b", "one\ntwo\n");
    let link = place.path("x/web.log");
    std::os::unix::fs::symlink(place.path("a"), &link).unwrap();
    place.step();
    assert_eq!(place.lines(), 4.0);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(place.path("b"), &link).unwrap();
    place.append("a", "two\n");
    place.step();
    assert_eq!(place.lines(), 7.0);
}

#[test]
fn what_is_there_at_the_start_is_read_from_its_end_or_beginning() {
    for from_start in [false, true] {
        let place = Place::with("web.log", from_start);
        place.append("web.log", "one\ntwo\nthr");
        let mut place = place.started();
        assert_eq!(place.lines(), if from_start { 2.0 } else { 0.0 });
        place.append("web.log", "ee\n");
        place.step();
        assert_eq!(place.lines(), if from_start { 3.0 } else { 1.0 });
    }
}

#[test]
fn a_reload_keeps_what_stays() {
    let mut place = Place::new("*.log");
    place.logs[0].rules.push(rule("by_word", "^(?<w>[a-z]+)", &[("word", "$w")]));
    let mut place = place.started();
    place.append("a.log", "one\ntwo\n");
    place.step();
    let one = "by_word{word=\"one\"}";
    let find = |place: &mut Place, line: &str| place.text().contains(line);
    assert!(find(&mut place, one));
    // A rule more, and another gone.
    place.logs[0].rules[1] = rule("words_total", "o", &[]);
    place.apply();
    place.append("a.log", "four\n");
    place.step();
    assert!(!find(&mut place, "by_word"));
    assert_eq!((place.lines(), place.value("words_total")), (3.0, Some(1.0)));
    // A changed rule starts anew.
    place.logs[0].rules[0].help = "Other.".to_owned();
    place.apply();
    assert_eq!((place.lines(), place.value("words_total")), (0.0, Some(1.0)));
    // Constant labels are on all series.
    let labels = [("env".to_owned(), "prod".to_owned())];
    place.tails.apply(&place.settings, &place.logs, &labels, &mut place.store, place.now);
    assert!(find(&mut place, "lines_total{env=\"prod\"} 0\n"));
    place.logs.clear();
    place.apply();
    assert!(place.store.is_empty() && place.tails.deadline().is_none());
    assert!(place.tails.fd().is_none() && !find(&mut place, "tail_"));
}

#[test]
fn the_same_path_twice_is_one() {
    let mut place = Place::new("*.log");
    let mut again = place.logs[0].clone();
    again.rules = vec![rule("more_total", "o", &[])];
    place.logs.push(again);
    let mut place = place.started();
    place.append("a.log", "one\n");
    place.step();
    assert_eq!((place.lines(), place.value("more_total")), (1.0, Some(1.0)));
    assert_eq!(place.text().matches("sysmetrics_tail_files{").count(), 1);
}

#[test]
fn events_report_changes_before_the_next_check() {
    let mut place = Place::new("*.log");
    place.settings.poll_interval = 1000 * SECOND;
    let mut place = place.started();
    place.append("a.log", "1\n");
    place.look_at_events();
    assert_eq!(place.lines(), 1.0, "a new file");
    place.append("a.log", "2\n");
    place.look_at_events();
    assert_eq!(place.lines(), 2.0);
    assert!(place.tails.fd().is_none(), "it listens again a little later");
    place.rename("a.log", "a.old");
    place.append("a.old", "3\n");
    place.append("a.log", "4\n");
    place.look_at_events();
    assert_eq!(place.lines(), 4.0);
    // Until the offsets are written, in the same directory.
    let mut is_listening = || {
        place.look_at_events();
        place.tails.fd().is_some()
    };
    assert!((0..10).any(|_| is_listening()));
}
