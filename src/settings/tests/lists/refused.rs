//! What is refused in lists, and the texts of the errors.

use super::{loaded, refused};
use crate::settings::tests::support::load;

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
    assert_eq!(loaded(&alerts(256)).alerts.len(), 256);
    refused(&alerts(300), "FILE:769:1: more than 256 [[alerts]]");
}

#[test]
#[cfg(not(feature = "tls"))]
fn of_targets_without_tls() {
    refused(
        "[scrape]\ntargets = [{ name = 'a', url = 'https://a/metrics' }]",
        "FILE:2:32: scrape.targets.url: expected a URL such as http://127.0.0.1:8000/path, found \
         \"https://a/metrics\"; TLS is not built in: take a binary that is not -tiny, or build with the feature tls",
    );
    refused(
        "[scrape]\ntargets = ['a:1', 'https://a']",
        "FILE:2:19: scrape.targets.url: expected a URL such as http://127.0.0.1:8000/path, found \
         \"https://a\"; TLS is not built in: take a binary that is not -tiny, or build with the feature tls",
    );
}

#[test]
fn of_all_lists() {
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
}

fn target(more: &str) -> String {
    format!("[[scrape.targets]]\nname = 'a'\nurl = 'http://a'\n{more}")
}

#[test]
fn of_targets_values_that_exclude_each_other() {
    refused(
        "[scrape]\ninterval_secs = 5\ntimeout_secs = 6",
        "FILE:3:16: scrape.timeout_secs: expected at most the interval, 5s, found 6s",
    );
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
}

#[test]
fn of_targets_unknown_words() {
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
        "FILE:4:30: scrape.targets.headers: expected texts under names of headers, such as X-Scope = \"box\", found \"Content-Length=<secret>\"; the agent sets this header itself; remove it",
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
fn of_histograms() {
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
}

#[test]
fn of_rules() {
    let rule = |more: &str| {
        format!(
            "[[logs]]\npath = '/l'\n[[logs.rules]]\nmetric = 'm'\npattern = '(?P<level>a)(?P<n>1)'\n{more}"
        )
    };
    loaded(&rule("value = '${n}'\nlabels = { l = '$level/$n' }"));
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
fn of_triggers_kinds_that_the_kernel_lacks() {
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
