//! The exporter alone has no other routes. The twin of `pipelines_on`.

use super::service::Route;
use crate::base::sys::Ends;
use crate::pipelines::Pipelines;
use crate::serve::http::{Request, Status};

/// There are none.
pub const ROUTES: &[Route] = &[];

/// No body is taken.
pub fn body_limit(_: &Pipelines) -> usize {
    0
}

/// Nobody may send a body.
pub fn admit(_: &Pipelines, _: &Request<'_>, _: Ends) -> Result<(), (Status, &'static str)> {
    Err((Status::Forbidden, ""))
}
