//! How far files were read, kept over a restart in a text file:
//!
//! ```text
//! sysmetrics log offsets 1
//! OFFSET DEVICE INODE HEAD_BYTES HEAD_CRC RUNS_ON <tab> SETTING <tab> FILE
//! …
//! end CRC
//! ```
//!
//! A line is one file; the last has the CRC-32 of all before it. `RUNS_ON` is 1 where the offset lies
//! within a line that was cut. Tabs, newlines and backslashes in paths are `\t`, `\n` and `\\`.
//!
//! The file is written beside and renamed, so that it is whole whenever the program is killed. It is not
//! synced: that can take seconds on slow flash, and the serving thread must not wait for it. After a power
//! failure it may be an old one, or damaged, which its last line tells.

use crate::base::{state, sys};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use crate::base::state::{closing, replace as write};

/// The first line; the number is that of the format.
const TITLE: &str = "sysmetrics log offsets 1\n";

/// Bytes of the file.
const MAX_BYTES: u64 = 4 << 20;

/// What a file is known by besides where it lies: its first bytes, as many as there were, at most 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// How many bytes.
    pub bytes: u16,
    /// Their CRC-32.
    pub crc: u32,
}

/// How far one file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where the first line begins that was not counted yet.
    pub offset: u64,
    /// The device it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// How it begins.
    pub head: Head,
    /// The offset lies within a line that was cut.
    pub skips: bool,
    /// The path in the settings.
    pub setting: String,
    /// Where it was last.
    pub path: PathBuf,
}

/// Reads a file of places; none if there is no such file.
///
/// # Errors
///
/// It cannot be read, or is no such file, or is damaged (`InvalidData`): then it may be replaced, what
/// is somebody else's may not.
pub fn read(path: &Path) -> io::Result<Vec<Place>> {
    let mut text = Vec::new();
    match sys::open_private(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => sys::read_rest(&file?, MAX_BYTES + 1, &mut text)?,
    }
    // What a power failure leaves.
    let is_lost = text.iter().all(|byte| *byte == 0);
    let is_ours = is_lost || text.starts_with(TITLE.as_bytes());
    let kind = if is_ours { io::ErrorKind::InvalidData } else { io::ErrorKind::Other };
    parse(&text).map_err(|what| io::Error::new(kind, what))
}

/// Reads the text of a file of places.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(text: &[u8]) -> Result<Vec<Place>, &'static str> {
    if text.len() as u64 > MAX_BYTES {
        return Err("it is too large for a file of log offsets");
    }
    if !text.starts_with(TITLE.as_bytes()) {
        return Err("it is no file of log offsets, or of another version");
    }
    let body = state::body(text).ok_or("it is damaged, its check sum is another")?;
    let mut places = Vec::new();
    for line in body.get(TITLE.len()..).unwrap_or_default().split_inclusive(|b| *b == b'\n') {
        places.push(place(line).ok_or("a line of it is no place in a file")?);
    }
    Ok(places)
}

/// The text of a file of places.
pub fn render(places: &[&Place]) -> Vec<u8> {
    let mut text = TITLE.as_bytes().to_vec();
    for place in places {
        let numbers = [
            place.offset,
            place.device,
            place.inode,
            place.head.bytes.into(),
            place.head.crc.into(),
            place.skips.into(),
        ];
        for (at, number) in numbers.iter().enumerate() {
            if at > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(number.to_string().as_bytes());
        }
        for path in [place.setting.as_bytes(), place.path.as_os_str().as_bytes()] {
            text.push(b'\t');
            escape(path, &mut text);
        }
        text.push(b'\n');
    }
    let end = closing(&text);
    text.extend_from_slice(&end);
    text
}

fn place(line: &[u8]) -> Option<Place> {
    let mut fields = line.strip_suffix(b"\n")?.split(|byte| *byte == b'\t');
    let mut numbers = std::str::from_utf8(fields.next()?).ok()?.split(' ');
    let mut number = || numbers.next()?.parse::<u64>().ok();
    let place = Place {
        offset: number()?,
        device: number()?,
        inode: number()?,
        head: Head { bytes: number()?.try_into().ok()?, crc: number()?.try_into().ok()? },
        skips: number()? != 0,
        setting: String::from_utf8(unescaped(fields.next()?)?).ok()?,
        path: OsStr::from_bytes(&unescaped(fields.next()?)?).into(),
    };
    let is_whole = number().is_none() && fields.next().is_none();
    is_whole.then_some(place)
}

fn escape(path: &[u8], out: &mut Vec<u8>) {
    for byte in path {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => out.push(*byte),
        }
    }
}

fn unescaped(field: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = field.iter();
    let mut out = Vec::with_capacity(field.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b't' => b'\t',
                b'n' => b'\n',
                b'\\' => b'\\',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn what_is_written_is_read() {
        for places in [Vec::new(), places()] {
            assert_eq!(parse(&render(&places.iter().collect::<Vec<_>>())), Ok(places));
        }
    }

    #[test]
    fn no_damage_goes_unnoticed() {
        let text = render(&places().iter().collect::<Vec<_>>());
        for at in 0..text.len() {
            assert!(parse(&text[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut bad = text.clone();
                bad[at] ^= 1 << bit;
                assert!(parse(&bad).is_err(), "bit {bit} of {at}");
            }
        }
        assert!(parse(&[&text[..], b"\n"].concat()).is_err());
        let sealed = |body: &str| {
            let body = [TITLE, body].concat();
            [body.as_bytes(), &closing(body.as_bytes())].concat()
        };
        assert_eq!(parse(&sealed("")), Ok(Vec::new()));
        for bad in [
            "\n",
            "1 2 3\n",
            "1 2 3 4 5 0\ta\n",
            "1 2 3 4 5 0 6\ta\tb\n",
            "x",
            "1 2 3 70000 5 0\ta\tb\n",
        ] {
            assert!(parse(&sealed(bad)).is_err(), "{bad}");
        }
        assert!(parse(&vec![b' '; 5 << 20]).is_err());
    }

    #[test]
    fn a_file_is_private_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = std::env::temp_dir().join(format!("sysmetrics-own-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let path = dir.join("state");
        write(&path, &render(&places().iter().collect::<Vec<_>>())).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&path)), (0o700, 0o600));
        let other = dir.join("other");
        fs::rename(&path, &other).unwrap();
        symlink(&other, &path).unwrap();
        assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        symlink(&other, dir.join("state.new")).unwrap();
        assert!(write(&path, b"lost").is_err());
        assert_eq!(read(&other).unwrap(), places());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_file_is_there_whole_or_as_before() {
        let path = std::env::temp_dir().join(format!("sysmetrics-state-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        assert_eq!(read(&path).unwrap(), []);
        write(&path, &render(&places().iter().collect::<Vec<_>>())).unwrap();
        assert_eq!(read(&path).unwrap(), places());
        assert!(write(&path.join("below"), b"").is_err());
        fs::remove_file(&path).unwrap();
        assert!(read(&std::env::temp_dir()).is_err(), "a directory");
        for (text, kind) in [
            ("", io::ErrorKind::InvalidData),
            ("\0\0", io::ErrorKind::InvalidData),
            (TITLE, io::ErrorKind::InvalidData),
            ("root:x:0:0", io::ErrorKind::Other),
        ] {
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap_err().kind(), kind, "{text:?}");
        }
        fs::remove_file(&path).unwrap();
    }
}
