//! The exporter alone: nothing comes in besides the kernel's files, and nothing leaves without being
//! asked for. The twin of `pipelines`.

use crate::base::sys::Ready;
use crate::kernel::gather::{Gather, Selection};
use crate::model::metric::{Family, Sink};
use crate::outputs::expose::Text;
use crate::settings::Settings;
use std::io;
use std::time::Instant;

/// Nothing comes in or leaves in this build.
pub const ARE_ON: bool = false;

/// Nothing comes in or leaves.
pub struct Pipelines;

/// Nothing: there is nothing that could fail.
pub struct Prepared;

/// What is shown of the inputs that there are not.
pub struct Nothing;

impl Pipelines {
    /// There is nothing to begin with.
    pub fn new(_: Instant) -> Pipelines {
        Pipelines
    }

    /// There is nothing to prepare.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn prepare(&self, _: &Settings) -> io::Result<Prepared> {
        Ok(Prepared)
    }

    /// There is nothing to change.
    pub fn apply(&self, _: Prepared, _: &Settings, _: &'static [Family<'static>], _: Instant) {}

    /// There is nothing to wait for.
    pub fn wait_on(&self, _: &mut Vec<Ready>) {}

    /// Nothing is ever due.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// There is nothing to do.
    pub fn turn(&self, _: &[Ready], _: &Gather, _: &dyn Fn(&mut dyn Sink), _: Instant) {}

    /// There is nothing to look at.
    pub fn look(&self, _: &Gather, _: Selection, _: bool) -> Nothing {
        Nothing
    }

    /// Writes what `ours` writes.
    pub fn write(&self, _: Nothing, ours: &mut dyn FnMut(&mut dyn Sink), out: &mut Text<'_>) {
        ours(out);
    }

    /// There is nothing to send any more.
    pub fn begin_shutdown(&self, _: &Gather, _: &dyn Fn(&mut dyn Sink), _: Instant) {}

    /// There is nothing to wait for.
    pub fn shutdown(&self, _: Instant) {}
}

/// There are none.
pub fn families() -> std::vec::IntoIter<&'static Family<'static>> {
    Vec::new().into_iter()
}

/// There is nothing to check.
///
/// # Errors
///
/// There is none.
pub fn check(_: &Settings) -> io::Result<usize> {
    Ok(0)
}

/// Writes all samples for a program that serves nobody.
pub fn write_once(_: &Settings, gather: &mut Gather, out: &mut dyn Sink) {
    gather.scrape(gather.all(), out);
}

/// There is nobody to send to.
///
/// # Errors
///
/// There is none.
pub fn once(_: &Settings, _: &mut Gather) -> io::Result<()> {
    Ok(())
}
