//! Replaces `pipelines_on` in a build without pipelines: there are no other routes.

use super::service::Route;
use crate::base::sys::Ends;
use crate::pipelines::Pipelines;
use crate::serve::http::{Request, Status};

/// No routes.
pub const ROUTES: &[Route] = &[];

/// No body is accepted.
pub fn body_limit(_: &Pipelines) -> usize {
    0
}

/// Rejects every body.
pub fn admit(_: &Pipelines, _: &Request<'_>, _: Ends) -> Result<(), (Status, &'static str)> {
    Err((Status::Forbidden, ""))
}
