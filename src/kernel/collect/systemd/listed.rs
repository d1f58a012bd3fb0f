//! The answer to `ListUnits`.

use crate::kernel::read::dbus::Values;

/// The types of the answer.
pub const UNITS: &[u8] = b"a(ssssssouso)";

/// Bytes of a unit's path, in which a byte of its name may take three.
const MAX_PATH: usize = 1 << 10;

/// A unit in `ListUnits`.
pub struct Listed<'a> {
    pub name: &'a [u8],
    pub load: &'a [u8],
    pub state: &'a [u8],
    pub path: &'a [u8],
}

impl<'a> Listed<'a> {
    /// Parses `(ssssssouso)`: name, description, whether it is loaded, state, substate, the unit it follows, path,
    /// and the number, type and path of a job.
    pub fn read(list: &mut Values<'a>) -> Option<Listed<'a>> {
        list.align(8);
        let (name, _, load) = (list.text()?, list.text()?, list.text()?);
        let (state, _, _) = (list.text()?, list.text()?, list.text()?);
        let path = list.path().filter(|path| path.len() <= MAX_PATH)?;
        let _ = (list.uint32()?, list.text()?, list.text()?);
        Some(Listed { name, load, state, path })
    }
}
