//! How an answer becomes series. The worker checks what it brings: JSON becomes numbers on its
//! thread. The serving thread offers them to the store, a bounded number per turn, so that the largest answer
//! delays a scrape by no more than a piece of it. Until the last piece is taken, series of the
//! previous answer remain beside those of this one.
//!
//! A label of the answer that has the name of one of ours is renamed to `exported_<name>`.

use super::custom;
use crate::base::json;
use crate::inputs::push::{Buffers, Collision, Intake, Piece, Syntax, Tally};
use crate::model::metric::Kind;
use crate::model::store::{Bounds, Change, Group, LabelSet, Offer, Reason, Store};
use crate::settings::{Field, Target};
use crate::workers::{Answer, Failure};
use std::time::{Duration, Instant};

/// Lines of text, or numbers, that are stored per turn.
pub const PIECE: usize = 1000;

/// How old a time stamp may be where time stamps are kept.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Bytes of a metric's name: the store has its own bound, which is smaller.
const MAX_NAME: usize = 1024;

/// The contents of an answer.
pub enum AnswerContent {
    /// Exposition text.
    Text(Vec<u8>, Syntax),
    /// The numbers found in JSON, and counts of what was refused.
    Numbers(Vec<Number>, Tally),
}

/// One number.
pub struct Number {
    name: String,
    is_counter: bool,
    help: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// An answer of which some pieces are stored.
pub struct Progress {
    /// The number of the worker that brought it.
    pub id: u64,
    /// How long the request took.
    pub duration: Duration,
    content: AnswerContent,
    piece: Piece,
    /// Numbers that were offered to the store.
    offered: usize,
}

/// What all answers share: buffers and limits.
#[derive(Default)]
pub struct Tools {
    buffers: Buffers,
    labels: LabelSet,
    /// Labels that are added to every series without a label of that name.
    pub constant: Vec<(String, String)>,
    /// The most series of one target.
    pub max_series: usize,
    /// The most labels of one series.
    pub max_labels: usize,
}

/// Reads `answer` as exposition text.
pub fn text(answer: Answer) -> Result<AnswerContent, Failure> {
    Ok(AnswerContent::Text(answer.body, Syntax::of(&answer.content_type)))
}

/// Reads `answer` as JSON: at most `max_series` numbers.
pub fn numbers(
    answer: &Answer,
    target: &str,
    fields: &[Field],
    max_series: usize,
) -> Result<AnswerContent, Failure> {
    let document = json::parse(&answer.body).map_err(|fault| {
        let at = fault.at.to_string();
        let text = format!("no JSON: at byte {at}: expected {}", fault.expected);
        Failure { reason: "text", text }
    })?;
    let (mut numbers, mut tally) = (Vec::new(), Tally::default());
    custom::read(document, target, fields, MAX_NAME, &mut |picked| match picked {
        Err((what, reason)) => tally.count(what, Err(reason)),
        Ok(sample) if numbers.len() >= max_series => tally.count(sample.name, Err(Reason::Series)),
        Ok(sample) => numbers.push(Number {
            name: sample.name.to_owned(),
            is_counter: sample.is_counter,
            help: sample.help.to_owned(),
            labels: sample.labels.to_vec(),
            value: sample.value,
        }),
    });
    Ok(AnswerContent::Numbers(numbers, tally))
}

/// Checks that the status allows the answer to be read.
pub fn judge(answer: &Answer) -> Result<(), Failure> {
    if answer.status == 200 {
        return Ok(());
    }
    let text = ["expected status 200, found ", &answer.status.to_string()].concat();
    Err(Failure { reason: "status", text })
}

impl Progress {
    /// An answer of the worker `id` of which nothing is stored yet.
    pub fn new(id: u64, duration: Duration, mut content: AnswerContent) -> Progress {
        let tally = match &mut content {
            AnswerContent::Text(..) => Tally::default(),
            AnswerContent::Numbers(_, tally) => std::mem::take(tally),
        };
        let piece = Piece { lines: PIECE, tally, ..Piece::default() };
        Progress { id, duration, content, piece, offered: 0 }
    }

    /// The results for its samples so far.
    pub fn tally(&self) -> &Tally {
        &self.piece.tally
    }

    /// Stores the next piece, labelled with `own`. Returns whether it was the last, or why it
    /// cannot be read.
    pub fn go_on(
        &mut self,
        target: &Target,
        group: Group,
        own: &[(String, String)],
        tools: &mut Tools,
        store: &mut Store,
        now: Instant,
    ) -> Result<bool, String> {
        let intake = Intake {
            group,
            prefix: "",
            add: own,
            collision: Collision::Rename,
            constant: &tools.constant,
            ttl: Duration::ZERO,
            honor_time: target.honor_timestamps,
            max_age: MAX_AGE,
            max_series: tools.max_series,
            max_labels: tools.max_labels,
        };
        match &self.content {
            AnswerContent::Text(text, syntax) => {
                let (piece, buffers) = (&mut self.piece, &mut tools.buffers);
                let taken = intake.take_on(text, *syntax, piece, buffers, store, now);
                taken.map_err(|bad| format!("line {}: expected {}", bad.line, bad.expected))
            }
            AnswerContent::Numbers(numbers, _) => {
                for number in numbers.iter().skip(self.offered).take(PIECE) {
                    let done = offer(number, &intake, &mut tools.labels, store, now);
                    self.piece.tally.count(&number.name, done);
                }
                self.offered += PIECE;
                Ok(self.offered >= numbers.len())
            }
        }
    }
}

/// Offers one number to the store.
fn offer(
    number: &Number,
    intake: &Intake<'_>,
    labels: &mut LabelSet,
    store: &mut Store,
    now: Instant,
) -> Result<(), Reason> {
    labels.clear();
    for (name, value) in &number.labels {
        if intake.add.iter().any(|(own, _)| own == name) {
            labels.add(&["exported_", name].concat(), value);
        } else {
            labels.add(name, value);
        }
    }
    for (name, value) in intake.add {
        labels.add(name, value);
    }
    for (name, value) in intake.constant {
        labels.add_missing(name, value);
    }
    let bounds = Bounds { labels: intake.max_labels, ..*store.bounds() };
    let rendered = labels.render(&bounds, "");
    let offer = Offer {
        name: &number.name,
        kind: if number.is_counter { Kind::Counter } else { Kind::Gauge },
        help: &number.help,
        labels: rendered?,
        change: Change::Set(number.value),
        time: None,
        ttl: intake.ttl,
        group: intake.group,
        is_line: false,
    };
    store.take(&offer, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::push::exposition::{Place, Reader};

    /// Families in pieces, a histogram, a summary, comments, blank lines.
    const TEXT: &str = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 1\n\n\
        a_total{x=\"2\"} 2\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\n\
        h_sum 4\nh_count 3\nb 5\n# TYPE s summary\ns{quantile=\"0.5\"} 6\n# note\ns_sum 7\n\
        s_count 8\na_total{x=\"3\"} 9\n# TYPE c gauge\nc 10";

    #[test]
    fn text_is_read_in_pieces_of_any_size() {
        let all = |lines: usize, text: &str| {
            let (mut reader, mut place, mut seen) =
                (Reader::default(), Place::default(), Vec::new());
            loop {
                let mut each = |read: crate::inputs::push::exposition::Read<'_>| {
                    let sample = match read {
                        Ok(sample) => sample,
                        Err(note) => return seen.push(format!("{note:?}")),
                    };
                    let labels: Vec<_> = sample.labels.pairs().map(|(n, _)| n).collect();
                    let (name, kind, help) = (sample.name, sample.kind, sample.help);
                    seen.push(format!("{name} {kind:?} {help} {labels:?} {:?}", sample.point));
                };
                let syntax = Syntax::Prometheus;
                match reader.read_on(text.as_bytes(), syntax, &mut place, lines, &mut each) {
                    Ok(true) => return (seen, None),
                    Ok(false) => {}
                    Err(bad) => return (seen, Some(bad)),
                }
            }
        };
        let whole = all(usize::MAX, TEXT);
        assert_eq!((whole.0.len(), whole.1), (7, None));
        let bad = [TEXT, "\n{\n# TYPE h histogram\nh_sum{x=\"\n\"} 1\nd{e=\"\n"].concat();
        let broken = all(usize::MAX, &bad);
        assert_eq!((broken.0.len(), broken.1), (11, None));
        for lines in 1..30 {
            assert_eq!(all(lines, TEXT), whole, "{lines}");
            assert_eq!(all(lines, &bad), broken, "{lines}");
        }
    }

    /// The number of turns follows from the number of samples, and the last turn ends the previous answer.
    #[test]
    fn a_large_answer_is_taken_in_pieces() {
        let now = Instant::now();
        let target = Target { name: "t".to_owned(), ..Target::default() };
        let mut tools = Tools { max_series: 3 * PIECE, max_labels: 9, ..Tools::default() };
        let mut store = Store::new(Bounds::default(), now);
        let group = store.open_group();
        let mut text = String::new();
        let mut json = String::from("[0");
        for n in 1..2 * PIECE + 5 {
            text += &format!("a{{n=\"{n}\"}} {n}\n");
            json += &format!(",{n}");
        }
        json += "]";
        let answer = |body: String| Answer { status: 200, body: body.into(), ..Answer::default() };
        let of_json = numbers(&answer(json), "t", &[], 2 * PIECE + 1).unwrap();
        for (content, expected) in
            [(super::text(answer(text)).unwrap(), 2 * PIECE + 4), (of_json, 2 * PIECE + 1)]
        {
            let mut taking = Progress::new(1, Duration::ZERO, content);
            store.begin(group);
            let mut turns = 1;
            while !taking.go_on(&target, group, &[], &mut tools, &mut store, now).unwrap() {
                turns += 1;
                assert!(taking.tally().taken <= turns * PIECE);
            }
            store.end(group);
            assert_eq!((turns, taking.tally().taken, store.len()), (3, expected, expected));
        }
    }
}
