//! CRC32C (Castagnoli), as iSCSI, ext4 and others have it: RFC 3720, appendix B.4. Of 64 KiB that
//! are damaged anyhow, it overlooks one in 4 billion; of what is flipped in up to 5 bits of a record
//! of this size, nothing.

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

static TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u32, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
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

/// The check sum of these bytes, one part after the other.
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(!0, |crc, byte| {
        let at = (crc as u8 ^ byte) as usize;
        TABLE.get(at).copied().unwrap_or_default() ^ (crc >> 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_that_of_the_standard() {
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
