use super::*;
use crate::base::dialect::Dialect;
use crate::inputs::push::Rules;
use crate::inputs::push::gateway::{GroupUpdate, Verb};
use crate::model::metric::{Buffer, Label, Labels, Point, Value};
use crate::outputs::expose::{Format, Lines, Text};
use std::time::Duration;

/// The names of families.
#[derive(Default)]
struct Names(Vec<String>);

impl Sink for Names {
    fn family(&mut self, family: &Family<'_>) {
        self.0.push(family.names().0.to_owned());
    }

    fn sample(&mut self, _: &[Label<'_>], _: Value) {}

    fn labelled(&mut self, _: Labels<'_>, _: Point<'_>, _: Option<i64>) {}

    fn mark(&self) -> usize {
        self.0.len()
    }

    fn rewind(&mut self, _: usize) {}
}

#[test]
fn families_of_parts_are_in_the_reference_once() {
    let mut known: Vec<_> = families().map(|family| family.names().0).collect();
    let count = known.len();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), count);
    let inputs = Inputs::new(Instant::now());
    let outputs = Outputs::default();
    let mut written = Names::default();
    self_metrics(&inputs, (Some(&outputs.alerts), Some(&outputs.exports)), &mut written);
    assert!(!written.0.is_empty());
    for name in &written.0 {
        assert!(known.contains(&name.as_str()), "{name}");
    }
    let mut ready = Vec::new();
    wait_on(&inputs, &outputs, &mut ready);
    assert!(ready.is_empty() && deadline(&inputs, &outputs).is_none());
}

/// Series that have expired are neither on the page nor counted there.
#[test]
fn expired_series_are_not_counted() {
    let now = Instant::now();
    let mut inputs = Inputs::new(now);
    let rules = Rules { ttl: Duration::from_secs(60), ..Rules::default() };
    let update = GroupUpdate {
        verb: Verb::Replace,
        path: "/metrics/job/j",
        content_type: "",
        content_encoding: "",
        body: b"a 1\n",
        max_body: 100,
    };
    inputs.gateway.serve(&update, &rules, &mut inputs.store, now).unwrap();
    for (seconds, [series, families, groups]) in [(59, [3, 3, 1]), (60, [0; 3])] {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text = Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines);
        let now = now + Duration::from_secs(seconds);
        inputs.write_page((None, None), &mut |_| (), now, &mut text);
        text.finish();
        let text = String::from_utf8(out.bytes().to_vec()).unwrap();
        for (name, value) in [("series", series), ("families", families), ("groups", groups)] {
            let line = format!("\nsysmetrics_push_{name} {value}\n");
            assert!(text.contains(&line), "{line} {text}");
        }
        assert_eq!(text.contains("a{job=\"j\"} 1"), series > 0);
    }
}
