//! Which collectors run, and what is set for each.

use super::catalogue::Catalogue;
use super::mean::Answer;
use super::problem::{MAX_SHOWN, Origin, Refusal, shown};
use super::rows::DISABLE_DEFAULTS;
use super::subject::{CollectorSettings, Subject};
use super::value::Value;

/// The keys of [system] that switch a collector.
static SYSTEM: [(&str, &str); 3] =
    [("collect_cpu", "cpu"), ("collect_ram", "memory"), ("collect_disk", "disk")];

/// What switches collectors that have no word of their own.
pub(super) struct Switches {
    /// Off, all of them.
    system: Option<Origin>,
    /// Single ones, on or off.
    single: Vec<(&'static str, bool, Origin)>,
    /// Off, all others.
    defaults: Option<Origin>,
}

impl Switches {
    pub(super) fn of(catalogue: &Catalogue, answers: &[Option<Answer>]) -> Switches {
        let said = |row: Option<usize>| {
            let answer = answers.get(row?)?.as_ref()?;
            Some((answer.value.number == 1, answer.origin.clone()?))
        };
        let system = |key| said(catalogue.find(&["system", key]));
        let single = SYSTEM.iter().filter_map(|(key, collector)| {
            let (on, origin) = system(key)?;
            Some((*collector, on, origin))
        });
        Switches {
            system: system("enabled").filter(|(on, _)| !on).map(|(_, origin)| origin),
            single: single.collect(),
            defaults: said(Some(DISABLE_DEFAULTS)).filter(|(on, _)| *on).map(|(_, origin)| origin),
        }
    }

    fn find(&self, collector: &str) -> Option<(bool, &Origin)> {
        let off = |origin| (false, origin);
        let single = self.single.iter().find(|(name, ..)| *name == collector);
        let single = single.map(|(_, on, origin)| (*on, origin));
        self.system.as_ref().map(off).or(single).or(self.defaults.as_ref().map(off))
    }
}

pub(super) fn collectors(
    catalogue: &Catalogue,
    subjects: &[&Subject],
    answers: &mut [Option<Answer>],
    switches: &Switches,
    refusal: &mut Refusal,
) -> Vec<CollectorSettings> {
    let rows = catalogue.rows.iter().zip(answers).filter(|(row, _)| row.is_of_collector());
    let mut answers = rows.map(|(_, answer)| answer);
    let mut all = Vec::with_capacity(subjects.len());
    for subject in subjects {
        let switch = answers.next().and_then(Option::as_mut);
        let enabled = switch.is_some_and(|answer| {
            if let Some((on, origin)) = switches.find(subject.name)
                && answer.origin.is_none()
            {
                answer.value = Value { text: on.to_string(), number: u64::from(on) };
                answer.origin = Some(origin.clone());
            }
            answer.value.number == 1
        });
        let mut own: Vec<&mut Option<Answer>> =
            answers.by_ref().take(subject.options.len()).collect();
        exclusive(subject, &mut own, refusal);
        let text = |answer: &&mut Option<Answer>| {
            answer.as_ref().map(|a| a.value.text.clone()).filter(|text| !text.is_empty())
        };
        all.push(CollectorSettings {
            name: subject.name,
            enabled,
            values: own.iter().map(text).collect(),
            keys: subject.options.iter().map(|option| option.key).collect(),
        });
    }
    all
}

/// Of a pair `…include…` and `…exclude…` one may be set; the default of the other gives way.
fn exclusive(subject: &Subject, answers: &mut [&mut Option<Answer>], refusal: &mut Refusal) {
    for (i, option) in subject.options.iter().enumerate() {
        let Some((front, back)) = option.key.split_once("include") else { continue };
        let other = [front, "exclude", back].concat();
        let Some(j) = subject.options.iter().position(|o| o.key == other) else { continue };
        let said = |answers: &[&mut Option<Answer>], i: usize| match answers.get(i).map(|a| &**a) {
            Some(Some(a)) if a.origin.is_some() && !a.value.text.is_empty() => a.origin.clone(),
            _ => None,
        };
        match (said(answers, i), said(answers, j)) {
            (Some(include), Some(exclude)) => {
                let text = [
                    subject.name,
                    ": ",
                    option.key,
                    " together with ",
                    &other,
                    " (",
                    &shown(&exclude.text(&refusal.file), MAX_SHOWN),
                    "); keep one: ",
                    option.key,
                    " to name what is wanted, or ",
                    &other,
                    " to name what is not",
                ];
                refusal.add(include, text.concat());
            }
            (Some(_), None) => drop_default(answers, j),
            (None, Some(_)) => drop_default(answers, i),
            (None, None) => {}
        }
    }
}

fn drop_default(answers: &mut [&mut Option<Answer>], i: usize) {
    if let Some(answer) = answers.get_mut(i)
        && answer.as_ref().is_some_and(|a| a.origin.is_none())
    {
        **answer = None;
    }
}
