use super::*;
use crate::base::sys::{SOCKETS, WRITE};
use std::env;

#[test]
fn rules_are_for_the_directories_of_a_file_and_of_its_target() {
    let top = env::temp_dir().join(["sandbox-", &std::process::id().to_string()].concat());
    fs::create_dir_all(top.join("a")).unwrap();
    fs::create_dir_all(top.join("b")).unwrap();
    let top = fs::canonicalize(&top).unwrap();
    fs::write(top.join("b/file"), "").unwrap();
    std::os::unix::fs::symlink(top.join("b/file"), top.join("a/link")).unwrap();
    let of = |name: &str| {
        let mut reach = Reach::default();
        add_directories(&mut reach, &top.join(name), READ);
        let below = |(path, _): &(PathBuf, u64)| path.strip_prefix(&top).unwrap().to_owned();
        reach.paths.iter().map(below).collect::<Vec<_>>()
    };
    let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(of("b/file"), paths(&["b"]));
    assert_eq!(of("a/link"), paths(&["b", "a"]));
    assert_eq!(of("a"), paths(&["a"]));
    assert_eq!(of("a/*/x*.log"), paths(&["a"]));
    assert_eq!(of("a/none/none"), paths(&["a"]), "the nearest that is there");
    fs::remove_dir_all(&top).unwrap();
    let mut all = Reach::default();
    add_directories(&mut all, Path::new("/no-such-directory/x"), READ);
    assert_eq!(all, Reach::default(), "not everything");
    add_directories(&mut all, Path::new("no-such-file"), READ);
    assert_eq!(all.paths, [(PathBuf::from("."), READ)]);
}

#[test]
fn rights_that_a_reload_lacks_are_named() {
    let some = || Reach {
        paths: vec![("/etc".into(), READ), ("/var/lib/x".into(), WRITE)],
        ports: vec![(80, CONNECT), (9101, BIND)],
        ..Reach::default()
    };
    let missing = |change: fn(&mut Reach)| {
        let mut new = some();
        change(&mut new);
        beyond(&some(), &new)
    };
    let is = |what: &str| Some(what.to_owned());
    assert_eq!(missing(|_| ()), None);
    assert_eq!(missing(|new| add(new, Path::new("/etc/ssl"), READ)), None);
    assert_eq!(missing(|new| new.paths = vec![("/var/lib/x/y".into(), READ)]), None);
    assert_eq!(missing(|new| add(new, Path::new("/etc2"), READ)), is("to read /etc2"));
    assert_eq!(missing(|new| add(new, Path::new("/etc/x"), WRITE)), is("to write /etc/x"));
    assert_eq!(missing(|new| add(new, Path::new("/run"), SOCKETS)), is("to write /run"));
    assert_eq!(missing(|new| add(new, Path::new("/etc"), RUN)), is("to start programs in /etc"));
    assert_eq!(missing(|new| new.ports.push((25, CONNECT))), is("to connect to port 25"));
    assert_eq!(missing(|new| new.ports.push((80, BIND))), is("to listen on port 80"));
    assert_eq!(missing(|new| new.connects_anywhere = true), is("to connect to all ports"));
    let mut free = some();
    (free.connects_anywhere, free.ports) = (true, vec![(9101, BIND)]);
    assert_eq!(beyond(&free, &some()), None);
}
