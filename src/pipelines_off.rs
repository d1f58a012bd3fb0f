//! The exporter alone: there are no inputs besides the kernel's files, and no outputs that are not
//! requests. The counterpart of `pipelines`.

use crate::base::sys::Ready;
use crate::kernel::gather::{Gather, Selection};
use crate::model::metric::{Family, Sink};
use crate::outputs::expose::Text;
use crate::settings::Settings;
use std::io;
use std::time::Instant;

/// This build has no inputs or outputs.
pub const ARE_ON: bool = false;

/// No inputs and outputs.
pub struct Pipelines;

/// Nothing, as no step could fail.
pub struct Prepared;

/// The empty list of inputs to show.
pub struct Nothing;

impl Pipelines {
    /// Returns the only value.
    pub fn new(_: Instant) -> Pipelines {
        Pipelines
    }

    /// Prepares nothing.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn prepare(&self, _: &Settings) -> io::Result<Prepared> {
        Ok(Prepared)
    }

    /// Changes nothing.
    pub fn apply(&self, _: Prepared, _: &Settings, _: &'static [Family<'static>], _: Instant) {}

    /// Adds nothing to wait for.
    pub fn wait_on(&self, _: &mut Vec<Ready>) {}

    /// Returns `None`, as nothing is ever due.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does nothing.
    pub fn turn(&self, _: &[Ready], _: &Gather, _: &dyn Fn(&mut dyn Sink), _: Instant) {}

    /// Reads nothing.
    pub fn read_textfiles(&self, _: &Gather, _: Selection, _: bool) -> Nothing {
        Nothing
    }

    /// Writes what `ours` writes.
    pub fn write(&self, _: Nothing, ours: &mut dyn FnMut(&mut dyn Sink), out: &mut Text<'_>) {
        ours(out);
    }

    /// Does nothing, as there is nothing to send.
    pub fn begin_shutdown(&self, _: &Gather, _: &dyn Fn(&mut dyn Sink), _: Instant) {}

    /// Does nothing, as there is nothing to wait for.
    pub fn shutdown(&self, _: Instant) {}
}

/// No families.
pub fn families() -> std::vec::IntoIter<&'static Family<'static>> {
    Vec::new().into_iter()
}

/// Checks nothing.
///
/// # Errors
///
/// Never.
pub fn check(_: &Settings) -> io::Result<usize> {
    Ok(0)
}

/// Writes all samples for a program that does not serve.
pub fn write_once(_: &Settings, gather: &mut Gather, out: &mut dyn Sink) {
    gather.scrape(gather.all(), out);
}

/// Does nothing, as there is no export.
///
/// # Errors
///
/// Never.
pub fn once(_: &Settings, _: &mut Gather) -> io::Result<()> {
    Ok(())
}
