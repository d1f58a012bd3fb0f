//! Requests to the service manager: all units, then the properties of those that are shown. It runs on a thread
//! of its own.

use super::listed::{Listed, UNITS};
use super::properties::{COUNT, Group, PROPERTIES, TYPES};
use crate::base::error::{Error, KeptError, Place};
use crate::base::sys;
use crate::kernel::read::Filter;
use crate::kernel::read::dbus::{Address, Answer, Client, Get, Value, is_absent};
use std::ops::Range;
use std::time::Instant;

/// The most units.
const MAX_UNITS: usize = 16 << 10;

/// Bytes of a unit's name (systemd's `UNIT_NAME_MAX`), and of other labels.
const MAX_TEXT: usize = 255;

/// systemd's value where a number of tasks is not limited or not known.
const NO_LIMIT: u64 = u64::MAX;

/// States besides the usual ones that are counted.
const MAX_STATES: usize = 8;

/// The most errors of one scrape that are kept.
const MAX_ERRORS: usize = 16;

const SERVICE: &str = "org.freedesktop.systemd1";
const PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";

/// The states that are shown for each unit.
pub const STATES: [&str; 5] = ["active", "activating", "deactivating", "inactive", "failed"];

/// The index in `STATES` of a working unit.
const ACTIVE: usize = 0;

/// A range of the text.
type Span = Range<usize>;

/// A unit that is shown.
pub struct Unit {
    name: Span,
    path: Span,
    /// The index in `STATES`, if it is one of them.
    pub state: Option<usize>,
}

/// The service manager, and its last answers.
pub struct Manager {
    client: Client,
    filter: Filter,
    /// The groups that are switched on.
    groups: Vec<Group>,
    /// The requests to send next: a unit and a row of `PROPERTIES`, or of `TYPES` after them.
    requests: Vec<(usize, usize)>,
    /// Names, paths and states.
    text: Vec<u8>,
    pub units: Vec<Unit>,
    /// How many units are in each of `STATES`.
    pub states: [u64; STATES.len()],
    /// How many are in other states.
    others: Vec<(Span, u64)>,
    /// The manager's properties.
    pub about: About,
    /// For each of `PROPERTIES`, the units that have it.
    pub numbers: [Vec<(usize, u64)>; COUNT],
    /// The texts of `TYPES`, and for each unit its text.
    types: Vec<u8>,
    type_of: Vec<Span>,
    /// Errors that affected single samples.
    pub errors: Vec<KeptError>,
    /// The result for all of them.
    pub result: Result<(), KeptError>,
}

/// The manager's properties; `None` if unknown.
#[derive(Default)]
pub struct About {
    pub version: Option<Vec<u8>>,
    pub virtualization: Option<Vec<u8>>,
    pub is_running: Option<bool>,
}

/// The properties of the manager.
static ABOUT: [[&str; 2]; 3] =
    [[MANAGER, "Version"], [MANAGER, "Virtualization"], [MANAGER, "SystemState"]];

impl Manager {
    /// A manager without an answer so far.
    pub fn new(address: Address, filter: Filter, groups: Vec<Group>) -> Manager {
        Manager {
            client: Client::new(address, SERVICE),
            filter,
            groups,
            requests: Vec::new(),
            text: Vec::new(),
            units: Vec::new(),
            states: [0; STATES.len()],
            others: Vec::new(),
            about: About::default(),
            numbers: Default::default(),
            types: Vec::new(),
            type_of: Vec::new(),
            errors: Vec::new(),
            result: Ok(()),
        }
    }

    /// The name of the unit of this number.
    pub fn name(&self, unit: usize) -> &[u8] {
        let name = self.units.get(unit).map(|unit| unit.name.clone());
        name.and_then(|name| self.text.get(name)).unwrap_or_default()
    }

    /// The type of the unit of this number; empty if it has none.
    pub fn type_of(&self, unit: usize) -> &[u8] {
        self.type_of.get(unit).and_then(|span| self.types.get(span.clone())).unwrap_or_default()
    }

    /// States besides the usual ones, and how many units are in each.
    pub fn other_states(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.others.iter().filter_map(|(span, n)| Some((self.text.get(span.clone())?, *n)))
    }

    /// Requests everything again, until the deadline.
    pub fn ask(&mut self, until: Instant) {
        self.text.clear();
        self.units.clear();
        self.states = [0; STATES.len()];
        self.others.clear();
        self.about = About::default();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.types.clear();
        self.errors.clear();
        self.result = self.try_ask(until).map_err(KeptError::from);
        self.client.close();
    }

    fn try_ask(&mut self, until: Instant) -> Result<(), Error> {
        self.client.open(until)?;
        self.ask_about()?;
        self.ask_units()?;
        self.list_requests();
        self.ask_properties()
    }

    fn ask_about(&mut self) -> Result<(), Error> {
        let Manager { client, about, errors, .. } = self;
        let property = |at: usize| ABOUT.get(at).unwrap_or(&["", ""]);
        let which = |at| Get { path: PATH.as_bytes(), property: property(at) };
        client.get(ABOUT.len(), &which, &mut |at, answer| match (at, answer) {
            (0, Ok(Some(Value::Text(text)))) => about.version = short(text),
            (1, Ok(Some(Value::Text(text)))) => about.virtualization = short(text),
            (2, Ok(Some(Value::Text(text)))) => about.is_running = Some(text == b"running"),
            (at, answer) => note(errors, property(at), answer),
        })
    }

    fn ask_units(&mut self) -> Result<(), Error> {
        let answer = self.client.ask(PATH, MANAGER, "ListUnits")?;
        let place = Place::below("D-Bus", b"ListUnits");
        if answer.signature != UNITS {
            return Err(Error::parse(place, "an answer a(ssssssouso)", answer.signature));
        }
        let mut list = answer.body;
        let mut list = list.array(8).ok_or(Error::parse(place, "a list of units", b""))?;
        self.filter.begin();
        for _ in 0..MAX_UNITS {
            if list.is_empty() {
                return Ok(());
            }
            let listed = Listed::read(&mut list);
            let listed = listed.ok_or(Error::parse(place, "a list of whole units", b""))?;
            // Borrowed separately from the answer.
            let Manager { filter, text, units, states, others, errors, .. } = self;
            let state = STATES.iter().position(|state| state.as_bytes() == listed.state);
            match state.and_then(|at| states.get_mut(at)) {
                Some(count) => *count += 1,
                None => count_other(others, text, listed.state),
            }
            if listed.name.len() > MAX_TEXT {
                fault(errors, Error::parse(place, "a name of at most 255 bytes", listed.name));
            } else if filter.keep(listed.name) && listed.load == b"loaded" {
                let (name, path) = (add(text, listed.name), add(text, listed.path));
                units.push(Unit { name, path, state });
            } else if filter.is_repeated() {
                fault(errors, Error::parse(place, "each unit once", listed.name));
            }
        }
        Err(Error::parse(place, "at most 16384 units", b"more"))
    }

    /// Lists the requests about the units that are shown.
    fn list_requests(&mut self) {
        let Manager { requests, units, text, numbers, groups, type_of, .. } = self;
        requests.clear();
        type_of.clear();
        type_of.resize(units.len(), 0..0);
        for (at, unit) in units.iter().enumerate() {
            let name = text.get(unit.name.clone()).unwrap_or_default();
            for (row, (property, numbers)) in PROPERTIES.iter().zip(&mut *numbers).enumerate() {
                let is_on = property.group == Group::Always || groups.contains(&property.group);
                if !is_on || !name.ends_with(property.suffix.as_bytes()) {
                    continue;
                }
                if property.group == Group::StartTime && unit.state != Some(ACTIVE) {
                    numbers.push((at, 0));
                } else {
                    requests.push((at, row));
                }
            }
            let of_type = TYPES.iter().position(|(suffix, _)| name.ends_with(suffix.as_bytes()));
            requests.extend(of_type.map(|row| (at, COUNT + row)));
        }
    }

    fn ask_properties(&mut self) -> Result<(), Error> {
        let Manager { client, requests, text, units, numbers, types, type_of, errors, .. } = self;
        let request = |at: usize| requests.get(at).copied().unwrap_or_default();
        let which = |at: usize| {
            let (unit, row) = request(at);
            let path = units.get(unit).and_then(|unit| text.get(unit.path.clone()));
            Get { path: path.unwrap_or_default(), property: property(row) }
        };
        client.get(requests.len(), &which, &mut |at, answer| {
            let (unit, row) = request(at);
            match (answer, numbers.get_mut(row)) {
                (Ok(Some(Value::Number(NO_LIMIT))), _) if is_of_tasks(row) => {}
                (Ok(Some(Value::Number(number))), Some(numbers)) => numbers.push((unit, number)),
                (Ok(Some(Value::Text(text))), None) if text.len() <= MAX_TEXT => {
                    if let Some(span) = type_of.get_mut(unit) {
                        *span = add(types, text);
                    }
                }
                (answer, _) => note(errors, property(row), answer),
            }
        })?;
        for numbers in numbers {
            // Answers may come in any order; a duplicate counts once.
            sys::sort(numbers, Ord::cmp);
            numbers.dedup_by_key(|(unit, _)| *unit);
        }
        Ok(())
    }
}

/// A row of `PROPERTIES`, or of `TYPES` after them.
fn property(row: usize) -> &'static [&'static str; 2] {
    let number = PROPERTIES.get(row).map(|property| &property.name);
    let of_type = || TYPES.get(row.checked_sub(COUNT)?).map(|(_, name)| name);
    number.or_else(of_type).unwrap_or(&["", ""])
}

fn is_of_tasks(row: usize) -> bool {
    PROPERTIES.get(row).is_some_and(|property| property.group == Group::Tasks)
}

fn add(text: &mut Vec<u8>, part: &[u8]) -> Span {
    let start = text.len();
    text.extend_from_slice(part);
    start..text.len()
}

fn short(text: &[u8]) -> Option<Vec<u8>> {
    (text.len() <= MAX_TEXT).then(|| text.to_vec())
}

fn count_other(others: &mut Vec<(Span, u64)>, text: &mut Vec<u8>, state: &[u8]) {
    let known = others.iter_mut().find(|(span, _)| text.get(span.clone()) == Some(state));
    if let Some((_, count)) = known {
        *count += 1;
    } else if others.len() < MAX_STATES && state.len() <= MAX_TEXT {
        others.push((add(text, state), 1));
    }
}

fn fault(errors: &mut Vec<KeptError>, error: Error) {
    if errors.len() < MAX_ERRORS {
        errors.push(error.keep());
    }
}

/// Records a property that is missing or of the wrong type.
fn note(errors: &mut Vec<KeptError>, property: &[&'static str; 2], answer: Answer<'_>) {
    let [_, name] = property;
    let place = Place::below("D-Bus", name.as_bytes());
    match answer {
        Ok(_) => fault(errors, Error::parse(place, "a value of its type", b"another")),
        // An older systemd, or the unit is gone.
        Err(name) if is_absent(name) => {}
        Err(name) => fault(errors, Error::parse(place, "a value", name)),
    }
}
