//! Lists of tables: their values, and that their printed form gives the same.

mod refused;
mod rows;

use crate::settings::tests::support::{load, load_open, pairs};
use crate::settings::{RuleKind, Settings, TargetKind};
use std::time::Duration;

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[track_caller]
fn loaded(file: &str) -> Settings {
    load(file, "", &[]).unwrap_or_else(|refusal| panic!("{file}\n{refusal}"))
}

#[track_caller]
fn refused(file: &str, expected: &str) {
    assert_eq!(load(file, "", &[]).map(|s| s.action).unwrap_err(), expected);
}

const ALL: &str = r#"
[metrics]
labels_on_all = true
[[metrics.histograms]]
name = "request_seconds"
buckets = [1e-3, 0.1, 1, 1_000.5]
help = "How long."
[[metrics.histograms]]
name = "sizes"

[statsd]
listen = "127.0.0.1:8125"

[scrape]
interval_secs = 30
timeout_secs = "7s"
max_series = 100
targets = [
  { name = "api", url = "http://api:8000/metrics", honor_timestamps = true, any_status = true },
  "web:9100",
  { name = "json", url = "http://me:pw@[::1]:1/a?b", type = "custom", interval_secs = 2,
    headers = { Accept = "a=b" }, username = "me", password_file = "/p",
    fields = [ { path = "a.*.b", name = "a_b", type = "counter", help = "H", labels = { k = "$*" },
                 states = { UP = 1, "a=b" = -0.5, "" = 1_000 } } ] },
  { name = "few", url = "http://few", type = "custom", token_file = "/t", fields = { up = "status.up", n = "n" } },
]

[tail]
state_file = ""
poll_interval = "1s"

[[logs]]
path = "/var/log/web*.log"
from_start = true
[[logs.rules]]
metric = "web_errors_total"
pattern = 'level=(?P<level>error|fatal) "(?<what>.*)"'
labels = { level = "$level", what = "a${what}b$$", fixed = "x" }
help = "Errors."
[[logs.rules]]
metric = "web_seconds"
pattern = 't=(?P<t>\d+)'
type = "histogram"
value = "$t"
buckets = 1

[[alerts]]
name = "Disk busy"
expr = 'rate(disk_read_bytes_total{device="sda"}[1m]) > 1e6'
for = "5m"
labels = { severity = "page" }
annotations = { summary = "a = {{ value }}\nsecond line", other = "\"q\" \\ 'x'" }

[[logs]]
path = "/b"
rules = [ { metric = "b", pattern = "x" } ]

[alerting]
webhook = "http://a/b"
alertmanager = ["http://a:9093", "http://b:9093"]
headers = { Authorization = "Bearer x=y" }
mail_to = ["a@b", "c@d"]
"#;

#[test]
fn every_key_of_custom_metrics_sets_its_field() {
    let s = loaded(ALL);
    let [first, second] = s.custom.histograms.as_slice() else { panic!("two histograms") };
    assert_eq!((first.name.as_str(), first.help.as_str()), ("request_seconds", "How long."));
    assert_eq!(first.buckets, [0.001, 0.1, 1.0, 1000.5]);
    assert_eq!((second.name.as_str(), second.buckets.as_slice()), ("sizes", &[][..]));
    assert!(s.custom.labels_on_all);
    assert_eq!(s.statsd.listen.as_deref(), Some("127.0.0.1:8125"));
}

#[test]
fn every_key_of_targets_sets_its_field() {
    let s = loaded(ALL);
    assert_eq!((s.scrape.interval, s.scrape.timeout), (secs(30), secs(7)));
    assert_eq!((s.scrape.max_body_bytes, s.scrape.max_series), (8 << 20, 100));
    let [api, web, json, few] = s.scrape.targets.as_slice() else { panic!("four targets") };
    assert_eq!((api.name.as_str(), api.url.as_str()), ("api", "http://api:8000/metrics"));
    assert!(
        api.any_status && api.honor_timestamps && api.interval.is_none() && api.timeout.is_none()
    );
    assert_eq!((web.name.as_str(), web.url.as_str()), ("web:9100", "http://web:9100/metrics"));
    assert_eq!((web.kind, json.kind), (TargetKind::Prometheus, TargetKind::Custom));
    assert_eq!((json.interval, json.timeout), (Some(secs(2)), Some(secs(2))));
    assert_eq!(json.headers, pairs(&[("Accept", "a=b")]));
    assert_eq!(json.username, "me");
    assert!(json.password_file.is_some() && few.token_file.is_some());
    let [field] = json.fields.as_slice() else { panic!("one field") };
    assert_eq!((field.path.as_str(), field.name.as_str()), ("a.*.b", "a_b"));
    assert!(field.is_counter && field.help == "H" && field.labels == pairs(&[("k", "$*")]));
    let names: Vec<_> = few.fields.iter().map(|f| [f.name.as_str(), &f.path]).collect();
    assert_eq!(names, [["up", "status.up"], ["n", "n"]]);
}

#[test]
fn every_key_of_logs_sets_its_field() {
    let s = loaded(ALL);
    assert_eq!((s.tail.state_file, s.tail.poll_interval), (None, secs(1)));
    let [web, b] = s.logs.as_slice() else { panic!("two logs") };
    assert!(web.from_start && !b.from_start && b.rules.len() == 1 && b.path == "/b");
    let [count, seconds] = web.rules.as_slice() else { panic!("two rules") };
    assert_eq!((count.kind, count.value.as_deref()), (RuleKind::Counter, None));
    let labels = pairs(&[("level", "$level"), ("what", "a${what}b$$"), ("fixed", "x")]);
    assert_eq!(count.labels, labels);
    assert_eq!((seconds.kind, seconds.value.as_deref()), (RuleKind::Histogram, Some("$t")));
    assert_eq!(seconds.buckets, [1.0]);
}

#[test]
fn every_key_of_alerts_sets_its_field() {
    let s = loaded(ALL);
    let [alert] = s.alerts.as_slice() else { panic!("one alert") };
    assert_eq!((alert.name.as_str(), alert.for_), ("Disk busy", secs(300)));
    assert_eq!(alert.labels, pairs(&[("severity", "page")]));
    assert_eq!(alert.annotations[0].1, "a = {{ value }}\nsecond line");
    assert_eq!(s.alerting.webhooks, ["http://a/b"]);
    assert_eq!(s.alerting.alertmanagers, ["http://a:9093", "http://b:9093"]);
    assert_eq!(s.alerting.headers, pairs(&[("Authorization", "Bearer x=y")]));
    assert_eq!(s.alerting.mail_to, ["a@b", "c@d"]);
    assert_eq!(s.alerting.sendmail, "/usr/sbin/sendmail -t -i");
}

#[test]
fn defaults_apply_without_lists() {
    let s = loaded("");
    assert!(s.scrape.targets.is_empty() && s.logs.is_empty() && s.alerts.is_empty());
    assert_eq!((s.scrape.interval, s.scrape.timeout), (secs(15), secs(5)));
    assert_eq!((s.alerting.interval, s.alerting.repeat), (secs(15), secs(4 * 3600)));
    assert_eq!((s.alerting.sendmail.as_str(), s.statsd.listen), ("", None));
    assert_eq!(
        (s.tail.max_line_bytes, s.tail.max_value_bytes, s.tail.max_series),
        (65536, 128, 1000)
    );
    assert_eq!(loaded("[scrape]\ninterval_secs = 2\ntargets = []").scrape.timeout, secs(2));
    let relay = "[alerting]\nmail_to = 'a@b'\nmail_from = 'c@d'\nsmtp = 'h:25'";
    assert_eq!(loaded(relay).alerting.sendmail, "");
}

#[test]
fn the_printed_lists_can_be_read_again() {
    let mut first = load_open(ALL, "", &[]).unwrap();
    let mut second = load_open(&first.effective, "", &[]).unwrap();
    assert!(first.effective.contains("\n[[logs.rules]]\nmetric = \"web_errors_total\"  # from"));
    assert!(first.effective.contains("buckets = [1e-3, 0.1, 1, 1000.5]"), "{}", first.effective);
    let without_sources = |text: &str| -> Vec<String> {
        text.lines().map(|l| l.split("  # from ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(without_sources(&first.effective), without_sources(&second.effective));
    (first.effective, second.effective) = (String::new(), String::new());
    assert_eq!(first, second);
}

/// The parts of an element may come after elements of other lists.
#[test]
fn elements_of_lists_may_be_mixed() {
    let file = "[[logs]]\npath = '/a'\n[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\n\
                type = 'custom'\n[[alerts]]\nname = 'a'\nexpr = 'x > 1'\n[[logs.rules]]\n\
                metric = 'm'\npattern = 'p'\n[[scrape.targets.fields]]\npath = 'p'\n\
                [[logs.rules]]\nmetric = 'm2'\npattern = 'p'\n";
    let settings = loaded(file);
    let metrics: Vec<_> = settings.logs[0].rules.iter().map(|r| r.metric.as_str()).collect();
    assert_eq!(metrics, ["m", "m2"]);
    assert_eq!(settings.scrape.targets[0].fields.len(), 1);
    let shown = load(file, "--check-config", &[]).unwrap().effective;
    assert_eq!(load(&shown, "", &[]).unwrap(), settings, "{shown}");
}

#[test]
fn lists_have_no_variables() {
    assert!(load("", "", &[("APP__MAIL__HOST", "x")]).is_ok());
    for name in [
        "APP__SCRAPE__TARGETS__NAME",
        "APP__ALERTS__NAME",
        "APP__LOGS",
        "APP__SCRAPE.TARGETS__NAME",
    ] {
        let refusal = load("", "", &[(name, "x")]);
        assert!(refusal.is_err_and(|r| r.contains("no such setting")), "{name}");
    }
    let refusal = load("\"scrape.targets\" = []", "", &[]).unwrap_err();
    assert!(refusal.starts_with("FILE:1:1: unknown key \"scrape.targets\";"), "{refusal}");
    assert!(
        load("[scrape]\n\"\" = 1", "", &[])
            .is_err_and(|r| r.contains("unknown key \"\" in [scrape]"))
    );
}

#[test]
fn states_are_numbers_under_words() {
    let file = |states: &str| {
        format!(
            "[[scrape.targets]]\nname = 'a'\nurl = 'http://a'\ntype = 'custom'\n\
             [[scrape.targets.fields]]\npath = 'x'\nstates = {states}\n"
        )
    };
    let settings = loaded(&file("{ UP = 1, 'a=b' = -0.5, '' = 1e3 }"));
    let states = &settings.scrape.targets[0].fields[0].states;
    let expected = [("UP", 1.0), ("a=b", -0.5), ("", 1000.0)];
    assert_eq!(*states, expected.map(|(word, n)| (word.to_owned(), n)));
    for (states, found) in [
        ("{ UP = '1' }", "found \"UP=1\"; write it without quotation marks"),
        ("{ UP = inf }", "found UP=inf"),
        ("{ UP = true }", "found UP=true"),
        ("'UP=1'", "found \"UP=1\""),
    ] {
        let refusal = load(&file(states), "", &[]).map(|s| s.action).unwrap_err();
        let expected = "states: expected numbers under words, such as UP = 1, ";
        assert!(refusal.contains(&[expected, found].concat()), "{states}: {refusal}");
    }
}
