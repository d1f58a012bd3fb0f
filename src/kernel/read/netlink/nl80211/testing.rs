//! Stored answers in place of the kernel's, for tests.

use super::super::stream::Query;
use crate::base::error::Error;

/// Answers to a command about an interface, 0 for all interfaces; or an errno.
pub type Answers = Vec<(u8, u32, Result<Vec<u8>, i32>)>;

/// The stored answer for a command about an interface; EOPNOTSUPP without one, as from a driver that lacks it.
pub fn answer(
    stored: &Answers,
    (command, interface): (u8, Option<u32>),
    query: &Query,
    each: &mut dyn FnMut(&[u8]),
) -> Result<(), Error> {
    let wanted = (command, interface.unwrap_or_default());
    let found = stored.iter().find(|(command, index, _)| (*command, *index) == wanted);
    let answer = found.map_or(Err(libc::EOPNOTSUPP), |(_, _, answer)| answer.clone());
    query.stored(&answer.map_err(|errno| Error::Read(query.path.into(), errno))?, each)
}
