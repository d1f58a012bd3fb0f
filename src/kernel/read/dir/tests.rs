//! Attribute files below a directory, and its entries.

use super::*;

#[test]
fn reads_attributes_below_a_kept_directory() {
    let real = std::env::temp_dir().join(format!("sysmetrics-dir-{}", std::process::id()));
    fs::create_dir_all(real.join("cpu0")).unwrap();
    for (name, text) in [("cpu0/id", "7\n"), ("list", "1,3-5\n"), ("odd", "-1\n"), ("wide", " 8 ")]
    {
        fs::write(real.join(name), text).unwrap();
    }
    let mut dir = Dir::new("/sys/x", real.clone(), &Arc::default());
    assert_eq!(dir.uint(c"cpu0/id"), Err(Error::Absent("/sys/x".into())), "not open yet");
    dir.open().unwrap();
    assert_eq!(dir.uint(c"cpu0/id"), Ok(7));
    assert_eq!(dir.read(c"list", &mut [0; 64]), Ok(&b"1,3-5"[..]));
    assert_eq!(dir.read(c"list", &mut [0; 3]), Ok(&b"1,3"[..]));
    assert_eq!(dir.uint(c"wide"), Ok(8));
    assert!(matches!(dir.uint(c"odd"), Err(Error::Parse(..))));
    assert_eq!(dir.uint(c"gone"), Err(Error::Absent(Place::below("/sys/x", b"gone").into())));
    let is_directory = Error::Read(Place::below("/sys/x", b"cpu0").into(), libc::EISDIR);
    assert_eq!(dir.read(c"cpu0", &mut [0; 8]), Err(is_directory));
    assert_eq!(dir.names("").unwrap(), ["cpu0", "list", "odd", "wide"]);
    assert_eq!(dir.names("cpu0").unwrap(), ["id"]);
    let mut below = Vec::new();
    dir.list_below(c"cpu0", &mut |name| below.push(name.to_vec())).unwrap();
    assert_eq!(below, [b"id"]);
    let gone = Error::Absent(Place::below("/sys/x", b"cpu1").into());
    assert_eq!(dir.list_below(c"cpu1", &mut |_| {}), Err(gone));
    assert_eq!(dir.names("cpu1"), Err(Error::Absent(Place::below("/sys/x", b"cpu1").into())));
    assert!(dir.changed().is_some());
    fs::remove_dir_all(real).unwrap();
    assert!(dir.open().is_err());
    assert_eq!(dir.changed(), None);
}

#[test]
fn lists_what_is_below_and_few_directories_stay_open() {
    let real = std::env::temp_dir().join(format!("sysmetrics-dirs-{}", std::process::id()));
    fs::create_dir_all(real.join("mc0/csrow0")).unwrap();
    fs::write(real.join("mc0/size"), "8\n").unwrap();
    let shared = Arc::<Shared>::default();
    let mut dirs: Vec<Dir> =
        (0..shared.kept + 3).map(|_| Dir::new("/sys/x", real.clone(), &shared)).collect();
    for _ in 0..2 {
        for dir in &mut dirs {
            let mut names = Vec::new();
            dir.list(&mut |name| names.push(name.to_vec())).unwrap();
            assert_eq!(names, [b"mc0"]);
            dir.list_below(c"mc0", &mut |name| names.push(name.to_vec())).unwrap();
            names[1..].sort_unstable();
            assert_eq!(names[1..], [&b"csrow0"[..], b"size"]);
            let none = dir.list_below(c"mc0/size", &mut |_| {});
            assert_eq!(none, Err(Error::Absent(Place::below("/sys/x", b"mc0/size").into())));
            assert_eq!(dir.uint(c"mc0/size"), Ok(8), "the descriptor serves for both");
            dir.rest();
        }
        assert_eq!(shared.open.load(Relaxed), shared.kept);
    }
    dirs.clear();
    assert_eq!(shared.open.load(Relaxed), 0);
    fs::remove_dir_all(real).unwrap();
}
