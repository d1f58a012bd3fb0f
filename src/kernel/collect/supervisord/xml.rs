//! Parses supervisord's answer to `getAllProcessInfo`: XML-RPC (xmlrpc.com/spec), an array of structures whose
//! members are integers and texts. Other parts of XML are not supported: attributes, CDATA, document types.

use crate::base::error::{Error, KeptError, Place};
use crate::base::sys;
use crate::kernel::read::scan;
use std::ops::Range;

/// The most processes.
const MAX_PROCESSES: usize = 4096;

/// Bytes of a name.
const MAX_NAME: usize = 255;

/// Bytes of one text, such as a path.
const MAX_TEXT: usize = 64 << 10;

const PLACE: &str = "supervisord";

const ENTITIES: [(&str, char); 5] =
    [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];

/// A process; `None` for values that are missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Process {
    name: Range<usize>,
    group: Range<usize>,
    pub state: Option<i64>,
    pub exit_status: Option<i64>,
    pub start: Option<i64>,
}

/// All processes of an answer.
#[derive(Default)]
pub struct Processes {
    names: Vec<u8>,
    /// Sorted by group and name.
    pub all: Vec<Process>,
    /// An error that affected single processes or values, the last one.
    pub error: Option<KeptError>,
    /// The text before the current tag.
    text: Vec<u8>,
}

/// A member whose value is used.
#[derive(Clone, Copy)]
enum Member {
    Name,
    Group,
    State,
    ExitStatus,
    Start,
    Fault,
}

fn member(name: &[u8]) -> Option<Member> {
    Some(match scan::text(name) {
        "name" => Member::Name,
        "group" => Member::Group,
        "state" => Member::State,
        "exitstatus" => Member::ExitStatus,
        "start" => Member::Start,
        "faultString" => Member::Fault,
        _ => return None,
    })
}

impl Processes {
    pub fn name(&self, process: &Process) -> &[u8] {
        self.names.get(process.name.clone()).unwrap_or_default()
    }

    pub fn group(&self, process: &Process) -> &[u8] {
        self.names.get(process.group.clone()).unwrap_or_default()
    }

    /// Parses an answer and replaces the last one.
    pub fn read(&mut self, answer: &[u8]) -> Result<(), Error> {
        self.names.clear();
        self.all.clear();
        self.error = None;
        let (mut rest, mut is_over) = (answer, false);
        // The current structure, and its member whose value comes next.
        let (mut current, mut next): (Option<Process>, _) = (None, None);
        while let Some(tag) = self.tag(&mut rest)? {
            match scan::text(tag) {
                "struct" if current.is_some() => {
                    return Err(Error::parse(PLACE, "no structure in another", tag));
                }
                "struct" => current = Some(Process::default()),
                "/struct" => self.add(current.take())?,
                "/name" => next = member(&self.text),
                // A value without a type is a text. One with a type was stored before its end.
                "/string" | "/int" | "/i4" | "/value" => {
                    if let (Some(member), Some(process)) = (next.take(), &mut current) {
                        self.take(process, member, tag != b"/int" && tag != b"/i4")?;
                    }
                }
                "/methodResponse" => is_over = true,
                _ => {}
            }
        }
        if !is_over {
            return Err(Error::parse(PLACE, "a whole methodResponse", answer));
        }
        self.sort();
        Ok(())
    }

    /// Returns the next tag without brackets, with the text before it in `text`; `None` at the end.
    fn tag<'a>(&mut self, rest: &mut &'a [u8]) -> Result<Option<&'a [u8]>, Error> {
        self.text.clear();
        loop {
            let Some(open) = rest.iter().position(|byte| *byte == b'<') else { return Ok(None) };
            let (text, after) = rest.split_at(open);
            let Some(close) = after.iter().position(|byte| *byte == b'>') else {
                return Err(Error::parse(PLACE, "a whole tag", after));
            };
            if self.text.len() + text.len() > MAX_TEXT {
                return Err(Error::too_large(PLACE, MAX_TEXT));
            }
            unescape(text, &mut self.text);
            let tag = after.get(1..close).unwrap_or_default();
            *rest = after.get(close + 1..).unwrap_or_default();
            // `<?xml …?>`, and comments without `>`.
            if !tag.starts_with(b"?") && !tag.starts_with(b"!--") {
                return Ok(Some(tag.trim_ascii()));
            }
        }
    }

    /// Stores the value in `text`.
    fn take(&mut self, process: &mut Process, member: Member, is_text: bool) -> Result<(), Error> {
        let name = |text: &[u8], names: &mut Vec<u8>| {
            let start = names.len();
            names.extend_from_slice(text.get(..MAX_NAME).unwrap_or(text));
            start..names.len()
        };
        let number = match scan::int(&self.text) {
            Some(number) if !is_text => Some(number),
            _ => None,
        };
        match member {
            Member::Name => process.name = name(&self.text, &mut self.names),
            Member::Group => process.group = name(&self.text, &mut self.names),
            Member::State => process.state = number,
            Member::ExitStatus => process.exit_status = number,
            Member::Start => process.start = number,
            Member::Fault => {
                return Err(Error::parse(PLACE, "information about processes", &self.text));
            }
        }
        let is_number = matches!(member, Member::State | Member::ExitStatus | Member::Start);
        if is_number && number.is_none() {
            let place = Place::below(PLACE, self.name(process));
            self.error = Some(Error::parse(place, "an integer", &self.text).keep());
        }
        Ok(())
    }

    fn add(&mut self, process: Option<Process>) -> Result<(), Error> {
        if self.all.len() >= MAX_PROCESSES {
            return Err(Error::parse(PLACE, "at most 4096 processes", b"more"));
        }
        match process {
            Some(process) if !process.name.is_empty() => self.all.push(process),
            _ => self.error = Some(Error::parse(PLACE, "processes with names", b"").keep()),
        }
        Ok(())
    }

    /// Sorts the processes; of two with one name the second is dropped.
    fn sort(&mut self) {
        let Processes { names, all, error, .. } = self;
        let key = |process: &Process| {
            let text = |span: &Range<usize>| names.get(span.clone()).unwrap_or_default();
            (text(&process.group), text(&process.name))
        };
        sys::sort(all, |a, b| (key(a), a.name.start).cmp(&(key(b), b.name.start)));
        let count = all.len();
        all.dedup_by(|a, b| key(a) == key(b));
        if all.len() < count {
            *error = Some(Error::parse(PLACE, "each process once", b"one twice").keep());
        }
    }
}

/// Resolves the entities of XML; an unknown one stays as it is.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut parts = text.split(|byte| *byte == b'&');
    out.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.iter().position(|byte| *byte == b';');
        let known = end.and_then(|end| Some((entity(part.get(..end)?)?, part.get(end + 1..)?)));
        match known {
            Some((character, rest)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                out.extend_from_slice(rest);
            }
            None => {
                out.push(b'&');
                out.extend_from_slice(part);
            }
        }
    }
}

fn entity(name: &[u8]) -> Option<char> {
    let number = match name {
        [b'#', b'x', digits @ ..] => scan::hex(digits)?,
        [b'#', digits @ ..] => scan::uint(digits)?,
        _ => {
            let (_, known) = ENTITIES.iter().find(|(known, _)| known.as_bytes() == name)?;
            return Some(*known);
        }
    };
    char::from_u32(u32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests;
