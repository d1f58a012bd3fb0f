//! Counters of the processor and of the kernel: perf_event_open(2), and the CPUs that this process may use.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::FromRawFd;

/// More CPUs than any kernel is built for.
const MAX_CPUS: usize = 8192;

/// PERF_FLAG_FD_CLOEXEC of include/uapi/linux/perf_event.h.
const CLOSE_ON_EXEC: libc::c_ulong = 1 << 3;

/// `exclude_hv`, the seventh of a row of bits, which begins where the machine's numbers do.
const EXCLUDE_HYPERVISOR: u64 = if cfg!(target_endian = "big") { 1 << 57 } else { 1 << 6 };

/// A `struct perf_event_attr` as it was at first (PERF_ATTR_SIZE_VER0); no kernel needs more of it to count.
#[repr(C)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint: u32,
    config1: u64,
}

/// What is counted: PERF_TYPE_* and a number of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfEvent {
    /// PERF_TYPE_HARDWARE, _SOFTWARE, _TRACEPOINT or _HW_CACHE: 0 to 3.
    pub kind: u32,
    /// The number of the event of that kind.
    pub config: u64,
}

/// An event that is counted on one CPU, for all processes, from when it was opened.
#[derive(Debug)]
pub struct PerfCounter(File);

impl PerfCounter {
    /// Starts to count.
    ///
    /// # Errors
    ///
    /// ENOENT, EOPNOTSUPP and others if the machine does not count the event, ENODEV if the CPU
    /// is not there, EACCES or EPERM without the permission.
    pub fn open(event: PerfEvent, cpu: u32) -> io::Result<PerfCounter> {
        let attributes = Attributes {
            kind: event.kind,
            size: size_of::<Attributes>() as u32,
            config: event.config,
            sample_period: 0,
            sample_type: 0,
            read_format: 0,
            flags: EXCLUDE_HYPERVISOR,
            wakeup_events: 0,
            breakpoint: 0,
            config1: 0,
        };
        let (every_process, no_group): (libc::c_int, libc::c_int) = (-1, -1);
        // SAFETY: the kernel reads as many bytes of `attributes` as its `size` says.
        let fd = unsafe {
            let about = &raw const attributes;
            let cpu = cpu as libc::c_int;
            libc::syscall(
                libc::SYS_perf_event_open,
                about,
                every_process,
                cpu,
                no_group,
                CLOSE_ON_EXEC,
            )
        };
        let fd = i32::try_from(fd).ok().filter(|fd| *fd >= 0);
        let fd = fd.ok_or_else(io::Error::last_os_error)?;
        // SAFETY: the call returned a descriptor that is ours alone.
        Ok(PerfCounter(unsafe { File::from_raw_fd(fd) }))
    }

    /// How often the event happened.
    pub fn count(&self) -> io::Result<u64> {
        let mut count = [0; 8];
        (&self.0).read_exact(&mut count)?;
        Ok(u64::from_ne_bytes(count))
    }
}

/// The CPUs that this process may run on.
pub fn allowed_cpus() -> io::Result<Vec<u32>> {
    let mut mask = [0 as libc::c_ulong; MAX_CPUS / libc::c_ulong::BITS as usize];
    // SAFETY: the kernel writes no more bytes than `mask` has; 0 is this thread.
    let n = unsafe {
        libc::syscall(libc::SYS_sched_getaffinity, 0, size_of_val(&mask), mask.as_mut_ptr())
    };
    if n < 0 {
        return Err(io::Error::last_os_error());
    }
    let bits = libc::c_ulong::BITS;
    let is_set = |cpu: &u32| {
        mask.get((*cpu / bits) as usize).is_some_and(|word| word >> (*cpu % bits) & 1 != 0)
    };
    Ok((0..MAX_CPUS as u32).filter(is_set).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_counted_is() {
        assert_eq!(size_of::<Attributes>(), 64);
        let cpus = allowed_cpus().unwrap();
        let text = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let list = text.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
        assert!(list.trim().starts_with(&cpus[0].to_string()));
        // PERF_COUNT_SW_CONTEXT_SWITCHES, which may be forbidden here.
        let switches = PerfEvent { kind: 1, config: 3 };
        match PerfCounter::open(switches, cpus[0]) {
            Ok(counter) => {
                let before = counter.count().unwrap();
                assert!(counter.count().unwrap() >= before);
                let none = PerfEvent { kind: 1, config: 9999 };
                assert!(PerfCounter::open(none, cpus[0]).is_err());
                assert!(PerfCounter::open(switches, MAX_CPUS as u32 - 1).is_err());
            }
            Err(error) => {
                let refusals = [libc::EACCES, libc::EPERM, libc::ENOSYS];
                assert!(refusals.contains(&error.raw_os_error().unwrap()), "{error}");
            }
        }
    }
}
