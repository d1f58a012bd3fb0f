//! Limits of a process: open files, memory.

/// Room for a crowd of clients in this process.
pub fn make_room_for_sockets() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to a live rlimit.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit), 0);
        limit.rlim_cur = limit.rlim_max.min(8192);
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit), 0);
    }
    assert!(limit.rlim_cur >= 3000, "the tests need 3000 descriptors; see ulimit -Hn");
}

/// Sets the limit of a running process; what it has open stays.
pub fn limit_open_files(pid: u32, files: u64) {
    set(pid, libc::RLIMIT_NOFILE, libc::rlimit { rlim_cur: files, rlim_max: 1024 });
}

/// A running process gets no memory beyond that; what it has stays.
pub fn limit_address_space(pid: u32, bytes: u64) {
    set(pid, libc::RLIMIT_AS, libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY });
}

fn set(pid: u32, of: libc::__rlimit_resource_t, limit: libc::rlimit) {
    let pid = i32::try_from(pid).unwrap();
    // SAFETY: the pointer is to a live rlimit; the old one is not asked for.
    let done = unsafe { libc::prlimit(pid, of, &raw const limit, std::ptr::null_mut()) };
    assert_eq!(done, 0);
}
