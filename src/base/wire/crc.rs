//! Check sums of 32 bits: gzip's (RFC 1952), and CRC32C (Castagnoli), as in iSCSI, ext4 and others
//! (RFC 3720, appendix B.4). Of 64 KiB with any damage, it misses one case in 4 billion;
//! of up to 5 flipped bits in a record of the spool, none.

use crate::base::sys;

static GZIP: [u32; 256] = table(0xedb8_8320);
static CASTAGNOLI: [u32; 256] = table(0x82f6_3b78);

/// The effect of each byte on the register, by the reflected polynomial.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ polynomial } else { crc >> 1 };
            bit += 1;
        }
        #[allow(clippy::indexing_slicing)] // evaluated by the compiler
        {
            table[byte] = crc;
        }
        byte += 1;
    }
    table
}

fn by_table(table: &[u32; 256], register: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(register, |crc, byte| {
        let at = usize::from(crc as u8 ^ byte);
        table.get(at).copied().unwrap_or_default() ^ (crc >> 8)
    })
}

/// gzip's check sum of these bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    let (register, rest) = sys::crc32(!0, bytes);
    !by_table(&GZIP, register, rest)
}

/// The spool's check sum of these parts, one after the other.
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    !parts.iter().fold(!0, |register, part| by_table(&CASTAGNOLI, register, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_the_table_alone_says() {
        let bytes: Vec<u8> = (0..1000u32).map(|i| ((i * i) >> 3) as u8).collect();
        for from in 0..20 {
            for to in (from..300).chain([500, 998, 999, 1000]) {
                let part = &bytes[from..to];
                assert_eq!(crc32(part), !by_table(&GZIP, !0, part), "{from}..{to}");
                assert_eq!(crc32(part), crc32fast::hash(part), "{from}..{to}");
            }
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn castagnolis_is_that_of_the_standard() {
        let up: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        for (bytes, crc) in [
            (&[0; 32][..], 0x8a91_36aa),
            (&[0xff; 32], 0x62a8_ab43),
            (&up, 0x46dd_794e),
            (&down, 0x113f_db5c),
            (b"123456789", 0xe306_9283),
            (b"", 0),
        ] {
            assert_eq!(crc32c(&[bytes]), crc);
            let (a, b) = bytes.split_at(bytes.len() / 3);
            assert_eq!(crc32c(&[a, b]), crc);
        }
    }
}
