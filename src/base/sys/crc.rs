//! CRC-32 by the processor's own instructions, many times as fast as by a table. ARM has
//! one for the checksum; on x86 it is a carry-less multiplication.

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86;

/// The register after `bytes`, except for those at their end that are left to a table: all of
/// them if the processor cannot do it. Register and polynomial are reflected, as in gzip.
pub fn crc32(register: u32, bytes: &[u8]) -> (u32, &[u8]) {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    if x86::has_multiplication() {
        // SAFETY: the processor has the instruction.
        return unsafe { x86::folded(register, bytes) };
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("crc") {
        // SAFETY: the processor has the instruction.
        return unsafe { by_words(register, bytes) };
    }
    (register, bytes)
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "crc")]
fn by_words(mut register: u32, bytes: &[u8]) -> (u32, &[u8]) {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        register = std::arch::aarch64::__crc32d(register, u64::from_le_bytes(*word));
    }
    (register, rest)
}
