use super::*;

#[test]
fn what_rotations_call_copies() {
    let is = |copy: &str, original: &str| is_named_after(Path::new(copy), Path::new(original));
    for copy in ["/a/web.log.1", "/b/web.log-20260101", "/a/web-20260101.log", "/a/web.1.log"] {
        assert!(is(copy, "/a/web.log"), "{copy}");
    }
    for other in ["/a/web.log", "/a/web2.log", "/a/we.log", "/a/b.log", "/"] {
        assert!(!is(other, "/a/web.log"), "{other}");
    }
    assert!(is("messages.1", "messages") && !is("messages2", "messages"));
}
