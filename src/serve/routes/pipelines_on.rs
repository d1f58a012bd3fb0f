//! The routes of the pipelines: pushed metrics, groups, and status.

mod intake;
mod status;

use super::service::{Route, Serve, Service};
use crate::base::sys::Ends;
use crate::inputs::push::{Denied, Sender};
use crate::pipelines::Pipelines;
use crate::serve::http::{Request, Status};

/// The routes.
#[rustfmt::skip] // a table: one row is all there is to know about one path
pub const ROUTES: &[Route] = &[
    Route { path: "/update",       about: "", serve: Serve::Post(intake::update) },
    Route { path: "/api/metrics",  about: "", serve: Serve::Post(intake::batch) },
    Route { path: intake::GROUPS,  about: "", serve: Serve::Group(intake::group) },
    // Health check of the clients of a Pushgateway.
    Route { path: "/-/healthy",    about: "", serve: Serve::Get(Service::health) },
    Route { path: "/-/ready",      about: "", serve: Serve::Get(Service::health) },
    Route { path: "/status",       about: "what it sees, live", serve: Serve::Get(Service::page) },
    Route { path: "/api/status",   about: "the same as JSON", serve: Serve::Get(Service::status) },
    Route { path: "/api/series",   about: "series of other programs, searchable", serve: Serve::Get(Service::series) },
    Route { path: "/api/health",   about: "whether all of it works, and what does not", serve: Serve::Get(Service::troubles) },
];

/// The longest accepted body.
pub fn body_limit(pipelines: &Pipelines) -> usize {
    pipelines.inputs.push_auth.max_body
}

/// Whether the client may send its body; otherwise the status and the sentence of the answer.
pub fn admit(
    pipelines: &Pipelines,
    request: &Request<'_>,
    ends: Ends,
) -> Result<(), (Status, &'static str)> {
    let sender = Sender {
        ends,
        host: request.host,
        is_of_page: request.is_of_page,
        is_relayed: request.is_relayed,
    };
    pipelines.inputs.push_auth.judge(request.authorization, &sender).map_err(|denied| {
        let is_token = denied == Denied::Token;
        let status = if is_token { Status::Unauthorized } else { Status::Forbidden };
        (status, denied.text())
    })
}
