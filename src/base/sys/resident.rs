//! Memory that counts as resident until it is given back: pages of the program's own file that are mapped, and
//! pages of the stack that were written when it was deeper.

#[cfg(all(target_os = "linux", target_env = "musl"))]
use std::{
    ffi::{c_int, c_void},
    ptr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// Calls of `release_memory` before the constants are split: at the start and after the first answer.
#[cfg(all(target_os = "linux", target_env = "musl"))]
const AFTER: u32 = 2;

/// Gives back the mapped pages of code and constants, and the stack below what is in use. Code that runs next is mapped
/// again out of the page cache, 64 KB at once, but not beyond its mapping. The functions of a steady scrape, which
/// .cargo/hot.ld puts after this one, become a mapping of their own: nothing is mapped around them.
#[cfg(all(target_os = "linux", target_env = "musl"))]
#[inline(never)]
#[unsafe(link_section = ".text.hot.first")]
pub fn release_memory() {
    unsafe extern "C" {
        // Symbols of the linker: the first byte of the file, and the one after its code.
        static __ehdr_start: u8;
        static etext: u8;
    }
    let (first, end) = ((&raw const __ehdr_start).cast_mut(), (&raw const etext).addr());
    let page = usize::try_from(super::page_size()).unwrap_or(4096);
    let hot = first.with_addr((release_memory as fn() as *const u8).addr() / page * page);
    // SAFETY: both ranges are the program's file, mapped read-only up to the end of its code. That a range is not
    // to be in a core dump parts mappings and changes nothing else: no dump has it by default. Nothing there was
    // written, so that every page that is used again is read as it was.
    unsafe {
        libc::madvise(hot.cast(), end - hot.addr(), libc::MADV_DONTDUMP);
        libc::madvise(first.cast(), end - first.addr(), libc::MADV_DONTNEED);
    }
    part_constants(page);
    release_stack(page);
}

/// Makes each page of the constants a mapping of its own: a scrape reads a few words here and there, and otherwise all
/// of them would be mapped with these, 64 KB at once. It is done once, after the first scrapes, which must not wait.
#[cfg(all(target_os = "linux", target_env = "musl"))]
fn part_constants(page: usize) {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    if CALLS.fetch_add(1, Relaxed) == AFTER {
        // SAFETY: `part` is called before this returns, and reads the program's own headers only.
        unsafe { libc::dl_iterate_phdr(Some(part), ptr::without_provenance_mut(page)) };
    }
}

/// Splits the read-only mappings of the program's file that are not code.
#[cfg(all(target_os = "linux", target_env = "musl"))]
unsafe extern "C" fn part(about: *mut libc::dl_phdr_info, _: usize, page: *mut c_void) -> c_int {
    // SAFETY: the pointer is the C library's, which says how many headers there are.
    let (start, headers) = unsafe {
        let about = &*about;
        let headers = std::slice::from_raw_parts(about.dlpi_phdr, about.dlpi_phnum.into());
        (about.dlpi_addr as usize, headers)
    };
    for header in headers.iter().filter(|h| h.p_type == libc::PT_LOAD && h.p_flags == libc::PF_R) {
        let first = start + header.p_vaddr as usize;
        for at in (first..first + header.p_memsz as usize).step_by(2 * page.addr()) {
            let at = headers.as_ptr().cast_mut().cast::<c_void>().with_addr(at);
            // SAFETY: as in `release_memory`: each second page is not to be in a core dump, which parts mappings.
            unsafe { libc::madvise(at, page.addr(), libc::MADV_DONTDUMP) };
        }
    }
    // The first is the program itself; there are no others.
    1
}

/// More than the stack of a start is deep.
#[cfg(all(target_os = "linux", target_env = "musl"))]
const DEEP: usize = 128 << 10;

/// Gives back the stack of the main thread below the page under the one in use.
#[cfg(all(target_os = "linux", target_env = "musl"))]
fn release_stack(page: usize) {
    // Not gettid(): Rust's library knows that one as a symbol that may be absent, and then it is.
    // SAFETY: neither has preconditions.
    if unsafe { libc::c_long::from(libc::getpid()) != libc::syscall(libc::SYS_gettid) } {
        // Memory close below the stack of another thread belongs to others.
        return;
    }
    let here = [0_u8; 1];
    let end = (&raw const here).addr() / page * page - page;
    let first = (&raw const here).cast_mut().with_addr(end - DEEP);
    // SAFETY: below the stack pointer and the 128 bytes under it, which are in a page above, no one keeps anything.
    // What is not mapped is passed over, and nothing else is: the kernel keeps a gap of 1 MB below this stack.
    unsafe { libc::madvise(first.cast(), DEEP, libc::MADV_DONTNEED) };
}

/// With a shared C library most of the code is not our own.
#[cfg(not(all(target_os = "linux", target_env = "musl")))]
pub fn release_memory() {}
