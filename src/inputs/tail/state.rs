//! How far files were read, kept over a restart in a file of slots (`base/state`):
//!
//! ```text
//! sysmetrics log offsets 2
//! NUMBER DEVICE INODE
//! OFFSET DEVICE INODE HEAD_BYTES HEAD_CRC RUNS_ON <tab> SETTING <tab> FILE
//! …
//! beside <tab> SETTING <tab> ID ID …
//! …
//! ```
//!
//! `NUMBER` counts the writes of the file and of its copy in memory together, so that it shows which is newer
//! whatever the clock was set to; the device and the inode behind it are those of the directory of the file, so
//! that a copy of another file is recognized. Format 1 lacks this line, and is read.
//!
//! A line is one log. `RUNS_ON` is 1 where the offset lies within a line that was cut. Tabs, newlines and
//! backslashes in paths are `\t`, `\n` and `\\`.
//!
//! `beside` lists the files beside the logs of a setting that were not to be read (`Passed::id`). What is there at
//! the next start and not in the list was left by a rotation since, whatever the clock was set to.

use crate::base::state::{Found, Slots};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// How the first line begins; the number of the format is behind it.
const TITLE: &str = "sysmetrics log offsets ";

/// The formats that are read; the last is written.
const FORMATS: [&str; 2] = ["1\n", "2\n"];

/// Precedes the files beside logs.
const BESIDE: &[u8] = b"beside\t";

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

/// Which write it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The file and its copy count together.
    pub number: u64,
    /// Device and inode of the directory of the file; 0 if it is not there.
    pub directory: (u64, u64),
}

/// The files beside the logs of one setting that were not to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBeside {
    /// The path in the settings.
    pub setting: String,
    /// One for each file.
    pub ids: Vec<u32>,
}

/// The content of a file or its copy.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Format 1 lacks it.
    pub written: Option<Written>,
    pub places: Vec<Place>,
    pub beside: Vec<KnownBeside>,
}

/// Reads a file of places; none if there is no such file.
///
/// # Errors
///
/// It cannot be read, or is no such file, or is damaged (`InvalidData`): then it may be replaced, what
/// belongs to another program may not.
pub fn read(file: &mut Slots) -> io::Result<State> {
    let (kind, what) = match file.read(TITLE.as_bytes(), MAX_BYTES)? {
        Found::Nothing => return Ok(State::default()),
        Found::Body(body) if lines_of(&body).is_some() => match parse(&body) {
            Ok(state) => return Ok(state),
            Err(what) => (io::ErrorKind::InvalidData, what),
        },
        Found::Lost => (io::ErrorKind::InvalidData, "it is damaged, its check sum is another"),
        Found::Body(_) | Found::Foreign(_) => {
            (io::ErrorKind::Other, "it is no file of log offsets, or of another version")
        }
    };
    Err(io::Error::new(kind, what))
}

/// The number of the format, from 0, and what comes behind the title.
fn lines_of(text: &[u8]) -> Option<(usize, &[u8])> {
    let text = text.strip_prefix(TITLE.as_bytes())?;
    let mut formats = FORMATS.iter().enumerate();
    formats.find_map(|(at, format)| Some((at, text.strip_prefix(format.as_bytes())?)))
}

/// Reads the text of a file of places.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(text: &[u8]) -> Result<State, &'static str> {
    let (format, lines) = lines_of(text).ok_or("it has no title")?;
    let mut lines = lines.split_inclusive(|b| *b == b'\n');
    let mut state = State::default();
    if format > 0 {
        let line = lines.next().and_then(written);
        state.written = Some(line.ok_or("its second line does not say which write it was")?);
    }
    for line in lines {
        match line.strip_prefix(BESIDE) {
            Some(line) => {
                state.beside.push(beside(line).ok_or("a line of it is no list of files")?)
            }
            None => state.places.push(place(line).ok_or("a line of it is no place in a file")?),
        }
    }
    Ok(state)
}

/// The text of a file of places.
pub fn render(written: Written, places: &[&Place], beside: &[KnownBeside]) -> Vec<u8> {
    let Written { number, directory: (device, inode) } = written;
    let [_, format] = FORMATS;
    let mut text = format!("{TITLE}{format}{number} {device} {inode}\n").into_bytes();
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
    for KnownBeside { setting, ids } in beside {
        text.extend_from_slice(BESIDE);
        escape(setting.as_bytes(), &mut text);
        for (at, id) in ids.iter().enumerate() {
            text.push(if at > 0 { b' ' } else { b'\t' });
            text.extend_from_slice(id.to_string().as_bytes());
        }
        text.push(b'\n');
    }
    text
}

fn written(line: &[u8]) -> Option<Written> {
    let mut numbers = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?.split(' ');
    let mut number = || numbers.next()?.parse::<u64>().ok();
    let written = Written { number: number()?, directory: (number()?, number()?) };
    numbers.next().is_none().then_some(written)
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

fn beside(line: &[u8]) -> Option<KnownBeside> {
    let mut fields = line.strip_suffix(b"\n")?.split(|byte| *byte == b'\t');
    let setting = String::from_utf8(unescaped(fields.next()?)?).ok()?;
    let mut ids = Vec::new();
    if let Some(field) = fields.next() {
        for id in std::str::from_utf8(field).ok()?.split(' ') {
            ids.push(id.parse().ok()?);
        }
    }
    fields.next().is_none().then_some(KnownBeside { setting, ids })
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
mod tests;
