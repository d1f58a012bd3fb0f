//! What is pushed as to a Pushgateway.

use std::time::{Duration, Instant};
use sysmetrics::inputs::push::gateway::{GroupUpdate, Verb};
use sysmetrics::inputs::push::{Gateway, Rules};
use sysmetrics::model::metric::Buffer;
use sysmetrics::model::store::{Bounds, Store};
use sysmetrics::outputs::expose::{Format, Lines, Text};
use sysmetrics::settings::Dialect;

/// Parts one push from the next.
const THEN: &[u8] = b"\n%%\n";

/// Most pushes of one input.
const MAX_PUSHES: usize = 6;

const PROTOBUF: &str = "application/vnd.google.protobuf; encoding=delimited";

/// Groups, and the time, which stands still.
struct Groups {
    gateway: Gateway,
    store: Store,
    rules: Rules,
    now: Instant,
}

impl Groups {
    fn new() -> Groups {
        let now = Instant::now();
        let (gateway, store) = (Gateway::default(), Store::new(Bounds::default(), now));
        let rules = Rules { ttl: Duration::from_secs(9), ..Rules::default() };
        Groups { gateway, store, rules, now }
    }

    /// Whether the push is taken.
    fn ask(&mut self, verb: Verb, path: &str, content_type: &str, body: &[u8]) -> bool {
        let (content_encoding, max_body) = ("", 1 << 16);
        let update = GroupUpdate { verb, path, content_type, content_encoding, body, max_body };
        self.gateway.serve(&update, &self.rules, &mut self.store, self.now).is_ok()
    }

    /// Every sample but the times of the groups; no series is there twice. Names are not escaped: a line beside a
    /// histogram may have labels that are the same only then.
    fn samples(&mut self) -> Vec<String> {
        let (mut out, mut lines) = (Buffer::default(), Lines::default());
        let mut text =
            Text::new(Dialect::Own, Format::Prometheus, &mut out, &mut lines).quoting(true);
        self.store.write(self.now, &mut text);
        text.finish();
        let page = str::from_utf8(out.bytes()).unwrap();
        let is_time = |line: &str| {
            let times = ["push_time_seconds{", "push_failure_time_seconds{"];
            times.iter().any(|time| line.starts_with(time))
        };
        let is_sample = |line: &&str| !line.starts_with('#') && !is_time(line);
        let mut samples: Vec<_> = page.lines().filter(is_sample).map(str::to_owned).collect();
        samples.sort();
        let series = |line: &str| line[..line.rfind(' ').unwrap()].to_owned();
        let twice = samples.windows(2).find(|pair| series(&pair[0]) == series(&pair[1]));
        assert_eq!(twice, None, "{page}");
        samples
    }

    /// A push that is refused changes nothing; one that is taken is taken again with POST, and then changes
    /// nothing.
    fn push(&mut self, verb: Verb, path: &str, content_type: &str, body: &[u8]) -> bool {
        let before = self.samples();
        let is_taken = self.ask(verb, path, content_type, body);
        let after = self.samples();
        if is_taken {
            assert!(self.ask(Verb::Add, path, content_type, body), "POST is refused");
            assert_eq!(self.samples(), after);
        } else {
            assert_eq!(after, before);
        }
        is_taken
    }
}

/// Pushes of text, each a path behind `/metrics/`, a newline, and a body.
pub fn push_group(bytes: &[u8]) {
    let (mut groups, mut rest, mut paths) = (Groups::new(), Some(bytes), Vec::new());
    while let Some(bytes) = rest.take_if(|_| paths.len() < MAX_PUSHES) {
        let end = bytes.windows(THEN.len()).position(|window| window == THEN);
        rest = end.map(|end| &bytes[end + THEN.len()..]);
        let push = &bytes[..end.unwrap_or(bytes.len())];
        let end = push.iter().position(|byte| *byte == b'\n').unwrap_or(push.len());
        let path = ["/metrics/", &String::from_utf8_lossy(&push[..end])].concat();
        let body = push.get(end + 1..).unwrap_or_default();
        let is_first = paths.is_empty();
        let is_group = is_first && groups.ask(Verb::Replace, &path, "", b"before 1\n");
        for verb in [Verb::Add, Verb::Replace] {
            let is_taken = groups.push(verb, &path, "", body);
            assert!(!is_first || is_group || !is_taken);
        }
        paths.push(path);
    }
    for path in paths {
        groups.ask(Verb::Delete, &path, "", b"");
    }
    assert!(groups.store.is_empty());
}

/// A body in protocol buffers, with PUT, then with POST beside the same of another group.
pub fn push_protobuf(body: &[u8]) {
    let mut groups = Groups::new();
    assert!(groups.ask(Verb::Replace, "/metrics/job/a", "", b"before 1\n"));
    let is_taken = groups.push(Verb::Replace, "/metrics/job/a", PROTOBUF, body);
    assert!(is_taken || groups.store.len() == 3);
    groups.push(Verb::Add, "/metrics/job/b", PROTOBUF, body);
}
