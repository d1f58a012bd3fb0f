//! Other names of interfaces (`ip link property add … altname`, since Linux 5.5), which node_exporter shows where it
//! uses netlink.

use crate::kernel::read::Names;
use crate::kernel::read::netlink::Link;
use crate::model::metric::{Family, Label, Sink, Value};

/// The most names; those beyond are left out.
const MAX_ALTNAMES: usize = 16_384;

/// The other names of the interfaces that are shown.
#[derive(Default)]
pub struct Altnames {
    /// Pairs: the name of an interface, and another name of it.
    names: Names,
    count: usize,
}

impl Altnames {
    /// Begins a new dump.
    pub fn clear(&mut self) {
        self.count = 0;
        self.names.truncate(0);
    }

    /// Adds the names of the next interface.
    pub fn push(&mut self, link: &Link<'_>) {
        for name in link.altnames().take(MAX_ALTNAMES - self.count) {
            self.names.push(link.name);
            self.names.push(name);
            self.count += 1;
        }
    }

    /// Writes a sample for each name.
    pub fn write(&self, family: &Family<'static>, out: &mut dyn Sink) {
        let label = |at| Label::of(self.names.get(at).unwrap_or_default());
        out.family(family);
        for at in (0..self.count).map(|pair| 2 * pair) {
            out.sample(&[label(at), label(at + 1)], Value::Int(1));
        }
    }
}
