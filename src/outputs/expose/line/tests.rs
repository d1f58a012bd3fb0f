use super::*;
use crate::base::sys::List;
use crate::model::metric::{Unit, WORD, gauge};
use crate::outputs::expose::known::TAIL;

const MAX_KEY: usize = TAIL - 4;

#[cfg(feature = "exporter")]
#[test]
fn keys_fit() {
    use crate::kernel::collect::COLLECTORS;
    use crate::kernel::gather;
    let families = COLLECTORS.iter().flat_map(|c| c.families).chain(gather::families());
    for family in families {
        for dialect in [Dialect::Own, Dialect::Node] {
            let mut keys = family.named(dialect).map(|(_, keys)| keys).unwrap_or_default();
            assert!(keys.all(|key| key.len() <= MAX_KEY), "{}", family.names().0);
        }
    }
}

/// Lines whose family at hand is `p_<name>_s`.
fn lines(name: &str, keys: &[&str]) -> Lines {
    let mut lines = Lines::default();
    lines.begin(Dialect::Own, Format::Prometheus);
    let family = gauge("x", Unit::One, "", &[]);
    assert!(!lines.next(&family));
    lines.learn(&family, (List::of(keys), false), &mut Buffer::default(), |_| ["p_", name, "_s"]);
    lines
}

#[test]
fn parts_of_every_length_are_copied() {
    for n in 1..140 {
        let (name, key) = ("n".repeat(n), "k".repeat(n.min(MAX_KEY)));
        let lines = lines(&name, &["mode", &key]);
        let long = "l".repeat(n);
        let labels: &[Label<'_>] = &["0".into(), long.as_str().into()];
        let naive = format!("p_{name}_s{{mode=\"0\",{key}=\"{long}\"}} 1.50\n");
        let mut out = Buffer::default();
        assert_eq!(lines.write(labels, Value::Centi(150), &mut out), n <= WORD);
        assert_eq!(out.bytes(), if n <= WORD { naive.as_bytes() } else { b"" });
        out.truncate(0);
        lines.write_with(labels, Value::Centi(150), &mut out);
        assert_eq!(out.bytes(), naive.as_bytes());
    }
}

#[test]
fn families_are_made_when_they_first_come_and_when_they_change() {
    let mut lines = Lines::default();
    let mut scrape = |families: &[(&'static str, u32)], style, made: &[&str]| {
        lines.begin(Dialect::Own, style);
        let (mut anew, mut page) = (Vec::new(), Buffer::default());
        page.put(b"before");
        for (name, stamp) in families {
            let family = gauge(name, Unit::One, "Help.", &[]).stamped(*stamp);
            if !lines.next(&family) {
                anew.push(*name);
                lines.learn(&family, (List::of(&["k"]), false), &mut page, |header| {
                    header.put(name.as_bytes());
                    ["p_", name, ""]
                });
            }
            let (header, length) = lines.header();
            assert_eq!(header.as_flattened()[..length], *name.as_bytes());
            let mut out = Buffer::default();
            assert!(lines.write(&["v".into()], Value::Int(7), &mut out));
            assert_eq!(out.bytes(), format!("p_{name}{{k=\"v\"}} 7\n").as_bytes());
        }
        assert_eq!((anew, page.bytes()), (made.to_vec(), &b"before"[..]));
    };
    let text = Format::Prometheus;
    scrape(&[("one", 0), ("two", 0), ("three", 0)], text, &["one", "two", "three"]);
    scrape(&[("one", 0), ("two", 0), ("three", 0)], text, &[]);
    scrape(&[("one", 0), ("two", 1), ("three", 0)], text, &["two", "three"]);
    scrape(&[("one", 0), ("three", 0)], text, &["three"]);
    scrape(&[("one", 0)], text, &[]);
    scrape(&[("one", 0)], Format::OpenMetrics, &["one"]);
}
