//! The checks themselves, on small trees with faults.

use crate::circles::circles;
use crate::tree::Tree;
use crate::wings;

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let tree = Tree::of("sysmetrics", files);
    wings::faults(&tree.files, &tree.edges())
}

fn circle(files: &[(&str, &str)]) -> Vec<String> {
    let edges = Tree::of("sysmetrics", files).edges();
    circles(&edges)
        .iter()
        .map(|circle| circle.iter().copied().collect::<Vec<_>>().join(" "))
        .collect()
}

const APP: (&str, &str) = ("app.rs", "pub fn run() {}");

#[test]
fn a_name_of_a_later_wing_is_found_wherever_it_stands() {
    for text in [
        "use crate::app;",
        "use crate::app::run;",
        "use crate::{model::metric, app::{self, run as go}};",
        "#[cfg(test)]\nmod tests { fn f() {} }\nuse crate::app;",
        "#[cfg(test)] mod tests { use crate::app::run; }",
        "fn f() { crate::app::run(); }",
        "fn f() { let x = { sysmetrics::app::run() }; }",
        "fn f() { super::super::super::app::run() }",
        "mod inner { fn f() { super::super::super::super::app::run() } }",
        "use crate as root;\nfn f() { root::app::run() }",
        "use crate::*;\nfn f() { app::run() }",
        "type F = Vec<crate::app::Thing>;",
    ] {
        let found = faults(&[APP, ("model/store/series.rs", text)]);
        assert!(!found.is_empty(), "{text}");
        assert!(
            found.iter().all(|fault| fault.starts_with("src/model/store/series.rs:")),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_no_code_and_what_stands_before_is_no_fault() {
    let text = "//! crate::app\nuse crate::base::sys;\nfn f() -> &'static str { \"crate::app\" }";
    let files = [APP, ("base/sys/mod.rs", ""), ("model/store/series.rs", text)];
    assert_eq!(faults(&files), [""; 0]);
}

#[test]
fn a_fault_names_file_line_and_what_is_expected() {
    let found = faults(&[APP, ("settings/mod.rs", "\nuse crate::app::run;\nuse crate::app;")]);
    let may = "settings may name itself and [base]";
    assert_eq!(
        found,
        [
            format!("src/settings/mod.rs:2: names app::run; {may}"),
            format!("src/settings/mod.rs:3: names app; {may}"),
        ]
    );
}

#[test]
fn rooms_of_a_wing_have_an_order() {
    let read = ("kernel/read/mod.rs", "mod scan;\npub use scan::Scan;\nuse super::collect::SPEC;");
    let scan = ("kernel/read/scan.rs", "pub struct Scan;\nuse crate::kernel::gather::Gather;");
    let collect =
        ("kernel/collect/mod.rs", "pub const SPEC: u8 = 0;\nuse crate::kernel::read::Scan;");
    let gather = ("kernel/gather/mod.rs", "pub struct Gather;");
    assert_eq!(
        faults(&[read, scan, collect, gather]),
        [
            "src/kernel/read/mod.rs:3: names kernel::collect::SPEC; read may name itself and []",
            "src/kernel/read/scan.rs:2: names kernel::gather::Gather; read may name itself and []",
        ]
    );
}

#[test]
fn the_tests_of_a_wing_stand_above_it() {
    let wing = ("kernel/mod.rs", "mod read; pub fn load() {}");
    let tests = ("kernel/tests/whole.rs", "use crate::kernel::load;");
    assert_eq!(faults(&[wing, tests]), [""; 0]);
    let read = ("kernel/read/mod.rs", "use crate::kernel::load;");
    assert_eq!(faults(&[wing, tests, read]).len(), 1);
}

#[test]
fn of_what_serves_only_routes_know_the_pipelines() {
    let pipelines = ("pipelines.rs", "pub struct Pipelines; use crate::serve::http::Request;");
    let http = ("serve/http/mod.rs", "pub struct Request;");
    let routes = ("serve/routes/mod.rs", "use crate::pipelines::Pipelines;");
    assert_eq!(faults(&[pipelines, http, routes]), [""; 0]);
    let event = ("serve/event/mod.rs", "use crate::pipelines::Pipelines;");
    let recorder = ("library/recorder/page.rs", "use crate::pipelines::Pipelines;");
    let back = ("pipelines/parts.rs", "use crate::serve::routes::ROUTES;");
    assert_eq!(faults(&[pipelines, http, routes, event, recorder, back]).len(), 3);
}

#[test]
fn a_name_handed_on_by_an_earlier_wing_counts_where_it_is_defined() {
    let base = ("base/mod.rs", "pub use crate::app::run;");
    let model = ("model/metric/value.rs", "use crate::base::run;");
    assert_eq!(faults(&[APP, base, model]).len(), 2);
}

#[test]
fn a_wing_or_room_without_a_place_is_a_fault() {
    let found = faults(&[("attic/mod.rs", ""), ("kernel/cellar.rs", ""), ("base/sys.rs", "")]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn tests_may_show_samples_as_text() {
    let expose = ("outputs/expose/text.rs", "pub struct Text;");
    let test = "#[cfg(test)] mod tests { use crate::outputs::expose::text::Text; }";
    assert_eq!(faults(&[expose, ("model/store/series.rs", test)]), [""; 0]);
    let tests = ("model/store/tests.rs", "use crate::outputs::expose::text::Text;");
    assert_eq!(faults(&[expose, tests]), [""; 0]);
    let shipped = ("model/store/series.rs", "use crate::outputs::expose::text::Text;");
    assert_eq!(faults(&[expose, shipped]).len(), 1);
}

#[test]
fn two_files_that_name_each_other_are_a_circle() {
    let parent = ("alert/mod.rs", "mod a;\nmod b;");
    for (a, b) in [
        ("use super::b::B; pub struct A;", "use super::a::A; pub struct B;"),
        ("pub struct A; fn f() { super::b::g() }", "pub fn g(_: crate::alert::a::A) {}"),
        (
            "pub struct A; #[cfg(test)] mod tests { use crate::alert::b::B; }",
            "use super::a;\nfn f() { a::g() }",
        ),
        ("pub struct A; use super::b;", "use super::a; pub fn g() {}"),
    ] {
        let found = circle(&[parent, ("alert/a.rs", a), ("alert/b.rs", b)]);
        assert_eq!(found, ["alert/a.rs alert/b.rs"], "{a}");
    }
}

#[test]
fn a_circle_of_three_is_found_and_a_line_is_none() {
    let files = [
        ("a.rs", "pub struct A; use crate::b::B;"),
        ("b.rs", "pub struct B; use crate::c::C;"),
        ("c.rs", "pub struct C; use crate::a::A;"),
        ("d.rs", "use crate::a::A; use crate::c::C;"),
    ];
    assert_eq!(circle(&files), ["a.rs b.rs c.rs"]);
    let line = [files[0], files[1], ("c.rs", "pub struct C;"), files[3]];
    assert_eq!(circle(&line), [""; 0]);
}

#[test]
fn parent_and_child_that_use_each_other_are_a_circle() {
    let child = ("a/child.rs", "use super::Parent; pub struct Child;");
    let declares = ("a/mod.rs", "mod child; pub struct Parent;");
    let hands_on = ("a/mod.rs", "mod child; pub use child::Child; pub struct Parent;");
    assert_eq!(circle(&[declares, child]), [""; 0]);
    assert_eq!(circle(&[hands_on, child]), [""; 0]);
    let text = "mod child; pub use child::child; pub struct Parent { child: u8 } fn f(p: Parent) { p.child; }";
    assert_eq!(circle(&[("a/mod.rs", text), child]), [""; 0]);
    for parent in [
        "mod child; use child::Child; pub struct Parent;",
        "mod child; pub struct Parent(child::Child);",
        "mod child; pub use child::Child; pub struct Parent(Child);",
        "mod child; pub struct Parent; impl Parent { fn f() { self::child::g() } }",
    ] {
        assert_eq!(circle(&[("a/mod.rs", parent), child]), ["a/child.rs a/mod.rs"], "{parent}");
        assert_eq!(circle(&[("a.rs", parent), child]), ["a.rs a/child.rs"], "{parent}");
    }
}

#[test]
fn siblings_that_meet_through_their_parent_are_a_circle() {
    let parent = ("a/mod.rs", "mod x;\nmod y;\npub use x::X;\npub(super) use y::Y;");
    let x = ("a/x.rs", "use super::Y; pub struct X;");
    let y = ("a/y.rs", "use crate::a::*; pub struct Y(X);\nfn f() { X::new() }");
    assert_eq!(circle(&[parent, x, y]), ["a/x.rs a/y.rs"]);
}

#[test]
fn a_twin_stands_where_its_module_does() {
    let parent = ("a/mod.rs", "mod b; mod c;");
    let b = ("a/b.rs", "pub struct B;");
    let c = ("a/c.rs", "use super::b::B; pub struct C;");
    let absent = ("a/b/absent.rs", "use super::c::C; pub struct B;");
    assert_eq!(circle(&[parent, b, c, absent]), [""; 0]);
    let edges = Tree::of("sysmetrics", &[parent, b, c, absent]).edges();
    let named: Vec<_> = edges.iter().map(|edge| (&*edge.from, &*edge.to)).collect();
    assert_eq!(named, [("a/c.rs", "a/b.rs"), ("a/b/absent.rs", "a/c.rs")]);
}

#[test]
fn a_binary_without_a_library_has_its_root_in_main() {
    let main = ("main.rs", "mod a;\nfn main() { a::run() }\nstruct Base;");
    let found = circle(&[main, ("a.rs", "use crate::Base; pub fn run() {}")]);
    assert_eq!(found, ["a.rs main.rs"]);
}
