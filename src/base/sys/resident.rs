//! Memory of the program's own file: what is mapped of it counts as resident until it is given back.

/// Gives back the mapped pages of code and constants. What runs next is mapped again out of the page cache, 64 KB
/// at once: of a steady scrape that is little, since .cargo/hot.ld puts its functions together.
#[cfg(all(target_os = "linux", target_env = "musl"))]
pub fn release_code() {
    unsafe extern "C" {
        // The linker's: the first byte of the file, and the one behind its code.
        static __ehdr_start: u8;
        static etext: u8;
    }
    let first = &raw const __ehdr_start;
    let length = (&raw const etext).addr() - first.addr();
    // SAFETY: the range is the program's file, mapped read-only up to the end of its code; nothing there was
    // written, so that every page that is used again is read as it was.
    unsafe { libc::madvise(first.cast_mut().cast(), length, libc::MADV_DONTNEED) };
}

/// With a C library that is shared, the code is mostly not our own.
#[cfg(not(all(target_os = "linux", target_env = "musl")))]
pub fn release_code() {}
