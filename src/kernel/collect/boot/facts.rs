//! What the machine's chips report about its start and its clock. It changes seldom and may be slow to read.

use crate::base::error::{Error, Place};
use crate::kernel::collect::PartialErrors;
use crate::kernel::collect::info::Rows;
use crate::kernel::read::dir::Joined;
use crate::kernel::read::{Dir, Root, scan};
use std::ffi::CStr;

const WATCHDOGS: &str = "/sys/class/watchdog";
const RTC: &str = "/sys/class/rtc";
const PSTORE: &str = "/sys/fs/pstore";

/// More watchdogs than any box has.
const MAX_WATCHDOGS: usize = 16;

/// Records of crashes that are counted.
const MAX_RECORDS: u64 = 10_000;

/// Bits of `bootstatus` that are reasons (include/uapi/linux/watchdog.h).
const CAUSES: [(u64, &str); 7] = [
    (0x01, "overheat"),
    (0x02, "fan_fault"),
    (0x04, "external_1"),
    (0x08, "external_2"),
    (0x10, "under_voltage"),
    (0x20, "watchdog"),
    (0x40, "over_voltage"),
];

/// The facts that were read last.
pub struct Facts {
    watchdogs: Dir,
    rtc: Dir,
    pstore: Dir,
    /// Rows of watchdog and cause.
    pub causes: Rows,
    /// Whether the clock that runs while the box is off has kept the time; `None` without such a clock.
    pub is_rtc_valid: Option<bool>,
    /// The voltage of its battery, in microvolts.
    pub battery: Option<u64>,
    /// Crashes that the kernel has recorded; `None` without any.
    pub records: Option<u64>,
}

impl Facts {
    /// No facts: nothing is read yet.
    pub fn new(root: &Root) -> Facts {
        Facts {
            watchdogs: root.dir(WATCHDOGS),
            rtc: root.driver_dir(RTC),
            pstore: root.dir(PSTORE),
            causes: Rows::new(2),
            is_rtc_valid: None,
            battery: None,
            records: None,
        }
    }

    /// Reads all facts, and returns whether all are there: the clock may be slow to answer.
    pub fn learn(&mut self, errors: &mut PartialErrors) -> bool {
        self.learn_causes(errors);
        let Facts { rtc, pstore, .. } = self;
        (self.is_rtc_valid, self.battery) = (None, None);
        if errors.unless_absent(rtc.open()).is_some()
            && let Some(clock) = clock(rtc)
        {
            self.is_rtc_valid = is_valid(rtc, &clock, errors);
            let battery = Joined::of(clock.as_bytes(), "battery_voltage");
            self.battery = number(rtc, battery.path(), scan::uint, errors);
        }
        rtc.close();
        let mut records = 0;
        let listed = pstore.list(&mut |name| {
            records += u64::from(name.starts_with(b"dmesg-") && records < MAX_RECORDS);
        });
        // Readable only by root on most systems, and empty where it is not mounted.
        self.records = listed.is_ok().then_some(records).filter(|records| *records > 0);
        pstore.close();
        rtc.waiting() == 0
    }

    fn learn_causes(&mut self, errors: &mut PartialErrors) {
        let Facts { watchdogs, causes, .. } = self;
        causes.clear();
        if watchdogs.open().is_ok() {
            let names = errors.unless_absent(watchdogs.names("")).unwrap_or_default();
            for name in names.iter().take(MAX_WATCHDOGS) {
                let path = Joined::of(name.as_bytes(), "bootstatus");
                let bits = number(watchdogs, path.path(), scan::uint, errors).unwrap_or_default();
                for (_, cause) in CAUSES.iter().filter(|(bit, _)| bits & bit != 0) {
                    causes.push(&[name.as_bytes(), cause.as_bytes()]);
                }
            }
        }
        watchdogs.close();
    }
}

/// The clock that set the wall clock at the start, else the first.
fn clock(dir: &Dir) -> Option<String> {
    let mut names = dir.names("").unwrap_or_default();
    names.retain(|name| {
        name.strip_prefix("rtc").is_some_and(|n| scan::uint(n.as_bytes()).is_some())
    });
    let has_set = |name: &String| {
        let mut room = [0; 8];
        dir.read_now(Joined::of(name.as_bytes(), "hctosys").path(), &mut room)
            .is_ok_and(|is| is == b"1")
    };
    let setter = names.iter().position(has_set);
    let first = || (0..names.len()).min_by_key(|at| names.get(*at).map(|n| (n.len(), n.clone())));
    setter.or_else(first).map(|at| names.swap_remove(at))
}

/// Whether the clock has kept the time.
fn is_valid(dir: &Dir, clock: &str, errors: &mut PartialErrors) -> Option<bool> {
    let mut room = [0; 32];
    let time = Joined::of(clock.as_bytes(), "since_epoch");
    let read = dir.read(time.path(), &mut room);
    errors.unless_absent(validity(read, dir.place(time.path())))
}

/// What reading a clock shows: EINVAL if its voltage was too low, and a time otherwise.
pub(super) fn validity(read: Result<&[u8], Error>, place: Place) -> Result<bool, Error> {
    match read {
        Err(Error::Read(_, libc::EINVAL)) => Ok(false),
        read => {
            let text = read?;
            let time = scan::int(text).ok_or_else(|| Error::parse(place, "seconds", text));
            time.map(|_| true)
        }
    }
}

fn number<T>(
    dir: &Dir,
    file: &CStr,
    parse: fn(&[u8]) -> Option<T>,
    errors: &mut PartialErrors,
) -> Option<T> {
    let mut room = [0; 32];
    let text = errors.unless_absent(dir.read(file, &mut room))?;
    let number = parse(text).ok_or_else(|| Error::parse(dir.place(file), "an integer", text));
    errors.unless_absent(number)
}
