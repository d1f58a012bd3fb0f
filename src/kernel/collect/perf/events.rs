//! The events that have names (include/uapi/linux/perf_event.h).

use crate::base::sys::PerfEvent;
use crate::model::metric::{Family, Unit::One, counter, families};

/// The number of events.
pub const COUNT: usize = 30;

const CPU: &[&str] = &["cpu"];

/// Kinds of events.
const HARDWARE: u32 = 0;
const SOFTWARE: u32 = 1;
pub const TRACEPOINT: u32 = 2;
const CACHE: u32 = 3;

/// A group of events that may be switched off together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Hardware,
    Software,
    Cache,
}

/// One event.
pub struct Row {
    pub group: Group,
    /// node_exporter's name of the event.
    pub name: &'static str,
    pub event: PerfEvent,
}

const fn hardware(name: &'static str, config: u64) -> Row {
    Row { group: Group::Hardware, name, event: PerfEvent { kind: HARDWARE, config } }
}

const fn software(name: &'static str, config: u64) -> Row {
    Row { group: Group::Software, name, event: PerfEvent { kind: SOFTWARE, config } }
}

/// Cache: 0 L1 data, 1 L1 instructions, 2 last level, 3 data TLB, 4 instruction TLB, 5 branches. Operation:
/// 0 read, 1 write. Result: 0 all accesses, 1 misses.
const fn cache(name: &'static str, [cache, operation, result]: [u64; 3]) -> Row {
    let config = cache | operation << 8 | result << 16;
    Row { group: Group::Cache, name, event: PerfEvent { kind: CACHE, config } }
}

/// In the order of the families.
pub static ROWS: [Row; COUNT] = [
    hardware("CpuCycles", 0),
    hardware("CpuInstr", 1),
    hardware("BranchInstr", 4),
    hardware("BranchMisses", 5),
    hardware("CacheRef", 2),
    hardware("CacheMisses", 3),
    hardware("RefCpuCycles", 9),
    hardware("StalledCyclesBackend", 8),
    hardware("StalledCyclesFrontend", 7),
    software("PageFault", 2),
    software("ContextSwitch", 3),
    software("CpuMigration", 4),
    software("MinorFault", 5),
    software("MajorFault", 6),
    cache("L1DataReadHit", [0, 0, 0]),
    cache("L1DataReadMiss", [0, 0, 1]),
    cache("L1DataWriteHit", [0, 1, 0]),
    cache("L1InstrReadMiss", [1, 0, 1]),
    cache("InstrTLBReadHit", [4, 0, 0]),
    cache("InstrTLBReadMiss", [4, 0, 1]),
    cache("DataTLBReadHit", [3, 0, 0]),
    cache("DataTLBReadMiss", [3, 0, 1]),
    cache("DataTLBWriteHit", [3, 1, 0]),
    cache("DataTLBWriteMiss", [3, 1, 1]),
    cache("LLReadHit", [2, 0, 0]),
    cache("LLReadMiss", [2, 0, 1]),
    cache("LLWriteHit", [2, 1, 0]),
    cache("LLWriteMiss", [2, 1, 1]),
    cache("BPUReadHit", [5, 0, 0]),
    cache("BPUReadMiss", [5, 0, 1]),
];

#[rustfmt::skip] // a table: one row is all there is to know about one metric
pub static FAMILIES: &[Family; COUNT] = families![
    counter("perf_cpucycles_total",                  One, "Cycles of the CPU at its own speed.",                   CPU),
    counter("perf_instructions_total",               One, "Instructions.",                                         CPU),
    counter("perf_branch_instructions_total",        One, "Branches.",                                             CPU),
    counter("perf_branch_misses_total",              One, "Branches that were predicted wrongly.",                 CPU),
    counter("perf_cache_refs_total",                 One, "Accesses of the cache.",                                CPU),
    counter("perf_cache_misses_total",               One, "Misses of the cache.",                                  CPU),
    counter("perf_ref_cpucycles_total",              One, "Cycles at a speed that does not change.",               CPU),
    counter("perf_stalled_cycles_backend_total",     One, "Cycles in which the backend waited.",                   CPU),
    counter("perf_stalled_cycles_frontend_total",    One, "Cycles in which the frontend waited.",                  CPU),
    counter("perf_page_faults_total",                One, "Page faults.",                                          CPU),
    counter("perf_context_switches_total",           One, "Context switches.",                                     CPU),
    counter("perf_cpu_migrations_total",             One, "Processes that came from another CPU.",                 CPU),
    counter("perf_minor_faults_total",               One, "Page faults that needed no disk.",                      CPU),
    counter("perf_major_faults_total",               One, "Page faults that needed a disk.",                       CPU),
    counter("perf_cache_l1d_read_hits_total",        One, "Reads of the first level's data cache.",                CPU),
    counter("perf_cache_l1d_read_misses_total",      One, "Reads that missed the first level's data cache.",       CPU),
    counter("perf_cache_l1d_write_hits_total",       One, "Writes of the first level's data cache.",               CPU),
    counter("perf_cache_l1_instr_read_misses_total", One, "Reads that missed the first level's instruction cache.", CPU),
    counter("perf_cache_tlb_instr_read_hits_total",  One, "Reads of the instruction TLB.",                         CPU),
    counter("perf_cache_tlb_instr_read_misses_total", One, "Reads that missed the instruction TLB.",               CPU),
    counter("perf_cache_tlb_data_read_hits_total",   One, "Reads of the data TLB.",                                CPU),
    counter("perf_cache_tlb_data_read_misses_total", One, "Reads that missed the data TLB.",                       CPU),
    counter("perf_cache_tlb_data_write_hits_total",  One, "Writes of the data TLB.",                               CPU),
    counter("perf_cache_tlb_data_write_misses_total", One, "Writes that missed the data TLB.",                     CPU),
    counter("perf_cache_ll_read_hits_total",         One, "Reads of the last level's cache.",                      CPU),
    counter("perf_cache_ll_read_misses_total",       One, "Reads that missed the last level's cache.",             CPU),
    counter("perf_cache_ll_write_hits_total",        One, "Writes of the last level's cache.",                     CPU),
    counter("perf_cache_ll_write_misses_total",      One, "Writes that missed the last level's cache.",            CPU),
    counter("perf_cache_bpu_read_hits_total",        One, "Reads of the branch predictor.",                        CPU),
    counter("perf_cache_bpu_read_misses_total",      One, "Reads that missed the branch predictor.",               CPU),
];
