//! Secrets, variables and authorities of exports, and the identity of the box in what is sent.

use crate::common::{Agent, wait_until};
use crate::receiver::{OK, Receiver, Reply};

/// Nothing listens at port 1, and who answers refuses.
#[test]
fn secrets_are_in_no_log_and_on_no_page() {
    let receiver = Receiver::start(|_| Reply::say("401 No\r\n"));
    let at = receiver.url().replace("http://", "");
    let file = format!(
        "[server]\nlisten = '127.0.0.1:0'\n[log]\nlevel = 'debug'\n\
         [scrape]\ninterval_secs = 0.1\ntargets = ['http://me:s3cret@127.0.0.1:1/m?token=s3cret', \
         {{ name = 'b', url = 'http://s3cret@127.0.0.1:1/m?s3cret', headers = {{ X-Key = 's3cret' }} }}]\n\
         [alerting]\ninterval_secs = 0.1\nwebhook = ['http://me:s3cret@{at}/T0/s3cret', \
         'http://me:s3cret@127.0.0.1:1/T0/s3cret']\nheaders = {{ A = '${{TOKEN}}' }}\n\
         [[alerts]]\nname = 'Up'\nexpr = 'target_up == 0'\n\
         [[export]]\ntype = 'influx'\nname = 'one'\ndatabase = 'd'\ninterval_secs = 0.2\n\
         endpoint = 'http://me:s3cret@{at}/x?token=s3cret'\n\
         [[export]]\ntype = 'remote_write'\nname = 'two'\ninterval_secs = 0.2\n\
         endpoint = 'http://127.0.0.1:1/w?token=s3cret'\nheaders = {{ Authorization = 's3cret' }}\n"
    );
    let plan = Agent::plan().machine("box").file(&file).env("TOKEN", "s3cret");
    let plan = plan.env("OTEL_EXPORTER_OTLP_HEADERS", "a b=s3cret");
    let agent = plan.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@127.0.0.1:x/").start();
    agent.wait_for_log("target failed", 2);
    agent.wait_for_log("an alert could not be sent", 2);
    agent.wait_for_log("export=one", 1);
    agent.wait_for_log("export=two", 1);
    assert_eq!(agent.lines_with("a setting is ignored"), 2);
    agent.reload(&file.replace("http://me:s3cret@127.0.0.1:1", "http://me:s3cret@a b"));
    agent.wait_for_log("settings not reloaded", 1);
    // On a busy machine the first tries may be late.
    let is_sent =
        |part: &str| receiver.received().iter().any(|received| received.head.contains(part));
    wait_until("all is sent", || is_sent("\r\nA: s3cret\r\n") && is_sent("token=s3cret"));
    let mut shown = agent.log().join("\n");
    for page in ["/metrics", "/status", "/api/status", "/api/health", "/"] {
        shown += agent.get(page).text();
    }
    assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
}

/// One that is right makes an export beside many that are wrong.
#[test]
fn wrong_variables_of_opentelemetry_keep_nothing_from_starting() {
    let receiver = Receiver::start(|_| OK);
    let mut plan = Agent::plan().machine("box");
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url().replace("http", "HTTP").as_str()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "localhost:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/JSON"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "tcp"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "X-Key=7,garbage"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "None"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "lz4"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/nonexistent.key"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "30000"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "-5"),
        ("OTEL_METRICS_EXPORTER", "OTLP,nonsense"),
        ("OTEL_SDK_DISABLED", "perhaps"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a"),
    ] {
        plan = plan.env(name, value);
    }
    let agent = plan.start();
    wait_until("frames to arrive", || receiver.taken().len() >= 2);
    let first = &receiver.taken()[0];
    assert!(first.head.starts_with("POST /v1/metrics "), "{}", first.head);
    for part in ["\r\nX-Key: 7\r\n", "\r\nContent-Type: application/json\r\n"] {
        assert!(first.head.contains(part), "{}", first.head);
    }
    assert!(first.body.starts_with(b"{"), "neither packed nor protobuf");
    assert!(agent.lines_with("a setting is ignored") >= 8, "{:#?}", agent.log());
}

#[cfg(feature = "tls")]
#[test]
fn authorities_that_cannot_be_read_keep_nothing_from_starting() {
    for file in ["/nonexistent.pem", "/etc/hostname"] {
        let plan = Agent::plan().machine("box").env("OTEL_EXPORTER_OTLP_CERTIFICATE", file);
        let agent = plan.env("OTEL_EXPORTER_OTLP_ENDPOINT", "HTTPS://127.0.0.1:1").start();
        assert_eq!(
            agent.lines_with("nothing is exported to this destination"),
            1,
            "{:#?}",
            agent.log()
        );
        assert!(!agent.get("/metrics").text().contains("_export_"));
    }
}

#[test]
fn sent_samples_identify_the_box() {
    let receiver = Receiver::start(|_| OK);
    let export = |kind: &str, more: &str| {
        format!(
            "[[export]]\ntype = '{kind}'\nendpoint = '{}'\ninterval_secs = 0.3\n\
             compression = 'none'\ninclude = ['*_memory_total_bytes']\n{more}\n",
            receiver.url()
        )
    };
    let file = [
        "[server]\nlisten = '127.0.0.1:0'\n[agent]\ninstance = '${BOX}'\n",
        &export("otlp", "protocol = 'http/json'"),
        &export("influx", "database = 'd'"),
    ];
    let agent = Agent::plan().machine("box").file(&file.concat()).env("BOX", "edge-17").start();
    let received = |path: &str| {
        let start = format!("POST {path}");
        let all = receiver.taken().into_iter().filter(|received| received.head.starts_with(&start));
        all.map(|received| String::from_utf8_lossy(&received.body).into_owned()).next_back()
    };
    let start = "sysmetrics_memory_total_bytes,host=edge-17 value=";
    wait_until("lines", || received("/write").is_some_and(|body| body.contains(start)));
    let id = "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"edge-17\"}}";
    wait_until("a resource", || received("/v1/metrics").is_some_and(|body| body.contains(id)));
    // The page is scraped under a name that Prometheus knows.
    assert!(!agent.get("/metrics").text().contains("edge-17"));
    agent.reload(&file.concat().replace("${BOX}", ""));
    let start = "\nsysmetrics_memory_total_bytes value=";
    wait_until("plain lines", || {
        received("/write").is_some_and(|b| ["\n", &b].concat().contains(start))
    });
    wait_until("no name", || received("/v1/metrics").is_some_and(|b| !b.contains("instance.id")));
}
