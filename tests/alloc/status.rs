//! The status page, which sends a request every two seconds for hours.

use crate::counting::allocations;
use crate::{scrape, service};
use sysmetrics::serve::event::Handler;
use sysmetrics::serve::http::{Request, Response, Status};

/// Texts of the host, of sizes and of faults: so many an answer, however many devices there are.
const MOST: u64 = 200;

/// An answer allocates little, and no more with many devices than with few.
pub fn allocates_little() {
    let counts = ["box", "many"].map(|machine| {
        let (procfs, sysfs) = (
            format!("--path.procfs=fixtures/{machine}/proc"),
            format!("--path.sysfs=fixtures/{machine}/sys"),
        );
        let args = ["--dialect=sysmetrics", &procfs, &sysfs];
        let (mut service, mut response) = (service(&args, &[]), Response::default());
        let mut get = || {
            let request = Request { path: "/api/status", ..scrape("", "") };
            service.answer(&request, &mut response);
            response.finish(true, true);
            assert!(response.status() == Status::Ok && response.body().len() > 1000);
        };
        (0..3).for_each(|_| get());
        let rounds = [(); 2].map(|()| {
            let before = allocations();
            (0..20).for_each(|_| get());
            allocations() - before
        });
        assert_eq!(rounds[0], rounds[1], "{machine}: no growth");
        rounds[0] / 20
    });
    assert!(counts.iter().all(|count| *count <= MOST), "{counts:?}");
}
