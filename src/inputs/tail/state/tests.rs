use super::*;
use std::fs;

fn places() -> Vec<Place> {
    let odd = OsStr::from_bytes(b"/var/\xff a\tb\nc\\");
    let place = Place {
        offset: u64::MAX,
        device: 1,
        inode: 2,
        head: Head { bytes: 256, crc: u32::MAX },
        skips: true,
        setting: "/var/*\\é".to_owned(),
        path: odd.into(),
    };
    let plain = Place { offset: 0, skips: false, path: "/a".into(), ..place.clone() };
    vec![place, plain]
}

const WRITTEN: Written = Written { number: 7, directory: (8, u64::MAX) };

fn text(places: &[Place]) -> Vec<u8> {
    render(WRITTEN, &places.iter().collect::<Vec<_>>(), &beside())
}

fn beside() -> Vec<KnownBeside> {
    let list =
        |setting: &str, ids: &[u32]| KnownBeside { setting: setting.to_owned(), ids: ids.to_vec() };
    vec![list("/var/a\tb", &[0, u32::MAX]), list("/b", &[])]
}

#[test]
fn what_is_written_is_read() {
    for places in [Vec::new(), places()] {
        let text = text(&places);
        let beside = beside();
        assert_eq!(parse(&text), Ok(State { written: Some(WRITTEN), places, beside }));
    }
}

#[test]
fn the_format_before_is_read() {
    let text = render(WRITTEN, &[&places()[1]], &[]);
    let text = String::from_utf8_lossy(&text).replacen(
        "offsets 2\n7 8 18446744073709551615\n",
        "offsets 1\n",
        1,
    );
    assert!(text.starts_with("sysmetrics log offsets 1\n0 1 2 256 "), "{text}");
    let places = places().split_off(1);
    assert_eq!(parse(text.as_bytes()), Ok(State { places, ..State::default() }));
}

#[test]
fn invalid_lines_are_refused() {
    let text = text(&places());
    let ends = |at: usize| text[..at].ends_with(b"\n");
    for at in (0..text.len()).filter(|at| !ends(*at)) {
        assert!(parse(&text[..at]).is_err(), "cut at {at}");
    }
    for bad in ["", "\n", "1 2\n", "1 2 3 4\n", "1 2 -3\n", "1 2 3"] {
        assert!(parse([TITLE, "2\n", bad].concat().as_bytes()).is_err(), "{bad}");
    }
    let title = [TITLE, "1\n"].concat();
    assert_eq!(parse(title.as_bytes()), Ok(State::default()));
    for bad in [
        "\n",
        "1 2 3\n",
        "1 2 3 4 5 0\ta\n",
        "1 2 3 4 5 0 6\ta\tb\n",
        "x",
        "1 2 3 70000 5 0\ta\tb\n",
        "beside\n",
        "beside\ta\t\n",
        "beside\ta\t1 -2\n",
        "beside\ta\t4294967296\n",
        "beside\ta\t1\tb\n",
    ] {
        assert!(parse([&title, bad].concat().as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_damaged_file_may_be_replaced_and_a_foreign_one_may_not() {
    let path = std::env::temp_dir().join(format!("sysmetrics-offsets-{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let mut file = Slots::new(path.clone());
    assert_eq!(read(&mut file).unwrap(), State::default());
    file.write(&text(&places())).unwrap();
    assert_eq!(read(&mut file).unwrap().places, places());
    let mut directory = Slots::new(std::env::temp_dir());
    assert!(read(&mut directory).is_err(), "a directory");
    for (text, kind) in [
        ("", io::ErrorKind::InvalidData),
        ("\0\0", io::ErrorKind::InvalidData),
        (TITLE, io::ErrorKind::InvalidData),
        ("root:x:0:0", io::ErrorKind::Other),
    ] {
        fs::write(&path, text).unwrap();
        assert_eq!(read(&mut file).unwrap_err().kind(), kind, "{text:?}");
    }
    file.write(b"sysmetrics log offsets 3\n").unwrap();
    assert_eq!(read(&mut file).unwrap_err().kind(), io::ErrorKind::Other, "a later version");
    fs::remove_file(&path).unwrap();
}
