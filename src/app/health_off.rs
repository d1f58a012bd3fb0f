//! The exporter alone has no `/api/health` and no HTTP client, and `--health` is not a flag of it. The counterpart of
//! `health`.

use crate::settings::Settings;

/// There is no agent to query.
///
/// # Errors
///
/// Always.
pub fn query(_: &Settings) -> Result<(bool, Vec<u8>), String> {
    Err(String::new())
}
