//! The standard `process_*` set about this program
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>): CPU time from
//! the process clock, memory from `/proc/self/statm`, and the number of open files as Linux 6.2 and
//! later report it by the size of `/proc/self/fd`; for older kernels the directory is listed.

use crate::base::sys;
use crate::kernel::read::{FileId, Files, scan};
use crate::model::metric::{Family, Sink, Unit, counter, families, gauge};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

const FD_DIRECTORY: &str = "/proc/self/fd";

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; 7] = families![
    counter("process_cpu_seconds_total",         Unit::Nanos, "User and system CPU time spent.",               &[]).unprefixed(),
    gauge(  "process_virtual_memory_bytes",      Unit::One,   "Size of the address space.",                    &[]).unprefixed(),
    gauge(  "process_virtual_memory_max_bytes",  Unit::One,   "How large the address space may grow.",         &[]).unprefixed(),
    gauge(  "process_resident_memory_bytes",     Unit::One,   "Memory that is resident.",                      &[]).unprefixed(),
    gauge(  "process_start_time_seconds",        Unit::Nanos, "When the process started, since 1970.",         &[]).unprefixed(),
    gauge(  "process_open_fds",                  Unit::One,   "Open file descriptors.",                        &[]).unprefixed(),
    gauge(  "process_max_fds",                   Unit::One,   "How many file descriptors may be open.",        &[]).unprefixed(),
];

/// The metrics of this process.
pub struct Process {
    statm: FileId,
    fds: Option<File>,
    page_size: u64,
    /// Limits on address space and open files: facts that are read once.
    size_limit: Option<u64>,
    fds_limit: Option<u64>,
}

impl Process {
    pub fn new(files: &mut Files) -> Process {
        Process {
            statm: files.whole("/proc/self/statm"),
            fds: sys::open_listing(Path::new(FD_DIRECTORY)).ok(),
            page_size: sys::page_size(),
            // 18446744073709551615 is how client libraries write "no limit".
            size_limit: sys::address_space_limit().map(|limit| limit.unwrap_or(u64::MAX)),
            fds_limit: sys::open_files_limit(),
        }
    }

    /// Writes all values that are available. The process started at `start` since 1970.
    pub fn write(&self, files: &mut Files, start: Duration, out: &mut dyn Sink) {
        let (size, resident) = self.memory(files);
        let raw = [
            sys::process_cpu_nanos(),
            size,
            self.size_limit,
            resident,
            u64::try_from(start.as_nanos()).ok(),
            self.open_files(),
            self.fds_limit,
        ];
        for (family, raw) in FAMILIES.iter().zip(&raw) {
            if let Some(raw) = raw {
                out.single(family, family.value(*raw));
            }
        }
    }

    /// Bytes of address space and of resident memory.
    fn memory(&self, files: &mut Files) -> (Option<u64>, Option<u64>) {
        let Ok(text) = files.read(self.statm) else { return (None, None) };
        let mut pages = scan::fields(text.trim_ascii_end());
        let mut next = || pages.uint().flatten()?.checked_mul(self.page_size);
        (next(), next())
    }

    fn open_files(&self) -> Option<u64> {
        let by_size = self.fds.as_ref().and_then(sys::open_files);
        by_size.or_else(|| u64::try_from(fs::read_dir(FD_DIRECTORY).ok()?.count()).ok())
    }
}
