use super::super::{PartialErrors, Scrape};
use super::{Attribute, Attributes, LabelFrom, Layout, Level, hexadecimal, signed, unsigned};
use crate::base::dialect::Dialect;
use crate::base::text::pattern::Pattern;
use crate::kernel::read::Files;
use crate::kernel::read::Root;
use crate::kernel::read::testing::Tree;
use crate::model::metric::{Buffer, Family, Unit, families, gauge};
use std::time::Instant;

static FAMILIES: &[Family; 2] = families![
    gauge("zone_temp", Unit::Millis, "T.", &["zone", "type"]),
    gauge("zone_limit", Unit::One, "L.", &["zone", "type"]),
];
static LAYOUT: Layout = Layout {
    directory: "/sys/class/x",
    is_object: |name| name.starts_with("zone"),
    labels: &[LabelFrom::Name("zone"), LabelFrom::File("type")],
    attributes: &[
        Attribute { file: "temp", family: &FAMILIES[0], form: signed },
        Attribute { file: "sub/limit", family: &FAMILIES[1], form: hexadecimal },
    ],
};

fn page(attributes: &mut Attributes, root: &Root) -> (Vec<String>, u64) {
    use crate::outputs::expose::{Format, Lines, Text};
    let (mut out, mut lines) = (Buffer::default(), Lines::default());
    let (mut files, mut errors) = (Files::new(root), PartialErrors::default());
    let mut text = Text::new(Dialect::Node, Format::Prometheus, &mut out, &mut lines);
    let (files, errors, textfiles) = (&mut files, &mut errors, &Default::default());
    let mut scrape = Scrape { files, errors, textfiles, now: Instant::now() };
    attributes.collect(&mut scrape, &mut text).unwrap();
    text.finish();
    let text = String::from_utf8(out.bytes().to_vec()).unwrap();
    let kept = text.lines().filter(|l| !l.starts_with('#')).map(str::to_owned);
    (kept.collect(), errors.count())
}

#[test]
fn objects_come_and_go_and_one_bad_file_costs_one_sample() {
    let tree = Tree::new("attributes");
    let root = tree.root();
    let exclude = Some(Pattern::new("9$"));
    let mut attributes = Attributes::new(&root, &LAYOUT, [None, exclude]);
    assert_eq!(page(&mut attributes, &root), (vec![], 0), "no such directory");
    tree.put("sys/class/x/zone1/temp", "-5500\n");
    tree.put("sys/class/x/zone1/type", "cpu\n");
    tree.put("sys/class/x/zone0/temp", "41000\n");
    tree.put("sys/class/x/zone0/sub/limit", "ff\n");
    tree.put("sys/class/x/zone9/temp", "1\n");
    tree.put("sys/class/x/other/temp", "7\n");
    let expected = [
        r#"node_zone_temp{zone="0",type=""} 41"#,
        r#"node_zone_temp{zone="1",type="cpu"} -5.500"#,
        r#"node_zone_limit{zone="0",type=""} 255"#,
    ];
    for _ in 0..2 {
        assert_eq!(page(&mut attributes, &root), (expected.map(String::from).to_vec(), 0));
    }
    tree.put("sys/class/x/zone1/temp", "hot\n");
    let (lines, errors) = page(&mut attributes, &root);
    assert_eq!((lines.len(), errors), (2, 1));
    tree.remove("sys/class/x/zone0/temp");
    tree.put("sys/class/x/zone2/temp", "2\n");
    let (lines, errors) = page(&mut attributes, &root);
    assert_eq!(lines[0], r#"node_zone_temp{zone="2",type=""} 0.002"#);
    assert_eq!((lines.len(), errors), (2, 1));
}

static ERRORS: &[Family; 3] = families![
    gauge("errors", Unit::One, "E.", &["controller"]),
    gauge("row_errors", Unit::One, "R.", &["controller", "row"]),
    gauge("channel_errors", Unit::One, "C.", &["controller", "row", "channel", "dimm"]),
];

static CONTROLLERS: Layout = Layout {
    directory: "/sys/mc",
    is_object: |name| name.starts_with("mc"),
    labels: &[LabelFrom::Name("mc"), LabelFrom::Text("unknown")],
    attributes: &[
        Attribute { file: "count", family: &ERRORS[0], form: unsigned },
        Attribute { file: "noinfo_count", family: &ERRORS[1], form: unsigned },
    ],
};

static BELOW: [Level; 2] = [
    Level {
        directory: "rows",
        object: |name| Some(name).filter(|name| name.starts_with("row")),
        join: "/",
        labels: &[LabelFrom::Above(0), LabelFrom::Name("row")],
        attributes: &[Attribute { file: "count", family: &ERRORS[1], form: unsigned }],
    },
    Level {
        directory: "",
        object: |name| name.strip_suffix("_count").filter(|name| name.starts_with("ch")),
        join: "_",
        labels: &[
            LabelFrom::Above(0),
            LabelFrom::Above(1),
            LabelFrom::Name("ch"),
            LabelFrom::FileBy("label", |text| text.unwrap_or(b"none").to_vec()),
        ],
        attributes: &[Attribute { file: "count", family: &ERRORS[2], form: unsigned }],
    },
];

#[test]
fn objects_below_objects_come_and_go_and_a_family_stays_in_one_piece() {
    let tree = Tree::new("attributes-below");
    let root = tree.root();
    for (file, text) in [
        ("mc0/count", "1"),
        ("mc0/noinfo_count", "2"),
        ("mc0/rows/row0/count", "3"),
        ("mc0/rows/row0/ch0_count", "4"),
        ("mc0/rows/row0/ch1_count", "5"),
        ("mc0/rows/row0/ch1_label", "DIMM"),
        ("mc1/count", "6"),
    ] {
        tree.put(&format!("sys/mc/{file}"), &format!("{text}\n"));
    }
    let new = || Attributes::new(&root, &CONTROLLERS, [None, None]).below(&BELOW);
    let mut attributes = new();
    let mut expected = vec![
        r#"node_errors{controller="0"} 1"#,
        r#"node_errors{controller="1"} 6"#,
        r#"node_row_errors{controller="0",row="unknown"} 2"#,
        r#"node_row_errors{controller="0",row="0"} 3"#,
        r#"node_channel_errors{controller="0",row="0",channel="0",dimm="none"} 4"#,
        r#"node_channel_errors{controller="0",row="0",channel="1",dimm="DIMM"} 5"#,
    ];
    for _ in 0..2 {
        let (lines, errors) = page(&mut attributes, &root);
        assert_eq!((lines.iter().map(|l| &**l).collect(), errors), (expected.clone(), 0));
    }
    tree.put("sys/mc/mc1/rows/row7/count", "8\n");
    tree.remove("sys/mc/mc0/rows/row0/ch1_count");
    expected.truncate(5);
    expected.insert(4, r#"node_row_errors{controller="1",row="7"} 8"#);
    for _ in 0..2 {
        let (lines, errors) = page(&mut attributes, &root);
        assert_eq!((lines.iter().map(|l| &**l).collect(), errors), (expected.clone(), 0));
    }
}

#[test]
fn a_text_for_no_value_is_no_error() {
    let tree = Tree::new("attributes-without");
    let root = tree.root();
    tree.put("sys/mc/mc0/count", "N/A\n");
    tree.put("sys/mc/mc1/count/x", "reading it is EISDIR");
    let new = || Attributes::new(&root, &CONTROLLERS, [None, None]);
    assert_eq!(page(&mut new(), &root), (vec![], 2));
    let mut without = new().without(|text| text == b"N/A").lacking(&[libc::EISDIR]);
    assert_eq!(page(&mut without, &root), (vec![], 0));
}
