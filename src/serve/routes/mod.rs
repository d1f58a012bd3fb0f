//! The routes: one row a path. Pages are rendered from `Service`, which owns all the data of
//! responses; it knows nothing of sockets.

mod accepted;
mod handler;
mod metrics;
mod pages;
#[cfg(not(feature = "hub"))]
mod pipelines_off;
#[cfg(feature = "hub")]
mod pipelines_on;
mod service;

use crate::base::dialect::Dialect;
use crate::kernel::gather::Gather;
use crate::model::metric::Family;
use crate::pipelines::{self, Prepared};
use crate::settings::Settings;
#[cfg(not(feature = "hub"))]
use pipelines_off as of_pipelines;
#[cfg(feature = "hub")]
use pipelines_on as of_pipelines;
pub use service::Service;
use service::{Route, Serve, Table};
use std::io;
use std::time::Instant;

const ROUTES: Table = &[OF_HOST, of_pipelines::ROUTES];

/// The routes of every build.
const OF_HOST: &[Route] = &[
    Route { path: "", about: "what Prometheus scrapes", serve: Serve::Get(Service::metrics) },
    Route { path: "/health", about: "whether it serves", serve: Serve::Get(Service::health) },
    Route { path: "/", about: "", serve: Serve::Get(Service::home) },
];

impl Service {
    /// Serves `gather` at `metrics_path`.
    pub fn new(dialect: Dialect, metrics_path: String, gather: Gather) -> Service {
        Service::of(ROUTES, dialect, metrics_path, gather)
    }

    /// Does everything that `settings` require of the pipelines and that may fail; changes nothing.
    ///
    /// # Errors
    ///
    /// A step fails; the error names it.
    pub fn prepare(&self, settings: &Settings) -> io::Result<Prepared> {
        self.pipelines.prepare(settings)
    }

    /// Applies what was prepared.
    pub fn apply(&mut self, prepared: Prepared, settings: &Settings) {
        let labels = settings.custom.labels_of_own();
        self.lines.iter_mut().for_each(|lines| lines.label(labels));
        self.pipelines.apply(prepared, settings, metrics::FAMILIES, Instant::now());
    }
}

/// Whether the metrics cannot be at this path, because it is that of a page, or below one. At `/` they
/// replace the home page, as in node_exporter.
pub fn is_reserved(path: &str) -> bool {
    ROUTES.iter().copied().flatten().any(|route| {
        match (route.path, path.strip_prefix(route.path)) {
            ("" | "/", _) | (_, None) => false,
            (_, Some(rest)) => rest.is_empty() || rest.starts_with(['/', '@', '%']),
        }
    })
}

/// The families about serving, for the reference.
pub fn families() -> impl Iterator<Item = &'static Family<'static>> {
    metrics::FAMILIES.iter().chain(pipelines::families())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_pages_are_reserved() {
        let paths = || ROUTES.iter().copied().flatten().map(|route| route.path);
        for path in paths().filter(|path| !matches!(*path, "" | "/")) {
            assert!(is_reserved(path), "{path}");
        }
        assert!(is_reserved("/health/live"));
        for free in
            ["/", "/metrics", "/a/b-c_d", "/healthy", "/metrics/jobs", "/metrics/all", "/api"]
        {
            assert!(!is_reserved(free), "{free}");
        }
        for group in ["/metrics/job/a", "/metrics/job@base64/YQ"] {
            assert_eq!(is_reserved(group), pipelines::ARE_ON, "{group}");
        }
    }

    #[test]
    fn no_path_has_two_rows() {
        let mut paths: Vec<_> = ROUTES.iter().copied().flatten().map(|route| route.path).collect();
        let count = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
