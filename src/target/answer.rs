//! How an answer becomes series: exposition text as it stands, JSON as `custom` reads it. A label
//! of the answer that has the name of one of ours goes on as `exported_<name>`.

use super::{Tools, custom};
use crate::courier::Answer;
use crate::ingest::json::{self, Fault};
use crate::ingest::{Collision, Intake, Syntax, Tally};
use crate::metric::Kind;
use crate::settings::{Target, TargetKind};
use crate::store::{Change, Group, LabelSet, Offer, Reason, Store};
use std::time::{Duration, Instant};

/// How old a time stamp may be where time stamps are kept.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Offers every sample to the store, labelled with `own`; the text says why there is none.
pub fn read(
    target: &Target,
    group: Group,
    own: &[(String, String)],
    answer: &Answer,
    tools: &mut Tools,
    store: &mut Store,
    now: Instant,
) -> Result<Tally, String> {
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
    };
    match target.kind {
        TargetKind::Prometheus => {
            let syntax = Syntax::of(&answer.content_type);
            let taken = intake.take(&answer.body, syntax, &mut tools.buffers, store, now);
            taken.map_err(|bad| {
                ["line ", &bad.line.to_string(), ": expected ", bad.expected].concat()
            })
        }
        TargetKind::Custom => {
            let taken = read_json(target, &intake, &answer.body, &mut tools.labels, store, now);
            taken.map_err(|fault| {
                ["no JSON: at byte ", &fault.at.to_string(), ": expected ", fault.expected].concat()
            })
        }
    }
}

fn read_json(
    target: &Target,
    intake: &Intake<'_>,
    body: &[u8],
    labels: &mut LabelSet,
    store: &mut Store,
    now: Instant,
) -> Result<Tally, Fault> {
    let document = json::parse(body)?;
    let max_name = store.bounds().name_bytes;
    let mut tally = Tally::default();
    custom::read(document, &target.name, &target.fields, max_name, &mut |picked| {
        let name = picked.map_or("", |sample| sample.name);
        let has_room = tally.taken < intake.max_series;
        let picked = picked.and_then(|p| if has_room { Ok(p) } else { Err(Reason::Series) });
        let offered = picked.and_then(|sample| offer(&sample, intake, labels, store));
        // The store counts for itself what it takes or refuses.
        let done = match offered {
            Ok(offer) => store.take(&offer, now),
            Err(reason) => {
                store.refuse(reason);
                Err(reason)
            }
        };
        tally.count(name, done);
    });
    Ok(tally)
}

fn offer<'o>(
    sample: &custom::Picked<'o>,
    intake: &Intake<'_>,
    labels: &'o mut LabelSet,
    store: &Store,
) -> Result<Offer<'o>, Reason> {
    labels.clear();
    for (name, value) in sample.labels {
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
    Ok(Offer {
        name: sample.name,
        kind: if sample.is_counter { Kind::Counter } else { Kind::Gauge },
        help: sample.help,
        labels: labels.render(store.bounds(), "")?,
        change: Change::Set(sample.value),
        time: None,
        ttl: intake.ttl,
        group: intake.group,
    })
}
