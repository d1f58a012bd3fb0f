//! A filter of system calls (seccomp(2), since 3.5): a call that `calls` does not list fails with ENOSYS, as on a
//! kernel without it, since C libraries fall back to something else then, and only then.
//!
//! The filter is a tree of comparisons, so that the kernel (since 5.11) finds in advance what it always allows, and
//! older ones need eight steps for a call.

use super::calls::{CALLS, FIRST, MMAP, PROCESSOR};
use super::outcome;
use std::io;

/// Offsets in a `struct seccomp_data`.
const NUMBER: u32 = 0;
const PROCESSOR_AT: u32 = 4;

// Instructions of a filter: classic BPF.
const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
const IS: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
const IS_FROM: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const HAS: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const ANSWER: u32 = libc::BPF_RET | libc::BPF_K;

const ALLOW: u32 = 0x7fff_0000;
const ERRNO: u32 = 0x0005_0000;
const ABSENT: u32 = ERRNO | libc::ENOSYS as u32;

/// Kinds of sockets that are allowed.
const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// More than the highest number of a call in any kernel.
const COUNT: usize = 1000;

/// The filter's number of steps, more or less: their room is allocated once.
const ROOM: usize = 256;

/// Flags of clone(2) that make namespaces: mount, cgroup, uts, ipc, user, pid, net.
const NAMESPACES: u32 = 0x7e02_0000;

/// In builds with glibc, libraries that are loaded at run time look up names of hosts.
const LOADS_CODE: bool = cfg!(target_env = "gnu");

/// Filters system calls in this thread, and in those that it starts from now on; also refuses perf_event_open(2)
/// unless `perf` is set. Needs no_new_privs.
///
/// # Errors
///
/// The kernel has no filters, or this processor has no list.
pub fn filter_calls(perf: bool) -> io::Result<()> {
    let mut steps = program(perf);
    let len = u16::try_from(steps.len()).unwrap_or(0);
    if PROCESSOR == 0 || lacks_socket() {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    let program = libc::sock_fprog { len, filter: steps.as_mut_ptr() };
    let mode = libc::SECCOMP_MODE_FILTER as libc::c_ulong;
    // SAFETY: the kernel reads as many steps as there are.
    let answer = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) };
    outcome(answer.into(), 2, 1)
}

/// Whether socket(2) is missing: on this processor sockets were made by a call whose arguments no filter sees,
/// and socket(2) is there only since 4.3.
fn lacks_socket() -> bool {
    let none = -1;
    // SAFETY: the call takes numbers only, and there is no such kind of sockets.
    let failed = || unsafe { libc::syscall(libc::SYS_socket, none, none, none) };
    let errno = || io::Error::last_os_error().raw_os_error();
    cfg!(target_arch = "x86") && failed() < 0 && errno() == Some(libc::ENOSYS)
}

/// Adds a step, with the numbers of steps to skip if it matches and if not. Not inlined, as there are many.
#[inline(never)]
fn push(steps: &mut Vec<libc::sock_filter>, code: u32, k: u32, [yes, no]: [u8; 2]) {
    steps.push(libc::sock_filter { code: code as u16, jt: yes, jf: no, k });
}

/// The offset of the lower half of an argument.
fn argument(at: u32) -> u32 {
    16 + 8 * at + if cfg!(target_endian = "big") { 4 } else { 0 }
}

fn program(perf: bool) -> Vec<libc::sock_filter> {
    let mut all = Vec::with_capacity(ROOM);
    let steps = &mut all;
    push(steps, LOAD, PROCESSOR_AT, [0, 0]);
    push(steps, IS, PROCESSOR, [1, 0]);
    push(steps, ANSWER, ABSENT, [0, 0]);
    push(steps, LOAD, NUMBER, [0, 0]);
    families(steps);
    terminal(steps);
    let code = if LOADS_CODE { 0 } else { libc::PROT_EXEC as u32 };
    let flags = [(libc::SYS_clone, 0, NAMESPACES), (MMAP, 2, code), (libc::SYS_mprotect, 2, code)];
    for (call, at, flags) in flags {
        push(steps, IS, call as u32, [0, 4]);
        push(steps, LOAD, argument(at), [0, 0]);
        push(steps, HAS, flags, [0, 1]);
        push(steps, ANSWER, ERRNO | libc::EPERM as u32, [0, 0]);
        push(steps, ANSWER, ALLOW, [0, 0]);
    }
    tree(steps, &bounds(&listed(perf)), false);
    all
}

/// Checks the family of socket(2).
fn families(steps: &mut Vec<libc::sock_filter>) {
    let count = FAMILIES.len() as u8;
    push(steps, IS, libc::SYS_socket as u32, [0, count + 3]);
    push(steps, LOAD, argument(0), [0, 0]);
    for (family, left) in FAMILIES.iter().zip((0..count).rev()) {
        push(steps, IS, *family as u32, [left + 1, 0]);
    }
    push(steps, ANSWER, ERRNO | libc::EAFNOSUPPORT as u32, [0, 0]);
    push(steps, ANSWER, ALLOW, [0, 0]);
}

/// ioctl(2), but those that type into the terminal that the program was started from, or paste there: the shell behind
/// it would take that for its user's.
fn terminal(steps: &mut Vec<libc::sock_filter>) {
    push(steps, IS, libc::SYS_ioctl as u32, [0, 5]);
    push(steps, LOAD, argument(1), [0, 0]);
    push(steps, IS, libc::TIOCSTI as u32, [1, 0]);
    push(steps, IS, libc::TIOCLINUX as u32, [0, 1]);
    push(steps, ANSWER, ERRNO | libc::EPERM as u32, [0, 0]);
    push(steps, ANSWER, ALLOW, [0, 0]);
}

/// Whether a call is allowed, from the first number on.
fn listed(perf: bool) -> [bool; COUNT] {
    // socketcall, which glibc uses for all sockets there.
    let old = cfg!(all(target_arch = "x86", target_env = "gnu")).then_some(102);
    let perf = perf.then_some(libc::SYS_perf_event_open as u32);
    let calls = CALLS.iter().copied().flatten().map(|call| u32::from(*call));
    let mut listed = [false; COUNT];
    for number in calls.chain(old).chain(perf) {
        let at = number.checked_sub(FIRST).and_then(|at| listed.get_mut(at as usize));
        at.into_iter().for_each(|is_listed| *is_listed = true);
    }
    listed
}

/// The numbers at which the answer changes; it starts with no.
fn bounds(listed: &[bool; COUNT]) -> Vec<u32> {
    let (mut bounds, mut before) = (Vec::with_capacity(ROOM), false);
    for (number, is_listed) in (FIRST..).zip(listed) {
        if *is_listed != before {
            bounds.push(number);
            before = !before;
        }
    }
    bounds
}

/// Emits a search for the number among the bounds; `is_allowed` is the answer below the first of them.
fn tree(steps: &mut Vec<libc::sock_filter>, bounds: &[u32], is_allowed: bool) {
    let half = bounds.len() / 2;
    let (below, rest) = bounds.split_at(half);
    let Some((bound, above)) = rest.split_first() else {
        return push(steps, ANSWER, if is_allowed { ALLOW } else { ABSENT }, [0, 0]);
    };
    let at = steps.len();
    push(steps, IS_FROM, *bound, [0, 0]);
    tree(steps, below, is_allowed);
    let skipped = u8::try_from(steps.len() - at - 1).unwrap_or(u8::MAX);
    if let Some(step) = steps.get_mut(at) {
        step.jt = skipped;
    }
    tree(steps, above, is_allowed == (half % 2 == 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel's answer to a call with all arguments alike.
    fn answer(steps: &[libc::sock_filter], processor: u32, number: u32, argument: u32) -> u32 {
        let (mut at, mut value) = (0, 0);
        loop {
            let step = steps[at];
            let jump = |yes| usize::from(if yes { step.jt } else { step.jf });
            at += 1;
            match u32::from(step.code) {
                LOAD if step.k == NUMBER => value = number,
                LOAD if step.k == PROCESSOR_AT => value = processor,
                LOAD => value = argument,
                IS => at += jump(value == step.k),
                IS_FROM => at += jump(value >= step.k),
                HAS => at += jump(value & step.k != 0),
                ANSWER => return step.k,
                code => panic!("{code}"),
            }
        }
    }

    #[test]
    fn what_is_listed_is_allowed_and_nothing_else() {
        for perf in [false, true] {
            let steps = program(perf);
            let mut known: Vec<_> =
                CALLS.iter().copied().flatten().map(|call| u32::from(*call)).collect();
            let count = known.len();
            known.sort_unstable();
            known.dedup();
            assert_eq!(known.len(), count, "each is listed once");
            if perf {
                known.push(libc::SYS_perf_event_open as u32);
            }
            let [clone, map, protect] =
                [libc::SYS_clone, MMAP, libc::SYS_mprotect].map(|call| call as u32);
            known.extend([clone, map, protect]);
            for number in (0..5000).chain([0x4000_0000, 0x4000_0001, u32::MAX]) {
                let result = answer(&steps, PROCESSOR, number, 0);
                let expected = match number {
                    _ if known.contains(&number) => ALLOW,
                    _ if number == libc::SYS_socket as u32 => ERRNO | 97,
                    _ => ERRNO | 38,
                };
                assert_eq!(result, expected, "{number}");
                assert_eq!(answer(&steps, PROCESSOR ^ 1, number, 0), ERRNO | 38, "{number}");
            }
        }
    }

    #[test]
    fn arguments_decide_about_some() {
        let steps = program(false);
        let result =
            |call: libc::c_long, argument| answer(&steps, PROCESSOR, call as u32, argument);
        let families = (0..50).filter(|family| result(libc::SYS_socket, *family) == ALLOW);
        assert_eq!(families.collect::<Vec<_>>(), [1, 2, 10, 16]);
        // A thread of musl, a child of fork; a new network, a new user.
        for (flags, is_allowed) in
            [(0x7d_0f00, true), (17, true), (0x4000_0000, false), (0x1000_0011, false)]
        {
            assert_eq!(result(libc::SYS_clone, flags) == ALLOW, is_allowed, "{flags:x}");
        }
        let ioctl = |request| result(libc::SYS_ioctl, request);
        assert_eq!([ioctl(libc::TIOCSTI as u32), ioctl(libc::TIOCLINUX as u32)], [ERRNO | 1; 2]);
        assert_eq!([ioctl(0), ioctl(libc::FIONREAD as u32)], [ALLOW; 2]);
        for call in [MMAP, libc::SYS_mprotect] {
            assert_eq!(result(call, 3), ALLOW);
            let code = result(call, 5);
            assert_eq!(code, if LOADS_CODE { ALLOW } else { ERRNO | 1 });
        }
    }

    #[test]
    fn a_bound_is_where_the_answer_changes() {
        let of = |numbers: &[usize]| {
            let mut listed = [false; COUNT];
            numbers.iter().for_each(|number| listed[*number] = true);
            bounds(&listed)
        };
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[0]), [FIRST, FIRST + 1]);
        assert_eq!(of(&[7, 3, 4, 9]), [3, 5, 7, 8, 9, 10].map(|number| FIRST + number));
    }
}
