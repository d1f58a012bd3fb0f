use super::*;
use crate::kernel::read::testing::Tree;

#[test]
fn a_shared_file_is_read_once_a_scrape() {
    let tree = Tree::new("files");
    tree.put("proc/stat", "one\n");
    let mut files = Files::new(&tree.root());
    let (first, second) = (files.whole("/proc/stat"), files.whole("/proc/stat"));
    assert_eq!(first, second);
    files.begin();
    assert_eq!(files.read(first), Ok(&b"one\n"[..]));
    tree.put("proc/stat", "two!\n");
    assert_eq!(files.read(second), Ok(&b"one\n"[..]), "one instant");
    files.begin();
    assert_eq!(files.read(second), Ok(&b"two!\n"[..]));
    let absent = files.records("/proc/absent");
    for _ in 0..2 {
        assert_eq!(files.read(absent), Err(Error::Absent("/proc/absent".into())));
    }
}

#[test]
fn absent_files_are_tried_later_but_common_ones_at_once() {
    let tree = Tree::new("files-absent");
    let root = tree.root();
    let mut files = Files::new(&root);
    let (few, all) = (files.whole("/proc/mdstat"), files.whole("/proc/stat"));
    let mut read = |second, file| {
        root.begin(std::time::Duration::from_secs(second));
        files.begin();
        files.read(file).map(<[u8]>::len)
    };
    for file in [few, all] {
        assert!(read(5, file).is_err());
    }
    tree.put("proc/mdstat", "one");
    tree.put("proc/stat", "two!");
    assert_eq!(read(6, few), Err(Error::Absent("/proc/mdstat".into())));
    assert_eq!([read(6, all), read(13, few)], [Ok(4), Ok(3)]);
}

#[test]
fn few_descriptors_stay_open() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let tree = Tree::new("kept");
    let mut files = Files::new(&tree.root());
    let paths: Vec<&'static str> =
        (0..200).map(|n| &*Box::leak(format!("/proc/f{n}").into_boxed_str())).collect();
    let before = open();
    let ids: Vec<FileId> = paths.iter().map(|path| files.whole(path)).collect();
    paths.iter().for_each(|path| tree.put(&path[1..], path));
    for _ in 0..2 {
        files.begin();
        for (id, path) in ids.iter().zip(&paths) {
            assert_eq!(files.read(*id), Ok(path.as_bytes()));
        }
    }
    // Tests beside this one open files, too.
    assert!(open() < before + MAX_KEPT + 40, "{} and {before}", open());
}
