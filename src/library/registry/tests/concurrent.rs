//! Pages that are written while series are registered.

use super::*;
use crate::model::metric::Sink;
use std::sync::mpsc;

/// Writes as text does, and registers a series before each line.
struct Registering<'a> {
    registry: &'a Registry,
    lines: usize,
}

impl Sink for Registering<'_> {
    fn family(&mut self, _: &metric::Family<'_>) {}

    fn sample(&mut self, _: &[metric::Label<'_>], _: metric::Value) {}

    fn labelled(&mut self, _: metric::Labels<'_>, _: metric::Point<'_>, _: Option<i64>) {
        self.lines += 1;
        let (registry, line) = (self.registry.clone(), self.lines.to_string());
        let (done, is_done) = mpsc::channel();
        let register = move || {
            registry.counter("known", &[("n", &line)]).inc();
            registry.histogram(&format!("new_{line}"), &[]).record(1.0);
            registry.describe(&format!("new_{line}"), "New.");
            done.send(registry.len())
        };
        std::thread::spawn(register);
        let series = is_done.recv_timeout(Duration::from_secs(60));
        assert!(series.is_ok(), "a registration waits for the page");
    }

    fn mark(&self) -> usize {
        0
    }

    fn rewind(&mut self, _: usize) {}
}

#[test]
fn series_are_registered_while_a_page_is_written() {
    let registry = Registry::new();
    registry.counter("known", &[]).inc();
    registry.gauge("other", &[]).set(1.0);
    let mut sink = Registering { registry: &registry, lines: 0 };
    registry.write(Instant::now(), &mut sink);
    assert_eq!(sink.lines, 2, "what is new is on the next page");
    let text = page(&registry);
    assert!(text.contains("known{n=\"2\"} 1\n") && text.contains("# HELP new_1 New.\n"), "{text}");
    // And many of them, in whatever order they came.
    for n in 0..3000 {
        registry.counter("known", &[("n", &(n * 7919 % 3001).to_string())]).inc();
        if n % 1000 == 7 {
            page(&registry);
        }
    }
    let text = page(&registry);
    let labels: Vec<&str> = text.lines().filter(|line| line.starts_with("known{")).collect();
    assert_eq!(labels.len(), 3000);
    assert!(labels.is_sorted_by_key(|line| line.split('}').next()));
}
