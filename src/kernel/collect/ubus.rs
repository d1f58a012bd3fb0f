//! Engine for services of OpenWrt on ubus: a thread asks a service once in a while, and a scrape shows
//! its last answer and the age of it.

use super::slow::{Found, Slow};
use super::{Collector, Scrape, Setup};
use crate::base::error::{Error, Place};
use crate::kernel::read::ubus::{Failure, Table, Value, call};
use crate::model::metric::{self, Decimal, Family, Sink};
use crate::settings::CollectorOption;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The place in messages.
const BUS: &str = "ubus";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest text of a label; the rest is cut off.
const MAX_TEXT: usize = 128;

const GRANT: &str =
    "an access list in /usr/share/acl.d that allows it, such as deploy/openwrt/sysmetrics.acl.json";

/// The request, and the use of the answer.
pub struct Query {
    pub object: &'static str,
    pub method: &'static str,
    /// Makes samples from the answer.
    pub read: fn(Table<'_>, &mut Found),
    /// The family of their age.
    pub age: &'static Family<'static>,
}

/// The engine; `None` for a stored machine, which has no ubusd.
pub struct Poller(Option<Slow>, &'static Family<'static>);

impl Poller {
    /// Asks `query` at the socket and in the interval of the options.
    pub fn new(
        setup: &Setup<'_>,
        query: &'static Query,
        socket: &'static CollectorOption<PathBuf>,
        interval: &'static CollectorOption<Duration>,
    ) -> Poller {
        let path = setup.settings.get(socket);
        let read_all = Box::new(move |found: &mut Found| ask(&path, query, found));
        let period = setup.settings.get(interval);
        let slow = || Slow::always(setup, query.object, BUS, read_all, period);
        Poller(setup.root.is_procfs().then(slow), query.age)
    }
}

impl Collector for Poller {
    fn collect(&mut self, scrape: &mut Scrape<'_>, out: &mut dyn Sink) -> Result<(), Error> {
        let Poller(Some(slow), age) = self else { return Err(Error::Unsupported(BUS.into())) };
        slow.collect(scrape, age, out)
    }
}

fn ask(path: &std::path::Path, query: &Query, found: &mut Found) {
    let Query { object, method, read, .. } = query;
    let place = Place::below(BUS, object.as_bytes());
    let failure = match call(path, object, method, Instant::now() + PATIENCE) {
        Ok(bytes) => match Table::parse(&bytes) {
            Some(table) => return read(table, found),
            None => Error::parse(place, "a table that is whole", &bytes),
        },
        Err(Failure::Io(error)) => Error::of(place, &error),
        Err(Failure::Absent) => Error::Absent(place.into()),
        Err(Failure::Denied) => Error::parse(place, GRANT, b"PERMISSION_DENIED"),
        Err(Failure::Broken(expected, bytes)) => Error::parse(place, expected, &bytes),
        Err(Failure::Status(status)) => {
            let status = Decimal::of(status.into());
            Error::parse(place, "status 0 or 6", status.as_bytes())
        }
    };
    found.fail(failure);
}

/// Adds a sample of a number, if it is one, multiplied by this factor for whole numbers.
pub fn number(
    family: &'static Family<'static>,
    labels: [&[u8]; 3],
    value: Option<Value<'_>>,
    factor: u64,
    found: &mut Found,
) {
    let value = match value {
        Some(Value::Int(number)) => family.value(number.saturating_mul(factor)),
        Some(Value::Float(number)) if number.is_finite() => metric::Value::Float(number),
        _ => return,
    };
    found.push(family, labels.map(cut), value);
}

/// Adds a sample that is always 1, unless all its labels are empty.
pub fn info(family: &'static Family<'static>, labels: [&[u8]; 3], found: &mut Found) {
    if labels.iter().any(|label| !label.is_empty()) {
        found.push(family, labels.map(cut), metric::Value::Int(1));
    }
}

fn cut(text: &[u8]) -> &[u8] {
    text.get(..MAX_TEXT).unwrap_or(text)
}

#[cfg(test)]
pub mod tests {
    use super::super::testing::{Opened, open as open_at};
    use super::super::{PartialErrors, Spec};
    use super::*;
    use crate::base::dialect::Dialect;
    use crate::kernel::read::Root;
    use crate::kernel::read::ubus::testing::{Reply, Served, serve};
    use std::thread::sleep;

    /// The collector, for a bus with this answer.
    pub fn opened(
        spec: &Spec,
        dialect: Dialect,
        answer: impl Fn(&str, Option<&str>) -> Reply + Send + 'static,
    ) -> (Opened, Served) {
        let name = format!("ubus-{}-{}", spec.subject.name, dialect.name());
        let bus = serve(&name, answer);
        let set = [("socket", bus.path.to_str().unwrap())];
        (open_at(&Root::of_this_machine(), spec, dialect, &set), bus)
    }

    /// The samples of the first scrape that has any, except for the age.
    pub fn samples(opened: &mut Opened, dialect: Dialect) -> Vec<String> {
        for _ in 0..1000 {
            let (lines, errors) = super::super::testing::scrape(opened, dialect, &["_"]);
            assert_eq!(errors, 0, "{:?}", PartialErrors::last(&opened.errors));
            if !lines.is_empty() {
                return lines.into_iter().filter(|line| !line.contains("age_seconds")).collect();
            }
            sleep(Duration::from_millis(10));
        }
        panic!("no samples");
    }

    /// The error of the first scrape that fails.
    pub fn failure(opened: &mut Opened) -> String {
        for _ in 0..1000 {
            if let Some(error) = opened.error() {
                return error.to_string();
            }
            sleep(Duration::from_millis(10));
        }
        panic!("no failure");
    }
}
