//! Which collectors run, and the settings of each.

use crate::base::text::words::{MAX_SHOWN, quoted, shown};
use crate::settings::problem::{Origin, Refusal};
use crate::settings::resolve::resolved::Resolved;
use crate::settings::table::{Catalogue, Role, Row};
use crate::settings::types::{CollectorSettings, OptionRow, Subject, Value};
use std::ptr;

/// Sets the switches of collectors that others switch, too; returns the settings of each.
pub fn collectors(
    catalogue: &Catalogue,
    subjects: &[&Subject],
    resolved: &mut Vec<Resolved<'_>>,
    (refusal, warnings): (&mut Refusal, &mut Vec<String>),
) -> Vec<CollectorSettings> {
    let off = |role, if_it_is: bool| {
        let one = resolved.iter().find(|one| one.row.is(role) && one.value.is_on() == if_it_is)?;
        Some((false, one.origin.clone()?))
    };
    let (all_off, others_off) = (off(Role::System, false), off(Role::DisableDefaults, true));
    let mut all = Vec::with_capacity(subjects.len());
    let mut rows = &catalogue.rows[..];
    for subject in subjects {
        // The rows are in the order of the subjects.
        let is_its = |row: &Row| row.path[0] == subject.name && row.is_collector();
        let at = rows.iter().position(is_its).unwrap_or_default();
        rows = rows.get(at..).unwrap_or_default();
        let mut options = Options { catalogue, rows, subject, resolved };
        let in_system = subject.options.iter().find(|option| option.in_system);
        let in_system = in_system.and_then(|option| options.given(option));
        let in_system = in_system.map(|(value, origin)| (value.is_on(), origin));
        let wanted = subject.options.iter().filter(|option| option.enables);
        let wanted = wanted.filter_map(|option| options.given(option)).next();
        let wanted = wanted.map(|(_, origin)| (true, origin));
        let others = all_off.clone().or(in_system).or(wanted).or(others_off.clone());
        let enabled = options.switch(others);
        options.exclude(refusal);
        let rows = subject.options;
        let values = rows.iter().map(|option| options.value(option)).collect();
        let settings = CollectorSettings { name: subject.name, enabled, values, rows };
        if enabled {
            options.judge(&settings, refusal, warnings);
        }
        all.push(settings);
    }
    all
}

/// The values of one collector.
struct Options<'a, 'b, 'c> {
    catalogue: &'a Catalogue,
    /// The rows of the catalogue, from the switch of the collector on.
    rows: &'a [Row],
    subject: &'b Subject,
    resolved: &'b mut Vec<Resolved<'c>>,
}

impl Options<'_, '_, '_> {
    fn find(&self, option: &OptionRow) -> Option<&Resolved<'_>> {
        let row = self.catalogue.of_option(self.rows, self.subject, option)?;
        self.resolved.get(self.place(row)?)
    }

    /// The index of a row's value: they are in the order of the rows.
    fn place(&self, row: &Row) -> Option<usize> {
        let at = ptr::from_ref(row);
        self.resolved.binary_search_by_key(&at, |one| ptr::from_ref(one.row)).ok()
    }

    fn value(&self, option: &OptionRow) -> Value {
        self.find(option).map(|one| one.value.clone()).unwrap_or_default()
    }

    /// The value that a source sets; not a default.
    fn given(&self, option: &OptionRow) -> Option<(Value, Origin)> {
        let one = self.find(option).filter(|one| !one.value.is_empty())?;
        Some((one.value.clone(), one.origin.clone()?))
    }

    /// Whether it is on: by its own switch, or else by others that switch it.
    fn switch(&mut self, others: Option<(bool, Origin)>) -> bool {
        let place = self.rows.first().and_then(|row| self.place(row));
        let one = place.and_then(|at| self.resolved.get_mut(at));
        one.is_some_and(|one| {
            if let (None, Some((on, origin))) = (&one.origin, others) {
                one.value = Value::new(on.to_string(), u64::from(on));
                one.origin = Some(origin);
            }
            one.value.is_on()
        })
    }

    /// Of a pair `…include…` and `…exclude…` one may be set, of some both; the default of the other is dropped.
    fn exclude(&mut self, refusal: &mut Refusal) {
        let first = self.rows.first().and_then(|row| self.place(row)).unwrap_or_default();
        let own = self.resolved.iter().skip(first);
        let mut own = own.take_while(|one| one.row.path[0] == self.subject.name);
        if own.all(|one| one.origin.is_none()) {
            return;
        }
        for option in self.subject.options {
            let Some((_, origin)) = self.given(option) else { continue };
            if let Some(exclude) = self.other(option, ["include", "exclude"]) {
                match self.given(exclude) {
                    Some(_) if exclude.joins_include => {}
                    Some((_, second)) => {
                        self.refuse_both([option, exclude], origin, second, refusal);
                    }
                    None => self.drop_default(exclude),
                }
            } else if let Some(include) = self.other(option, ["exclude", "include"])
                && self.given(include).is_none()
            {
                self.drop_default(include);
            }
        }
    }

    /// The option whose key has `other` in place of `word`.
    fn other(&self, option: &OptionRow, [word, other]: [&str; 2]) -> Option<&'static OptionRow> {
        let (front, back) = option.key().split_once(word)?;
        let key = [front, other, back].concat();
        self.subject.options.iter().find(|option| option.key() == key).copied()
    }

    fn refuse_both(
        &self,
        [include, exclude]: [&OptionRow; 2],
        origin: Origin,
        second: Origin,
        refusal: &mut Refusal,
    ) {
        let second = shown(&second.text(&refusal.file), MAX_SHOWN);
        let (name, include, exclude) = (self.subject.name, include.key(), exclude.key());
        let text = format!(
            "{name}: {include} together with {exclude} ({second}); keep one: {include} to name what is \
             wanted, or {exclude} to name what is not"
        );
        refusal.add(origin, text);
    }

    /// Checks the rules of the options. A value that no source sets is right.
    fn judge(
        &self,
        settings: &CollectorSettings,
        refusal: &mut Refusal,
        warnings: &mut Vec<String>,
    ) {
        for option in self.subject.options {
            let Some(rule) = option.rule.filter(|rule| !(rule.holds)(settings)) else { continue };
            let Some(one) = self.find(option) else { continue };
            let Some(origin) = one.origin.clone() else { continue };
            let key = match origin {
                Origin::File(..) => [&one.row.dotted(), ": "].concat(),
                _ => String::new(),
            };
            let found = quoted(&one.row.kind.shown(&one.value.texts.join(",")));
            let text = [&key, "expected ", rule.expects, ", found ", &found].concat();
            if rule.only_warns {
                let place = shown(&origin.text(&refusal.file), MAX_SHOWN);
                warnings.push([&place, ": ", &text, "; what is not known is ignored"].concat());
            } else {
                refusal.add(origin, text);
            }
        }
    }

    fn drop_default(&mut self, option: &OptionRow) {
        let row = self.catalogue.of_option(self.rows, self.subject, option);
        let place = row.and_then(|row| self.place(row));
        if let Some(at) = place
            && self.resolved.get(at).is_some_and(|one| one.origin.is_none())
        {
            self.resolved.remove(at);
        }
    }
}
