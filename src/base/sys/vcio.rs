//! The mailbox of a Raspberry Pi's firmware: an ioctl of `/dev/vcio` (drivers/char/broadcom/vcio.c
//! of the Raspberry Pi's kernel; "Mailbox property interface" of its firmware).

use std::ffi::c_char;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// `_IOWR(100, 0, char *)`: reads and writes, the size of a pointer, type and number.
const PROPERTY: u32 = 3 << 30 | (size_of::<*const c_char>() as u32) << 16 | 100 << 8;

/// The tag GET_THROTTLED.
const THROTTLED: u32 = 0x0003_0046;

/// The code of an accepted message.
const SUCCESS: u32 = 0x8000_0000;

/// Reads the flags of throttling. The mask of flags to clear is 0: they stay for other readers.
///
/// # Errors
///
/// The file is not a mailbox, or the firmware does not know the tag or does not answer; that takes up to a second.
pub fn throttled(mailbox: &File) -> io::Result<u32> {
    // Size, code; tag, bytes of the value, code, value; the end.
    let mut message = [28, 0, THROTTLED, 4, 0, 0, 0_u32];
    // SAFETY: the kernel reads and writes as many bytes as the first word states, which is the size of the message.
    let done = unsafe { libc::ioctl(mailbox.as_raw_fd(), PROPERTY as _, message.as_mut_ptr()) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    answer(&message).ok_or_else(|| io::Error::from_raw_os_error(libc::ENODATA))
}

/// The value in an answer; the tag's code then has the highest bit and the number of bytes.
fn answer(message: &[u32; 7]) -> Option<u32> {
    let [_, code, tag, _, state, flags, _] = *message;
    (code == SUCCESS && tag == THROTTLED && state == SUCCESS | 4).then_some(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_has_a_value() {
        let good = [28, SUCCESS, THROTTLED, 4, SUCCESS | 4, 0x5_0005, 0];
        assert_eq!(answer(&good), Some(0x5_0005));
        for (at, word) in [(1, 0), (1, SUCCESS | 1), (2, 0), (4, 0), (4, SUCCESS)] {
            let mut other = good;
            other[at] = word;
            assert_eq!(answer(&other), None, "{at}");
        }
        let null = File::open("/dev/null").unwrap();
        assert_eq!(throttled(&null).unwrap_err().raw_os_error(), Some(libc::ENOTTY));
        if cfg!(target_pointer_width = "64") {
            assert_eq!(PROPERTY, 0xc008_6400);
        }
    }
}
