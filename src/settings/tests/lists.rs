//! Lists of tables: their values, what is rejected in them, and that their printed form
//! means the same.

use crate::settings::table::{Catalogue, SECTIONS};
use crate::settings::tests::sample;
use crate::settings::tests::support::{SUBJECTS, load, load_open};
use crate::settings::{Kind, RuleKind, Settings, TargetKind};
use std::time::Duration;

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[track_caller]
fn taken(file: &str) -> Settings {
    load(file, "", &[]).unwrap_or_else(|refusal| panic!("{file}\n{refusal}"))
}

#[track_caller]
fn refused(file: &str, expected: &str) {
    assert_eq!(load(file, "", &[]).map(|s| s.action).unwrap_err(), expected);
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
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
fn every_part_comes_to_its_place() {
    let s = taken(ALL);
    let [first, second] = s.custom.histograms.as_slice() else { panic!("two histograms") };
    assert_eq!((first.name.as_str(), first.help.as_str()), ("request_seconds", "How long."));
    assert_eq!(first.buckets, [0.001, 0.1, 1.0, 1000.5]);
    assert_eq!((second.name.as_str(), second.buckets.as_slice()), ("sizes", &[][..]));
    assert!(s.custom.labels_on_all);
    assert_eq!(s.statsd.listen.as_deref(), Some("127.0.0.1:8125"));

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

    assert_eq!((s.tail.state_file, s.tail.poll_interval), (None, secs(1)));
    let [web, b] = s.logs.as_slice() else { panic!("two logs") };
    assert!(web.from_start && !b.from_start && b.rules.len() == 1 && b.path == "/b");
    let [count, seconds] = web.rules.as_slice() else { panic!("two rules") };
    assert_eq!((count.kind, count.value.as_deref()), (RuleKind::Counter, None));
    let labels = pairs(&[("level", "$level"), ("what", "a${what}b$$"), ("fixed", "x")]);
    assert_eq!(count.labels, labels);
    assert_eq!((seconds.kind, seconds.value.as_deref()), (RuleKind::Histogram, Some("$t")));
    assert_eq!(seconds.buckets, [1.0]);

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
fn without_any_there_are_the_defaults() {
    let s = taken("");
    assert!(s.scrape.targets.is_empty() && s.logs.is_empty() && s.alerts.is_empty());
    assert_eq!((s.scrape.interval, s.scrape.timeout), (secs(15), secs(5)));
    assert_eq!((s.alerting.interval, s.alerting.repeat), (secs(15), secs(4 * 3600)));
    assert_eq!((s.alerting.sendmail.as_str(), s.statsd.listen), ("", None));
    assert_eq!(
        (s.tail.max_line_bytes, s.tail.max_value_bytes, s.tail.max_series),
        (65536, 128, 1000)
    );
    assert_eq!(taken("[scrape]\ninterval_secs = 2\ntargets = []").scrape.timeout, secs(2));
    let relay = "[alerting]\nmail_to = 'a@b'\nmail_from = 'c@d'\nsmtp = 'h:25'";
    assert_eq!(taken(relay).alerting.sendmail, "");
}

#[test]
fn what_is_printed_means_the_same() {
    let mut first = load_open(ALL, "", &[]).unwrap();
    let mut second = load_open(&first.effective, "", &[]).unwrap();
    assert!(first.effective.contains("\n[[logs.rules]]\nmetric = \"web_errors_total\"  # from"));
    assert!(first.effective.contains("buckets = [1e-3, 0.1, 1, 1000.5]"), "{}", first.effective);
    let bare = |text: &str| -> Vec<String> {
        text.lines().map(|l| l.split("  # from ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(bare(&first.effective), bare(&second.effective));
    (first.effective, second.effective) = (String::new(), String::new());
    assert_eq!(first, second);
}

/// The minimal element without its own `key`.
fn without(least: &str, key: &str) -> String {
    let (front, own) = least.split_at(least.rfind("[[").unwrap());
    let lines = own.split_inclusive('\n').filter(|line| !line.starts_with(&format!("{key} = ")));
    front.to_owned() + &lines.collect::<String>()
}

/// An element with all required keys.
fn least(section: &str) -> &'static str {
    match section {
        "metrics.histograms" => "[[metrics.histograms]]\nname = 'n'\n",
        "scrape.targets" => "[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\n",
        "scrape.targets.fields" => {
            "[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\ntype = 'custom'\n\
             [[scrape.targets.fields]]\npath = 'p'\n"
        }
        "logs" => "[[logs]]\nrules = [{ metric = 'm', pattern = 'p' }]\npath = '/l'\n",
        "logs.rules" => "[[logs]]\npath = '/l'\n[[logs.rules]]\nmetric = 'm'\npattern = 'p'\n",
        "export" => "[[export]]\ntype = 'otlp'\nendpoint = 'http://h'\n",
        "pressure.triggers" => "[[pressure.triggers]]\nresource = 'memory'\n",
        "alerts" => "[[alerts]]\nname = 'n'\nexpr = 'load1 > 4'\n",
        other => panic!("{other}: say what an element must have"),
    }
}

#[test]
fn each_list_says_what_is_missing_unknown_and_too_much() {
    for section in SECTIONS.iter() {
        if !section.is_list() {
            continue;
        }
        let (least, header) = (least(section.name), section.header());
        taken(least);
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section).filter(|row| row.traits.required) {
            let without = without(least, row.key());
            let refusal = load(&without, "", &[]).unwrap_err();
            let expected =
                format!("{header}: {} is missing; expected {}", row.key(), row.kind.expects());
            assert!(refusal.ends_with(&expected), "{without}: {refusal}");
        }
        let refusal = load(&format!("{least}nonsense = 1"), "", &[]).unwrap_err();
        let expected = format!("unknown key \"nonsense\" in {header}; known are ");
        assert!(refusal.contains(&expected), "{refusal}");
        let element = least.rfind("[[").unwrap();
        let many = least[..element].to_owned()
            + &"[[x]]\n".replace("[[x]]", &header).repeat(section.max + 9);
        let refusal = load(&many, "", &[]).unwrap_err();
        let said: Vec<&str> = refusal.lines().filter(|line| line.contains("more than")).collect();
        assert!(section.max > 200 || said.len() <= 1, "{refusal}");
        assert!(refusal.lines().count() <= 11, "{refusal}");
    }
}

/// Each row can be set, is printed and means the same when it is read again. Those of exports are for one
/// type each, and have a test of their own.
#[test]
fn each_row_of_a_list_can_be_set() {
    for section in SECTIONS.iter().filter(|s| s.is_list() && s.name != "export") {
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section) {
            // Other keys that the row needs.
            let more = match row.dotted().as_str() {
                "scrape.targets.username" => "password_file = '/p'\n",
                "scrape.targets.password_file" => "username = 'u'\n",
                "pressure.triggers.stall" => "window = '8s'\n",
                "logs.rules.value" => "pattern = '(?<word>x)'\n",
                "logs.rules.type" => "pattern = '(?<word>x)'\nvalue = '$word'\n",
                "logs.rules.buckets" => {
                    "pattern = '(?<word>x)'\nvalue = '$word'\ntype = 'histogram'\n"
                }
                _ => "",
            };
            let (toml, _) = sample(row);
            let toml = if row.dotted() == "logs.rules.value" { "'${word}'" } else { &toml };
            let mut file = without(least(section.name), row.key());
            if more.starts_with("pattern") {
                file = without(&file, "pattern");
            }
            let file = format!("{file}{more}{} = {toml}\n", row.key());
            let mut first = load_open(&file, "", &[]).unwrap();
            let mark = format!("# from FILE:{}", file.lines().count());
            assert!(first.effective.contains(&format!("\n{} = ", row.key())), "{file}");
            assert!(first.effective.contains(&mark), "{file}");
            let mut second = load_open(&first.effective, "", &[]).unwrap();
            (first.effective, second.effective) = (String::new(), String::new());
            assert_eq!(first, second, "{file}");
            let bare = without(&file, row.key());
            let default = load(&bare, "", &[]);
            assert!(default.is_err() || default.is_ok_and(|default| default != first), "{file}");
        }
    }
}

/// The parts of an element may come after elements of other lists.
#[test]
fn lists_may_be_mixed() {
    let file = "[[logs]]\npath = '/a'\n[[scrape.targets]]\nname = 'n'\nurl = 'http://h'\n\
                type = 'custom'\n[[alerts]]\nname = 'a'\nexpr = 'x > 1'\n[[logs.rules]]\n\
                metric = 'm'\npattern = 'p'\n[[scrape.targets.fields]]\npath = 'p'\n\
                [[logs.rules]]\nmetric = 'm2'\npattern = 'p'\n";
    let settings = taken(file);
    let metrics: Vec<_> = settings.logs[0].rules.iter().map(|r| r.metric.as_str()).collect();
    assert_eq!(metrics, ["m", "m2"]);
    assert_eq!(settings.scrape.targets[0].fields.len(), 1);
    let shown = load(file, "--check-config", &[]).unwrap().effective;
    assert_eq!(load(&shown, "", &[]).unwrap(), settings, "{shown}");
}

#[test]
fn each_row_of_a_list_is_judged() {
    for section in SECTIONS.iter().filter(|section| section.is_list()) {
        let catalogue = Catalogue::new(SUBJECTS);
        for row in catalogue.rows_of(section) {
            let kept = without(least(section.name), row.key());
            let bad = if row.kind == Kind::Switch { "'true'" } else { "true" };
            let refusal = load(&format!("{kept}{} = {bad}", row.key()), "", &[]).unwrap_err();
            let line = kept.lines().count() + 1;
            let front = format!("FILE:{line}:{}: {}: expected ", row.key().len() + 4, row.dotted());
            assert!(refusal.starts_with(&front), "{front}\n{refusal}");
            assert_eq!(refusal.lines().count(), 1, "{refusal}");
        }
    }
}

#[test]
fn lists_are_bounded() {
    let many: String = (0..65).map(|n| format!("'h:{}',", n + 1)).collect();
    refused(
        &format!("scrape.targets = [\n{many}]"),
        &format!("FILE:2:{}: more than 64 [[scrape.targets]]", many.find("'h:65'").unwrap() + 1),
    );
    let alerts = |n: usize| -> String {
        (0..n).map(|n| format!("[[alerts]]\nname = 'a{n}'\nexpr = 'x > 1'\n")).collect()
    };
    assert_eq!(taken(&alerts(256)).alerts.len(), 256);
    refused(&alerts(300), "FILE:769:1: more than 256 [[alerts]]");
}

#[test]
#[cfg(not(feature = "tls"))]
fn of_targets_without_tls() {
    refused(
        "[scrape]\ntargets = [{ name = 'a', url = 'https://a/metrics' }]",
        "FILE:2:32: scrape.targets.url: expected a URL such as http://127.0.0.1:8000/path, found \
         \"https://a/metrics\"; TLS is not built in: ask over http, through a proxy where it has to be",
    );
    refused(
        "[scrape]\ntargets = ['a:1', 'https://a']",
        "FILE:2:19: scrape.targets.url: expected a URL such as http://127.0.0.1:8000/path, found \
         \"https://a\"; TLS is not built in: ask over http, through a proxy where it has to be",
    );
}

#[test]
fn of_targets() {
    refused(
        "[[scrape.targets]]\nname = 'a'\nurl = 'http://a'\n\n[[scrape.targets]]\nname = 'a'\nurl = 'http://b'",
        "FILE:6:8: scrape.targets.name: \"a\" is taken already by FILE:2:8",
    );
    refused(
        "[scrape]\ntargets = 'a:1'",
        "FILE:2:11: scrape.targets: expected tables, [[scrape.targets]], found \"a:1\"",
    );
    refused("[scrape]\ntargets = [1]", "FILE:2:12: scrape.targets: expected a table, found 1");
    refused(
        "[[metrics.histograms]]\nname = ''",
        "FILE:1:1: [[metrics.histograms]]: name is missing; expected a name of letters, digits, _ \
         and :, no digit first",
    );
    refused("alerts = ['x']", "FILE:1:11: alerts: expected a table, found \"x\"");
    refused(
        "[scrape]\ninterval_secs = 5\ntimeout_secs = 6",
        "FILE:3:16: scrape.timeout_secs: expected at most the interval, 5s, found 6s",
    );
    let target = |more: &str| format!("[[scrape.targets]]\nname = 'a'\nurl = 'http://a'\n{more}");
    refused(
        &target("timeout_secs = '1m'"),
        "FILE:4:16: scrape.targets.timeout_secs: expected at most the interval, 15s, found 1m",
    );
    refused(
        &target("username = 'x'"),
        "FILE:4:12: scrape.targets.username: password_file is missing beside it",
    );
    refused(
        &target("password_file = 'x'"),
        "FILE:4:17: scrape.targets.password_file: username is missing beside it",
    );
    refused(
        &target("username = 'u'\npassword_file = 'x'\ntoken_file = 't'"),
        "FILE:6:14: scrape.targets.token_file: together with username and password_file; keep one",
    );
    refused(
        &target("fields = { a = 'b' }"),
        "FILE:1:1: scrape.targets.type: fields are taken out of JSON; write type = \"custom\"",
    );
    refused(
        &target("type = 'costum'"),
        "FILE:4:8: scrape.targets.type: expected one of prometheus, custom, found \"costum\"; did you mean \"custom\"?",
    );
    refused(
        &target("headers = { \"a=b\" = 'c' }"),
        "FILE:4:11: scrape.targets.headers: expected texts under names of headers, such as X-Scope = \"box\", found a table",
    );
    refused(
        &target("headers = { Content-Length = '5' }"),
        "FILE:4:30: scrape.targets.headers: expected texts under names of headers, such as X-Scope = \"box\", found \"Content-Length=<secret>\"; this header is not for settings to say",
    );
    refused(
        &target("intervall_secs = 1"),
        "FILE:4:1: unknown key \"intervall_secs\" in [[scrape.targets]]; did you mean \"interval_secs\"?; \
         known are name, url, type, interval_secs, timeout_secs, headers, token_file, username, \
         password_file, honor_timestamps, any_status, follow_redirects, fields",
    );
    let refusal = load(&target("type = 'custom'\nfields = [{ pfad = 'x' }]"), "", &[]).unwrap_err();
    assert!(
        refusal.starts_with("FILE:5:13: unknown key \"pfad\" in [[scrape.targets.fields]]"),
        "{refusal}"
    );
    for name in ["a b", "", "é", "a/b"] {
        let refusal =
            load(&format!("[[scrape.targets]]\nname = '{name}'\nurl = 'http://a'"), "", &[]);
        assert!(refusal.is_err_and(|r| r.contains("letters, digits, _ - . and :")), "{name}");
    }
}

#[test]
fn of_histograms_and_rules() {
    let histogram =
        |buckets: &str| format!("[[metrics.histograms]]\nname = 'h'\nbuckets = {buckets}");
    let numbers = "metrics.histograms.buckets: expected numbers, such as [0.1, 1, 10], found";
    refused(&histogram("[]"), &format!("FILE:3:11: {numbers} a list"));
    refused(&histogram("[1, inf]"), &format!("FILE:3:15: {numbers} inf"));
    refused(&histogram("[nan]"), &format!("FILE:3:12: {numbers} nan"));
    refused(
        &histogram("['1']"),
        &format!("FILE:3:12: {numbers} \"1\"; write it without quotation marks"),
    );
    refused(
        &histogram("[1, 2, 2]"),
        "FILE:3:18: metrics.histograms.buckets: expected ascending numbers, found 2 behind 2",
    );
    refused(
        "[metrics]\ncustom_gauges = ['h']\n[[metrics.histograms]]\nname = 'h'",
        "FILE:4:8: metrics.histograms.name: \"h\" is in custom_gauges or custom_counters, too; \
         keep one",
    );
    refused(
        "[metrics]\ncustom_gauges = ['a', 'h']\ncustom_counters = ['h']",
        "FILE:3:20: metrics.custom_counters: \"h\" is in custom_gauges, too; keep one",
    );
    let rule = |more: &str| {
        format!(
            "[[logs]]\npath = '/l'\n[[logs.rules]]\nmetric = 'm'\npattern = '(?P<level>a)(?P<n>1)'\n{more}"
        )
    };
    taken(&rule("value = '${n}'\nlabels = { l = '$level/$n' }"));
    refused(
        &rule("labels = { l = '$lvel' }"),
        "FILE:6:16: logs.rules.labels: \"$lvel\" is no named group of the pattern; did you mean \
         \"$level\"?; known are $level, $n",
    );
    refused(
        &rule("labels = { l = '5$' }"),
        "FILE:6:16: logs.rules.labels: a $ without a name; a group is $name or ${name}, a dollar \
         sign is $$",
    );
    refused(
        &rule("value = '$1'"),
        "FILE:6:9: logs.rules.value: \"$1\" is no named group of the pattern; did you mean \"$n\"?; known are \
         $level, $n",
    );
    refused(
        &rule("value = '7'"),
        "FILE:6:9: logs.rules.value: expected a group such as $seconds, found \"7\"",
    );
    refused(
        &rule("type = 'gauge'"),
        "FILE:6:8: logs.rules.type: a gauge or histogram needs a value, such as value = \"$seconds\"",
    );
    refused(
        &rule("value = '$n'\nbuckets = [1]"),
        "FILE:7:12: logs.rules.buckets: only a histogram has buckets; write type = \"histogram\"",
    );
    refused(
        "[[logs]]\npath = '/l'",
        "FILE:1:1: logs.rules: nothing to look for; add a [[logs.rules]] with metric and pattern",
    );
    refused(
        "[[logs]]\npath = 'l'\nrules = [{ metric = 'm', pattern = 'p' }]",
        "FILE:2:8: logs.path: expected a path that begins with /, such as /var/log/*.log, found \"l\"",
    );
    refused(
        "[[logs]]\npath = '/srv/**/*.log'\nrules = [{ metric = 'm', pattern = 'p' }]",
        "FILE:2:8: logs.path: expected a path that begins with /, such as /var/log/*.log, found \
         \"/srv/**/*.log\"; * matches within one name: name directories one by one, as in /srv/*/*.log",
    );
}

#[test]
fn of_labels_on_every_series() {
    refused(
        "[metrics]\nlabels = { le = '1' }",
        "FILE:2:17: metrics.labels: le belongs to the parts of histograms and summaries",
    );
    let many: String = (0..33).map(|n| format!("l{n} = 'x', ")).collect();
    let refusal = load(&format!("[metrics]\nlabels = {{ {many} }}"), "", &[]).unwrap_err();
    assert!(refusal.ends_with("metrics.labels: more than 32 labels"), "{refusal}");
}

#[test]
fn of_alerts() {
    let two = "[[alerts]]\nname = 'a'\nexpr = 'x > 1'\n[[alerts]]\nname = 'a'\nexpr = 'y > 1'";
    refused(two, "FILE:5:8: alerts.name: \"a\" is taken already by FILE:2:8");
    refused(
        "[alerting]\nmail_to = 'a@b'\nsmtp = 'h:25'",
        "FILE:3:8: alerting.smtp: mail_from is missing beside it",
    );
    refused(
        "[[alerts]]\nname = 'a'\nexpr = 'x > '",
        "FILE:3:8: alerts.expr: expected a condition, such as load1 > 4, found \"x > \"; column 5: \
         found the end, expected a number, a metric, rate(, increase(, absent( or (",
    );
    refused(
        "[[alerts]]\nname = 'a'\nexpr = 'x > 1'\nannotations = { summary = '{{ $x }}' }",
        "FILE:4:27: alerts.annotations: summary: column 4: found \"$x\", expected $value or \
         $labels.NAME",
    );
    for mail in ["a", "@b", "a@", "-a@b", "a@b,c@d", "a b@c", "a@b@c", "a@b\\n"] {
        assert!(load(&format!("[alerting]\nmail_to = \"{mail}\""), "", &[]).is_err(), "{mail}");
    }
}

#[test]
fn lists_have_no_variables_and_mail_is_not_tail() {
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
    let settings = taken(&file("{ UP = 1, 'a=b' = -0.5, '' = 1e3 }"));
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

#[test]
fn a_trigger_has_the_kinds_that_the_kernel_has() {
    let of = |resource: &str, more: &str| {
        load(&format!("[[pressure.triggers]]\nresource = \"{resource}\"\n{more}"), "", &[])
    };
    let triggers = of("irq", "kind = \"full\"\nwindow = \"500ms\"\n").unwrap().pressure.triggers;
    assert!(triggers[0].is_full && triggers[0].resource == "irq");
    let refusal = of("irq", "").unwrap_err();
    assert!(refusal.contains("an interrupt stops all tasks of its CPU"), "{refusal}");
    let refusal = of("cpu", "kind = \"full\"\n").unwrap_err();
    assert!(refusal.contains("never has all tasks wait for a CPU"), "{refusal}");
    for window in ["499ms", "10001ms"] {
        let refusal = of("io", &format!("window = \"{window}\"\n")).unwrap_err();
        assert!(refusal.contains("expected a time from 500ms to 10s"), "{refusal}");
    }
}
