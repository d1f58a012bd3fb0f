//! Conditions and texts of alerts.

/// A condition is refused with its column, or can be looked at: its alerts have the rule's name and
/// are written without surprise. The same bytes as a text can be filled in, or are refused.
#[cfg(feature = "hub")]
pub fn condition(bytes: &[u8]) {
    use std::time::{Duration, Instant};
    use sysmetrics::base::text::{expr, template};
    use sysmetrics::model::metric::{Histogram, Kind, Labels, Point, Sink, Unit, Value, gauge};
    use sysmetrics::outputs::alert::Alerts;
    use sysmetrics::settings::{Alert, Alerting, Dialect};

    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let is_sentence = |error: String| {
        let with_column = error.starts_with("column ") && error.contains(", expected ");
        assert!(with_column || error.starts_with("longer than "), "{error}");
    };
    let texts = match template::check(text) {
        Ok(()) => vec![("text".to_owned(), text.to_owned())],
        Err(error) => {
            is_sentence(error);
            Vec::new()
        }
    };
    if let Err(error) = expr::check(text) {
        return is_sentence(error);
    }
    let rule = Alert {
        name: "n".to_owned(),
        expr: text.to_owned(),
        labels: texts.clone(),
        annotations: texts,
        ..Alert::default()
    };
    let interval = Duration::from_secs(10);
    let (mut alerts, start) = (Alerts::default(), Instant::now());
    alerts.apply(&Alerting { interval, ..Alerting::default() }, &[rule], start);
    for look in 0..3u32 {
        let mut scrape = |out: &mut dyn Sink| {
            for (name, value) in [("a", 1), ("b_total", 7 * u64::from(look))] {
                out.family(&gauge(name, Unit::One, "", &["y", "x"]));
                out.sample(&["1".into(), "".into()], Value::Int(value));
                out.sample(&["2".into(), "\"\n".into()], Value::Centi(value));
            }
            let family = gauge("h", Unit::One, "", &[]).of_kind(Kind::Histogram);
            out.family(&family.unprefixed());
            let of = Histogram { bounds: &[1.0], counts: &[look.into(), 2], sum: f64::NAN };
            out.labelled(Labels::rendered(b"x=\"\\\\\""), Point::Histogram(of), None);
        };
        alerts.turn(Dialect::Own, &mut scrape, start + look * interval);
        for active in alerts.active() {
            let name = active.labels().iter().find(|(name, _)| name == "alertname").unwrap();
            assert!(active.is_firing() && name.1 == "n" && active.labels().is_sorted());
            assert_eq!(active.annotations().count(), usize::from(template::check(text).is_ok()));
        }
    }
}

/// Without the hub there are no alerts.
#[cfg(not(feature = "hub"))]
pub fn condition(_: &[u8]) {}
