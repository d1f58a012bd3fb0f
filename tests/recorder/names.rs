//! Names, units and labels.

use super::{METADATA, counter, histogram};
use metrics::{Key, KeyName, Label, Recorder, Unit};
use sysmetrics::PrometheusBuilder;

#[test]
fn recommended_names_have_units_and_totals() {
    let builder = PrometheusBuilder::new().with_recommended_naming(true);
    let recorder = builder.build_recorder();
    for name in ["basic", "with_unit", "foo_total", "bar_bytes_total", "subtotal"] {
        if name != "basic" {
            recorder.describe_counter(KeyName::from(name), Some(Unit::Bytes), "Help.".into());
        }
        counter(&recorder, &Key::from_name(name)).increment(1);
    }
    recorder.describe_gauge("load".into(), Some(Unit::Percent), "Load.".into());
    recorder.register_gauge(&Key::from_name("load"), &METADATA).set(0.5);
    recorder.describe_gauge("jobs".into(), Some(Unit::Count), "Jobs.".into());
    recorder.register_gauge(&Key::from_name("jobs"), &METADATA).set(2);
    recorder.describe_histogram("wait".into(), Some(Unit::Milliseconds), "Wait.".into());
    histogram(&recorder, "wait").record(7);
    let page = recorder.handle().render();
    let types: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(
        types,
        [
            "bar_bytes_total counter",
            "basic_total counter",
            "foo_bytes_total counter",
            "jobs gauge",
            "load_ratio gauge",
            "subtotal_bytes_total counter",
            "wait_milliseconds histogram",
            "with_unit_bytes_total counter",
        ]
    );
    assert!(page.contains("# HELP with_unit_bytes_total Help.\n"), "{page}");
}

#[test]
fn units_are_not_part_of_names_unless_they_are_wished() {
    for (wished, name) in [(false, "sent"), (true, "sent_bytes")] {
        let recorder = PrometheusBuilder::new().set_enable_unit_suffix(wished).build_recorder();
        counter(&recorder, &Key::from_name("sent")).increment(1);
        recorder.describe_counter("sent".into(), Some(Unit::Bytes), "Sent.".into());
        recorder.describe_counter("sent".into(), Some(Unit::Seconds), "The first holds.".into());
        let expected = format!("# HELP {name} Sent.\n# TYPE {name} counter\n{name} 1\n");
        assert_eq!(recorder.handle().render(), expected);
    }
}

#[test]
fn any_name_and_value_makes_a_page() {
    let recorder = PrometheusBuilder::new().add_global_label("foo:", "foo").build_recorder();
    let key = Key::from_parts("yee_haw:lets go", &[("øhno", "\"yeet\nies\\\"")]);
    recorder.describe_counter("yee_haw:lets go".into(), None, "\"Simplë stuff.\nRëally.\"".into());
    counter(&recorder, &key).increment(1);
    assert_eq!(
        recorder.handle().render(),
        "# HELP yee_haw:lets_go \"Simplë stuff.\\nRëally.\"\n# TYPE yee_haw:lets_go counter\n\
         yee_haw:lets_go{_hno=\"\\\"yeet\\nies\\\\\\\"\",foo_=\"foo\"} 1\n"
    );
}

/// Some rows of the table in docs/library.md.
#[test]
fn odd_labels_and_descriptions_are_as_documented() {
    let recorder = PrometheusBuilder::new().add_global_label("zone", "").build_recorder();
    for (name, label, value) in [
        ("double", "__x", "1"),
        ("triple", "___x", "1"),
        ("empty", "a", ""),
        ("nameless", "", "1"),
        ("slash", "a", "b\\c\\\\d"),
    ] {
        counter(&recorder, &Key::from_parts(name, vec![Label::new(label, value)])).increment(1);
    }
    recorder.describe_counter("double".into(), None, "".into());
    recorder.describe_counter("triple".into(), None, "The first.".into());
    recorder.describe_counter("triple".into(), None, "The last.".into());
    recorder.describe_counter("slash".into(), None, "x".repeat(1025).into());
    recorder.register_gauge(&Key::from_name("infinite"), &METADATA).set(f64::INFINITY);
    recorder.register_gauge(&Key::from_name("small"), &METADATA).set(1e-9);
    let page = recorder.handle().render();
    assert!(
        page.starts_with(
            "# TYPE double counter\ndouble{_x=\"1\"} 1\n# TYPE empty counter\nempty 1\n\
             # TYPE infinite gauge\ninfinite +Inf\n\
             # TYPE slash counter\nslash{a=\"b\\\\c\\\\\\\\d\"} 1\n\
             # TYPE small gauge\nsmall 1e-9\n\
             # HELP triple The first.\n# TYPE triple counter\ntriple{_x=\"1\"} 1\n\
             # HELP sysmetrics_registry"
        ),
        "{page}"
    );
    assert!(page.contains("{reason=\"label_name\"} 1\n"), "{page}");
}
