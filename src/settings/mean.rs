//! What all that was said means: every value is judged, the highest layer wins, and what
//! depends on other rows is put together.

use super::basic::{Dialect, Listen};
use super::catalogue::Catalogue;
use super::lists::{self, Element, Told};
use super::problem::{Origin, Refusal, meant};
use super::record::found;
use super::row::Row;
use super::rows::{DIALECT, ENDPOINT, HOST, LISTEN, MAX_LISTEN, METRICS_PATH, PORT, sections};
use super::said::Said;
use super::subject::Subject;
use super::switches::{Switches, collectors};
use super::tree::Shape;
use super::types::Settings;
use super::value::{Kind, Served, Value};

/// What a row is set to.
pub(super) struct Answer {
    /// The row's key.
    pub(super) key: &'static str,
    /// Of a list the last.
    pub(super) value: Value,
    /// The texts of a list, in their order.
    pub(super) list: Vec<String>,
    /// None is the default.
    pub(super) origin: Option<Origin>,
}

impl Answer {
    /// It says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty() && self.value.text.is_empty()
    }
}

/// What was said, if it was right.
pub(super) struct Checked {
    pub(super) row: usize,
    pub(super) value: Value,
    pub(super) origin: Origin,
    pub(super) element: Option<usize>,
}

/// The answers to all rows, for whoever wants to show them.
pub(super) struct Answers {
    /// One for each row; those of lists have none here.
    pub(super) rows: Vec<Option<Answer>>,
    pub(super) lists: Vec<Told>,
}

/// The settings, and all answers.
pub(super) fn settle(
    catalogue: &Catalogue,
    subjects: &[&Subject],
    said: Vec<Said>,
    mut elements: Vec<Element>,
    refusal: &mut Refusal,
) -> (Settings, Answers) {
    let mut checked = Vec::new();
    for said in said {
        let element = said.element;
        match check(catalogue, said, refusal) {
            Some(one) => checked.push(one),
            None => {
                if let Some(element) = element.and_then(|i| elements.get_mut(i)) {
                    element.spoilt = true;
                }
            }
        }
    }

    serve_at(&mut checked);
    let mut settings = Settings::default();
    let node = checked.iter().rfind(|c| c.row == DIALECT).is_some_and(|c| c.value.number == 1);
    let dialect = if node { Dialect::Node } else { Dialect::Own };
    let mut answers: Vec<Option<Answer>> = Vec::with_capacity(catalogue.rows.len());
    for (i, row) in catalogue.rows.iter().enumerate() {
        let said: Vec<&Checked> = checked.iter().filter(|c| c.row == i).collect();
        answers.push(match row.in_list() {
            true => None,
            false => answer(row, &said, dialect, &mut settings),
        });
    }
    together(catalogue, &answers, &mut settings, refusal);

    if let (Some(Some(answer)), Some(row)) = (answers.get_mut(LISTEN), catalogue.rows.get(LISTEN)) {
        let [own, node] = row.default;
        let default = if dialect == Dialect::Node { node } else { own };
        (settings.server.listen, answer.origin) = listen(&checked, default, refusal);
    }
    let switches = Switches::of(catalogue, &answers);
    settings.collectors = collectors(catalogue, subjects, &mut answers, &switches, refusal);
    let both = (&mut settings, &mut *refusal);
    let lists = lists::settle(catalogue, &elements, checked, dialect, both);
    #[cfg(feature = "hub")]
    if refusal.is_empty() {
        super::checks_out::fallbacks(&lists, &settings, refusal);
    }
    (settings, Answers { rows: answers, lists })
}

/// Where nobody says what the instance is, it is the name that the kernel has for this host.
#[cfg(feature = "hub")]
pub(super) fn name(catalogue: &Catalogue, settings: &mut Settings, answers: &mut Answers) {
    let row = catalogue.find(&["agent", "instance"]);
    if let Some(answer @ None) = row.and_then(|row| answers.rows.get_mut(row)) {
        let path = settings.paths.procfs.join("sys/kernel/hostname");
        let name = String::from_utf8(super::file::bytes(&path).unwrap_or_default());
        let name = name.unwrap_or_default().trim().to_owned();
        // As long as nobody has set it.
        let name = if name == "(none)" { String::new() } else { name };
        settings.agent.instance.clone_from(&name);
        let value = Value { text: name, number: 0 };
        *answer = Some(Answer { key: "instance", value, list: Vec::new(), origin: None });
    }
    settings.alerting.instance.clone_from(&settings.agent.instance);
}

/// Sets a row to what was said last or, of a list, all that the highest layer says; or else to its
/// default.
pub(super) fn answer(
    row: &Row,
    said: &[&Checked],
    dialect: Dialect,
    settings: &mut Settings,
) -> Option<Answer> {
    let Some(last) = said.last() else {
        let value = default(row.kind, row.default, dialect)?;
        (row.set)(settings, &value);
        return Some(Answer { key: row.key(), value, list: Vec::new(), origin: None });
    };
    let mut list = Vec::new();
    if row.kind.is_list() {
        let layer = last.origin.layer();
        for said in said.iter().filter(|c| c.origin.layer() == layer) {
            (row.set)(settings, &said.value);
            list.push(said.value.text.clone());
        }
    } else {
        (row.set)(settings, &last.value);
    }
    let (value, origin) = (last.value.clone(), Some(last.origin.clone()));
    Some(Answer { key: row.key(), value, list, origin })
}

/// What is said of the endpoint stands for host, port and path, unless the same source says those.
fn serve_at(checked: &mut Vec<Checked>) {
    for layer in 0..3 {
        let of_layer = |c: &Checked| c.origin.layer() == layer;
        let found = checked.iter().rfind(|c| c.row == ENDPOINT && of_layer(c));
        let Some((said, served)) = found.and_then(|c| Some((c, Served::parse(&c.value.text)?)))
        else {
            continue;
        };
        let (host, port) = (served.host, served.port.map(|port| port.to_string()));
        let parts = [(HOST, host), (PORT, port), (METRICS_PATH, served.path.map(str::to_owned))];
        let origin = said.origin.clone();
        let mut at = checked.iter().position(of_layer).unwrap_or(0);
        for (row, text) in parts {
            let Some(text) = text else { continue };
            let value = Value { number: text.parse().unwrap_or(0), text };
            checked.insert(at, Checked { row, value, origin: origin.clone(), element: None });
            at += 1;
        }
    }
}

/// Looks at each table as a whole.
fn together(
    catalogue: &Catalogue,
    answers: &[Option<Answer>],
    settings: &mut Settings,
    refusal: &mut Refusal,
) {
    for section in sections().filter(|section| section.list.is_none()) {
        let Err((key, text)) = (section.check)(settings) else { continue };
        let mut rows = catalogue.rows_of(section).filter(|(_, row)| row.key() == key);
        let answer = rows.next().and_then(|(row, _)| answers.get(row)?.as_ref());
        let origin = answer.and_then(|a| a.origin.clone()).unwrap_or(Origin::File(0, 0));
        refusal.add(origin, format!("{}.{key}: {text}", section.name));
    }
}

/// A default is known to be right, its pattern need not be compiled.
fn default(kind: Kind, texts: [&str; 2], dialect: Dialect) -> Option<Value> {
    let [own, node] = texts;
    let text = if dialect == Dialect::Node { node } else { own };
    let value = match kind {
        Kind::Pattern => Some(Value { text: text.to_owned(), number: 0 }),
        kind => kind.read(text).ok(),
    };
    value.filter(|value| !value.text.is_empty())
}

/// Judges one value.
fn check(catalogue: &Catalogue, said: Said, refusal: &mut Refusal) -> Option<Checked> {
    let row = catalogue.rows.get(said.row)?;
    let typed = match (row.kind, said.shape) {
        (_, None) => true,
        (Kind::Switch, Some(shape)) => shape == Shape::Switch,
        (Kind::Count(..), Some(shape)) => shape == Shape::Integer,
        (Kind::Numbers | Kind::States, Some(shape)) => {
            matches!(shape, Shape::Integer | Shape::Bare)
        }
        // A float; what ends in a unit is a text without its quotation marks.
        (Kind::Time(..) | Kind::Times(..), Some(Shape::Bare)) => {
            said.text.ends_with(|c: char| c.is_ascii_digit())
        }
        (Kind::Time(..) | Kind::Times(..) | Kind::Size(..), Some(shape)) => {
            matches!(shape, Shape::Integer | Shape::Text)
        }
        (_, Some(shape)) => shape == Shape::Text,
    };
    let plain = match said.shape {
        Some(Shape::Bare) => said.text.trim_start_matches('+').replace('_', ""),
        _ => said.text.clone(),
    };
    let more = match (row.kind.read(&plain), said.shape) {
        (Ok(value), _) if typed => {
            let (row, origin, element) = (said.row, said.origin, said.element);
            return Some(Checked { row, value, origin, element });
        }
        (_, Some(Shape::Bare)) if !typed && !row.kind.is_bare() => {
            "; text goes in quotation marks".to_owned()
        }
        (Ok(_), Some(Shape::Text)) => "; write it without quotation marks".to_owned(),
        (Ok(_), _) => String::new(),
        (Err(more), _) => more,
    };
    let text = complaint(row, &said, &more);
    refusal.add(said.origin, text);
    None
}

/// What was expected and what was found.
fn complaint(row: &Row, said: &Said, more: &str) -> String {
    let name = match said.origin {
        Origin::File(..) => [&row.dotted(), ": "].concat(),
        _ => String::new(),
    };
    let found = found(said.shape.unwrap_or(Shape::Text), &row.kind.shown(&said.text));
    let meant = match row.kind {
        Kind::Choice(words) if matches!(said.shape, None | Some(Shape::Text)) => {
            meant(&said.text, &mut words.iter().flat_map(|word| word.split('|')), "")
        }
        _ => String::new(),
    };
    format!("{name}expected {}, found {found}{more}{meant}", row.kind.expects())
}

/// The addresses: each layer may name them anew, or change host and port of the one there is.
/// What was said comes in the order of the layers.
fn listen(
    checked: &[Checked],
    default: &str,
    refusal: &mut Refusal,
) -> (Vec<Listen>, Option<Origin>) {
    let mut all: Vec<Listen> = Listen::parse(default).into_iter().collect();
    let (mut from, mut named_in) = (None, None);
    // Addresses first, then what changes them.
    for layer in 0..3 {
        for part in [LISTEN, HOST, PORT] {
            for said in checked {
                let origin = &said.origin;
                if said.row != part || origin.layer() != layer {
                    continue;
                }
                if part == LISTEN {
                    if named_in != Some(layer) {
                        named_in = Some(layer);
                        all.clear();
                    }
                    all.extend(Listen::parse(&said.value.text));
                } else if named_in == Some(layer) {
                    refusal.add(origin.clone(), TOGETHER.to_owned());
                } else if !replace(&mut all, part, &said.value) {
                    refusal.add(origin.clone(), NOT_ONE.to_owned());
                }
                from = Some(origin);
            }
        }
    }
    if let Some(origin) = from.filter(|_| all.len() > MAX_LISTEN) {
        let text = format!("more than {} addresses", MAX_LISTEN);
        refusal.add(origin.clone(), text);
    }
    (all, from.cloned())
}

const TOGETHER: &str = "listen together with host or port; keep listen, which says both";
const NOT_ONE: &str =
    "changes the one TCP address that listen gives, but it gives none or several; use listen";

/// Changes the only TCP address; false if there is no such.
fn replace(all: &mut [Listen], part: usize, value: &Value) -> bool {
    let mut tcp = all.iter_mut().filter_map(|listen| match listen {
        Listen::Tcp(host, port) => Some((host, port)),
        Listen::Unix(_) => None,
    });
    let (Some((host, port)), None) = (tcp.next(), tcp.next()) else { return false };
    match part {
        HOST => host.clone_from(&value.text),
        _ => *port = u16::try_from(value.number).unwrap_or(*port),
    }
    true
}
