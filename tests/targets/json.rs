//! JSON of targets as metrics.

use super::{plan, scrape_with, wait_for_up};
use crate::common::{Endpoint, Say};

#[test]
fn any_json_becomes_series() {
    let document = r#"{"up":true,"db":{"pool":{"used":3,"max":"10"}},"version":"1.2","ratio":0.5,
        "queues":[{"name":"a","depth":1,"done":"7"},{"name":"b","depth":2,"done":8}],
        "a-b":1,"a_b":2}"#;
    let json = "application/json";
    let endpoint = Endpoint::new(Say::typed(json, document));
    let fields = "type = \"custom\"\nfields = [\n\
        { path = \"queues.*.depth\", name = \"queue_depth\", labels = { queue = \"$name\" } },\n\
        { path = \"queues.*.done\", name = \"queue_done_total\", type = \"counter\", \
          help = \"Jobs done.\", labels = { queue = \"$name\", target = \"$*\" } },\n\
        { path = \"db.pool.max\" },\n\
        { path = \"no.such\" } ]";
    let agent = plan(&[
        ("web", &endpoint.url(), "type = \"custom\"\ninterval_secs = 2"),
        ("picked", &endpoint.url(), fields),
    ])
    .start();
    wait_for_up(&agent, "web", 1.0);
    wait_for_up(&agent, "picked", 1.0);
    let scrape = agent.scrape();
    let of_web = |name: &str| scrape.value(name, &[("target", "web")]);
    assert_eq!(
        (of_web("web_up"), of_web("web_db_pool_used"), of_web("web_ratio")),
        (1.0, 3.0, 0.5)
    );
    assert_eq!(scrape.value("web_queues_depth", &[("index", "1"), ("target", "web")]), 2.0);
    assert!(scrape.family("web_version").is_none() && scrape.family("web_db_pool_max").is_none());
    // Two keys, one name: the first wins, the other is counted.
    assert_eq!(of_web("web_a_b"), 1.0);
    let refused = "sysmetrics_target_samples_refused_total";
    assert!(scrape.value(refused, &[("target", "web"), ("reason", "series_twice")]) >= 1.0);
    assert_eq!(scrape.value("queue_depth", &[("queue", "b"), ("target", "picked")]), 2.0);
    let done = [("exported_target", "0"), ("queue", "a"), ("target", "picked")];
    assert_eq!(scrape.value("queue_done_total", &done), 7.0);
    assert_eq!(scrape.family("queue_done_total").unwrap().kind, "counter");
    assert_eq!(scrape.value("picked_db_pool_max", &[("target", "picked")]), 10.0);
    assert!(scrape.value(refused, &[("target", "picked"), ("reason", "missing_key")]) >= 1.0);
    assert_eq!(scrape.value("sysmetrics_target_samples", &[("target", "picked")]), 5.0);
    assert!(endpoint.heads()[0].contains("\r\nAccept: application/json\r\n"));
    for (bad, samples) in [("[1,{\"a\":2}]", 2.0), ("5", 1.0), ("{}", 0.0)] {
        endpoint.say(Say::typed(json, bad));
        scrape_with(&agent, "sysmetrics_target_samples", &[("target", "web")], samples);
    }
    endpoint.say(Say::typed(json, "{\"a\":1"));
    wait_for_up(&agent, "web", 0.0);
    agent.wait_for_log("no JSON: at byte 6: expected a comma or }", 1);
}

/// As Spring's health answers while something is down: 503 and a body that says what.
#[test]
fn words_of_any_status_become_numbers() {
    let body = "\u{feff}{\"status\":\"DOWN\",\"components\":{\"db\":{\"status\":\"DOWN\"},\
                \"disk\":{\"status\":\"UP\",\"free\":7},\"mail\":{\"status\":\"UNKNOWN\"}}}";
    let head = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    let down = || Say::head(503, &head).and(body);
    let endpoint = Endpoint::new(down());
    let fields = "type = \"custom\"\ninterval_secs = 2\nfields = [\n\
        { path = \"status\", name = \"app_up\", states = { UP = 1, DOWN = 0, \"OUT OF IT\" = 0.5 } },\n\
        { path = \"components.*.status\", name = \"part_up\", states = { UP = 1, DOWN = 0 } } ]\n";
    let any = [fields, "any_status = true"].concat();
    let url = endpoint.url();
    let all = "type = \"custom\"\nany_status = true";
    let agent = plan(&[("any", &url, &any), ("strict", &url, fields), ("all", &url, all)]).start();
    wait_for_up(&agent, "any", 1.0);
    wait_for_up(&agent, "strict", 0.0);
    wait_for_up(&agent, "all", 1.0);
    let scrape = agent.scrape();
    assert_eq!(scrape.value("app_up", &[("target", "any")]), 0.0);
    let part = |name| scrape.find("part_up", &[("index", name), ("target", "any")]);
    assert_eq!([part("db"), part("disk"), part("mail")], [Some(0.0), Some(1.0), None]);
    assert_eq!(scrape.value("all_components_disk_free", &[("target", "all")]), 7.0);
    assert!(scrape.find("app_up", &[("target", "strict")]).is_none());
    // The word that stands for nothing is counted, and its field named.
    let refused = "sysmetrics_target_samples_refused_total";
    assert!(scrape.value(refused, &[("target", "any"), ("reason", "number")]) >= 1.0);
    agent.wait_for_log("components.*.status", 1);
    endpoint.say(Say::typed("application/json", "{\"status\":\"OUT OF IT\"}"));
    scrape_with(&agent, "app_up", &[("target", "any")], 0.5);
    // What is no JSON brings none, whatever the status.
    endpoint.say(Say::head(503, "Content-Length: 4").and("down"));
    wait_for_up(&agent, "any", 0.0);
}
