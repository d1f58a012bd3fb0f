//! Engine for text with a column for each CPU: `/proc/interrupts`, `/proc/softirqs`. The header line names
//! the CPUs (`CPU0 CPU2`): one that is offline may have no column. Each row is a name, a colon and a
//! number for each CPU; more may follow.

use crate::base::error::Error;
use crate::kernel::read::scan::{self, Fields};
use crate::model::metric::{Decimal, Label};

/// More CPUs than any kernel has.
const MAX_CPUS: usize = 8192;

const EXPECTED: &str = "a head line that names CPUs in order";

/// The CPUs of a header line, which is parsed when it differs from that of the last reading.
#[derive(Default)]
pub struct CpuColumns {
    head: Vec<u8>,
    cpus: Vec<u32>,
}

impl CpuColumns {
    /// Parses the header line of `path`.
    pub fn begin(&mut self, path: &'static str, head: &[u8]) -> Result<(), Error> {
        if self.head != head || self.cpus.is_empty() {
            self.head.clear();
            self.cpus = parse(head).ok_or(Error::parse(path, EXPECTED, head))?;
            self.head.extend_from_slice(head);
        }
        Ok(())
    }

    /// The number of CPUs.
    pub fn count(&self) -> usize {
        self.cpus.len()
    }

    /// Passes each CPU and its number in a row to `write`; `false` if a CPU has none, whose sample is left out.
    pub fn each(&self, mut numbers: Fields<'_>, write: &mut dyn FnMut(Label<'_>, u64)) -> bool {
        let mut is_whole = true;
        for cpu in &self.cpus {
            match numbers.uint() {
                Some(Some(number)) => write(Decimal::of((*cpu).into()).label(), number),
                _ => is_whole = false,
            }
        }
        is_whole
    }
}

/// The numbers of the CPUs.
fn parse(head: &[u8]) -> Option<Vec<u32>> {
    let mut cpus = Vec::new();
    for word in scan::fields(head) {
        let cpu = u32::try_from(scan::uint(word.strip_prefix(b"CPU")?)?).ok()?;
        if cpus.last().is_some_and(|last| *last >= cpu) || cpus.len() >= MAX_CPUS {
            return None;
        }
        cpus.push(cpu);
    }
    (!cpus.is_empty()).then_some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &CpuColumns, row: &str) -> (String, bool) {
        let mut written = String::new();
        let is_whole = columns.each(scan::fields(row.as_bytes()), &mut |cpu, number| {
            written.push_str(&format!("{}={number} ", String::from_utf8_lossy(cpu.raw())));
        });
        (written, is_whole)
    }

    #[test]
    fn columns_belong_to_the_cpus_of_the_head() {
        let mut columns = CpuColumns::default();
        columns.begin("/proc/x", b"      CPU0       CPU2       CPU11  ").unwrap();
        assert_eq!(columns.count(), 3);
        assert_eq!(row(&columns, " 1 2 3 4"), ("0=1 2=2 11=3 ".to_owned(), true));
        assert_eq!(row(&columns, " 1 x 3"), ("0=1 11=3 ".to_owned(), false));
        assert_eq!(row(&columns, " 1"), ("0=1 ".to_owned(), false));
        columns.begin("/proc/x", b"CPU7").unwrap();
        assert_eq!(row(&columns, "5"), ("7=5 ".to_owned(), true));
        for head in ["", "CPU", "CPU1 CPU1", "CPU1 CPU0", "CPU0 x", "0", "CPU4294967296"] {
            assert!(columns.begin("/proc/x", head.as_bytes()).is_err(), "{head}");
            assert_eq!((columns.count(), row(&columns, "5").1), (1, true), "the last that was one");
        }
    }
}
