//! The head and the path of each type of export.

use super::plan;
use crate::common::{Temp, wait_until};
use crate::receiver::{OK, Received, Receiver};

#[test]
fn each_way_has_its_head() {
    let receiver = Receiver::start(|_| OK);
    let secrets = Temp::new();
    let token = secrets.write("token", "to-ken\n");
    let password = secrets.write("password", "sesame\n");
    let headers = secrets.write("headers", "X-Scope-OrgID: 7\n\nX-Key: from the file\n");
    let url = receiver.url();
    let export = |kind: &str, name: &str, more: &str| {
        format!(
            "[[export]]\ntype = \"{kind}\"\nname = \"{name}\"\nendpoint = \"{url}\"\n\
             interval_secs = 60\n{more}\n"
        )
    };
    let path = |path: &str| receiver.url() + path;
    let agent = plan(&[
        export("otlp", "a", &format!("token_file = {token:?}\nheaders_file = {headers:?}")),
        export("otlp", "b", "protocol = \"http/json\"\nheaders = { X-Key = \"k\" }")
            .replace(&url, &path("/deep/v1/metrics")),
        export(
            "influx",
            "c",
            &format!("database = \"d\"\nusername = \"me\"\npassword_file = {password:?}"),
        ),
        export("influx", "d", &format!("bucket = \"b\"\norg = \"o r\"\ntoken_file = {token:?}")),
        export("remote_write", "e", "version = \"1.0\""),
        export("remote_write", "f", "").replace("http://", "http://me:p%40ss@"),
    ])
    .start();
    for (start, wanted) in [
        (
            "POST /v1/metrics HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf",
                "Content-Encoding: gzip",
                "Authorization: Bearer to-ken",
                "X-Scope-OrgID: 7",
                "X-Key: from the file",
            ][..],
        ),
        ("POST /deep/v1/metrics HTTP/1.1\r\n", &["Content-Type: application/json", "X-Key: k"]),
        ("POST /write?db=d&precision=ms HTTP/1.1\r\n", &["Authorization: Basic bWU6c2VzYW1l"]),
        (
            "POST /api/v2/write?org=o%20r&bucket=b&precision=ms HTTP/1.1\r\n",
            &["Content-Type: text/plain; charset=utf-8", "Authorization: Token to-ken"],
        ),
        (
            "POST /api/v1/write HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf",
                "Content-Encoding: snappy",
                "X-Prometheus-Remote-Write-Version: 0.1.0",
            ],
        ),
        (
            "POST /api/v1/write HTTP/1.1\r\n",
            &[
                "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "X-Prometheus-Remote-Write-Version: 2.0.0",
                "Authorization: Basic bWU6cEBzcw==",
            ],
        ),
    ] {
        let is_it = |received: &Received| {
            let has = |line: &&str| received.head.contains(&["\r\n", line, "\r\n"].concat());
            received.head.starts_with(start) && wanted.iter().all(has)
        };
        wait_until(&format!("{start} {wanted:?}"), || receiver.received().iter().any(is_it));
    }
    assert!(!agent.log().join("\n").contains("p%40ss"));
}
