//! The names of the running kernel and the state of its clock, which no file has: uname(2), adjtimex(2),
//! and the local time zone.

use std::ffi::{c_char, c_int, c_long};
use std::io;
use std::mem::MaybeUninit;

/// The names of the system (uname(2)).
pub struct SystemNames(libc::utsname);

/// Queries them.
///
/// # Errors
///
/// A filter of system calls refuses it.
pub fn system_names() -> io::Result<SystemNames> {
    let mut names = MaybeUninit::<libc::utsname>::uninit();
    // SAFETY: `names` is writable for a utsname, and read only after success.
    unsafe {
        if libc::uname(names.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(SystemNames(names.assume_init()))
    }
}

impl SystemNames {
    /// System, release, version, machine, node and domain.
    pub fn all(&self) -> [&[u8]; 6] {
        let SystemNames(names) = self;
        [
            text(&names.sysname),
            text(&names.release),
            text(&names.version),
            text(&names.machine),
            text(&names.nodename),
            text(&names.domainname),
        ]
    }
}

/// The bytes before the NUL.
fn text(field: &[c_char]) -> &[u8] {
    // SAFETY: a c_char is a byte; the slice is as long and lives as long.
    let bytes = unsafe { std::slice::from_raw_parts(field.as_ptr().cast::<u8>(), field.len()) };
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The state of the kernel's clock discipline (adjtimex(2)), in its own units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the manual page explains each
pub struct ClockState {
    /// Whether the clock is synchronised: the call did not return TIME_ERROR.
    pub is_synchronised: bool,
    /// Whether `offset` and `jitter` are in nanoseconds, not in microseconds.
    pub is_nano: bool,
    pub offset: i64,
    pub freq: i64,
    pub maxerror: i64,
    pub esterror: i64,
    pub status: i64,
    pub constant: i64,
    pub tick: i64,
    pub ppsfreq: i64,
    pub jitter: i64,
    pub shift: i64,
    pub stabil: i64,
    pub jitcnt: i64,
    pub calcnt: i64,
    pub errcnt: i64,
    pub stbcnt: i64,
    pub tai: i64,
}

/// `struct timex` as the kernel's call of this word size has it; the structs of libraries differ where
/// a C library of 32 bits has times of 64.
#[repr(C)]
#[derive(Default)]
struct Timex {
    modes: c_int,
    offset: c_long,
    freq: c_long,
    maxerror: c_long,
    esterror: c_long,
    status: c_int,
    constant: c_long,
    precision: c_long,
    tolerance: c_long,
    time: [c_long; 2],
    tick: c_long,
    ppsfreq: c_long,
    jitter: c_long,
    shift: c_int,
    stabil: c_long,
    jitcnt: c_long,
    calcnt: c_long,
    errcnt: c_long,
    stbcnt: c_long,
    tai: c_int,
    reserved: [c_int; 11],
}

/// Reads the state of the clock; changes nothing.
///
/// # Errors
///
/// A filter of system calls refuses it.
#[allow(clippy::unnecessary_cast)] // c_long is narrower on some targets
pub fn clock_state() -> io::Result<ClockState> {
    const TIME_ERROR: c_long = 5;
    const STA_NANO: c_int = 0x2000;
    let mut timex = Timex::default();
    // SAFETY: the kernel writes one struct timex; with no modes it reads nothing else of it.
    let state = unsafe { libc::syscall(libc::SYS_adjtimex, &raw mut timex) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(ClockState {
        is_synchronised: state != TIME_ERROR,
        is_nano: timex.status & STA_NANO != 0,
        offset: timex.offset as i64,
        freq: timex.freq as i64,
        maxerror: timex.maxerror as i64,
        esterror: timex.esterror as i64,
        status: timex.status.into(),
        constant: timex.constant as i64,
        tick: timex.tick as i64,
        ppsfreq: timex.ppsfreq as i64,
        jitter: timex.jitter as i64,
        shift: timex.shift.into(),
        stabil: timex.stabil as i64,
        jitcnt: timex.jitcnt as i64,
        calcnt: timex.calcnt as i64,
        errcnt: timex.errcnt as i64,
        stbcnt: timex.stbcnt as i64,
        tai: timex.tai.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_kernel() {
        let file = |name: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap();
            text.trim_end_matches('\n').to_owned()
        };
        let names = system_names().unwrap();
        let all = names.all().map(|name| String::from_utf8(name.to_vec()).unwrap());
        let [system, release, version, machine, node, domain] = all;
        for (name, known) in [
            (system, "ostype"),
            (release, "osrelease"),
            (version, "version"),
            (node, "hostname"),
            (domain, "domainname"),
        ] {
            assert_eq!(name, file(known), "{known}");
        }
        assert!(!machine.is_empty());
    }

    #[test]
    fn the_clock_ticks() {
        match clock_state() {
            // A tick is 10 ms, give or take a tenth, at 100 ticks a second.
            Ok(clock) => assert!((900..=110_000).contains(&clock.tick), "{clock:?}"),
            Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EPERM)),
        }
    }
}
