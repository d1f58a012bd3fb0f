//! The exporter alone has no `/api/health` and no HTTP client: `--health` is no flag of it. The twin of
//! `health`.

use crate::settings::Settings;

/// There is nobody to ask.
///
/// # Errors
///
/// There is no other way.
pub fn ask(_: &Settings) -> Result<(bool, Vec<u8>), String> {
    Err(String::new())
}
