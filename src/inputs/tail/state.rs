//! How far files were read, kept over a restart in a file of slots (`base/state`):
//!
//! ```text
//! sysmetrics log offsets 1
//! OFFSET DEVICE INODE HEAD_BYTES HEAD_CRC RUNS_ON <tab> SETTING <tab> FILE
//! …
//! ```
//!
//! A line describes one file. `RUNS_ON` is 1 where the offset lies within a line that was cut. Tabs, newlines and
//! backslashes in paths are `\t`, `\n` and `\\`.

use crate::base::state::{Found, Slots};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The first line; the number is that of the format.
const TITLE: &str = "sysmetrics log offsets 1\n";

/// Bytes of a slot.
const MAX_BYTES: u64 = 4 << 20;

/// What identifies a file besides its path: its first bytes, as many as there are, at most 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The number of bytes.
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
    /// Its inode number there.
    pub inode: u64,
    /// How it begins.
    pub head: Head,
    /// The offset lies within a line that was cut.
    pub skips: bool,
    /// The path in the settings.
    pub setting: String,
    /// Where the file was last found.
    pub path: PathBuf,
}

/// Reads a file of places; returns an empty list if there is no such file.
///
/// # Errors
///
/// The file cannot be read, or has another format, or is damaged (`InvalidData`): then it may be replaced; a file
/// of another program must not be.
pub fn read(file: &mut Slots) -> io::Result<Vec<Place>> {
    let (kind, what) = match file.read(TITLE.as_bytes(), MAX_BYTES)? {
        Found::Nothing => return Ok(Vec::new()),
        Found::Body(body) => match parse(&body) {
            Ok(places) => return Ok(places),
            Err(what) => (io::ErrorKind::InvalidData, what),
        },
        Found::Lost => (io::ErrorKind::InvalidData, "it is damaged, its check sum is another"),
        Found::Foreign(_) => {
            (io::ErrorKind::Other, "it is no file of log offsets, or of another version")
        }
    };
    Err(io::Error::new(kind, what))
}

/// Reads the text of a file of places.
///
/// # Errors
///
/// The text is not valid; the error says what is wrong.
pub fn parse(text: &[u8]) -> Result<Vec<Place>, &'static str> {
    let lines = text.strip_prefix(TITLE.as_bytes()).ok_or("it has no title")?;
    let mut places = Vec::new();
    for line in lines.split_inclusive(|b| *b == b'\n') {
        places.push(place(line).ok_or("a line of it is no place in a file")?);
    }
    Ok(places)
}

/// Formats the text of a file of places.
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
    fn what_is_no_place_is_refused() {
        let text = render(&places().iter().collect::<Vec<_>>());
        let ends = |at: usize| text[..at].ends_with(b"\n");
        for at in (0..text.len()).filter(|at| !ends(*at)) {
            assert!(parse(&text[..at]).is_err(), "cut at {at}");
        }
        assert_eq!(parse(TITLE.as_bytes()), Ok(Vec::new()));
        for bad in [
            "\n",
            "1 2 3\n",
            "1 2 3 4 5 0\ta\n",
            "1 2 3 4 5 0 6\ta\tb\n",
            "x",
            "1 2 3 70000 5 0\ta\tb\n",
        ] {
            assert!(parse([TITLE, bad].concat().as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_that_may_be_replaced_is_told_from_one_that_may_not() {
        let path = std::env::temp_dir().join(format!("sysmetrics-offsets-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        let mut file = Slots::new(path.clone());
        assert_eq!(read(&mut file).unwrap(), []);
        file.write(&render(&places().iter().collect::<Vec<_>>())).unwrap();
        assert_eq!(read(&mut file).unwrap(), places());
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
        fs::remove_file(&path).unwrap();
    }
}
