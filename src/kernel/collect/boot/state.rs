//! How often the machine was started, kept over its starts in a file of slots (`base/state`):
//!
//! ```text
//! sysmetrics boots 1
//! BOOT_ID BOOTS UNCLEAN BEFORE NOW
//! ```
//!
//! `BEFORE` is how the run before this one ended, `clean`, `unclean` or `unknown`; `NOW` is `running`, or
//! `ended` once the agent ended in an orderly way. A run with another id that is still `running` ended
//! unclean: that is the marker.

use crate::base::error::{Error, KeptError};
use crate::base::state::{self, Found, Slots};
use crate::base::sys;
use crate::kernel::read::scan;
use std::path::PathBuf;

/// The first line; the number is that of the format.
const TITLE: &[u8] = b"sysmetrics boots 1\n";

/// Bytes of a slot; some 120 are used.
const MAX_BYTES: u64 = 4096;

/// Bytes of the stack of the thread that writes it to the disk.
const STACK: usize = 64 << 10;

const ENDS: [&str; 3] = ["clean", "unclean", "unknown"];
const RUNS: [&str; 2] = ["running", "ended"];

/// The identity of this boot, as `/proc/sys/kernel/random/boot_id` writes it.
pub type BootId = [u8; 36];

/// Parses an id; `None` if the text is not one.
pub fn boot_id(text: &[u8]) -> Option<BootId> {
    let id: BootId = text.trim_ascii_end().try_into().ok()?;
    let is_id = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    id.iter().enumerate().all(is_id).then_some(id)
}

/// The counts of starts of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boots {
    id: BootId,
    /// The number of starts.
    pub count: u64,
    /// The number of starts after a run that ended unclean.
    pub unclean: u64,
    /// Whether the run before this one ended unclean; `None` if that is not known.
    pub was_unclean: Option<bool>,
    has_ended: bool,
}

impl Boots {
    /// The counts when the agent begins in the boot `id`; `known` was kept.
    pub fn begin(known: Option<Boots>, id: BootId) -> Boots {
        match known {
            // The same boot: only the agent was started again.
            Some(same) if same.id == id => Boots { has_ended: false, ..same },
            Some(before) => Boots {
                id,
                count: before.count.saturating_add(1),
                unclean: before.unclean.saturating_add((!before.has_ended).into()),
                was_unclean: Some(!before.has_ended),
                has_ended: false,
            },
            None => Boots { id, count: 1, unclean: 0, was_unclean: None, has_ended: false },
        }
    }

    /// The text of the file.
    pub fn render(&self) -> Vec<u8> {
        let before = self.was_unclean.map_or("unknown", |is| if is { "unclean" } else { "clean" });
        let now = if self.has_ended { "ended" } else { "running" };
        let (count, unclean) = (self.count.to_string(), self.unclean.to_string());
        let line = [scan::text(&self.id), &count, &unclean, before, now].join(" ");
        [TITLE, line.as_bytes(), b"\n"].concat()
    }

    /// Reads the text of the file; `None` if it is damaged.
    pub fn parse(text: &[u8]) -> Option<Boots> {
        let line = text.strip_prefix(TITLE)?.strip_suffix(b"\n")?;
        let mut fields = scan::fields(line);
        let id = boot_id(fields.next()?)?;
        let (count, unclean) = (fields.uint()??, fields.uint()??);
        let mut word = |words: &[&str]| {
            let field = scan::text(fields.next()?);
            words.iter().position(|word| *word == field)
        };
        let (before, now) = (word(&ENDS)?, word(&RUNS)?);
        let was_unclean = (before < 2).then_some(before == 1);
        let boots = Boots { id, count, unclean, was_unclean, has_ended: now == 1 };
        fields.next().is_none().then_some(boots)
    }
}

/// Reads and writes the file.
#[derive(Default)]
pub struct Keeper {
    /// Without a path nothing is written.
    file: Slots,
    is_default: bool,
    boots: Option<Boots>,
    /// Whether the collector serves more than one scrape.
    is_serving: bool,
    is_to_write: bool,
    /// Why the file cannot be written.
    pub unkept: Option<KeptError>,
}

impl Keeper {
    /// A keeper that has read nothing yet. The default file (`is_default`) is not used where this process may not
    /// write it.
    pub fn new(path: PathBuf, is_default: bool) -> Keeper {
        Keeper { file: Slots::new(path), is_default, ..Keeper::default() }
    }

    /// Whether there is a file.
    pub fn is_on(&self) -> bool {
        !self.file.path().as_os_str().is_empty()
    }

    /// Notes that the file has to record that this boot is running.
    pub fn serve(&mut self) {
        (self.is_serving, self.is_to_write) = (true, true);
    }

    /// The counts, if there is nothing to read or to write.
    pub fn known(&self) -> Option<Boots> {
        self.boots.filter(|_| !(self.is_serving && self.is_to_write))
    }

    /// The counts in the boot `id`. A single scrape reads the file and does not write it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, belongs to another program, or cannot be written.
    pub fn counts_in(&mut self, id: BootId) -> Result<Boots, Error> {
        let result = self.read_and_write(id);
        if let Err(Error::Read(detail, libc::EACCES | libc::EPERM | libc::EROFS)) = result
            && self.is_default
        {
            // The agent is run by hand, as an unprivileged user, or nothing may be written here.
            *self = Keeper::default();
            return Err(Error::Absent(detail));
        }
        self.unkept = result.as_ref().err().map(Error::keep);
        result
    }

    fn read_and_write(&mut self, id: BootId) -> Result<Boots, Error> {
        let boots = match self.boots {
            Some(boots) => boots,
            None => Boots::begin(self.read()?, id),
        };
        self.boots = Some(boots);
        if self.is_serving && self.is_to_write {
            self.write(boots)?;
        }
        Ok(boots)
    }

    /// Records that the agent ends in an orderly way, as it does when the machine is shut down.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.boots.filter(|_| self.is_serving) {
            Some(boots) => self.write(Boots { has_ended: true, ..boots }),
            None => Ok(()),
        }
    }

    /// Forces the file to the disk, on a thread that ends with it: a box with a weak supply may not run
    /// for long.
    pub fn sync(&self) {
        let path = self.file.path().to_owned();
        let work = move || drop(state::sync(&path));
        // If no thread can be started the kernel does it later.
        drop(sys::spawn_thread("boot", STACK, Box::new(work)));
    }

    fn write(&mut self, boots: Boots) -> Result<(), Error> {
        let done = self.file.write(&boots.render());
        done.map_err(|error| state::failed(self.file.path(), &error))?;
        self.is_to_write = false;
        Ok(())
    }

    /// The kept counts; `None` if there is no file, or if it is damaged as by a power failure.
    fn read(&mut self) -> Result<Option<Boots>, Error> {
        let found = self.file.read(TITLE, MAX_BYTES);
        match found.map_err(|error| state::failed(self.file.path(), &error))? {
            Found::Nothing | Found::Lost => Ok(None),
            Found::Foreign(text) => Err(state::foreign(self.file.path(), "a file of boots", &text)),
            Found::Body(body) => Ok(Boots::parse(&body)),
        }
    }
}
