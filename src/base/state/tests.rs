use super::*;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const TITLE: &[u8] = b"a title\n";

/// A file in a directory of its own, which does not exist yet.
fn slots(name: &str) -> (PathBuf, Slots) {
    let name = ["state-", name, "-", &std::process::id().to_string()].concat();
    let dir = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&dir);
    (dir.clone(), Slots::new(dir.join("state")))
}

fn body_of(text: &str) -> Vec<u8> {
    [TITLE, text.as_bytes()].concat()
}

fn read(path: &Path) -> Found {
    Slots::new(path.to_owned()).read(TITLE, 1 << 20).unwrap()
}

#[test]
fn slots_are_written_by_turns_and_in_place() {
    let (dir, mut file) = slots("turns");
    let path = file.path().to_owned();
    assert_eq!(file.read(TITLE, 4096).unwrap(), Found::Nothing);
    let mut inode = None;
    for n in 0..5 {
        let body = body_of(&format!("{n}\n"));
        file.write(&body).unwrap();
        assert_eq!(read(&path), Found::Body(body));
        let about = fs::metadata(&path).unwrap();
        let (is_same, bytes) = (*inode.get_or_insert(about.ino()) == about.ino(), about.len());
        assert_eq!((is_same, bytes), (true, 8192), "write {n}");
    }
    // Another start continues with the other slot; a longer text creates a new file.
    let mut file = Slots::new(path.clone());
    file.read(TITLE, 4096).unwrap();
    file.write(&body_of("5\n")).unwrap();
    assert_eq!(file.count, 6);
    let long = body_of(&format!("{}\n", "x".repeat(5000)));
    file.write(&long).unwrap();
    assert_eq!((read(&path), fs::metadata(&path).unwrap().len()), (Found::Body(long), 16_384));
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn no_damage_goes_unnoticed_and_the_write_before_stays() {
    let (dir, mut file) = slots("damage");
    let path = file.path().to_owned();
    let (old, new) = (body_of("old\n"), body_of("new\n"));
    file.write(&old).unwrap();
    file.write(&new).unwrap();
    let all = fs::read(&path).unwrap();
    let length = new.len() + "write 2\nend 12345678\n".len();
    for at in 4096..4096 + length {
        for bad in [all[at] ^ 1, all[at] ^ 0x80, 0] {
            let mut all = all.clone();
            all[at] = bad;
            fs::write(&path, &all).unwrap();
            assert_eq!(read(&path), Found::Body(old.clone()), "byte {at} is {bad}");
        }
        // Torn: the rest is of an earlier write.
        let torn = [&all[..at], &all[at - 4096..length], &all[4096 + length..]].concat();
        let expected = if torn == all { &new } else { &old };
        fs::write(&path, torn).unwrap();
        assert_eq!(read(&path), Found::Body(expected.clone()), "torn at {at}");
    }
    for (text, found) in [
        (&b""[..], Found::Lost),
        (&[0; 8192], Found::Lost),
        (TITLE, Found::Lost),
        (b"root:x:0:0", Found::Foreign(b"root:x:0:0".to_vec())),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(read(&path), found);
    }
    fs::remove_dir_all(dir).unwrap();
}

/// While the agent runs, the file, its directory, or both are removed, or another file replaces it.
#[test]
fn a_file_that_is_gone_is_made_anew() {
    let (dir, mut file) = slots("gone");
    let path = file.path().to_owned();
    let body = body_of("1\n");
    file.write(&body).unwrap();
    type Harm = fn(&Path);
    let harms: [Harm; 4] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::remove_dir_all(path.parent().unwrap()).unwrap(),
        |path| fs::write(path, "cut").unwrap(),
        |path| {
            let dir = path.parent().unwrap();
            fs::rename(dir, dir.with_extension("moved")).unwrap();
            fs::create_dir(dir).unwrap();
            fs::remove_dir_all(dir.with_extension("moved")).unwrap();
        },
    ];
    for harm in harms {
        harm(&path);
        file.write(&body).unwrap();
        assert_eq!(read(&path), Found::Body(body.clone()));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(file.write(&body).is_err());
    fs::remove_dir(&path).unwrap();
    file.write(&body).unwrap();
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_file_is_private_and_no_link_is_followed() {
    let (dir, mut file) = slots("own");
    let (path, body) = (file.path().to_owned(), body_of(""));
    file.write(&body).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&dir), mode(&path)), (0o700, 0o600));
    let other = dir.join("other");
    fs::rename(&path, &other).unwrap();
    symlink(&other, &path).unwrap();
    assert_eq!(file.read(TITLE, 4096).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(file.write(b"lost").is_err());
    symlink(&other, dir.join("state.new")).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(file.write(b"lost").is_err());
    assert_eq!(read(&other), Found::Body(body));
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn a_file_and_its_directory_are_synced() {
    let dir = std::env::temp_dir().join(["sync-", &std::process::id().to_string()].concat());
    let path = dir.join("state");
    assert_eq!(sync(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    replace(&path, b"a\n").unwrap();
    sync(&path).unwrap();
    replace(&path, b"b\n").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"b\n");
    assert!(replace(&path.join("below"), b"").is_err());
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_body_has_its_check_sum_behind_it() {
    // The CRC-32 of "123456789" is the check value of the algorithm.
    assert_eq!(&closing(b"123456789"), b"end cbf43926\n");
    assert_eq!(body(b"123456789end cbf43926\n"), Some(&b"123456789"[..]));
    assert_eq!(body(b"123456788end cbf43926\n"), None);
    assert_eq!((body(b""), body(b"end 00000000\n")), (None, Some(&b""[..])));
}

#[test]
fn an_error_names_key_and_file() {
    let full = io::Error::from_raw_os_error(libc::ENOSPC);
    let text = failed(Path::new("/var/lib/a.state"), &full).to_string();
    assert!(text.starts_with("state_file /var/lib/a.state: No space left"), "{text}");
}
