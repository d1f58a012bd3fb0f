//! The text of `/proc/mdstat`. An array has a line that begins with its name, and indented lines below:
//!
//! ```text
//! md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]
//!       195310144 blocks [2/1] [U_]
//!       [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec
//! ```

use crate::kernel::read::scan;

/// The state of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In use, or ready to be.
    Active,
    /// Without a personality: it cannot be used.
    Inactive,
    /// Data is written to a disk that replaces another.
    Recovering,
    /// Copies are made equal.
    Resync,
    /// Copies are compared.
    Check,
    /// Disks are added, or the level is changed; or the word is not known.
    Other,
}

/// The values of one array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its state.
    pub state: State,
    /// Disks that work as such, that failed, and that wait to replace another.
    pub active: u64,
    pub failed: u64,
    pub spare: u64,
    /// Disks that the array is made for; 0 for one that is inactive.
    pub required: u64,
    /// Its size in units of 1024 bytes.
    pub blocks: u64,
    /// How much of it is in sync; `None` where the text does not have it.
    pub synced: Option<u64>,
}

/// The arrays of a text, in its order; for one that cannot be parsed the first line.
pub fn arrays(text: &[u8]) -> impl Iterator<Item = Result<Array<'_>, &[u8]>> {
    let mut lines = scan::lines(text).peekable();
    std::iter::from_fn(move || {
        let head = lines.find(|line| is_head(line))?;
        let status = lines.next_if(|line| is_detail(line)).unwrap_or_default();
        let mut progress = None;
        while let Some(detail) = lines.next_if(|line| is_detail(line)) {
            progress = progress.or_else(|| Progress::of(detail));
        }
        Some(array(head, status, progress).ok_or(head))
    })
}

fn is_detail(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}

fn is_head(line: &[u8]) -> bool {
    let others: [&[u8]; 2] = [b"Personalities", b"unused"];
    !line.is_empty() && !is_detail(line) && !others.iter().any(|word| line.starts_with(word))
}

fn array<'a>(head: &'a [u8], status: &[u8], progress: Option<Progress>) -> Option<Array<'a>> {
    let mut fields = scan::fields(head);
    let (name, _colon, word) = (fields.next()?, fields.next()?, fields.next()?);
    let blocks = scan::fields(status).next().and_then(scan::uint)?;
    let (required, active) = disks(head, status)?;
    let state = match scan::text(word) {
        "active" => State::Active,
        "inactive" => State::Inactive,
        _ => State::Other,
    };
    Some(Array {
        name,
        state: progress.map_or(state, |progress| progress.state),
        active,
        failed: count(head, b"(F)"),
        spare: count(head, b"(S)"),
        required,
        blocks,
        synced: progress.map_or(Some(blocks), |progress| progress.synced),
    })
}

/// The disks that an array is made for, and those of them that work. An array without copies works with
/// all its disks or not at all, and shows how many only by naming them.
fn disks(head: &[u8], status: &[u8]) -> Option<(u64, u64)> {
    if ["raid0", "linear"].iter().any(|level| count(head, level.as_bytes()) > 0) {
        let named = count(head, b"[");
        return Some((named, named));
    }
    if count(head, b"inactive") > 0 {
        return Some((0, 0));
    }
    scan::fields(status).find_map(|field| {
        let inner = field.strip_prefix(b"[")?.strip_suffix(b"]")?;
        let (required, active) = pair(inner)?;
        Some((required, active))
    })
}

/// A line about work on the whole array.
#[derive(Clone, Copy)]
struct Progress {
    state: State,
    synced: Option<u64>,
}

impl Progress {
    fn of(line: &[u8]) -> Option<Progress> {
        const WORDS: [(&[u8], State); 4] = [
            // `recovery =  8.5%` and, where another node of a cluster does it, `recover=REMOTE`.
            (b"recover", State::Recovering),
            (b"reshape", State::Other),
            (b"check", State::Check),
            (b"resync", State::Resync),
        ];
        let (_, state) = WORDS.into_iter().find(|(word, _)| count(line, word) > 0)?;
        // `resync=DELAYED`: another array on the same disks comes first.
        let waits = [&b"DELAYED"[..], b"PENDING"].iter().any(|word| count(line, word) > 0);
        let done = scan::fields(line).find_map(|field| {
            let (done, _all) = pair(field.strip_prefix(b"(")?.strip_suffix(b")")?)?;
            Some(done)
        });
        Some(Progress { state, synced: if waits { Some(0) } else { done } })
    }
}

/// The two numbers of `16775552/195310144`.
fn pair(text: &[u8]) -> Option<(u64, u64)> {
    let (one, other) = text.split_at(memchr::memchr(b'/', text)?);
    Some((scan::uint(one)?, scan::uint(other.get(1..)?)?))
}

/// How often `word` occurs in a line.
fn count(line: &[u8], word: &[u8]) -> u64 {
    line.windows(word.len()).filter(|part| *part == word).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Option<Array<'_>> {
        arrays(text.as_bytes()).next().and_then(Result::ok)
    }

    #[test]
    fn reads_an_array_that_is_repaired() {
        let text = "Personalities : [raid1]\nmd6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]\n      \
                    195310144 blocks [2/1] [U_]\n      [=>....]  recovery =  8.5% (16775552/195310144) \
                    finish=17.0min speed=259783K/sec\n      bitmap: 0/30 pages [0KB], 65536KB chunk\n\n";
        let expected = Array {
            name: b"md6",
            state: State::Recovering,
            active: 1,
            failed: 1,
            spare: 1,
            required: 2,
            blocks: 195310144,
            synced: Some(16775552),
        };
        assert_eq!(arrays(text.as_bytes()).collect::<Vec<_>>(), [Ok(expected)]);
    }

    #[test]
    fn states_and_how_far_they_got() {
        let head =
            "md9 : active (auto-read-only) raid1 sdc2[1] sdd2[0]\n      523968 blocks [2/2] [UU]\n";
        for (line, state, synced) in [
            ("", State::Active, Some(523968)),
            ("      bitmap: 0/1 pages [0KB], 65536KB chunk", State::Active, Some(523968)),
            ("\tresync=DELAYED", State::Resync, Some(0)),
            ("      resync=PENDING", State::Resync, Some(0)),
            ("      resync=REMOTE", State::Resync, None),
            ("      \trecover=REMOTE", State::Recovering, None),
            ("      \treshape=REMOTE", State::Other, None),
            ("      [>....]  check =  0.1% (7/523968) finish=1min", State::Check, Some(7)),
            ("      [>....]  reshape =  0.1% (8/523968) finish=1min", State::Other, Some(8)),
        ] {
            let text = format!("{head}{line}\n");
            let array = one(&text).unwrap();
            assert_eq!((array.state, array.synced, array.required), (state, synced, 2), "{line}");
        }
    }

    #[test]
    fn arrays_without_copies_and_inactive_ones() {
        let text = "md0 : active raid0 sdb[1] sdc[0]\n      1855870976 blocks super external:/md127/0 128k \
                    chunks\nmd1 : inactive sdb[2](S) sdc[1](S)\n        7932 blocks super external:imsm\n\
                    md2 : active linear sda1[0]\n      5 blocks super 1.2 0k rounding\n";
        let found: Vec<_> = arrays(text.as_bytes()).flatten().collect();
        let numbers: Vec<_> = found.iter().map(|a| (a.required, a.active, a.spare)).collect();
        assert_eq!(numbers, [(2, 2, 0), (0, 0, 2), (1, 1, 0)]);
        assert_eq!(found[1].state, State::Inactive);
    }

    #[test]
    fn an_array_that_is_cut_is_reported_by_its_first_line() {
        for text in [
            "md0",
            "md0 : active",
            "md0 : active raid1 sda[0]\n",
            "md0 : active raid1 sda[0]\nmd1",
            "md0 : active raid1 sda[0]\n   many blocks [2/2] [UU]\n",
            "md0 : active raid1 sda[0]\n   7 blocks [2/-] [UU]\n",
        ] {
            let first = text.lines().next().unwrap().as_bytes();
            assert_eq!(arrays(text.as_bytes()).next(), Some(Err(first)), "{text}");
        }
        let nothing = "Personalities : \nunused devices: <none>\n";
        assert_eq!(arrays(nothing.as_bytes()).count(), 0);
    }
}
