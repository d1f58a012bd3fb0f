//! Notices as JSON: the format of Alertmanager's webhooks, version 4
//! (<https://prometheus.io/docs/alerting/latest/configuration/#webhook_config>), and of
//! `/api/v2/alerts`.

use super::notice::Notice;
use crate::base::clock::WallClock;
use crate::outputs::json_text::escaped;
use std::sync::Arc;
use std::time::Duration;

/// The name of the receiver: there is only one.
const RECEIVER: &str = "sysmetrics";

/// The time of an event that has not happened yet, as Alertmanager writes it.
const NEVER: &str = "0001-01-01T00:00:00Z";

type Pairs = [(String, String)];

/// One message about alerts of one rule, for a webhook.
pub fn webhook(batch: &[Arc<Notice>], external_url: &str) -> Vec<u8> {
    let Some(first) = batch.first() else { return Vec::new() };
    let is_over = batch.iter().all(|notice| notice.is_resolved());
    let mut json = Json::default();
    json.put("{");
    json.member("receiver", RECEIVER);
    json.member("status", if is_over { "resolved" } else { "firing" });
    json.put(",\"alerts\":[");
    for (at, notice) in batch.iter().enumerate() {
        json.put(if at == 0 { "{" } else { ",{" });
        json.member("status", notice.status());
        json.facts(notice);
        json.member("startsAt", &notice.starts.rfc3339().to_string());
        let ends = notice.ends.map(|ends| ends.rfc3339().to_string());
        json.member("endsAt", ends.as_deref().unwrap_or(NEVER));
        json.member("generatorURL", &generator(external_url));
        json.member("fingerprint", &format!("{:016x}", notice.fingerprint));
        json.put("}");
    }
    json.put("]");
    let group = ("alertname".to_owned(), first.name.clone());
    json.object("groupLabels", std::iter::once(&group));
    json.object("commonLabels", common(batch, |notice| &notice.labels));
    json.object("commonAnnotations", common(batch, |notice| &notice.annotations));
    json.member("externalURL", external_url);
    json.member("version", "4");
    let key = super::notice::rendered(std::slice::from_ref(&group));
    json.member("groupKey", &["{}:{", &String::from_utf8_lossy(&key), "}"].concat());
    json.put(",\"truncatedAlerts\":0}");
    json.0
}

/// Alerts for an Alertmanager. A firing alert is resolved there after a while unless it is sent again.
pub fn alertmanager(
    batch: &[Arc<Notice>],
    external_url: &str,
    now: WallClock,
    lasts: Duration,
) -> Vec<u8> {
    let mut json = Json::default();
    json.put("[");
    for (at, notice) in batch.iter().enumerate() {
        json.put(if at == 0 { "{" } else { ",{" });
        json.facts(notice);
        let later = WallClock::at(now.since_epoch().max(notice.starts.since_epoch()) + lasts);
        let is_known = notice.starts.is_plausible() && now.is_plausible();
        // Where our clock was not set yet, the Alertmanager's time is the better start of an alert that goes on.
        if is_known || notice.is_resolved() {
            json.member("startsAt", &notice.starts.rfc3339().to_string());
            json.member("endsAt", &notice.ends.unwrap_or(later).rfc3339().to_string());
        }
        // An empty URL is not accepted.
        if !external_url.is_empty() {
            json.member("generatorURL", &generator(external_url));
        }
        json.put("}");
    }
    json.put("]");
    json.0
}

/// The URL where the alerts can be seen.
fn generator(external_url: &str) -> String {
    if external_url.is_empty() {
        return String::new();
    }
    [external_url.trim_end_matches('/'), "/status"].concat()
}

/// The labels or annotations that all have in common.
fn common<'a>(
    batch: &'a [Arc<Notice>],
    pairs: impl Fn(&'a Notice) -> &'a Pairs,
) -> impl Iterator<Item = &'a (String, String)> {
    let first = batch.first().map(|notice| pairs(notice)).unwrap_or_default();
    first.iter().filter(move |pair| batch.iter().all(|notice| pairs(notice).contains(pair)))
}

/// A JSON text that is being written.
#[derive(Default)]
struct Json(Vec<u8>);

impl Json {
    fn put(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) {
        self.put("\"");
        escaped(text.as_bytes(), &mut |part| self.0.extend_from_slice(part));
        self.put("\"");
    }

    /// The name of the next member of an object.
    fn name(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.put(",");
        }
        self.text(name);
        self.put(":");
    }

    fn member(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text(value);
    }

    fn object<'a>(&mut self, name: &str, pairs: impl Iterator<Item = &'a (String, String)>) {
        self.name(name);
        self.put("{");
        for (name, value) in pairs {
            self.member(name, value);
        }
        self.put("}");
    }

    fn facts(&mut self, notice: &Notice) {
        self.object("labels", notice.labels.iter());
        self.object("annotations", notice.annotations.iter());
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::outputs::alert::notice::fingerprint;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// A notice about a device.
    pub fn notice(device: &str, ends: Option<u64>) -> Arc<Notice> {
        let labels = pairs(&[("alertname", "Disk \"full\""), ("device", device)]);
        let at = |seconds| WallClock::at(Duration::from_secs(seconds));
        Arc::new(Notice {
            name: "Disk \"full\"".to_owned(),
            annotations: pairs(&[("summary", "Too\u{1} full."), ("device", device)]),
            value: "0.5".to_owned(),
            starts: at(1_793_491_200),
            ends: ends.map(|seconds| at(1_793_491_200 + seconds)),
            fingerprint: fingerprint(&labels),
            labels,
        })
    }

    #[test]
    fn a_webhook_gets_what_alertmanager_sends() {
        let batch = [notice("sda", None), notice("é\\\n", Some(90))];
        let json = String::from_utf8(webhook(&batch, "http://box:9101/")).unwrap();
        let expected = r#"{"receiver":"sysmetrics","status":"firing","alerts":[
            {"status":"firing","labels":{"alertname":"Disk \"full\"","device":"sda"},
             "annotations":{"summary":"Too\u0001 full.","device":"sda"},
             "startsAt":"2026-11-01T00:00:00.000Z","endsAt":"0001-01-01T00:00:00Z",
             "generatorURL":"http://box:9101/status","fingerprint":"FIRST"},
            {"status":"resolved","labels":{"alertname":"Disk \"full\"","device":"é\\\u000a"},
             "annotations":{"summary":"Too\u0001 full.","device":"é\\\u000a"},
             "startsAt":"2026-11-01T00:00:00.000Z","endsAt":"2026-11-01T00:01:30.000Z",
             "generatorURL":"http://box:9101/status","fingerprint":"SECOND"}],
            "groupLabels":{"alertname":"Disk \"full\""},
            "commonLabels":{"alertname":"Disk \"full\""},
            "commonAnnotations":{"summary":"Too\u0001 full."},
            "externalURL":"http://box:9101/","version":"4",
            "groupKey":"{}:{alertname=\"Disk \\\"full\\\"\"}","truncatedAlerts":0}"#;
        let expected: Vec<&str> = expected.lines().map(str::trim_start).collect();
        let [first, second] = batch.map(|notice| format!("{:016x}", notice.fingerprint));
        let expected = expected.concat().replace("FIRST", &first).replace("SECOND", &second);
        assert_eq!(json, expected);
        let over = webhook(&[notice("sda", Some(1))], "");
        let over = String::from_utf8(over).unwrap();
        assert!(over.contains("\"status\":\"resolved\",\"alerts\""), "{over}");
        assert!(over.contains("\"generatorURL\":\"\""), "{over}");
    }

    #[test]
    fn an_alertmanager_gets_its_own_format() {
        let batch = [notice("a", None), notice("b", Some(90))];
        let now = WallClock::at(Duration::from_secs(1_793_491_260));
        let json = alertmanager(&batch, "", now, Duration::from_secs(240));
        let expected = r#"[{"labels":{"alertname":"Disk \"full\"","device":"a"},
            "annotations":{"summary":"Too\u0001 full.","device":"a"},
            "startsAt":"2026-11-01T00:00:00.000Z","endsAt":"2026-11-01T00:05:00.000Z"},
            {"labels":{"alertname":"Disk \"full\"","device":"b"},
            "annotations":{"summary":"Too\u0001 full.","device":"b"},
            "startsAt":"2026-11-01T00:00:00.000Z","endsAt":"2026-11-01T00:01:30.000Z"}]"#;
        let expected: Vec<&str> = expected.lines().map(str::trim_start).collect();
        assert_eq!(String::from_utf8(json).unwrap(), expected.concat());
        let json = alertmanager(&batch, "http://box", now, Duration::from_secs(240));
        assert_eq!(String::from_utf8_lossy(&json).matches("http://box/status").count(), 2);
        // Where the clock was not set, only a resolved alert has a time.
        let json = alertmanager(&batch, "", WallClock::at(Duration::from_secs(7)), Duration::ZERO);
        assert_eq!(String::from_utf8_lossy(&json).matches("startsAt").count(), 1);
    }

    /// As Prometheus' own tests have them (`model/labelset_test.go`, `model/signature_test.go`).
    #[test]
    fn fingerprints_are_those_of_the_field() {
        assert_eq!(fingerprint(&[]), 14_695_981_039_346_656_037);
        let labels = pairs(&[("fear", "love is not enough"), ("name", "garland, briggs")]);
        assert_eq!(fingerprint(&labels), 5_799_056_148_416_392_346);
    }
}
