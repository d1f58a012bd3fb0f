use super::*;
use crate::base::json;

/// Every sample as a line, and why there is none.
fn samples(document: &str, target: &str, fields: &[Field]) -> Vec<String> {
    let mut lines = Vec::new();
    let document = json::parse(document.as_bytes()).unwrap();
    read(document, target, fields, 60, &mut |picked| {
        lines.push(match picked {
            Err((what, reason)) => {
                assert!(fields.is_empty() || fields.iter().any(|field| field.path == what));
                format!("{reason:?}")
            }
            Ok(p) => {
                let labels: Vec<_> = p.labels.iter().map(|(n, v)| format!("{n}={v}")).collect();
                let kind = if p.is_counter { " counter" } else { "" };
                format!("{}{{{}}} {}{kind}", p.name, labels.join(","), p.value)
            }
        });
    });
    lines
}

#[test]
fn every_number_is_a_gauge_by_its_path() {
    let document = r#"{"up":true,"down":false,"db":{"pool size":{"max":10,"used":2.5}},
        "name":"x","n":null,"q":[1,{"d":2},[3,"x"]],"caf\u00e9":-1e3,"":7,"big":1e999,"s":"5"}"#;
    assert_eq!(
        samples(document, "web-1", &[]),
        [
            "web_1_up{} 1",
            "web_1_down{} 0",
            "web_1_db_pool_size_max{} 10",
            "web_1_db_pool_size_used{} 2.5",
            "web_1_q{index=0} 1",
            "web_1_q_d{index=1} 2",
            "web_1_q{index=2,index_2=0} 3",
            "web_1_caf_{} -1000",
            "web_1_{} 7",
            "Number",
        ]
    );
    assert_eq!(samples("5", "1x", &[]), ["_1x{} 5"]);
    assert_eq!(samples("[true,[2]]", "a", &[]), ["a{index=0} 1", "a{index=1,index_2=0} 2"]);
    assert!(samples("\"text\"", "a", &[]).is_empty());
}

#[test]
fn words_stand_for_numbers() {
    let states = [("UP", 1.0), ("DOWN", 0.0), ("", -1.0), ("7", 70.0)];
    let states: Vec<_> = states.iter().map(|(word, n)| ((*word).to_owned(), *n)).collect();
    let field = Field { states, ..field("c.*.status", "up", &[]) };
    let document = r#"{"c":[{"status":"UP"},{"status":" DOWN\n"},{"status":"up"},{"status":""},
        {"status":"7"},{"status":"8.5"},{"status":3},{"status":true},{"status":null}]}"#;
    assert_eq!(
        samples(document, "t", &[field]),
        [
            "up{index=0} 1",
            "up{index=1} 0",
            "Number",
            "up{index=3} -1",
            "up{index=4} 70",
            "up{index=5} 8.5",
            "up{index=6} 3",
            "up{index=7} 1",
        ]
    );
}

#[test]
fn what_is_not_found_is_named() {
    let mut names = Vec::new();
    let document = json::parse(br#"{"a":{"b":1e999,"c":"x"}}"#).unwrap();
    let fields = [field("a.c", "good_name", &[]), field("a.d", "", &[])];
    for fields in [&fields[..], &[]] {
        read(document, "t", fields, 60, &mut |picked| {
            names.push(picked.map_err(|(what, _)| what.to_owned()).unwrap_err());
        });
    }
    assert_eq!(names, ["a.c", "a.d", "t_a_b"]);
}

#[test]
fn long_names_are_not_followed() {
    let key = "k".repeat(40);
    let document = format!("{{\"{key}\":{{\"{key}\":{{\"{key}\":[1,2,3]}},\"a\":1}}}}");
    assert_eq!(samples(&document, "t", &[]), ["TooLong", &format!("t_{key}_a{{}} 1")]);
}

fn field(path: &str, name: &str, labels: &[(&str, &str)]) -> Field {
    let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Field { path: path.to_owned(), name: name.to_owned(), labels, ..Field::default() }
}

const QUEUES: &str = r#"{"host":"h1","stats":{"queues":[{"name":"a","depth":1,"id":7},
    {"name":"b","depth":"2","id":8},{"depth":null},{"name":"d","depth":"deep"}],
    "by":{"x":{"n":1,"ok":true},"y":{"n":2,"ok":false}},"a.b":{"c.d":9},"a":{"b.c":{"d":10}}}}"#;

#[test]
fn fields_pick_and_rename() {
    let of = |field| samples(QUEUES, "web", &[field]);
    assert_eq!(of(field("stats.queues.0.depth", "", &[])), ["web_stats_queues_0_depth{} 1"]);
    assert_eq!(of(field("stats.queues.1.depth", "depth", &[])), ["depth{} 2"]);
    let mut counter = field("stats.by.x.n", "n_total", &[("env", "prod"), ("h", "$host")]);
    counter.is_counter = true;
    assert_eq!(of(counter), ["n_total{env=prod,h=h1} 1 counter"]);
    assert_eq!(
        of(field("stats.by.*.ok", "", &[])),
        ["web_stats_by_ok{index=x} 1", "web_stats_by_ok{index=y} 0"]
    );
    for nothing in ["stats.queues.9.depth", "stat", "stats.queues.x", "host.x", "stats.by.x.n.o"] {
        assert_eq!(of(field(nothing, "", &[])), ["MissingKey"], "{nothing}");
    }
    assert_eq!(of(field("stats.by", "", &[])), ["Number"]);
    assert_eq!(of(field("host", "", &[])), ["Number"]);
    // Keys with dots: whatever the path may mean.
    assert_eq!(of(field("stats.a.b.c.d", "d", &[])), ["d{} 9", "d{} 10"]);
    assert_eq!(
        samples("[[1,2],[3]]", "t", &[field("*.*", "", &[])]),
        ["t{index=0,index_2=0} 1", "t{index=0,index_2=1} 2", "t{index=1,index_2=0} 3"]
    );
    assert_eq!(samples("5", "t", &[field("", "", &[])]), ["t_{} 5"]);
}

#[test]
fn fields_have_labels_from_beside_them() {
    let labels = [("queue", "$name"), ("id", "$id"), ("at", "$*"), ("is", "$depth"), ("c", "x")];
    assert_eq!(
        samples(QUEUES, "web", &[field("stats.queues.*.depth", "depth", &labels)]),
        ["depth{queue=a,id=7,at=0,is=1,c=x} 1", "depth{queue=b,id=8,at=1,is=2,c=x} 2", "Number"]
    );
    let labels = [("key", "$*"), ("ok", "$ok"), ("none", "$no.such"), ("object", "$")];
    assert_eq!(
        samples(QUEUES, "web", &[field("stats.by.*.n", "n", &labels)]),
        ["n{key=x,ok=true,none=,object=} 1", "n{key=y,ok=false,none=,object=} 2"]
    );
}
