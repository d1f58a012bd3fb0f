//! Pushed JSON.

use crate::counting::allocations;
use crate::scrape;
use crate::service;
use sysmetrics::base::sys::Ends;
use sysmetrics::serve::event::Handler;
use sysmetrics::serve::http::{Method, Request, Response};

/// Updates of series that are there, and the scrapes between them.
pub fn allocate_nothing(env: &[(&str, &str)]) {
    let mut service = service(&["--no-collector.network"], env);
    let mut response = Response::default();
    let entries = (0..100).map(|i| {
        let kind = ["gauge", "counter", "histogram"][i % 3];
        // Some in a family of ours.
        let name = format!("{kind}_{}", i % 7).replace("gauge_0", "process_open_fds");
        format!(
            "{{\"name\":\"{name}\",\"type\":\"{kind}\",\"value\":{i}.25,\"help\":\"H.\",\
             \"labels\":{{\"queue\":\"q{i}\",\"zone\":\"\\u00e9\"}}}}"
        )
    });
    let body = format!("[{}]", entries.collect::<Vec<_>>().join(","));
    let batched = body.replace("\"type\"", "\"metric_type\"");
    let batched = batched.replace(".25,\"help\"", ".25},\"help\"");
    let batched = batched.replace("\"value\":", "\"value\":{\"timestamp\":null,\"value\":");
    let batched = format!("{{\"source\":\"app\",\"metrics\":{batched}}}");
    let push = |path| Request { method: Method::Post, path, ..scrape("", "") };
    let pushes = [(push("/update"), body), (push("/api/metrics"), batched)];
    let scrape = scrape("", "");
    let now = std::time::Instant::now();
    let mut round = |with_scrape: bool| {
        for (push, body) in &pushes {
            let ends = Ends::of(None, None);
            assert!(service.takes_body(push) && service.admits(push, ends, &mut response));
            service.receive(push, body.as_bytes(), now, &mut response);
            assert!(response.body().starts_with(b"{\"accepted\":100,\"refused\":0,"));
        }
        if with_scrape {
            service.answer(&scrape, &mut response);
            response.finish(true, true);
        }
    };
    (0..3).for_each(|_| round(true));
    let before = allocations();
    (0..20).for_each(|i| round(i % 2 == 0));
    assert_eq!(allocations() - before, 0, "in 20 pushes and 10 scrapes");
}
